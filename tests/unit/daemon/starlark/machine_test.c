/* The machine runs code that was put together by hand: neither parser nor compiler is linked. */
#include "daemon/starlark/code.h"
#include "daemon/starlark/thread.h"
#include "tests/unit/daemon/starlark/collect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct world {
	struct collect collect;
	struct ox_star *s;
	struct ox_arena arena;
	struct ox_source source;
	struct ox_star_module module;
	struct ox_star_module loaded;
	bool can_load;
};

static struct ox_star_module *load(struct ox_star *s, struct ox_slice wanted, struct ox_star_module *from)
{
	struct world *w = ox_star_user(s);
	(void)from;
	if (w->can_load && ox_slice_eq_str(wanted, "lib"))
		return &w->loaded;
	ox_star_fail(s, "there is no %.*s", OX_SLICE_ARG(wanted));
	return NULL;
}

static const struct ox_machine machine = {ox_run_closure, load};

static struct world *begin(struct ox_star_options options)
{
	struct world *w = calloc(1, sizeof *w);
	assert_non_null(w);
	w->collect.sink.emit = collect_emit;
	options.sink = &w->collect.sink;
	options.user = w;
	w->s = ox_thread_new(&options, &machine);
	assert_non_null(w->s);
	assert_int_equal(0,
			 ox_source_init(&w->source, &w->arena, OX_SLICE("code"), OX_SLICE("a line of text\n"), NULL));
	return w;
}

static void end(struct world *w)
{
	ox_star_free(w->s);
	ox_arena_free(&w->arena);
	ox_buf_free(&w->collect.text);
	free(w);
}

enum { A = 0, B, C, D, E };
#define ABC(code, ra, rb, rc)                                                                                          \
	{                                                                                                              \
		.op = OX_I_##code, .a = (ra), .b = (rb), .c = (uint16_t)(rc)                                           \
	}
#define AJ(code, ra, n)                                                                                                \
	{                                                                                                              \
		.op = OX_I_##code, .a = (ra), .j = (n)                                                                 \
	}

/* A function of `params` parameters, whose first `locals` registers are called a, b, ... */
static struct ox_proto *function(struct world *w, const struct ox_insn *code, uint32_t count, uint32_t params,
				 uint32_t locals)
{
	struct ox_proto *p = ox_star_alloc(w->s, sizeof *p);
	struct ox_span *spans = ox_star_alloc(w->s, count * sizeof *spans);
	p->name = OX_SLICE("f");
	p->source = &w->source;
	p->code = code;
	p->code_len = count;
	p->spans = spans;
	p->registers = 16;
	p->locals = locals;
	p->positional = params;
	p->local_names = ox_star_alloc(w->s, (locals + 1) * sizeof *p->local_names);
	p->running = ox_star_alloc(w->s, sizeof *p->running);
	p->doc = OX_STAR_NONE;
	for (uint32_t i = 0; i < count; i++)
		spans[i] = (struct ox_span){i, i + 1}; /* the column tells the instruction */
	for (uint32_t i = 0; i < locals; i++)
		p->local_names[i] = ox_star_slice(w->s, ox_slice(&"abcdefgh"[i], 1));
	return p;
}

static void check(struct world *w, const struct ox_proto *p, const char *want)
{
	struct ox_buf text = {0};
	struct ox_err err = {0};
	ox_star_value v = ox_run_toplevel(w->s, p, &w->module);
	if (ox_star_ok(v))
		ox_star_repr(w->s, v, &text);
	else
		ox_buf_str(&text, (ox_report_failure(w->s, &err), err.text));
	assert_string_equal(want, ox_buf_text(&text));
	assert_int_equal(0, w->s->frame_count);
	assert_int_equal(0, w->s->iterations.len);
	assert_ptr_equal(w->s->stack, w->s->stack_top);
	ox_buf_free(&text);
}

#define CHECK(w, locals, want, ...)                                                                                    \
	do {                                                                                                           \
		static const struct ox_insn code_[] = {__VA_ARGS__};                                                   \
		check(w, function(w, code_, OX_COUNT(code_), 0, locals), want);                                        \
	} while (0)

static void small_integers_become_large_ones(void **state)
{
	struct world *w = begin((struct ox_star_options){0});
	(void)state;
	CHECK(w, 0, "5", AJ(SMALL, A, 2), AJ(SMALL, B, 3), ABC(ADD, C, A, B), ABC(RETURN, C, 0, 0));
	CHECK(w, 0, "-9223372036854775808", AJ(SMALL, A, -1), AJ(SMALL, B, 63), ABC(SHL, C, A, B),
	      ABC(RETURN, C, 0, 0));
	CHECK(w, 0, "21267647932558653966460912964485513216", AJ(SMALL, A, 1), AJ(SMALL, B, 62), ABC(SHL, A, A, B),
	      ABC(MUL, C, A, A), ABC(RETURN, C, 0, 0));
	CHECK(w, 0, "4611686018427387904", AJ(SMALL, A, 1), AJ(SMALL, B, 62), ABC(SHL, A, A, B),
	      ABC(ADD_SMALL, A, A, -1), ABC(ADD_SMALL, A, A, 1), ABC(RETURN, A, 0, 0));
	CHECK(w, 0, "code:1:3: division by zero", AJ(SMALL, A, 1), AJ(SMALL, B, 0), ABC(FLOORDIV, A, A, B),
	      ABC(RETURN, A, 0, 0));
	end(w);
}

static void a_local_without_value_is_reported_by_its_name(void **state)
{
	struct world *w = begin((struct ox_star_options){0});
	(void)state;
	CHECK(w, 2, "code:1:2: local variable 'b' is used before it gets a value", AJ(SMALL, A, 1), ABC(ADD, A, A, B),
	      ABC(RETURN, A, 0, 0));
	CHECK(w, 2, "code:1:1: local variable 'b' is used before it gets a value", ABC(RETURN, B, 0, 0));
	CHECK(w, 1, "code:1:1: local variable 'a' is used before it gets a value", ABC(ITER, B, A, 0),
	      ABC(RETURN, A, 0, 0));
	CHECK(w, 1, "code:1:2: a temporary value is missing", AJ(DICT, C, 0), ABC(MOVE, A, B, 0), ABC(RETURN, A, 0, 0));
	end(w);
}

static void a_comparison_jumps_at_once(void **state)
{
	struct world *w = begin((struct ox_star_options){0});
	(void)state;
	CHECK(w, 0, "1", AJ(SMALL, A, 1), AJ(SMALL, B, 2), {.op = OX_I_LT, .x = 1, .a = C, .b = A, .c = B},
	      AJ(JUMP_IF, C, 1), ABC(RETURN, B, 0, 0), ABC(RETURN, A, 0, 0));
	CHECK(w, 0, "False", AJ(SMALL, A, 1), AJ(SMALL, B, 2), ABC(GE, C, A, B), ABC(RETURN, C, 0, 0));
	end(w);
}

/* b, c: state of the loop; d: item; a: sum. Leaves when the sum is above 2. */
static void loops_release_what_they_hold(void **state)
{
	struct world *w = begin((struct ox_star_options){.step_limit = 100000});
	(void)state;
	CHECK(w, 0, "6", AJ(SMALL, 5, 1), AJ(SMALL, 6, 2), AJ(SMALL, 7, 3), ABC(LIST, 5, 5, 3), AJ(SMALL, A, 0),
	      ABC(ITER, B, 5, 0), ABC(NEXT, D, B, 0), AJ(JUMP, 0, 2), ABC(ADD, A, A, D), AJ(JUMP, 0, -4),
	      ABC(RETURN, A, 0, 0));
	CHECK(w, 0, "[1, 9]", AJ(SMALL, 5, 1), ABC(LIST, 5, 5, 1), ABC(ITER, B, 5, 0), ABC(NEXT, D, B, 0),
	      AJ(JUMP, 0, 1), ABC(ITER_END, 0, 0, 0), AJ(SMALL, 6, 9), ABC(APPEND, 5, 6, 1), ABC(RETURN, 5, 0, 0));
	CHECK(w, 0, "code:1:3: int is not iterable", AJ(SMALL, 5, 1), AJ(SMALL, 5, 1), ABC(ITER, B, 5, 0),
	      ABC(RETURN, 5, 0, 0));
	end(w);
}

static void functions_are_called_in_the_callers_registers(void **state)
{
	/* f(a, b): return a - b; outer: f(7, 2) */
	static const struct ox_insn inner[] = {ABC(SUB, C, A, B), ABC(RETURN, C, 0, 0)};
	static const struct ox_insn good[] = {AJ(FUNCTION, A, 0), AJ(SMALL, B, 7), AJ(SMALL, C, 2), ABC(CALL, D, A, 2),
					      ABC(RETURN, D, 0, 0)};
	static const struct ox_insn missing[] = {AJ(FUNCTION, A, 0), AJ(SMALL, B, 7), ABC(CALL, D, A, 1),
						 ABC(RETURN, D, 0, 0)};
	static const struct ox_insn number[] = {AJ(SMALL, A, 7), ABC(CALL, D, A, 0), ABC(RETURN, D, 0, 0)};
	struct world *w = begin((struct ox_star_options){0});
	struct ox_proto *f = function(w, inner, OX_COUNT(inner), 2, 2);
	(void)state;
	struct ox_proto *outer = function(w, good, OX_COUNT(good), 0, 0);
	outer->functions = &f;
	check(w, outer, "5");
	outer = function(w, missing, OX_COUNT(missing), 0, 0);
	outer->functions = &f;
	check(w, outer, "code:1:3: f() misses argument 'b'");
	check(w, function(w, number, OX_COUNT(number), 0, 0), "code:1:2: int cannot be called");
	end(w);
}

static void native_functions_are_called_by_the_same_instruction(void **state)
{
	static const struct ox_insn code[] = {AJ(CONST, A, 0), ABC(LIST, B, B, 0), ABC(CALL, A, A, 1),
					      ABC(RETURN, A, 0, 0)};
	struct world *w = begin((struct ox_star_options){0});
	struct ox_proto *p = function(w, code, OX_COUNT(code), 0, 0);
	ox_star_value constants[] = {ox_predeclared_get(w->s, OX_SLICE("len"))};
	(void)state;
	p->constants = constants;
	p->constant_count = 1;
	check(w, p, "0");
	end(w);
}

/* The function gets itself as argument and calls it with itself. */
static void recursion_and_depth_are_limited(void **state)
{
	static const struct ox_insn inner[] = {ABC(MOVE, B, A, 0), ABC(MOVE, C, A, 0), ABC(CALL, D, B, 1),
					       ABC(RETURN, D, 0, 0)};
	static const struct ox_insn start[] = {AJ(FUNCTION, A, 0), ABC(MOVE, B, A, 0), ABC(CALL, D, A, 1),
					       ABC(RETURN, D, 0, 0)};
	(void)state;
	for (int recursion = 0; recursion < 2; recursion++) {
		struct world *w = begin((struct ox_star_options){.recursion = recursion, .depth_limit = 50});
		struct ox_proto *f = function(w, inner, OX_COUNT(inner), 1, 1);
		struct ox_proto *outer = function(w, start, OX_COUNT(start), 0, 0);
		outer->functions = &f;
		check(w, outer,
		      recursion ? "code:1:3: calls are nested too deeply (limit 50)"
				: "code:1:3: function f calls itself");
		end(w);
	}
}

static void steps_are_counted_by_turns_of_loops(void **state)
{
	static const struct ox_insn code[] = {AJ(CONST, A, 0), ABC(ITER, B, A, 0), ABC(NEXT, D, B, 0),
					      AJ(JUMP, 0, 1),  AJ(JUMP, 0, -3),    ABC(RETURN, A, 0, 0)};
	struct world *w = begin((struct ox_star_options){.step_limit = 50000});
	struct ox_proto *p = function(w, code, OX_COUNT(code), 0, 0);
	ox_star_value stop = ox_star_int(w->s, (int64_t)1 << 50);
	ox_star_value constants[] = {
	    ox_star_call(w->s, ox_predeclared_get(w->s, OX_SLICE("range")), &stop, 1, NULL, 0, NULL)};
	(void)state;
	p->constants = constants;
	check(w, p, "code:1:3: the program needs more than 50000 steps");
	assert_true(w->s->steps < 50000 + 2 * OX_POLL_STEPS);
	end(w);
}

static void loading_is_the_business_of_those_above(void **state)
{
	static const struct ox_insn code[] = {AJ(LOAD, A, 0), AJ(SMALL, A, 1), ABC(RETURN, A, 0, 0)};
	struct world *w = begin((struct ox_star_options){0});
	struct ox_proto *p = function(w, code, OX_COUNT(code), 0, 0);
	ox_star_value constants[] = {ox_star_string(w->s, "lib")};
	(void)state;
	p->constants = constants;
	check(w, p, "code:1:1: there is no lib");
	w->can_load = true;
	check(w, p, "1");
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(small_integers_become_large_ones),
	    cmocka_unit_test(a_local_without_value_is_reported_by_its_name),
	    cmocka_unit_test(a_comparison_jumps_at_once),
	    cmocka_unit_test(loops_release_what_they_hold),
	    cmocka_unit_test(functions_are_called_in_the_callers_registers),
	    cmocka_unit_test(native_functions_are_called_by_the_same_instruction),
	    cmocka_unit_test(recursion_and_depth_are_limited),
	    cmocka_unit_test(steps_are_counted_by_turns_of_loops),
	    cmocka_unit_test(loading_is_the_business_of_those_above),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
