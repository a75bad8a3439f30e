/* small.h - small objects: rows of objects.db.
 *
 *     object(digest BLOB, size INTEGER, form INTEGER, bytes BLOB, seal INTEGER)
 *
 * form 0: bytes as they are, 1: packed with zstd; seal: a check over the other columns (db/seal.h). */
#ifndef OX_CAS_SMALL_H
#define OX_CAS_SMALL_H

#include "store/cas/store.h"

int ox_small_put(struct ox_store *s, const struct ox_digest *digest, struct ox_slice bytes, struct ox_err *err);

/* 1 with the verified bytes appended, 0 absent (or wrong, and quarantined), or an error. */
int ox_small_get(struct ox_store *s, const struct ox_digest *digest, struct ox_buf *bytes, struct ox_err *err);
/* 1 present and its seal fits, 0 (the same), or an error. */
int ox_small_has(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);
/* The same as ox_small_get without consequences: 1 right, 0 absent, OX_ECORRUPT, or another error. */
int ox_small_verify(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);
int ox_small_remove(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);

/* Every row, without looking at its bytes. fn must not change rows. */
typedef int ox_small_fn(void *ctx, const struct ox_digest *digest, uint64_t size, uint64_t stored);
int ox_small_each(struct ox_store *s, ox_small_fn *fn, void *ctx, struct ox_err *err);

/* Many calls in one transaction. */
int ox_small_begin(struct ox_store *s, bool write, struct ox_err *err);
int ox_small_end(struct ox_store *s, bool commit, struct ox_err *err);

int ox_small_check(struct ox_store *s, void (*problem)(void *ctx, const char *text), void *ctx, struct ox_err *err);
int ox_small_reset(struct ox_store *s, struct ox_err *err);
int ox_small_shrink(struct ox_store *s, struct ox_err *err);

#endif
