/* Lists, tuples and ranges. */
#include "daemon/starlark/thread.h"

struct ox_list *ox_list_new(struct ox_star *s, size_t cap)
{
	struct ox_list *l = (struct ox_list *)ox_new_object(s, OX_OBJ_LIST, sizeof *l);
	if (!l)
		return NULL;
	l->len = l->cap = 0;
	l->items = NULL;
	return cap && ox_list_reserve(s, l, cap) < 0 ? NULL : l;
}

int ox_list_reserve(struct ox_star *s, struct ox_list *l, size_t len)
{
	if (len <= l->cap)
		return 0;
	size_t want = len > l->cap * 2 ? len : l->cap * 2, granted;
	ox_star_value *items = ox_heap_array(s, want, sizeof *items, &granted);
	if (!items)
		return -1;
	if (l->len)
		memcpy(items, l->items, l->len * sizeof *items);
	ox_heap_array_free(s, l->items, l->cap * sizeof *items);
	l->items = items;
	l->cap = granted;
	return 0;
}

int ox_list_push(struct ox_star *s, struct ox_list *l, ox_star_value v)
{
	if (l->len == l->cap && ox_list_reserve(s, l, l->len + 1) < 0)
		return -1;
	l->items[l->len++] = v;
	return 0;
}

struct ox_tuple *ox_tuple_new(struct ox_star *s, size_t len)
{
	if (len > s->heap.limit / sizeof(ox_star_value)) {
		ox_fail_memory(s);
		return NULL;
	}
	struct ox_tuple *t = (struct ox_tuple *)ox_new_object(s, OX_OBJ_TUPLE, sizeof *t + len * sizeof(ox_star_value));
	if (t)
		t->len = len;
	return t;
}

static bool all_ok(const ox_star_value *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!ox_star_ok(items[i]))
			return false;
	}
	return true;
}

ox_star_value ox_star_list(struct ox_star *s, const ox_star_value *items, size_t count)
{
	struct ox_list *l = all_ok(items, count) ? ox_list_new(s, count) : NULL;
	if (!l)
		return OX_STAR_FAILED;
	if (count)
		memcpy(l->items, items, count * sizeof *items);
	l->len = count;
	return ox_from_object(l);
}

ox_star_value ox_star_tuple(struct ox_star *s, const ox_star_value *items, size_t count)
{
	struct ox_tuple *t = all_ok(items, count) ? ox_tuple_new(s, count) : NULL;
	if (!t)
		return OX_STAR_FAILED;
	if (count)
		memcpy(t->items, items, count * sizeof *items);
	return ox_from_object(t);
}

int ox_star_append(struct ox_star *s, ox_star_value list, ox_star_value item)
{
	if (!ox_star_ok(item) || !ox_star_ok(list))
		return -1;
	if (!ox_is(list, OX_OBJ_LIST)) {
		ox_star_fail(s, "cannot append to %s", ox_star_type_name(s, list));
		return -1;
	}
	if (ox_check_mutable(s, ox_object(list), "append to") < 0)
		return -1;
	return ox_list_push(s, OX_AS(ox_list, list), item);
}

struct ox_list *ox_list_of(struct ox_star *s, ox_star_value iterable)
{
	struct ox_iter it;
	ox_star_value item;
	struct ox_list *l = ox_list_new(s, ox_star_len(iterable) < 1 << 20 ? ox_star_len(iterable) : 0);
	if (!l || ox_iter_begin(s, &it, iterable) < 0)
		return NULL;
	while (ox_iter_next(s, &it, &item)) {
		if (ox_list_push(s, l, item) < 0 || !ox_charge(s, 1))
			break;
	}
	ox_iter_end(&it);
	return ox_star_failing(s) ? NULL : l;
}

int ox_check_mutable(struct ox_star *s, struct ox_obj *container, const char *verb)
{
	const char *what = ox_star_type_name(s, ox_from_object(container));
	if (container->frozen)
		ox_star_fail_with(s, "frozen", NULL, "cannot %s a frozen %s", verb, what);
	else if (container->aux)
		ox_star_fail_with(s, "iterating", "loop over a copy: list(x)",
				  "cannot %s a %s while it is iterated over", verb, what);
	else
		return 0;
	return -1;
}
