#include "store/cas/small.h"

#include "proto/base/clock.h"
#include "store/cas/inside.h"
#include "store/cas/seen.h"
#include "store/db/seal.h"
#include "store/digest/digest.h"
#include "store/fs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { FORMAT = 1, RAW = 0, ZSTD = 1 };

enum { GET, PUT, REMOVE, ALL, STATEMENT_COUNT };

static const char schema[] = "CREATE TABLE object("
			     " digest BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, form INTEGER NOT NULL,"
			     " bytes BLOB NOT NULL, seal INTEGER NOT NULL)";

static const char *const statements[STATEMENT_COUNT] = {
    [GET] = "SELECT size, form, bytes, seal FROM object WHERE digest=?",
    [PUT] = "INSERT OR REPLACE INTO object(digest, size, form, bytes, seal) VALUES(?,?,?,?,?)",
    [REMOVE] = "DELETE FROM object WHERE digest=?",
    [ALL] = "SELECT digest, size, length(bytes) FROM object",
};

struct row {
	uint64_t size;
	int form;
	struct ox_slice bytes;
};

/* Opens objects.db if it is not open: s->small. */
static int need(struct ox_store *s, struct ox_err *err)
{
	const struct ox_db_spec spec = {s->small_path, s->quarantine_path, FORMAT, schema, statements, STATEMENT_COUNT};
	return s->small ? 0 : ox_db_open(&spec, &s->small, err);
}

static sqlite3_stmt *keyed(struct ox_store *s, int which, const struct ox_digest *digest, struct ox_err *err)
{
	sqlite3_stmt *st = need(s, err) == 0 ? ox_db_statement(s->small, (size_t)which, err) : NULL;
	if (st)
		sqlite3_bind_blob(st, 1, digest->bytes, OX_DIGEST_SIZE, SQLITE_STATIC);
	return st;
}

static uint64_t seal_of(const struct ox_digest *digest, const struct row *row)
{
	uint64_t state = ox_seal_bytes((uint64_t)row->form, ox_digest_slice(digest));
	return ox_seal_bytes(ox_seal_word(state, row->size), row->bytes);
}

/* What an OX_ECORRUPT database held is gone; with a new one the answer is "absent". */
static int cure(struct ox_store *s, int rc, struct ox_err *err)
{
	if (rc != OX_ECORRUPT || !s->small)
		return rc;
	s->quarantined++;
	return ox_db_recover(s->small, err);
}

static int codec(struct ox_store *s, struct ox_err *err)
{
	return s->codec ? 0 : ox_codec_new(&s->codec, err);
}

static int put_row(struct ox_store *s, const struct ox_digest *digest, const struct row *row, struct ox_err *err)
{
	sqlite3_stmt *st = keyed(s, PUT, digest, err);
	if (!st)
		return err->code;
	sqlite3_bind_int64(st, 2, (sqlite3_int64)row->size);
	sqlite3_bind_int(st, 3, row->form);
	sqlite3_bind_blob64(st, 4, row->bytes.data ? row->bytes.data : "", row->bytes.len, SQLITE_STATIC);
	sqlite3_bind_int64(st, 5, (sqlite3_int64)seal_of(digest, row));
	return ox_db_run(s->small, st, err);
}

static int store_row(struct ox_store *s, const struct ox_digest *digest, const struct row *row, struct ox_err *err)
{
	struct ox_err why = {0};
	int rc = put_row(s, digest, row, &why);
	if (rc == OX_ECORRUPT && (rc = cure(s, rc, &why)) == 0)
		rc = put_row(s, digest, row, &why);
	if (rc && err)
		*err = why;
	return rc;
}

int ox_small_put(struct ox_store *s, const struct ox_digest *digest, struct ox_slice bytes, struct ox_err *err)
{
	struct ox_buf packed = {0};
	struct row row = {.size = bytes.len, .form = RAW, .bytes = bytes};
	int rc = ox_small_has(s, digest, err);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = codec(s, err);
	if (rc == 0)
		rc = ox_codec_pack(s->codec, bytes, &packed, err);
	if (rc == 0 && packed.len < bytes.len) {
		row.form = ZSTD;
		row.bytes = ox_buf_view(&packed);
	}
	if (rc == 0)
		rc = store_row(s, digest, &row, err);
	if (rc == 0)
		ox_seen_small(s, digest, bytes.len);
	ox_buf_free(&packed);
	return rc;
}

/* Keeps what was found for whoever wants to know what happened, if that is possible. */
static void quarantine(struct ox_store *s, const struct ox_digest *digest, struct ox_slice bytes)
{
	char hex[OX_DIGEST_HEX + 1], to[OX_DIGEST_HEX + 64];
	snprintf(to, sizeof to, "quarantine/%s-%llx", ox_digest_hex(digest, hex), (unsigned long long)ox_clock_real());
	int fd = openat(s->dir_fd, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd >= 0) {
		(void)ox_fs_write_all(fd, bytes.data, bytes.len, NULL);
		close(fd);
	}
	s->quarantined++;
	(void)ox_small_remove(s, digest, NULL); /* if it cannot be now, it stays a miss */
}

static int find_row(struct ox_store *s, const struct ox_digest *digest, sqlite3_stmt **st, struct row *row,
		    struct ox_err *err)
{
	struct ox_err why = {0};
	*st = keyed(s, GET, digest, &why);
	int rc = *st ? ox_db_step(s->small, *st, &why) : why.code;
	if (rc == 1)
		*row =
		    (struct row){.size = (uint64_t)sqlite3_column_int64(*st, 0),
				 .form = sqlite3_column_int(*st, 1),
				 .bytes = ox_slice(sqlite3_column_blob(*st, 2), (size_t)sqlite3_column_bytes(*st, 2))};
	if (rc == 1 && (uint64_t)sqlite3_column_int64(*st, 3) != seal_of(digest, row))
		row->form = -1; /* damaged */
	if (rc < 0 && err)
		*err = why;
	return cure(s, rc, err);
}

/* Appends the row's bytes if they are right: 1, or 0. */
static int unpack(struct ox_store *s, const struct ox_digest *digest, const struct row *row, struct ox_buf *bytes,
		  struct ox_err *err)
{
	struct ox_digest found;
	size_t before = bytes->len;
	int rc = codec(s, err);
	if (rc)
		return rc;
	if (row->form == RAW && row->bytes.len == row->size)
		ox_buf_slice(bytes, row->bytes);
	else if (row->form == ZSTD && row->size < OX_LOOSE_MIN)
		rc = ox_codec_unpack(s->codec, row->bytes, row->size, bytes, err);
	else
		rc = OX_ECORRUPT;
	if (rc == 0)
		rc = ox_buf_ok(bytes, "object", err);
	if (rc == 0)
		rc = ox_digest_bytes(ox_slice(bytes->data + before, bytes->len - before), &found, err);
	if (rc == 0 && ox_digest_eq(&found, digest))
		return 1;
	bytes->len = before;
	return rc == OX_ECORRUPT ? 0 : rc;
}

int ox_small_get(struct ox_store *s, const struct ox_digest *digest, struct ox_buf *bytes, struct ox_err *err)
{
	sqlite3_stmt *st;
	struct row row;
	int rc = find_row(s, digest, &st, &row, err);
	if (rc != 1)
		return rc;
	rc = unpack(s, digest, &row, bytes, err);
	if (rc == 0)
		quarantine(s, digest, row.bytes);
	else if (rc == 1)
		ox_seen_small(s, digest, row.size);
	if (s->small)
		sqlite3_reset(st);
	return rc;
}

int ox_small_verify(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	struct ox_buf bytes = {0};
	sqlite3_stmt *st;
	struct row row;
	int rc = find_row(s, digest, &st, &row, err);
	if (rc != 1)
		return rc;
	rc = unpack(s, digest, &row, &bytes, err);
	if (rc == 0)
		rc = ox_fail(err, OX_ECORRUPT, "its row does not hold the bytes of its digest");
	ox_buf_free(&bytes);
	sqlite3_reset(st);
	return rc;
}

int ox_small_has(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	sqlite3_stmt *st;
	struct row row;
	int rc = find_row(s, digest, &st, &row, err);
	if (rc != 1)
		return rc;
	if (row.form < 0) {
		quarantine(s, digest, row.bytes);
		rc = 0;
	} else {
		ox_seen_small(s, digest, row.size);
	}
	sqlite3_reset(st);
	return rc;
}

int ox_small_remove(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	struct ox_err why = {0};
	sqlite3_stmt *st = keyed(s, REMOVE, digest, &why);
	int rc = st ? ox_db_run(s->small, st, &why) : why.code;
	if (rc && err)
		*err = why;
	return rc;
}

int ox_small_each(struct ox_store *s, ox_small_fn *fn, void *ctx, struct ox_err *err)
{
	struct ox_err why = {0};
	sqlite3_stmt *st = need(s, &why) == 0 ? ox_db_statement(s->small, ALL, &why) : NULL;
	int rc = why.code;
	if (st) {
		while ((rc = ox_db_step(s->small, st, &why)) == 1) {
			struct ox_digest digest = {{0}};
			if (sqlite3_column_bytes(st, 0) == OX_DIGEST_SIZE)
				memcpy(digest.bytes, sqlite3_column_blob(st, 0), OX_DIGEST_SIZE);
			rc = fn(ctx, &digest, (uint64_t)sqlite3_column_int64(st, 1),
				(uint64_t)sqlite3_column_int64(st, 2));
			if (rc)
				break;
		}
		sqlite3_reset(st);
	}
	if (why.code && err)
		*err = why;
	return rc;
}

int ox_small_begin(struct ox_store *s, bool write, struct ox_err *err)
{
	int rc = need(s, err);
	if (rc)
		return rc;
	return write ? ox_db_begin_write(s->small, err) : ox_db_begin_read(s->small, err);
}

int ox_small_end(struct ox_store *s, bool commit, struct ox_err *err)
{
	return s->small ? ox_db_end(s->small, commit, err) : 0;
}

int ox_small_check(struct ox_store *s, void (*problem)(void *ctx, const char *text), void *ctx, struct ox_err *err)
{
	int rc = need(s, err);
	return rc ? rc : ox_db_check(s->small, problem, ctx, err);
}

int ox_small_reset(struct ox_store *s, struct ox_err *err)
{
	return s->small ? ox_db_recover(s->small, err) : 0;
}

int ox_small_shrink(struct ox_store *s, struct ox_err *err)
{
	int rc = need(s, err);
	return rc ? rc : ox_db_shrink(s->small, err);
}
