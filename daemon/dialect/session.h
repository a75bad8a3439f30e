/* session.h - what the types and functions of the language share during one evaluation. */
#ifndef OX_DIALECT_SESSION_H
#define OX_DIALECT_SESSION_H

#include "daemon/dialect/dialect.h"
#include "daemon/dialect/targets.h"

struct ox_dist_value;

struct ox_dialect {
	struct ox_dialect_options options;
	struct ox_build_context *ctx;
	struct ox_star *star;
	struct ox_star_module *module; /* the evaluated file; NULL before */
	struct ox_targets targets;
	const char *build_path;
	/* The file has shown itself to be of the 0.5 to 0.7 generation: names of types follow. */
	bool old_generation;
	OX_VEC(struct ox_dist_value *) distributions; /* those handed out, one per version */
};

static inline struct ox_dialect *ox_dialect_of(struct ox_star *s)
{
	return ox_star_user(s);
}

/* An absolute path for what a script wrote; relative to the configuration's folder. NULL: failing. */
const char *ox_dialect_path(struct ox_dialect *d, ox_star_value path);

/* The strings of a list or tuple, in the arena; a None gives none. -1: failing. */
int ox_dialect_strings(struct ox_dialect *d, ox_star_value list, struct ox_slice **items, size_t *count);

/* Resolves the targets of the request. From inside a native function the error is pending, else in *err. */
int ox_dialect_resolve_requested(struct ox_dialect *d, struct ox_err *err);
/* Emits that the target came into this state. */
void ox_dialect_tell_target(struct ox_dialect *d, struct ox_slice name, enum ox_target_state state);
/* The names that are built: those asked for, or the default; none when nothing is registered. */
size_t ox_dialect_requested(struct ox_dialect *d, const struct ox_slice **names);

/* The text of a configuration or of a file that it loads. */
int ox_config_file_read(struct ox_build_context *ctx, const char *path, struct ox_buf *text, struct ox_err *err);

/* Content from a file (recorded in the memo) or from memory (put into the store). */
struct ox_blob;
int ox_dialect_file_blob(struct ox_dialect *d, const char *path, struct ox_blob *blob, struct ox_err *err);
int ox_dialect_text_blob(struct ox_dialect *d, struct ox_slice text, struct ox_blob *blob, struct ox_err *err);

#endif
