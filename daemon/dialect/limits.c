#include "daemon/dialect/limits.h"

static const struct limit {
	const char *name;
	uint64_t min, max;
} limits[] = {
    {"time", 1, 1000000},
    {"steps", 1, UINT64_MAX / 2},
    {"memory", 1, 1 << 20},
    {"depth", 1, 10000}, /* frames are allocated beforehand */
};

static void set(struct ox_star_options *o, size_t which, uint64_t n)
{
	switch (which) {
	case 0:
		o->time_limit_ms = n * 1000;
		break;
	case 1:
		o->step_limit = n;
		break;
	case 2:
		o->memory_limit = (size_t)n << 20;
		break;
	default:
		o->depth_limit = (uint32_t)n;
	}
}

/* All of the text is one decimal number. */
static bool number(struct ox_slice text, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint64_t digit = (uint64_t)text.data[i] - '0';
		if (digit > 9 || __builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, digit, n))
			return false;
	}
	return text.len > 0;
}

/* One "name=number". */
static int one(struct ox_slice part, struct ox_star_options *options, struct ox_err *err)
{
	const char *equals = memchr(part.data, '=', part.len);
	struct ox_slice name = ox_slice(part.data, equals ? (size_t)(equals - part.data) : part.len);
	for (size_t i = 0; equals && i < OX_COUNT(limits); i++) {
		uint64_t n;
		if (!ox_slice_eq_str(name, limits[i].name))
			continue;
		if (!number(ox_slice(equals + 1, part.len - name.len - 1), &n) || n < limits[i].min ||
		    n > limits[i].max)
			return ox_fail(err, OX_EUSAGE,
				       "OXIDIZER_CONFIG_LIMITS: '%.*s': %s takes a number from %llu to %llu",
				       OX_SLICE_ARG(part), limits[i].name, (unsigned long long)limits[i].min,
				       (unsigned long long)limits[i].max);
		set(options, i, n);
		return 0;
	}
	return ox_fail(
	    err, OX_EUSAGE,
	    "OXIDIZER_CONFIG_LIMITS: '%.*s' is none of time=N, steps=N, memory=N, depth=N, separated by commas",
	    OX_SLICE_ARG(part));
}

int ox_dialect_limits(const char *text, struct ox_star_options *options, struct ox_err *err)
{
	struct ox_star_options changed = *options;
	int rc = 0;
	while (rc == 0 && text && *text) {
		size_t len = strcspn(text, ",");
		rc = one(ox_slice(text, len), &changed, err);
		text += len + (text[len] == ',');
	}
	if (rc == 0)
		*options = changed;
	return rc;
}
