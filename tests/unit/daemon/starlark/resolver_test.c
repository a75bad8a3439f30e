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
static void check_with(const char *text, struct ox_resolve_options options, const char *messages,
		       void (*look)(const struct ox_node *, const struct ox_globals *))
{
	struct parsed p;
	struct ox_globals globals = {0};
	struct ox_resolution names;
	options.predeclared = predeclared;
	options.each = each;
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

static void check_names(const char *text, enum ox_unknown unknown, const char *messages,
			void (*look)(const struct ox_node *, const struct ox_globals *))
{
	check_with(text, (struct ox_resolve_options){.unknown = unknown}, messages, look);
}

struct kept {
	char text[200];
};

static void keep(void *user, struct ox_span span, struct ox_slice name, const char *hint)
{
	struct kept *k = user;
	size_t n = strlen(k->text);
	snprintf(k->text + n, sizeof k->text - n, "%.*s@%u %s;", OX_SLICE_ARG(name), span.start, hint ? hint : "-");
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

static void look_at_two_levels(const struct ox_node *tree, const struct ox_globals *globals)
{
	/* def f(a): return lambda: lambda: a */
	const struct ox_node *outer = tree->c->a, *inner = outer->b;
	(void)globals;
	assert_int_equal(OX_SCOPE_CELL, tree->b->a->binding->scope);
	assert_int_equal(1, outer->func->free.len);
	assert_int_equal(OX_SCOPE_CELL, outer->func->free.items[0]->scope);
	assert_int_equal(1, inner->func->free.len);
	assert_int_equal(OX_SCOPE_FREE, inner->func->free.items[0]->scope);
	assert_int_equal(OX_SCOPE_FREE, inner->b->binding->scope);
}

static void captured_names_pass_through_the_functions_between(void **state)
{
	(void)state;
	check_names("def f(a): return lambda: lambda: a\n", OX_UNKNOWN_ERROR, "", look_at_two_levels);
}

static void look_at_shadows(const struct ox_node *tree, const struct ox_globals *globals)
{
	/* print = 1; def f(print): return [print for print in print] */
	const struct ox_node *f = tree->next, *comp = f->c->a;
	assert_int_equal(2, globals->list.len);
	assert_int_equal(OX_SCOPE_GLOBAL, tree->a->binding->scope);
	assert_ptr_equal(f->b->a->binding, comp->b->b->binding); /* the first iterable belongs to the function */
	assert_ptr_equal(comp->b->a->binding, comp->a->binding);
	assert_ptr_not_equal(comp->a->binding, f->b->a->binding);
}

static void inner_scopes_shadow_outer_ones(void **state)
{
	(void)state;
	check_names("print = 1\ndef f(print): return [print for print in print]\n", OX_UNKNOWN_ERROR, "",
		    look_at_shadows);
}

static void look_at_order(const struct ox_node *tree, const struct ox_globals *globals)
{
	/* def f(): return later; later = 1; x = print */
	assert_int_equal(OX_SCOPE_GLOBAL, tree->c->a->binding->scope);
	assert_ptr_equal(tree->c->a->binding, tree->next->a->binding);
	assert_int_equal(OX_SCOPE_PREDECLARED, tree->next->next->b->binding->scope);
	assert_int_equal(3, globals->list.len);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(i, globals->list.items[i]->slot);
}

static void a_global_may_be_bound_after_its_use(void **state)
{
	(void)state;
	check_names("def f(): return later\nlater = 1\nx = print\n", OX_UNKNOWN_ERROR, "", look_at_order);
}

static void statements_stand_where_they_may(void **state)
{
	(void)state;
	check_names("return 1\nbreak\ncontinue\ndef f():\n  load('a', 'b')\n  def g(): break\n", OX_UNKNOWN_ERROR,
		    "1:1: return outside of a function\n2:1: break outside of a loop\n3:1: continue outside of a loop\n"
		    "5:3: load must be at the top level of a file\n6:12: break outside of a loop\n",
		    NULL);
	check_names("for i in []:\n  break\n  continue\n", OX_UNKNOWN_ERROR, "", NULL);
}

static void the_specifications_top_level_is_an_option(void **state)
{
	const char *text = "x = 1\nx = 2\nif x: y = 1\nfor i in []: pass\n";
	(void)state;
	check_names(text, OX_UNKNOWN_ERROR, "", NULL);
	check_with(text, (struct ox_resolve_options){.spec_top_level = true},
		   "2:1: global 'x' is bound twice\n3:1: if must be inside a function\n"
		   "4:1: for must be inside a function\n",
		   NULL);
}

static void unknown_names_are_left_to_whom_it_concerns(void **state)
{
	struct kept k = {0};
	(void)state;
	check_with("x = prnt\ny = zzzz\n",
		   (struct ox_resolve_options){.unknown = OX_UNKNOWN_LATER, .later = keep, .user = &k}, "", NULL);
	assert_string_equal("prnt@4 did you mean 'print'?;zzzz@13 -;", k.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_get_scopes),
	    cmocka_unit_test(unknown_names_get_a_hint),
	    cmocka_unit_test(captured_names_pass_through_the_functions_between),
	    cmocka_unit_test(inner_scopes_shadow_outer_ones),
	    cmocka_unit_test(a_global_may_be_bound_after_its_use),
	    cmocka_unit_test(statements_stand_where_they_may),
	    cmocka_unit_test(the_specifications_top_level_is_an_option),
	    cmocka_unit_test(unknown_names_are_left_to_whom_it_concerns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
