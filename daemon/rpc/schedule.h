/* schedule.h - all jobs: which run, which wait, which are remembered.
 *
 * Builds take one of a few places (processors and a little more) and wait for one
 * in the order they came. Listings of targets, questions about the language and work on
 * the store never wait. Ended jobs are remembered for a while, for a client that lost its
 * connection. */
#ifndef OX_RPC_SCHEDULE_H
#define OX_RPC_SCHEDULE_H

#include "daemon/rpc/job.h"

struct ox_schedule;

struct ox_schedule_counts {
	size_t running, waiting; /* jobs now */
	uint64_t done, failed;   /* since the start; failed ones are not in done */
	uint64_t recalled;       /* of done: builds of which nothing had changed */
};

/* `changed` is called when a job was added or has ended. `places`: builds at once. */
int ox_schedule_new(struct ox_loop *loop, struct ox_log_file *log, const char *store, size_t places,
		    void (*changed)(void *ctx), void *ctx, struct ox_schedule **out, struct ox_err *err);
void ox_schedule_free(struct ox_schedule *s);

/* A new job for a BUILD, STORE, LANGUAGE or DISTRIBUTION request, taking over the arena that holds it. The job
 * is not started: attach a follower, then ox_schedule_start. */
int ox_schedule_add(struct ox_schedule *s, struct ox_arena *arena, const struct ox_msg *request, struct ox_job **out,
		    struct ox_err *err);
void ox_schedule_start(struct ox_schedule *s, struct ox_job *job);

/* The job of that number, or NULL when it is unknown or forgotten. */
struct ox_job *ox_schedule_find(struct ox_schedule *s, uint64_t id);
void ox_schedule_cancel(struct ox_schedule *s, struct ox_job *job);
void ox_schedule_cancel_all(struct ox_schedule *s);

/* A child died. */
void ox_schedule_reap(struct ox_schedule *s);
/* Forgets ended jobs that nobody follows, and closes stores that are not in use. */
void ox_schedule_forget(struct ox_schedule *s);

struct ox_schedule_counts ox_schedule_counts(const struct ox_schedule *s);
bool ox_schedule_idle(const struct ox_schedule *s);

#endif
