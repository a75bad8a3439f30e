#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/digest_id.h"
#include "proto/base/map.h"
#include "proto/base/vec.h"

#include <errno.h>

static void wrapped_errors_read_from_the_outside_in(void **state)
{
	(void)state;
	struct ox_err err = {0};
	assert_int_equal(ox_fail_errno(&err, ENOENT, "cannot open %s", "a"), OX_ENOENT);
	assert_int_equal(ox_wrap(&err, "build"), OX_ENOENT);
	assert_string_equal(err.text, "build: cannot open a: No such file or directory");
}

static void an_overlong_message_is_cut_and_says_so(void **state)
{
	(void)state;
	struct ox_err err = {0};
	ox_fail(&err, OX_EBUILD, "%0*d", 2 * OX_ERR_TEXT_MAX, 7);
	assert_int_equal(strlen(err.text), OX_ERR_TEXT_MAX - 1);
	for (int i = 0; i < 3; i++)
		ox_wrap(&err, "%0*d", 1500, 1);
	assert_int_equal(strlen(err.text), OX_ERR_TEXT_MAX - 1);
	assert_string_equal(err.text + OX_ERR_TEXT_MAX - 4, "...");
}

static void a_buffer_past_its_limit_fails_once_and_for_all(void **state)
{
	(void)state;
	struct ox_buf b = {.limit = 4};
	ox_buf_str(&b, "abc");
	ox_buf_str(&b, "de");
	ox_buf_str(&b, "f");
	assert_string_equal(b.data, "abc");
	struct ox_err err;
	assert_int_equal(ox_buf_ok(&b, "test", &err), OX_EEXHAUSTED);
	ox_buf_free(&b);
}

static void json_text_is_escaped_and_always_utf8(void **state)
{
	(void)state;
	struct ox_buf b = {0};
	ox_buf_json(&b, OX_SLICE("a\"\\\n\x01\xC3\xA9\xFF"));
	assert_string_equal(b.data, "\"a\\\"\\\\\\n\\u0001\xC3\xA9\xEF\xBF\xBD\"");
	ox_buf_free(&b);
}

static void a_map_keeps_insertion_order_over_growth(void **state)
{
	(void)state;
	struct ox_map m = {0};
	struct ox_arena a = {0};
	for (int i = 0; i < 1000; i++) {
		bool added;
		void **v = ox_map_put(&m, ox_slice_str(ox_arena_printf(&a, "key%d", i)), &added);
		assert_non_null(v);
		assert_true(added);
		*v = (void *)(intptr_t)i;
	}
	assert_int_equal(m.len, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal((intptr_t)ox_map_get(&m, m.entries[i].key), i);
	assert_null(ox_map_find(&m, OX_SLICE("key1000")));
	ox_map_free(&m);
	ox_arena_free(&a);
}

static void an_arena_refuses_to_pass_its_limit(void **state)
{
	(void)state;
	struct ox_arena a = {.limit = 1024};
	assert_non_null(ox_arena_alloc(&a, 1000));
	assert_null(ox_arena_alloc(&a, 100));
	assert_null(ox_arena_array(&a, SIZE_MAX / 2, 4));
	ox_arena_free(&a);
}

static void a_digest_survives_its_hex_form(void **state)
{
	(void)state;
	struct ox_digest d, back;
	for (int i = 0; i < OX_DIGEST_SIZE; i++)
		d.bytes[i] = (uint8_t)(i * 37);
	char hex[OX_DIGEST_HEX + 1];
	assert_true(ox_digest_parse(ox_slice_str(ox_digest_hex(&d, hex)), &back));
	assert_true(ox_digest_eq(&d, &back));
	hex[5] = 'g';
	assert_false(ox_digest_parse(ox_slice_str(hex), &back));
	assert_false(ox_digest_parse(ox_slice(hex, 63), &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrapped_errors_read_from_the_outside_in),
		cmocka_unit_test(an_overlong_message_is_cut_and_says_so),
		cmocka_unit_test(a_buffer_past_its_limit_fails_once_and_for_all),
		cmocka_unit_test(json_text_is_escaped_and_always_utf8),
		cmocka_unit_test(a_map_keeps_insertion_order_over_growth),
		cmocka_unit_test(an_arena_refuses_to_pass_its_limit),
		cmocka_unit_test(a_digest_survives_its_hex_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
