/* item.h - one resource on its way into an executable. */
#ifndef OX_BUNDLE_ITEM_H
#define OX_BUNDLE_ITEM_H

#include "daemon/python/resource.h"

/* A resource with what the policy or the script decided about it. */
struct ox_bundle_item {
	const struct ox_resource *resource;
	bool add_source;
	bool add_bytecode[3];
	const char *prefix; /* NULL: in memory; else filesystem-relative: folder beside the executable */
};

#endif
