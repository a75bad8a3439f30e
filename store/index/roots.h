/* roots.h - what users pinned: gc keeps it.
 *
 * A root is a file below roots/ with one hex digest a line, replaced as a whole. */
#ifndef OX_INDEX_ROOTS_H
#define OX_INDEX_ROOTS_H

#include "proto/base/arena.h"
#include "proto/base/map.h"
#include "store/cas/store.h"

/* Names consist of letters, digits, "-", "_" and "." and do not begin with "."; OX_EUSAGE otherwise. */
int ox_root_set(struct ox_store *s, const char *name, const struct ox_digest *digests, size_t count,
		struct ox_err *err);
int ox_root_remove(struct ox_store *s, const char *name, struct ox_err *err); /* absent is success */

/* Each root of which the name begins with `prefix`, in the order of names. fn ends the walk with a value other than 0.
 * OX_ECORRUPT names a root that cannot be read. */
typedef int ox_root_fn(void *ctx, const char *name, const struct ox_digest *digests, size_t count, struct ox_err *err);
int ox_root_each(struct ox_store *s, const char *prefix, ox_root_fn *fn, void *ctx, struct ox_err *err);

/* All pinned digests (keys in the arena; values are the root's name). OX_ECORRUPT as above. */
int ox_roots_collect(struct ox_store *s, struct ox_map *pinned, struct ox_arena *arena, struct ox_err *err);

#endif
