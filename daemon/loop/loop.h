/* loop.h - the daemon's event loop: libuv with the sharp edges rounded off.
 *
 * Everything here belongs to the thread that runs the loop, except what a job's
 * `work` function does. Objects are made for a loop and end with their own
 * _free function, which may be called from any callback, their own included: the memory
 * goes when libuv has let go of it. */
#ifndef OX_LOOP_LOOP_H
#define OX_LOOP_LOOP_H

#include "proto/base/err.h"

#include <stdint.h>

struct ox_loop;

int ox_loop_new(struct ox_loop **out, struct ox_err *err);
/* Runs until ox_loop_stop. */
void ox_loop_run(struct ox_loop *l);
void ox_loop_stop(struct ox_loop *l);
/* Frees the loop after everything made for it was freed; waits for running jobs. */
void ox_loop_free(struct ox_loop *l);

/* A one-shot timer. Starting it again moves it; a stopped one costs no wake-up. */
struct ox_timer;
struct ox_timer *ox_timer_new(struct ox_loop *l, void (*fire)(void *ctx), void *ctx); /* NULL: no memory */
void ox_timer_start(struct ox_timer *t, uint64_t ms);
void ox_timer_stop(struct ox_timer *t);
void ox_timer_free(struct ox_timer *t); /* NULL is fine */

/* Calls `caught` from the loop for each signal `number` (several may become one). */
struct ox_signal;
struct ox_signal *ox_signal_new(struct ox_loop *l, int number, void (*caught)(void *ctx), void *ctx);
void ox_signal_free(struct ox_signal *s);

/* Runs work(ctx) in another thread, then done(ctx) in the loop's. */
int ox_loop_job(struct ox_loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx, struct ox_err *err);

/* A listening socket (taken over, closed at the end). `accepted` gets each new
 * connection's descriptor and owns it. When descriptors run out, connections wait in
 * the kernel's queue until some are free again. */
struct ox_listener;
int ox_listener_new(struct ox_loop *l, int fd, void (*accepted)(void *ctx, int fd), void *ctx,
		    struct ox_listener **out, struct ox_err *err);
void ox_listener_free(struct ox_listener *l);

#endif
