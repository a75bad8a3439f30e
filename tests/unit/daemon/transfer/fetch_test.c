/* Downloads, from a server that misbehaves (badserver.py). */
#include "tests/unit/store/scratch.h"

#include "daemon/transfer/fetch.h"
#include "proto/base/clock.h"
#include "store/digest/digest.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

enum { SIZE = 200000 };

/* Shared by all tests: starting an interpreter takes longer than most of them. */
struct server {
	pid_t pid;
	int in, port;
};

struct fetching {
	struct scratch *sc; /* first */
	struct ox_arena arena;
	struct ox_sink sink;
	int progress, retries;
	uint64_t last_done;
	int cancel_after; /* checks; 0: never */
	int checks;
	const char *proxy;
};

static struct server server;

static int start_server(void **state)
{
	int in[2], out[2];
	char script[512], port[16] = "";
	(void)state;
	const char *root = getenv("OX_SRCDIR"), *python = getenv("PYTHON");
	snprintf(script, sizeof script, "%s/tests/unit/daemon/transfer/badserver.py", root ? root : ".");
	if (pipe(in) != 0 || pipe(out) != 0)
		return -1;
	server.pid = fork();
	if (server.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execlp(python ? python : "python3", "python3", script, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	server.in = in[1];
	for (size_t at = 0; at < sizeof port - 1 && !strchr(port, '\n'); at++)
		if (read(out[0], port + at, 1) != 1)
			return -1;
	close(out[0]);
	server.port = atoi(port);
	return server.port ? 0 : -1;
}

static int stop_server(void **state)
{
	(void)state;
	close(server.in);
	return waitpid(server.pid, NULL, 0) == server.pid ? 0 : -1;
}

static void on_event(struct ox_sink *self, const struct ox_event *event)
{
	struct fetching *t = (struct fetching *)((char *)self - offsetof(struct fetching, sink));
	if (event->type == OX_EVENT_PROGRESS) {
		t->progress++;
		t->last_done = event->as.progress.done;
	}
	if (event->type == OX_EVENT_LOG && event->as.log.level == OX_LEVEL_WARN)
		t->retries++;
}

static int setup(void **state)
{
	struct fetching *t = calloc(1, sizeof *t);
	void *sc = NULL;
	int rc = scratch_setup(&sc);
	t->sc = sc;
	t->sink.emit = on_event;
	*state = t;
	return rc;
}

static int teardown(void **state)
{
	struct fetching *t = *state;
	void *sc = t->sc;
	int rc = scratch_teardown(&sc);
	ox_arena_free(&t->arena);
	free(t);
	return rc;
}

static struct ox_digest digest_of_file(void)
{
	char *data = malloc(SIZE);
	struct ox_digest d;
	for (int i = 0; i < SIZE; i++)
		data[i] = (char)(i * 31 % 251);
	assert_int_equal(ox_digest_bytes(ox_slice(data, SIZE), &d, NULL), 0);
	free(data);
	return d;
}

static int check_cancel(void *ctx, struct ox_err *err)
{
	struct fetching *t = ctx;
	t->checks++;
	return t->cancel_after && t->checks > t->cancel_after ? ox_fail(err, OX_ECANCELLED, "cancelled") : 0;
}

static const char *get_env(void *ctx, const char *name)
{
	struct fetching *t = ctx;
	return strcmp(name, "http_proxy") == 0 ? t->proxy : NULL;
}

static int fetch(struct fetching *t, struct ox_fetch f)
{
	struct ox_actions *actions;
	assert_ok(t->sc, ox_actions_new(t->sc->s, &t->sink, "test", &actions, &t->sc->err));
	ox_actions_set_cancel(actions, check_cancel, t);
	if (ox_digest_is_zero(&f.sha256))
		f.sha256 = digest_of_file();
	f.pause_ms = f.pause_ms ? f.pause_ms : 1;
	f.connect_seconds = 60;
	f.stall_seconds = f.stall_seconds ? f.stall_seconds : 60;
	f.env = (struct ox_env){get_env, t};
	int rc = ox_fetch(actions, &t->arena, &f, &t->sc->err);
	ox_actions_free(actions);
	return rc;
}

static const char *address(struct fetching *t, const char *name)
{
	return ox_arena_printf(&t->arena, "http://127.0.0.1:%d/%s", server.port, name);
}

static int fetch_name(struct fetching *t, const char *name)
{
	return fetch(t, (struct ox_fetch){.url = address(t, name)});
}

static void assert_file_is_there(struct fetching *t, bool there)
{
	struct ox_digest d = digest_of_file();
	assert_int_equal(ox_store_has(t->sc->s, &d, NULL), there);
}

static void assert_says(struct fetching *t, const char *words)
{
	if (!strstr(t->sc->err.text, words))
		print_error("%s\n", t->sc->err.text);
	assert_non_null(strstr(t->sc->err.text, words));
}

/* Whatever goes wrong on the way, the file arrives. */
static void arrives(struct fetching *t, const char *name, int retries)
{
	assert_ok(t->sc, fetch_name(t, name));
	assert_file_is_there(t, true);
	assert_int_equal(t->retries, retries);
}

static void fails(struct fetching *t, const char *name, int code, const char *words)
{
	assert_int_equal(fetch_name(t, name), code);
	assert_says(t, words);
	assert_file_is_there(t, false);
}

static void a_file_is_downloaded_once(void **state)
{
	struct fetching *t = *state;
	arrives(t, "whole", 0);
	assert_true(t->progress > 0);
	/* From now on the address does not matter. */
	assert_ok(t->sc, fetch(t, (struct ox_fetch){.url = "http://127.0.0.1:1/nobody", .offline = true}));
}

static void a_broken_download_goes_on_where_it_stopped(void **state)
{
	arrives(*state, "truncated", 1);
}

static void a_reset_connection_goes_on(void **state)
{
	arrives(*state, "reset", 1);
}

static void a_server_that_ignores_ranges_is_asked_for_all(void **state)
{
	arrives(*state, "ignored-range", 1);
}

static void a_wrong_range_is_not_appended(void **state)
{
	arrives(*state, "wrong-range", 2);
}

static void a_stalled_server_is_asked_again(void **state)
{
	struct fetching *t = *state;
	assert_ok(t->sc, fetch(t, (struct ox_fetch){.url = address(t, "stall"), .stall_seconds = 1}));
	assert_file_is_there(t, true);
	assert_true(t->retries > 0);
}

static void a_slow_server_is_waited_for(void **state)
{
	struct fetching *t = *state;
	assert_ok(t->sc, fetch(t, (struct ox_fetch){.url = address(t, "slow"), .stall_seconds = 3}));
	assert_file_is_there(t, true);
	assert_int_equal(t->retries, 0);
}

static void a_length_that_is_too_long_does_no_harm(void **state)
{
	arrives(*state, "long-length", 1);
}

static void a_length_that_is_too_short_is_a_wrong_file(void **state)
{
	fails(*state, "short-length", OX_EPOLICY, "(199000 bytes)");
}

static void passing_errors_are_tried_again(void **state)
{
	arrives(*state, "s500", 2);
}

static void a_busy_server_says_how_long_to_wait(void **state)
{
	uint64_t before = ox_clock_mono();
	arrives(*state, "s503", 1);
	assert_true(ox_clock_mono() - before > 990000000);
}

static void redirects_are_followed(void **state)
{
	arrives(*state, "redirect", 0);
}

static void a_proxy_of_the_request_is_used(void **state)
{
	struct fetching *t = *state;
	t->proxy = address(t, "");
	assert_ok(t->sc, fetch(t, (struct ox_fetch){.url = "http://elsewhere.invalid/proxied"}));
	assert_file_is_there(t, true);
}

static void errors_are_told_apart(void **state)
{
	fails(*state, "s404", OX_EBUILD, "the server does not have it (404): check the address");
	fails(*state, "s403", OX_EBUILD, "refuses it (403)");
	fails(*state, "s204", OX_EBUILD, "answered 204");
	fails(*state, "s503-long", OX_EBUILD, "come back in 4000 seconds");
	fails(*state, "loop", OX_EBUILD, "redirected more than 10 times");
	fails(*state, "to-file", OX_EBUILD, "redirected to where downloads are not taken from");
	fails(*state, "endless-error", OX_EBUILD, "(404)");
	assert_int_equal(((struct fetching *)*state)->retries, 0);
}

static void what_never_gets_better_is_given_up(void **state)
{
	struct fetching *t = *state;
	fails(t, "s500-always", OX_EBUILD, "gave up after 5 attempts");
	assert_int_equal(t->retries, 4);
	fails(t, "always-truncated", OX_EBUILD, "the connection broke");
	assert_int_equal(fetch(t, (struct ox_fetch){.url = "http://127.0.0.1:1/nobody"}), OX_EBUILD);
	assert_says(t, "cannot be reached");
}

static void an_endless_file_ends_at_the_limit(void **state)
{
	struct fetching *t = *state;
	assert_int_equal(fetch(t, (struct ox_fetch){.url = address(t, "endless"), .limit = 1000000}), OX_EEXHAUSTED);
	assert_says(t, "larger than the limit of 1000000 bytes");
}

static void a_wrong_file_is_refused_and_not_kept(void **state)
{
	struct fetching *t = *state;
	struct ox_digest other;
	char path[256], hex[OX_DIGEST_HEX + 1];
	assert_int_equal(ox_digest_bytes(OX_SLICE("other"), &other, NULL), 0);
	assert_int_equal(fetch(t, (struct ox_fetch){.url = address(t, "whole"), .sha256 = other}), OX_EPOLICY);
	assert_int_equal(ox_exit_code(OX_EPOLICY), 4);
	assert_says(t, "correct the sha256");
	assert_file_is_there(t, false);
	snprintf(path, sizeof path, "%s/partial/%s", t->sc->store, ox_digest_hex(&other, hex));
	assert_int_equal(access(path, F_OK), -1);
}

static void what_an_earlier_build_left_is_used_or_thrown_away(void **state)
{
	struct fetching *t = *state;
	char path[256], hex[OX_DIGEST_HEX + 1], zeros[1000] = {0};
	struct ox_digest d = digest_of_file();
	snprintf(path, sizeof path, "%s/partial/%s", t->sc->store, ox_digest_hex(&d, hex));
	scratch_write(path, zeros, sizeof zeros);
	arrives(t, "whole", 0);
}

static void offline_downloads_nothing(void **state)
{
	struct fetching *t = *state;
	assert_int_equal(fetch(t, (struct ox_fetch){.url = address(t, "whole"), .offline = true}), OX_EBUILD);
	assert_says(t, "this build is offline");
}

static void cancelling_ends_a_download_and_a_pause(void **state)
{
	struct fetching *t = *state;
	t->cancel_after = 3;
	assert_int_equal(fetch_name(t, "slow"), OX_ECANCELLED);
	t->checks = 0;
	struct ox_fetch f = {.url = address(t, "s500-always"), .pause_ms = 60000};
	assert_int_equal(fetch(t, f), OX_ECANCELLED);
	assert_int_equal(t->checks, 4);
}

static void local_files_are_taken_alike(void **state)
{
	struct fetching *t = *state;
	char path[256], *bytes = scratch_bytes(100000, 1);
	struct ox_fetch f = {.offline = true};
	scratch_path(t->sc, "a b.bin", path);
	scratch_write(path, bytes, 100000);
	assert_int_equal(ox_digest_bytes(ox_slice(bytes, 100000), &f.sha256, NULL), 0);
	f.url = ox_arena_printf(&t->arena, "file://%s/a%%20b.bin", t->sc->dir);
	assert_ok(t->sc, fetch(t, f));
	assert_int_equal(ox_store_has(t->sc->s, &f.sha256, NULL), 1);
	f.url = path;
	f.sha256 = digest_of_file();
	assert_int_equal(fetch(t, f), OX_EPOLICY);
	f.limit = 99999;
	assert_int_equal(fetch(t, f), OX_EEXHAUSTED);
	f.url = "/nowhere/at/all";
	assert_int_equal(fetch(t, f), OX_EBUILD);
	assert_says(t, "there is no file");
	const char *const wrong[] = {"file://other/x", "file:x", "file:///a%0", "file:///a%00b", "ftp://x/y", "x"};
	for (size_t i = 0; i < OX_COUNT(wrong); i++) {
		f.url = wrong[i];
		assert_int_equal(fetch(t, f), OX_EUSAGE);
	}
	free(bytes);
}

#define FETCH_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FETCH_TEST(a_file_is_downloaded_once),
		FETCH_TEST(a_broken_download_goes_on_where_it_stopped),
		FETCH_TEST(a_reset_connection_goes_on),
		FETCH_TEST(a_server_that_ignores_ranges_is_asked_for_all),
		FETCH_TEST(a_wrong_range_is_not_appended),
		FETCH_TEST(a_stalled_server_is_asked_again),
		FETCH_TEST(a_slow_server_is_waited_for),
		FETCH_TEST(a_length_that_is_too_long_does_no_harm),
		FETCH_TEST(a_length_that_is_too_short_is_a_wrong_file),
		FETCH_TEST(passing_errors_are_tried_again),
		FETCH_TEST(a_busy_server_says_how_long_to_wait),
		FETCH_TEST(redirects_are_followed),
		FETCH_TEST(a_proxy_of_the_request_is_used),
		FETCH_TEST(errors_are_told_apart),
		FETCH_TEST(what_never_gets_better_is_given_up),
		FETCH_TEST(an_endless_file_ends_at_the_limit),
		FETCH_TEST(a_wrong_file_is_refused_and_not_kept),
		FETCH_TEST(what_an_earlier_build_left_is_used_or_thrown_away),
		FETCH_TEST(offline_downloads_nothing),
		FETCH_TEST(cancelling_ends_a_download_and_a_pause),
		FETCH_TEST(local_files_are_taken_alike),
	};
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
