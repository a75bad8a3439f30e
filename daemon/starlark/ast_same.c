#include "daemon/starlark/ast_same.h"

static int compare_names(const void *left, const void *right)
{
	const struct ox_node *const *a = left, *const *b = right;
	int c = ox_slice_cmp((*a)->a->text, (*b)->a->text);
	return c ? c : ox_slice_cmp((*a)->text, (*b)->text);
}

/* Sorted pointers to the names of a load. */
static const struct ox_node **sorted_names(const struct ox_node *first, struct ox_arena *arena, size_t *count)
{
	size_t n = 0;
	for (const struct ox_node *name = first; name; name = name->next)
		n++;
	const struct ox_node **names = ox_arena_array(arena, n + 1, sizeof(struct ox_node *));
	if (!names)
		return NULL;
	*count = n;
	for (size_t i = 0; i < n; i++, first = first->next)
		names[i] = first;
	qsort(names, n, sizeof *names, compare_names);
	return names;
}

static bool same_names(const struct ox_node *a, const struct ox_node *b, struct ox_arena *arena)
{
	size_t count, other;
	const struct ox_node **left = sorted_names(a, arena, &count);
	const struct ox_node **right = sorted_names(b, arena, &other);
	if (!left || !right || count != other)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (compare_names(&left[i], &right[i]) != 0)
			return false;
	}
	return true;
}

bool ox_ast_same(const struct ox_node *a, const struct ox_node *b, struct ox_arena *arena)
{
	for (; a && b; a = a->next, b = b->next) {
		if (a->kind != b->kind || a->op != b->op || !ox_slice_eq(a->text, b->text))
			return false;
		if (!ox_ast_same(a->a, b->a, arena) || !ox_ast_same(a->c, b->c, arena) ||
		    !ox_ast_same(a->d, b->d, arena))
			return false;
		if (a->kind == OX_NODE_LOAD ? !same_names(a->b, b->b, arena) : !ox_ast_same(a->b, b->b, arena))
			return false;
	}
	return !a && !b;
}
