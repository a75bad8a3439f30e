/* verify.h - every promise of the store, checked.
 *
 * All objects are read and hashed whatever is remembered of them; all records are decoded as
 * far as the store knows their form; sqlite checks its files. Each problem is one
 * line of text. With repair, what is wrong is removed or moved to the quarantine: a miss
 * from then on. Absent outputs of actions are no problem (gc removes them); damage is. */
#ifndef OX_INDEX_VERIFY_H
#define OX_INDEX_VERIFY_H

#include "store/cas/store.h"

struct ox_verify_report {
	uint64_t objects, bytes; /* read */
	uint64_t records;
	uint64_t problems, repaired;
};

/* 0 when the check could be done, also when it found problems. `problem` may be NULL. */
int ox_store_verify(struct ox_store *s, bool repair, void (*problem)(void *ctx, const char *text), void *ctx,
		    struct ox_verify_report *report, struct ox_err *err);

#endif
