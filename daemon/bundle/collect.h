/* collect.h - the resources of one executable: each once, in the order of the payload. */
#ifndef OX_BUNDLE_COLLECT_H
#define OX_BUNDLE_COLLECT_H

#include "daemon/bundle/item.h"
#include "proto/base/arena.h"

struct ox_bundle_entry {
	const struct ox_bundle_item *item;
	uint32_t rank; /* by first use; the same for everything of one name */
};

struct ox_bundle_set {
	struct ox_bundle_entry *entries; /* by origin, rank, name, kind, file; in the arena */
	size_t count;
};

/* A later item replaces an earlier one of the same kind, name and file. */
int ox_bundle_collect(struct ox_arena *arena, const struct ox_bundle_item *items, size_t count,
		      struct ox_bundle_set *out, struct ox_err *err);

#endif
