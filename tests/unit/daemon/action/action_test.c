#include "tests/unit/store/scratch.h"

#include "daemon/action/action.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

struct seen {
	struct ox_sink sink;
	int hits, runs;
	char reason[512], changed[128];
	struct ox_digest old_digest, new_digest;
};

static void on_event(struct ox_sink *self, const struct ox_event *event)
{
	struct seen *seen = (struct seen *)self;
	if (event->type != OX_EVENT_STEP)
		return;
	const struct ox_step_report *r = &event->as.step;
	if (r->hit) {
		seen->hits++;
		return;
	}
	seen->runs++;
	seen->old_digest = r->old_digest;
	seen->new_digest = r->new_digest;
	snprintf(seen->reason, sizeof seen->reason, "%.*s", OX_SLICE_ARG(r->reason));
	snprintf(seen->changed, sizeof seen->changed, "%.*s", OX_SLICE_ARG(r->changed_input));
}

struct work {
	struct scratch *sc;
	const char *text;
	int calls;
	bool fail;
};

static int do_work(void *ctx, struct ox_step_result *result, struct ox_err *err)
{
	struct work *w = ctx;
	struct ox_digest d;
	w->calls++;
	if (w->fail)
		return ox_fail(err, OX_EBUILD, "no");
	int rc = ox_store_put(w->sc->s, ox_slice_str(w->text), &d, err);
	ox_step_result_add(result, "out", &d, strlen(w->text));
	ox_step_result_meta(result, OX_SLICE("meta"));
	return rc;
}

static int run_in(struct scratch *sc, struct seen *seen, struct work *w, const char *source, const char *level,
		  struct ox_outputs *out, struct ox_arena *arena)
{
	struct ox_actions *a;
	assert_ok(sc, ox_actions_new(sc->s, &seen->sink, "scope", &a, &sc->err));
	struct ox_step *step = ox_step_new(arena, "bytecode", 1, "app");
	ox_step_text(step, "source", ox_slice_str(source));
	if (level)
		ox_step_text(step, "level", ox_slice_str(level));
	int rc = ox_actions_run(a, step, do_work, w, out, &sc->err);
	ox_actions_free(a);
	return rc;
}

static void a_step_runs_once_and_is_found_afterwards(void **state)
{
	struct scratch *sc = *state;
	struct seen seen = {.sink.emit = on_event};
	struct work w = {.sc = sc, .text = "result"};
	struct ox_arena arena = {0};
	struct ox_outputs out;
	for (int i = 0; i < 3; i++) {
		assert_ok(sc, run_in(sc, &seen, &w, "a", "0", &out, &arena));
		assert_int_equal(out.hit, i > 0);
		assert_int_equal(out.count, 1);
		assert_non_null(ox_outputs_find(&out, "out"));
		assert_true(ox_slice_eq_str(out.meta, "meta"));
		scratch_reopen(sc);
	}
	assert_int_equal(w.calls, 1);
	assert_int_equal(seen.hits, 2);
	ox_arena_free(&arena);
}

static void a_failure_is_recorded_nowhere(void **state)
{
	struct scratch *sc = *state;
	struct seen seen = {.sink.emit = on_event};
	struct work w = {.sc = sc, .text = "result", .fail = true};
	struct ox_arena arena = {0};
	struct ox_outputs out;
	assert_int_equal(run_in(sc, &seen, &w, "a", "0", &out, &arena), OX_EBUILD);
	w.fail = false;
	assert_ok(sc, run_in(sc, &seen, &w, "a", "0", &out, &arena));
	assert_int_equal(w.calls, 2);
	ox_arena_free(&arena);
}

static void run_linked(struct scratch *sc, struct seen *seen, struct work *w, const char *third)
{
	struct ox_arena arena = {0};
	struct ox_outputs out;
	struct ox_actions *a;
	const char *const values[] = {"-lm", "-ldl", third};
	assert_ok(sc, ox_actions_new(sc->s, &seen->sink, "scope", &a, &sc->err));
	struct ox_step *step = ox_step_new(&arena, "stub", 1, "app");
	for (size_t i = 0; i < OX_COUNT(values); i++)
		ox_step_text(step, "library", ox_slice_str(values[i]));
	assert_ok(sc, ox_actions_run(a, step, do_work, w, &out, &sc->err));
	ox_actions_free(a);
	ox_arena_free(&arena);
}

static void inputs_of_one_name_are_compared_in_their_order(void **state)
{
	struct scratch *sc = *state;
	struct seen seen = {.sink.emit = on_event};
	struct work w = {.sc = sc, .text = "result"};
	run_linked(sc, &seen, &w, "-lz");
	run_linked(sc, &seen, &w, "-lssl");
	assert_string_equal(seen.reason, "library changed from \"-lz\" to \"-lssl\"");
}

static void a_step_that_ran_says_which_input_changed(void **state)
{
	struct scratch *sc = *state;
	struct seen seen = {.sink.emit = on_event};
	struct work w = {.sc = sc, .text = "result"};
	struct ox_arena arena = {0};
	struct ox_outputs out;
	assert_ok(sc, run_in(sc, &seen, &w, "a", "0", &out, &arena));
	assert_non_null(strstr(seen.reason, "not built here before"));
	assert_ok(sc, run_in(sc, &seen, &w, "b", "0", &out, &arena));
	assert_string_equal(seen.reason, "source changed from \"a\" to \"b\"");
	assert_string_equal(seen.changed, "source");
	assert_false(ox_digest_is_zero(&seen.old_digest));
	assert_false(ox_digest_eq(&seen.old_digest, &seen.new_digest));
	assert_ok(sc, run_in(sc, &seen, &w, "b", NULL, &out, &arena));
	assert_string_equal(seen.reason, "level is gone, it was \"0\"");
	assert_true(ox_digest_is_zero(&seen.new_digest));
	assert_ok(sc, run_in(sc, &seen, &w, "a", "0", &out, &arena)); /* a hit changes the history too */
	assert_ok(sc, run_in(sc, &seen, &w, "c", "1", &out, &arena));
	assert_string_equal(seen.reason, "source changed from \"a\" to \"c\", and 1 more input");
	ox_arena_free(&arena);
}

static void a_lost_output_makes_the_step_run_again(void **state)
{
	struct scratch *sc = *state;
	struct seen seen = {.sink.emit = on_event};
	struct work w = {.sc = sc, .text = "result"};
	struct ox_arena arena = {0};
	struct ox_outputs out;
	char path[256];
	assert_ok(sc, run_in(sc, &seen, &w, "a", "0", &out, &arena));
	ox_store_close(sc->s);
	sc->s = NULL;
	unlink(scratch_path(sc, "store/objects.db", path));
	assert_ok(sc, ox_store_open(sc->store, &sc->s, &sc->err));
	assert_ok(sc, run_in(sc, &seen, &w, "a", "0", &out, &arena));
	assert_int_equal(w.calls, 2);
	assert_string_equal(seen.reason, "its output out is not in the store any more");
	ox_arena_free(&arena);
}

struct batch_work {
	struct scratch *sc;
	size_t calls, made;
};

static int do_batch(void *ctx, const size_t *missed, size_t count, struct ox_step_result **results, struct ox_err *err)
{
	struct batch_work *w = ctx;
	w->calls++;
	w->made += count;
	for (size_t j = 0; j < count; j++) {
		struct ox_digest d;
		char text[32];
		snprintf(text, sizeof text, "result %zu", missed[j]);
		int rc = ox_store_put(w->sc->s, ox_slice_str(text), &d, err);
		if (rc)
			return rc;
		ox_step_result_add(results[j], "out", &d, strlen(text));
	}
	return 0;
}

static void run_batch(struct scratch *sc, struct seen *seen, struct batch_work *w, size_t changed)
{
	enum { STEPS = 300 };
	struct ox_arena arena = {0};
	struct ox_step *steps[STEPS];
	struct ox_outputs outs[STEPS];
	struct ox_actions *a;
	assert_ok(sc, ox_actions_new(sc->s, &seen->sink, "scope", &a, &sc->err));
	for (size_t i = 0; i < STEPS; i++) {
		char subject[32];
		snprintf(subject, sizeof subject, "m%zu", i);
		steps[i] = ox_step_new(&arena, "bytecode", 1, subject);
		ox_step_text(steps[i], "source", ox_slice_str(i == changed ? "new" : subject));
	}
	assert_ok(sc, ox_actions_run_batch(a, steps, STEPS, do_batch, w, outs, &sc->err));
	for (size_t i = 0; i < STEPS; i++) {
		char text[32];
		struct ox_view view;
		snprintf(text, sizeof text, "result %zu", i);
		assert_ok(sc, ox_store_view(sc->s, &ox_outputs_find(&outs[i], "out")->digest, &view, &sc->err));
		assert_true(ox_slice_eq_str(ox_slice(view.data, view.len), text));
		ox_view_release(&view);
	}
	ox_actions_free(a);
	ox_arena_free(&arena);
}

static void a_batch_hands_over_only_what_is_missing(void **state)
{
	struct scratch *sc = *state;
	struct seen seen = {.sink.emit = on_event};
	struct batch_work w = {.sc = sc};
	run_batch(sc, &seen, &w, SIZE_MAX);
	assert_int_equal(w.made, 300);
	run_batch(sc, &seen, &w, SIZE_MAX);
	assert_int_equal(w.calls, 1);
	run_batch(sc, &seen, &w, 17);
	assert_int_equal(w.made, 301);
	assert_int_equal(seen.runs, 301);
	assert_string_equal(seen.reason, "source changed from \"m17\" to \"new\"");
}

/* Work that marks its beginning in a file and then takes long, or dies. */
struct slow {
	struct scratch *sc;
	char mark[256];
	bool die;
};

static int do_slow(void *ctx, struct ox_step_result *result, struct ox_err *err)
{
	struct slow *w = ctx;
	struct ox_digest d;
	int fd = open(w->mark, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	if (w->die)
		for (;;)
			pause();
	scratch_pause(100);
	int rc = ox_store_put(w->sc->s, OX_SLICE("slow"), &d, err);
	ox_step_result_add(result, "out", &d, 4);
	return rc;
}

static int slow_child(const struct scratch *sc, const char *mark, bool die)
{
	struct scratch mine = *sc;
	struct slow w = {.sc = &mine, .die = die};
	struct ox_arena arena = {0};
	struct ox_actions *a;
	struct ox_outputs out;
	snprintf(w.mark, sizeof w.mark, "%s", mark);
	if (ox_store_open(sc->store, &mine.s, &mine.err) != 0 ||
	    ox_actions_new(mine.s, NULL, "scope", &a, &mine.err) != 0)
		return 1;
	struct ox_step *step = ox_step_new(&arena, "slow", 1, "it");
	int rc = ox_actions_run(a, step, do_slow, &w, &out, &mine.err);
	ox_actions_free(a);
	ox_store_close(mine.s);
	ox_arena_free(&arena);
	return rc ? 2 : 0;
}

static pid_t start(const struct scratch *sc, const char *mark, bool die)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(slow_child(sc, mark, die));
	return pid;
}

static off_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? st.st_size : 0;
}

static void processes_share_one_run_of_a_step(void **state)
{
	struct scratch *sc = *state;
	enum { PROCESSES = 5 };
	char mark[256];
	scratch_path(sc, "mark", mark);
	for (int i = 0; i < PROCESSES; i++)
		assert_true(start(sc, mark, false) > 0);
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(size_of(mark), 1);
}

static void a_waiter_takes_over_when_the_holder_dies(void **state)
{
	struct scratch *sc = *state;
	char mark[256];
	int status;
	scratch_path(sc, "mark", mark);
	pid_t holder = start(sc, mark, true);
	for (int i = 0; i < 500 && size_of(mark) == 0; i++)
		scratch_pause(10);
	assert_int_equal(size_of(mark), 1);
	pid_t waiter = start(sc, mark, false);
	scratch_pause(50);
	assert_int_equal(size_of(mark), 1);
	kill(holder, SIGKILL);
	assert_int_equal(waitpid(holder, &status, 0), holder);
	assert_int_equal(waitpid(waiter, &status, 0), waiter);
	assert_int_equal(status, 0);
	assert_int_equal(size_of(mark), 2);
}

static int cancelled(void *ctx, struct ox_err *err)
{
	(void)ctx;
	return ox_fail(err, OX_ECANCELLED, "cancelled");
}

static void a_cancelled_build_starts_no_step(void **state)
{
	struct scratch *sc = *state;
	struct ox_arena arena = {0};
	struct work w = {.sc = sc, .text = "x"};
	struct ox_actions *a;
	struct ox_outputs out;
	assert_ok(sc, ox_actions_new(sc->s, NULL, "scope", &a, &sc->err));
	ox_actions_set_cancel(a, cancelled, NULL);
	struct ox_step *step = ox_step_new(&arena, "k", 1, "s");
	assert_int_equal(ox_actions_run(a, step, do_work, &w, &out, &sc->err), OX_ECANCELLED);
	assert_int_equal(w.calls, 0);
	ox_actions_free(a);
	ox_arena_free(&arena);
}

static void a_files_digest_follows_its_content(void **state)
{
	struct scratch *sc = *state;
	struct ox_actions *a;
	struct ox_digest first, again, edited;
	uint64_t size;
	char path[256];
	struct stat st;
	assert_ok(sc, ox_actions_new(sc->s, NULL, "scope", &a, &sc->err));
	scratch_write(scratch_path(sc, "f", path), "one", 3);
	assert_ok(sc, ox_actions_file_digest(a, path, &first, &size, &sc->err));
	scratch_pause(40);
	assert_ok(sc, ox_actions_file_digest(a, path, &again, &size, &sc->err));
	assert_true(ox_digest_eq(&first, &again));
	assert_int_equal(stat(path, &st), 0);
	scratch_write(path, "two", 3);
	const struct timespec times[2] = {st.st_atim, st.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_ok(sc, ox_actions_file_digest(a, path, &edited, &size, &sc->err));
	assert_false(ox_digest_eq(&first, &edited));
	assert_int_equal(ox_actions_file_digest(a, "/nonexistent/x", &edited, &size, &sc->err), OX_ENOENT);
	ox_actions_free(a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(a_step_runs_once_and_is_found_afterwards), TEST(a_failure_is_recorded_nowhere),
	    TEST(a_step_that_ran_says_which_input_changed), TEST(a_lost_output_makes_the_step_run_again),
	    TEST(inputs_of_one_name_are_compared_in_their_order), TEST(a_lost_output_makes_the_step_run_again),
	    TEST(a_batch_hands_over_only_what_is_missing),  TEST(processes_share_one_run_of_a_step),
	    TEST(a_waiter_takes_over_when_the_holder_dies), TEST(a_cancelled_build_starts_no_step),
	    TEST(a_files_digest_follows_its_content),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
