/* explain.h - why a step ran: its inputs compared with those of the last time.
 *
 * One record per (scope, kind, subject): the key, and every input's name, digest
 * and, of texts, the beginning. Losing them costs explanations, nothing else. */
#ifndef OX_ACTION_EXPLAIN_H
#define OX_ACTION_EXPLAIN_H

#include "daemon/action/step.h"

struct ox_explanation {
	struct ox_slice reason;  /* one sentence; in the step's arena */
	struct ox_slice changed; /* name of the first changed input; may be empty */
	struct ox_digest old_digest, new_digest;
	bool is_new; /* ox_explain_remember has something to remember */
};

/* Compares. `lost` names an output that the store does not have any more, if that
 * is why the step runs. Nothing here fails: at worst there is less to say. */
struct ox_explanation ox_explain(struct ox_store *s, const char *scope, const struct ox_step *step,
				 const struct ox_digest *key, bool hit, struct ox_slice lost);

/* Makes this run the last one. */
void ox_explain_remember(struct ox_store *s, const char *scope, const struct ox_step *step,
			 const struct ox_digest *key);

#endif
