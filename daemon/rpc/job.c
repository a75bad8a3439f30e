#include "daemon/rpc/job.h"

#include "proto/base/clock.h"
#include "proto/wire/identity.h"

#include <unistd.h>

enum {
	/* How long a build waits for a client whose connection broke. Short: a client that
	 * was killed must not leave its build behind. */
	GRACE_MS = 500,
	/* From CANCEL to KILL: longer than the worker gives its own children. */
	CANCEL_MS = 4000,
	EXIT_INTERNAL = 3,
	EXIT_CANCELLED = 130,
};

static void on_grace_over(void *ctx)
{
	struct ox_job *job = ctx;
	job->events.abandoned(job->ctx, job);
}

static void on_deadline(void *ctx)
{
	struct ox_job *job = ctx;
	if (!job->worker)
		return;
	ox_log_warn(job->log, "build %llu: worker %d did not stop: killed", (unsigned long long)job->id,
		    (int)ox_worker_pid(job->worker));
	ox_worker_kill(job->worker);
}

int ox_job_new(uint64_t id, struct ox_loop *loop, struct ox_log_file *log, struct ox_arena *arena,
	       const struct ox_msg *request, const struct ox_job_events *events, void *ctx, struct ox_job **out,
	       struct ox_err *err)
{
	struct ox_job *job = calloc(1, sizeof *job);
	if (job) {
		job->grace = ox_timer_new(loop, on_grace_over, job);
		job->deadline = ox_timer_new(loop, on_deadline, job);
	}
	if (!job || !job->grace || !job->deadline) {
		ox_job_free(job);
		return ox_fail_nomem(err, "a build");
	}
	job->id = id;
	job->log = log;
	job->arena = *arena;
	*arena = (struct ox_arena){0};
	job->request = *request;
	job->history.request = request->request;
	job->events = *events;
	job->ctx = ctx;
	job->created = ox_clock_mono();
	*out = job;
	return 0;
}

void ox_job_free(struct ox_job *job)
{
	if (!job)
		return;
	ox_timer_free(job->grace);
	ox_timer_free(job->deadline);
	ox_worker_free(job->worker);
	ox_history_free(&job->history);
	ox_arena_free(&job->arena);
	free(job);
}

void ox_job_follow(struct ox_job *job, void (*news)(void *follower, struct ox_job *job), void *follower)
{
	job->news = news;
	job->follower = follower;
	if (news)
		ox_timer_stop(job->grace);
}

void ox_job_left_alone(struct ox_job *job)
{
	bool detached = job->request.kind == OX_MSG_BUILD && job->request.as.build.detach;
	if (job->state != OX_JOB_ENDED && !detached && !job->cancelled)
		ox_timer_start(job->grace, GRACE_MS);
}

void ox_job_say(struct ox_job *job, struct ox_msg *msg)
{
	struct ox_err err = {0};
	if (job->has_result)
		return; /* the result is the last word */
	if (ox_history_add(&job->history, msg, &err) != 0) {
		ox_log_error(job->log, "build %llu: an event was lost: %s", (unsigned long long)job->id, err.text);
		return;
	}
	if (msg->kind == OX_MSG_EVENT && msg->as.event.type == OX_EVENT_RESULT) {
		job->has_result = true;
		job->exit_code = msg->as.event.as.result.exit_code;
	}
	if (job->news)
		job->news(job->follower, job);
}

void ox_job_log(struct ox_job *job, enum ox_level level, const char *fmt, ...)
{
	struct ox_buf text = {0};
	va_list ap;
	va_start(ap, fmt);
	ox_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	struct ox_msg msg = {
		.kind = OX_MSG_EVENT,
		.as.event = {.type = OX_EVENT_LOG,
			     .as.log = {.level = level, .source = OX_SLICE("daemon"), .text = ox_buf_view(&text)}},
	};
	ox_job_say(job, &msg);
	ox_buf_free(&text);
}

void ox_job_end(struct ox_job *job, int exit_code, const char *category, const char *message)
{
	struct ox_msg msg = {
		.kind = OX_MSG_EVENT,
		.as.event = {.type = OX_EVENT_RESULT,
			     .as.result = {.exit_code = exit_code,
					   .category = ox_slice_str(category),
					   .message = ox_slice_str(message),
					   .nanoseconds = ox_clock_mono() - job->created}},
	};
	ox_timer_stop(job->grace);
	ox_timer_stop(job->deadline);
	job->state = OX_JOB_ENDED;
	ox_job_say(job, &msg);
}

void ox_job_end_for_worker(struct ox_job *job)
{
	const struct ox_worker_end *end = &job->end;
	struct ox_buf text = {0};
	if (job->cancelled) {
		ox_job_end(job, EXIT_CANCELLED, "cancelled", "the build was cancelled");
		return;
	}
	if (end->signal)
		ox_buf_printf(&text, "the worker was killed by signal %d (%s)", end->signal, strsignal(end->signal));
	else
		ox_buf_printf(&text, "the worker ended without a result (exit status %d)", end->exit_code);
	if (*end->trouble)
		ox_buf_printf(&text, ": %s", end->trouble);
	ox_buf_str(&text, "; `oxc daemon log` shows what it said");
	ox_job_end(job, EXIT_INTERNAL, "internal", ox_buf_text(&text));
	ox_buf_free(&text);
}

static void on_message(void *ctx, struct ox_msg *msg)
{
	struct ox_job *job = ctx;
	switch (msg->kind) {
	case OX_MSG_EVENT:
	case OX_MSG_REPORT:
		ox_job_say(job, msg);
		break;
	case OX_MSG_HELLO:
	case OX_MSG_ACCEPTED:
		break;
	default:
		ox_log_warn(job->log, "build %llu: the worker sent a message of kind %d, which is not for it to send",
			    (unsigned long long)job->id, (int)msg->kind);
	}
}

static void on_ended(void *ctx, const struct ox_worker_end *end)
{
	struct ox_job *job = ctx;
	job->end = *end;
	ox_worker_free(job->worker);
	job->worker = NULL;
	ox_timer_stop(job->deadline);
	job->events.worker_ended(job->ctx, job);
}

void ox_job_run(struct ox_job *job, struct ox_loop *loop, const char *program)
{
	static const struct ox_worker_events events = {.message = on_message, .ended = on_ended};
	struct ox_err err = {0};
	struct ox_msg hello = {.kind = OX_MSG_HELLO};
	int rc = ox_worker_start(loop, job->log, program, &events, job, &job->worker, &err);
	if (rc) {
		ox_log_error(job->log, "build %llu: %s", (unsigned long long)job->id, err.text);
		ox_job_end(job, EXIT_INTERNAL, "internal", err.text);
		return;
	}
	job->state = OX_JOB_RUNNING;
	ox_log_info(job->log, "build %llu: worker %d", (unsigned long long)job->id, (int)ox_worker_pid(job->worker));
	ox_hello_fill(&hello.as.hello);
	ox_worker_send(job->worker, &hello);
	ox_worker_send(job->worker, &job->request);
}

void ox_job_cancel(struct ox_job *job)
{
	ox_timer_stop(job->grace);
	if (job->cancelled || job->state == OX_JOB_ENDED)
		return;
	job->cancelled = true;
	if (!job->worker) {
		if (job->state == OX_JOB_WAITING)
			ox_job_end_for_worker(job);
		return;
	}
	struct ox_msg cancel = {
		.kind = OX_MSG_CANCEL, .request = job->request.request, .as.cancel = {.build = job->id}};
	ox_worker_send(job->worker, &cancel);
	ox_timer_start(job->deadline, CANCEL_MS);
}
