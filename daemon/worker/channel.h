/* channel.h - the worker's end of its socket, and how it learns that it is to stop.
 *
 * Frames go out under a lock, from any thread. After ox_channel_watch a small
 * thread reads what the peer says: CANCEL, the end of the socket, and the
 * signals TERM, INT and HUP all set one flag, which every long operation asks for through
 * ox_channel_cancelled. A worker that does not stop by itself within a few seconds
 * has its descendants killed and is ended by that thread, so that nothing outlives its client. */
#ifndef OX_WORKER_CHANNEL_H
#define OX_WORKER_CHANNEL_H

#include "proto/wire/message.h"

struct ox_channel;

/* Takes the descriptor over; NULL when memory ran out. Call before any thread
 * exists: it blocks the signals that the watching thread waits for. */
struct ox_channel *ox_channel_new(int fd);
void ox_channel_free(struct ox_channel *c); /* ends the thread; NULL is fine */

/* Blocks for the next message; only before ox_channel_watch. OX_EEOF at the end. */
int ox_channel_receive(struct ox_channel *c, struct ox_arena *arena, struct ox_msg *msg, struct ox_err *err);

/* A peer that has gone is no error to the sender: the flag is set instead. */
int ox_channel_send(struct ox_channel *c, const struct ox_msg *msg, struct ox_err *err);

int ox_channel_watch(struct ox_channel *c, struct ox_err *err);

/* 0, or OX_ECANCELLED with its message. `channel` is a struct ox_channel: the shape
 * that actions, processes and the language ask for. */
int ox_channel_cancelled(void *channel, struct ox_err *err);

#endif
