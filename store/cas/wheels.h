/* wheels.h - what pip built from source: wheels/<hex digest of what that depends on besides the package>.
 *
 * A folder for pip's own cache of built wheels, and for the objects that they were linked from
 * (daemon/python/captured.h). Nothing in it counts as content: what is taken out of it goes into objects like anything
 * else that pip made. gc removes folders that nobody asked for in two weeks. */
#ifndef OX_CAS_WHEELS_H
#define OX_CAS_WHEELS_H

#include "store/cas/store.h"

/* The folder, made if there is none, and marked as in use. */
int ox_wheels_dir(struct ox_store *s, const struct ox_digest *digest, struct ox_buf *path, struct ox_err *err);

#endif
