/* segment.h - step "segment": the resources of one origin become one payload segment.
 *
 * The key holds what goes in (sources, files, libraries by digest; what was decided
 * about each) and the interpreter that compiles: with nothing changed no bytecode is asked for. */
#ifndef OX_BUNDLE_SEGMENT_H
#define OX_BUNDLE_SEGMENT_H

#include "daemon/bundle/tier.h"
#include "daemon/bundle/wants_file.h"
#include "daemon/python/bytecode.h"

struct ox_segment {
	struct ox_digest digest;
	uint64_t size;
	struct ox_slice adds_folders; /* packages that import from folders which they put on sys.path: "a, b" */
};

/* What the segments of an executable have in common; all borrowed. */
struct ox_segment_inputs {
	struct ox_compiler *compiler;
	const struct ox_distribution *dist;
	const struct ox_bundle_set *set;
	const struct ox_tiers *tiers;
	const struct ox_extract_rules *extract;
};

/* Items and libraries of one origin in memory, and the records of those beside the executable.
 * *out has size 0 when there is nothing of that origin. */
int ox_segment_build(struct ox_build_context *ctx, const struct ox_segment_inputs *in, enum ox_resource_origin origin,
		     struct ox_segment *out, struct ox_err *err);

#endif
