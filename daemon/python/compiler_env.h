/* compiler_env.h - which compiler the builds of packages use, by the variables that they look at: CC, CXX, LDSHARED.
 *
 * What is built for an archive with a C library of its own (its sysroot), or for a static one, must not see this
 * machine's headers. For others nothing is said: the interpreter names its compiler, or the client's CC does. */
#ifndef OX_PYTHON_COMPILER_ENV_H
#define OX_PYTHON_COMPILER_ENV_H

#include "daemon/python/distribution.h"

/* Appends NAME=VALUE, in the context's arena, to list[*count] and on: as many as OX_COMPILER_VARIABLES. False when
 * memory ran out. */
enum { OX_COMPILER_VARIABLES = 4 };
bool ox_compiler_env(struct ox_build_context *ctx, const struct ox_distribution *dist, const char **list,
		     size_t *count);

#endif
