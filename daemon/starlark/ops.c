/* Operators: what a + b means for every pair of types. */
#include "daemon/starlark/thread.h"

#include <math.h>

static const char *const op_texts[] = {
    [OX_OP_ADD] = "+",  [OX_OP_SUB] = "-",    [OX_OP_MUL] = "*", [OX_OP_DIV] = "/",         [OX_OP_FLOORDIV] = "//",
    [OX_OP_MOD] = "%",  [OX_OP_AND] = "&",    [OX_OP_OR] = "|",  [OX_OP_XOR] = "^",         [OX_OP_SHL] = "<<",
    [OX_OP_SHR] = ">>", [OX_OP_EQ] = "==",    [OX_OP_NE] = "!=", [OX_OP_LT] = "<",          [OX_OP_GT] = ">",
    [OX_OP_LE] = "<=",  [OX_OP_GE] = ">=",    [OX_OP_IN] = "in", [OX_OP_NOT_IN] = "not in", [OX_OP_NEGATE] = "-",
    [OX_OP_PLUS] = "+", [OX_OP_INVERT] = "~",
};

const char *ox_op_text(int op)
{
	return op_texts[op];
}

static ox_star_value undefined(struct ox_star *s, int op, ox_star_value a, ox_star_value b)
{
	bool text = op == OX_OP_ADD && (ox_is_string(a) || ox_is_string(b));
	return ox_star_fail_with(s, "operator", text ? "make a string of it with str(x)" : NULL,
				 "%s %s %s is not defined", ox_star_type_name(s, a), op_texts[op],
				 ox_star_type_name(s, b));
}

static bool is_float(ox_star_value v)
{
	return ox_is(v, OX_OBJ_FLOAT);
}

static bool is_number(ox_star_value v)
{
	return ox_is_int(v) || is_float(v);
}

static int to_double(struct ox_star *s, ox_star_value v, double *d)
{
	*d = is_float(v) ? OX_AS(ox_float, v)->value : ox_int_to_double(v);
	if (!isinf(*d) || is_float(v))
		return 0;
	ox_star_fail(s, "int too large to become a float");
	return -1;
}

static ox_star_value float_binary(struct ox_star *s, int op, ox_star_value a, ox_star_value b)
{
	double x, y, m;
	if (to_double(s, a, &x) < 0 || to_double(s, b, &y) < 0)
		return OX_STAR_FAILED;
	switch (op) {
	case OX_OP_ADD:
		return ox_star_float(s, x + y);
	case OX_OP_SUB:
		return ox_star_float(s, x - y);
	case OX_OP_MUL:
		return ox_star_float(s, x * y);
	case OX_OP_DIV:
	case OX_OP_FLOORDIV:
		if (y == 0)
			return ox_star_fail(s, "floating-point division by zero");
		return ox_star_float(s, op == OX_OP_DIV ? x / y : floor(x / y));
	case OX_OP_MOD:
		if (y == 0)
			return ox_star_fail(s, "floating-point modulo by zero");
		m = fmod(x, y);
		if (m != 0 && (m < 0) != (y < 0))
			m += y;
		return ox_star_float(s, m);
	default:
		return undefined(s, op, a, b);
	}
}

static int repeat_count(struct ox_star *s, ox_star_value n, size_t len, size_t item_size, size_t *count)
{
	if (ox_int_sign(n) <= 0 || len == 0) {
		*count = 0;
		return 0;
	}
	if (!ox_is_small(n) || (uint64_t)ox_small(n) > s->heap.limit / item_size / len) {
		ox_fail_code(s, OX_EEXHAUSTED, "too-large", NULL, "the repeated %s would be too large",
			     item_size == 1 ? "string" : "sequence");
		return -1;
	}
	*count = (size_t)ox_small(n);
	return ox_charge(s, *count * len * item_size / 8) ? 0 : -1;
}

static ox_star_value repeat_string(struct ox_star *s, ox_star_value v, ox_star_value n)
{
	struct ox_slice text = ox_text_of(v);
	size_t count;
	char *data;
	if (repeat_count(s, n, text.len, 1, &count) < 0)
		return OX_STAR_FAILED;
	struct ox_string *str = ox_string_new(s, (enum ox_obj_kind)ox_object(v)->kind, count * text.len, &data);
	if (!str)
		return OX_STAR_FAILED;
	/* What is there already is doubled. */
	size_t total = count * text.len, done = total ? text.len : 0;
	memcpy(data, text.data, done);
	for (size_t more; done < total; done += more) {
		more = done < total - done ? done : total - done;
		memcpy(data + done, data, more);
	}
	return ox_from_object(str);
}

static ox_star_value repeat_items(struct ox_star *s, ox_star_value v, ox_star_value n)
{
	bool list = ox_is(v, OX_OBJ_LIST);
	const ox_star_value *from = list ? OX_AS(ox_list, v)->items : OX_AS(ox_tuple, v)->items;
	size_t len = list ? OX_AS(ox_list, v)->len : OX_AS(ox_tuple, v)->len, count;
	if (repeat_count(s, n, len, sizeof *from, &count) < 0)
		return OX_STAR_FAILED;
	struct ox_list *l = list ? ox_list_new(s, count * len) : NULL;
	struct ox_tuple *t = list ? NULL : ox_tuple_new(s, count * len);
	if (!l && !t)
		return OX_STAR_FAILED;
	ox_star_value *to = l ? l->items : t->items;
	for (size_t i = 0; i < count; i++)
		memcpy(to + i * len, from, len * sizeof *from);
	if (l)
		l->len = count * len;
	return l ? ox_from_object(l) : ox_from_object(t);
}

static ox_star_value multiply(struct ox_star *s, ox_star_value a, ox_star_value b)
{
	if (ox_is_int(a) && ox_is_object(b))
		return ox_is_int(b) || is_float(b) ? OX_STAR_FAILED : multiply(s, b, a);
	if (!ox_is_int(b) || !ox_is_object(a))
		return undefined(s, OX_OP_MUL, a, b);
	switch (ox_object(a)->kind) {
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
		return repeat_string(s, a, b);
	case OX_OBJ_LIST:
	case OX_OBJ_TUPLE:
		return repeat_items(s, a, b);
	default:
		return undefined(s, OX_OP_MUL, a, b);
	}
}

static ox_star_value concat(struct ox_star *s, ox_star_value a, ox_star_value b)
{
	bool list = ox_is(a, OX_OBJ_LIST);
	size_t an = ox_star_len(a), bn = ox_star_len(b);
	if (!ox_charge(s, an + bn))
		return OX_STAR_FAILED;
	struct ox_list *l = list ? ox_list_new(s, an + bn) : NULL;
	struct ox_tuple *t = list ? NULL : ox_tuple_new(s, an + bn);
	if (!l && !t)
		return OX_STAR_FAILED;
	ox_star_value *to = l ? l->items : t->items;
	const ox_star_value *x = list ? OX_AS(ox_list, a)->items : OX_AS(ox_tuple, a)->items;
	const ox_star_value *y = list ? OX_AS(ox_list, b)->items : OX_AS(ox_tuple, b)->items;
	if (an)
		memcpy(to, x, an * sizeof *x);
	if (bn)
		memcpy(to + an, y, bn * sizeof *y);
	if (l)
		l->len = an + bn;
	return l ? ox_from_object(l) : ox_from_object(t);
}

static ox_star_value add(struct ox_star *s, ox_star_value a, ox_star_value b)
{
	if (!ox_is_object(a) || !ox_is_object(b) || ox_object(a)->kind != ox_object(b)->kind)
		return undefined(s, OX_OP_ADD, a, b);
	switch (ox_object(a)->kind) {
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
		return ox_string_concat(s, a, b);
	case OX_OBJ_LIST:
	case OX_OBJ_TUPLE:
		return concat(s, a, b);
	default:
		return undefined(s, OX_OP_ADD, a, b);
	}
}

static ox_star_value dict_union(struct ox_star *s, ox_star_value a, ox_star_value b)
{
	struct ox_dict *d = ox_dict_copy(s, OX_AS(ox_dict, a));
	if (!d || ox_dict_update(s, d, OX_AS(ox_dict, b)) < 0)
		return OX_STAR_FAILED;
	return ox_from_object(d);
}

static ox_star_value order(struct ox_star *s, int op, ox_star_value a, ox_star_value b)
{
	int c;
	if (ox_compare(s, a, b, op, &c) < 0)
		return OX_STAR_FAILED;
	switch (op) {
	case OX_OP_LT:
		return ox_star_bool(c < 0);
	case OX_OP_GT:
		return ox_star_bool(c > 0);
	case OX_OP_LE:
		return ox_star_bool(c <= 0);
	default:
		return ox_star_bool(c >= 0);
	}
}

static ox_star_value equality(struct ox_star *s, int op, ox_star_value a, ox_star_value b)
{
	int eq = ox_equal(s, a, b);
	return eq < 0 ? OX_STAR_FAILED : ox_star_bool((eq == 1) == (op == OX_OP_EQ));
}

static ox_star_value membership(struct ox_star *s, int op, ox_star_value a, ox_star_value b)
{
	ox_star_value in = ox_contains(s, b, a);
	if (!ox_star_ok(in) || op == OX_OP_IN)
		return in;
	return ox_star_bool(ox_same(in, OX_STAR_FALSE));
}

static ox_star_value bitwise(struct ox_star *s, int op, ox_star_value a, ox_star_value b)
{
	if (ox_is(a, OX_OBJ_SET) && ox_is(b, OX_OBJ_SET))
		return ox_set_binary(s, op, OX_AS(ox_dict, a), OX_AS(ox_dict, b));
	if (op == OX_OP_OR && ox_is(a, OX_OBJ_DICT) && ox_is(b, OX_OBJ_DICT))
		return dict_union(s, a, b);
	return undefined(s, op, a, b);
}

/* The operators that cannot leave the small integers; 0: another one. */
static ox_star_value small_bitwise(int op, int64_t a, int64_t b)
{
	switch (op) {
	case OX_OP_OR:
		return ox_from_small(a | b);
	case OX_OP_XOR:
		return ox_from_small(a ^ b);
	case OX_OP_SHR:
		return b < 0 ? OX_STAR_FAILED : ox_from_small(a >> (b > 62 ? 62 : b));
	case OX_OP_SHL:
		return b < 0 || b > 30 || a < 0 || a >> 31 ? OX_STAR_FAILED : ox_from_small(a << b);
	default:
		return OX_STAR_FAILED;
	}
}

ox_star_value ox_binary(struct ox_star *s, int op, ox_star_value a, ox_star_value b)
{
	if (ox_is_small(a) && ox_is_small(b) && op <= OX_OP_SHR) {
		ox_star_value v = small_bitwise(op, ox_small(a), ox_small(b));
		if (ox_star_ok(v))
			return v;
	}
	if (op >= OX_OP_IN)
		return membership(s, op, a, b);
	if (op >= OX_OP_LT)
		return order(s, op, a, b);
	if (op >= OX_OP_EQ)
		return equality(s, op, a, b);
	if (ox_is_int(a) && ox_is_int(b) && op != OX_OP_DIV)
		return ox_int_binary(s, op, a, b);
	if (is_number(a) && is_number(b))
		return float_binary(s, op, a, b);
	switch (op) {
	case OX_OP_ADD:
		return add(s, a, b);
	case OX_OP_MUL:
		return multiply(s, a, b);
	case OX_OP_MOD:
		return ox_is_string(a) ? ox_percent(s, ox_text_of(a), b) : undefined(s, op, a, b);
	case OX_OP_SUB:
	case OX_OP_AND:
	case OX_OP_OR:
	case OX_OP_XOR:
		return bitwise(s, op, a, b);
	default:
		return undefined(s, op, a, b);
	}
}

static ox_star_value extend(struct ox_star *s, ox_star_value list, ox_star_value more)
{
	struct ox_list *l = OX_AS(ox_list, list), *from;
	if (ox_check_mutable(s, &l->head, "extend") < 0 || !(from = ox_list_of(s, more)))
		return OX_STAR_FAILED;
	if (ox_list_reserve(s, l, l->len + from->len) < 0)
		return OX_STAR_FAILED;
	if (from->len)
		memcpy(l->items + l->len, from->items, from->len * sizeof *l->items);
	l->len += from->len;
	return list;
}

ox_star_value ox_inplace(struct ox_star *s, int op, ox_star_value a, ox_star_value b)
{
	if (op == OX_OP_ADD && ox_is(a, OX_OBJ_LIST) && ox_iterable(b))
		return extend(s, a, b);
	bool both_dicts = ox_is(a, OX_OBJ_DICT) && ox_is(b, OX_OBJ_DICT);
	bool both_sets = ox_is(a, OX_OBJ_SET) && ox_is(b, OX_OBJ_SET);
	if (op == OX_OP_OR && (both_dicts || both_sets)) {
		if (ox_check_mutable(s, ox_object(a), "update") < 0 ||
		    ox_dict_update(s, OX_AS(ox_dict, a), OX_AS(ox_dict, b)) < 0)
			return OX_STAR_FAILED;
		return a;
	}
	if (both_sets && (op == OX_OP_AND || op == OX_OP_SUB || op == OX_OP_XOR)) {
		ox_star_value result = ox_set_binary(s, op, OX_AS(ox_dict, a), OX_AS(ox_dict, b));
		if (!ox_star_ok(result) || ox_check_mutable(s, ox_object(a), "update") < 0)
			return OX_STAR_FAILED;
		ox_dict_clear(OX_AS(ox_dict, a));
		return ox_dict_update(s, OX_AS(ox_dict, a), OX_AS(ox_dict, result)) < 0 ? OX_STAR_FAILED : a;
	}
	return ox_binary(s, op, a, b);
}

ox_star_value ox_unary(struct ox_star *s, int op, ox_star_value v)
{
	if (ox_is_int(v)) {
		if (op == OX_OP_PLUS)
			return v;
		return op == OX_OP_NEGATE ? ox_int_negate(s, v) : ox_int_invert(s, v);
	}
	if (is_float(v) && op != OX_OP_INVERT)
		return op == OX_OP_PLUS ? v : ox_star_float(s, -OX_AS(ox_float, v)->value);
	return ox_star_fail_with(s, "operator", NULL, "%s%s is not defined", op_texts[op], ox_star_type_name(s, v));
}

static ox_star_value contains_text(struct ox_star *s, ox_star_value container, ox_star_value item)
{
	struct ox_slice text = ox_text_of(container);
	if (!ox_charge(s, text.len / 16))
		return OX_STAR_FAILED;
	if (ox_is(container, OX_OBJ_BYTES) && ox_is_int(item)) {
		if (!ox_is_small(item) || ox_small(item) < 0 || ox_small(item) > 255)
			return ox_star_fail(s, "int in bytes: the int must be from 0 to 255");
		return ox_star_bool(memchr(text.data, (int)ox_small(item), text.len) != NULL);
	}
	if (!ox_is(item, (enum ox_obj_kind)ox_object(container)->kind))
		return undefined(s, OX_OP_IN, item, container);
	struct ox_slice part = ox_text_of(item);
	return ox_star_bool(part.len == 0 || memmem(text.data, text.len, part.data, part.len) != NULL);
}

static ox_star_value contains_items(struct ox_star *s, const ox_star_value *items, size_t len, ox_star_value item)
{
	if (!ox_charge(s, len))
		return OX_STAR_FAILED;
	for (size_t i = 0; i < len; i++) {
		int eq = ox_equal(s, items[i], item);
		if (eq)
			return eq < 0 ? OX_STAR_FAILED : OX_STAR_TRUE;
	}
	return OX_STAR_FALSE;
}

static ox_star_value contains_number(const struct ox_range *r, ox_star_value item)
{
	double d;
	int64_t n;
	if (is_float(item)) {
		d = OX_AS(ox_float, item)->value;
		if (fabs(d) > 4e18 || d != floor(d))
			return OX_STAR_FALSE;
		n = (int64_t)d;
	} else if (!ox_star_to_int(item, &n)) {
		return OX_STAR_FALSE;
	}
	int64_t last = r->start + (r->len - 1) * r->step;
	bool inside = r->len && (r->step > 0 ? n >= r->start && n <= last : n <= r->start && n >= last);
	return ox_star_bool(inside && (n - r->start) % r->step == 0);
}

ox_star_value ox_contains(struct ox_star *s, ox_star_value container, ox_star_value item)
{
	ox_star_value unused;
	int found;
	if (!ox_is_object(container))
		return undefined(s, OX_OP_IN, item, container);
	switch (ox_object(container)->kind) {
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
		return contains_text(s, container, item);
	case OX_OBJ_LIST:
		return contains_items(s, OX_AS(ox_list, container)->items, OX_AS(ox_list, container)->len, item);
	case OX_OBJ_TUPLE:
		return contains_items(s, OX_AS(ox_tuple, container)->items, OX_AS(ox_tuple, container)->len, item);
	case OX_OBJ_DICT:
	case OX_OBJ_SET:
		found = ox_dict_find(s, OX_AS(ox_dict, container), item, &unused);
		return found < 0 ? OX_STAR_FAILED : ox_star_bool(found == 1);
	case OX_OBJ_RANGE:
		if (!is_number(item))
			return ox_star_fail_with(s, "operator", NULL, "%s in range is not defined",
						 ox_star_type_name(s, item));
		return contains_number(OX_AS(ox_range, container), item);
	case OX_OBJ_NATIVE:
		break;
	default:
		return undefined(s, OX_OP_IN, item, container);
	}
	struct ox_list *l = ox_list_of(s, container);
	return l ? contains_items(s, l->items, l->len, item) : OX_STAR_FAILED;
}
