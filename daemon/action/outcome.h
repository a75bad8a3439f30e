/* outcome.h - what a step made, found by its key (store/index/actions.h has the record's form). */
#ifndef OX_ACTION_OUTCOME_H
#define OX_ACTION_OUTCOME_H

#include "daemon/action/action.h"

struct ox_step_result {
	struct ox_arena *arena;
	struct ox_output *items;
	size_t count, cap;
	struct ox_slice meta;
	bool failed; /* memory ran out */
};

struct ox_step_result *ox_step_result_new(struct ox_arena *arena);

/* Look a key up: 1 with *out (copied into the arena), 0 when it is unknown or an output is not in the
 * store any more (then *lost names it, if not NULL), or an error. */
int ox_outcome_find(struct ox_store *s, const struct ox_digest *key, struct ox_arena *arena, struct ox_outputs *out,
		    struct ox_slice *lost, struct ox_err *err);

int ox_outcome_record(struct ox_store *s, const struct ox_digest *key, const struct ox_step_result *r, uint64_t cost,
		      struct ox_err *err);

#endif
