/* Hostile programs: a clear error, in bounded time and memory. */
#include "daemon/starlark/starlark.h"
#include "proto/base/clock.h"
#include "tests/unit/daemon/starlark/collect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What each program may take: far more than it does, for slow machines and sanitizers. */
enum { SECONDS_MAX = 40 };

struct run {
	struct collect collect;
	struct ox_err err;
	uint64_t cancel_at;
	int status;
};

static bool cancelled(void *user)
{
	const struct run *r = user;
	return r->cancel_at && ox_clock_mono() >= r->cancel_at;
}

static uint64_t processor_time(void)
{
	return ox_clock_read(CLOCK_THREAD_CPUTIME_ID);
}

static void run(struct run *r, struct ox_slice text, struct ox_star_options options)
{
	struct ox_star_module *module;
	uint64_t start = processor_time();
	r->collect.sink.emit = collect_emit;
	options.sink = &r->collect.sink;
	options.user = r;
	options.cancelled = cancelled;
	struct ox_star *s = ox_star_new(&options);
	assert_non_null(s);
	r->status = ox_star_eval(s, "t", text, &module, &r->err);
	ox_star_free(s);
	uint64_t took = (processor_time() - start) / 1000000;
	if (took > SECONDS_MAX * 1000)
		fail_msg("%llu ms: %.*s", (unsigned long long)took, 100, text.data);
}

static void check(struct ox_slice text, int status, const char *message)
{
	struct run r = {0};
	run(&r, text,
	    (struct ox_star_options){.memory_limit = 16 << 20, .step_limit = 3000000, .time_limit_ms = 60000});
	if (r.status != status || !strstr(r.err.text, message))
		fail_msg("%.*s\ngot %d %s\nwant %d %s", (int)(text.len < 300 ? text.len : 300), text.data, r.status,
			 r.err.text, status, message);
	ox_buf_free(&r.collect.text);
}

static const struct {
	const char *text;
	int status;
	const char *message;
} programs[] = {
    /* enormous values */
    {"x = 'a' * 1000000000000", OX_EEXHAUSTED, "t:1:9: the repeated string would be too large"},
    {"x = [0] * 1000000000000", OX_EEXHAUSTED, "the repeated sequence would be too large"},
    {"x = (1, 2) * (1 << 100)", OX_EEXHAUSTED, "the repeated sequence would be too large"},
    {"x = 1 << 1000000000", OX_EEXHAUSTED, "t:1:7: the integer would have more than"},
    {"x = 1 << (1 << 70)", OX_EEXHAUSTED, "the integer would have more than"},
    {"x = 3\nfor i in range(100):\n  x = x * x\n", OX_EEXHAUSTED, "the integer would have more than"},
    {"x = 'ab'\nfor i in range(100):\n  x += x\n", OX_EEXHAUSTED, "t:3:5: the program needs more than 16 MiB"},
    {"x = list(range(1 << 40))", OX_EEXHAUSTED, "the program needs more than"},
    {"x = {i: i for i in range(1 << 40)}", OX_EEXHAUSTED, "the program needs more than"},
    {"x = ','.join(['aaaaaaaa' * 10000] * 1000)", OX_EEXHAUSTED, "the program needs more than 16 MiB"},
    {"x = ('a' * 3000000).replace('a', 'bbbbbbbbbb')", OX_EEXHAUSTED, "the program needs more than 16 MiB"},
    {"x = '%s' * 5000 % tuple(['a' * 10000] * 5000)", OX_EEXHAUSTED, "the program needs more than 16 MiB"},
    {"x = str([['a' * 100000] * 1000] * 1000)", OX_EEXHAUSTED, "the program needs more than 16 MiB"},
    {"x = json.encode([['a' * 100000] * 1000] * 1000)", OX_EEXHAUSTED, "the program needs more than 16 MiB"},
    /* loops without end, recursion */
    {"for i in range(1 << 50):\n  pass\n", OX_EEXHAUSTED, "t:1:10: the program needs more than 3000000 steps"},
    {"[0 for i in range(1 << 50) if False]", OX_EEXHAUSTED, "the program needs more than 3000000 steps"},
    {"x = [1]\nfor i in range(60):\n  x = [x, x]\ny = [1]\nfor i in range(60):\n  y = [y, y]\nx == y\n", OX_EEXHAUSTED,
     "t:7:3: the program needs more than 3000000 steps"},
    {"x = (1,)\nfor i in range(60):\n  x = (x, x)\n{x: 1}\n", OX_EEXHAUSTED, "t:4:2: the program needs more"},
    {"x = 'a' * 4000000\nfor i in range(2000):\n  x += 'b'\n  x in {1: 1}\n", OX_EEXHAUSTED,
     "t:4:5: the program needs more than 3000000 steps"},
    {"x = b'a' * 4000000\nfor i in range(2000):\n  98 in x\n", OX_EEXHAUSTED, "t:3:6: the program needs more than"},
    {"def f(): f()\nf()\n", OX_EUSAGE, "t:1:10: function f calls itself"},
    {"def f(g): g(g)\nf(lambda g: f(g))\n", OX_EUSAGE, "calls itself"},
    {"def f(x): return sorted([1, 2], key = f)\nf(1)\n", OX_EUSAGE, "function f calls itself"},
    /* values that contain themselves */
    {"x = []\nx.append(x)\ny = []\ny.append(y)\nx == y\n", OX_EEXHAUSTED, "t:5:3: the value is nested too deeply"},
    {"x = {}\nx[1] = x\ny = {}\ny[1] = y\nx == y\n", OX_EEXHAUSTED, "the value is nested too deeply"},
    {"x = []\nx.append(x)\ny = []\ny.append(y)\nsorted([x, y])\n", OX_EEXHAUSTED, "nested too deeply"},
    {"x = []\ny = (x,)\nx.append(y)\n{y: 1}\n", OX_EUSAGE, "t:4:2: list cannot be a key"},
    {"x = []\nx.append({'a': x})\njson.encode(x)\n", OX_EUSAGE, "json.encode(): at x[0][\"a\"]: list contains itself"},
    {"x = ()\nfor i in range(100000):\n  x = (x,)\n{x: 1}\n", OX_EEXHAUSTED, "nested too deeply"},
    {"x = ()\nfor i in range(100000):\n  x = (x,)\nstr(x)\n", OX_EEXHAUSTED, "nested too deeply to be printed"},
    /* changed while iterated over, keys */
    {"x = [1]\nfor y in x:\n  x.append(y)\n", OX_EUSAGE, "t:3:5: cannot append to a list while it is iterated over"},
    {"x = {1: 2}\nfor y in x:\n  x[y + 1] = 0\n", OX_EUSAGE, "t:3:4: cannot change a dict while it is iterated over"},
    {"x = {1: 2}\n[x.pop(y) for y in x]\n", OX_EUSAGE, "cannot pop from a dict while it is iterated over"},
    {"x = [3]\nsorted(x, key = lambda y: x.clear())\n[y for y in x]", 0, ""},
    {"x = set([1])\nfor y in x:\n  x.add(y + 1)\n", OX_EUSAGE, "cannot add to a set while it is iterated over"},
    {"x = {[]: 1}\n", OX_EUSAGE, "t:1:6: list cannot be a key: it is not hashable"},
    {"x = {}\nx[{}] = 1\n", OX_EUSAGE, "t:2:2: dict cannot be a key: it is not hashable"},
    {"x = set([[]])\n", OX_EUSAGE, "list cannot be a key: it is not hashable"},
    {"{(1, [2]): 3}", OX_EUSAGE, "list cannot be a key: it is not hashable"},
    /* messages about large values */
    {"{}[tuple(range(100000))]", OX_EUSAGE, "t:1:3: the dict has no key (0, 1, 2, 3, 4, "},
    {"{}.pop('a' * 100000)", OX_EUSAGE, "the dict has no key \"aaaaa"},
    {"{}['\xC3\xA9' * 150]", OX_EUSAGE, "\xC3\xA9..."},
    {"fail('a' * 1000000)", OX_EUSAGE, "t:1:1: aaaaa"},
    /* not text */
    {"x = '\xFF'\n", OX_EUSAGE, "t:1:6: the file is not UTF-8: byte 0xff"},
    {"\x1b[2J\n", OX_EUSAGE, "t:1:1: unexpected character with code 27"},
};

static void hostile_programs_end_in_a_clear_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < OX_COUNT(programs); i++)
		check(ox_slice_str(programs[i].text), programs[i].status, programs[i].message);
}

/* `head`, then `count` times `part`, then `tail`. */
static void check_built(const char *head, const char *part, size_t count, const char *tail, int status,
			const char *message)
{
	struct ox_buf text = {0};
	ox_buf_str(&text, head);
	for (size_t i = 0; i < count; i++)
		ox_buf_str(&text, part);
	ox_buf_str(&text, tail);
	check(ox_buf_view(&text), status, message);
	ox_buf_free(&text);
}

static void absurd_sources_end_in_a_clear_error(void **state)
{
	(void)state;
	check_built("x = ", "[", 200000, "", OX_EUSAGE, "t:1:205: brackets are nested too deeply (limit 200)");
	check_built("x = ", "(((", 200000, ")", OX_EUSAGE, "brackets are nested too deeply");
	check_built("x = ", "-", 200000, "1", OX_EUSAGE, "nested too deeply");
	check_built("x = ", "not ", 200000, "1", OX_EUSAGE, "nested too deeply");
	check_built("x = ", "lambda: ", 200000, "1", OX_EUSAGE, "nested too deeply");
	check_built("x = a", ".b", 200000, "", OX_EUSAGE, "too long or nested too deeply");
	check_built("x = 1", " + 1", 200000, "", OX_EUSAGE, "too long or nested too deeply");
	check_built("x = ", "1 if 1 else ", 200000, "1", OX_EUSAGE, "nested too deeply");
	check_built("x = ", "9", 3000000, "", OX_EEXHAUSTED, "the integer would have more than");
	check_built("x = 0x", "f", 3000000, "", OX_EEXHAUSTED, "the integer would have more than");
	check_built("x = 1", "0", 5000, ".0", OX_EUSAGE,
		    "t:1:5: '1000000000000000000000000000000000000...' is too large for a float");
	check_built("x = '", "a", 3000000, "'\ny = x[1]\nfail(y)", OX_EUSAGE, "t:3:1: a");
	check_built("f(", "a = 1, ", 5000, ")", OX_EUSAGE, "keyword argument 'a' is given twice");
	check_built("x = [", "1, ", 30000, "]\nfail(len(x))", OX_EUSAGE, "30000");
	check_built("", "\xC3", 100000, "", OX_EUSAGE, "the file is not UTF-8");
	check_built("", "?", 200000, "", OX_EUSAGE, "unexpected character '?'");
	check_built("", "x = \n", 20000, "", OX_EUSAGE, "t:1:5: got end of line");
	check_built("x = 1\n", "abcdef\n", 20000, "", OX_EUSAGE, "t:2:1: unknown name 'abcdef'");
}

static void blocks_inside_blocks_are_limited(void **state)
{
	struct ox_buf text = {0};
	(void)state;
	for (int depth = 0; depth < 1000; depth++) {
		for (int i = 0; i < depth; i++)
			ox_buf_byte(&text, ' ');
		ox_buf_str(&text, "if True:\n");
	}
	check(ox_buf_view(&text), OX_EUSAGE, "t:101:101: blocks are nested too deeply");
	ox_buf_free(&text);
}

/* `head`, then v0, v1, ... each with `after`, then `tail`: too many of them. */
static void check_numbered(const char *head, const char *after, int count, const char *tail, const char *message)
{
	struct ox_buf text = {0};
	ox_buf_str(&text, head);
	for (int i = 0; i < count; i++)
		ox_buf_printf(&text, "%sv%d%s", i ? ", " : "", i, after);
	ox_buf_str(&text, tail);
	check(ox_buf_view(&text), OX_EUSAGE, message);
	ox_buf_free(&text);
}

static void names_that_are_compared_one_by_one_are_limited(void **state)
{
	(void)state;
	check_numbered("x = [0 for ", "", 20000, " in []]\n", "a comprehension may have at most 1000 variables");
	check_numbered("f(", " = 1", 20000, ")\n", "a call may have at most 255 keyword arguments");
	check_numbered("def f(", "", 20000, "): pass\n", "a function may have at most 255 parameters");
	check_numbered("def f(", "", 255, "): fail('all')\nf(*range(255))\n", "t:1:");
	check_numbered("def f(**k): fail(len(k))\nf(", " = 1", 255, ")\n", "255");
}

/* Work of built-in functions and operators that a program repeats for ever. */
static const char setup[] = "big, other = 'a' * 300000, 'a' * 300000\n"
			    "title = 'Aa ' * 100000\n"
			    "number, same = (1 << 1500000) + 5, (1 << 1500000) + 5\n"
			    "digits = '7' * 40000\n"
			    "items, equals = [1.5] * 30000, [1.5] * 30000\n"
			    "texts = [big, other] * 50\n"
			    "holes = {i: 0 for i in range(12000)}\n"
			    "[holes.pop(i) for i in range(6000, 12000)]\n"
			    "[holes.pop(i) for i in range(1, 6000)]\n"
			    "numbers = set(range(12000))\n"
			    "text = '[' + '1.25,' * 1000 + '1]'\n"
			    "bombs = [[1]]\n"
			    "[bombs.append([bombs[i], bombs[i]]) for i in range(100)]\n";

static const char *const endless[] = {
    "big == other",
    "big < other",
    "{big: 1}[other]",
    "big.find('b')",
    "big.rfind('a' * 1000 + 'b')",
    "big.rfind('ba')",
    "big.count('aa')",
    "big.count('')",
    "'b' in big",
    "big.isupper()",
    "title.istitle()",
    "big.isalpha()",
    "big.startswith(other)",
    "big.endswith(tuple(texts))",
    "big.strip('b' * 10000)",
    "big.strip('a')",
    "big.partition('b')",
    "big.replace('b', 'c', 1)",
    "big.split('b')",
    "big.rsplit(None, 1)",
    "big.splitlines()",
    "big.upper()",
    "big.title()",
    "hash(big)",
    "repr(big)",
    "'%s' % big",
    "'{}'.format(big)",
    "big % ()",
    "big.format()",
    "(big + 'x')[::3]",
    "getattr(1, big, None)",
    "hasattr(1, big)",
    "int(digits)",
    "str(number)",
    "number == same",
    "number < same",
    "number * same",
    "number // 7",
    "number % same",
    "number ^ same",
    "number >> 1",
    "float(number >> 1499000)",
    "items == equals",
    "items < equals",
    "items.index(2.5) if 2.5 in items else 0",
    "2.5 in tuple(items)",
    "items.insert(0, items.pop())",
    "items.append(items.pop(0))",
    "sorted(texts)",
    "sorted(items, reverse = True)",
    "min(items)",
    "max(items, key = lambda x: -x)",
    "any([0] * 100000)",
    "all(items)",
    "list(zip(items, items))",
    "enumerate(items)",
    "reversed(items)",
    "dict(zip(items, items))",
    "holes.keys()",
    "[x for x in holes]",
    "numbers.issubset(numbers)",
    "numbers & numbers",
    "numbers == set(numbers)",
    "json.decode(text)",
    "json.indent(text)",
    "json.encode(items)",
    "bytes(big)",
    "str(bytes(big))",
    "[x for x in big.elems()]",
    "0 if big else fail(big)",
    "big[1:] == other[1:]",
    "dir(items)",
    "str(bombs[100])",
    "json.encode(bombs[100])",
    "bombs[100] == bombs[99]",
    "(lambda *a, **k: 0)(*items[:1000], **{})",
};

/* An evaluation with the setup; *module is its file. */
static struct ox_star *prepared(struct run *r, uint64_t time_limit_ms, struct ox_star_module **module)
{
	r->cancel_at = 0;
	r->collect.sink.emit = collect_emit;
	struct ox_star *s = ox_star_new(&(struct ox_star_options){
	    .memory_limit = 48 << 20,
	    .step_limit = UINT64_MAX,
	    .time_limit_ms = time_limit_ms,
	    .sink = &r->collect.sink,
	    .cancelled = cancelled,
	    .user = r,
	});
	assert_non_null(s);
	assert_int_equal(0, ox_star_eval(s, "setup", OX_SLICE(setup), module, &r->err));
	return s;
}

/* For ever; how it ended. One turn may take long, but then it must be the last: limits are asked in between. */
static int repeat(struct ox_star *s, struct ox_star_module *module, const char *expression, struct ox_err *err)
{
	struct ox_buf text = {0};
	ox_star_value v;
	uint64_t start = processor_time();
	ox_buf_printf(&text, "[0 for i in range(1 << 50) if [%s] == 7]", expression);
	int status = ox_star_eval_expr(s, "t", ox_buf_view(&text), module, &v, err);
	if ((processor_time() - start) / 1000000 > SECONDS_MAX * 1000)
		fail_msg("took too long: %s", expression);
	ox_buf_free(&text);
	return status;
}

static void every_builtin_can_be_cancelled(void **state)
{
	struct run r = {0};
	struct ox_star_module *module;
	struct ox_star *s = NULL;
	(void)state;
	for (size_t i = 0; i < OX_COUNT(endless); i++) {
		if (!s)
			s = prepared(&r, 100000, &module);
		r.cancel_at = ox_clock_mono() + 20 * 1000000;
		int status = repeat(s, module, endless[i], &r.err);
		if (status != OX_ECANCELLED && status != OX_EEXHAUSTED)
			fail_msg("%s: got %d %s", endless[i], status, r.err.text);
		if (status == OX_ECANCELLED)
			continue;
		ox_star_free(s); /* its memory is used up */
		s = NULL;
	}
	ox_star_free(s);
	ox_buf_free(&r.collect.text);
}

static void builtins_are_stopped_by_the_time_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < OX_COUNT(endless); i += 9) {
		struct run r = {0};
		struct ox_star_module *module;
		struct ox_star *s = prepared(&r, 1000, &module);
		int status = repeat(s, module, endless[i], &r.err);
		if (status != OX_ETIMEOUT && status != OX_EEXHAUSTED)
			fail_msg("%s: got %d %s", endless[i], status, r.err.text);
		ox_star_free(s);
		ox_buf_free(&r.collect.text);
	}
}

static void keys_that_were_chosen_to_collide_are_stopped(void **state)
{
	(void)state;
	/* Multiples of the inverse of the hash's multiplier: products below 2^32, so the hash is 0. */
	check(OX_SLICE("inverse = 0xF1DE83E19937733D\nd = {}\nfor i in range(1 << 30):\n"
		       "  d[((i * inverse) & 0xFFFFFFFFFFFFFFFF) >> 2] = 0\n"),
	      OX_EEXHAUSTED, "the program needs more than");
}

/* ---- the clock ---- */

static ox_star_value slow(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	uint64_t end = processor_time() + 80 * 1000000;
	(void)self, (void)data;
	while (processor_time() < end)
		;
	return ox_star_ok(args[0]) ? ox_star_call(s, args[0], NULL, 0, NULL, 0, NULL) : OX_STAR_NONE;
}

static const struct ox_star_param slow_params[] = {{"then", OX_STAR_T_FUNCTION, OX_STAR_OPTIONAL, NULL, "", 0, NULL},
						   {0}};
static const struct ox_star_function slow_function = {"slow", slow_params, slow, 0, ""};

static int eval_slow(const char *text)
{
	struct ox_star_module *module;
	struct ox_star *s =
	    ox_star_new(&(struct ox_star_options){.time_limit_ms = 60, .step_limit = UINT64_MAX, .recursion = true});
	assert_non_null(s);
	assert_int_equal(0, ox_star_set_function(s, &slow_function));
	int status = ox_star_eval(s, "t", ox_slice_str(text), &module, NULL);
	ox_star_free(s);
	return status;
}

static void time_in_native_functions_is_not_the_programs(void **state)
{
	(void)state;
	assert_int_equal(0, eval_slow("slow()\nslow()\nfor i in range(20000):\n  pass\n"));
	assert_int_equal(OX_ETIMEOUT, eval_slow("def f():\n  for i in range(1 << 50):\n    pass\nslow(f)\n"));
	assert_int_equal(OX_ETIMEOUT, eval_slow("slow(lambda: 1)\nfor i in range(1 << 50):\n  pass\n"));
}

static void time_adds_up_over_calls(void **state)
{
	struct ox_star_module *module;
	struct ox_err err = {0};
	struct ox_star *s = ox_star_new(&(struct ox_star_options){.time_limit_ms = 100, .step_limit = UINT64_MAX});
	(void)state;
	assert_int_equal(
	    0, ox_star_eval(s, "t", OX_SLICE("def f():\n  for i in range(10000):\n    pass\n"), &module, &err));
	ox_star_value f = ox_star_global(module, OX_SLICE("f"));
	int calls = 0;
	while (calls < 1000000 && ox_star_ok(ox_star_call(s, f, NULL, 0, NULL, 0, &err)))
		calls++;
	assert_true(calls > 0 && calls < 1000000);
	assert_int_equal(OX_ETIMEOUT, err.code);
	assert_string_equal("t:2:12: the program needs more than 0.1 seconds", err.text);
	ox_star_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hostile_programs_end_in_a_clear_error),
	    cmocka_unit_test(absurd_sources_end_in_a_clear_error),
	    cmocka_unit_test(blocks_inside_blocks_are_limited),
	    cmocka_unit_test(names_that_are_compared_one_by_one_are_limited),
	    cmocka_unit_test(every_builtin_can_be_cancelled),
	    cmocka_unit_test(builtins_are_stopped_by_the_time_limit),
	    cmocka_unit_test(keys_that_were_chosen_to_collide_are_stopped),
	    cmocka_unit_test(time_in_native_functions_is_not_the_programs),
	    cmocka_unit_test(time_adds_up_over_calls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
