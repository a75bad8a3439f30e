#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/action/memo.h"
#include "daemon/request/build_key.h"
#include "daemon/rpc/answer.h"
#include "proto/wire/frame.h"
#include "proto/wire/identity.h"

#include <sys/stat.h>
#include <unistd.h>

/* A store, a configuration file, and a job that asks for its build. */
struct place {
	char root[64], store[96], config[96];
	struct ox_loop *loop;
	struct ox_log_file log;
	struct ox_stores stores;
	struct ox_job *job;
	struct ox_name_value environment;
	bool done, answered;
};

static void write_config(const struct place *p, const char *text)
{
	FILE *f = fopen(p->config, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	struct ox_err err;
	*state = p;
	p->log.fd = -1;
	snprintf(p->root, sizeof p->root, "/tmp/oxanswer-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	snprintf(p->store, sizeof p->store, "%s/store", p->root);
	snprintf(p->config, sizeof p->config, "%s/pyoxidizer.bzl", p->root);
	write_config(p, "first");
	p->environment = (struct ox_name_value){.name = OX_SLICE("COLOUR"), .value = OX_SLICE("blue")};
	return ox_loop_new(&p->loop, &err);
}

static int teardown(void **state)
{
	struct place *p = *state;
	char command[128];
	ox_job_free(p->job);
	ox_stores_close(&p->stores);
	ox_loop_free(p->loop);
	snprintf(command, sizeof command, "rm -rf %s", p->root);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

static void ask(struct place *p, struct ox_msg *request)
{
	static const struct ox_job_events events = {0};
	struct ox_arena arena = {0};
	struct ox_err err;
	ox_job_free(p->job);
	assert_int_equal(ox_job_new(1, p->loop, &p->log, &arena, request, &events, NULL, &p->job, &err), 0);
}

static void ask_for_build(struct place *p)
{
	struct ox_msg request = {
		.kind = OX_MSG_BUILD,
		.as.build = {.config_path = ox_slice_str(p->config),
			     .store = ox_slice_str(p->store),
			     .environment = &p->environment,
			     .environment_count = 1},
	};
	ask(p, &request);
}

static const char *colour(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "COLOUR") == 0 ? "blue" : NULL;
}

/* What a worker does after a build: one input, one variable, one line said. */
static void remember(struct place *p)
{
	struct ox_build build = {.config_path = ox_slice_str(p->config)};
	struct ox_event said = {.type = OX_EVENT_LOG,
				.as.log = {.level = OX_LEVEL_WARN,
					   .source = OX_SLICE("config"),
					   .text = OX_SLICE("hi")}};
	struct ox_env env = {.get = colour};
	struct ox_digest key;
	struct ox_store *store;
	struct ox_err err = {0};
	assert_int_equal(ox_build_key(&build, &key, &err), 0);
	assert_int_equal(ox_store_open(p->store, &store, &err), 0);
	struct ox_memo *memo = ox_memo_new();
	ox_memo_file(memo, p->config);
	ox_memo_env(memo, "COLOUR");
	ox_memo_event(memo, &said);
	assert_int_equal(ox_memo_commit(memo, store, &key, &env, &err), 0);
	ox_memo_free(memo);
	ox_store_close(store);
}

static void on_done(void *ctx, struct ox_job *job, bool answered)
{
	struct place *p = ctx;
	(void)job;
	p->done = true;
	p->answered = answered;
	ox_loop_stop(p->loop);
}

static bool is_answered(struct place *p)
{
	struct ox_err err;
	p->done = false;
	assert_true(ox_answer_possible(p->job));
	assert_int_equal(ox_answer_start(p->loop, &p->log, &p->stores, p->job, on_done, p, &err), 0);
	ox_loop_run(p->loop);
	assert_true(p->done);
	return p->answered;
}

static void decode(const struct place *p, size_t i, struct ox_arena *arena, struct ox_msg *msg)
{
	const struct ox_buf *frame = &p->job->history.entries.items[i].frame;
	struct ox_err err;
	struct ox_slice body = ox_slice(frame->data + OX_FRAME_HEADER, frame->len - OX_FRAME_HEADER);
	assert_int_equal(ox_msg_decode(body, arena, msg, &err), 0);
}

static void a_remembered_build_is_told_again(void **state)
{
	struct place *p = *state;
	struct ox_arena arena = {0};
	struct ox_msg msg;
	remember(p);
	ask_for_build(p);
	assert_true(is_answered(p));
	assert_int_equal(p->job->history.entries.len, 2);
	decode(p, 0, &arena, &msg);
	assert_true(ox_slice_eq_str(msg.as.event.as.log.text, "hi"));
	decode(p, 1, &arena, &msg);
	assert_int_equal(msg.as.event.type, OX_EVENT_RESULT);
	assert_true(msg.as.event.as.result.memoised);
	assert_int_equal(msg.as.event.number, 2);
	ox_arena_free(&arena);
}

static void the_store_stays_open_for_the_next_question(void **state)
{
	struct place *p = *state;
	remember(p);
	ask_for_build(p);
	assert_true(is_answered(p));
	assert_int_equal(p->stores.idle.len, 1);
	ask_for_build(p);
	assert_true(is_answered(p));
	assert_int_equal(p->stores.idle.len, 1);
}

static void a_store_that_was_replaced_is_opened_anew(void **state)
{
	struct place *p = *state;
	char command[128];
	remember(p);
	ask_for_build(p);
	assert_true(is_answered(p));
	snprintf(command, sizeof command, "rm -rf %s", p->store);
	assert_int_equal(system(command), 0);
	ask_for_build(p);
	assert_false(is_answered(p));
}

static void a_changed_file_or_variable_needs_a_worker(void **state)
{
	struct place *p = *state;
	remember(p);
	p->environment.value = OX_SLICE("red");
	ask_for_build(p);
	assert_false(is_answered(p));
	assert_int_equal(p->job->history.entries.len, 0);
	p->environment.value = OX_SLICE("blue");
	write_config(p, "second");
	ask_for_build(p);
	assert_false(is_answered(p));
}

static void what_the_store_holds_is_reported(void **state)
{
	struct place *p = *state;
	struct ox_msg request = {.kind = OX_MSG_STORE, .as.store = {.path = ox_slice_str(p->store)}};
	struct ox_arena arena = {0};
	struct ox_msg msg;
	remember(p);
	ask(p, &request);
	assert_true(is_answered(p));
	decode(p, 0, &arena, &msg);
	assert_int_equal(msg.kind, OX_MSG_REPORT);
	assert_true(ox_slice_eq_str(msg.as.report.items[0].text, p->store));
	ox_arena_free(&arena);
}

static void refreshing_and_changing_requests_are_for_workers(void **state)
{
	struct place *p = *state;
	struct ox_msg refresh = {.kind = OX_MSG_BUILD, .as.build = {.refresh = true}};
	struct ox_msg gc = {.kind = OX_MSG_STORE, .as.store = {.verb = OX_STORE_GC}};
	ask(p, &refresh);
	assert_false(ox_answer_possible(p->job));
	ask(p, &gc);
	assert_false(ox_answer_possible(p->job));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_remembered_build_is_told_again, setup, teardown),
		cmocka_unit_test_setup_teardown(the_store_stays_open_for_the_next_question, setup, teardown),
		cmocka_unit_test_setup_teardown(a_store_that_was_replaced_is_opened_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(a_changed_file_or_variable_needs_a_worker, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_store_holds_is_reported, setup, teardown),
		cmocka_unit_test_setup_teardown(refreshing_and_changing_requests_are_for_workers, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
