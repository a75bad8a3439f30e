#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/pack/compiled.h"
#include "runtime/pack/put.h"

enum { MAGIC = 20220615, HEXVERSION = 0x030b02f0 };

static void add_word(struct ox_buf *b, uint32_t value)
{
	char bytes[4];
	ox_put_u32(bytes, value);
	ox_buf_slice(b, ox_slice(bytes, 4));
}

static void start_list(struct ox_buf *list, uint32_t magic)
{
	add_word(list, magic);
	add_word(list, HEXVERSION);
}

static void add_entry(struct ox_buf *list, const char *text, uint32_t kind, uint32_t flags, const char *body)
{
	add_word(list, kind);
	add_word(list, flags);
	add_word(list, flags | 32);
	add_word(list, (uint32_t)strlen(text));
	add_word(list, (uint32_t)strlen(body));
	ox_buf_slice(list, ox_slice_str(text));
	ox_buf_slice(list, ox_slice_str(body));
}

static struct ox_buf table_of(const struct ox_slice *lists, size_t count)
{
	struct ox_buf out = {0};
	assert_int_equal(ox_compiled_write(lists, count, &out, NULL), 0);
	return out;
}

static bool find(const struct ox_buf *table, const char *text, uint32_t kind, uint32_t flags, struct ox_compiled *out)
{
	struct ox_slice at;
	*out = (struct ox_compiled){.text = ox_slice_str(text), .kind = kind, .flags = flags};
	return ox_compiled_at(ox_buf_view(table), 0, &at) && ox_compiled_find(at, out);
}

static struct ox_buf many(size_t count)
{
	struct ox_buf list = {0};
	start_list(&list, MAGIC);
	for (size_t i = 0; i < count; i++) {
		char text[24];
		snprintf(text, sizeof text, "p%zu", i);
		add_entry(&list, text, i % 2, (uint32_t)i % 3, text);
	}
	struct ox_slice view = ox_buf_view(&list);
	struct ox_buf table = table_of(&view, 1);
	ox_buf_free(&list);
	return table;
}

static void each_pattern_is_found_by_text_kind_and_flags(void **state)
{
	struct ox_buf table = many(500);
	struct ox_compiled p;
	(void)state;
	for (size_t i = 0; i < 500; i++) {
		char text[24];
		snprintf(text, sizeof text, "p%zu", i);
		assert_true(find(&table, text, i % 2, (uint32_t)i % 3, &p));
		assert_true(ox_slice_eq_str(p.body, text));
		assert_int_equal(p.final_flags, i % 3 | 32);
		assert_false(find(&table, text, !(i % 2), (uint32_t)i % 3, &p));
		assert_false(find(&table, text, i % 2, 5, &p));
	}
	assert_false(find(&table, "p500", false, 0, &p));
	assert_false(find(&table, "", false, 0, &p));
	ox_buf_free(&table);
}

static void a_text_may_be_of_every_kind(void **state)
{
	static const char *const bodies[] = {[OX_COMPILED_PATTERN] = "text",
					     [OX_COMPILED_BYTES_PATTERN] = "bytes",
					     [OX_COMPILED_EXEC] = "exec",
					     [OX_COMPILED_EVAL] = "eval"};
	struct ox_buf list = {0};
	struct ox_compiled p;
	(void)state;
	start_list(&list, MAGIC);
	for (uint32_t kind = 0; kind < 4; kind++)
		add_entry(&list, "x", kind, 0, bodies[kind]);
	struct ox_slice view = ox_buf_view(&list);
	struct ox_buf table = table_of(&view, 1);
	for (uint32_t kind = 0; kind < 4; kind++) {
		assert_true(find(&table, "x", kind, 0, &p));
		assert_true(ox_slice_eq_str(p.body, bodies[kind]));
	}
	assert_false(find(&table, "x", 4, 0, &p));
	ox_buf_free(&table);
	ox_buf_free(&list);
}

static void lists_are_joined_and_what_two_have_is_there_once(void **state)
{
	struct ox_buf a = {0}, b = {0}, other = {0};
	struct ox_compiled p;
	(void)state;
	start_list(&a, MAGIC);
	add_entry(&a, "x+", false, 2, "first");
	start_list(&b, MAGIC);
	add_entry(&b, "x+", false, 2, "first");
	add_entry(&b, "", true, 0, "empty");
	start_list(&other, MAGIC + 1);
	add_entry(&other, "z", false, 0, "z");
	struct ox_slice lists[] = {{0}, ox_buf_view(&a), ox_buf_view(&b), ox_buf_view(&other)};
	struct ox_buf once = table_of(&lists[2], 1), both = table_of(lists, 4), again = table_of(lists, 3);
	assert_true(find(&both, "x+", false, 2, &p));
	assert_true(find(&both, "", true, 0, &p));
	assert_false(find(&both, "z", false, 0, &p));
	assert_int_equal(both.len, again.len);
	assert_int_equal(both.len, once.len);
	assert_true(ox_compiled_fit(ox_buf_view(&both), MAGIC, HEXVERSION));
	assert_false(ox_compiled_fit(ox_buf_view(&both), MAGIC + 1, HEXVERSION));
	assert_false(ox_compiled_fit(ox_buf_view(&both), MAGIC, HEXVERSION + 1));
	assert_true(ox_compiled_fit_code(ox_buf_view(&both), HEXVERSION));
	assert_false(ox_compiled_fit_code(ox_buf_view(&both), HEXVERSION + 1));
	ox_buf_free(&once);
	ox_buf_free(&both);
	ox_buf_free(&again);
	ox_buf_free(&a);
	ox_buf_free(&b);
	ox_buf_free(&other);
}

static void nothing_stated_is_no_table(void **state)
{
	struct ox_slice empty = {0};
	struct ox_buf table = table_of(&empty, 1);
	(void)state;
	assert_int_equal(table.len, 0);
	table = table_of(NULL, 0);
	assert_int_equal(table.len, 0);
}

static void a_list_that_is_cut_short_is_refused(void **state)
{
	struct ox_buf list = {0}, out = {0};
	(void)state;
	start_list(&list, MAGIC);
	add_entry(&list, "abc", false, 0, "code");
	for (size_t len = 1; len < list.len; len++) {
		struct ox_slice cut = ox_slice(list.data, len);
		assert_int_equal(ox_compiled_write(&cut, 1, &out, NULL), len == 8 ? 0 : OX_ECORRUPT);
	}
	assert_int_equal(out.len, 0);
	ox_buf_free(&list);
}

static void any_altered_byte_makes_a_pattern_absent_and_not_another(void **state)
{
	struct ox_buf table = many(3);
	struct ox_compiled p;
	(void)state;
	for (size_t i = 0; i < table.len; i++) {
		table.data[i] ^= 1;
		for (size_t k = 0; k < 3; k++) {
			char text[24];
			snprintf(text, sizeof text, "p%zu", k);
			if (find(&table, text, k % 2, (uint32_t)k % 3, &p))
				assert_true(ox_slice_eq_str(p.body, text) && p.final_flags == (k % 3 | 32));
		}
		table.data[i] ^= 1;
	}
	ox_buf_free(&table);
}

static void a_table_that_does_not_fit_is_none(void **state)
{
	struct ox_buf table = many(3);
	struct ox_slice at, all = ox_buf_view(&table);
	(void)state;
	for (size_t len = 0; len < table.len; len++)
		assert_false(ox_compiled_at(ox_slice(table.data, len), 0, &at));
	assert_true(ox_compiled_at(all, 0, &at));
	assert_false(ox_compiled_at(all, 1, &at));
	assert_false(ox_compiled_at(all, UINT32_MAX, &at));
	for (uint32_t slots = 0; slots < 64; slots++) {
		ox_put_u32(table.data + 12, slots);
		bool fits = slots && !(slots & (slots - 1)) && slots <= (table.len - 16) / 8;
		assert_int_equal(ox_compiled_at(all, 0, &at), fits);
	}
	ox_buf_free(&table);
}

static void numbers_have_seven_bits_a_byte(void **state)
{
	struct ox_slice body = OX_SLICE("\x05\xac\x02\xff\xff\xff\xff\x0f\xff\xff\xff\xff\x1f"), rest, bytes;
	uint32_t n;
	(void)state;
	assert_true(ox_compiled_number(&body, &n) && n == 5);
	assert_true(ox_compiled_number(&body, &n) && n == 300);
	assert_true(ox_compiled_number(&body, &n) && n == UINT32_MAX);
	rest = body;
	assert_false(ox_compiled_number(&rest, &n));
	rest = OX_SLICE("\x80");
	assert_false(ox_compiled_number(&rest, &n));
	assert_false(ox_compiled_bytes(&rest, 2, &bytes));
	assert_true(ox_compiled_bytes(&rest, 1, &bytes) && !rest.len);
	assert_false(ox_compiled_number(&rest, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pattern_is_found_by_text_kind_and_flags),
		cmocka_unit_test(a_text_may_be_of_every_kind),
		cmocka_unit_test(lists_are_joined_and_what_two_have_is_there_once),
		cmocka_unit_test(nothing_stated_is_no_table),
		cmocka_unit_test(a_list_that_is_cut_short_is_refused),
		cmocka_unit_test(any_altered_byte_makes_a_pattern_absent_and_not_another),
		cmocka_unit_test(a_table_that_does_not_fit_is_none),
		cmocka_unit_test(numbers_have_seven_bits_a_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
