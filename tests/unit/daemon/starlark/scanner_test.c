#include "daemon/starlark/scan.h"
#include "tests/unit/daemon/starlark/collect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* All tokens of a text, as "kind:text kind ..."; errors into *c. */
static char *scan(const char *text, struct collect *c)
{
	struct ox_arena arena = {0};
	struct ox_source source;
	struct ox_buf out = {0};
	struct ox_token tok;
	struct ox_scanner *sc = malloc(sizeof *sc);
	*c = (struct collect){.sink = {collect_emit}};
	assert_int_equal(0, ox_source_init(&source, &arena, OX_SLICE("t"), ox_slice_str(text), NULL));
	struct ox_report report = {.sink = &c->sink, .source = &source, .limit = 20};
	if (ox_scan_init(sc, &source, &arena, &report, 10)) {
		do {
			ox_scan_next(sc, &tok);
			ox_buf_printf(&out, "%s%s", out.len ? " " : "", ox_token_text(tok.kind));
			if (tok.text.len && tok.kind <= OX_TOK_BYTES)
				ox_buf_printf(&out, ":%.*s", OX_SLICE_ARG(tok.text));
		} while (tok.kind != OX_TOK_EOF);
	}
	ox_buf_str(&out, "");
	free(sc);
	ox_arena_free(&arena);
	return ox_buf_steal(&out);
}

static void check(const char *text, const char *tokens, const char *errors)
{
	struct collect c;
	char *got = scan(text, &c);
	assert_string_equal(errors, ox_buf_text(&c.text));
	if (tokens)
		assert_string_equal(tokens, got);
	free(got);
	ox_buf_free(&c.text);
}

static void tokens_of_a_line(void **state)
{
	(void)state;
	check("x+=1//y", "name:x += integer:1 // name:y end of line end of file", "");
	check("a.b(c)[d]", "name:a . name:b ( name:c ) [ name:d ] end of line end of file", "");
	check("not x in y", "not name:x in name:y end of line end of file", "");
	check("1.5 .5 1. 1e3 0x1F", "float:1.5 float:.5 float:1. float:1e3 integer:0x1F end of line end of file", "");
}

static void blocks_become_indent_and_outdent(void **state)
{
	(void)state;
	check("if x:\n  y\nz\n",
	      "if name:x : end of line indentation name:y end of line end of block name:z end of line end of file", "");
	check("if x:\n\ty\n        z\n",
	      "if name:x : end of line indentation name:y end of line name:z end of line end of block end of file", "");
	check("if x:\n   y\n  z\n", NULL, "3:3: this line's indentation does not match any open block\n");
}

static void brackets_join_lines(void **state)
{
	(void)state;
	check("(a,\n# c\n b)", "( name:a , name:b ) end of line end of file", "");
	check("a + \\\n b", "name:a + name:b end of line end of file", "");
}

static void line_ends_and_byte_order_marks_of_windows(void **state)
{
	(void)state;
	check("\xEF\xBB\xBFx\r\ny\r\n", "name:x end of line name:y end of line end of file", "");
	check("\"\"\"a\r\nb\"\"\"", "string:a\nb end of line end of file", "");
}

static void string_escapes(void **state)
{
	(void)state;
	check("'a\\n\\x41\\u00e9'", "string:a\nA\xC3\xA9 end of line end of file", "");
	check("r'\\n' b'\\xff'", "string:\\n bytes:\xFF end of line end of file", "");
	check("'\\q'", NULL,
	      "1:2: invalid escape sequence '\\q' (double the backslash, or put an r before the opening quote)\n");
	check("'\\ud800'", NULL,
	      "1:2: invalid escape sequence '\\ud800': no such code point (double the backslash, or put an r before "
	      "the opening quote)\n");
	check("'abc", NULL, "1:1: this string is never closed: ' is missing at the end of the line\n");
}

static void text_that_is_not_utf8_is_refused(void **state)
{
	(void)state;
	check("x = '\xFF'\n", NULL, "1:6: the file is not UTF-8: byte 0xff; save it as UTF-8\n");
	check("\xC0\x80", NULL, "1:1: the file is not UTF-8: byte 0xc0; save it as UTF-8\n");
	check("\xED\xA0\x80", NULL, "1:1: the file is not UTF-8: byte 0xed; save it as UTF-8\n");
}

static void nesting_is_limited(void **state)
{
	(void)state;
	check("((((((((((", NULL, "");
	check("(((((((((((", NULL, "1:11: brackets are nested too deeply (limit 10)\n");
}

static void columns_count_code_points(void **state)
{
	(void)state;
	check("'\xC3\xA9\xC3\xA9' $", NULL, "1:6: unexpected character '$'\n");
}

static void nearest_names(void **state)
{
	(void)state;
	struct ox_nearest n = {.wanted = OX_SLICE("prnt")};
	ox_nearest_offer(&n, OX_SLICE("range"));
	ox_nearest_offer(&n, OX_SLICE("print"));
	assert_true(ox_slice_eq_str(n.best, "print"));
	n = (struct ox_nearest){.wanted = OX_SLICE("resolve_target")};
	ox_nearest_offer(&n, OX_SLICE("resolve_targets"));
	ox_nearest_offer(&n, OX_SLICE("register_target"));
	assert_true(ox_slice_eq_str(n.best, "resolve_targets"));
	n = (struct ox_nearest){.wanted = OX_SLICE("xyz")};
	ox_nearest_offer(&n, OX_SLICE("print"));
	assert_null(n.best.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tokens_of_a_line),    cmocka_unit_test(blocks_become_indent_and_outdent),
	    cmocka_unit_test(brackets_join_lines), cmocka_unit_test(line_ends_and_byte_order_marks_of_windows),
	    cmocka_unit_test(string_escapes),      cmocka_unit_test(text_that_is_not_utf8_is_refused),
	    cmocka_unit_test(nesting_is_limited),  cmocka_unit_test(columns_count_code_points),
	    cmocka_unit_test(nearest_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
