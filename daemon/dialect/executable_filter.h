/* executable_filter.h - filter_resources_from_files: keep what lists of names say. */
#ifndef OX_DIALECT_EXECUTABLE_FILTER_H
#define OX_DIALECT_EXECUTABLE_FILTER_H

#include "daemon/starlark/starlark.h"

extern const struct ox_star_param ox_filter_params[], ox_old_filter_params[];
ox_star_native ox_filter_from_files;

#endif
