/* stub.h - the executable without payload: our main, libpyembed, the interpreter, allocator.
 *
 * Steps "runtime" (compile our sources against the interpreter's headers) and
 * "stub" (link). Keys hold the digests of our runtime sources, the headers, libpython (or an
 * archive's tree and the names of what was chosen in it), each static library found for
 * -lNAME, the compiler with its passes, and the flags. */
#ifndef OX_LINK_STUB_H
#define OX_LINK_STUB_H

#include "daemon/link/stub_module.h"
#include "daemon/python/variants.h"

struct ox_stub_options {
	const char *allocator; /* "default", "jemalloc" */
	bool release;          /* strip symbols */
	/* The extension modules linked from an archive, by name, with those that no interpreter does without. */
	const struct ox_python_variant *const *variants;
	size_t variant_count;
	struct ox_stub_module *modules; /* of packages, to be linked in; by name. Those that cannot be are marked */
	size_t module_count;
};

/* The linked stub's object in the store. OX_EBUILD names the package that brings a missing
 * compiler, header or static library. */
int ox_stub_build(struct ox_build_context *ctx, const struct ox_distribution *dist,
		  const struct ox_stub_options *options, struct ox_digest *stub, uint64_t *size, struct ox_err *err);

#endif
