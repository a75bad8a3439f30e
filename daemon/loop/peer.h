/* peer.h - one end of a connected stream socket in the loop.
 *
 * Bytes come in through `bytes`; they go out through ox_peer_send, which never
 * blocks: what the socket does not take waits in a queue. The queue's bound is the
 * sender's to keep: it asks ox_peer_queued before it sends what can wait, and goes on
 * when `drained` says that the queue has become empty. The program ignores SIGPIPE. */
#ifndef OX_LOOP_PEER_H
#define OX_LOOP_PEER_H

#include "daemon/loop/loop.h"
#include "proto/base/slice.h"

struct ox_peer;

struct ox_peer_events {
	void (*bytes)(void *ctx, struct ox_slice bytes); /* valid during the call */
	void (*drained)(void *ctx);                      /* may be NULL */
	/* The other end closed, or the connection broke; once, and nothing after it
	 * but ox_peer_free is of use. */
	void (*closed)(void *ctx);
};

/* Takes over fd, also on failure. */
int ox_peer_new(struct ox_loop *l, int fd, const struct ox_peer_events *events, void *ctx, struct ox_peer **out,
		struct ox_err *err);

/* Copies the bytes. A broken connection or lack of memory shows as `closed` later. */
void ox_peer_send(struct ox_peer *p, struct ox_slice bytes);
size_t ox_peer_queued(const struct ox_peer *p);

/* Reads no more, writes what is queued, then closes and frees. A peer that takes
 * nothing for some seconds is cut off. No callback comes any more. */
void ox_peer_finish(struct ox_peer *p);
/* Closes now. No callback comes any more. */
void ox_peer_free(struct ox_peer *p);

#endif
