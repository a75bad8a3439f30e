#include "daemon/starlark/starlark.h"
#include "tests/unit/daemon/starlark/collect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct world {
	struct collect collect;
	struct ox_star *s;
	struct ox_star_module *module;
	struct ox_err err;
	char printed[256];
	int finalized, polls;
};

static void print(void *user, struct ox_slice file, uint32_t line, struct ox_slice text)
{
	struct world *w = user;
	snprintf(w->printed, sizeof w->printed, "%.*s:%u:%.*s", OX_SLICE_ARG(file), line, OX_SLICE_ARG(text));
}

static bool cancelled(void *user)
{
	return ++((struct world *)user)->polls > 3;
}

static struct world *begin(struct ox_star_options options)
{
	struct world *w = calloc(1, sizeof *w);
	w->collect.sink.emit = collect_emit;
	options.sink = &w->collect.sink;
	options.print = print;
	options.user = w;
	w->s = ox_star_new(&options);
	assert_non_null(w->s);
	return w;
}

static void end(struct world *w)
{
	ox_star_free(w->s);
	ox_buf_free(&w->collect.text);
	free(w);
}

static int eval(struct world *w, const char *text)
{
	return ox_star_eval(w->s, "t.bzl", ox_slice_str(text), &w->module, &w->err);
}

static ox_star_value global(struct world *w, const char *name)
{
	return ox_star_global(w->module, ox_slice_str(name));
}

static void globals_are_read_and_functions_called(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){0});
	assert_int_equal(
	    0, eval(w, "def add(a, b=2, **kw): return a + b + kw.get('c', 0)\nx = [1, 'a']\nprint('hi', 1)\n"));
	assert_string_equal("t.bzl:3:hi 1", w->printed);
	ox_star_value args[] = {ox_star_int(w->s, 40)};
	struct ox_star_kwarg kwargs[] = {{"c", ox_star_int(w->s, 100)}};
	int64_t n = 0;
	assert_true(ox_star_to_int(ox_star_call(w->s, global(w, "add"), args, 1, kwargs, 1, &w->err), &n));
	assert_int_equal(142, n);
	ox_star_value x = global(w, "x");
	assert_int_equal(OX_STAR_T_LIST, ox_star_kind(x));
	assert_int_equal(2, ox_star_len(x));
	assert_string_equal("a", ox_star_cstr(ox_star_at(w->s, x, 1)));
	assert_string_equal("add", ox_star_function_name(global(w, "add")));
	assert_false(ox_star_ok(global(w, "nothing")));
	end(w);
}

static void failures_of_calls_are_reported_with_the_stack(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){0});
	assert_int_equal(0, eval(w, "def f():\n  return g()\ndef g():\n  fail('no')\n"));
	assert_false(ox_star_ok(ox_star_call(w->s, global(w, "f"), NULL, 0, NULL, 0, &w->err)));
	assert_string_equal("t.bzl:4:3: no", w->err.text);
	assert_int_equal(OX_EUSAGE, w->err.code);
	assert_string_equal("4:3: no\n", ox_buf_text(&w->collect.text));
	assert_false(ox_star_failing(w->s));
	assert_int_equal(0, eval(w, "x = 1\n"));
	end(w);
}

/* ---- native functions and types ---- */

static const struct ox_star_param greet_params[] = {
    {"name", OX_STAR_T_STRING, OX_STAR_REQUIRED, NULL, "whom", 0, NULL},
    {"times", OX_STAR_T_INT | OX_STAR_T_NONE, OX_STAR_OPTIONAL, "2", "how often", 0, NULL},
    {"tags", OX_STAR_T_LIST, OX_STAR_OPTIONAL, "[]", "", OX_STAR_T_STRING, NULL},
    {0},
};

static ox_star_value greet(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	int64_t times = 0;
	(void)self, (void)data;
	ox_star_to_int(args[1], &times);
	return ox_star_int(s, times * 10 + (int64_t)ox_star_len(args[2]));
}

static const struct ox_star_function greet_function = {"greet", greet_params, greet, OX_STAR_T_INT, "greets"};

static void arguments_of_native_functions_are_checked(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){0});
	assert_int_equal(0, ox_star_set_function(w->s, &greet_function));
	assert_int_equal(0, eval(w, "x = [greet('a'), greet('a', times=3, tags=['x']), greet(name='b')]\n"));
	struct ox_buf text = {0};
	ox_star_repr(w->s, global(w, "x"), &text);
	assert_string_equal("[20, 31, 20]", ox_buf_text(&text));
	ox_buf_free(&text);
	assert_int_equal(OX_EUSAGE, eval(w, "greet(1)\n"));
	assert_int_equal(OX_EUSAGE, eval(w, "greet('a', time=1)\n"));
	assert_int_equal(OX_EUSAGE, eval(w, "greet('a', tags=[1])\n"));
	assert_int_equal(OX_EUSAGE, eval(w, "greet()\n"));
	assert_string_equal("1:1: greet() takes string for 'name', not int\n"
			    "1:12: greet() has no parameter 'time' (did you mean 'times'?)\n"
			    "1:12: greet(): 'tags' takes a list of string, but it contains int\n"
			    "1:1: greet() misses argument 'name'\n",
			    ox_buf_text(&w->collect.text));
	end(w);
}

struct thing {
	struct world *world;
	int64_t size;
};

static ox_star_value thing_size(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr)
{
	(void)attr;
	return ox_star_int(s, ((struct thing *)ox_star_native_user(self, NULL))->size);
}

static int thing_set_size(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr, ox_star_value v)
{
	(void)s, (void)attr;
	ox_star_to_int(v, &((struct thing *)ox_star_native_user(self, NULL))->size);
	return 0;
}

static ox_star_value thing_grow(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)data, (void)args;
	((struct thing *)ox_star_native_user(self, NULL))->size++;
	ox_star_warn(s, "grown", NULL, "it grew");
	return self;
}

static const char *thing_type(ox_star_value self)
{
	return ((struct thing *)ox_star_native_user(self, NULL))->size > 5 ? "BigThing" : NULL;
}

static void thing_end(void *user)
{
	struct thing *t = user;
	t->world->finalized++;
	free(t);
}

static const struct ox_star_attr_spec thing_attrs[] = {
    {"size", OX_STAR_T_INT, thing_size, thing_set_size, "how large", 0},
    {"age", OX_STAR_T_INT, thing_size, NULL, "how old", 0},
    {0},
};
static const struct ox_star_function thing_methods[] = {{"grow", NULL, thing_grow, 0, "by one"}, {0}};
static const struct ox_star_type thing_type_spec = {
    .name = "Thing",
    .attrs = thing_attrs,
    .methods = thing_methods,
    .type_of = thing_type,
    .finalize = thing_end,
};

static void native_types_have_attributes_and_methods(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){0}), before;
	struct thing *t = calloc(1, sizeof *t);
	*t = (struct thing){w, 3};
	assert_int_equal(0, ox_star_set(w->s, "thing", ox_star_new_native(w->s, &thing_type_spec, t)));
	assert_int_equal(0, eval(w, "a = type(thing)\nthing.size += 2\nthing.grow().grow()\n"
				    "b = [a, type(thing), thing.size, str(thing), thing == thing, dir(thing)]\n"));
	struct ox_buf text = {0};
	ox_star_repr(w->s, global(w, "b"), &text);
	assert_string_equal("[\"Thing\", \"BigThing\", 7, \"<BigThing>\", True, [\"age\", \"grow\", \"size\"]]",
			    ox_buf_text(&text));
	ox_buf_free(&text);
	assert_string_equal("3:7: it grew\n3:14: it grew\n", ox_buf_text(&w->collect.text));
	ox_buf_clear(&w->collect.text);
	eval(w, "thing.sise = 1\n");
	eval(w, "thing.size = 'x'\n");
	eval(w, "thing.age = 1\n");
	eval(w, "thing.grwo()\n");
	assert_string_equal("1:7: BigThing has no writable attribute 'sise' (did you mean 'size'?)\n"
			    "1:7: attribute 'size' takes int, not string\n"
			    "1:7: attribute 'age' of BigThing is read-only\n"
			    "1:7: BigThing has no attribute 'grwo' (did you mean 'grow'?)\n",
			    ox_buf_text(&w->collect.text));
	(void)before;
	ox_star_free(w->s);
	assert_int_equal(1, w->finalized);
	w->s = NULL;
	end(w);
}

/* A point: two ints, with a colour that only it knows of. */
struct point {
	int64_t x, y;
	ox_star_value colour;
};

static struct point *point_of(ox_star_value v)
{
	return ox_star_native_user(v, NULL);
}

static bool point_equal(ox_star_value a, ox_star_value b)
{
	return point_of(a)->x == point_of(b)->x && point_of(a)->y == point_of(b)->y;
}

static bool point_truth(ox_star_value self)
{
	return point_of(self)->x || point_of(self)->y;
}

static ox_star_value point_items(struct ox_star *s, ox_star_value self)
{
	return ox_star_tuple(
	    s, (ox_star_value[]){ox_star_int(s, point_of(self)->x), ox_star_int(s, point_of(self)->y)}, 2);
}

static ox_star_value point_index(struct ox_star *s, ox_star_value self, ox_star_value key)
{
	int64_t i;
	if (!ox_star_to_int(key, &i) || i < 0 || i > 1)
		return ox_star_fail(s, "a point has two items");
	return ox_star_int(s, i ? point_of(self)->y : point_of(self)->x);
}

static ox_star_value point_get(struct ox_star *s, ox_star_value self, struct ox_slice name)
{
	if (ox_slice_eq_str(name, "bad"))
		return ox_star_fail(s, "bad is bad");
	return ox_slice_eq_str(name, "colour") ? point_of(self)->colour : OX_STAR_FAILED;
}

static int point_set(struct ox_star *s, ox_star_value self, struct ox_slice name, ox_star_value v)
{
	(void)s;
	if (!ox_slice_eq_str(name, "colour"))
		return 1;
	point_of(self)->colour = v;
	return 0;
}

static int point_repr(struct ox_star *s, ox_star_value self, struct ox_buf *out)
{
	(void)s;
	ox_buf_printf(out, "point(%d, %d)", (int)point_of(self)->x, (int)point_of(self)->y);
	return 0;
}

static const struct ox_star_type point_type = {
    .name = "point",
    .equal = point_equal,
    .truth = point_truth,
    .items = point_items,
    .index = point_index,
    .get_other = point_get,
    .set_other = point_set,
    .repr = point_repr,
};

static void native_types_take_part_in_the_language(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){0});
	struct point p = {1, 2, OX_STAR_FAILED}, same = {1, 2, OX_STAR_NONE}, zero = {0, 0, OX_STAR_NONE};
	ox_star_set(w->s, "p", ox_star_new_native(w->s, &point_type, &p));
	ox_star_set(w->s, "same", ox_star_new_native(w->s, &point_type, &same));
	ox_star_set(w->s, "zero", ox_star_new_native(w->s, &point_type, &zero));
	assert_int_equal(0, eval(w, "a = [hasattr(p, 'colour'), getattr(p, 'colour', 7)]\n"
				    "p.colour = 'red'\n"
				    "b = [hasattr(p, 'colour'), p.colour, hasattr(p, 'x')]\n"
				    "c = [p == same, p != zero, p == (1, 2), p in [same], bool(p), bool(zero)]\n"
				    "d = [len(p), list(p), 2 in p, 3 in p, p[1], [n for n in p], str([p])]\n"
				    "x, y = p\n"));
	struct ox_buf text = {0};
	const char *const names[] = {"a", "b", "c", "d"};
	for (size_t i = 0; i < 4; i++)
		ox_star_repr(w->s, global(w, names[i]), &text);
	assert_string_equal("[False, 7][True, \"red\", False][True, True, False, True, True, False]"
			    "[2, [1, 2], True, False, 2, [1, 2], \"[point(1, 2)]\"]",
			    ox_buf_text(&text));
	ox_buf_free(&text);
	eval(w, "p[2]\n");
	eval(w, "p.color\n");
	eval(w, "p.color = 1\n");
	eval(w, "{p: 1}\n");
	eval(w, "hasattr(p, 'bad')\n");
	eval(w, "p[0] = 1\n");
	assert_string_equal("1:2: a point has two items\n"
			    "1:3: point has no attribute 'color'\n"
			    "1:3: point has no writable attribute 'color'\n"
			    "1:2: point cannot be a key: it is not hashable\n"
			    "1:1: bad is bad\n"
			    "1:2: items of point cannot be assigned to\n",
			    ox_buf_text(&w->collect.text));
	end(w);
}

/* ---- limits ---- */

static void endless_programs_are_stopped(void **state)
{
	(void)state;
	const char *loop = "def f():\n  for i in range(1 << 50):\n    pass\nf()\n";
	struct world *w = begin((struct ox_star_options){.step_limit = 100000});
	assert_int_equal(OX_EEXHAUSTED, eval(w, loop));
	end(w);
	w = begin((struct ox_star_options){.cancelled = cancelled});
	assert_int_equal(OX_ECANCELLED, eval(w, loop));
	assert_int_equal(0, eval(w, "x = 1\n"));
	end(w);
}

static void memory_is_limited(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){.memory_limit = 4 << 20});
	assert_int_equal(OX_EEXHAUSTED, eval(w, "x = [0] * 1000000\n"));
	assert_int_equal(OX_EEXHAUSTED, eval(w, "s = 'abc'\nfor i in range(100):\n  s += s\n"));
	assert_int_equal(OX_EEXHAUSTED, eval(w, "x = 1 << (1 << 30)\n"));
	end(w);
}

static void no_limit_is_too_small_to_be_safe(void **state)
{
	(void)state;
	for (size_t limit = 1; limit < 400000; limit += limit / 8 + 1) {
		struct collect c = {.sink = {collect_emit}};
		struct ox_star_module *m;
		struct ox_star *s = ox_star_new(&(struct ox_star_options){.memory_limit = limit, .sink = &c.sink});
		if (!s)
			continue;
		int status = ox_star_eval(
		    s, "t", OX_SLICE("d = {str(i): [i, i * 1.5] for i in range(200)}\nx = sorted(d.items())\n"), &m,
		    NULL);
		assert_true(status == 0 || status == OX_EEXHAUSTED);
		ox_star_free(s);
		ox_buf_free(&c.text);
	}
}

static void unknown_names_are_warnings_until_reached(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){.names = OX_STAR_NAMES_LATE});
	assert_int_equal(0, eval(w, "if False:\n  sys.exit(1)\n"));
	ox_star_tell_unknown(w->s);
	assert_string_equal("2:3: unknown name 'sys'\n", ox_buf_text(&w->collect.text));
	ox_buf_clear(&w->collect.text);
	assert_int_equal(OX_EUSAGE, eval(w, "if False:\n  prnt()\nsys.exit(1)\n"));
	assert_string_equal("t.bzl:3:1: unknown name 'sys'", w->err.text);
	ox_star_tell_unknown(w->s);
	ox_star_tell_unknown(w->s);
	assert_string_equal("3:1: unknown name 'sys'\n2:3: unknown name 'prnt' (did you mean 'print'?)\n",
			    ox_buf_text(&w->collect.text));
	end(w);
}

static int load_one(void *user, struct ox_star *s, struct ox_slice from, struct ox_slice wanted,
		    struct ox_star_source *source, struct ox_err *err)
{
	(void)user, (void)s, (void)from, (void)err;
	*source = (struct ox_star_source){wanted, OX_SLICE("def f(x):\n  if x:\n    sys.exit(1)\n  return 7\n")};
	return 0;
}

static void unknown_names_of_loaded_files_too(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){.names = OX_STAR_NAMES_LATE, .load = load_one});
	assert_int_equal(0, eval(w, "load('l', 'f')\nf(0)\n"));
	ox_star_tell_unknown(w->s);
	assert_string_equal("3:5: unknown name 'sys'\n", ox_buf_text(&w->collect.text));
	assert_int_equal(OX_EUSAGE, eval(w, "load('l', 'f')\nf(1)\n"));
	assert_string_equal("l:3:5: unknown name 'sys'", w->err.text);
	end(w);
}

static void a_literal_that_is_too_large_has_its_place(void **state)
{
	(void)state;
	struct ox_buf text = {0};
	struct world *w = begin((struct ox_star_options){0});
	ox_buf_str(&text, "def f():\n  x = 1 + 0x");
	for (size_t i = 0; i < 5000000; i++)
		ox_buf_str(&text, "f");
	assert_int_equal(OX_EEXHAUSTED, eval(w, ox_buf_text(&text)));
	assert_string_equal("t.bzl:2:11: the integer would have more than 16777216 bits", w->err.text);
	ox_buf_free(&text);
	end(w);
}

static void expressions_see_a_modules_globals(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){0});
	ox_star_value v;
	int64_t n;
	assert_int_equal(0, eval(w, "x = 20\n"));
	assert_int_equal(0, ox_star_eval_expr(w->s, "e", OX_SLICE("[x + y for y in [22]][0]"), w->module, &v, &w->err));
	assert_true(ox_star_to_int(v, &n));
	assert_int_equal(42, n);
	assert_int_equal(OX_EUSAGE, ox_star_eval_expr(w->s, "e", OX_SLICE("x +"), w->module, &v, &w->err));
	assert_int_equal(OX_EUSAGE, ox_star_check(w->s, "c", OX_SLICE("nope\n"), &w->err));
	end(w);
}

static void names_can_be_listed(void **state)
{
	(void)state;
	struct world *w = begin((struct ox_star_options){0});
	ox_star_value v;
	size_t n = 0;
	bool found = false;
	for (const char *name; (name = ox_star_name_at(w->s, n, &v)); n++)
		found |= strcmp(name, "enumerate") == 0 && ox_star_function_spec(v)->params[1].fallback;
	assert_true(found && n > 30);
	assert_non_null(ox_star_methods_of("string"));
	assert_null(ox_star_methods_of("nothing"));
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(globals_are_read_and_functions_called),
	    cmocka_unit_test(failures_of_calls_are_reported_with_the_stack),
	    cmocka_unit_test(arguments_of_native_functions_are_checked),
	    cmocka_unit_test(native_types_have_attributes_and_methods),
	    cmocka_unit_test(native_types_take_part_in_the_language),
	    cmocka_unit_test(endless_programs_are_stopped),
	    cmocka_unit_test(memory_is_limited),
	    cmocka_unit_test(no_limit_is_too_small_to_be_safe),
	    cmocka_unit_test(unknown_names_are_warnings_until_reached),
	    cmocka_unit_test(unknown_names_of_loaded_files_too),
	    cmocka_unit_test(a_literal_that_is_too_large_has_its_place),
	    cmocka_unit_test(expressions_see_a_modules_globals),
	    cmocka_unit_test(names_can_be_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
