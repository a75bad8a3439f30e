#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/loop/line.h"

/* Joins the lines with "|" so that one string shows what was handed over. */
static void collect(void *ctx, struct ox_slice text)
{
	ox_buf_slice(ctx, text);
	ox_buf_byte(ctx, '|');
}

static void lines_split_over_reads_come_out_whole(void **state)
{
	(void)state;
	struct ox_buf seen = {0};
	struct ox_line_cutter c = {.line = collect, .ctx = &seen};
	ox_line_feed(&c, OX_SLICE("one\ntw"));
	assert_string_equal(ox_buf_text(&seen), "one|");
	ox_line_feed(&c, OX_SLICE("o\n\nthr"));
	assert_string_equal(ox_buf_text(&seen), "one|two||");
	ox_line_end(&c);
	assert_string_equal(ox_buf_text(&seen), "one|two||thr|");
	ox_buf_free(&seen);
}

static void a_carriage_return_before_the_newline_is_dropped(void **state)
{
	(void)state;
	struct ox_buf seen = {0};
	struct ox_line_cutter c = {.line = collect, .ctx = &seen};
	ox_line_feed(&c, OX_SLICE("a\rb\r\n"));
	ox_line_end(&c);
	assert_string_equal(ox_buf_text(&seen), "a\rb|");
	ox_buf_free(&seen);
}

static void a_very_long_line_is_cut_and_the_next_one_is_whole(void **state)
{
	(void)state;
	struct ox_buf seen = {0};
	struct ox_line_cutter c = {.line = collect, .ctx = &seen};
	char block[4096];
	memset(block, 'x', sizeof block);
	for (int i = 0; i < 64; i++)
		ox_line_feed(&c, ox_slice(block, sizeof block));
	ox_line_feed(&c, OX_SLICE("\nnext\n"));
	ox_line_end(&c);
	assert_int_equal(seen.len, OX_LINE_MAX + 1 + 5);
	assert_string_equal(seen.data + OX_LINE_MAX, "|next|");
	ox_buf_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_split_over_reads_come_out_whole),
		cmocka_unit_test(a_carriage_return_before_the_newline_is_dropped),
		cmocka_unit_test(a_very_long_line_is_cut_and_the_next_one_is_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
