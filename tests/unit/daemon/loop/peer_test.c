#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/loop/peer.h"
#include "proto/base/buf.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* A loop with one peer, whose other end the test holds. */
struct fixture {
	struct ox_loop *loop;
	struct ox_peer *peer;
	int other;
	struct ox_timer *watchdog, *step;
	struct ox_buf got;
	bool closed, drained, timed_out;
	size_t stop_at; /* bytes after which the loop stops */
	uint64_t read_by_other;
	bool fired;
};

static void on_bytes(void *ctx, struct ox_slice bytes)
{
	struct fixture *f = ctx;
	ox_buf_slice(&f->got, bytes);
	if (f->stop_at && f->got.len >= f->stop_at)
		ox_loop_stop(f->loop);
}

static void on_drained(void *ctx)
{
	struct fixture *f = ctx;
	f->drained = true;
	ox_loop_stop(f->loop);
}

static void on_closed(void *ctx)
{
	struct fixture *f = ctx;
	f->closed = true;
	ox_loop_stop(f->loop);
}

static void on_watchdog(void *ctx)
{
	struct fixture *f = ctx;
	f->timed_out = true;
	ox_loop_stop(f->loop);
}

static void on_step(void *ctx)
{
	struct fixture *f = ctx;
	char buffer[1 << 16];
	ssize_t n;
	while ((n = recv(f->other, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
		f->read_by_other += (uint64_t)n;
	if (n == 0)
		ox_loop_stop(f->loop);
	else
		ox_timer_start(f->step, 1);
}

static int setup(void **state)
{
	static const struct ox_peer_events events = {.bytes = on_bytes, .drained = on_drained, .closed = on_closed};
	struct fixture *f = calloc(1, sizeof *f);
	struct ox_err err;
	int fds[2];
	*state = f;
	assert_int_equal(ox_loop_new(&f->loop, &err), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	f->other = fds[1];
	f->watchdog = ox_timer_new(f->loop, on_watchdog, f);
	f->step = ox_timer_new(f->loop, on_step, f);
	ox_timer_start(f->watchdog, 300000);
	return ox_peer_new(f->loop, fds[0], &events, f, &f->peer, &err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	assert_false(f->timed_out);
	ox_peer_free(f->peer);
	ox_timer_free(f->watchdog);
	ox_timer_free(f->step);
	ox_loop_free(f->loop);
	ox_buf_free(&f->got);
	close(f->other);
	free(f);
	return 0;
}

static void bytes_arrive(void **state)
{
	struct fixture *f = *state;
	f->stop_at = 5;
	assert_int_equal(write(f->other, "hello", 5), 5);
	ox_loop_run(f->loop);
	assert_string_equal(ox_buf_text(&f->got), "hello");
}

static void what_came_before_the_end_is_read_before_the_end_is_told(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(write(f->other, "last words", 10), 10);
	shutdown(f->other, SHUT_RDWR);
	ox_peer_send(f->peer, OX_SLICE("to nobody"));
	ox_loop_run(f->loop);
	assert_true(f->closed);
	assert_string_equal(ox_buf_text(&f->got), "last words");
}

static void more_than_the_socket_takes_is_queued_and_drains(void **state)
{
	struct fixture *f = *state;
	struct ox_buf big = {0};
	memset(ox_buf_reserve(&big, 4 << 20), 'x', 4 << 20);
	ox_buf_commit(&big, 4 << 20);
	ox_peer_send(f->peer, ox_buf_view(&big));
	assert_true(ox_peer_queued(f->peer) > 0);
	ox_timer_start(f->step, 1);
	ox_loop_run(f->loop);
	assert_true(f->drained);
	assert_int_equal(ox_peer_queued(f->peer), 0);
	on_step(f);
	assert_int_equal(f->read_by_other, big.len);
	ox_buf_free(&big);
}

static void finishing_sends_what_is_queued_first(void **state)
{
	struct fixture *f = *state;
	struct ox_buf big = {0};
	memset(ox_buf_reserve(&big, 1 << 20), 'x', 1 << 20);
	ox_buf_commit(&big, 1 << 20);
	ox_peer_send(f->peer, ox_buf_view(&big));
	ox_peer_finish(f->peer);
	f->peer = NULL;
	ox_timer_start(f->step, 1);
	ox_loop_run(f->loop); /* until the other end sees the end */
	assert_int_equal(f->read_by_other, big.len);
	assert_false(f->closed);
	ox_buf_free(&big);
}

static void job_work(void *ctx)
{
	struct fixture *f = ctx;
	f->fired = true;
}

static void job_done(void *ctx)
{
	struct fixture *f = ctx;
	ox_loop_stop(f->loop);
}

static void a_job_is_done_after_its_work(void **state)
{
	struct fixture *f = *state;
	struct ox_err err;
	assert_int_equal(ox_loop_job(f->loop, job_work, job_done, f, &err), 0);
	ox_loop_run(f->loop);
	assert_true(f->fired);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bytes_arrive, setup, teardown),
		cmocka_unit_test_setup_teardown(what_came_before_the_end_is_read_before_the_end_is_told, setup,
						teardown),
		cmocka_unit_test_setup_teardown(more_than_the_socket_takes_is_queued_and_drains, setup, teardown),
		cmocka_unit_test_setup_teardown(finishing_sends_what_is_queued_first, setup, teardown),
		cmocka_unit_test_setup_teardown(a_job_is_done_after_its_work, setup, teardown),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
