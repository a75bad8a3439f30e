/* executable_add.h - the methods that put resources into an executable.
 *
 * Today there are two: add_python_resource and add_python_resources. The old generation had
 * three families (by policy, add_in_memory_*, add_filesystem_relative_*) of
 * seven kinds; all are rows over one function. */
#ifndef OX_DIALECT_EXECUTABLE_ADD_H
#define OX_DIALECT_EXECUTABLE_ADD_H

#include "daemon/dialect/executable_value.h"

/* Parameters of each kind; those of the filesystem-relative family have a prefix before them. */
extern const struct ox_star_param ox_add_one_params[], ox_add_one_at_params[];
extern const struct ox_star_param ox_add_bytecode_params[], ox_add_bytecode_at_params[];
extern const struct ox_star_param ox_add_resource_params[], ox_add_resource_at_params[];
extern const struct ox_star_param ox_add_resources_params[], ox_add_resources_at_params[];

#define OX_ADD_FAMILY(X, family)                                                                                       \
	X(family, module_source)                                                                                       \
	X(family, module_bytecode)                                                                                     \
	X(family, package_resource)                                                                                    \
	X(family, package_distribution_resource)                                                                       \
	X(family, extension_module)                                                                                    \
	X(family, python_resource)                                                                                     \
	X(family, python_resources)

#define OX_ADD_DECLARE(family, kind) ox_star_native ox_##family##_##kind;
OX_ADD_FAMILY(OX_ADD_DECLARE, add)
OX_ADD_FAMILY(OX_ADD_DECLARE, add_in_memory)
OX_ADD_FAMILY(OX_ADD_DECLARE, add_filesystem_relative)

#endif
