/* libraries.h - the libraries that a stub is linked with: static, except those of the glibc family. */
#ifndef OX_LINK_LIBRARIES_H
#define OX_LINK_LIBRARIES_H

#include "daemon/link/toolchain.h"
#include "daemon/python/python_json.h"

struct ox_link_library {
	const char *argument;       /* for the linker: "-lm", or the archive's path */
	bool is_static;
	struct ox_link_input input; /* when static */
};

struct ox_link_libraries {
	const struct ox_link_library *items; /* in the order to link them */
	size_t count;
};

/* What the distribution asks for (`names` for -l: "m", "z"), and
 * the allocator. OX_EBUILD lists every static archive that is missing with
 * the package that brings it. OX_EUSAGE for an allocator that we do not know. */
int ox_link_libraries_find(struct ox_build_context *ctx, const struct ox_toolchain *t,
			   const struct ox_distribution *dist, struct ox_texts names, const char *allocator,
			   struct ox_link_libraries *out, struct ox_err *err);

/* Whether -lNAME is a library that is present wherever a glibc executable runs. */
bool ox_is_glibc_name(const char *name);

#endif
