/* environment.h - the client's environment, as the parts of a build want it. */
#ifndef OX_WORKER_ENVIRONMENT_H
#define OX_WORKER_ENVIRONMENT_H

#include "daemon/action/memo.h"
#include "proto/base/map.h"
#include "proto/wire/message.h"

struct ox_environment {
	struct ox_map names;        /* name -> value (NUL-terminated) */
	const char *const *environ; /* NAME=VALUE, NULL-terminated, in the arena */
};

/* Everything lives in the arena but the map: release with ox_environment_end. */
int ox_environment_init(struct ox_environment *e, struct ox_arena *arena, const struct ox_name_value *variables,
			size_t count, struct ox_err *err);
void ox_environment_end(struct ox_environment *e);

/* The value of a variable or NULL; `environment` is a struct ox_environment. */
const char *ox_environment_get(void *environment, const char *name);

#endif
