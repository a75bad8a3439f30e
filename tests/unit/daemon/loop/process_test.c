#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/loop/process.h"

#include "proto/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 300 }; /* longer than any machine needs, and shorter than what the children sleep */

static const char *const test_env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "COLOUR=blue", NULL};

struct seen {
	struct ox_buf lines; /* joined with "|" */
	bool has_line;
	int cancel_on_line;     /* cancel once a line was seen */
	const char *file_at_line; /* made when the first line comes; may be NULL */
};

static void on_line(void *ctx, struct ox_slice text)
{
	struct seen *s = ctx;
	if (!s->has_line && s->file_at_line)
		close(creat(s->file_at_line, 0600));
	s->has_line = true;
	ox_buf_slice(&s->lines, text);
	ox_buf_byte(&s->lines, '|');
}

static int on_cancelled(void *ctx, struct ox_err *err)
{
	struct seen *s = ctx;
	if (s->cancel_on_line && s->has_line)
		return ox_fail(err, OX_ECANCELLED, "cancelled");
	return 0;
}

static int run_shell(const char *script, struct seen *seen, struct ox_buf *out, struct ox_process_status *status,
		     struct ox_err *err)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	struct ox_process_spec spec = {
		.argv = argv,
		.env = test_env,
		.line = on_line,
		.cancelled = seen->cancel_on_line ? on_cancelled : NULL,
		.ctx = seen,
		.out = out,
	};
	return ox_process_run(&spec, status, err);
}

/* Runs the script and compares its lines and exit code. */
static void assert_shell(const char *script, const char *lines, int exit_code)
{
	struct seen seen = {0};
	struct ox_process_status status;
	struct ox_err err = {0};
	assert_int_equal(run_shell(script, &seen, NULL, &status, &err), 0);
	assert_string_equal(ox_buf_text(&seen.lines), lines);
	assert_int_equal(status.exit_code, exit_code);
	ox_buf_free(&seen.lines);
}

static double seconds_since(uint64_t start)
{
	return (double)(ox_clock_mono() - start) / 1e9;
}

static void output_and_exit_status_are_reported(void **state)
{
	(void)state;
	assert_shell("echo one; echo two >&2; printf three; exit 7", "one|two|three|", 7);
	assert_shell("echo $COLOUR; cat", "blue|", 0);
}

static void a_signal_is_told_apart_from_an_exit(void **state)
{
	(void)state;
	struct seen seen = {0};
	struct ox_process_status status;
	struct ox_err err;
	assert_int_equal(run_shell("kill -SEGV $$", &seen, NULL, &status, &err), 0);
	assert_int_equal(status.exit_code, -1);
	assert_int_equal(status.signal, SIGSEGV);
}

static void standard_output_can_be_kept_apart(void **state)
{
	(void)state;
	struct seen seen = {0};
	struct ox_buf out = {0};
	struct ox_process_status status;
	struct ox_err err;
	assert_int_equal(run_shell("echo kept; echo shown >&2", &seen, &out, &status, &err), 0);
	assert_string_equal(ox_buf_text(&out), "kept\n");
	assert_string_equal(ox_buf_text(&seen.lines), "shown|");
	ox_buf_free(&out);
	ox_buf_free(&seen.lines);
}

static void input_larger_than_a_pipe_arrives(void **state)
{
	(void)state;
	struct ox_buf input = {0}, out = {0};
	for (int i = 0; i < 50000; i++)
		ox_buf_str(&input, "line of input\n");
	const char *argv[] = {"wc", "-c", NULL};
	struct ox_process_spec spec = {.argv = argv, .env = test_env, .out = &out, .input = ox_buf_view(&input)};
	struct ox_process_status status;
	struct ox_err err;
	assert_int_equal(ox_process_run(&spec, &status, &err), 0);
	assert_string_equal(ox_buf_text(&out), "700000\n");
	ox_buf_free(&input);
	ox_buf_free(&out);
}

static void a_missing_program_is_named(void **state)
{
	(void)state;
	const char *argv[] = {"no-such-program", NULL};
	struct ox_process_spec spec = {.argv = argv, .env = test_env};
	struct ox_process_status status;
	struct ox_err err = {0};
	assert_int_equal(ox_process_run(&spec, &status, &err), OX_ENOENT);
	assert_string_equal(err.text, "cannot start no-such-program: there is no such program");
	argv[0] = "sh";
	spec.cwd = "/no/such/folder";
	assert_int_equal(ox_process_run(&spec, &status, &err), OX_ENOENT);
	assert_non_null(strstr(err.text, "/no/such/folder"));
}

static void the_child_has_its_own_group_and_three_descriptors(void **state)
{
	(void)state;
	int extra[2];
	assert_int_equal(pipe(extra), 0); /* inheritable, yet not inherited */
	/* 3 is the folder that ls itself reads. */
	assert_shell("exec ls /proc/self/fd", "0|1|2|3|", 0);
	assert_shell("set -- $(cat /proc/$$/stat); test $1 = $5 && echo own", "own|", 0);
	close(extra[0]);
	close(extra[1]);
}

static void ignored_signals_are_default_in_the_child(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	struct seen seen = {0};
	struct ox_process_status status;
	struct ox_err err;
	assert_int_equal(run_shell("kill -PIPE $$", &seen, NULL, &status, &err), 0);
	assert_int_equal(status.signal, SIGPIPE);
	signal(SIGPIPE, SIG_DFL);
}

static void lines_arrive_while_the_child_runs(void **state)
{
	(void)state;
	char folder[] = "/tmp/oxprocess-XXXXXX", file[64], script[256];
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/seen", folder);
	snprintf(script, sizeof script, "echo now; while ! test -e %s; do sleep .01; done; echo later", file);
	struct seen seen = {.file_at_line = file};
	struct ox_process_status status;
	struct ox_err err;
	assert_int_equal(run_shell(script, &seen, NULL, &status, &err), 0);
	assert_string_equal(ox_buf_text(&seen.lines), "now|later|");
	unlink(file);
	rmdir(folder);
	ox_buf_free(&seen.lines);
}

static void a_grandchild_that_keeps_the_pipe_open_does_not_hang_the_run(void **state)
{
	(void)state;
	uint64_t start = ox_clock_mono();
	assert_shell("sleep 1000 & echo done", "done|", 0);
	assert_true(seconds_since(start) < PATIENCE_SECONDS);
	ox_process_kill_descendants(NULL, 0);
}

/* A child that forks twice, leaves the session and ignores TERM: it writes its pid. */
#define RUNAWAY \
	"(trap '' TERM; setsid sh -c 'trap \"\" TERM; (sh -c \"trap \\\"\\\" TERM; echo \\$\\$; sleep 1000\" & ) ;" \
	" sleep 1000' &) "

static void a_runaway_grandchild_is_gone_after_cancelling(void **state)
{
	(void)state;
	struct seen seen = {.cancel_on_line = 1};
	struct ox_process_status status;
	struct ox_err err = {0};
	uint64_t start = ox_clock_mono();
	assert_int_equal(run_shell("trap '' TERM; " RUNAWAY "; sleep 1000", &seen, NULL, &status, &err), OX_ECANCELLED);
	assert_string_equal(err.text, "cancelled");
	assert_true(seconds_since(start) < PATIENCE_SECONDS);
	pid_t runaway = (pid_t)strtol(ox_buf_text(&seen.lines), NULL, 10);
	assert_true(runaway > 1);
	assert_int_equal(kill(runaway, 0), -1);
	assert_int_equal(errno, ESRCH);
	pid_t *pids;
	size_t count;
	assert_int_equal(ox_process_descendants(getpid(), &pids, &count), 0);
	assert_int_equal(count, 0);
	free(pids);
	ox_buf_free(&seen.lines);
}

static void kept_children_survive_the_hunt(void **state)
{
	(void)state;
	const char *argv[] = {"cat", NULL};
	struct ox_process kept, other;
	struct ox_err err;
	assert_int_equal(ox_process_start(argv, test_env, NULL, &kept, &err), 0);
	assert_int_equal(ox_process_start(argv, test_env, NULL, &other, &err), 0);
	ox_process_kill_descendants(&kept.pid, 1);
	int raw;
	assert_int_equal(waitpid(other.pid, &raw, WNOHANG), other.pid);
	assert_int_equal(waitpid(kept.pid, &raw, WNOHANG), 0);
	char text[8] = {0};
	assert_int_equal(write(kept.in, "hello", 5), 5);
	assert_int_equal(read(kept.out, text, sizeof text), 5);
	assert_string_equal(text, "hello");
	ox_process_stop(&kept, 2000);
	other.pid = -1;
	ox_process_stop(&other, 0);
}

static void a_helper_that_ignores_its_closed_input_is_killed(void **state)
{
	(void)state;
	const char *argv[] = {"sleep", "1000", NULL};
	struct ox_process p;
	struct ox_err err;
	uint64_t start = ox_clock_mono();
	assert_int_equal(ox_process_start(argv, test_env, NULL, &p, &err), 0);
	pid_t pid = p.pid;
	ox_process_stop(&p, 50);
	assert_int_equal(kill(pid, 0), -1);
	assert_true(seconds_since(start) < PATIENCE_SECONDS);
}

static int setup(void **state)
{
	(void)state;
	struct ox_err err;
	alarm(PATIENCE_SECONDS + 100);
	return ox_process_become_subreaper(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_exit_status_are_reported),
		cmocka_unit_test(a_signal_is_told_apart_from_an_exit),
		cmocka_unit_test(standard_output_can_be_kept_apart),
		cmocka_unit_test(input_larger_than_a_pipe_arrives),
		cmocka_unit_test(a_missing_program_is_named),
		cmocka_unit_test(the_child_has_its_own_group_and_three_descriptors),
		cmocka_unit_test(ignored_signals_are_default_in_the_child),
		cmocka_unit_test(lines_arrive_while_the_child_runs),
		cmocka_unit_test(a_grandchild_that_keeps_the_pipe_open_does_not_hang_the_run),
		cmocka_unit_test(a_runaway_grandchild_is_gone_after_cancelling),
		cmocka_unit_test(kept_children_survive_the_hunt),
		cmocka_unit_test(a_helper_that_ignores_its_closed_input_is_killed),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
