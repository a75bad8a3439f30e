#include "daemon/loop/loop.h"

#include "daemon/loop/loop_private.h"

#include <stdbool.h>

static int fail_uv(struct ox_err *err, int code, const char *what)
{
	return ox_fail_errno(err, -code, "%s", what);
}

int ox_loop_new(struct ox_loop **out, struct ox_err *err)
{
	struct ox_loop *l = calloc(1, sizeof *l);
	if (!l)
		return ox_fail_nomem(err, "starting the event loop");
	int code = uv_loop_init(&l->uv);
	if (code) {
		free(l);
		return fail_uv(err, code, "cannot start the event loop");
	}
	*out = l;
	return 0;
}

void ox_loop_run(struct ox_loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void ox_loop_stop(struct ox_loop *l)
{
	uv_stop(&l->uv);
}

void ox_loop_free(struct ox_loop *l)
{
	if (!l)
		return;
	/* Lets close callbacks and jobs that still run come to their end. */
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
	free(l);
}

struct ox_timer {
	uv_timer_t uv;
	void (*fire)(void *ctx);
	void *ctx;
};

static void free_data(uv_handle_t *h)
{
	free(h->data);
}

static void timer_fired(uv_timer_t *h)
{
	struct ox_timer *t = h->data;
	t->fire(t->ctx);
}

struct ox_timer *ox_timer_new(struct ox_loop *l, void (*fire)(void *ctx), void *ctx)
{
	struct ox_timer *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->fire = fire;
	t->ctx = ctx;
	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	return t;
}

void ox_timer_start(struct ox_timer *t, uint64_t ms)
{
	uv_update_time(t->uv.loop);
	uv_timer_start(&t->uv, timer_fired, ms, 0);
}

void ox_timer_stop(struct ox_timer *t)
{
	uv_timer_stop(&t->uv);
}

void ox_timer_free(struct ox_timer *t)
{
	if (t)
		uv_close((uv_handle_t *)&t->uv, free_data);
}

struct ox_signal {
	uv_signal_t uv;
	void (*caught)(void *ctx);
	void *ctx;
};

static void signal_caught(uv_signal_t *h, int number)
{
	struct ox_signal *s = h->data;
	(void)number;
	s->caught(s->ctx);
}

struct ox_signal *ox_signal_new(struct ox_loop *l, int number, void (*caught)(void *ctx), void *ctx)
{
	struct ox_signal *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->caught = caught;
	s->ctx = ctx;
	uv_signal_init(&l->uv, &s->uv);
	s->uv.data = s;
	uv_signal_start(&s->uv, signal_caught, number);
	return s;
}

void ox_signal_free(struct ox_signal *s)
{
	if (s)
		uv_close((uv_handle_t *)&s->uv, free_data);
}

struct job {
	uv_work_t uv;
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

static void job_work(uv_work_t *w)
{
	struct job *j = w->data;
	j->work(j->ctx);
}

static void job_done(uv_work_t *w, int status)
{
	struct job *j = w->data;
	(void)status; /* jobs are never cancelled */
	j->done(j->ctx);
	free(j);
}

int ox_loop_job(struct ox_loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx, struct ox_err *err)
{
	struct job *j = calloc(1, sizeof *j);
	if (!j)
		return ox_fail_nomem(err, "work in the background");
	j->work = work;
	j->done = done;
	j->ctx = ctx;
	j->uv.data = j;
	int code = uv_queue_work(&l->uv, &j->uv, job_work, job_done);
	if (code) {
		free(j);
		return fail_uv(err, code, "cannot work in the background");
	}
	return 0;
}
