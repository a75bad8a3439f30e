/* collector.h - what an executable will hold: resources with their options, one entry a name.
 *
 * Adding the same resource again replaces its options, or with `merge` adds to
 * them (the old dialect adds a module's source and bytecode in two calls). All strings and
 * resources live in the build's arena. All-zero is empty. */
#ifndef OX_DIALECT_COLLECTOR_H
#define OX_DIALECT_COLLECTOR_H

#include "daemon/bundle/executable.h"
#include "daemon/dialect/rules.h"
#include "proto/base/map.h"

struct ox_collected {
	const struct ox_resource *resource; /* NULL: removed */
	struct ox_options options;
};

struct ox_collector {
	OX_VEC(struct ox_collected) v;
	struct ox_map index; /* kind, place and names -> entry's number plus one */
};

void ox_collector_free(struct ox_collector *c);

int ox_collector_add(struct ox_collector *c, struct ox_arena *arena, const struct ox_resource *resource,
		     const struct ox_options *options, bool merge, struct ox_err *err);

/* Keeps the entries whose name `keep` accepts; `removed` hears of the others. Files
 * have no name in this sense and stay. */
typedef bool ox_keep_fn(void *ctx, struct ox_slice name);
void ox_collector_filter(struct ox_collector *c, ox_keep_fn *keep, void (*removed)(void *ctx, struct ox_slice name),
			 void *ctx);

/* The items for ox_executable_build, in the arena; files without a kind are left to the caller. */
int ox_collector_items(const struct ox_collector *c, struct ox_arena *arena, struct ox_bundle_item **items,
		       size_t *count, struct ox_err *err);

#endif
