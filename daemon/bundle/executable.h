/* executable.h - from resources to one executable file.
 *
 * Steps "segment" (one each for stdlib, packages, application) and "assemble". A segment's
 * key is made of its resources' source digests and options, so that an unchanged
 * segment asks for no bytecode at all. Extension modules get a tier (linked in,
 * memory, extracted, file beside the executable); the report names it and why. */
#ifndef OX_BUNDLE_EXECUTABLE_H
#define OX_BUNDLE_EXECUTABLE_H

#include "daemon/link/stub.h"
#include "daemon/python/bytecode.h"
#include "daemon/python/resource.h"
#include "runtime/pack/config.h"

/* A resource with what the policy or the script decided about it. */
struct ox_bundle_item {
	const struct ox_resource *resource;
	bool add_source;
	bool add_bytecode[3];
	const char *prefix; /* NULL: in memory; else filesystem-relative: folder beside the executable */
};

struct ox_executable_spec {
	const char *name; /* file name */
	const struct ox_distribution *distribution;
	const struct ox_pack_config *config;
	const struct ox_bundle_item *items; /* a later item of one name replaces an earlier one */
	size_t item_count;
	struct ox_stub_options stub;
};

/* One file of an install tree. */
struct ox_tree_file {
	const char *path; /* relative, '/' separated, no "..", sorted */
	struct ox_blob blob;
	unsigned mode;    /* 0644 or 0755 */
};

struct ox_tree {
	OX_VEC(struct ox_tree_file) v;
};

struct ox_executable {
	struct ox_tree_file file; /* the executable */
	struct ox_tree beside;    /* filesystem-relative resources */
	const char *runs_on;      /* "needs glibc 2.36 or later (Debian 12, ...)" */
};

int ox_executable_build(struct ox_build_context *ctx, struct ox_compiler *compiler,
			const struct ox_executable_spec *spec, struct ox_executable *out, struct ox_err *err);

#endif
