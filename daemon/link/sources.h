/* sources.h - our runtime's own sources, as they lie in the build tree or below the prefix.
 *
 * runtime/sources.list names the C files to compile, one a line, relative to the folder that holds
 * runtime/ and proto/, and in lines "# wrap NAME" the functions whose callers are sent to ours
 * (--wrap). A program in the build tree uses the source tree, an installed one $(pkgdatadir);
 * OXIDIZER_RUNTIME_SOURCES names the folder outright. */
#ifndef OX_LINK_SOURCES_H
#define OX_LINK_SOURCES_H

#include "daemon/link/toolchain.h"

struct ox_runtime_sources {
	const char *root;
	const struct ox_link_input *files; /* what to compile; .name is the path below root */
	size_t file_count;
	const struct ox_link_input *headers; /* whatever those may include; sorted */
	size_t header_count;
	const char *const *wraps; /* names of functions */
	size_t wrap_count;
};

/* What is compiled for this distribution. OX_ENOENT when the installation is incomplete. */
int ox_runtime_sources_find(struct ox_build_context *ctx, const struct ox_distribution *dist,
			    struct ox_runtime_sources *out, struct ox_err *err);

/* One digest over all files below `dir` (names and contents), for a step's key. */
int ox_folder_digest(struct ox_build_context *ctx, const char *dir, struct ox_step *step, const char *name,
		     struct ox_err *err);

#endif
