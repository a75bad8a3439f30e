/* partial.h - downloads that are not finished: partial/<hex digest of what it is to be>.
 *
 * They outlive their process, so that the next one goes on where it stopped. Nothing in them counts as
 * content: whoever finishes one hashes it and gives it to ox_store_put_temp. Only the holder of a lock of its own
 * choice for that digest (a step's) may open one. gc removes those that nobody has written to for a week. */
#ifndef OX_CAS_PARTIAL_H
#define OX_CAS_PARTIAL_H

#include "store/cas/store.h"

/* Opens it for reading and writing, made empty if there is none; *size is what it has so far. The path
 * is for ox_store_put_temp or unlink. */
int ox_partial_open(struct ox_store *s, const struct ox_digest *digest, struct ox_buf *path, int *fd, uint64_t *size,
		    struct ox_err *err);

#endif
