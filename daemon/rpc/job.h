/* job.h - one request that takes a while: a build, a listing of targets, work on
 * the store.
 *
 *     waiting --> running --> ended
 *        |           |          ^
 *        +--- cancelled --------+
 *
 * A job keeps what it says in its history, whoever listens; at most one follower
 * at a time is told that there is news. The last event of every job is its result, and
 * there is always one: when the worker dies without a word, the job says so for it. */
#ifndef OX_RPC_JOB_H
#define OX_RPC_JOB_H

#include "daemon/rpc/history.h"
#include "daemon/rpc/worker.h"

enum ox_job_state { OX_JOB_WAITING, OX_JOB_RUNNING, OX_JOB_ENDED };

struct ox_job;

struct ox_job_events {
	/* The worker is gone and all is said but, perhaps, the result: see ox_job_has_result. */
	void (*worker_ended)(void *ctx, struct ox_job *job);
	/* A grace period is over: the job is cancelled now. */
	void (*abandoned)(void *ctx, struct ox_job *job);
};

struct ox_job {
	uint64_t id;
	enum ox_job_state state;
	struct ox_arena arena; /* of the request */
	struct ox_msg request; /* BUILD, STORE, LANGUAGE or DISTRIBUTION; its store path is filled in */
	struct ox_history history;
	bool cancelled;
	bool queued;          /* waits for a place */
	bool behind;          /* waits for a worker that is writing down what this one will look up */
	bool looked_up;       /* another thread reads the request: the job must stay */
	int exit_code;        /* of the result; valid once ended */
	uint64_t created;     /* monotonic */

	/* private */
	struct ox_log_file *log;
	struct ox_worker *worker;
	struct ox_timer *grace, *deadline;
	struct ox_job_events events;
	void *ctx;
	bool has_result;
	struct ox_worker_end end; /* of the worker */
	void (*news)(void *follower, struct ox_job *job);
	void *follower;
};

/* Takes over the arena that holds the request. */
int ox_job_new(uint64_t id, struct ox_loop *loop, struct ox_log_file *log, struct ox_arena *arena,
	       const struct ox_msg *request, const struct ox_job_events *events, void *ctx, struct ox_job **out,
	       struct ox_err *err);
void ox_job_free(struct ox_job *job);

/* Starts the worker. A failure ends the job with a result that says why. */
void ox_job_run(struct ox_job *job, struct ox_loop *loop, const char *program);

/* Asks the worker to stop; kills it when it does not. A job that is not running ends at once. */
void ox_job_cancel(struct ox_job *job);

/* The follower is gone without a word: unless it comes back within a moment (or asked
 * for the build to go on), the job is abandoned. */
void ox_job_left_alone(struct ox_job *job);

/* At most one follower; NULL stops. */
void ox_job_follow(struct ox_job *job, void (*news)(void *follower, struct ox_job *job), void *follower);

/* Appends an event or report to the history and tells the follower. */
void ox_job_say(struct ox_job *job, struct ox_msg *msg);
void ox_job_log(struct ox_job *job, enum ox_level level, const char *fmt, ...) OX_PRINTF(3, 4);

/* Ends the job: adds a result if there is none. */
void ox_job_end(struct ox_job *job, int exit_code, const char *category, const char *message);
/* The result for a worker that ended without one. */
void ox_job_end_for_worker(struct ox_job *job);

static inline bool ox_job_has_result(const struct ox_job *job)
{
	return job->has_result;
}

#endif
