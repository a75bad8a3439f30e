/* lease.h - what a build relies on is not collected under it.
 *
 * A lease is a flocked file below leases/ with the digests (32 bytes each) that
 * its holder has put or found present since it took the lease. A digest is written down before
 * presence is looked at, both under the shared side of locks/gc; gc reads all leases and
 * deletes under the exclusive side. So either gc sees the digest, or the holder sees that the object
 * is gone. A holder that dies loses its flock, and with it the lease. */
#ifndef OX_CAS_LEASE_H
#define OX_CAS_LEASE_H

#include "proto/base/arena.h"
#include "proto/base/map.h"
#include "store/cas/store.h"

/* From here on the handle keeps everything it puts, views, opens or finds present. Nests. */
int ox_lease_take(struct ox_store *s, struct ox_err *err);
void ox_lease_release(struct ox_store *s);

/* Around looking at or putting an object; without a lease, or when the object was found under it
 * before, they do nothing. `present`: it is there. */
int ox_lease_enter(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);
void ox_lease_leave(struct ox_store *s, const struct ox_digest *digest, bool present);

/* For gc: the exclusive side, and the union of all live leases (keys in the
 * arena, no values). Files of dead holders are removed. */
int ox_lease_block(struct ox_store *s, struct ox_err *err);
int ox_lease_collect(struct ox_store *s, struct ox_map *leased, struct ox_arena *arena, struct ox_err *err);
void ox_lease_unblock(struct ox_store *s);

#endif
