/* load.h - where load("file.bzl", ...) looks: beside the loading file first, then in the
 * configuration's folder. Both are recorded in the memo, so that a file that comes into being
 * in the first place is noticed. The path identifies the module. */
#ifndef OX_DIALECT_LOAD_H
#define OX_DIALECT_LOAD_H

#include "daemon/starlark/starlark.h"

enum { OX_CONFIG_SIZE_MAX = 16 << 20 };

/* For struct ox_star_options; user is the struct ox_dialect. OX_EUSAGE names the places that were looked at. */
int ox_dialect_load(void *user, struct ox_star *s, struct ox_slice from, struct ox_slice wanted,
		    struct ox_star_source *source, struct ox_err *err);

#endif
