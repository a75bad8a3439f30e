#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/worker/environment.h"
#include "daemon/worker/sink.h"
#include "proto/base/clock.h"
#include "proto/wire/frame.h"

#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A channel and the other end of its socket. */
struct link {
	struct ox_channel *channel;
	int peer;
	struct ox_frame_reader reader;
	struct ox_arena arena;
};

static int setup(void **state)
{
	int fds[2];
	struct link *l = calloc(1, sizeof *l);
	if (!l || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return -1;
	l->channel = ox_channel_new(fds[0]);
	l->peer = fds[1];
	*state = l;
	return l->channel ? 0 : -1;
}

static int teardown(void **state)
{
	struct link *l = *state;
	ox_channel_free(l->channel);
	if (l->peer >= 0)
		close(l->peer);
	ox_frame_reader_free(&l->reader);
	ox_arena_free(&l->arena);
	free(l);
	return 0;
}

static struct ox_event next_event(struct link *l)
{
	struct ox_slice body;
	struct ox_msg msg;
	assert_int_equal(ox_frame_read(l->peer, &l->reader, &body, NULL), 1);
	assert_int_equal(ox_msg_decode(body, &l->arena, &msg, NULL), 0);
	assert_int_equal(msg.kind, OX_MSG_EVENT);
	assert_int_equal(msg.request, 7);
	return msg.as.event;
}

static bool becomes_cancelled(struct link *l)
{
	for (int i = 0; i < 60000; i++) {
		if (ox_channel_cancelled(l->channel, NULL) == OX_ECANCELLED)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return false;
}

static void test_events_are_numbered_and_thinned(void **state)
{
	struct link *l = *state;
	struct ox_worker_sink s;
	ox_worker_sink_init(&s, l->channel, 7);
	ox_emit_log(&s.sink, OX_LEVEL_INFO, "build", "one");
	ox_emit_log(&s.sink, OX_LEVEL_DEBUG, "build", "too much detail");
	uint64_t start = ox_clock_mono();
	for (unsigned i = 0; i < 100; i++)
		ox_emit_progress(&s.sink, "compiling", i, 100, "modules");
	uint64_t tenths = (ox_clock_mono() - start) / 100000000;
	ox_emit_progress(&s.sink, "compiling", 100, 100, "modules");
	ox_emit(&s.sink, &(struct ox_event){.type = OX_EVENT_STEP});
	ox_worker_result(&s, 0, NULL, false, 5);
	struct ox_event e = next_event(l);
	assert_int_equal(e.number, 1);
	assert_int_equal(e.type, OX_EVENT_LOG);
	unsigned ticks = 0;
	while ((e = next_event(l)).type == OX_EVENT_PROGRESS)
		ticks++;
	assert_in_range(ticks, 2, tenths + 2); /* one at once, one for each tenth of a second, the last */
	assert_int_equal(e.type, OX_EVENT_RESULT);
	assert_int_equal(e.number, ticks + 2);
	assert_int_equal(e.as.result.exit_code, 0);
	ox_worker_sink_end(&s);
}

static void test_a_result_has_the_exit_code_and_category_of_its_error(void **state)
{
	struct link *l = *state;
	struct ox_worker_sink s;
	struct ox_err err;
	ox_worker_sink_init(&s, l->channel, 7);
	ox_worker_result(&s, ox_fail(&err, OX_EUSAGE, "no such target"), &err, false, 5);
	struct ox_event e = next_event(l);
	assert_int_equal(e.as.result.exit_code, 2);
	assert_true(ox_slice_eq_str(e.as.result.category, "configuration"));
	assert_true(ox_slice_eq_str(e.as.result.message, "no such target"));
	ox_worker_result(&s, ox_fail(&err, OX_ECANCELLED, "cancelled"), &err, false, 5);
	e = next_event(l);
	assert_int_equal(e.as.result.exit_code, 130);
	assert_true(ox_slice_eq_str(e.as.result.category, "cancelled"));
	ox_worker_sink_end(&s);
}

static void test_a_cancel_message_stops_the_build(void **state)
{
	struct link *l = *state;
	struct ox_buf frame = {0};
	struct ox_msg msg = {.kind = OX_MSG_CANCEL, .request = 7};
	assert_int_equal(ox_channel_watch(l->channel, NULL), 0);
	assert_int_equal(ox_channel_cancelled(l->channel, NULL), 0);
	assert_int_equal(ox_msg_encode(&msg, &frame, NULL), 0);
	assert_int_equal(ox_frame_write(l->peer, ox_buf_view(&frame), NULL), 0);
	assert_true(becomes_cancelled(l));
	ox_buf_free(&frame);
}

static void test_the_end_of_the_socket_stops_the_build(void **state)
{
	struct link *l = *state;
	assert_int_equal(ox_channel_watch(l->channel, NULL), 0);
	close(l->peer);
	l->peer = -1;
	assert_true(becomes_cancelled(l));
}

static void test_a_signal_stops_the_build(void **state)
{
	struct link *l = *state;
	assert_int_equal(ox_channel_watch(l->channel, NULL), 0);
	kill(getpid(), SIGTERM);
	assert_true(becomes_cancelled(l));
}

static void test_sending_to_a_peer_that_left_is_noticed(void **state)
{
	struct link *l = *state;
	struct ox_msg msg = {.kind = OX_MSG_CANCEL, .request = 7};
	close(l->peer);
	l->peer = -1;
	assert_int_equal(ox_channel_send(l->channel, &msg, NULL), 0);
	assert_int_equal(ox_channel_cancelled(l->channel, NULL), OX_ECANCELLED);
}

static void test_the_clients_environment_is_found_by_name(void **state)
{
	(void)state;
	struct ox_environment e;
	struct ox_arena arena = {0};
	struct ox_name_value vars[] = {
		{OX_SLICE("HOME"), OX_SLICE("/home/a"), false},
		{OX_SLICE("GONE"), OX_SLICE("x"), true},
		{OX_SLICE("EMPTY"), OX_SLICE(""), false},
	};
	assert_int_equal(ox_environment_init(&e, &arena, vars, OX_COUNT(vars), NULL), 0);
	assert_string_equal(ox_environment_get(&e, "HOME"), "/home/a");
	assert_string_equal(ox_environment_get(&e, "EMPTY"), "");
	assert_null(ox_environment_get(&e, "GONE"));
	assert_string_equal(e.environ[0], "HOME=/home/a");
	assert_string_equal(e.environ[1], "EMPTY=");
	assert_null(e.environ[2]);
	ox_environment_end(&e);
	ox_arena_free(&arena);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_events_are_numbered_and_thinned),
		TEST(test_a_result_has_the_exit_code_and_category_of_its_error),
		TEST(test_a_cancel_message_stops_the_build),
		TEST(test_the_end_of_the_socket_stops_the_build),
		TEST(test_a_signal_stops_the_build),
		TEST(test_sending_to_a_peer_that_left_is_noticed),
		cmocka_unit_test(test_the_clients_environment_is_found_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
