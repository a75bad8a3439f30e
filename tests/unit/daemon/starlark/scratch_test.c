/* Linked with --wrap=malloc and --wrap=realloc: inside an operation nobody may call them. */
#include "daemon/starlark/scratch.h"

#include <gmp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

static int calls;

void *__wrap_malloc(size_t size)
{
	calls++;
	return __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	calls++;
	return __real_realloc(p, size);
}

/* Numbers without a pattern that some algorithm could like. */
static mp_limb_t *limbs_of(size_t n)
{
	mp_limb_t *limbs = calloc(n, sizeof *limbs), x = 88172645463325252u;
	for (size_t i = 0; i < n; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		limbs[i] = x;
	}
	return limbs;
}

enum { LARGEST = (1 << 24) / 64 };

typedef void operation(mpz_t out, const mpz_t a, const mpz_t b);

static void shift_left(mpz_t out, const mpz_t a, const mpz_t b)
{
	mpz_mul_2exp(out, a, mpz_size(b) * 64);
}

static void check(struct ox_scratch *m, operation *run, const mp_limb_t *limbs, mp_size_t n, mp_size_t k)
{
	mpz_t a, b, out;
	mpz_roinit_n(a, limbs, -n);
	mpz_roinit_n(b, limbs + LARGEST, k);
	assert_true(ox_scratch_begin(m, ox_scratch_estimate((size_t)(n + k))));
	calls = 0;
	mpz_init(out);
	run(out, a, b);
	mpz_clear(out);
	assert_int_equal(0, calls);
	ox_scratch_end(m);
}

static void operations_never_ask_for_more_than_the_estimate(void **state)
{
	static operation *const operations[] = {mpz_add, mpz_fdiv_q, mpz_fdiv_r, mpz_and,
						mpz_ior, mpz_xor,    mpz_mul,    shift_left};
	struct ox_scratch m = {0};
	mp_limb_t *limbs = limbs_of(2 * LARGEST);
	(void)state;
	for (mp_size_t n = 1; n <= LARGEST; n = n < 40 ? n + 1 : n + n / 2) {
		const mp_size_t others[] = {1, 2, n / 7 + 1, n / 2 + 1, n};
		for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
			for (size_t j = 0; j < 5; j++) {
				check(&m, operations[i], limbs, n, others[j]);
				check(&m, operations[i], limbs, others[j], n);
			}
		}
	}
	ox_scratch_free(&m);
	free(limbs);
}

static void text_never_needs_more_than_the_estimate(void **state)
{
	static const int bases[] = {2, 8, 10, 16, 36};
	struct ox_scratch m = {0};
	mp_limb_t *limbs = limbs_of(LARGEST);
	(void)state;
	for (mp_size_t n = 1; n <= LARGEST; n = n < 40 ? n + 1 : n * 3) {
		for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
			mpz_t a, b;
			mpz_roinit_n(a, limbs, n);
			size_t digits = mpz_sizeinbase(a, bases[i]) + 2;
			char *text = __real_malloc(digits);
			assert_true(ox_scratch_begin(&m, ox_scratch_estimate((size_t)n) + 2 * digits));
			calls = 0;
			mpz_get_str(text, bases[i], a);
			assert_int_equal(0, calls);
			ox_scratch_end(&m);
			size_t len = strlen(text);
			assert_true(ox_scratch_begin(&m, ox_scratch_estimate((size_t)n) + 2 * len));
			calls = 0;
			mpz_init_set_str(b, text, bases[i]);
			assert_int_equal(0, mpz_cmp(a, b));
			mpz_clear(b);
			assert_int_equal(0, calls);
			ox_scratch_end(&m);
			free(text);
		}
	}
	ox_scratch_free(&m);
	free(limbs);
}

static void outside_an_operation_memory_is_the_systems(void **state)
{
	struct ox_scratch m = {0};
	mpz_t a, b;
	(void)state;
	assert_true(ox_scratch_begin(&m, 100));
	ox_scratch_end(&m);
	mpz_init_set_ui(a, 5);
	mpz_mul_2exp(a, a, 10000);
	assert_true(ox_scratch_begin(&m, ox_scratch_estimate(400)));
	mpz_init_set(b, a);
	mpz_mul_2exp(a, a, 10000); /* of the system, also when it grows inside */
	assert_true(mpz_cmp(a, b) > 0);
	mpz_clear(b);
	ox_scratch_end(&m);
	mpz_clear(a);
	ox_scratch_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(operations_never_ask_for_more_than_the_estimate),
	    cmocka_unit_test(text_never_needs_more_than_the_estimate),
	    cmocka_unit_test(outside_an_operation_memory_is_the_systems),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
