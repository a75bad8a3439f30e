/* listing.h - the files below a folder: listed in one fixed order, then digested.
 *
 * Paths are relative to the folder, with '/'; a folder comes before what is in
 * it, names in byte order. Symbolic links are followed (an ancestor met again is
 * left out); broken ones, sockets, FIFOs and devices are left out. Everything lives in the given arena. */
#ifndef OX_PYTHON_LISTING_H
#define OX_PYTHON_LISTING_H

#include "daemon/python/distribution.h"
#include "proto/base/vec.h"

struct ox_file_entry {
	struct ox_slice path; /* NUL-terminated */
	bool is_dir, is_executable;
	uint64_t size, device, inode;
	uint64_t mtime_ns, ctime_ns;
	struct ox_digest digest; /* zero until digested; of folders always */
};

struct ox_listing {
	const char *root; /* absolute */
	bool is_partial;  /* only some of the root's entries: its listing does not matter */
	OX_VEC(struct ox_file_entry) v; /* release with ox_vec_free */
};

/* Says whether an entry (a folder: with all below it) is left out. `name` is the last component. */
typedef bool ox_listing_skip(void *ctx, const char *path, const char *name, bool is_dir);

/* Lists; OX_ENOENT when there is no such folder. `skip` may be NULL. */
int ox_listing_read(struct ox_arena *arena, const char *root, ox_listing_skip *skip, void *skip_ctx,
		    struct ox_listing *out, struct ox_err *err);

/* Fills in the digests file by file, and records listings and files in ctx->memo. */
int ox_listing_digest(struct ox_build_context *ctx, struct ox_listing *files, struct ox_err *err);

/* The same as one step "scan", for big folders that seldom change: known
 * signatures give all digests at once. Files too young to be judged by their
 * signature make it fall back to ox_listing_digest. */
int ox_listing_digest_at_once(struct ox_build_context *ctx, struct ox_listing *files, struct ox_err *err);

#endif
