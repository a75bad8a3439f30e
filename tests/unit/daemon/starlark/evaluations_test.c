/* Several evaluations at once: interleaved in one thread, and in several threads. */
#include "daemon/starlark/starlark.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Each evaluation has a locale of its own. glibc shares their data between them under a lock that the thread sanitizer
 * does not see. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:freelocale\nrace:_nl_unload_locale\n";
}

static const char program[] = "counter = [0]\n"
			      "def count(by):\n"
			      "  counter[0] += by\n"
			      "  return counter[0]\n"
			      "def work(n):\n"
			      "  large = 1\n"
			      "  for i in range(1, n):\n"
			      "    large *= i\n"
			      "  d = {str(i): large % (i + 7) for i in range(n)}\n"
			      "  text = json.encode(sorted(d.items(), key = lambda e: (e[1], e[0])))\n"
			      "  return hash(text.upper().title() + str(large) + '%r' % json.decode(text))\n";

static struct ox_star *begin(struct ox_star_module **module)
{
	struct ox_star *s = ox_star_new(NULL);
	struct ox_err err = {0};
	assert_non_null(s);
	assert_int_equal(0, ox_star_eval(s, "t", OX_SLICE(program), module, &err));
	return s;
}

static int64_t call(struct ox_star *s, struct ox_star_module *m, const char *name, int64_t n)
{
	int64_t result = -1;
	ox_star_value arg = ox_star_int(s, n);
	ox_star_to_int(ox_star_call(s, ox_star_global(m, ox_slice_str(name)), &arg, 1, NULL, 0, NULL), &result);
	return result;
}

static void interleaved_evaluations_do_not_see_each_other(void **state)
{
	struct ox_star_module *ma, *mb, *more;
	struct ox_star *a = begin(&ma), *b = begin(&mb);
	(void)state;
	assert_int_equal(0, ox_star_eval(a, "more", OX_SLICE("only_a = 1\n"), &more, NULL));
	assert_int_equal(0, ox_star_set(a, "predeclared_in_a", OX_STAR_TRUE));
	for (int i = 1; i <= 100; i++) {
		assert_int_equal(i, call(a, ma, "count", 1));
		assert_int_equal(3 * i, call(b, mb, "count", 3));
	}
	assert_int_equal(OX_EUSAGE, ox_star_eval(b, "bad", OX_SLICE("predeclared_in_a\n"), &more, NULL));
	assert_int_equal(0, ox_star_eval(a, "good", OX_SLICE("predeclared_in_a\n"), &more, NULL));
	ox_star_free(a);
	assert_int_equal(301, call(b, mb, "count", 1));
	ox_star_free(b);
}

/* A function of one evaluation that runs another. */
static ox_star_value inner(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	struct ox_star_module *m;
	struct ox_star *other = begin(&m);
	(void)self, (void)args, (void)data;
	int64_t n = call(other, m, "work", 60);
	ox_star_free(other);
	return ox_star_int(s, n);
}

static const struct ox_star_function inner_function = {"inner", NULL, inner, 0, ""};

static void one_evaluation_can_run_inside_another(void **state)
{
	struct ox_star_module *m, *caller;
	struct ox_star *s = begin(&m);
	(void)state;
	assert_int_equal(0, ox_star_set_function(s, &inner_function));
	assert_int_equal(
	    0,
	    ox_star_eval(s, "t", OX_SLICE("x = [inner() for i in range(3)]\ndef same(y): return int(x == [y] * 3)\n"),
			 &caller, NULL));
	assert_int_equal(1, call(s, caller, "same", call(s, m, "work", 60)));
	ox_star_free(s);
}

enum { THREADS = 4, TURNS = 20 };

struct job {
	pthread_t thread;
	int64_t results[TURNS];
};

/* No assertions here: they are for the test's own thread. */
static void *work(void *data)
{
	struct job *j = data;
	for (int i = 0; i < TURNS; i++) {
		struct ox_star *s = ox_star_new(NULL);
		struct ox_star_module *m;
		if (s && ox_star_eval(s, "t", OX_SLICE(program), &m, NULL) == 0)
			j->results[i] = call(s, m, "work", 100 + i);
		ox_star_free(s);
	}
	return NULL;
}

static void threads_come_to_the_same_results(void **state)
{
	struct job jobs[THREADS] = {0}, alone = {0};
	(void)state;
	work(&alone);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(0, pthread_create(&jobs[i].thread, NULL, work, &jobs[i]));
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(0, pthread_join(jobs[i].thread, NULL));
		assert_memory_equal(alone.results, jobs[i].results, sizeof alone.results);
	}
	for (int i = 1; i < TURNS; i++)
		assert_int_not_equal(alone.results[0], alone.results[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(interleaved_evaluations_do_not_see_each_other),
	    cmocka_unit_test(one_evaluation_can_run_inside_another),
	    cmocka_unit_test(threads_come_to_the_same_results),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
