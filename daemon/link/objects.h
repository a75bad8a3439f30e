/* objects.h - step "runtime": our runtime's sources compiled against one interpreter's headers. */
#ifndef OX_LINK_OBJECTS_H
#define OX_LINK_OBJECTS_H

#include "daemon/link/sources.h"

/* The objects in the store, one output per source, in the order of the list. */
int ox_runtime_objects(struct ox_build_context *ctx, const struct ox_toolchain *t,
		       const struct ox_runtime_sources *sources, const struct ox_distribution *dist,
		       struct ox_outputs *out, struct ox_err *err);

#endif
