/* Linked with --wrap=malloc, calloc and realloc: each allocation of a layout fails once. */
#include "daemon/starlark/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

static int until_failure; /* 0: none fails */

static bool fails(void)
{
	return until_failure > 0 && --until_failure == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

/* Loads to sort, literals to requote, comments, and enough of everything for several blocks of memory. */
static void write_program(struct ox_buf *text)
{
	for (int i = 0; i < 500; i++)
		ox_buf_printf(text, "load('f', 'b', 'a')\nx = foo('it\\'s', [1,\n2], # %d\n)\n", i);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	struct ox_buf text = {0}, out = {0};
	int n = 1, status = OX_EEXHAUSTED;
	write_program(&text);
	for (; status == OX_EEXHAUSTED; n++) {
		struct ox_err err = {0};
		ox_buf_free(&out);
		ox_buf_str(&out, "kept");
		until_failure = n;
		status = ox_layout(OX_SLICE("f"), ox_buf_view(&text), NULL, &out, &err);
		until_failure = 0;
		assert_int_equal(status, err.code);
		if (status != 0)
			assert_string_equal("kept", out.data);
	}
	assert_int_equal(0, status);
	assert_true(n > 20);
	ox_buf_free(&text);
	ox_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
