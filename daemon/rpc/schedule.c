#include "daemon/rpc/schedule.h"

#include "daemon/loop/descendants.h"
#include "daemon/rpc/answer.h"
#include "proto/base/clock.h"

enum {
	REMEMBERED_MAX = 32,             /* ended jobs */
	REMEMBERED_BYTES_MAX = 32 << 20, /* of their histories */
};

struct ox_schedule {
	struct ox_loop *loop;
	struct ox_log_file *log;
	char *store;
	struct ox_stores stores;
	size_t places, taken;
	OX_VEC(struct ox_job *) jobs; /* in the order they came */
	uint64_t last_id;
	uint64_t done, failed, recalled;
	size_t hunts; /* jobs and searches for orphans that still run */
	void (*changed)(void *ctx);
	void *ctx;
};

static bool needs_place(const struct ox_job *job)
{
	return job->request.kind == OX_MSG_BUILD && job->request.as.build.mode == OX_BUILD_BUILD;
}

static void job_over(struct ox_schedule *s, struct ox_job *job);
static void start_waiting(struct ox_schedule *s);
static void start_behind(struct ox_schedule *s);

/* After a worker's end, what it left behind is hunted down in another thread. A
 * worker that said nothing gets its result only then, so that a client that is
 * told of the crash finds nothing running any more. */
struct hunt {
	struct ox_schedule *schedule;
	struct ox_job *job; /* to be ended afterwards; NULL: none */
};

static void hunt_work(void *ctx)
{
	(void)ctx;
	ox_kill_orphans();
}

static void hunt_done(void *ctx)
{
	struct hunt *h = ctx;
	struct ox_schedule *s = h->schedule;
	s->hunts--;
	if (h->job) {
		ox_job_end_for_worker(h->job);
		job_over(s, h->job);
	}
	free(h);
	s->changed(s->ctx);
}

static void hunt_orphans(struct ox_schedule *s, struct ox_job *job)
{
	struct ox_err err = {0};
	struct hunt *h = calloc(1, sizeof *h);
	if (h) {
		*h = (struct hunt){.schedule = s, .job = job};
		s->hunts++;
		if (ox_loop_job(s->loop, hunt_work, hunt_done, h, &err) == 0)
			return;
		s->hunts--;
		free(h);
	}
	if (job) {
		ox_job_end_for_worker(job);
		job_over(s, job);
	}
}

static void on_worker_ended(void *ctx, struct ox_job *job)
{
	struct ox_schedule *s = ctx;
	const struct ox_worker_end *end = &job->end;
	if (needs_place(job))
		s->taken--;
	if (!ox_job_has_result(job))
		ox_log_warn(s->log, "build %llu: its worker ended without a result (exit status %d, signal %d) %s",
			    (unsigned long long)job->id, end->exit_code, end->signal, end->trouble);
	if (ox_job_has_result(job)) {
		job->state = OX_JOB_ENDED;
		job_over(s, job);
		hunt_orphans(s, NULL);
	} else {
		hunt_orphans(s, job);
	}
	start_waiting(s);
	start_behind(s);
}

static void on_abandoned(void *ctx, struct ox_job *job)
{
	struct ox_schedule *s = ctx;
	ox_log_info(s->log, "build %llu: its client is gone: cancelled", (unsigned long long)job->id);
	ox_schedule_cancel(s, job);
}

static void forget_at(struct ox_schedule *s, size_t i)
{
	ox_job_free(s->jobs.items[i]);
	memmove(&s->jobs.items[i], &s->jobs.items[i + 1], (s->jobs.len - i - 1) * sizeof s->jobs.items[0]);
	s->jobs.len--;
}

static bool is_forgettable(const struct ox_job *job)
{
	return job->state == OX_JOB_ENDED && !job->news && !job->worker && !job->looked_up;
}

/* Keeps the newest ended jobs, as many as the limits allow. */
static void forget_old(struct ox_schedule *s, size_t count_max, size_t bytes_max)
{
	size_t count = 0, bytes = 0;
	for (size_t i = s->jobs.len; i-- > 0;) {
		if (!is_forgettable(s->jobs.items[i]))
			continue;
		count++;
		bytes += s->jobs.items[i]->history.bytes;
		if (count > count_max || bytes > bytes_max)
			forget_at(s, i);
	}
}

/* The job has its result and no worker. */
static void job_over(struct ox_schedule *s, struct ox_job *job)
{
	if (needs_place(job) && job->exit_code == 0)
		s->done++;
	else if (needs_place(job))
		s->failed++;
	ox_log_info(s->log, "build %llu: exit code %d after %llu ms", (unsigned long long)job->id, job->exit_code,
		    (unsigned long long)((ox_clock_mono() - job->created) / 1000000));
	forget_old(s, REMEMBERED_MAX, REMEMBERED_BYTES_MAX);
	s->changed(s->ctx);
}

static void run(struct ox_schedule *s, struct ox_job *job)
{
	struct ox_err err = {0};
	char *program = NULL;
	if (ox_worker_program(&program, &err) == 0)
		ox_job_run(job, s->loop, program);
	else
		ox_job_end(job, 3, "internal", err.text);
	free(program);
	if (job->state == OX_JOB_RUNNING)
		s->taken += needs_place(job);
	else
		job_over(s, job);
}

static void start_waiting(struct ox_schedule *s)
{
	for (size_t i = 0; i < s->jobs.len && s->taken < s->places; i++) {
		struct ox_job *job = s->jobs.items[i];
		if (job->state == OX_JOB_WAITING && job->queued) {
			job->queued = false;
			run(s, job);
			i = (size_t)-1; /* the list may have become shorter */
		}
	}
}

int ox_schedule_new(struct ox_loop *loop, struct ox_log_file *log, const char *store, size_t places,
		    void (*changed)(void *ctx), void *ctx, struct ox_schedule **out, struct ox_err *err)
{
	struct ox_schedule *s = calloc(1, sizeof *s);
	if (!s || !(s->store = strdup(store))) {
		free(s);
		return ox_fail_nomem(err, "the schedule");
	}
	s->loop = loop;
	s->log = log;
	s->places = places;
	s->changed = changed;
	s->ctx = ctx;
	/* Numbers that an earlier daemon has not given out: a client may try to resume there. */
	s->last_id = ox_clock_real() / 1000;
	*out = s;
	return 0;
}

void ox_schedule_free(struct ox_schedule *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->jobs.len; i++)
		ox_job_free(s->jobs.items[i]);
	ox_vec_free(&s->jobs);
	ox_stores_close(&s->stores);
	free(s->store);
	free(s);
}

static struct ox_slice *store_of(struct ox_msg *request)
{
	switch (request->kind) {
	case OX_MSG_BUILD:
		return &request->as.build.store;
	case OX_MSG_LANGUAGE:
		return &request->as.language.store;
	case OX_MSG_DISTRIBUTION:
		return &request->as.distribution.store;
	default:
		return &request->as.store.path;
	}
}

static void fill_in_store(const struct ox_schedule *s, struct ox_msg *request)
{
	struct ox_slice *path = store_of(request);
	if (!path->len || path->data[0] != '/')
		*path = ox_slice_str(s->store);
}

int ox_schedule_add(struct ox_schedule *s, struct ox_arena *arena, const struct ox_msg *request, struct ox_job **out,
		    struct ox_err *err)
{
	static const struct ox_job_events events = {.worker_ended = on_worker_ended, .abandoned = on_abandoned};
	struct ox_msg filled = *request;
	fill_in_store(s, &filled);
	struct ox_job **slot = ox_vec_push(&s->jobs);
	int rc = slot ? ox_job_new(++s->last_id, s->loop, s->log, arena, &filled, &events, s, slot, err)
		      : ox_fail_nomem(err, "a build");
	if (rc == 0)
		*out = *slot;
	else if (slot)
		s->jobs.len--;
	if (rc == 0)
		s->changed(s->ctx);
	return rc;
}

static void place(struct ox_schedule *s, struct ox_job *job)
{
	if (!needs_place(job) || s->taken < s->places) {
		run(s, job);
		return;
	}
	job->queued = true;
	ox_log_info(s->log, "build %llu: waits, %zu builds are running", (unsigned long long)job->id, s->taken);
	ox_job_log(job, OX_LEVEL_INFO, "waiting: %zu other builds are running", s->taken);
}

static void on_looked_up(void *ctx, struct ox_job *job, bool answered)
{
	struct ox_schedule *s = ctx;
	job->looked_up = false;
	if (job->state == OX_JOB_ENDED) {
		s->changed(s->ctx); /* cancelled meanwhile */
	} else if (answered) {
		job->state = OX_JOB_ENDED;
		s->recalled += needs_place(job);
		job_over(s, job);
	} else {
		place(s, job);
	}
}

/* A worker tells its result first and remembers the build afterwards: whether one of
 * the same configuration is doing that now. */
static bool is_being_remembered(const struct ox_schedule *s, const struct ox_job *job)
{
	if (!needs_place(job))
		return false;
	for (size_t i = 0; i < s->jobs.len; i++) {
		const struct ox_job *other = s->jobs.items[i];
		if (other != job && needs_place(other) && other->worker && ox_job_has_result(other) &&
		    ox_slice_eq(other->request.as.build.config_path, job->request.as.build.config_path))
			return true;
	}
	return false;
}

static void start_behind(struct ox_schedule *s)
{
	for (size_t i = 0; i < s->jobs.len; i++) {
		struct ox_job *job = s->jobs.items[i];
		if (job->state != OX_JOB_WAITING || !job->behind || is_being_remembered(s, job))
			continue;
		ox_schedule_start(s, job);
		i = (size_t)-1; /* the list may have become shorter */
	}
}

void ox_schedule_start(struct ox_schedule *s, struct ox_job *job)
{
	struct ox_err err = {0};
	job->behind = is_being_remembered(s, job);
	if (job->behind)
		return;
	job->looked_up = ox_answer_possible(job);
	if (job->looked_up && ox_answer_start(s->loop, s->log, &s->stores, job, on_looked_up, s, &err) == 0)
		return;
	job->looked_up = false;
	place(s, job);
}

struct ox_job *ox_schedule_find(struct ox_schedule *s, uint64_t id)
{
	for (size_t i = 0; i < s->jobs.len; i++)
		if (s->jobs.items[i]->id == id)
			return s->jobs.items[i];
	return NULL;
}

void ox_schedule_cancel(struct ox_schedule *s, struct ox_job *job)
{
	bool waited = job->state == OX_JOB_WAITING;
	ox_job_cancel(job);
	if (waited && job->state == OX_JOB_ENDED)
		job_over(s, job);
}

void ox_schedule_cancel_all(struct ox_schedule *s)
{
	/* Ending a job can make the list forget others: look again from the start. */
	for (size_t i = 0; i < s->jobs.len; i++) {
		struct ox_job *job = s->jobs.items[i];
		if (job->state == OX_JOB_ENDED || job->cancelled)
			continue;
		ox_schedule_cancel(s, job);
		i = (size_t)-1;
	}
}

void ox_schedule_reap(struct ox_schedule *s)
{
	for (size_t i = 0; i < s->jobs.len; i++) {
		struct ox_job *job = s->jobs.items[i];
		if (!job->worker)
			continue;
		ox_worker_check(job->worker);
		/* The list may have become shorter. */
		if (i >= s->jobs.len || s->jobs.items[i] != job)
			i = (size_t)-1;
	}
}

void ox_schedule_forget(struct ox_schedule *s)
{
	forget_old(s, 0, 0);
	ox_stores_close(&s->stores);
}

/* A job that has its result is over for whoever asks, though its worker may still be leaving. */
struct ox_schedule_counts ox_schedule_counts(const struct ox_schedule *s)
{
	struct ox_schedule_counts c = {.done = s->done, .failed = s->failed, .recalled = s->recalled};
	for (size_t i = 0; i < s->jobs.len; i++) {
		const struct ox_job *job = s->jobs.items[i];
		c.waiting += job->state == OX_JOB_WAITING;
		if (job->state != OX_JOB_RUNNING)
			continue;
		if (!ox_job_has_result(job))
			c.running++;
		else if (needs_place(job) && job->exit_code == 0)
			c.done++;
		else if (needs_place(job))
			c.failed++;
	}
	return c;
}

bool ox_schedule_idle(const struct ox_schedule *s)
{
	for (size_t i = 0; i < s->jobs.len; i++)
		if (s->jobs.items[i]->state != OX_JOB_ENDED || s->jobs.items[i]->looked_up)
			return false;
	return s->hunts == 0;
}
