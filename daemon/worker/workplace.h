/* workplace.h - what a configuration is evaluated in: the client's folder and environment,
 * a store with a lease, the actions, and the context that all of daemon/dialect works with. */
#ifndef OX_WORKER_WORKPLACE_H
#define OX_WORKER_WORKPLACE_H

#include "daemon/dialect/dialect.h"
#include "daemon/worker/environment.h"
#include "daemon/worker/sink.h"

/* All-zero holds nothing. */
struct ox_workplace {
	struct ox_worker_sink *sink;
	struct ox_arena arena; /* what the context points to */
	struct ox_environment environment;
	struct ox_store *store;
	bool leased;
	struct ox_build_context context; /* complete after ox_workplace_prepare */
};

/* Goes to the client's folder (empty: stays) and takes its environment over. */
int ox_workplace_enter(struct ox_workplace *w, struct ox_worker_sink *sink, struct ox_slice cwd,
		       const struct ox_name_value *environment, size_t count, struct ox_err *err);

/* Opens the store in `dir`, or the default one when that is empty. */
int ox_workplace_open_store(struct ox_workplace *w, struct ox_slice dir, struct ox_err *err);

/* Fills in the context for relative paths from `folder`; explanations compare with the last build of
 * the same `scope`. Both strings live in the arena. */
int ox_workplace_prepare(struct ox_workplace *w, const char *folder, const char *scope, struct ox_err *err);

/* The request's variables as the dialect wants them, in the arena; NULL when memory ran out. */
const struct ox_dialect_var *ox_workplace_vars(struct ox_workplace *w, const struct ox_name_value *vars, size_t count);

/* The folder of a file, in the arena; NULL when memory ran out. */
const char *ox_workplace_folder_of(struct ox_workplace *w, const char *file);

/* Releases everything; NULL members are fine. */
void ox_workplace_leave(struct ox_workplace *w);

#endif
