#include "daemon/starlark/parse.h"
#include "daemon/starlark/resolve.h"
#include "tests/unit/daemon/starlark/collect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct parsed {
	struct ox_arena arena;
	struct ox_source source;
	struct collect collect;
	struct ox_report report;
	struct ox_node *tree;
	int status;
};

static void parse(struct parsed *p, const char *text, bool expression)
{
	struct ox_parse_options options = {.nesting_limit = 100};
	memset(p, 0, sizeof *p);
	p->collect.sink.emit = collect_emit;
	assert_int_equal(0, ox_source_init(&p->source, &p->arena, OX_SLICE("t"), ox_slice_str(text), NULL));
	p->report = (struct ox_report){.sink = &p->collect.sink, .source = &p->source, .limit = 20};
	p->status = expression ? ox_parse_expression(&p->source, &p->arena, &p->report, &options, &p->tree)
			       : ox_parse_file(&p->source, &p->arena, &p->report, &options, &p->tree);
}

static void release(struct parsed *p)
{
	ox_arena_free(&p->arena);
	ox_buf_free(&p->collect.text);
}

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

static void words_of_python_get_advice(void **state)
{
	(void)state;
	check_errors("try:\n  pass\n", "1:1: 'try' is a reserved word: Starlark has no such statement"
				       " (Starlark has no exceptions: errors end the evaluation)\n");
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

static bool predeclared(void *user, struct ox_slice name)
{
	(void)user;
	return ox_slice_eq_str(name, "print");
}

static void each(void *user, struct ox_nearest *near)
{
	(void)user;
	ox_nearest_offer(near, OX_SLICE("print"));
}

/* Resolve a file and give the first statement's binding of interest to `look`. */
static void check_names(const char *text, enum ox_unknown unknown, const char *messages,
			void (*look)(const struct ox_node *, const struct ox_globals *))
{
	struct parsed p;
	struct ox_globals globals = {0};
	struct ox_resolution names;
	struct ox_resolve_options options = {.unknown = unknown, .predeclared = predeclared, .each = each};
	parse(&p, text, false);
	assert_int_equal(0, p.status);
	int status = ox_resolve(p.tree, false, &globals, &p.arena, &p.report, &options, &names);
	assert_string_equal(messages, ox_buf_text(&p.collect.text));
	if (look) {
		assert_int_equal(0, status);
		look(p.tree, &globals);
	}
	if (status == 0)
		ox_resolution_free(&names);
	ox_globals_free(&globals);
	release(&p);
}

static void look_at_scopes(const struct ox_node *tree, const struct ox_globals *globals)
{
	/* def f(a): x = a; def g(): return x; return g */
	const struct ox_node *f = tree, *assign = f->c, *g = assign->next;
	assert_int_equal(1, globals->list.len);
	assert_int_equal(OX_SCOPE_GLOBAL, f->a->binding->scope);
	assert_int_equal(OX_SCOPE_LOCAL, assign->b->binding->scope);
	assert_int_equal(OX_SCOPE_CELL, assign->a->binding->scope);
	assert_int_equal(OX_SCOPE_FREE, g->c->a->binding->scope);
	assert_int_equal(1, g->func->free.len);
}

static void look_at_comprehension(const struct ox_node *tree, const struct ox_globals *globals)
{
	/* y = [x for x in print]: x is a slot of the file, not a global */
	assert_int_equal(1, globals->list.len);
	assert_int_equal(OX_SCOPE_LOCAL, tree->b->a->binding->scope);
}

static void names_get_scopes(void **state)
{
	(void)state;
	check_names("def f(a):\n  x = a\n  def g(): return x\n  return g\n", OX_UNKNOWN_ERROR, "", look_at_scopes);
	check_names("y = [x for x in print]\n", OX_UNKNOWN_ERROR, "", look_at_comprehension);
}

static void unknown_names_get_a_hint(void **state)
{
	(void)state;
	check_names("prnt(1)\n", OX_UNKNOWN_ERROR, "1:1: unknown name 'prnt' (did you mean 'print'?)\n", NULL);
	check_names("def f(value): return valeu\n", OX_UNKNOWN_LATER,
		    "1:22: unknown name 'valeu' (did you mean 'value'?)\n", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(precedence),
	    cmocka_unit_test(several_errors_are_reported_in_one_run),
	    cmocka_unit_test(a_missing_closer_names_its_opener),
	    cmocka_unit_test(words_of_python_get_advice),
	    cmocka_unit_test(absurd_nesting_is_an_error),
	    cmocka_unit_test(names_get_scopes),
	    cmocka_unit_test(unknown_names_get_a_hint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
