#include "daemon/rpc/answer.h"

#include "daemon/action/memo.h"
#include "daemon/request/build_key.h"
#include "proto/base/clock.h"
#include "proto/wire/frame.h"
#include "proto/wire/identity.h"
#include "store/index/index.h"

/* Between start and done, `work` runs in another thread and touches nothing but this
 * struct and the job's request, which does not change. */
struct answer {
	struct ox_sink sink; /* first: the sink's functions get back to the answer by it */
	struct ox_log_file *log;
	struct ox_stores *stores;
	struct ox_job *job;
	void (*done)(void *ctx, struct ox_job *job, bool answered);
	void *ctx;
	struct ox_store *store;
	struct ox_arena arena;
	struct ox_buf frames; /* what is to be said, as frames */
	struct ox_buf why;    /* there is no answer */
	struct ox_err err;
	int found; /* 1: frames hold the answer; 0: a worker is needed; else an error */
};

bool ox_answer_possible(const struct ox_job *job)
{
	const struct ox_msg *r = &job->request;
	if (r->kind == OX_MSG_STORE)
		return r->as.store.verb == OX_STORE_STATS;
	return r->kind == OX_MSG_BUILD && !r->as.build.refresh;
}

/* ---- a build that is remembered ---- */

static void keep_event(struct ox_sink *self, const struct ox_event *event)
{
	struct answer *a = (struct answer *)self;
	struct ox_msg msg = {.kind = OX_MSG_EVENT, .as.event = *event};
	struct ox_err err = {0};
	if (event->type == OX_EVENT_RESULT || event->type == OX_EVENT_PROGRESS)
		return;
	if (ox_msg_encode(&msg, &a->frames, &err) != 0)
		a->frames.failed = true;
}

static const char *client_variable(void *ctx, const char *name)
{
	const struct answer *a = ctx;
	const struct ox_build *b = &a->job->request.as.build;
	for (size_t i = b->environment_count; i-- > 0;)
		if (ox_slice_eq_str(b->environment[i].name, name))
			return b->environment[i].unset	    ? NULL
			       : b->environment[i].value.data ? b->environment[i].value.data
							      : "";
	return NULL;
}

static int recall_build(struct answer *a)
{
	struct ox_digest key;
	struct ox_env env = {.get = client_variable, .ctx = a};
	int rc = ox_build_key(&a->job->request.as.build, &key, &a->err);
	if (rc == 0)
		rc = ox_memo_check(a->store, &key, &env, &a->sink, &a->why, &a->err);
	if (rc == 1 && ox_buf_ok(&a->frames, "a remembered build", &a->err) != 0)
		rc = a->err.code;
	return rc;
}

/* ---- what the store holds ---- */

static int count_store(struct answer *a)
{
	struct ox_store_stats s;
	int rc = ox_store_stats(a->store, &s, &a->err);
	if (rc)
		return rc;
	struct ox_report_item items[] = {
		{.name = OX_SLICE("path"), .text = ox_slice_str(ox_store_dir(a->store))},
		{.name = OX_SLICE("objects"), .number = s.objects},
		{.name = OX_SLICE("object bytes"), .number = s.object_bytes, .unit = OX_SLICE("bytes")},
		{.name = OX_SLICE("large objects"), .number = s.loose_objects},
		{.name = OX_SLICE("large object bytes"), .number = s.loose_bytes, .unit = OX_SLICE("bytes")},
		{.name = OX_SLICE("small objects"), .number = s.small_objects},
		{.name = OX_SLICE("small object bytes"), .number = s.small_bytes, .unit = OX_SLICE("bytes")},
		{.name = OX_SLICE("unpacked folders"), .number = s.trees},
		{.name = OX_SLICE("unpacked folder bytes"), .number = s.tree_bytes, .unit = OX_SLICE("bytes")},
		{.name = OX_SLICE("remembered steps"), .number = s.actions},
		{.name = OX_SLICE("remembered builds"), .number = s.memos},
		{.name = OX_SLICE("remembered files"), .number = s.files},
		{.name = OX_SLICE("databases"), .number = s.database_bytes, .unit = OX_SLICE("bytes")},
		{.name = OX_SLICE("quarantined files"), .number = s.quarantined},
		{.name = OX_SLICE("builds at work"), .number = s.leases},
		{.name = OX_SLICE("free on disk"), .number = s.free_bytes, .unit = OX_SLICE("bytes")},
	};
	struct ox_msg msg = {.kind = OX_MSG_REPORT, .as.report = {.items = items, .count = OX_COUNT(items)}};
	rc = ox_msg_encode(&msg, &a->frames, &a->err);
	return rc ? rc : 1;
}

/* ---- there and back ---- */

static void work(void *ctx)
{
	struct answer *a = ctx;
	const struct ox_msg *r = &a->job->request;
	struct ox_slice dir = r->kind == OX_MSG_BUILD ? r->as.build.store : r->as.store.path;
	if (!a->store) {
		char *path = ox_arena_printf(&a->arena, "%.*s", OX_SLICE_ARG(dir));
		a->found = path ? ox_store_open(path, &a->store, &a->err) : ox_fail_nomem(&a->err, "a store's path");
		if (a->found)
			return;
	}
	a->found = r->kind == OX_MSG_BUILD ? recall_build(a) : count_store(a);
}

/* Says what `frames` hold, as if a worker had said it. */
static void say_frames(struct answer *a)
{
	struct ox_frame_reader reader = {.pending = a->frames};
	struct ox_slice body;
	struct ox_err err = {0};
	while (ox_frame_reader_next(&reader, &body, &err) == 1) {
		struct ox_arena arena = {.limit = OX_FRAME_DECODED_MAX};
		struct ox_msg msg;
		if (ox_msg_decode(body, &arena, &msg, &err) == 0)
			ox_job_say(a->job, &msg);
		ox_arena_free(&arena);
	}
}

static void say_result(struct answer *a)
{
	struct ox_msg msg = {
		.kind = OX_MSG_EVENT,
		.as.event = {.type = OX_EVENT_RESULT,
			     .as.result = {.category = OX_SLICE("ok"),
					   .memoised = a->job->request.kind == OX_MSG_BUILD,
					   .nanoseconds = ox_clock_mono() - a->job->created}},
	};
	ox_job_say(a->job, &msg);
}

static void explain(struct answer *a)
{
	const struct ox_msg *r = &a->job->request;
	if (a->found < 0)
		ox_log_warn(a->log, "build %llu: cannot look it up: %s", (unsigned long long)a->job->id, a->err.text);
	else if (a->why.len && r->kind == OX_MSG_BUILD && (r->as.build.explain || r->as.build.verbosity >= 2))
		ox_job_log(a->job, OX_LEVEL_INFO, "building: %s", ox_buf_text(&a->why));
}

static void finished(void *ctx)
{
	struct answer *a = ctx;
	bool answered = a->found == 1;
	ox_stores_give(a->stores, a->store);
	if (answered && a->job->state != OX_JOB_ENDED) {
		say_frames(a);
		say_result(a);
	} else {
		explain(a);
	}
	a->done(a->ctx, a->job, answered);
	ox_buf_free(&a->frames);
	ox_buf_free(&a->why);
	ox_arena_free(&a->arena);
	free(a);
}

int ox_answer_start(struct ox_loop *loop, struct ox_log_file *log, struct ox_stores *stores, struct ox_job *job,
		    void (*done)(void *ctx, struct ox_job *job, bool answered), void *ctx, struct ox_err *err)
{
	const struct ox_msg *r = &job->request;
	struct answer *a = calloc(1, sizeof *a);
	if (!a)
		return ox_fail_nomem(err, "looking a build up");
	*a = (struct answer){
		.sink = {.emit = keep_event},
		.log = log,
		.stores = stores,
		.job = job,
		.done = done,
		.ctx = ctx,
		.store = ox_stores_take(stores, r->kind == OX_MSG_BUILD ? r->as.build.store : r->as.store.path),
	};
	int rc = ox_loop_job(loop, work, finished, a, err);
	if (rc) {
		ox_stores_give(stores, a->store);
		free(a);
	}
	return rc;
}
