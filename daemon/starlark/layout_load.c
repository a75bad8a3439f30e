/* The order of names in a load statement. */
#include "daemon/starlark/layout_impl.h"

/* One of: "name", local = "name". */
struct loaded {
	struct ox_slice name; /* bound by it, as written */
	bool renamed;
	uint32_t first, count; /* its pieces */
};

static int compare(const void *left, const void *right)
{
	const struct loaded *a = left, *b = right;
	if (a->renamed != b->renamed)
		return a->renamed ? 1 : -1;
	int c = ox_slice_cmp(a->name, b->name);
	return c ? c : (a->first > b->first) - (a->first < b->first);
}

/* Is it load("file", names...), with nothing but names and strings, and no comments? */
static bool is_sortable(const struct ox_layout *l, uint32_t opener)
{
	const struct ox_piece *p = l->pieces.items + opener;
	return p[-1].kind == OX_TOK_LOAD && p->partner > opener + 3 &&
	       p->comments_end == l->pieces.items[p->partner].comments_end;
}

/* The names, unsorted; their count. */
static size_t collect(const struct ox_layout *l, uint32_t opener, struct loaded *names)
{
	const struct ox_piece *items = l->pieces.items;
	size_t n = 0;
	for (uint32_t at = opener + 3; at < items[opener].partner; at++) {
		struct loaded *name = &names[n++];
		*name = (struct loaded){.name = items[at].text, .first = at, .count = 1};
		name->renamed = items[at].kind == OX_TOK_IDENT;
		name->count = name->renamed ? 3 : 1;
		at += name->count;
	}
	return n;
}

bool ox_layout_sort_load(struct ox_layout *l, uint32_t opener)
{
	struct ox_piece *items = l->pieces.items;
	if (!is_sortable(l, opener))
		return true;
	uint32_t first = opener + 3, len = items[opener].partner - first;
	struct loaded *names = ox_arena_array(l->arena, len, sizeof *names);
	struct ox_piece *old = ox_arena_array(l->arena, len, sizeof *old);
	if (!names || !old)
		return false;
	memcpy(old, items + first, len * sizeof *old);
	size_t count = collect(l, opener, names);
	qsort(names, count, sizeof *names, compare);
	struct ox_piece comma = items[first - 1];
	uint32_t to = first;
	for (size_t i = 0; i < count; i++) {
		if (i)
			items[to++] = comma;
		memcpy(items + to, old + (names[i].first - first), names[i].count * sizeof *items);
		to += names[i].count;
	}
	return true;
}
