/* Integers of any size on GMP, and floats. What allocates inside GMP runs between
 * ox_scratch_begin and _end: see scratch.h. */
#include "daemon/starlark/thread.h"

#include <float.h>
#include <math.h>

enum { BITS_MAX = 1 << 24 /* of a result: 2 MiB */ };

void ox_int_view(ox_star_value v, mpz_t z, mp_limb_t room[static 1])
{
	if (ox_is_small(v)) {
		int64_t n = ox_small(v);
		room[0] = n < 0 ? (mp_limb_t)0 - (mp_limb_t)n : (mp_limb_t)n;
		mpz_roinit_n(z, room, n < 0 ? -1 : n > 0);
		return;
	}
	const struct ox_big *big = OX_AS(ox_big, v);
	mpz_roinit_n(z, big->limbs, big->size);
}

ox_star_value ox_int_from_mpz(struct ox_star *s, const mpz_t z)
{
	if (mpz_fits_slong_p(z)) {
		long n = mpz_get_si(z);
		if (ox_fits_small(n))
			return ox_from_small(n);
	}
	size_t limbs = mpz_size(z);
	struct ox_big *big = (struct ox_big *)ox_new_object(s, OX_OBJ_INT, sizeof *big + limbs * sizeof(mp_limb_t));
	if (!big)
		return OX_STAR_FAILED;
	big->size = mpz_sgn(z) < 0 ? -(int32_t)limbs : (int32_t)limbs;
	memcpy(big->limbs, mpz_limbs_read(z), limbs * sizeof(mp_limb_t));
	return ox_from_object(big);
}

ox_star_value ox_star_int(struct ox_star *s, int64_t n)
{
	if (ox_fits_small(n))
		return ox_from_small(n);
	mpz_t z;
	mp_limb_t limb = n < 0 ? (mp_limb_t)0 - (mp_limb_t)n : (mp_limb_t)n;
	return ox_int_from_mpz(s, mpz_roinit_n(z, &limb, n < 0 ? -1 : 1));
}

ox_star_value ox_star_float(struct ox_star *s, double d)
{
	struct ox_float *f = (struct ox_float *)ox_new_object(s, OX_OBJ_FLOAT, sizeof *f);
	if (!f)
		return OX_STAR_FAILED;
	f->value = d;
	return ox_from_object(f);
}

static ox_star_value too_large(struct ox_star *s)
{
	return ox_fail_code(s, OX_EEXHAUSTED, "too-large", NULL, "the integer would have more than %d bits", BITS_MAX);
}

ox_star_value ox_int_parse(struct ox_star *s, struct ox_slice digits, int base)
{
	if (digits.len == 0)
		return OX_STAR_FAILED;
	if (digits.len > BITS_MAX / 6)
		return too_large(s);
	for (size_t i = 0; i < digits.len; i++) {
		unsigned char c = (unsigned char)digits.data[i];
		int v = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'z' ? (c | 32) - 'a' + 10 : 99;
		if (v >= base)
			return OX_STAR_FAILED;
	}
	/* Reading costs more than a step for each digit, and more so the more there are. */
	if (!ox_charge(s, digits.len * 8))
		return OX_STAR_FAILED;
	size_t bits = base <= 2 ? 1 : base <= 8 ? 3 : base <= 16 ? 4 : 6;
	char *text = strndup(digits.data, digits.len);
	if (!text || !ox_scratch_begin(&s->scratch, ox_scratch_estimate(digits.len * bits / 64 + 1) + 2 * digits.len)) {
		free(text);
		return ox_fail_memory(s);
	}
	mpz_t z;
	mpz_init_set_str(z, text, base);
	ox_star_value v = ox_int_from_mpz(s, z);
	mpz_clear(z);
	ox_scratch_end(&s->scratch);
	free(text);
	return v;
}

ox_star_value ox_int_from_double(struct ox_star *s, double d)
{
	if (!isfinite(d))
		return ox_star_fail(s, "cannot make an int of %s", isnan(d) ? "nan" : d > 0 ? "+inf" : "-inf");
	if (fabs(d) < 9e15)
		return ox_from_small((int64_t)d);
	if (!ox_scratch_begin(&s->scratch, ox_scratch_estimate(DBL_MAX_EXP / 64 + 1)))
		return ox_fail_memory(s);
	mpz_t z;
	mpz_init_set_d(z, d);
	ox_star_value v = ox_int_from_mpz(s, z);
	mpz_clear(z);
	ox_scratch_end(&s->scratch);
	return v;
}

/* Nearest double, ties to even; infinite when too large. */
static double mpz_to_double(const mpz_t z)
{
	size_t bits = mpz_sizeinbase(z, 2);
	if (bits <= 53)
		return mpz_get_d(z);
	if (bits > DBL_MAX_EXP)
		return mpz_sgn(z) < 0 ? -INFINITY : INFINITY;
	/* Keep 64 bits, the last of which remembers whether anything below was set. */
	unsigned long shift = bits > 64 ? bits - 64 : 0;
	uint64_t m = mpz_getlimbn(z, (mp_size_t)(shift / 64)) >> shift % 64;
	if (shift % 64)
		m |= (uint64_t)mpz_getlimbn(z, (mp_size_t)(shift / 64) + 1) << (64 - shift % 64);
	if (shift && mpz_scan1(z, 0) < shift)
		m |= 1;
	double d = ldexp((double)m, (int)shift);
	return mpz_sgn(z) < 0 ? -d : d;
}

double ox_int_to_double(ox_star_value v)
{
	if (ox_is_small(v))
		return (double)ox_small(v);
	mpz_t z;
	mp_limb_t room[1];
	ox_int_view(v, z, room);
	return mpz_to_double(z);
}

int ox_int_sign(ox_star_value v)
{
	if (ox_is_small(v))
		return (ox_small(v) > 0) - (ox_small(v) < 0);
	return OX_AS(ox_big, v)->size < 0 ? -1 : 1;
}

int ox_int_compare(ox_star_value a, ox_star_value b)
{
	if (ox_is_small(a) && ox_is_small(b))
		return (ox_small(a) > ox_small(b)) - (ox_small(a) < ox_small(b));
	mpz_t x, y;
	mp_limb_t room[2];
	ox_int_view(a, x, &room[0]);
	ox_int_view(b, y, &room[1]);
	int c = mpz_cmp(x, y);
	return (c > 0) - (c < 0);
}

/* NaN is above everything, as in the order of floats. */
int ox_int_compare_double(ox_star_value a, double d)
{
	if (isnan(d))
		return -1;
	mpz_t x;
	mp_limb_t room[1];
	ox_int_view(a, x, room);
	int c = mpz_cmp_d(x, d);
	return (c > 0) - (c < 0);
}

static size_t bits_of(const mpz_t z)
{
	return mpz_sizeinbase(z, 2);
}

static int shift_count(struct ox_star *s, const mpz_t count, bool left, const mpz_t value, unsigned long *n)
{
	if (mpz_sgn(count) < 0) {
		ox_star_fail(s, "negative shift count");
		return -1;
	}
	if (!left) {
		*n = mpz_fits_ulong_p(count) ? mpz_get_ui(count) : ULONG_MAX;
		if (*n > BITS_MAX)
			*n = BITS_MAX + 1;
		return 0;
	}
	if (!mpz_fits_ulong_p(count) || mpz_get_ui(count) > BITS_MAX || mpz_get_ui(count) + bits_of(value) > BITS_MAX) {
		if (mpz_sgn(value) == 0) {
			*n = 0;
			return 0;
		}
		too_large(s);
		return -1;
	}
	*n = mpz_get_ui(count);
	return 0;
}

static int shift(struct ox_star *s, int op, mpz_t out, const mpz_t x, const mpz_t y)
{
	unsigned long n;
	if (shift_count(s, y, op == OX_OP_SHL, x, &n) < 0)
		return -1;
	if (op == OX_OP_SHL)
		mpz_mul_2exp(out, x, n);
	else
		mpz_fdiv_q_2exp(out, x, n);
	return 0;
}

static int compute(struct ox_star *s, int op, mpz_t out, const mpz_t x, const mpz_t y)
{
	switch (op) {
	case OX_OP_ADD:
		mpz_add(out, x, y);
		return 0;
	case OX_OP_SUB:
		mpz_sub(out, x, y);
		return 0;
	case OX_OP_MUL:
		if (bits_of(x) + bits_of(y) > BITS_MAX) {
			too_large(s);
			return -1;
		}
		mpz_mul(out, x, y);
		return 0;
	case OX_OP_FLOORDIV:
	case OX_OP_MOD:
		if (mpz_sgn(y) == 0) {
			ox_star_fail(s, op == OX_OP_MOD ? "integer modulo by zero" : "division by zero");
			return -1;
		}
		(op == OX_OP_MOD ? mpz_fdiv_r : mpz_fdiv_q)(out, x, y);
		return 0;
	case OX_OP_AND:
		mpz_and(out, x, y);
		return 0;
	case OX_OP_OR:
		mpz_ior(out, x, y);
		return 0;
	case OX_OP_XOR:
		mpz_xor(out, x, y);
		return 0;
	default:
		return shift(s, op, out, x, y);
	}
}

ox_star_value ox_int_binary(struct ox_star *s, int op, ox_star_value a, ox_star_value b)
{
	mpz_t x, y, out;
	mp_limb_t room[2];
	ox_int_view(a, x, &room[0]);
	ox_int_view(b, y, &room[1]);
	size_t limbs = mpz_size(x) + mpz_size(y);
	bool heavy = op == OX_OP_MUL || op == OX_OP_FLOORDIV || op == OX_OP_MOD;
	if (!ox_charge(s, heavy ? limbs * 8 : limbs))
		return OX_STAR_FAILED;
	if (op == OX_OP_SHL && mpz_fits_ulong_p(y) && mpz_get_ui(y) <= BITS_MAX)
		limbs += mpz_get_ui(y) / 64 + 1;
	if (!ox_scratch_begin(&s->scratch, ox_scratch_estimate(limbs)))
		return ox_fail_memory(s);
	mpz_init(out);
	int status = compute(s, op, out, x, y);
	ox_star_value v = status < 0 ? OX_STAR_FAILED : ox_int_from_mpz(s, out);
	mpz_clear(out);
	ox_scratch_end(&s->scratch);
	return v;
}

ox_star_value ox_int_negate(struct ox_star *s, ox_star_value v)
{
	return ox_int_binary(s, OX_OP_SUB, ox_from_small(0), v);
}

ox_star_value ox_int_invert(struct ox_star *s, ox_star_value v)
{
	return ox_int_binary(s, OX_OP_SUB, ox_from_small(-1), v);
}

struct ox_slice ox_small_digits(int64_t n, char room[static OX_SMALL_DIGITS])
{
	char *end = room + OX_SMALL_DIGITS, *p = end;
	uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	do
		*--p = (char)('0' + left % 10);
	while (left /= 10);
	if (n < 0)
		*--p = '-';
	return ox_slice(p, (size_t)(end - p));
}

int ox_int_format(struct ox_star *s, ox_star_value v, int base, struct ox_buf *out)
{
	if (ox_is_small(v) && base == 10) {
		char digits[OX_SMALL_DIGITS];
		ox_buf_slice(out, ox_small_digits(ox_small(v), digits));
		return 0;
	}
	mpz_t z;
	mp_limb_t room[1];
	ox_int_view(v, z, room);
	size_t digits = mpz_sizeinbase(z, base < 0 ? -base : base) + 2;
	if (!ox_charge(s, digits * 8))
		return -1;
	char *p = ox_buf_reserve(out, digits);
	if (!p || !ox_scratch_begin(&s->scratch, ox_scratch_estimate(mpz_size(z)) + 2 * digits)) {
		ox_fail_memory(s);
		return -1;
	}
	mpz_get_str(p, base, z);
	ox_scratch_end(&s->scratch);
	ox_buf_commit(out, strlen(p));
	return 0;
}

/* Shortest decimal that reads back as d: 0.25, 1500.0, and 1.5e+06 from a million on. */
static void shortest(double d, char out[static 40])
{
	char text[40];
	/* 15 digits, trailing zeros left out, are the shortest of all, except of numbers that have fewer bits. */
	for (int precision = fabs(d) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
		snprintf(text, sizeof text, "%.*e", precision - 1, d);
		if (strtod(text, NULL) == d)
			break;
	}
	char *e = strchr(text, 'e'), *end = e;
	int exponent = atoi(e + 1);
	while (end[-1] == '0' && end - text > 2)
		end--;
	int decimals = (int)(end - strpbrk(text, "0123456789")) - (memchr(text, '.', (size_t)(end - text)) ? 2 : 1);
	if (exponent >= -4 && exponent < 6)
		snprintf(out, 40, "%.*f", decimals - exponent < 1 ? 1 : decimals - exponent, d);
	else
		snprintf(out, 40, "%.*s%s", (int)(end - text) - (end[-1] == '.'), text, e);
}

void ox_float_format(double d, char conversion, struct ox_buf *out)
{
	if (isnan(d) || isinf(d)) {
		ox_buf_str(out, isnan(d) ? "nan" : d < 0 ? "-inf" : "+inf");
		return;
	}
	char text[400];
	switch (conversion) {
	case 'e':
		snprintf(text, sizeof text, "%.6e", d);
		break;
	case 'f':
		snprintf(text, sizeof text, "%.6f", d);
		break;
	default:
		shortest(d, text);
	}
	ox_buf_str(out, text);
}
