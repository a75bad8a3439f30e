/* inside.h - what running one step and running many share. */
#ifndef OX_ACTION_INSIDE_H
#define OX_ACTION_INSIDE_H

#include "daemon/action/explain.h"
#include "daemon/action/outcome.h"
#include "store/fs/lock.h"

struct ox_actions {
	struct ox_store *store; /* borrowed, leased */
	struct ox_sink *sink;   /* borrowed; may be NULL */
	char *scope;
	int (*cancel)(void *ctx, struct ox_err *err);
	void *cancel_ctx;
};

/* Waits for the lock `name` below locks/, and for cancelling. */
int ox_actions_lock(struct ox_actions *a, const char *name, struct ox_lock *lock, struct ox_err *err);

/* Reports a step that was found or has run. */
void ox_actions_tell(struct ox_actions *a, const struct ox_step *step, bool hit, const struct ox_explanation *why,
		     uint64_t nanoseconds);

/* What a step made, as what its caller gets. */
void ox_outputs_of(const struct ox_step_result *r, struct ox_outputs *out);

#endif
