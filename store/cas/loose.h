/* loose.h - large objects: one file each. */
#ifndef OX_CAS_LOOSE_H
#define OX_CAS_LOOSE_H

#include "store/cas/store.h"

/* Opens an object's file after checking it: 1 (*fd, *size), 0 when there is none
 * or it was wrong and is in quarantine now, or an error. */
int ox_loose_open(struct ox_store *s, const struct ox_digest *digest, int *fd, uint64_t *size, struct ox_err *err);
/* The same without keeping it open. */
int ox_loose_has(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);

/* Makes the temporary file `path` the object `digest` (which its bytes have). The
 * file is gone from `path` afterwards, whatever happens. */
int ox_loose_publish(struct ox_store *s, const char *path, const struct ox_digest *digest, struct ox_err *err);

/* Reads the whole file again, whatever is remembered: 1 right, 0 absent, OX_ECORRUPT, or another error. */
int ox_loose_verify(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);
/* Moves an object's file to the quarantine. */
int ox_loose_quarantine(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);
int ox_loose_remove(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);

/* Every file below objects/. `digest` is NULL for a name that is none. fn ends the walk
 * with a value other than 0. */
struct stat;
typedef int ox_loose_fn(void *ctx, const struct ox_digest *digest, const char *name, const struct stat *st);
int ox_loose_each(struct ox_store *s, ox_loose_fn *fn, void *ctx, struct ox_err *err);

#endif
