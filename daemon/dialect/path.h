/* path.h - paths as scripts write them: relative to the configuration's folder. */
#ifndef OX_DIALECT_PATH_H
#define OX_DIALECT_PATH_H

#include "proto/base/arena.h"

/* `path` made absolute against `base` (absolute), with "." and ".." and double
 * slashes resolved by text alone; no trailing slash. NULL when memory ran out. */
const char *ox_path_absolute(struct ox_arena *arena, const char *base, struct ox_slice path);

/* The rest of `path` below folder `prefix` (with or without trailing slash), or NULL when it is not below it. */
const char *ox_path_below(const char *path, const char *prefix);

/* "a/b" from its parts; an empty prefix or "." adds nothing. */
const char *ox_path_join(struct ox_arena *arena, struct ox_slice prefix, struct ox_slice rest);

/* What follows the last slash. */
struct ox_slice ox_path_base(struct ox_slice path);

#endif
