/* resource_value.h - Python resources as values of the language. */
#ifndef OX_DIALECT_RESOURCE_VALUE_H
#define OX_DIALECT_RESOURCE_VALUE_H

#include "daemon/dialect/rules.h"
#include "daemon/dialect/session.h"

struct ox_resource_value {
	struct ox_dialect *dialect;
	const struct ox_resource *resource;
	struct ox_options options;
	/* Made by a distribution (old generation): the executable that it is added to decides the place. */
	bool unplaced;
};

/* Types that scripts tell apart; OX_RES_LIBRARY and OX_RES_FILE are both "File". */
extern const struct ox_star_type ox_module_source_type, ox_package_resource_type, ox_distribution_resource_type,
	ox_extension_module_type, ox_file_type;
/* All of them, NULL-ended, for parameter tables. */
extern const struct ox_star_type *const ox_resource_types[];

ox_star_value ox_resource_value_new(struct ox_dialect *d, const struct ox_resource *resource,
				    const struct ox_options *options, bool unplaced);
/* NULL when v is no resource. */
struct ox_resource_value *ox_resource_value_of(ox_star_value v);

#endif
