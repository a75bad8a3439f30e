#include "store/index/verify.h"

#include "proto/base/vec.h"
#include "store/cas/inside.h"
#include "store/cas/loose.h"
#include "store/cas/seen.h"
#include "store/cas/small.h"
#include "store/cas/tree.h"
#include "store/index/actions.h"
#include "store/index/roots.h"

#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

struct name {
	int space;
	struct ox_slice key;
};

struct verify {
	struct ox_store *s;
	bool repair;
	void (*problem)(void *ctx, const char *text);
	void *ctx;
	struct ox_verify_report *report;
	OX_VEC(struct ox_digest) small;
	OX_VEC(struct name) bad_records;
	struct ox_arena arena;
	bool malformed;    /* objects.db has rows without a digest */
	const char *where; /* which database sqlite complains about */
	struct ox_err *err;
};

static void OX_PRINTF(2, 3) found(struct verify *v, const char *fmt, ...)
{
	struct ox_buf text = {0};
	va_list ap;
	v->report->problems++;
	va_start(ap, fmt);
	ox_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	if (v->problem)
		v->problem(v->ctx, ox_buf_text(&text));
	ox_buf_free(&text);
}

static void repaired(struct verify *v, int rc)
{
	v->report->repaired += rc == 0;
}

static void database_problem(void *ctx, const char *text)
{
	struct verify *v = ctx;
	found(v, "%s: %s", v->where, text);
}

static int check_loose(void *ctx, const struct ox_digest *digest, const char *name, const struct stat *st)
{
	struct verify *v = ctx;
	struct ox_err why = {0};
	char hex[OX_DIGEST_HEX + 1];
	if (!digest) {
		found(v, "objects/../%s is not named like an object", name);
		return 0; /* not ours: left for its owner to remove */
	}
	int rc = ox_loose_verify(v->s, digest, &why);
	v->report->objects++;
	v->report->bytes += (uint64_t)st->st_size;
	if (rc >= 0)
		return 0;
	found(v, "object %s: %s", ox_digest_hex(digest, hex), why.text);
	if (v->repair && rc == OX_ECORRUPT)
		repaired(v, ox_loose_quarantine(v->s, digest, NULL));
	return 0;
}

static int check_tree(void *ctx, const struct ox_digest *digest, uint64_t bytes, uint64_t made)
{
	struct verify *v = ctx;
	struct ox_err why = {0};
	char hex[OX_DIGEST_HEX + 1];
	(void)made;
	int rc = ox_tree_verify(v->s, digest, &why);
	v->report->objects++;
	v->report->bytes += bytes;
	if (rc >= 0)
		return 0;
	found(v, "tree %s: %s", ox_digest_hex(digest, hex), why.text);
	if (v->repair && rc == OX_ECORRUPT)
		repaired(v, ox_tree_quarantine(v->s, digest, NULL));
	return 0;
}

static int note_small(void *ctx, const struct ox_digest *digest, uint64_t size, uint64_t stored)
{
	struct verify *v = ctx;
	(void)stored;
	struct ox_digest *slot = ox_vec_push(&v->small);
	if (!slot)
		return ox_fail_nomem(v->err, "list of objects");
	*slot = *digest;
	v->malformed |= ox_digest_is_zero(digest);
	v->report->bytes += size;
	return 0;
}

static void check_small(struct verify *v, const struct ox_digest *digest)
{
	struct ox_err why = {0};
	char hex[OX_DIGEST_HEX + 1];
	int rc = ox_small_verify(v->s, digest, &why);
	v->report->objects++;
	if (rc >= 0) /* right, or removed by a gc meanwhile */
		return;
	found(v, "object %s: %s", ox_digest_hex(digest, hex), why.text);
	if (v->repair && rc == OX_ECORRUPT)
		repaired(v, ox_small_remove(v->s, digest, NULL));
}

static int check_objects_db(struct verify *v, struct ox_err *err)
{
	v->where = "objects.db";
	int broken = ox_small_check(v->s, database_problem, v, err);
	if (broken < 0)
		return broken;
	if (ox_db_was_replaced(v->s->small))
		found(v, "objects.db was damaged as a whole; it is in the quarantine, and a new one was made");
	int rc = ox_small_each(v->s, note_small, v, err);
	if (rc && rc != OX_ECORRUPT)
		return rc;
	for (size_t i = 0; i < v->small.len; i++)
		check_small(v, &v->small.items[i]);
	if (v->repair && (broken || v->malformed || rc == OX_ECORRUPT)) {
		rc = ox_small_reset(v->s, err);
		if (rc == 0)
			v->report->repaired += (uint64_t)broken;
		return rc;
	}
	return 0;
}

static bool well_formed(const struct ox_record *record)
{
	struct ox_action_record action;
	switch (record->space) {
	case OX_SPACE_OBJECT:
		return record->key.len == OX_DIGEST_SIZE;
	case OX_SPACE_ACTION:
		return record->key.len == OX_DIGEST_SIZE && ox_action_decode(record->value, &action);
	case OX_SPACE_RUN:
	case OX_SPACE_MEMO:
		return record->key.len == OX_DIGEST_SIZE;
	case OX_SPACE_FILE:
		return record->key.len > 0;
	default:
		return false;
	}
}

static const char *kind_of(int space)
{
	static const char *const kinds[] = {[OX_SPACE_OBJECT] = "object",
					    [OX_SPACE_ACTION] = "action result",
					    [OX_SPACE_RUN] = "last run",
					    [OX_SPACE_FILE] = "file digest",
					    [OX_SPACE_MEMO] = "build"};
	return space > 0 && space < (int)OX_COUNT(kinds) ? kinds[space] : "unknown kind";
}

static int check_record(void *ctx, const struct ox_record *record)
{
	struct verify *v = ctx;
	v->report->records++;
	if (record->sound && well_formed(record))
		return 0;
	if (record->key.len == OX_DIGEST_SIZE) {
		char hex[OX_DIGEST_HEX + 1];
		struct ox_digest digest;
		memcpy(digest.bytes, record->key.data, OX_DIGEST_SIZE);
		found(v, "record of %s %s is damaged", kind_of(record->space), ox_digest_hex(&digest, hex));
	} else {
		found(v, "record of %s %.*s is damaged", kind_of(record->space), OX_SLICE_ARG(record->key));
	}
	struct ox_slice key = ox_arena_slice(&v->arena, record->key);
	struct name *slot = key.data ? ox_vec_push(&v->bad_records) : NULL;
	if (!slot)
		return ox_fail_nomem(v->err, "list of damaged records");
	*slot = (struct name){record->space, key};
	return 0;
}

static int check_index_db(struct verify *v, struct ox_err *err)
{
	int rc = ox_store_need_index(v->s, err);
	if (rc)
		return rc;
	struct ox_records *index = v->s->index;
	v->where = "index.db";
	int broken = ox_records_check(index, database_problem, v, err);
	if (broken < 0)
		return broken;
	if (ox_records_was_replaced(index))
		found(v, "index.db was damaged as a whole; it is in the quarantine, and a new one was made");
	rc = ox_records_each(index, -1, check_record, v, err);
	if (rc && rc != OX_ECORRUPT)
		return rc;
	if (v->repair && (broken || rc == OX_ECORRUPT)) {
		v->report->repaired += (uint64_t)broken + v->bad_records.len;
		return ox_records_reset(index, err);
	}
	for (size_t i = 0; v->repair && i < v->bad_records.len; i++)
		repaired(v, ox_records_remove(index, v->bad_records.items[i].space, v->bad_records.items[i].key, NULL));
	return 0;
}

static int check_roots(struct verify *v, struct ox_err *err)
{
	struct ox_map pinned = {0};
	char hex[OX_DIGEST_HEX + 1];
	int rc = ox_roots_collect(v->s, &pinned, &v->arena, err);
	if (rc == OX_ECORRUPT) {
		found(v, "%s", err->text);
		rc = 0;
	}
	for (size_t i = 0; rc == 0 && i < pinned.len; i++) {
		struct ox_digest digest;
		memcpy(digest.bytes, pinned.entries[i].key.data, OX_DIGEST_SIZE);
		int present = ox_store_has(v->s, &digest, err);
		if (present == 0)
			present = ox_tree_find(v->s, &digest, NULL, err);
		if (present < 0)
			rc = present;
		else if (!present)
			found(v, "root %s: object %s is not in the store", (const char *)pinned.entries[i].value,
			      ox_digest_hex(&digest, hex));
	}
	ox_map_free(&pinned);
	return rc;
}

int ox_store_verify(struct ox_store *s, bool repair, void (*problem)(void *ctx, const char *text), void *ctx,
		    struct ox_verify_report *report, struct ox_err *err)
{
	struct ox_err own = {0};
	struct verify v = {.s = s, .repair = repair, .problem = problem, .ctx = ctx, .report = report};
	v.err = err ? err : &own;
	*report = (struct ox_verify_report){0};
	(void)ox_seen_flush(s, NULL);
	int rc = ox_loose_each(s, check_loose, &v, v.err);
	if (rc == 0)
		rc = ox_tree_each(s, check_tree, &v, v.err);
	if (rc == 0)
		rc = check_objects_db(&v, v.err);
	if (rc == 0)
		rc = check_index_db(&v, v.err);
	if (rc == 0)
		rc = check_roots(&v, v.err);
	if (rc)
		ox_wrap(v.err, "verifying %s", ox_store_dir(s));
	ox_arena_free(&v.arena);
	ox_vec_free(&v.bad_records);
	ox_vec_free(&v.small);
	return rc;
}
