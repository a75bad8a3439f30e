/* The universal functions that make and arrange containers. */
#include "daemon/starlark/thread.h"

static ox_star_value fn_list(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	return ox_from_object(ox_star_ok(args[0]) ? ox_list_of(s, args[0]) : ox_list_new(s, 0));
}

static ox_star_value fn_tuple(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	if (!ox_star_ok(args[0]))
		return ox_star_tuple(s, NULL, 0);
	if (ox_is(args[0], OX_OBJ_TUPLE))
		return args[0];
	struct ox_list *l = ox_list_of(s, args[0]);
	return l ? ox_star_tuple(s, l->items, l->len) : OX_STAR_FAILED;
}

static ox_star_value fn_set(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	struct ox_list *l = ox_star_ok(args[0]) ? ox_list_of(s, args[0]) : ox_list_new(s, 0);
	return l ? ox_star_set_of(s, l->items, l->len) : OX_STAR_FAILED;
}

/* Pairs of an iterable, or the entries of a dict, into d. */
int ox_dict_merge(struct ox_star *s, struct ox_dict *d, ox_star_value from, const char *function)
{
	if (ox_is(from, OX_OBJ_DICT))
		return ox_dict_update(s, d, OX_AS(ox_dict, from));
	struct ox_list *pairs = ox_list_of(s, from);
	for (size_t i = 0; pairs && i < pairs->len; i++) {
		ox_star_value pair = pairs->items[i];
		struct ox_list *l = ox_iterable(pair) ? ox_list_of(s, pair) : NULL;
		if (!l || l->len != 2) {
			if (l)
				ox_star_fail(s, "%s(): item %zu has %zu parts, not 2", function, i, l->len);
			else
				ox_star_fail(s, "%s(): item %zu is %s, not a pair", function, i,
					     ox_star_type_name(s, pair));
			return -1;
		}
		if (ox_dict_store(s, d, l->items[0], l->items[1]) < 0)
			return -1;
	}
	return pairs ? 0 : -1;
}

static ox_star_value fn_dict(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	struct ox_dict *d = ox_dict_new(s, OX_OBJ_DICT, 0);
	if (!d || (ox_star_ok(args[0]) && ox_dict_merge(s, d, args[0], "dict") < 0) ||
	    ox_dict_update(s, d, OX_AS(ox_dict, args[1])) < 0)
		return OX_STAR_FAILED;
	return ox_from_object(d);
}

static ox_star_value fn_enumerate(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	int64_t start;
	struct ox_list *l = ox_list_of(s, args[0]);
	if (!l || !ox_star_to_int(args[1], &start))
		return l ? ox_star_fail(s, "enumerate(): start is too large") : OX_STAR_FAILED;
	for (size_t i = 0; i < l->len; i++) {
		ox_star_value pair[2] = {ox_star_int(s, start + (int64_t)i), l->items[i]};
		l->items[i] = ox_star_tuple(s, pair, 2);
		if (!ox_star_ok(l->items[i]))
			return OX_STAR_FAILED;
	}
	return ox_from_object(l);
}

static ox_star_value fn_zip(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	const struct ox_tuple *from = OX_AS(ox_tuple, args[0]);
	struct ox_list *out = ox_list_new(s, 0);
	ox_star_value *lists = ox_star_alloc(s, from->len * sizeof *lists);
	size_t shortest = 0;
	if (!out || !lists)
		return OX_STAR_FAILED;
	for (size_t i = 0; i < from->len; i++) {
		struct ox_list *l = ox_list_of(s, from->items[i]);
		if (!l)
			return OX_STAR_FAILED;
		lists[i] = ox_from_object(l);
		shortest = i == 0 || l->len < shortest ? l->len : shortest;
	}
	for (size_t row = 0; row < shortest; row++) {
		struct ox_tuple *t = ox_tuple_new(s, from->len);
		if (!t || ox_list_push(s, out, ox_from_object(t)) < 0)
			return OX_STAR_FAILED;
		for (size_t i = 0; i < from->len; i++)
			t->items[i] = OX_AS(ox_list, lists[i])->items[row];
	}
	return ox_from_object(out);
}

static ox_star_value fn_reversed(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	struct ox_list *l = ox_list_of(s, args[0]);
	for (size_t i = 0; l && i < l->len / 2; i++) {
		ox_star_value swap = l->items[i];
		l->items[i] = l->items[l->len - 1 - i];
		l->items[l->len - 1 - i] = swap;
	}
	return ox_from_object(l);
}

static ox_star_value make_range(struct ox_star *s, int64_t start, int64_t stop, int64_t step)
{
	struct ox_range *r = (struct ox_range *)ox_new_object(s, OX_OBJ_RANGE, sizeof *r);
	if (!r)
		return OX_STAR_FAILED;
	uint64_t distance = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
	uint64_t width = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
	bool empty = step > 0 ? start >= stop : start <= stop;
	r->start = start;
	r->stop = stop;
	r->step = step;
	r->len = empty ? 0 : (int64_t)((distance - 1) / width + 1);
	return ox_from_object(r);
}

static ox_star_value fn_range(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	int64_t limit = (int64_t)1 << 60, n[3] = {0, 0, 1};
	(void)self, (void)data;
	for (size_t i = 0; i < 3; i++) {
		if (!ox_star_ok(args[i]))
			continue;
		if (!ox_star_to_int(args[i], &n[i]) || n[i] > limit || n[i] < -limit)
			return ox_star_fail(s, "range(): the numbers must be below 2^60");
	}
	if (!ox_star_ok(args[1])) {
		n[1] = n[0];
		n[0] = 0;
	}
	if (n[2] == 0)
		return ox_star_fail(s, "range(): step must not be 0");
	return make_range(s, n[0], n[1], n[2]);
}

/* ---- sorting: a merge sort, because comparisons can fail and order must be stable ---- */

/* One item while it is sorted. The rank decides most comparisons without looking at the key. */
struct sort_entry {
	uint64_t rank;
	uint32_t at; /* original position */
};

struct sorter {
	struct ox_star *s;
	const ox_star_value *keys; /* by original position */
	struct sort_entry *entries, *room;
	bool exact; /* equal ranks are equal keys */
	bool reverse, failed;
};

/* The first eight bytes, as a number that orders as they do. */
static uint64_t text_rank(struct ox_slice text)
{
	uint64_t rank = 0;
	for (size_t i = 0; i < 8; i++)
		rank = rank << 8 | (i < text.len ? (unsigned char)text.data[i] : 0);
	return rank;
}

static void set_ranks(struct sorter *q, size_t n)
{
	size_t ints = 0, texts = 0;
	for (size_t i = 0; i < n; i++) {
		ints += ox_is_small(q->keys[i]);
		texts += ox_is_string(q->keys[i]);
	}
	q->exact = ints == n;
	for (size_t i = 0; i < n; i++) {
		uint64_t rank = ints == n    ? (uint64_t)ox_small(q->keys[i]) ^ UINT64_C(1) << 63
				: texts == n ? text_rank(ox_text_of(q->keys[i]))
					     : 0;
		q->entries[i] = (struct sort_entry){rank, (uint32_t)i};
	}
}

static bool goes_first(struct sorter *q, const struct sort_entry *a, const struct sort_entry *b)
{
	int order = 0;
	if (a->rank != b->rank)
		return q->reverse ? a->rank > b->rank : a->rank < b->rank;
	if (!q->exact && ox_compare(q->s, q->keys[a->at], q->keys[b->at], OX_OP_LT, &order) < 0)
		q->failed = true;
	return q->reverse ? order >= 0 : order <= 0;
}

static void insertion_sort(struct sorter *q, size_t from, size_t to)
{
	for (size_t i = from + 1; i < to && !q->failed; i++) {
		struct sort_entry item = q->entries[i];
		size_t j = i;
		for (; j > from && !goes_first(q, &q->entries[j - 1], &item); j--)
			q->entries[j] = q->entries[j - 1];
		q->entries[j] = item;
	}
}

static void merge(struct sorter *q, size_t from, size_t middle, size_t to)
{
	size_t i = from, j = middle, out = from;
	struct sort_entry *entries = q->entries, *room = q->room;
	if (goes_first(q, &entries[middle - 1], &entries[middle]))
		return;
	while (i < middle && j < to && !q->failed) {
		bool left = goes_first(q, &entries[i], &entries[j]);
		room[out++] = entries[left ? i : j];
		i += left;
		j += !left;
	}
	memcpy(room + out, entries + i, (middle - i) * sizeof *room);
	out += middle - i;
	memcpy(room + out, entries + j, (to - j) * sizeof *room);
	memcpy(entries + from, room + from, (to - from) * sizeof *room);
}

static void sort(struct sorter *q, size_t n)
{
	enum { RUN = 8 };
	set_ranks(q, n);
	for (size_t from = 0; from < n && !q->failed; from += RUN)
		insertion_sort(q, from, from + RUN < n ? from + RUN : n);
	for (size_t width = RUN; width < n && !q->failed; width *= 2) {
		for (size_t from = 0; from + width < n && !q->failed; from += 2 * width)
			merge(q, from, from + width, from + 2 * width < n ? from + 2 * width : n);
		q->failed |= !ox_charge(q->s, n);
	}
}

/* The items, or what `key` makes of them. */
static ox_star_value *make_keys(struct ox_star *s, const struct ox_list *l, ox_star_value key)
{
	if (ox_same(key, OX_STAR_NONE))
		return l->items;
	ox_star_value *keys = ox_star_alloc(s, l->len * sizeof *keys);
	for (size_t i = 0; keys && i < l->len; i++) {
		keys[i] = ox_call_value(s, key, &(struct ox_args){.positional = &l->items[i], .positional_count = 1});
		if (!ox_star_ok(keys[i]))
			return NULL;
	}
	return keys;
}

static ox_star_value fn_sorted(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	struct ox_list *l = ox_list_of(s, args[0]);
	const ox_star_value *keys = l ? make_keys(s, l, args[1]) : NULL;
	if (!keys && (!l || l->len))
		return OX_STAR_FAILED;
	size_t granted, n = l->len;
	if (n > UINT32_MAX)
		return ox_fail_memory(s);
	struct ox_list *out = ox_list_new(s, n);
	struct sort_entry *entries = ox_heap_array(s, n + 1, 2 * sizeof *entries, &granted);
	if (!out || !entries)
		return OX_STAR_FAILED;
	struct sorter q = {.s = s, .keys = keys, .entries = entries, .room = entries + n};
	q.reverse = ox_star_truth(args[2]);
	sort(&q, n);
	for (size_t i = 0; i < n; i++)
		out->items[i] = l->items[entries[i].at];
	out->len = n;
	ox_heap_array_free(s, entries, (n + 1) * 2 * sizeof *entries);
	return q.failed || ox_star_failing(s) ? OX_STAR_FAILED : ox_from_object(out);
}

static ox_star_value extreme(struct ox_star *s, const ox_star_value *args, int op, const char *name)
{
	const struct ox_tuple *given = OX_AS(ox_tuple, args[0]);
	if (given->len == 0)
		return ox_star_fail_with(s, "arguments", NULL, "%s() needs at least one argument", name);
	struct ox_list *l = ox_list_of(s, given->len == 1 ? given->items[0] : args[0]);
	const ox_star_value *keys = l ? make_keys(s, l, args[1]) : NULL;
	if (l && l->len == 0)
		return ox_star_fail(s, "%s() of nothing: the iterable is empty", name);
	if (!keys)
		return OX_STAR_FAILED;
	size_t best = 0;
	for (size_t i = 1; i < l->len; i++) {
		int order;
		if (ox_compare(s, keys[i], keys[best], op, &order) < 0 || !ox_charge(s, 1))
			return OX_STAR_FAILED;
		if (op == OX_OP_LT ? order < 0 : order > 0)
			best = i;
	}
	return l->items[best];
}

static ox_star_value fn_min(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	return extreme(s, args, OX_OP_LT, "min");
}

static ox_star_value fn_max(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	return extreme(s, args, OX_OP_GT, "max");
}

#define ITERABLE(kind)                                                                                                 \
	{                                                                                                              \
		"iterable", 0, (kind) | OX_STAR_POSITIONAL_ONLY, NULL, "what to take the items from", 0, NULL          \
	}
#define KEY                                                                                                            \
	{                                                                                                              \
		"key", OX_STAR_T_FUNCTION | OX_STAR_T_NONE, OX_STAR_OPTIONAL | OX_STAR_NAMED_ONLY, "None",             \
		    "function that gives what to compare", 0, NULL                                                     \
	}

static const struct ox_star_param from_optional[] = {ITERABLE(OX_STAR_OPTIONAL), {0}};
static const struct ox_star_param from_one[] = {ITERABLE(OX_STAR_REQUIRED), {0}};
static const struct ox_star_param dict_params[] = {
    {"pairs", 0, OX_STAR_OPTIONAL | OX_STAR_POSITIONAL_ONLY, NULL, "a dict, or pairs of key and value", 0, NULL},
    {"kwargs", 0, OX_STAR_NAMED_REST, NULL, "more entries", 0, NULL},
    {0},
};
static const struct ox_star_param enumerate_params[] = {
    ITERABLE(OX_STAR_REQUIRED),
    {"start", OX_STAR_T_INT, OX_STAR_OPTIONAL, "0", "the first number", 0, NULL},
    {0},
};
static const struct ox_star_param extreme_params[] = {
    {"args", 0, OX_STAR_REST, NULL, "one iterable, or the values themselves", 0, NULL},
    KEY,
    {0},
};
static const struct ox_star_param range_params[] = {
    {"start_or_stop", OX_STAR_T_INT, OX_STAR_REQUIRED | OX_STAR_POSITIONAL_ONLY, NULL, "stop when alone", 0, NULL},
    {"stop", OX_STAR_T_INT, OX_STAR_OPTIONAL | OX_STAR_POSITIONAL_ONLY, NULL, "the first number left out", 0, NULL},
    {"step", OX_STAR_T_INT, OX_STAR_OPTIONAL | OX_STAR_POSITIONAL_ONLY, NULL, "not 0; default 1", 0, NULL},
    {0},
};
static const struct ox_star_param sorted_params[] = {
    ITERABLE(OX_STAR_REQUIRED),
    KEY,
    {"reverse", 0, OX_STAR_OPTIONAL | OX_STAR_NAMED_ONLY, "False", "largest first", 0, NULL},
    {0},
};
static const struct ox_star_param zip_params[] = {
    {"iterables", 0, OX_STAR_REST, NULL, "what to take the items from", 0, NULL}, {0}};

const struct ox_star_function ox_container_functions[] = {
    {"dict", dict_params, fn_dict, OX_STAR_T_DICT, "a new dict"},
    {"enumerate", enumerate_params, fn_enumerate, OX_STAR_T_LIST, "pairs of number and item"},
    {"list", from_optional, fn_list, OX_STAR_T_LIST, "a new list of the items"},
    {"max", extreme_params, fn_max, 0, "the largest value"},
    {"min", extreme_params, fn_min, 0, "the smallest value"},
    {"range", range_params, fn_range, OX_STAR_T_RANGE, "the ints from start up to, but without, stop"},
    {"reversed", from_one, fn_reversed, OX_STAR_T_LIST, "the items in reverse order"},
    {"set", from_optional, fn_set, OX_STAR_T_SET, "a new set of the items"},
    {"sorted", sorted_params, fn_sorted, OX_STAR_T_LIST, "the items in order; equal ones stay as they were"},
    {"tuple", from_optional, fn_tuple, OX_STAR_T_TUPLE, "a tuple of the items"},
    {"zip", zip_params, fn_zip, OX_STAR_T_LIST, "tuples of the first items, the second items, and so on"},
    {0},
};
