/* store.h - the content-addressed store: bytes by their SHA-256.
 *
 * (The essay on the on-disk format belongs here: what lies where, what makes an
 * entry valid, what a crash can leave behind, the version rule.)
 *
 * One struct ox_store is used by one thread; many processes open the same folder
 * at once. Objects are immutable. An object that is absent, short or whose
 * bytes do not have its digest is OX_ENOENT (and quarantined): never served. */
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

/* The folder that the environment names, or the default: OXIDIZER_STORE, else
 * $XDG_CACHE_HOME/oxidizer, else $HOME/.cache/oxidizer, else the passwd entry's
 * home, else /tmp/oxidizer-<uid>. `lookup` reads one variable. */
int ox_store_default_dir(const char *(*lookup)(void *ctx, const char *name), void *ctx, struct ox_buf *dir,
			 struct ox_err *err);

/* Put bytes, or the whole content of a file. Already there is success. */
int ox_store_put(struct ox_store *s, struct ox_slice bytes, struct ox_digest *digest, struct ox_err *err);
int ox_store_put_file(struct ox_store *s, const char *path, struct ox_digest *digest, uint64_t *size,
		      struct ox_err *err);

/* Cheap: present with plausible size. 1, 0 or an error. */
int ox_store_has(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);

/* A verified read-only view of an object's bytes: a mapping or memory. */
struct ox_view {
	const char *data;
	size_t len;
	void *mapping; /* private */
	bool mapped;
};
int ox_store_view(struct ox_store *s, const struct ox_digest *digest, struct ox_view *view, struct ox_err *err);
void ox_view_release(struct ox_view *view);

/* A read-only descriptor on an object's bytes (positioned at 0), for copying. */
int ox_store_open_object(struct ox_store *s, const struct ox_digest *digest, int *fd, uint64_t *size,
			 struct ox_err *err);

/* A fresh folder for temporary files on the store's file system, gone with
 * ox_store_temp_remove or, after a crash, by the next gc. */
int ox_store_temp_dir(struct ox_store *s, struct ox_buf *path, struct ox_err *err);
void ox_store_temp_remove(const char *path);

/* Make everything put so far durable (batched fsync). */
int ox_store_sync(struct ox_store *s, struct ox_err *err);

#endif
