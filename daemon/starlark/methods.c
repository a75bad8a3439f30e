/* Methods of list, dict, set and bytes. */
#include "daemon/starlark/thread.h"

#define METHOD(name)                                                                                                   \
	static ox_star_value name(struct ox_star *s, ox_star_value self, const ox_star_value *args,                    \
				  OX_UNUSED void *data)

static int mutable(struct ox_star *s, ox_star_value self, const char *verb)
{
	return ox_check_mutable(s, ox_object(self), verb);
}

/* ---- list ---- */

METHOD(list_append)
{
	if (mutable(s, self, "append to") < 0 || ox_list_push(s, OX_AS(ox_list, self), args[0]) < 0)
		return OX_STAR_FAILED;
	return OX_STAR_NONE;
}

METHOD(list_clear)
{
	(void)args;
	if (mutable(s, self, "clear") < 0)
		return OX_STAR_FAILED;
	OX_AS(ox_list, self)->len = 0;
	return OX_STAR_NONE;
}

METHOD(list_extend)
{
	if (mutable(s, self, "extend") < 0)
		return OX_STAR_FAILED;
	struct ox_list *more = ox_list_of(s, args[0]);
	if (!more || !ox_star_ok(ox_inplace(s, OX_OP_ADD, self, ox_from_object(more))))
		return OX_STAR_FAILED;
	return OX_STAR_NONE;
}

METHOD(list_index)
{
	const struct ox_list *l = OX_AS(ox_list, self);
	ox_star_value bounds[3] = {args[1], args[2], OX_STAR_NONE};
	struct ox_indices x;
	if (ox_slice_indices(s, bounds, (int64_t)l->len, &x) < 0 || !ox_charge(s, (uint64_t)x.count))
		return OX_STAR_FAILED;
	for (int64_t i = x.start; i < x.start + x.count; i++) {
		int eq = ox_equal(s, l->items[i], args[0]);
		if (eq)
			return eq < 0 ? OX_STAR_FAILED : ox_from_small(i);
	}
	return ox_star_fail_with(s, "index", NULL, "list.index(): the value is not in the list");
}

METHOD(list_insert)
{
	struct ox_list *l = OX_AS(ox_list, self);
	int64_t i;
	if (mutable(s, self, "insert into") < 0 || ox_list_reserve(s, l, l->len + 1) < 0 || !ox_charge(s, l->len / 8))
		return OX_STAR_FAILED;
	if (!ox_star_to_int(args[0], &i))
		i = ox_int_sign(args[0]) < 0 ? 0 : (int64_t)l->len;
	i = i < 0 ? i + (int64_t)l->len : i;
	i = i < 0 ? 0 : i > (int64_t)l->len ? (int64_t)l->len : i;
	memmove(l->items + i + 1, l->items + i, (l->len - (size_t)i) * sizeof *l->items);
	l->items[i] = args[1];
	l->len++;
	return OX_STAR_NONE;
}

static ox_star_value take_item(struct ox_list *l, size_t i)
{
	ox_star_value v = l->items[i];
	memmove(l->items + i, l->items + i + 1, (l->len - i - 1) * sizeof *l->items);
	l->len--;
	return v;
}

METHOD(list_pop)
{
	struct ox_list *l = OX_AS(ox_list, self);
	int64_t i;
	if (mutable(s, self, "pop from") < 0 || !ox_charge(s, l->len / 8))
		return OX_STAR_FAILED;
	if (ox_same(args[0], OX_STAR_NONE))
		i = (int64_t)l->len - 1;
	else if (!ox_star_to_int(args[0], &i))
		i = (int64_t)l->len;
	if (i < 0 || i >= (int64_t)l->len)
		return ox_star_fail_with(s, "index", i < 0 ? "list.pop() takes the last item" : NULL,
					 "list.pop(): index %lld is outside of the list, which has %zu item%s",
					 (long long)i, l->len, l->len == 1 ? "" : "s");
	return take_item(l, (size_t)i);
}

METHOD(list_remove)
{
	struct ox_list *l = OX_AS(ox_list, self);
	if (mutable(s, self, "remove from") < 0 || !ox_charge(s, l->len))
		return OX_STAR_FAILED;
	for (size_t i = 0; i < l->len; i++) {
		int eq = ox_equal(s, l->items[i], args[0]);
		if (eq < 0)
			return OX_STAR_FAILED;
		if (eq) {
			take_item(l, i);
			return OX_STAR_NONE;
		}
	}
	return ox_star_fail_with(s, "index", NULL, "list.remove(): the value is not in the list");
}

/* ---- dict ---- */

METHOD(dict_clear)
{
	(void)args;
	if (mutable(s, self, "clear") < 0)
		return OX_STAR_FAILED;
	ox_dict_clear(OX_AS(ox_dict, self));
	return OX_STAR_NONE;
}

METHOD(dict_get)
{
	ox_star_value v;
	int found = ox_dict_find(s, OX_AS(ox_dict, self), args[0], &v);
	return found < 0 ? OX_STAR_FAILED : found ? v : args[1];
}

enum part { KEYS, VALUES, ITEMS };

static ox_star_value parts(struct ox_star *s, const struct ox_dict *d, enum part part)
{
	struct ox_list *l = ox_list_new(s, d->live);
	struct ox_dict_entry *e;
	if (!l || !ox_charge(s, d->live))
		return OX_STAR_FAILED;
	for (uint32_t i = 0; (e = ox_dict_next(d, &i));) {
		ox_star_value pair[2] = {e->key, e->value};
		ox_star_value v = part == KEYS ? e->key : part == VALUES ? e->value : ox_star_tuple(s, pair, 2);
		if (!ox_star_ok(v))
			return OX_STAR_FAILED;
		l->items[l->len++] = v;
	}
	return ox_from_object(l);
}

METHOD(dict_items)
{
	(void)args;
	return parts(s, OX_AS(ox_dict, self), ITEMS);
}

METHOD(dict_keys)
{
	(void)args;
	return parts(s, OX_AS(ox_dict, self), KEYS);
}

METHOD(dict_values)
{
	(void)args;
	return parts(s, OX_AS(ox_dict, self), VALUES);
}

METHOD(dict_pop)
{
	ox_star_value v;
	if (mutable(s, self, "pop from") < 0)
		return OX_STAR_FAILED;
	int found = ox_dict_delete(s, OX_AS(ox_dict, self), args[0], &v);
	if (found != 0)
		return found < 0 ? OX_STAR_FAILED : v;
	if (ox_star_ok(args[1]))
		return args[1];
	char shown[OX_SHOWN];
	return ox_star_fail_with(s, "missing-key", NULL, "dict.pop(): the dict has no key %s",
				 ox_show(s, args[0], shown));
}

METHOD(dict_popitem)
{
	(void)args;
	struct ox_dict *d = OX_AS(ox_dict, self);
	uint32_t i = 0;
	if (mutable(s, self, "pop from") < 0)
		return OX_STAR_FAILED;
	struct ox_dict_entry *e = ox_dict_next(d, &i);
	if (!e)
		return ox_star_fail(s, "dict.popitem(): the dict is empty");
	ox_star_value pair[2] = {e->key, e->value}, old;
	ox_dict_delete(s, d, pair[0], &old);
	return ox_star_tuple(s, pair, 2);
}

METHOD(dict_setdefault)
{
	ox_star_value v;
	struct ox_dict *d = OX_AS(ox_dict, self);
	if (mutable(s, self, "change") < 0)
		return OX_STAR_FAILED;
	int found = ox_dict_find(s, d, args[0], &v);
	if (found != 0)
		return found < 0 ? OX_STAR_FAILED : v;
	return ox_dict_store(s, d, args[0], args[1]) < 0 ? OX_STAR_FAILED : args[1];
}

METHOD(dict_update)
{
	struct ox_dict *d = OX_AS(ox_dict, self);
	bool given = ox_star_ok(args[0]) && !ox_same(args[0], OX_STAR_NONE);
	if (mutable(s, self, "update") < 0 ||
	    (given && ox_dict_merge(s, d, args[0], "dict.update") < 0) ||
	    ox_dict_update(s, d, OX_AS(ox_dict, args[1])) < 0)
		return OX_STAR_FAILED;
	return OX_STAR_NONE;
}

/* ---- set ---- */

static struct ox_dict *as_set(struct ox_star *s, ox_star_value v)
{
	if (ox_is(v, OX_OBJ_SET))
		return OX_AS(ox_dict, v);
	struct ox_list *l = ox_list_of(s, v);
	ox_star_value set = l ? ox_star_set_of(s, l->items, l->len) : OX_STAR_FAILED;
	return ox_star_ok(set) ? OX_AS(ox_dict, set) : NULL;
}

METHOD(set_add)
{
	if (mutable(s, self, "add to") < 0 || ox_dict_store(s, OX_AS(ox_dict, self), args[0], OX_STAR_NONE) < 0)
		return OX_STAR_FAILED;
	return OX_STAR_NONE;
}

/* 1 when it was there. */
static int set_take(struct ox_star *s, ox_star_value self, ox_star_value v)
{
	ox_star_value old;
	if (mutable(s, self, "remove from") < 0)
		return -1;
	return ox_dict_delete(s, OX_AS(ox_dict, self), v, &old);
}

METHOD(set_discard)
{
	return set_take(s, self, args[0]) < 0 ? OX_STAR_FAILED : OX_STAR_NONE;
}

METHOD(set_remove)
{
	int found = set_take(s, self, args[0]);
	if (found == 0)
		return ox_star_fail_with(s, "missing-key", NULL, "set.remove(): the value is not in the set");
	return found < 0 ? OX_STAR_FAILED : OX_STAR_NONE;
}

METHOD(set_pop)
{
	(void)args;
	uint32_t i = 0;
	struct ox_dict_entry *e = ox_dict_next(OX_AS(ox_dict, self), &i);
	if (!e)
		return ox_star_fail(s, "set.pop(): the set is empty");
	ox_star_value v = e->key;
	return set_take(s, self, v) < 0 ? OX_STAR_FAILED : v;
}

static ox_star_value algebra(struct ox_star *s, ox_star_value self, ox_star_value others, int op)
{
	const struct ox_tuple *t = OX_AS(ox_tuple, others);
	const struct ox_dict *d = ox_dict_copy(s, OX_AS(ox_dict, self));
	ox_star_value result = ox_from_object(d);
	for (size_t i = 0; d && i < t->len; i++) {
		const struct ox_dict *other = as_set(s, t->items[i]);
		result = other ? ox_set_binary(s, op, d, other) : OX_STAR_FAILED;
		d = ox_star_ok(result) ? OX_AS(ox_dict, result) : NULL;
	}
	return result;
}

METHOD(set_union)
{
	return algebra(s, self, args[0], OX_OP_OR);
}

METHOD(set_intersection)
{
	return algebra(s, self, args[0], OX_OP_AND);
}

METHOD(set_difference)
{
	return algebra(s, self, args[0], OX_OP_SUB);
}

METHOD(set_symmetric_difference)
{
	const struct ox_dict *other = as_set(s, args[0]);
	return other ? ox_set_binary(s, OX_OP_XOR, OX_AS(ox_dict, self), other) : OX_STAR_FAILED;
}

/* The set becomes what the algebra gives. */
static ox_star_value become(struct ox_star *s, ox_star_value self, ox_star_value result)
{
	struct ox_dict *d = OX_AS(ox_dict, self);
	if (!ox_star_ok(result) || mutable(s, self, "update") < 0)
		return OX_STAR_FAILED;
	ox_dict_clear(d);
	return ox_dict_update(s, d, OX_AS(ox_dict, result)) < 0 ? OX_STAR_FAILED : OX_STAR_NONE;
}

METHOD(set_update)
{
	return become(s, self, algebra(s, self, args[0], OX_OP_OR));
}

METHOD(set_intersection_update)
{
	return become(s, self, algebra(s, self, args[0], OX_OP_AND));
}

METHOD(set_difference_update)
{
	return become(s, self, algebra(s, self, args[0], OX_OP_SUB));
}

METHOD(set_symmetric_difference_update)
{
	return become(s, self, set_symmetric_difference(s, self, args, NULL));
}

static ox_star_value answer(struct ox_star *s, bool yes)
{
	return ox_star_failing(s) ? OX_STAR_FAILED : ox_star_bool(yes);
}

METHOD(set_issubset)
{
	const struct ox_dict *other = as_set(s, args[0]);
	return other ? answer(s, ox_set_subset(s, OX_AS(ox_dict, self), other)) : OX_STAR_FAILED;
}

METHOD(set_issuperset)
{
	const struct ox_dict *other = as_set(s, args[0]);
	return other ? answer(s, ox_set_subset(s, other, OX_AS(ox_dict, self))) : OX_STAR_FAILED;
}

METHOD(set_isdisjoint)
{
	const struct ox_dict *other = as_set(s, args[0]);
	ox_star_value both = other ? ox_set_binary(s, OX_OP_AND, OX_AS(ox_dict, self), other) : OX_STAR_FAILED;
	return ox_star_ok(both) ? ox_star_bool(ox_star_len(both) == 0) : OX_STAR_FAILED;
}

/* ---- bytes ---- */

METHOD(bytes_elems)
{
	(void)args;
	struct ox_view *view = (struct ox_view *)ox_new_object(s, OX_OBJ_VIEW, sizeof *view);
	if (!view)
		return OX_STAR_FAILED;
	view->mode = OX_VIEW_BYTES_ELEMS;
	view->text = OX_AS(ox_string, self);
	return ox_from_object(view);
}

/* ---- tables ---- */

#define P(name, types, kind, fallback, doc)                                                                            \
	{                                                                                                              \
		name, types, (kind) | OX_STAR_POSITIONAL_ONLY, fallback, doc, 0, NULL                                  \
	}
#define VALUE P("x", 0, OX_STAR_REQUIRED, NULL, "the value")

static const struct ox_star_param one[] = {VALUE, {0}};
static const struct ox_star_param index_params[] = {
    VALUE,
    P("start", OX_STAR_T_INT | OX_STAR_T_NONE, OX_STAR_OPTIONAL, "None", "where to begin"),
    P("end", OX_STAR_T_INT | OX_STAR_T_NONE, OX_STAR_OPTIONAL, "None", "where to stop"),
    {0},
};
static const struct ox_star_param insert_params[] = {
    P("i", OX_STAR_T_INT, OX_STAR_REQUIRED, NULL, "index"), VALUE, {0}};
static const struct ox_star_param pop_params[] = {
    P("i", OX_STAR_T_INT | OX_STAR_T_NONE, OX_STAR_OPTIONAL, "None", "index, from the start; None: of the last"), {0}};
static const struct ox_star_param get_params[] = {
    P("key", 0, OX_STAR_REQUIRED, NULL, "the key"),
    {"default", 0, OX_STAR_OPTIONAL | OX_STAR_POSITIONAL_ONLY, "None", "given back when the key is absent", 0, NULL},
    {0},
};
static const struct ox_star_param dict_pop_params[] = {
    P("key", 0, OX_STAR_REQUIRED, NULL, "the key"),
    {"default", 0, OX_STAR_OPTIONAL | OX_STAR_POSITIONAL_ONLY, NULL, "given back when the key is absent", 0, NULL},
    {0},
};
static const struct ox_star_param update_params[] = {
    P("pairs", 0, OX_STAR_OPTIONAL, NULL, "a dict, or pairs of key and value"),
    {"kwargs", 0, OX_STAR_NAMED_REST, NULL, "more entries", 0, NULL},
    {0},
};
static const struct ox_star_param others[] = {{"others", 0, OX_STAR_REST, NULL, "iterables", 0, NULL}, {0}};

const struct ox_star_function ox_list_methods[] = {
    {"append", one, list_append, OX_STAR_T_NONE, "add a value at the end"},
    {"clear", NULL, list_clear, OX_STAR_T_NONE, "remove all items"},
    {"extend", one, list_extend, OX_STAR_T_NONE, "add the items of an iterable at the end"},
    {"index", index_params, list_index, OX_STAR_T_INT, "where a value is; an error when it is absent"},
    {"insert", insert_params, list_insert, OX_STAR_T_NONE, "put a value before index i"},
    {"pop", pop_params, list_pop, 0, "remove and give back an item, the last by default"},
    {"remove", one, list_remove, OX_STAR_T_NONE, "remove the first item that equals the value"},
    {0},
};

const struct ox_star_function ox_dict_methods[] = {
    {"clear", NULL, dict_clear, OX_STAR_T_NONE, "remove all entries"},
    {"get", get_params, dict_get, 0, "the value of a key, or the default"},
    {"items", NULL, dict_items, OX_STAR_T_LIST, "pairs of key and value"},
    {"keys", NULL, dict_keys, OX_STAR_T_LIST, "the keys"},
    {"pop", dict_pop_params, dict_pop, 0, "remove a key and give back its value"},
    {"popitem", NULL, dict_popitem, OX_STAR_T_TUPLE, "remove and give back the first entry"},
    {"setdefault", get_params, dict_setdefault, 0, "the value of a key, which is stored first when absent"},
    {"update", update_params, dict_update, OX_STAR_T_NONE, "add or replace entries"},
    {"values", NULL, dict_values, OX_STAR_T_LIST, "the values"},
    {0},
};

const struct ox_star_function ox_set_methods[] = {
    {"add", one, set_add, OX_STAR_T_NONE, "add a value"},
    {"clear", NULL, dict_clear, OX_STAR_T_NONE, "remove all values"},
    {"difference", others, set_difference, OX_STAR_T_SET, "what is in none of the others"},
    {"difference_update", others, set_difference_update, OX_STAR_T_NONE, "remove what is in the others"},
    {"discard", one, set_discard, OX_STAR_T_NONE, "remove a value if it is there"},
    {"intersection", others, set_intersection, OX_STAR_T_SET, "what is in all of them"},
    {"intersection_update", others, set_intersection_update, OX_STAR_T_NONE, "keep only what is in all of the others"},
    {"isdisjoint", one, set_isdisjoint, OX_STAR_T_BOOL, "have they nothing in common?"},
    {"issubset", one, set_issubset, OX_STAR_T_BOOL, "is everything here also there?"},
    {"issuperset", one, set_issuperset, OX_STAR_T_BOOL, "is everything there also here?"},
    {"pop", NULL, set_pop, 0, "remove and give back the first value"},
    {"remove", one, set_remove, OX_STAR_T_NONE, "remove a value; an error when it is absent"},
    {"symmetric_difference", one, set_symmetric_difference, OX_STAR_T_SET, "what is in exactly one of them"},
    {"symmetric_difference_update", one, set_symmetric_difference_update, OX_STAR_T_NONE,
     "become the symmetric difference"},
    {"union", others, set_union, OX_STAR_T_SET, "what is in any of them"},
    {"update", others, set_update, OX_STAR_T_NONE, "add what is in the others"},
    {0},
};

const struct ox_star_function ox_bytes_methods[] = {
    {"elems", NULL, bytes_elems, OX_STAR_T_OTHER, "an iterable of the bytes as ints"},
    {0},
};
