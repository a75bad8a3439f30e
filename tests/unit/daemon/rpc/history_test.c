#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/rpc/history.h"
#include "proto/wire/frame.h"

static void add_log(struct ox_history *h, struct ox_slice text)
{
	struct ox_err err;
	struct ox_msg msg = {.kind = OX_MSG_EVENT,
			     .as.event = {.type = OX_EVENT_LOG, .as.log = {.level = OX_LEVEL_INFO, .text = text}}};
	assert_int_equal(ox_history_add(h, &msg, &err), 0);
}

static void add_progress(struct ox_history *h, struct ox_slice task)
{
	struct ox_err err;
	struct ox_msg msg = {.kind = OX_MSG_EVENT,
			     .as.event = {.type = OX_EVENT_PROGRESS, .as.progress = {.task = task}}};
	assert_int_equal(ox_history_add(h, &msg, &err), 0);
}

static void add_diagnostic(struct ox_history *h, struct ox_slice message)
{
	struct ox_err err;
	struct ox_msg msg = {
		.kind = OX_MSG_EVENT,
		.as.event = {.type = OX_EVENT_DIAGNOSTIC,
			     .as.diagnostic = {.severity = OX_SEVERITY_WARNING, .message = message}}};
	assert_int_equal(ox_history_add(h, &msg, &err), 0);
}

static size_t count_type(const struct ox_history *h, enum ox_event_type type)
{
	size_t n = 0;
	for (size_t i = 0; i < h->entries.len; i++)
		n += h->entries.items[i].type == type;
	return n;
}

static void events_are_numbered_from_one(void **state)
{
	(void)state;
	struct ox_history h = {0};
	add_log(&h, OX_SLICE("a"));
	add_log(&h, OX_SLICE("b"));
	assert_int_equal(ox_history_after(&h, 0)->number, 1);
	assert_int_equal(ox_history_after(&h, 1)->number, 2);
	assert_null(ox_history_after(&h, 2));
	ox_history_free(&h);
}

static void reports_have_no_number_of_their_own(void **state)
{
	(void)state;
	struct ox_history h = {0};
	struct ox_err err;
	struct ox_msg report = {.kind = OX_MSG_REPORT};
	add_log(&h, OX_SLICE("a"));
	assert_int_equal(ox_history_add(&h, &report, &err), 0);
	add_log(&h, OX_SLICE("b"));
	assert_int_equal(h.entries.items[2].number, 2);
	/* Who has seen event 1 has seen the report that came before event 2. */
	assert_int_equal(ox_history_position(&h, 1), 2);
	ox_history_free(&h);
}

static void a_frame_can_answer_another_request(void **state)
{
	(void)state;
	struct ox_history h = {.request = 5};
	struct ox_buf frame = {0};
	struct ox_arena arena = {0};
	struct ox_msg msg;
	struct ox_err err;
	add_log(&h, OX_SLICE("text"));
	assert_int_equal(ox_history_encode(&h, ox_history_after(&h, 0), 6, &frame, &err), 0);
	struct ox_slice body = ox_slice(frame.data + OX_FRAME_HEADER, frame.len - OX_FRAME_HEADER);
	assert_int_equal(ox_msg_decode(body, &arena, &msg, &err), 0);
	assert_int_equal(msg.request, 6);
	assert_int_equal(msg.as.event.number, 1);
	assert_true(ox_slice_eq_str(msg.as.event.as.log.text, "text"));
	ox_arena_free(&arena);
	ox_buf_free(&frame);
	ox_history_free(&h);
}

static void a_full_history_drops_progress_first_and_diagnostics_never(void **state)
{
	(void)state;
	struct ox_history h = {0};
	struct ox_buf big = {0};
	char *bytes = ox_buf_reserve(&big, 100000);
	memset(bytes, 'x', 100000);
	ox_buf_commit(&big, 100000);
	add_diagnostic(&h, OX_SLICE("early"));
	for (int i = 0; i < 60; i++)
		add_log(&h, ox_buf_view(&big));
	for (int i = 0; i < 120; i++)
		add_progress(&h, ox_buf_view(&big));
	assert_true(count_type(&h, OX_EVENT_PROGRESS) < 120);
	assert_int_equal(count_type(&h, OX_EVENT_LOG), 60);
	for (int i = 0; i < 200; i++)
		add_log(&h, ox_buf_view(&big));
	assert_true(count_type(&h, OX_EVENT_LOG) < 260);
	assert_int_equal(count_type(&h, OX_EVENT_DIAGNOSTIC), 1);
	assert_int_equal(h.last_number, 1 + 60 + 120 + 200);
	assert_true(h.bytes <= 16 << 20);
	ox_buf_free(&big);
	ox_history_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_numbered_from_one),
		cmocka_unit_test(reports_have_no_number_of_their_own),
		cmocka_unit_test(a_frame_can_answer_another_request),
		cmocka_unit_test(a_full_history_drops_progress_first_and_diagnostics_never),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
