/* assemble.h - step "assemble": stub, payload head and segments become the executable. */
#ifndef OX_BUNDLE_ASSEMBLE_H
#define OX_BUNDLE_ASSEMBLE_H

#include "daemon/bundle/segment.h"

struct ox_assembly {
	const char *name; /* of the executable, for reports */
	struct ox_digest stub;
	const struct ox_segment *segments; /* stdlib, packages, application; those of size 0 are left out */
	size_t segment_count;
	const struct ox_pack_config *config;
};

/* The executable's object in the store. */
int ox_assemble(struct ox_build_context *ctx, const struct ox_assembly *assembly, struct ox_blob *out,
		struct ox_err *err);

#endif
