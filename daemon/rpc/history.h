/* history.h - what a build has said so far, kept for whoever resumes it.
 *
 * Events get their numbers here (1, 2, ...). A follower keeps a position and
 * asks for what comes after it, so a slow client costs no queue of its own. The
 * history is bounded: above HISTORY_MAX bytes progress is dropped first, then the
 * oldest log lines; diagnostics, artifacts, steps and the result stay. What was
 * dropped leaves a gap in the numbers. Reports are kept in order but have no number. */
#ifndef OX_RPC_HISTORY_H
#define OX_RPC_HISTORY_H

#include "proto/base/vec.h"
#include "proto/wire/message.h"

struct ox_history_entry {
	uint64_t position; /* counts from 1 over all entries */
	uint64_t number;   /* of the event; a report has that of the event before it */
	enum ox_event_type type; /* 0: a report */
	struct ox_buf frame;     /* as sent to the follower that asked with `request` */
};

struct ox_history {
	OX_VEC(struct ox_history_entry) entries;
	size_t bytes;
	uint64_t last_position, last_number;
	uint64_t request; /* what the frames carry */
};

void ox_history_free(struct ox_history *h);

/* Appends an EVENT (its number is set) or REPORT. */
int ox_history_add(struct ox_history *h, struct ox_msg *msg, struct ox_err *err);

/* The first entry after `position`, or NULL. */
const struct ox_history_entry *ox_history_after(const struct ox_history *h, uint64_t position);

/* The position after which come the events later than event `number`. */
uint64_t ox_history_position(const struct ox_history *h, uint64_t number);

/* Appends the entry's frame to out, carrying `request`. */
int ox_history_encode(const struct ox_history *h, const struct ox_history_entry *e, uint64_t request,
		      struct ox_buf *out, struct ox_err *err);

#endif
