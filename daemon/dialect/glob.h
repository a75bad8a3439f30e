/* glob.h - files by pattern: `*`, `?`, `[...]` within a name, `**` for any depth.
 *
 * A pattern is an absolute path. `**` stands alone between slashes and matches no
 * folder, one, or many; at the end it matches every file below. Names that begin with a dot
 * match like others; `**` does not follow symbolic links to folders, so that
 * a walk ends. Only regular files (also through a link) are results. Every folder that
 * was listed and every place looked at in vain is recorded in the memo. */
#ifndef OX_DIALECT_GLOB_H
#define OX_DIALECT_GLOB_H

#include "daemon/action/memo.h"
#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/vec.h"

struct ox_path_list {
	OX_VEC(const char *) v; /* strings in the arena */
};

/* Appends the matches of one pattern in byte order of their paths. OX_EUSAGE for a relative pattern
 * or a misplaced `**`. A pattern that matches nothing is no error. */
int ox_glob(struct ox_memo *memo, struct ox_arena *arena, const char *pattern, struct ox_path_list *out,
	    struct ox_err *err);

/* Sorts by bytes and drops doubles. */
void ox_path_list_sort(struct ox_path_list *list);
/* In a sorted list. */
bool ox_path_list_has(const struct ox_path_list *list, const char *path);

#endif
