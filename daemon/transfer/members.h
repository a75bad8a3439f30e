/* members.h - what an archive has brought so far: names checked, and known. */
#ifndef OX_TRANSFER_MEMBERS_H
#define OX_TRANSFER_MEMBERS_H

#include "proto/base/arena.h"
#include "proto/base/map.h"
#include "proto/base/vec.h"
#include "store/cas/manifest.h"

struct ox_members {
	struct ox_map by_path; /* -> index + 1 */
	OX_VEC(struct ox_tree_entry) all;
	struct ox_arena arena;
};

void ox_members_free(struct ox_members *m);

/* A member's name without "./" and final slashes, in the arena; OX_EPOLICY when it is refused.
 * Empty for the folder itself. */
int ox_member_name(struct ox_members *m, const char *name, struct ox_slice *path, struct ox_err *err);

/* NULL when there is none. The pointer lasts until the next one is added. */
struct ox_tree_entry *ox_members_find(const struct ox_members *m, struct ox_slice path);

/* Adds one that is not there yet; path and target must live in the arena. */
int ox_members_add(struct ox_members *m, const struct ox_tree_entry *entry, struct ox_err *err);

/* Every link leads to somewhere inside, whether something is there or not; OX_EPOLICY otherwise. */
int ox_members_check_links(struct ox_members *m, struct ox_err *err);

#endif
