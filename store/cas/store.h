/* store.h - the content-addressed store: bytes by their SHA-256.
 *
 * ON DISK
 *
 *     VERSION           "oxidizer store 1\n"
 *     objects/ab/cd...  objects of 64 KiB and more: one read-only file each, named by the
 *                       hex digest of its bytes
 *     objects.db        smaller ones: rows (digest, size, form, bytes, seal), the bytes packed
 *                       with zstd where that helps
 *     index.db          records (db/records.h): signatures of verified files, last uses, action results,
 *                       digests of users' files, memos
 *     tmp/              one flocked folder per process with what it is writing
 *     trees/            whole folders, read-only (tree.h)
 *     partial/          downloads that are not finished (partial.h)
 *     wheels/           what pip built from source (wheels.h)
 *     locks/            flocked files of steps that run, and the lock between gc and leases
 *     leases/           flocked lists of what builds rely on (lease.h)
 *     roots/            lists of what users pinned (index/roots.h)
 *     quarantine/       what was found damaged, for a week
 *
 * WHAT MAKES AN ENTRY VALID. Its bytes have its digest; nothing else counts. A row is unpacked and
 * hashed whenever it is viewed; asking only whether it is there checks the row's seal (db/seal.h). A file is hashed
 * when it is opened, unless its signature (device, inode, size, mtime, ctime) is the one that it had when it was last
 * hashed or written by us: then it has not been written to since, for the price of one fstat. An entry that fails is
 * moved to quarantine/ and is absent from then on. index.db can be deleted whenever nobody uses the store: files are
 * hashed once more, steps run again. So can objects.db. A damaged database is moved to quarantine/ and made anew.
 *
 * WHAT A CRASH LEAVES BEHIND. A file appears under its name by link(2), complete; before that it is in
 * the process's folder below tmp/, whose flock ends with the process: the next gc removes it. Rows
 * are committed transactions. So a killed process (the page cache survives it) leaves entries that are complete
 * or absent. A power loss can leave a file with its name and without its bytes, or a row of index.db that speaks
 * of objects that were lost. Neither needs an fsync to be harmless: a signature that was recorded before the file was
 * synced carries the machine's boot id and counts until the next boot only, so after a power loss every file not known
 * to be on disk is hashed before it is used, and a torn one is a miss. Nothing on the way to a result waits for the
 * disk; ox_store_sync, called when there is time, syncs what was put in one batch and makes the recorded signatures
 * last.
 *
 * A FULL DISK is OX_EEXHAUSTED wherever it strikes; what was being written is removed.
 *
 * VERSIONS. A store of a newer version is refused (OX_EUSAGE), older ones are converted when opened (there are
 * none yet). A database of a foreign version is treated as damaged.
 *
 * THREADS AND PROCESSES. One struct ox_store is used by one thread; many threads and processes open the same
 * folder at once. Objects are immutable. */
#ifndef OX_STORE_CAS_STORE_H
#define OX_STORE_CAS_STORE_H

#include "proto/base/buf.h"
#include "proto/base/digest_id.h"

struct ox_store;

/* Opens the store in `dir` (absolute), creating it if absent: OX_EPOLICY when
 * the folder belongs to somebody else, OX_EUSAGE when its version is newer than ours. */
int ox_store_open(const char *dir, struct ox_store **out, struct ox_err *err);
void ox_store_close(struct ox_store *s); /* NULL is fine */
const char *ox_store_dir(const struct ox_store *s);

/* For handles that live long: databases that others replaced or deleted meanwhile are opened
 * anew when next needed. Costs two stats. Not inside a transaction. */
void ox_store_refresh(struct ox_store *s);

/* The folder that the environment names, or the default: OXIDIZER_STORE, else
 * $XDG_CACHE_HOME/oxidizer, else $HOME/.cache/oxidizer, else the passwd entry's
 * home, else /tmp/oxidizer-<uid>. `lookup` reads one variable. Relative values are ignored
 * (OXIDIZER_STORE: OX_EUSAGE). */
int ox_store_default_dir(const char *(*lookup)(void *ctx, const char *name), void *ctx, struct ox_buf *dir,
			 struct ox_err *err);

/* Put bytes, or the whole content of a regular file. Already there is success. */
int ox_store_put(struct ox_store *s, struct ox_slice bytes, struct ox_digest *digest, struct ox_err *err);
int ox_store_put_file(struct ox_store *s, const char *path, struct ox_digest *digest, uint64_t *size,
		      struct ox_err *err);
/* The same for a file below a folder of ox_store_temp_dir that nobody has open for
 * writing any more: it becomes the object without being copied, and is gone from `path`. */
int ox_store_put_temp(struct ox_store *s, const char *path, struct ox_digest *digest, uint64_t *size,
		      struct ox_err *err);

/* The same when the caller hashed the bytes while writing them; 64 KiB or more. */
int ox_store_put_temp_hashed(struct ox_store *s, const char *path, const struct ox_digest *digest, struct ox_err *err);

/* Present and, as far as can be told without reading it all again, right: 1, 0 or an error. */
int ox_store_has(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);

/* A verified read-only view of an object's bytes: a mapping or memory. It stays
 * valid when the object is removed or the store closed. OX_ENOENT when the object is absent, or
 * was found wrong and quarantined. */
struct ox_view {
	const char *data;
	size_t len;
	void *mapping; /* private */
	bool mapped;
};
int ox_store_view(struct ox_store *s, const struct ox_digest *digest, struct ox_view *view, struct ox_err *err);
void ox_view_release(struct ox_view *view);

/* A verified read-only descriptor on an object's bytes (positioned at 0), for copying; the
 * caller closes it. Errors as for a view. */
int ox_store_open_object(struct ox_store *s, const struct ox_digest *digest, int *fd, uint64_t *size,
			 struct ox_err *err);

/* How many objects this handle found wrong and quarantined: a build that failed
 * for an object that vanished under it is worth starting again. */
uint64_t ox_store_quarantined(const struct ox_store *s);

/* A fresh folder for temporary files on the store's file system, gone with
 * ox_store_temp_remove or, after a crash, by the next gc. */
int ox_store_temp_dir(struct ox_store *s, struct ox_buf *path, struct ox_err *err);
void ox_store_temp_remove(const char *path);

/* Make everything that anybody put so far durable (one batched sync), and write down what
 * this handle learned. Correctness does not depend on it: call it when there is time (gc does). */
int ox_store_sync(struct ox_store *s, struct ox_err *err);

#endif
