#include "daemon/starlark/resolve.h"
#include "tests/unit/daemon/starlark/parsed.h"

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
	    cmocka_unit_test(names_get_scopes),
	    cmocka_unit_test(unknown_names_get_a_hint),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
