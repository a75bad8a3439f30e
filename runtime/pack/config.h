/* config.h - the interpreter configuration that travels in a payload.
 *
 * One table (config_fields.def) names every field with its type; the dialect's
 * attributes, the serialised form and the code that applies it to PyConfig all
 * come from that table. Serialised as text, one "name=value" line per field that is
 * set, values escaped with C-style backslashes, each item of a list followed by a
 * comma: readable with `strings`, and a reader ignores names it does not know. */
#ifndef OX_PACK_CONFIG_H
#define OX_PACK_CONFIG_H

#include "proto/base/arena.h"
#include "proto/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct ox_pack_config; /* an ordered set of name=value pairs */

enum ox_config_type { OX_CONFIG_BOOL, OX_CONFIG_INT, OX_CONFIG_STR, OX_CONFIG_LIST };

struct ox_config_field {
	const char *name; /* as in PyOxidizer's PythonInterpreterConfig */
	enum ox_config_type type;
	const char *choices;       /* "a|b|c:*": allowed texts, '*' any rest; or NULL */
	const char *default_value; /* serialised; NULL: unset (None) */
};

extern const struct ox_config_field ox_config_fields[];
extern const size_t ox_config_field_count;
const struct ox_config_field *ox_config_field_find(const char *name);

/* All defaults; lives in the arena; NULL when memory ran out. */
struct ox_pack_config *ox_pack_config_new(struct ox_arena *arena);
struct ox_pack_config *ox_pack_config_copy(struct ox_arena *arena, const struct ox_pack_config *from);
/* Sets; OX_EUSAGE for an unknown name, a wrong type or a text that is not a choice. */
int ox_pack_config_set_bool(struct ox_pack_config *c, const char *name, bool value, struct ox_err *err);
int ox_pack_config_set_int(struct ox_pack_config *c, const char *name, int64_t value, struct ox_err *err);
int ox_pack_config_set_str(struct ox_pack_config *c, const char *name, struct ox_slice value, struct ox_err *err);
int ox_pack_config_set_list(struct ox_pack_config *c, const char *name, const struct ox_slice *items, size_t count,
			    struct ox_err *err);
int ox_pack_config_unset(struct ox_pack_config *c, const char *name, struct ox_err *err);
/* Gets: false when unset. */
bool ox_pack_config_bool(const struct ox_pack_config *c, const char *name, bool *value);
bool ox_pack_config_int(const struct ox_pack_config *c, const char *name, int64_t *value);
bool ox_pack_config_str(const struct ox_pack_config *c, const char *name, struct ox_slice *value);
bool ox_pack_config_list(const struct ox_pack_config *c, const char *name, const struct ox_slice **items,
			 size_t *count);

/* The serialised form, appended; out is marked failed when memory ran out. */
void ox_pack_config_write(const struct ox_pack_config *c, struct ox_buf *out);
/* What was written: fields without a line are unset. OX_ECORRUPT names the line's field. */
int ox_pack_config_read(struct ox_slice text, struct ox_arena *arena, struct ox_pack_config **out, struct ox_err *err);

#endif
