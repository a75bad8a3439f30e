/* extract.h - files that must be real: a per-user cache of what a payload holds.
 *
 * Used for libraries that cannot be loaded from memory and for packages that insist
 * on __file__. The cache is $XDG_CACHE_HOME/oxidizer/extracted, else
 * ~/.cache/oxidizer/extracted, else oxidizer-UID in /dev/shm or /tmp; folders are made with mode
 * 0700 and refused when they belong to somebody else or others may write to them. A file
 * lies under a key made from its content, is written beside its place and renamed
 * into it, and one that is found there is compared with the payload byte by byte before it is
 * used: an altered file is replaced. */
#ifndef OX_IMPORTER_EXTRACT_H
#define OX_IMPORTER_EXTRACT_H

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"

#include <time.h>

enum { OX_EXTRACT_KEY = 33 };

/* Hex digits with their NUL, from the digest, or where it is NULL or zero from the content. */
void ox_extract_key(const unsigned char *digest, struct ox_slice content, char key[static OX_EXTRACT_KEY]);

/* When files were last known to be what the payload holds, and a sum of their ctimes then, which only the clock can
 * set. One that is older than the stamp need not be read again as long as the sum is the same in the end: an altered
 * file's ctime is another one, even if the clock was set back. */
struct ox_extract_stamp {
	struct timespec when; /* zero: never */
	uint64_t verified;    /* the sum then */
	uint64_t sum;         /* of the files that were looked at so far */
	bool is_behind;       /* some file had to be compared or written */
};

/* All of the content, from where the file stands; -1 with errno. */
int ox_write_all(int fd, struct ox_slice content);

/* What need not be looked at again for the next file. All-zero knows nothing. */
struct ox_extract_folders {
	struct ox_buf root; /* the cache; empty: not found yet */
	struct ox_buf last; /* the last folder that was checked, with all above it up to the root */
};
void ox_extract_folders_free(struct ox_extract_folders *f);

/* The file's absolute path into *path (free() it; may be NULL). `name` may have folders. Without a stamp (NULL) it
 * is compared. OX_EDENIED, OX_EEXHAUSTED and the like say which folder or file. */
int ox_extract_file(struct ox_extract_folders *folders, const char *key, const char *name, struct ox_slice content,
		    struct ox_extract_stamp *stamp, char **path, struct ox_err *err);

/* Whether the file, the only one of the stamp, is there and nobody changed it since. Then its path into *path (free()
 * it). */
bool ox_extract_known(struct ox_extract_folders *folders, const char *key, const char *name, struct ox_slice content,
		      const struct ox_extract_stamp *stamp, char **path);

/* A stamp is a file with the key; `name` is that of what it stands for, a file, or a folder and all below it. Its time
 * into *out, zero when there is none. */
int ox_extract_stamp(struct ox_extract_folders *folders, const char *key, const char *name,
		     struct ox_extract_stamp *out, struct ox_err *err);
/* After all files of the stamp: whether they have to be gone through once more, in the same order, and all be compared,
 * which *stamp then says. */
bool ox_extract_stamp_again(struct ox_extract_stamp *stamp);
/* Says that all files that the stamp stands for, whose sum it has, are right now. */
int ox_extract_stamp_renew(struct ox_extract_folders *folders, const char *key, const char *name,
			   const struct ox_extract_stamp *stamp, struct ox_err *err);

#endif
