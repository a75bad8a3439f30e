/* config_value.h - PythonInterpreterConfig: how the produced executable starts its interpreter.
 *
 * The attributes are the fields of runtime/pack/config_fields.def, and a few old
 * names for them. The old generation's constructor takes arguments of its own. */
#ifndef OX_DIALECT_CONFIG_VALUE_H
#define OX_DIALECT_CONFIG_VALUE_H

#include "daemon/dialect/session.h"
#include "runtime/pack/config.h"

struct ox_config_value {
	struct ox_pack_config *config;
};

extern const struct ox_star_type ox_config_type_spec;
extern const struct ox_star_function ox_old_config_function;

ox_star_value ox_config_value_new(struct ox_dialect *d);
struct ox_config_value *ox_config_value_of(ox_star_value v); /* NULL: not one */

/* Sets a field from a value of the language, as an assignment to the attribute does. -1: failing. */
int ox_config_value_set(struct ox_dialect *d, struct ox_pack_config *config, const char *name, ox_star_value value);

/* One argument of the old constructor ("run_eval"). 1: done, 0: not its name, -1: failing. */
int ox_old_config_set(struct ox_dialect *d, struct ox_pack_config *config, const char *name, ox_star_value value);

/* The values that the old constructor starts from. */
ox_star_value ox_old_config_new(struct ox_dialect *d);

#endif
