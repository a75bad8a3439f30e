/* unpack.h - a tar archive, compressed with zstd, gzip or xz, or a zip, into a fresh folder.
 *
 * The archive is foreign input. Files and folders are made below an open folder while there is no symbolic link
 * in it, each by O_EXCL, so that nothing is ever followed or replaced; links are made last, when all of them are
 * known to lead to somewhere inside. Refused (OX_EPOLICY, naming the member): absolute paths, "..", names with
 * control characters or too long, a member twice, a file where a folder is needed, links that leave the folder
 * or lead round in circles, hard links to anything but an earlier file, devices, FIFOs and sockets, and more
 * bytes, members or a higher ratio than the limits allow. Broken or truncated archives are OX_ECORRUPT. Owners,
 * times, and modes but for the owner's x are not taken over: files get OX_TREE_TIME and are read-only, as are
 * folders. */
#ifndef OX_TRANSFER_UNPACK_H
#define OX_TRANSFER_UNPACK_H

#include "proto/base/buf.h"

/* What is added to the end of some files, so that it counts as theirs in the manifest too. */
struct ox_archive_appendix {
	const char *name;                          /* goes into step keys: another one whenever a text changes */
	struct ox_slice (*text)(struct ox_slice path); /* for the file of that path; empty: it stays as it is */
};

struct ox_archive_unpack {
	int fd;                 /* of the archive, at its beginning; -1: `bytes` is the archive */
	struct ox_slice bytes;
	bool is_zip;            /* a zip (a wheel), not a tar archive */
	uint64_t most_bytes;    /* of all files; 0: 4 GiB */
	uint64_t most_members;  /* 0: 200,000 */
	const struct ox_archive_appendix *append; /* may be NULL */
	/* Asked for each member and some megabytes with the number of compressed bytes read; an error ends
	 * it. May be NULL. */
	int (*tick)(void *ctx, uint64_t done, struct ox_err *err);
	void *ctx;
};

/* `folder` exists and is empty; after a failure it holds whatever was made so far. The manifest
 * (store/cas/manifest.h) is appended. */
int ox_archive_unpack(const struct ox_archive_unpack *u, const char *folder, struct ox_buf *manifest,
		      struct ox_err *err);

#endif
