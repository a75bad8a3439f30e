#include "tests/unit/daemon/starlark/parsed.h"

/* The tree in a form that shows precedence. */
static void show(const struct ox_node *n, struct ox_buf *out)
{
	switch (n->kind) {
	case OX_NODE_UNARY:
		ox_buf_printf(out, "(%s ", ox_token_text(n->op));
		show(n->a, out);
		ox_buf_str(out, ")");
		break;
	case OX_NODE_BINARY:
		ox_buf_str(out, "(");
		show(n->a, out);
		ox_buf_printf(out, " %s ", ox_token_text(n->op));
		show(n->b, out);
		ox_buf_str(out, ")");
		break;
	default:
		ox_buf_slice(out, n->text);
	}
}

static void check_tree(const char *text, const char *want)
{
	struct parsed p;
	struct ox_buf out = {0};
	parse(&p, text, true);
	assert_int_equal(0, p.status);
	show(p.tree, &out);
	assert_string_equal(want, ox_buf_text(&out));
	ox_buf_free(&out);
	release(&p);
}

static void check_errors(const char *text, const char *want)
{
	struct parsed p;
	parse(&p, text, false);
	assert_string_equal(want, ox_buf_text(&p.collect.text));
	assert_int_equal(OX_EUSAGE, p.status);
	release(&p);
}

static void precedence(void **state)
{
	(void)state;
	check_tree("a + b * c - d", "((a + (b * c)) - d)");
	check_tree("a or b and not c == d", "(a or (b and (not (c == d))))");
	check_tree("a | b ^ c & d << e + f", "(a | (b ^ (c & (d << (e + f)))))");
	check_tree("-a * b", "((- a) * b)");
	check_tree("a not in b", "(a not in b)");
	check_tree("not a in b", "(not (a in b))");
}

static void several_errors_are_reported_in_one_run(void **state)
{
	(void)state;
	check_errors("x = \ny = 1\nz = = 2\nf(\n", "1:5: got end of line where an expression should be\n"
						   "3:5: got '=' where an expression should be\n"
						   "4:2: '(' is never closed: ')' is missing\n");
}

static void a_missing_closer_names_its_opener(void **state)
{
	(void)state;
	check_errors("x = foo(1,\n  2\ny = 3\n",
		     "3:1: got 'y' where ',' or ')' should be, to close the '(' on line 1\n");
	check_errors("x = [1\n\ndef f():\n  pass\n",
		     "3:1: got 'def' where ',' or ']' should be, to close the '[' on line 1\n");
}

static void a_block_of_nothing_but_joined_lines_is_an_error(void **state)
{
	(void)state;
	check_errors("if x:\n\t\\\n# c\ny = 1\n",
		     "4:1: if needs an indented block (write pass for a block that does nothing)\n");
}

static void words_of_python_get_advice(void **state)
{
	(void)state;
	check_errors("try:\n  pass\n", "1:1: 'try' is a reserved word: Starlark has no such statement"
				       " (Starlark has no exceptions: errors end the evaluation)\n");
	check_errors("if x is None:\n  pass\n", "1:6: Starlark has no operator 'is' (use == or !=)\n");
	check_errors("x = -2 ** 3\n", "1:8: Starlark has no operator '**' (multiply in a loop; powers of two are"
					" 1 << n)\n");
}

static void absurd_nesting_is_an_error(void **state)
{
	(void)state;
	struct ox_buf text = {0};
	for (int i = 0; i < 100000; i++)
		ox_buf_str(&text, "-");
	ox_buf_str(&text, "x\n");
	check_errors(ox_buf_text(&text), "1:200: this is nested too deeply (limit 100)\n");
	ox_buf_clear(&text);
	for (int i = 0; i < 100000; i++)
		ox_buf_str(&text, "a+");
	ox_buf_str(&text, "x\n");
	struct parsed p;
	parse(&p, ox_buf_text(&text), false);
	assert_int_equal(OX_EUSAGE, p.status);
	assert_int_equal(1, p.collect.count);
	release(&p);
	ox_buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(precedence),
	    cmocka_unit_test(several_errors_are_reported_in_one_run),
	    cmocka_unit_test(a_missing_closer_names_its_opener),
	    cmocka_unit_test(a_block_of_nothing_but_joined_lines_is_an_error),
	    cmocka_unit_test(words_of_python_get_advice),
	    cmocka_unit_test(absurd_nesting_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
