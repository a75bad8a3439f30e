#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/python/compiled_list.h"
#include "runtime/pack/compiled.h"
#include "runtime/pack/put.h"

enum { MINOR = 11 };

static void add_words(struct ox_buf *b, const uint32_t *words, size_t count)
{
	char bytes[4];
	for (size_t i = 0; i < count; i++) {
		ox_put_u32(bytes, words[i]);
		ox_buf_slice(b, ox_slice(bytes, 4));
	}
}

static void start_list(struct ox_buf *list)
{
	add_words(list, (const uint32_t[]){20220615, 0x030b02f0}, 2);
}

static void add_entry(struct ox_buf *list, uint32_t kind, const char *text, struct ox_slice body)
{
	add_words(list, (const uint32_t[]){kind, 2, 32, (uint32_t)strlen(text), (uint32_t)body.len}, 5);
	ox_buf_slice(list, ox_slice_str(text));
	ox_buf_slice(list, body);
}

/* (1, 'ab') with references that nothing refers to, and without. */
static const char flagged[] = "\xa9\x02i\x01\0\0\0\xda\x02" "ab", plain[] = ")\x02i\x01\0\0\0Z\x02" "ab";
#define FLAGGED ox_slice(flagged, sizeof flagged - 1)
#define PLAIN ox_slice(plain, sizeof plain - 1)

static void code_is_normalised_and_patterns_are_not(void **state)
{
	struct ox_buf in = {0}, out = {0}, expected = {0};
	(void)state;
	start_list(&in);
	start_list(&expected);
	for (uint32_t kind = OX_COMPILED_PATTERN; kind <= OX_COMPILED_EVAL; kind++) {
		add_entry(&in, kind, "x", FLAGGED);
		add_entry(&expected, kind, "x", kind < OX_COMPILED_EXEC ? FLAGGED : PLAIN);
	}
	assert_int_equal(ox_compiled_list_normalise(ox_buf_view(&in), MINOR, &out, NULL), 0);
	assert_int_equal(out.len, expected.len);
	assert_memory_equal(out.data, expected.data, out.len);
	ox_buf_free(&in);
	ox_buf_free(&out);
	ox_buf_free(&expected);
}

static void what_is_no_list_is_refused(void **state)
{
	struct ox_buf in = {0}, out = {0};
	size_t ends[2];
	(void)state;
	start_list(&in);
	ends[0] = in.len;
	add_entry(&in, OX_COMPILED_EXEC, "abc", PLAIN);
	ends[1] = in.len;
	for (size_t len = 0; len <= in.len; len++) {
		bool is_whole = len == ends[0] || len == ends[1];
		int rc = ox_compiled_list_normalise(ox_slice(in.data, len), MINOR, &out, NULL);
		assert_int_equal(rc, is_whole ? 0 : OX_ECORRUPT);
	}
	add_entry(&in, OX_COMPILED_EVAL, "abc", OX_SLICE("?"));
	assert_int_equal(ox_compiled_list_normalise(ox_buf_view(&in), MINOR, &out, NULL), OX_ECORRUPT);
	ox_buf_free(&in);
	ox_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_is_normalised_and_patterns_are_not),
		cmocka_unit_test(what_is_no_list_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
