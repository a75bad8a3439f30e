/* answer.h - what the daemon answers without a worker, in another thread:
 * a build of which nothing has changed, and what the store holds. */
#ifndef OX_RPC_ANSWER_H
#define OX_RPC_ANSWER_H

#include "daemon/rpc/job.h"
#include "daemon/rpc/stores.h"

/* Whether it is worth asking ox_answer_start. */
bool ox_answer_possible(const struct ox_job *job);

/* `done` is called from the loop. Answered: the job has said everything, its result
 * included. Otherwise a worker is needed. The job must live until then. */
int ox_answer_start(struct ox_loop *loop, struct ox_log_file *log, struct ox_stores *stores, struct ox_job *job,
		    void (*done)(void *ctx, struct ox_job *job, bool answered), void *ctx, struct ox_err *err);

#endif
