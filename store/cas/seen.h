/* seen.h - what a handle knows of objects: verified signatures, last uses.
 *
 * Kept in memory and written to the index in one transaction now and then
 * (record: size, boot, signature, 56 bytes little-endian; boot is the hash of the
 * boot id under which the record counts, 0: always, all ones: there is no signature). All of it is
 * a cache: errors of the index are not errors here. */
#ifndef OX_CAS_SEEN_H
#define OX_CAS_SEEN_H

#include "store/cas/store.h"
#include "store/fs/file.h"

/* True when the object's file had this signature when its bytes were right. */
bool ox_seen_verified(struct ox_store *s, const struct ox_digest *digest, const struct ox_signature *signature);

/* The file of this signature was found right, or written just now. */
void ox_seen_file(struct ox_store *s, const struct ox_digest *digest, const struct ox_signature *signature);
/* A small object was used. */
void ox_seen_small(struct ox_store *s, const struct ox_digest *digest, uint64_t size);

/* The object is in this handle's present lease, and was there after it was written into it. */
bool ox_seen_leased(struct ox_store *s, const struct ox_digest *digest);
void ox_seen_set_leased(struct ox_store *s, const struct ox_digest *digest);

/* Write to the index. */
int ox_seen_flush(struct ox_store *s, struct ox_err *err);
/* The same, then bring all files to disk and make what any process recorded since the boot last. */
int ox_seen_sync(struct ox_store *s, struct ox_err *err);
void ox_seen_free(struct ox_store *s);

#endif
