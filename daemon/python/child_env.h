/* child_env.h - the environment of the interpreters and tools that we start.
 *
 * The client's, without what would make them behave differently from one shell
 * to the next: PYTHON*, the current virtual environment, the locale. */
#ifndef OX_PYTHON_CHILD_ENV_H
#define OX_PYTHON_CHILD_ENV_H

#include "daemon/python/distribution.h"

/* NAME=VALUE, NULL-terminated, in the arena. `extra` (NULL-terminated, may be NULL) comes last and
 * replaces; an extra of the form "NAME" without '=' removes. NULL when memory ran out. */
const char *const *ox_child_env(struct ox_arena *arena, const char *const *base, const char *const *extra);

/* A variable of the client's environment, recorded as looked up; NULL when unset or empty. */
const char *ox_client_env(struct ox_build_context *ctx, const char *name);

#endif
