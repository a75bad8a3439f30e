#include "daemon/bundle/tree.h"

#include <limits.h>

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

static int compare_files(const void *left, const void *right)
{
	const struct ox_tree_file *a = left, *b = right;
	return strcmp(a->path, b->path);
}

/* A sorted tree in which one path is a file and, for another path, a folder cannot be written. */
static int check_folders(const struct ox_tree *t, struct ox_err *err)
{
	char folder[PATH_MAX];
	for (size_t i = 0; i < t->v.len; i++) {
		const char *path = t->v.items[i].path;
		for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
			struct ox_tree_file wanted = {.path = folder};
			if ((size_t)(p - path) >= sizeof folder)
				break; /* no file system takes it, and it says so */
			memcpy(folder, path, (size_t)(p - path));
			folder[p - path] = '\0';
			if (bsearch(&wanted, t->v.items, t->v.len, sizeof(wanted), compare_files))
				return ox_fail(err, OX_EUSAGE,
					       "'%s' is to be a file, and a folder for '%s': "
					       "give one of them another prefix",
					       folder, path);
		}
	}
	return 0;
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
	return rc ? rc : check_folders(t, err);
}
