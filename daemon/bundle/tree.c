#include "daemon/bundle/tree.h"

static bool is_inside(const char *path)
{
	for (;;) {
		size_t n = strcspn(path, "/");
		if (n == 0 || (n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[n] == '\0')
			return true;
		path += n + 1;
	}
}

int ox_tree_add(struct ox_tree *t, struct ox_arena *arena, const char *path, const struct ox_blob *blob, unsigned mode,
		struct ox_err *err)
{
	if (!is_inside(path))
		return ox_fail(err, OX_EUSAGE, "\"%s\" cannot be the path of a file in an install tree: it must be "
					       "relative and stay inside",
			       path);
	const char *copy = ox_arena_str(arena, path);
	struct ox_tree_file *file = copy ? ox_vec_push(&t->v) : NULL;
	if (!file)
		return ox_fail_nomem(err, "install tree");
	*file = (struct ox_tree_file){.path = copy, .blob = *blob, .mode = mode};
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct ox_tree_file *const *a = left, *const *b = right;
	int c = strcmp((*a)->path, (*b)->path);
	return c ? c : (*a > *b) - (*a < *b); /* places in the array: the later one second */
}

int ox_tree_sort(struct ox_tree *t, struct ox_err *err)
{
	if (t->v.len < 2)
		return 0;
	const struct ox_tree_file **order = calloc(t->v.len, sizeof(*order));
	struct ox_tree_file *sorted = calloc(t->v.len, sizeof(*sorted));
	int rc = order && sorted ? 0 : ox_fail_nomem(err, "install tree");
	size_t kept = 0;
	for (size_t i = 0; !rc && i < t->v.len; i++)
		order[i] = &t->v.items[i];
	if (!rc)
		qsort((void *)order, t->v.len, sizeof(*order), compare);
	for (size_t i = 0; !rc && i < t->v.len; i++)
		if (i + 1 == t->v.len || strcmp(order[i]->path, order[i + 1]->path) != 0)
			sorted[kept++] = *order[i];
	if (!rc) {
		memcpy(t->v.items, sorted, kept * sizeof(*sorted));
		t->v.len = kept;
	}
	free((void *)order);
	free(sorted);
	return rc;
}
