/* Hashes, equality, order. Self-containing and very deep values end in an error. */
#include "daemon/starlark/thread.h"

#include <math.h>

static int too_deep(struct ox_star *s)
{
	ox_fail_code(s, OX_EEXHAUSTED, "too-deep", NULL, "the value is nested too deeply (or contains itself)");
	return -1;
}

static uint32_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0x9E3779B97F4A7C15u;
	return (uint32_t)(h >> 32);
}

static uint32_t hash_bytes(uint32_t seed, const char *p, size_t len)
{
	uint64_t h = seed ^ (len * 0x9E3779B97F4A7C15u), word;
	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		h = (h ^ word) * 0xD6E8FEB86659FD93u;
		h ^= h >> 32;
	}
	word = 0;
	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return mix((h ^ word) * 0xD6E8FEB86659FD93u);
}

/* Kept in the string. */
static int hash_text(struct ox_star *s, struct ox_string *str, uint32_t *hash)
{
	if (!str->head.aux) {
		if (!ox_charge(s, str->len / 8))
			return -1;
		uint32_t h = hash_bytes(s->seed, str->data, str->len);
		str->head.aux = h ? h : 1;
	}
	*hash = str->head.aux;
	return 0;
}

/* Floats that are whole hash like the equal integer; all that are no number are equal. */
static uint32_t hash_float(struct ox_star *s, double d)
{
	if (d >= (double)OX_SMALL_MIN && d < -(double)OX_SMALL_MIN && d == floor(d))
		return mix((uint64_t)(int64_t)d);
	if (isnan(d))
		return s->seed;
	return hash_bytes(s->seed, (const char *)&d, sizeof d);
}

static uint32_t hash_big(struct ox_star *s, ox_star_value v)
{
	double d = ox_int_to_double(v);
	return hash_float(s, d);
}

static int hash_items(struct ox_star *s, const ox_star_value *items, size_t len, uint32_t *hash)
{
	uint64_t h = 0x345678u + len;
	if (s->value_depth >= OX_VALUE_DEPTH_MAX)
		return too_deep(s);
	if (!ox_charge(s, len))
		return -1;
	s->value_depth++;
	int status = 0;
	for (size_t i = 0; i < len && status == 0; i++) {
		uint32_t item;
		status = ox_hash(s, items[i], &item);
		h = h * 1000003u + (status == 0 ? item : 0);
	}
	s->value_depth--;
	*hash = mix(h);
	return status;
}

/* Of a dict or set: equal ones may have their entries in another order. */
static int hash_entries(struct ox_star *s, const struct ox_dict *d, uint32_t *hash)
{
	uint64_t h = d->live;
	struct ox_dict_entry *e;
	if (s->value_depth >= OX_VALUE_DEPTH_MAX)
		return too_deep(s);
	if (!ox_charge(s, d->live))
		return -1;
	s->value_depth++;
	int status = 0;
	for (uint32_t i = 0; status == 0 && (e = ox_dict_next(d, &i));) {
		uint32_t value;
		status = ox_hash(s, e->value, &value);
		h += status == 0 ? mix((uint64_t)e->hash << 32 | value) : 0;
	}
	s->value_depth--;
	*hash = mix(h);
	return status;
}

static int unhashable(struct ox_star *s, ox_star_value v)
{
	const char *hint = ox_is(v, OX_OBJ_LIST) ? "use a tuple" : NULL;
	ox_star_fail_with(s, "unhashable", hint, "%s cannot be a key: it is not hashable", ox_star_type_name(s, v));
	return -1;
}

int ox_hash(struct ox_star *s, ox_star_value v, uint32_t *hash)
{
	if (!ox_is_object(v)) {
		*hash = mix(ox_is_small(v) ? (uint64_t)ox_small(v) : v.bits + 0x51ED27u);
		return 0;
	}
	switch (ox_object(v)->kind) {
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
		return hash_text(s, OX_AS(ox_string, v), hash);
	case OX_OBJ_INT:
		*hash = hash_big(s, v);
		return 0;
	case OX_OBJ_FLOAT:
		*hash = hash_float(s, OX_AS(ox_float, v)->value);
		return 0;
	case OX_OBJ_TUPLE:
		return hash_items(s, OX_AS(ox_tuple, v)->items, OX_AS(ox_tuple, v)->len, hash);
	case OX_OBJ_LIST:
		if (!ox_object(v)->frozen)
			return unhashable(s, v);
		return hash_items(s, OX_AS(ox_list, v)->items, OX_AS(ox_list, v)->len, hash);
	case OX_OBJ_DICT:
	case OX_OBJ_SET:
		if (!ox_object(v)->frozen)
			return unhashable(s, v);
		return hash_entries(s, OX_AS(ox_dict, v), hash);
	case OX_OBJ_FUNCTION:
	case OX_OBJ_BUILTIN:
		*hash = mix(v.bits);
		return 0;
	case OX_OBJ_NATIVE:
		if (OX_AS(ox_native, v)->type->equal)
			return unhashable(s, v);
		*hash = mix(v.bits);
		return 0;
	default:
		return unhashable(s, v);
	}
}

static int equal_items(struct ox_star *s, const ox_star_value *a, const ox_star_value *b, size_t n)
{
	if (s->value_depth >= OX_VALUE_DEPTH_MAX)
		return too_deep(s);
	if (!ox_charge(s, n))
		return -1;
	s->value_depth++;
	int eq = 1;
	for (size_t i = 0; i < n && eq == 1; i++)
		eq = ox_equal(s, a[i], b[i]);
	s->value_depth--;
	return eq;
}

static int equal_dicts(struct ox_star *s, const struct ox_dict *a, const struct ox_dict *b)
{
	struct ox_dict_entry *e;
	ox_star_value other;
	if (a->live != b->live)
		return 0;
	if (s->value_depth >= OX_VALUE_DEPTH_MAX)
		return too_deep(s);
	if (!ox_charge(s, a->live))
		return -1;
	s->value_depth++;
	int eq = 1;
	for (uint32_t i = 0; eq == 1 && (e = ox_dict_next(a, &i));) {
		eq = ox_dict_find(s, b, e->key, &other);
		if (eq == 1)
			eq = ox_equal(s, e->value, other);
	}
	s->value_depth--;
	return eq;
}

static int equal_ranges(const struct ox_range *a, const struct ox_range *b)
{
	if (a->len != b->len)
		return 0;
	return a->len == 0 || (a->start == b->start && (a->len == 1 || a->step == b->step));
}

static int equal_numbers(ox_star_value a, ox_star_value b)
{
	bool fa = ox_is(a, OX_OBJ_FLOAT), fb = ox_is(b, OX_OBJ_FLOAT);
	if (fa && fb) {
		double x = OX_AS(ox_float, a)->value, y = OX_AS(ox_float, b)->value;
		return x == y || (isnan(x) && isnan(y));
	}
	if (fa)
		return ox_int_compare_double(b, OX_AS(ox_float, a)->value) == 0;
	if (fb)
		return ox_int_compare_double(a, OX_AS(ox_float, b)->value) == 0;
	return ox_int_compare(a, b) == 0;
}

static bool is_number(ox_star_value v)
{
	return ox_is_int(v) || ox_is(v, OX_OBJ_FLOAT);
}

static bool charge_number(struct ox_star *s, ox_star_value v)
{
	return !ox_is(v, OX_OBJ_INT) || ox_charge(s, (uint64_t)labs((long)OX_AS(ox_big, v)->size) / 8);
}

/* Long texts are work: 1, or 0 and failing. */
static bool charge_text(struct ox_star *s, struct ox_slice a, struct ox_slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	return n < 512 || ox_charge(s, n / 64);
}

int ox_equal_text(struct ox_star *s, struct ox_slice a, struct ox_slice b)
{
	if (a.len != b.len)
		return 0;
	return charge_text(s, a, b) ? ox_slice_eq(a, b) : -1;
}

int ox_compare_text(struct ox_star *s, struct ox_slice a, struct ox_slice b, int *order)
{
	*order = a.data == b.data && a.len == b.len ? 0 : ox_slice_cmp(a, b);
	return charge_text(s, a, b) ? 0 : -1;
}

static int equal_objects(struct ox_star *s, ox_star_value a, ox_star_value b)
{
	const struct ox_tuple *t = OX_AS(ox_tuple, a), *u = OX_AS(ox_tuple, b);
	const struct ox_list *l = OX_AS(ox_list, a), *m = OX_AS(ox_list, b);
	switch (ox_object(a)->kind) {
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
		return ox_equal_text(s, ox_text_of(a), ox_text_of(b));
	case OX_OBJ_TUPLE:
		return t->len != u->len ? 0 : equal_items(s, t->items, u->items, t->len);
	case OX_OBJ_LIST:
		return l->len != m->len ? 0 : equal_items(s, l->items, m->items, l->len);
	case OX_OBJ_DICT:
	case OX_OBJ_SET:
		return equal_dicts(s, OX_AS(ox_dict, a), OX_AS(ox_dict, b));
	case OX_OBJ_RANGE:
		return equal_ranges(OX_AS(ox_range, a), OX_AS(ox_range, b));
	case OX_OBJ_BUILTIN:
		return OX_AS(ox_builtin, a)->spec == OX_AS(ox_builtin, b)->spec &&
		       OX_AS(ox_builtin, a)->data == OX_AS(ox_builtin, b)->data &&
		       ox_same(OX_AS(ox_builtin, a)->self, OX_AS(ox_builtin, b)->self);
	case OX_OBJ_NATIVE:
		return OX_AS(ox_native, a)->type == OX_AS(ox_native, b)->type && OX_AS(ox_native, a)->type->equal &&
		       OX_AS(ox_native, a)->type->equal(a, b);
	default:
		return 0;
	}
}

int ox_equal(struct ox_star *s, ox_star_value a, ox_star_value b)
{
	if (ox_same(a, b))
		return 1;
	if (is_number(a) && is_number(b))
		return charge_number(s, a) ? equal_numbers(a, b) : -1;
	if (!ox_is_object(a) || !ox_is_object(b) || ox_object(a)->kind != ox_object(b)->kind)
		return 0;
	return equal_objects(s, a, b);
}

bool ox_star_equal(struct ox_star *s, ox_star_value a, ox_star_value b)
{
	return ox_equal(s, a, b) == 1;
}

static int order_numbers(ox_star_value a, ox_star_value b)
{
	bool fa = ox_is(a, OX_OBJ_FLOAT), fb = ox_is(b, OX_OBJ_FLOAT);
	if (fa && fb) {
		double x = OX_AS(ox_float, a)->value, y = OX_AS(ox_float, b)->value;
		if (isnan(x) || isnan(y))
			return isnan(x) - isnan(y);
		return (x > y) - (x < y);
	}
	if (fa)
		return -ox_int_compare_double(b, OX_AS(ox_float, a)->value);
	if (fb)
		return ox_int_compare_double(a, OX_AS(ox_float, b)->value);
	return ox_int_compare(a, b);
}

static int not_comparable(struct ox_star *s, ox_star_value a, ox_star_value b, int op)
{
	ox_star_fail_with(s, "operator", NULL, "cannot compare %s %s %s", ox_star_type_name(s, a), ox_op_text(op),
			  ox_star_type_name(s, b));
	return -1;
}

static int order_items(struct ox_star *s, const ox_star_value *a, size_t an, const ox_star_value *b, size_t bn, int op,
		       int *order)
{
	size_t n = an < bn ? an : bn;
	if (s->value_depth >= OX_VALUE_DEPTH_MAX)
		return too_deep(s);
	s->value_depth++;
	int status = 0, eq = 1;
	*order = (an > bn) - (an < bn);
	for (size_t i = 0; i < n && status == 0 && eq == 1; i++) {
		eq = ox_charge(s, 1) ? ox_equal(s, a[i], b[i]) : -1;
		if (eq == 0)
			status = ox_compare(s, a[i], b[i], op, order);
	}
	s->value_depth--;
	return eq < 0 ? -1 : status;
}

int ox_compare(struct ox_star *s, ox_star_value a, ox_star_value b, int op, int *order)
{
	if (is_number(a) && is_number(b)) {
		*order = order_numbers(a, b);
		return charge_number(s, a) ? 0 : -1;
	}
	bool ba = ox_same(a, OX_STAR_TRUE) || ox_same(a, OX_STAR_FALSE);
	bool bb = ox_same(b, OX_STAR_TRUE) || ox_same(b, OX_STAR_FALSE);
	if (ba && bb) {
		*order = ox_same(a, OX_STAR_TRUE) - ox_same(b, OX_STAR_TRUE);
		return 0;
	}
	if (!ox_is_object(a) || !ox_is_object(b) || ox_object(a)->kind != ox_object(b)->kind)
		return not_comparable(s, a, b, op);
	switch (ox_object(a)->kind) {
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
		return ox_compare_text(s, ox_text_of(a), ox_text_of(b), order);
	case OX_OBJ_LIST:
		return order_items(s, OX_AS(ox_list, a)->items, OX_AS(ox_list, a)->len, OX_AS(ox_list, b)->items,
				   OX_AS(ox_list, b)->len, op, order);
	case OX_OBJ_TUPLE:
		return order_items(s, OX_AS(ox_tuple, a)->items, OX_AS(ox_tuple, a)->len, OX_AS(ox_tuple, b)->items,
				   OX_AS(ox_tuple, b)->len, op, order);
	default:
		return not_comparable(s, a, b, op);
	}
}
