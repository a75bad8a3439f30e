/* records.h - small self-checking records by (space, key), in one table.
 *
 *     record(space INTEGER, key BLOB, value BLOB, seal INTEGER, used INTEGER)
 *
 * `seal` is a check over all other columns (seal.h): it finds damage, not malice. A record whose seal is wrong is
 * removed and answered as absent. `used` is the last use in seconds; nothing but the order of forgetting depends on it.
 * A damaged file loses all records: whatever is kept here can be found out again. */
#ifndef OX_DB_RECORDS_H
#define OX_DB_RECORDS_H

#include "proto/base/buf.h"

struct ox_records;

int ox_records_open(const char *path, const char *quarantine, struct ox_records **out, struct ox_err *err);
void ox_records_close(struct ox_records *r); /* NULL is fine */

/* 1 found (value appended), 0 absent, or an error. */
int ox_records_get(struct ox_records *r, int space, struct ox_slice key, struct ox_buf *value, struct ox_err *err);
/* Writes or replaces; the time of use is now. */
int ox_records_put(struct ox_records *r, int space, struct ox_slice key, struct ox_slice value, struct ox_err *err);
/* The same with a time of use (seconds since the epoch). */
int ox_records_put_used(struct ox_records *r, int space, struct ox_slice key, struct ox_slice value, uint64_t used,
			struct ox_err *err);
/* The same as ox_records_put, but only if the value differs or the last use is `age` seconds ago or more. */
int ox_records_refresh(struct ox_records *r, int space, struct ox_slice key, struct ox_slice value, uint64_t age,
		       struct ox_err *err);
int ox_records_remove(struct ox_records *r, int space, struct ox_slice key, struct ox_err *err);
/* Removes the records of a space that were last used before `used`; returns how many. */
int ox_records_expire(struct ox_records *r, int space, uint64_t used, struct ox_err *err);

/* Many calls in one transaction; see db.h. */
int ox_records_begin_read(struct ox_records *r, struct ox_err *err);
int ox_records_begin_write(struct ox_records *r, struct ox_err *err);
int ox_records_end(struct ox_records *r, bool commit, struct ox_err *err);

struct ox_record {
	int space;
	struct ox_slice key, value; /* valid during the call */
	uint64_t used;
	bool sound; /* the seal fits */
};
/* Every record of a space, or of all spaces when it is negative, damaged ones too. fn
 * must not change records; it ends the walk by returning something other than 0. */
int ox_records_each(struct ox_records *r, int space, int (*fn)(void *ctx, const struct ox_record *record), void *ctx,
		    struct ox_err *err);

/* sqlite's own check; see ox_db_check. */
int ox_records_check(struct ox_records *r, void (*problem)(void *ctx, const char *text), void *ctx, struct ox_err *err);
bool ox_records_is_current(const struct ox_records *r); /* see ox_db_is_current */
/* Throw everything away: the file is moved to the quarantine. */
int ox_records_reset(struct ox_records *r, struct ox_err *err);
int ox_records_checkpoint(struct ox_records *r, struct ox_err *err); /* see ox_db_checkpoint */
/* Give unused space back to the file system. */
int ox_records_shrink(struct ox_records *r, struct ox_err *err);
/* The file was found damaged and made anew through this handle. */
bool ox_records_was_replaced(const struct ox_records *r);

#endif
