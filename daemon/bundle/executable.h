/* executable.h - from resources to one executable file.
 *
 * Steps "segment" (one each for stdlib, packages, application) and "assemble". A segment's
 * key is made of its resources' source digests and options, so that an unchanged
 * segment asks for no bytecode at all. Extension modules get a tier (linked in,
 * memory, extracted, file beside the executable); the report names it and why. */
#ifndef OX_BUNDLE_EXECUTABLE_H
#define OX_BUNDLE_EXECUTABLE_H

#include "daemon/bundle/item.h"
#include "daemon/bundle/tree.h"
#include "daemon/bundle/wants_file.h"
#include "daemon/link/stub.h"
#include "daemon/python/bytecode.h"
#include "runtime/pack/config.h"

struct ox_executable_spec {
	const char *name; /* file name */
	const struct ox_distribution *distribution;
	const struct ox_pack_config *config;
	const struct ox_bundle_item *items; /* a later item of one name replaces an earlier one */
	size_t item_count;
	struct ox_stub_options stub; /* but for its modules, which are found among the items */
	bool keep_shared;            /* extension modules of packages are not linked in */
	struct ox_extract_rules extract;
};

struct ox_executable {
	struct ox_tree_file file; /* the executable */
	struct ox_tree beside;    /* filesystem-relative resources */
	const char *runs_on;      /* "needs glibc 2.36 or later (Debian 12, ...)" */
};

int ox_executable_build(struct ox_build_context *ctx, struct ox_compiler *compiler,
			const struct ox_executable_spec *spec, struct ox_executable *out, struct ox_err *err);

#endif
