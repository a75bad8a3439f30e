#include "daemon/dialect/glob.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <sys/stat.h>

enum { GLOB_DEPTH_MAX = 128 };

struct walk {
	struct ox_memo *memo;
	struct ox_arena *arena;
	struct ox_path_list *out;
	const char **parts; /* the pattern's components */
	size_t count;
	struct ox_err *err;
};

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void ox_path_list_sort(struct ox_path_list *list)
{
	if (list->v.len == 0)
		return;
	qsort(list->v.items, list->v.len, sizeof *list->v.items, compare_paths);
	size_t kept = 1;
	for (size_t i = 1; i < list->v.len; i++) {
		if (strcmp(list->v.items[i], list->v.items[kept - 1]) != 0)
			list->v.items[kept++] = list->v.items[i];
	}
	list->v.len = kept;
}

bool ox_path_list_has(const struct ox_path_list *list, const char *path)
{
	return list->v.len != 0 &&
	       bsearch(&path, list->v.items, list->v.len, sizeof *list->v.items, compare_paths) != NULL;
}

static bool is_magic(const char *part)
{
	return strpbrk(part, "*?[") != NULL;
}

static int walk_part(struct walk *w, const char *dir, size_t index, int depth);

/* `path` exists and parts[0..index) of the pattern are used up. */
static int walk_match(struct walk *w, const char *path, size_t index, bool is_dir, bool is_file, int depth)
{
	if (index < w->count)
		return is_dir ? walk_part(w, path, index, depth + 1) : 0;
	if (!is_file)
		return 0;
	const char **slot = ox_vec_push(&w->out->v);
	if (!slot)
		return ox_fail_nomem(w->err, "matches of a pattern");
	*slot = path;
	return 0;
}

static int walk_literal(struct walk *w, const char *dir, size_t index, int depth)
{
	struct stat st;
	const char *path = ox_arena_printf(w->arena, "%s/%s", dir, w->parts[index]);
	if (!path)
		return ox_fail_nomem(w->err, "a path");
	if (stat(path, &st) != 0) {
		ox_memo_file(w->memo, path);
		return 0;
	}
	return walk_match(w, path, index + 1, S_ISDIR(st.st_mode), S_ISREG(st.st_mode), depth);
}

/* One entry of a listed folder against parts[index]. */
static int walk_entry(struct walk *w, const char *dir, const char *name, size_t index, int depth)
{
	bool deep = strcmp(w->parts[index], "**") == 0;
	if (!deep && fnmatch(w->parts[index], name, FNM_NOESCAPE) != 0)
		return 0;
	struct stat st, link;
	const char *path = ox_arena_printf(w->arena, "%s/%s", dir, name);
	if (!path)
		return ox_fail_nomem(w->err, "a path");
	if (stat(path, &st) != 0 || lstat(path, &link) != 0)
		return 0; /* dangling, or gone in between */
	if (!deep)
		return walk_match(w, path, index + 1, S_ISDIR(st.st_mode), S_ISREG(st.st_mode), depth);
	if (S_ISDIR(link.st_mode))
		return walk_part(w, path, index, depth + 1);
	return 0;
}

static int list_folder(struct walk *w, const char *dir, size_t index, int depth)
{
	ox_memo_listing(w->memo, dir[0] ? dir : "/");
	DIR *d = opendir(dir[0] ? dir : "/");
	if (!d && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!d)
		return ox_fail_errno(w->err, errno, "cannot list %s", dir);
	int rc = 0;
	struct dirent *entry;
	while (rc == 0 && (entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			rc = walk_entry(w, dir, entry->d_name, index, depth);
	}
	closedir(d);
	return rc;
}

static int walk_part(struct walk *w, const char *dir, size_t index, int depth)
{
	if (depth > GLOB_DEPTH_MAX)
		return ox_fail(w->err, OX_EUSAGE, "%s: folders are nested too deeply for a pattern", dir);
	if (!is_magic(w->parts[index]))
		return walk_literal(w, dir, index, depth);
	if (strcmp(w->parts[index], "**") == 0) {
		/* No folder at all: go on with the rest here. */
		int rc = walk_part(w, dir, index + 1, depth);
		if (rc != 0)
			return rc;
	}
	return list_folder(w, dir, index, depth);
}

/* Components of the pattern; a final `**` gets a `*` behind it. */
static int split_pattern(struct walk *w, const char *pattern)
{
	size_t slashes = 0;
	for (const char *p = pattern; *p; p++)
		slashes += *p == '/';
	char *text = ox_arena_str(w->arena, pattern);
	w->parts = ox_arena_array(w->arena, slashes + 2, sizeof *w->parts);
	if (!text || !w->parts)
		return ox_fail_nomem(w->err, "a pattern");
	for (char *part = text, *next; part; part = next) {
		next = strchr(part, '/');
		if (next)
			*next++ = '\0';
		if (part[0] == '\0' || strcmp(part, ".") == 0)
			continue;
		if (strstr(part, "**") && strcmp(part, "**") != 0)
			return ox_fail(w->err, OX_EUSAGE, "pattern %s: ** must stand alone between slashes", pattern);
		bool again = w->count > 0 && strcmp(part, "**") == 0 && strcmp(w->parts[w->count - 1], "**") == 0;
		if (!again)
			w->parts[w->count++] = part;
	}
	if (w->count > 0 && strcmp(w->parts[w->count - 1], "**") == 0)
		w->parts[w->count++] = "*";
	return 0;
}

int ox_glob(struct ox_memo *memo, struct ox_arena *arena, const char *pattern, struct ox_path_list *out,
	    struct ox_err *err)
{
	struct walk w = {.memo = memo, .arena = arena, .out = out, .err = err};
	if (pattern[0] != '/')
		return ox_fail(err, OX_EUSAGE, "pattern %s is not an absolute path", pattern);
	int rc = split_pattern(&w, pattern);
	if (rc != 0 || w.count == 0)
		return rc;
	struct ox_path_list found = {0};
	w.out = &found;
	rc = walk_part(&w, "", 0, 0);
	ox_path_list_sort(&found);
	for (size_t i = 0; rc == 0 && i < found.v.len; i++) {
		const char **slot = ox_vec_push(&out->v);
		if (!slot)
			rc = ox_fail_nomem(err, "matches of a pattern");
		else
			*slot = found.v.items[i];
	}
	ox_vec_free(&found.v);
	return rc;
}
