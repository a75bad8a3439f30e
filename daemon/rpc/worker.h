/* worker.h - one oxidizer-worker process and the socket to it.
 *
 * A worker is started for one request, over a socketpair that is its
 * descriptor 3. It says HELLO and waits for ours; then it gets the request and answers in
 * frames. It is told to stop with CANCEL or by the socket's end, and cleans up
 * behind itself; only one that does not is killed. It gets no parent-death signal: when
 * the daemon dies, the socket ends, and the worker still has to end what it started. */
#ifndef OX_RPC_WORKER_H
#define OX_RPC_WORKER_H

#include "daemon/loop/loop.h"
#include "daemon/rpc/log.h"
#include "proto/wire/message.h"

struct ox_worker;

/* How it ended. `stopped` is what went wrong in the conversation, if anything did. */
struct ox_worker_end {
	int exit_code; /* -1 when a signal ended it */
	int signal;
	char trouble[OX_ERR_TEXT_MAX]; /* "" or a sentence */
};

struct ox_worker_events {
	void (*message)(void *ctx, struct ox_msg *msg); /* valid during the call */
	/* The process has been reaped and its socket read to the end; once. */
	void (*ended)(void *ctx, const struct ox_worker_end *end);
};

/* The program: OXIDIZER_WORKER, else oxidizer-worker beside our own executable, else the one in
 * libexecdir; absolute, owned by the caller. OX_ENOENT names where was looked. */
int ox_worker_program(char **path, struct ox_err *err);

int ox_worker_start(struct ox_loop *loop, struct ox_log_file *log, const char *program,
		    const struct ox_worker_events *events, void *ctx, struct ox_worker **out, struct ox_err *err);
void ox_worker_send(struct ox_worker *w, const struct ox_msg *msg);
pid_t ox_worker_pid(const struct ox_worker *w);
/* KILL for the worker and its group, now. What it started falls to the daemon. */
void ox_worker_kill(struct ox_worker *w);
/* A child died: looks whether it was this one. May call `ended`. */
void ox_worker_check(struct ox_worker *w);
/* After `ended` only. */
void ox_worker_free(struct ox_worker *w);

#endif
