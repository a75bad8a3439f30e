#include "store/db/db.h"

#include "proto/base/buf.h"
#include "store/db/rescue.h"
#include "store/fs/lock.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { BUSY_MS = 30000, MAX_STATEMENTS = 32 };

struct ox_db {
	struct ox_db_spec spec;
	sqlite3 *handle;
	sqlite3_stmt *statements[MAX_STATEMENTS];
	int depth; /* of transactions */
	bool replaced;
	ino_t inode;
};

static int fail(sqlite3 *handle, int rc, const char *path, struct ox_err *err)
{
	int sys = handle ? sqlite3_system_errno(handle) : 0;
	const char *text = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(rc);
	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ox_fail(err, OX_ECORRUPT, "%s is damaged: %s", path, text);
	case SQLITE_FULL:
		return ox_fail(err, OX_EEXHAUSTED, "cannot write to %s: No space left on device", path);
	case SQLITE_NOMEM:
		return ox_fail_nomem(err, path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ox_fail(err, OX_EBUSY, "%s stays locked by another process", path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return ox_fail(err, OX_EDENIED, "cannot write to %s: %s", path, text);
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		if (sys)
			return ox_fail_errno(err, sys, "cannot use %s (%s)", path, text);
		if (handle && sqlite3_extended_errcode(handle) == SQLITE_IOERR_WRITE) /* loses its errno */
			return ox_fail(err, OX_EEXHAUSTED,
				       "cannot write to %s: No space left on device, or not allowed to grow", path);
		break;
	default:
		break;
	}
	return ox_fail(err, OX_ESYS, "cannot use %s: %s", path, text);
}

/* Shared memory between processes (which WAL needs) works on local file systems only. */
static bool is_remote(const char *path)
{
	struct statfs fs;
	if (statfs(path, &fs) != 0)
		return true;
	switch ((unsigned long)fs.f_type & 0xffffffffu) {
	case 0x6969:     /* NFS */
	case 0x517b:     /* SMB */
	case 0xff534d42: /* CIFS */
	case 0xfe534d42: /* SMB2 */
	case 0x65735546: /* FUSE */
	case 0x01021997: /* 9p */
	case 0x5346414f: /* AFS */
	case 0x00c36400: /* Ceph */
	case 0x0bd00bd0: /* Lustre */
	case 0x47504653: /* GPFS */
	case 0x01161970: /* GFS2 */
	case 0x7461636f: /* OCFS2 */
	case 0x786f4256: /* VirtualBox shared folder */
		return true;
	default:
		return false;
	}
}

int ox_db_exec(struct ox_db *db, const char *sql, struct ox_err *err)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : fail(db->handle, rc, db->spec.path, err);
}

static int read_version(struct ox_db *db, int *version, struct ox_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*version = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : fail(db->handle, rc, db->spec.path, err);
}

static const char *journal_of(const struct ox_db *db)
{
	return is_remote(db->spec.path) ? "PRAGMA journal_mode=TRUNCATE" : "PRAGMA journal_mode=WAL";
}

static int make_schema(struct ox_db *db, struct ox_err *err)
{
	char set[64];
	snprintf(set, sizeof set, "PRAGMA user_version=%d", db->spec.version);
	/* These two only before there is any content. */
	int rc = ox_db_exec(db, "PRAGMA auto_vacuum=INCREMENTAL", err);
	if (rc == 0)
		rc = ox_db_exec(db, journal_of(db), err);
	if (rc == 0)
		rc = ox_db_exec(db, "BEGIN IMMEDIATE", err);
	if (rc)
		return rc;
	rc = ox_db_exec(db, db->spec.schema, err);
	if (rc == 0)
		rc = ox_db_exec(db, set, err);
	if (rc == 0)
		return ox_db_exec(db, "COMMIT", err);
	sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* Of many processes that find a new file, one makes it what it has to be. sqlite's own
 * locks do not do: a change of the journal mode does not wait for others. */
static int make_new(struct ox_db *db, int *version, struct ox_err *err)
{
	struct ox_lock lock = OX_LOCK_NONE;
	struct ox_buf path = {0};
	ox_buf_printf(&path, "%s-make", db->spec.path);
	int rc = ox_buf_ok(&path, "file name", err);
	if (rc == 0)
		rc = ox_lock_wait(path.data, NULL, NULL, &lock, NULL, err);
	if (rc == 0)
		rc = read_version(db, version, err);
	if (rc == 0 && *version == 0) {
		rc = make_schema(db, err);
		*version = db->spec.version;
	}
	ox_lock_release(&lock);
	ox_buf_free(&path);
	return rc;
}

static int configure(struct ox_db *db, struct ox_err *err)
{
	struct stat st;
	int version = 0;
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	/* The log is folded in by whoever makes it long, not by whoever leaves last. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	int rc = read_version(db, &version, err);
	if (rc == 0 && version == 0)
		rc = make_new(db, &version, err);
	if (rc == 0)
		rc = ox_db_exec(db, journal_of(db), err);
	if (rc == 0)
		rc = ox_db_exec(db, "PRAGMA synchronous=NORMAL; PRAGMA cell_size_check=ON", err);
	if (rc == 0 && version != db->spec.version)
		rc = ox_fail(err, OX_ECORRUPT, "%s has format %d instead of %d", db->spec.path, version,
			     db->spec.version);
	if (rc == 0 && stat(db->spec.path, &st) == 0)
		db->inode = st.st_ino;
	return rc;
}

static void shut(struct ox_db *db)
{
	for (size_t i = 0; i < MAX_STATEMENTS; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	sqlite3_close(db->handle);
	db->handle = NULL;
	db->depth = 0;
}

static int open_once(struct ox_db *db, struct ox_err *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(db->spec.path, &db->handle, flags, NULL);
	rc = rc == SQLITE_OK ? configure(db, err) : fail(db->handle, rc, db->spec.path, err);
	if (rc)
		shut(db);
	return rc;
}

int ox_db_open(const struct ox_db_spec *spec, struct ox_db **out, struct ox_err *err)
{
	if (spec->statement_count > MAX_STATEMENTS)
		return ox_fail(err, OX_EINTERNAL, "too many statements for %s", spec->path);
	struct ox_db *db = calloc(1, sizeof *db);
	if (!db)
		return ox_fail_nomem(err, spec->path);
	db->spec = *spec;
	int rc = open_once(db, err);
	if (rc == OX_ECORRUPT) {
		struct stat st;
		db->inode = stat(spec->path, &st) == 0 ? st.st_ino : 0;
		rc = ox_db_recover(db, err);
	}
	if (rc) {
		ox_db_close(db);
		return rc;
	}
	*out = db;
	return 0;
}

void ox_db_close(struct ox_db *db)
{
	if (!db)
		return;
	shut(db);
	free(db);
}

int ox_db_recover(struct ox_db *db, struct ox_err *err)
{
	shut(db);
	int rc = ox_rescue_move_away(db->spec.path, db->spec.quarantine, db->inode, err);
	if (rc == 0)
		rc = open_once(db, err);
	db->replaced = true;
	return rc;
}

bool ox_db_was_replaced(const struct ox_db *db)
{
	return db->replaced;
}

bool ox_db_is_current(const struct ox_db *db)
{
	struct stat st;
	return stat(db->spec.path, &st) == 0 && st.st_ino == db->inode;
}

sqlite3_stmt *ox_db_statement(struct ox_db *db, size_t index, struct ox_err *err)
{
	if (!db->handle && open_once(db, err) != 0)
		return NULL;
	sqlite3_stmt **st = &db->statements[index];
	if (*st) {
		sqlite3_reset(*st);
		sqlite3_clear_bindings(*st);
		return *st;
	}
	int rc = sqlite3_prepare_v3(db->handle, db->spec.statements[index], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
	if (rc != SQLITE_OK)
		fail(db->handle, rc, db->spec.path, err);
	return *st;
}

int ox_db_step(struct ox_db *db, sqlite3_stmt *st, struct ox_err *err)
{
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE) {
		sqlite3_reset(st);
		return 0;
	}
	int code = fail(db->handle, rc, db->spec.path, err);
	sqlite3_reset(st);
	return code;
}

int ox_db_run(struct ox_db *db, sqlite3_stmt *st, struct ox_err *err)
{
	int rc;
	do
		rc = ox_db_step(db, st, err);
	while (rc == 1);
	return rc;
}

static int begin(struct ox_db *db, const char *sql, struct ox_err *err)
{
	if (db->depth++ > 0)
		return 0;
	int rc = db->handle ? 0 : open_once(db, err);
	if (rc == 0)
		rc = ox_db_exec(db, sql, err);
	if (rc)
		db->depth = 0;
	return rc;
}

int ox_db_begin_read(struct ox_db *db, struct ox_err *err)
{
	return begin(db, "BEGIN", err);
}

int ox_db_begin_write(struct ox_db *db, struct ox_err *err)
{
	return begin(db, "BEGIN IMMEDIATE", err);
}

int ox_db_end(struct ox_db *db, bool commit, struct ox_err *err)
{
	/* After a recovery in between there is nothing to end. */
	if (db->depth == 0 || --db->depth > 0)
		return 0;
	if (!db->handle || sqlite3_get_autocommit(db->handle))
		return 0;
	int rc = ox_db_exec(db, commit ? "COMMIT" : "ROLLBACK", err);
	if (rc)
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int ox_db_check(struct ox_db *db, void (*problem)(void *ctx, const char *text), void *ctx, struct ox_err *err)
{
	sqlite3_stmt *st = NULL;
	if (!db->handle)
		return open_once(db, err);
	int found = 0, rc = sqlite3_prepare_v2(db->handle, "PRAGMA integrity_check(100)", -1, &st, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
		const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
		if (!text || strcmp(text, "ok") == 0)
			continue;
		problem(ctx, text);
		found++;
	}
	int code = rc == SQLITE_DONE ? found : fail(db->handle, rc, db->spec.path, err);
	if (code == OX_ECORRUPT) {
		problem(ctx, sqlite3_errmsg(db->handle));
		code = found + 1;
	}
	sqlite3_finalize(st);
	return code;
}

int ox_db_changes(struct ox_db *db)
{
	return db->handle ? sqlite3_changes(db->handle) : 0;
}

int ox_db_checkpoint(struct ox_db *db, struct ox_err *err)
{
	return db->handle ? ox_db_exec(db, "PRAGMA wal_checkpoint(PASSIVE)", err) : 0;
}

int ox_db_shrink(struct ox_db *db, struct ox_err *err)
{
	int rc = db->handle ? 0 : open_once(db, err);
	if (rc == 0)
		rc = ox_db_exec(db, "PRAGMA incremental_vacuum", err);
	if (rc == 0)
		rc = ox_db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", err);
	return rc;
}
