/* sink.h - where a build's events go: numbered, as frames, and into the memo for replay.
 *
 * Progress is thinned to a few a second for one task; logs above the asked
 * verbosity and steps that nobody asked to hear of stay here. */
#ifndef OX_WORKER_SINK_H
#define OX_WORKER_SINK_H

#include "daemon/action/memo.h"
#include "daemon/worker/channel.h"

#include <pthread.h>

struct ox_worker_sink {
	struct ox_sink sink; /* first: events come in here */
	struct ox_channel *channel;
	struct ox_memo *memo; /* NULL: nothing is recorded */
	uint64_t request;
	uint64_t number; /* of the last event */
	enum ox_level level;
	bool explain;
	bool lost; /* an event was too large for a frame */
	uint64_t progress_at;   /* when the last one was sent */
	uint64_t progress_hash; /* of its task */
	pthread_mutex_t lock;
};

void ox_worker_sink_init(struct ox_worker_sink *s, struct ox_channel *channel, uint64_t request);
void ox_worker_sink_end(struct ox_worker_sink *s);

/* What -q, nothing, -v, -vv let through: 0 to 3. */
enum ox_level ox_worker_level(uint32_t verbosity);

/* The last event of a request; a success that could not tell everything is none. `err` holds what went
 * wrong; its code decides the exit code and category. */
void ox_worker_result(struct ox_worker_sink *s, int code, const struct ox_err *err, bool memoised,
		      uint64_t nanoseconds);

#endif
