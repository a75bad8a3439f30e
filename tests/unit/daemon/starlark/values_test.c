/* Values without a machine: nothing that runs code is linked. */
#include "daemon/starlark/json_text.h"
#include "daemon/starlark/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct ox_star *begin(void)
{
	static const struct ox_machine none = {0};
	struct ox_star *s = ox_thread_new(NULL, &none);
	assert_non_null(s);
	return s;
}

static ox_star_value literal(struct ox_star *s, const char *json)
{
	ox_star_value text = ox_star_string(s, json), self, module = ox_predeclared_get(s, OX_SLICE("json"));
	ox_star_value decode = ox_attr_method(s, module, ox_intern(s, OX_SLICE("decode")), &self);
	return ox_call_builtin(s, OX_AS(ox_builtin, decode), self,
			       &(struct ox_args){.positional = &text, .positional_count = 1});
}

static void equal_numbers_are_one_key(void **state)
{
	struct ox_star *s = begin();
	ox_star_value dict = ox_star_dict(s), found;
	(void)state;
	assert_int_equal(0, ox_star_put(s, dict, ox_star_int(s, 3), OX_STAR_TRUE));
	found = ox_star_get(s, dict, ox_star_float(s, 3.0));
	assert_true(ox_same(found, OX_STAR_TRUE));
	assert_int_equal(0, ox_star_put(s, dict, ox_star_float(s, 0x1p70), OX_STAR_NONE));
	found = ox_star_get(s, dict, literal(s, "1180591620717411303424"));
	assert_true(ox_same(found, OX_STAR_NONE));
	assert_false(ox_star_ok(ox_star_get(s, dict, OX_STAR_TRUE)));
	ox_star_free(s);
}

static void dicts_keep_their_order_over_removals(void **state)
{
	struct ox_star *s = begin();
	struct ox_dict *d = ox_dict_new(s, OX_OBJ_DICT, 0);
	ox_star_value old;
	uint32_t at = 0;
	(void)state;
	for (int64_t i = 0; i < 1000; i++)
		assert_int_equal(1, ox_dict_store(s, d, ox_from_small(i), ox_from_small(-i)));
	for (int64_t i = 0; i < 1000; i++) {
		if (i % 10 != 3)
			assert_int_equal(1, ox_dict_delete(s, d, ox_from_small(i), &old));
	}
	assert_int_equal(100, d->live);
	assert_true(d->len <= 4 * d->live); /* holes were closed */
	for (int64_t i = 3; i < 1000; i += 10) {
		struct ox_dict_entry *e = ox_dict_next(d, &at);
		assert_non_null(e);
		assert_int_equal(i, ox_small(e->key));
		assert_int_equal(1, ox_dict_find(s, d, ox_from_small(i), &old));
		assert_int_equal(-i, ox_small(old));
	}
	assert_null(ox_dict_next(d, &at));
	assert_int_equal(0, ox_dict_find(s, d, ox_from_small(4), &old));
	ox_star_free(s);
}

static void strings_that_grow_share_memory(void **state)
{
	struct ox_star *s = begin();
	ox_star_value v = ox_star_string(s, ""), x = ox_star_string(s, "0123456789");
	(void)state;
	for (int i = 0; i < 10000; i++)
		v = ox_string_concat(s, v, x);
	ox_star_value kept = v, other = ox_string_concat(s, v, ox_star_string(s, "a"));
	v = ox_string_concat(s, v, ox_star_string(s, "b")); /* not where "a" is */
	assert_int_equal(100000, ox_star_len(kept));
	assert_int_equal('a', ox_star_cstr(other)[100000]);
	assert_int_equal('b', ox_star_cstr(v)[100000]);
	assert_int_equal(0, ox_star_cstr(kept)[100000]);
	assert_true(s->heap.taken < 4 << 20);
	ox_star_free(s);
}

static void texts_that_were_handed_out_stay(void **state)
{
	struct ox_star *s = begin();
	ox_star_value half = ox_string_copy(s, OX_OBJ_STRING, ox_slice((char[70]){0}, 70));
	(void)state;
	ox_star_value v = ox_string_concat(s, ox_string_concat(s, half, half), ox_star_string(s, "x"));
	const char *text = ox_star_cstr(v);
	ox_star_value more = ox_string_concat(s, v, ox_star_string(s, "y"));
	assert_string_equal("x", text + 140);
	assert_string_equal("xy", ox_star_cstr(more) + 140);
	ox_star_free(s);
}

static void what_contains_itself_is_printed_frozen_and_not_compared(void **state)
{
	struct ox_star *s = begin();
	ox_star_value a = ox_star_list(s, NULL, 0), b = ox_star_list(s, NULL, 0);
	struct ox_buf text = {0};
	(void)state;
	ox_star_append(s, a, a);
	ox_star_append(s, b, b);
	assert_int_equal(0, ox_star_repr(s, a, &text));
	assert_string_equal("[[...]]", ox_buf_text(&text));
	assert_int_equal(0, ox_star_freeze(s, a));
	assert_int_equal(-1, ox_star_append(s, a, b));
	ox_forget_failure(s);
	assert_int_equal(-1, ox_equal(s, a, b));
	assert_int_equal(OX_EEXHAUSTED, s->failure.code);
	ox_buf_free(&text);
	ox_star_free(s);
}

/* The kinds of the tokens of a text as letters; "!" and an offset for an error. */
static void check_json(const char *text, const char *want)
{
	static const char letters[] = "!.ntfifskaAoO";
	struct ox_json_text j;
	char got[64];
	size_t n = 0;
	enum ox_json_kind kind;
	ox_json_begin(&j, ox_slice_str(text));
	do {
		kind = ox_json_next(&j);
		got[n++] = letters[kind];
	} while (kind > OX_JSON_END && n < 40);
	got[n] = '\0';
	if (kind == OX_JSON_BAD)
		snprintf(got + n, sizeof got - n, "%zu", j.error_at);
	assert_string_equal(want, got);
}

static void json_text_is_a_stream_of_tokens(void **state)
{
	(void)state;
	check_json("{\"a\": [1, -2.5, true], \"b\": {}, \"c\": null}", "okaiftAkoOknO.");
	check_json("  \"x\"  ", "s.");
	check_json("[1,]", "ai!3");
	check_json("[1 2]", "ai!3");
	check_json("{\"a\":1,}", "oki!7");
	check_json("[1]]", "aiA!3");
	check_json("[1}", "ai!2");
	check_json("", "!0");
	check_json("[\"\xC3\"]", "!2");
}

static void json_escapes_make_utf8(void **state)
{
	struct ox_buf out = {0};
	(void)state;
	ox_json_unescape(OX_SLICE("a\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\n\\/\\\\"), &out);
	assert_string_equal("aA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n/\\", ox_buf_text(&out));
	ox_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_numbers_are_one_key),
	    cmocka_unit_test(dicts_keep_their_order_over_removals),
	    cmocka_unit_test(strings_that_grow_share_memory),
	    cmocka_unit_test(texts_that_were_handed_out_stay),
	    cmocka_unit_test(what_contains_itself_is_printed_frozen_and_not_compared),
	    cmocka_unit_test(json_text_is_a_stream_of_tokens),
	    cmocka_unit_test(json_escapes_make_utf8),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
