#include "store/db/records.h"

#include "proto/base/clock.h"
#include "store/db/db.h"
#include "store/db/seal.h"

enum { FORMAT = 1 };

enum { GET, FRESH, PUT, REMOVE, EXPIRE, ALL, STATEMENT_COUNT };

static const char schema[] = "CREATE TABLE record("
			     " space INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
			     " seal INTEGER NOT NULL, used INTEGER NOT NULL, UNIQUE(space, key))";

static const char *const statements[STATEMENT_COUNT] = {
    [GET] = "SELECT value, used, seal FROM record WHERE space=? AND key=?",
    [FRESH] = "SELECT 1 FROM record WHERE space=? AND key=? AND value=? AND used>?",
    [PUT] = "INSERT OR REPLACE INTO record(space, key, value, used, seal) VALUES(?,?,?,?,?)",
    [REMOVE] = "DELETE FROM record WHERE space=? AND key=?",
    [EXPIRE] = "DELETE FROM record WHERE space=? AND used<?",
    [ALL] = "SELECT space, key, value, used, seal FROM record WHERE ?1<0 OR space=?1",
};

struct ox_records {
	struct ox_db *db;
};

static uint64_t seal_of(int space, struct ox_slice key, struct ox_slice value, uint64_t used)
{
	return ox_seal_bytes(ox_seal_bytes(ox_seal_word((uint64_t)space, used), key), value);
}

static struct ox_slice column(sqlite3_stmt *st, int i)
{
	const void *data = sqlite3_column_blob(st, i);
	return ox_slice(data, (size_t)sqlite3_column_bytes(st, i));
}

static void bind(sqlite3_stmt *st, int i, struct ox_slice s)
{
	sqlite3_bind_blob64(st, i, s.data ? s.data : "", s.len, SQLITE_STATIC);
}

/* Damage is cured by starting anew; then there is nothing to find. */
static int cure(struct ox_records *r, int rc, struct ox_err *err)
{
	return rc == OX_ECORRUPT ? ox_db_recover(r->db, err) : rc;
}

int ox_records_open(const char *path, const char *quarantine, struct ox_records **out, struct ox_err *err)
{
	struct ox_records *r = calloc(1, sizeof *r);
	if (!r)
		return ox_fail_nomem(err, path);
	const struct ox_db_spec spec = {path, quarantine, FORMAT, schema, statements, STATEMENT_COUNT};
	int rc = ox_db_open(&spec, &r->db, err);
	if (rc) {
		free(r);
		return rc;
	}
	*out = r;
	return 0;
}

void ox_records_close(struct ox_records *r)
{
	if (!r)
		return;
	ox_db_close(r->db);
	free(r);
}

static sqlite3_stmt *keyed(struct ox_records *r, int which, int space, struct ox_slice key, struct ox_err *err)
{
	sqlite3_stmt *st = ox_db_statement(r->db, (size_t)which, err);
	if (!st)
		return NULL;
	sqlite3_bind_int(st, 1, space);
	bind(st, 2, key);
	return st;
}

int ox_records_get(struct ox_records *r, int space, struct ox_slice key, struct ox_buf *value, struct ox_err *err)
{
	struct ox_err why = {0};
	bool sound = false;
	sqlite3_stmt *st = keyed(r, GET, space, key, &why);
	int rc = st ? ox_db_step(r->db, st, &why) : why.code;
	if (rc == 1) {
		struct ox_slice found = column(st, 0);
		sound = (uint64_t)sqlite3_column_int64(st, 2) ==
			seal_of(space, key, found, (uint64_t)sqlite3_column_int64(st, 1));
		if (sound)
			ox_buf_slice(value, found);
		sqlite3_reset(st);
		rc = ox_buf_ok(value, "record", err);
		if (rc)
			return rc;
		if (sound)
			return 1;
		(void)ox_records_remove(r, space, key, NULL); /* if it cannot be now, it stays a miss */
		return 0;
	}
	if (rc < 0 && err)
		*err = why;
	return cure(r, rc, err);
}

static int put_once(struct ox_records *r, int space, struct ox_slice key, struct ox_slice value, uint64_t used,
		    struct ox_err *err)
{
	sqlite3_stmt *st = keyed(r, PUT, space, key, err);
	if (!st)
		return err->code;
	bind(st, 3, value);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)used);
	sqlite3_bind_int64(st, 5, (sqlite3_int64)seal_of(space, key, value, used));
	return ox_db_run(r->db, st, err);
}

int ox_records_put(struct ox_records *r, int space, struct ox_slice key, struct ox_slice value, struct ox_err *err)
{
	return ox_records_put_used(r, space, key, value, ox_clock_real() / 1000000000u, err);
}

int ox_records_put_used(struct ox_records *r, int space, struct ox_slice key, struct ox_slice value, uint64_t used,
			struct ox_err *err)
{
	struct ox_err why = {0};
	int rc = put_once(r, space, key, value, used, &why);
	if (rc == OX_ECORRUPT) {
		rc = ox_db_recover(r->db, &why);
		if (rc == 0)
			rc = put_once(r, space, key, value, used, &why);
	}
	if (rc && err)
		*err = why;
	return rc;
}

static int is_fresh(struct ox_records *r, int space, struct ox_slice key, struct ox_slice value, uint64_t age)
{
	struct ox_err why = {0};
	sqlite3_stmt *st = keyed(r, FRESH, space, key, &why);
	if (!st)
		return 0;
	bind(st, 3, value);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)(ox_clock_real() / 1000000000u) - (sqlite3_int64)age);
	int rc = ox_db_step(r->db, st, &why);
	sqlite3_reset(st);
	return rc == 1;
}

int ox_records_refresh(struct ox_records *r, int space, struct ox_slice key, struct ox_slice value, uint64_t age,
		       struct ox_err *err)
{
	return is_fresh(r, space, key, value, age) ? 0 : ox_records_put(r, space, key, value, err);
}

static int run_cured(struct ox_records *r, sqlite3_stmt *st, struct ox_err *why, struct ox_err *err)
{
	int rc = st ? ox_db_run(r->db, st, why) : why->code;
	if (rc && err)
		*err = *why;
	return cure(r, rc, err);
}

int ox_records_remove(struct ox_records *r, int space, struct ox_slice key, struct ox_err *err)
{
	struct ox_err why = {0};
	return run_cured(r, keyed(r, REMOVE, space, key, &why), &why, err);
}

int ox_records_expire(struct ox_records *r, int space, uint64_t used, struct ox_err *err)
{
	struct ox_err why = {0};
	sqlite3_stmt *st = ox_db_statement(r->db, EXPIRE, &why);
	if (st) {
		sqlite3_bind_int(st, 1, space);
		sqlite3_bind_int64(st, 2, (sqlite3_int64)used);
	}
	int rc = run_cured(r, st, &why, err);
	return rc ? rc : ox_db_changes(r->db);
}

int ox_records_begin_read(struct ox_records *r, struct ox_err *err)
{
	return ox_db_begin_read(r->db, err);
}

int ox_records_begin_write(struct ox_records *r, struct ox_err *err)
{
	return ox_db_begin_write(r->db, err);
}

int ox_records_end(struct ox_records *r, bool commit, struct ox_err *err)
{
	return ox_db_end(r->db, commit, err);
}

int ox_records_each(struct ox_records *r, int space, int (*fn)(void *ctx, const struct ox_record *record), void *ctx,
		    struct ox_err *err)
{
	struct ox_err why = {0};
	sqlite3_stmt *st = ox_db_statement(r->db, ALL, &why);
	int rc = why.code;
	if (st) {
		sqlite3_bind_int(st, 1, space);
		while ((rc = ox_db_step(r->db, st, &why)) == 1) {
			struct ox_record record = {.space = sqlite3_column_int(st, 0),
						   .key = column(st, 1),
						   .value = column(st, 2),
						   .used = (uint64_t)sqlite3_column_int64(st, 3)};
			uint64_t seal = (uint64_t)sqlite3_column_int64(st, 4);
			record.sound = seal == seal_of(record.space, record.key, record.value, record.used);
			rc = fn(ctx, &record);
			if (rc)
				break;
		}
		sqlite3_reset(st);
	}
	if (why.code && err)
		*err = why;
	return rc;
}

int ox_records_check(struct ox_records *r, void (*problem)(void *ctx, const char *text), void *ctx, struct ox_err *err)
{
	return ox_db_check(r->db, problem, ctx, err);
}

int ox_records_reset(struct ox_records *r, struct ox_err *err)
{
	return ox_db_recover(r->db, err);
}

int ox_records_checkpoint(struct ox_records *r, struct ox_err *err)
{
	return ox_db_checkpoint(r->db, err);
}

int ox_records_shrink(struct ox_records *r, struct ox_err *err)
{
	return ox_db_shrink(r->db, err);
}

bool ox_records_was_replaced(const struct ox_records *r)
{
	return ox_db_was_replaced(r->db);
}

bool ox_records_is_current(const struct ox_records *r)
{
	return ox_db_is_current(r->db);
}
