/* tier.h - how each extension module travels, and which libraries come with it.
 *
 * In order of preference: linked into the stub; a shared library loaded from memory; one extracted
 * to a file at run time, where memory will not do; a file beside the executable, when the
 * configuration says so. What an extension needs outside the glibc family is packed too: a library
 * that its wheel brought, else this machine's. A library that cannot be found is a
 * warning: the extension stays, and says at run time what it lacks. An extension module that another one of its
 * folder needs, as pysam's do, is extracted, and so is the other. */
#ifndef OX_BUNDLE_TIER_H
#define OX_BUNDLE_TIER_H

#include "daemon/bundle/collect.h"
#include "daemon/bundle/elf.h"
#include "daemon/link/stub_module.h"
#include "proto/base/map.h"

enum ox_tier { OX_TIER_LINKED = 1, OX_TIER_MEMORY, OX_TIER_EXTRACTED, OX_TIER_BESIDE };

/* Names of packed libraries that it asks for itself; those have needs of their own. For extension modules that need
 * each other see runtime/pack/resource.h. */
struct ox_needs {
	struct ox_slice *names;
	size_t count;
};

struct ox_extension_tier {
	const struct ox_resource *resource;
	enum ox_tier tier;
	struct ox_needs needs;
};

struct ox_packed_library {
	struct ox_slice name; /* as others ask for it: its DT_SONAME */
	struct ox_blob blob;
	enum ox_resource_origin origin; /* of the extension that first asked for it */
	bool needs_file;
	bool prefers_file; /* it is large: from memory only where a program extracts nothing else */
	bool resolving; /* its own needs are being looked for, for those of `outer` */
	struct ox_packed_library *outer;
	struct ox_needs needs;
};

/* All in the arena of the build, but for the tables: ox_tiers_free. */
struct ox_tiers {
	struct ox_map extensions; /* name -> struct ox_extension_tier * */
	struct ox_map libraries;  /* name -> struct ox_packed_library * */
	struct ox_map inner_needs; /* package -> struct ox_needs *, of shared libraries among its files */
	struct ox_glibc_version glibc; /* the highest that any of them asks for */
};

/* Whether it is part of the executable, rather than a shared library. */
bool ox_extension_is_linked(const struct ox_bundle_item *item);

struct ox_tier_rules {
	bool never_extract; /* large ones are loaded from memory too, and what only works as a file is OX_EBUILD */
	bool is_static;     /* only what is linked in can be imported: anything else is an error */
	const struct ox_stub_module *modules; /* what was to be linked in, with what became of it */
	size_t module_count;
};

int ox_tiers_find(struct ox_build_context *ctx, const struct ox_bundle_set *set, const struct ox_tier_rules *rules,
		  struct ox_tiers *out, struct ox_err *err);
void ox_tiers_free(struct ox_tiers *t);

/* OX_EUSAGE: a static executable cannot load this extension module or library; says what can be done. `why`: what keeps
 * it from being linked in; NULL: it is nothing but a shared library. */
int ox_tier_fail_static(const struct ox_resource *r, const char *why, struct ox_err *err);

/* Maps a blob's bytes without checking them against their digest: for a look at an ELF header. */
int ox_elf_read_blob(struct ox_build_context *ctx, const struct ox_blob *blob, struct ox_elf_needs *out,
		     struct ox_err *err);

#endif
