/* tree.h - file trees, and publishing one into an output folder.
 *
 * Publishing (publish.c) writes everything into a fresh folder beside the destination,
 * then swaps it in by rename, under a lock in the output root: a running program may be
 * rebuilt, two builds into one folder do not mix, and a failure leaves what was there. */
#ifndef OX_BUNDLE_TREE_H
#define OX_BUNDLE_TREE_H

#include "daemon/python/resource.h"

/* One file of an install tree. */
struct ox_tree_file {
	const char *path; /* relative, '/' separated, no "..", sorted */
	struct ox_blob blob;
	unsigned mode;    /* 0644 or 0755 */
};

struct ox_tree {
	OX_VEC(struct ox_tree_file) v;
};

/* Adds; of two files with one path the later counts (ox_tree_sort drops the other). OX_EUSAGE for an absolute path, an
 * empty one, or one with "." or "..". */
int ox_tree_add(struct ox_tree *t, struct ox_arena *arena, const char *path, const struct ox_blob *blob, unsigned mode,
		struct ox_err *err);
/* By path, each path once. OX_EUSAGE, naming both, when one path is a file and another one needs it as a folder. */
int ox_tree_sort(struct ox_tree *t, struct ox_err *err);

/* Replaces the folder `dir` (absolute) by the tree, which is sorted; modes follow the umask. Records the outputs in
 * ctx->memo, and puts files that came from elsewhere into the store, from where they can be restored. */
int ox_tree_publish(struct ox_build_context *ctx, struct ox_tree *t, const char *dir, struct ox_err *err);

#endif
