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

/* What is remembered of files, so that they need not be compared again at each start: when all of them were last known
 * to be what the payload holds, and a sum of their ctimes at that time. The kernel sets a file's ctime to the clock's
 * time whenever the file is changed, and nobody can choose it. So a file whose ctime is before `when` has not been
 * changed since, unless the clock was set back; the sum, compared once all files were looked at, tells that too. */
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

/* A file in the cache, all borrowed. */
struct ox_extract_item {
	const char *key;
	const char *name; /* may have folders */
	struct ox_slice content;
};

/* Makes the file unless it is there; its absolute path into *path (free() it; may be NULL). Without a stamp (NULL) it
 * is compared. OX_EDENIED, OX_EEXHAUSTED and the like say which folder or file. */
int ox_extract_file(struct ox_extract_folders *folders, const struct ox_extract_item *item,
		    struct ox_extract_stamp *stamp, char **path, struct ox_err *err);

/* Whether the file, the only one of the stamp, is there and nobody changed it since. Then its path into *path (free()
 * it). */
bool ox_extract_known(struct ox_extract_folders *folders, const struct ox_extract_item *item,
		      const struct ox_extract_stamp *stamp, char **path);

/* Reads the stamp of a file, or of a folder with all below it, `name`; it is itself a file in the key's folder. *out
 * has the time zero when there is none. */
int ox_extract_stamp(struct ox_extract_folders *folders, const char *key, const char *name,
		     struct ox_extract_stamp *out, struct ox_err *err);
/* After all files of the stamp were looked at: true when they have to be gone through once more, in the same order,
 * since one was compared or the sum is another one. *stamp is reset then, so that all are compared this time. */
bool ox_extract_stamp_again(struct ox_extract_stamp *stamp);
/* Writes the stamp: all of its files are what the payload holds, now. */
int ox_extract_stamp_renew(struct ox_extract_folders *folders, const char *key, const char *name,
			   const struct ox_extract_stamp *stamp, struct ox_err *err);

#endif
