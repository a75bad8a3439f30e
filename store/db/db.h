/* db.h - an sqlite file that many processes use and that may be lost.
 *
 * Opened in WAL mode, or with a rollback journal where shared memory between
 * processes does not work (network file systems). Nothing waits for the disk: WAL
 * with synchronous=NORMAL keeps the file consistent over a power loss, which may
 * cost the last transactions; a killed process costs nothing that was committed.
 *
 * A file that is not a database, or damaged, is moved to the quarantine folder
 * and made anew: users of this module treat its content as a cache. sqlite has
 * no checksums of pages, so rows carry checks of their own.
 *
 * One thread per struct ox_db. */
#ifndef OX_DB_DB_H
#define OX_DB_DB_H

#include "proto/base/err.h"
#include "proto/base/slice.h"

#include <sqlite3.h>

struct ox_db;

/* All text is borrowed for the life of the struct ox_db. */
struct ox_db_spec {
	const char *path;
	const char *quarantine;        /* folder for damaged files */
	int version;                   /* user_version; another one is moved aside as well */
	const char *schema;            /* run when the file is new */
	const char *const *statements; /* prepared when first used, addressed by index */
	size_t statement_count;
};

int ox_db_open(const struct ox_db_spec *spec, struct ox_db **out, struct ox_err *err);
void ox_db_close(struct ox_db *db); /* NULL is fine */

/* Statement `index`, reset and without bindings; NULL with *err set. */
sqlite3_stmt *ox_db_statement(struct ox_db *db, size_t index, struct ox_err *err);

/* One step: 1 a row, 0 done, or an error (the statement was reset). */
int ox_db_step(struct ox_db *db, sqlite3_stmt *st, struct ox_err *err);
/* Step to the end and reset: 0 or an error. */
int ox_db_run(struct ox_db *db, sqlite3_stmt *st, struct ox_err *err);
/* Run SQL text. */
int ox_db_exec(struct ox_db *db, const char *sql, struct ox_err *err);

/* Transactions nest by counting; only the outermost counts. A read transaction
 * makes many look-ups cheaper, a write one many changes. */
int ox_db_begin_read(struct ox_db *db, struct ox_err *err);
int ox_db_begin_write(struct ox_db *db, struct ox_err *err);
int ox_db_end(struct ox_db *db, bool commit, struct ox_err *err);

/* After OX_ECORRUPT from any call above: move the file away and start anew. The
 * caller then goes on as if nothing had been stored. */
int ox_db_recover(struct ox_db *db, struct ox_err *err);

/* False when the path is another file by now, or none: somebody replaced or deleted
 * it, and what this handle writes nobody will see. */
bool ox_db_is_current(const struct ox_db *db);

/* One "problem" call per line of sqlite's own integrity check; count or error. */
int ox_db_check(struct ox_db *db, void (*problem)(void *ctx, const char *text), void *ctx, struct ox_err *err);

/* Rows changed by the last statement. */
int ox_db_changes(struct ox_db *db);
/* Fold the log into the database, as far as nobody reads it, and sync both. */
int ox_db_checkpoint(struct ox_db *db, struct ox_err *err);
/* Fold the log in and give free pages back to the file system. */
int ox_db_shrink(struct ox_db *db, struct ox_err *err);

/* True once the file was found damaged and replaced through this handle. */
bool ox_db_was_replaced(const struct ox_db *db);

#endif
