/* fetch.h - a file with a known digest, from an address or a local path, as a step "fetch".
 *
 * Nothing but its digest is believed: bytes are looked at by nobody before they have it. The step is keyed by the
 * digest alone; the address only says where to look first, so that what is in the store is never
 * downloaded again. What arrived before a failure is kept (store/cas/partial.h) and gone on with, by this
 * call, which tries again with growing pauses, and by the next build. */
#ifndef OX_TRANSFER_FETCH_H
#define OX_TRANSFER_FETCH_H

#include "daemon/action/action.h"
#include "daemon/action/memo.h"

struct ox_fetch {
	const char *url; /* http, https or file address, or an absolute path */
	struct ox_digest sha256;
	struct ox_env env; /* proxies and certificates */
	bool offline;
	bool once; /* one attempt: there is something else to do */
	uint64_t limit;                          /* bytes; 0: 2 GiB */
	unsigned connect_seconds, stall_seconds; /* 0: 20 and 30 */
	unsigned pause_ms;                       /* before the second attempt, doubled each time; 0: 500 */
};

/* Afterwards the store has the object f->sha256. OX_EPOLICY: what is there has another digest;
 * OX_EBUILD: it cannot be had, or offline; OX_EEXHAUSTED: larger than the limit; OX_ECANCELLED. */
int ox_fetch(struct ox_actions *actions, struct ox_arena *arena, const struct ox_fetch *f, struct ox_err *err);

#endif
