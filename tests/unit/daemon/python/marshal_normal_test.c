#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/python/marshal_normal.h"

/* Byte strings are written with their lengths: they hold NULs. */
#define BYTES(literal) ox_slice(literal, sizeof(literal) - 1)

static void expect(struct ox_slice in, int minor, struct ox_slice expected)
{
	struct ox_buf out = {0};
	struct ox_err err = {0};
	int rc = ox_marshal_normalise(in, minor, &out, &err);
	if (rc)
		fail_msg("%s", err.text);
	assert_int_equal(out.len, expected.len);
	assert_memory_equal(out.data, expected.data, expected.len);
	ox_buf_free(&out);
}

static void expect_corrupt(struct ox_slice in)
{
	struct ox_buf out = {0};
	struct ox_err err = {0};
	ox_buf_str(&out, "kept");
	assert_int_equal(ox_marshal_normalise(in, 11, &out, &err), OX_ECORRUPT);
	assert_string_equal(out.data, "kept");
	ox_buf_free(&out);
}

static void a_flag_that_nothing_refers_to_is_dropped(void **state)
{
	(void)state;
	/* (1, 'ab') with flags on the tuple and the string */
	expect(BYTES("\xa9\x02i\x01\0\0\0\xda\x02"
		     "ab"),
	       11,
	       BYTES(")\x02i\x01\0\0\0Z\x02"
		     "ab"));
}

static void references_are_renumbered(void **state)
{
	(void)state;
	/* ('a', 'b', 'b'): the tuple is 0, 'a' 1, 'b' 2; only 'b' is used and becomes 0 */
	expect(BYTES("\xa9\x03\xda\x01"
		     "a\xda\x01"
		     "br\x02\0\0\0"),
	       11,
	       BYTES(")\x03Z\x01"
		     "a\xda\x01"
		     "br\0\0\0\0"));
}

/* What `from x import *` in another module changes: '*' exists once a process. */
static void whether_a_single_character_is_interned_does_not_matter(void **state)
{
	(void)state;
	/* ('*', 'x', 'é', '*') */
	const struct ox_slice normal = BYTES(")\x04\xfa\x01*Z\x01xu\x02\0\0\0\xc3\xa9r\0\0\0\0");
	expect(BYTES(")\x04\xda\x01*Z\x01xt\x02\0\0\0\xc3\xa9r\0\0\0\0"), 11, normal);
	expect(BYTES("\xa9\x04\xfa\x01*\xda\x01x\xf4\x02\0\0\0\xc3\xa9r\x01\0\0\0"), 11, normal);
	expect(BYTES(")\x02Z\x01*Z\x02**"), 11, BYTES(")\x02z\x01*Z\x02**"));
}

static void a_container_may_be_referred_to_from_inside(void **state)
{
	(void)state;
	expect(BYTES("\xdb\x01\0\0\0r\0\0\0\0"), 11, BYTES("\xdb\x01\0\0\0r\0\0\0\0"));
}

static void dicts_end_with_null(void **state)
{
	(void)state;
	expect(BYTES("\xfbi\x01\0\0\0\xe9\x02\0\0\0"
		     "0"),
	       11,
	       BYTES("{i\x01\0\0\0i\x02\0\0\0"
		     "0"));
	expect_corrupt(BYTES("{i\x01\0\0\0"
			     "0"));
}

static void code_has_two_layouts(void **state)
{
	(void)state;
	/* Integers, eight objects, the first line, then one table (until 3.10) or two. */
	expect(BYTES("\xe3"
		     "111122223333444455556666NNNNNNNNLINEN"),
	       10,
	       BYTES("c"
		     "111122223333444455556666NNNNNNNNLINEN"));
	expect(BYTES("\xe3"
		     "11112222333344445555NNNNNNNNLINENN"),
	       11,
	       BYTES("c"
		     "11112222333344445555NNNNNNNNLINENN"));
}

static void malformed_streams_are_refused(void **state)
{
	(void)state;
	expect_corrupt(BYTES(""));
	expect_corrupt(BYTES("0"));
	expect_corrupt(BYTES("?"));
	expect_corrupt(BYTES("NN"));
	expect_corrupt(BYTES("i\x01\0\0"));
	expect_corrupt(BYTES("r\0\0\0\0"));
	expect_corrupt(BYTES(")\x02N"));
	expect_corrupt(BYTES("(\xff\xff\xff\xffN"));
	expect_corrupt(BYTES("s\xff\xff\xff\x7f"));
	expect_corrupt(BYTES("l\0\0\0\x80"));
	expect_corrupt(BYTES("\xf2\0\0\0\0"));
}

static void depth_is_bounded(void **state)
{
	(void)state;
	struct ox_buf in = {0};
	for (int i = 0; i < 3000; i++)
		ox_buf_add(&in, ")\x01", 2);
	ox_buf_byte(&in, 'N');
	expect_corrupt(ox_buf_view(&in));
	ox_buf_free(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flag_that_nothing_refers_to_is_dropped),
		cmocka_unit_test(references_are_renumbered),
		cmocka_unit_test(whether_a_single_character_is_interned_does_not_matter),
		cmocka_unit_test(a_container_may_be_referred_to_from_inside),
		cmocka_unit_test(dicts_end_with_null),
		cmocka_unit_test(code_has_two_layouts),
		cmocka_unit_test(malformed_streams_are_refused),
		cmocka_unit_test(depth_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
