#include "store/cas/seen.h"

#include "proto/base/vec.h"
#include "store/cas/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { RECORD_SIZE = 16 + OX_SIGNATURE_SIZE, MOST_ENTRIES = 4096, USE_GRAIN = 3600 };

static const uint64_t no_signature = UINT64_MAX;

struct ox_seen_entry {
	struct ox_digest digest; /* the map's key points here */
	struct ox_signature signature;
	uint64_t size, boot;
	unsigned lease; /* its generation; 0: in none */
	bool dirty;     /* to be written */
};

static struct ox_seen_entry *lookup(struct ox_store *s, const struct ox_digest *digest)
{
	return ox_map_get(&s->seen.map, ox_digest_slice(digest));
}

static struct ox_seen_entry *enter(struct ox_store *s, const struct ox_digest *digest)
{
	struct ox_seen_entry *e = lookup(s, digest);
	if (e)
		return e;
	if (s->seen.map.len >= MOST_ENTRIES)
		(void)ox_seen_flush(s, NULL);
	e = ox_arena_alloc(&s->seen.arena, sizeof *e);
	if (!e)
		return NULL;
	e->digest = *digest;
	e->boot = no_signature;
	void **slot = ox_map_put(&s->seen.map, ox_digest_slice(&e->digest), NULL);
	if (!slot)
		return NULL;
	return *slot = e;
}

static uint64_t u64_at(const char *p)
{
	uint64_t v = 0;
	for (int i = 7; i >= 0; i--)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* The index's knowledge of an object, into the map. */
static struct ox_seen_entry *load(struct ox_store *s, const struct ox_digest *digest)
{
	struct ox_err err;
	struct ox_buf value = {0};
	struct ox_seen_entry *e = NULL;
	if (ox_store_need_index(s, &err) == 0 &&
	    ox_records_get(s->index, OX_SPACE_OBJECT, ox_digest_slice(digest), &value, &err) == 1 &&
	    value.len == RECORD_SIZE)
		e = enter(s, digest);
	if (e) {
		e->size = u64_at(value.data);
		e->boot = u64_at(value.data + 8);
		e->signature = ox_signature_read(value.data + 16);
	}
	ox_buf_free(&value);
	return e;
}

bool ox_seen_verified(struct ox_store *s, const struct ox_digest *digest, const struct ox_signature *signature)
{
	struct ox_seen_entry *e = lookup(s, digest);
	if (!e)
		e = load(s, digest);
	if (!e || e->boot == no_signature || (e->boot != 0 && (e->boot != s->boot || s->boot == 0)))
		return false;
	if (!ox_signature_eq(&e->signature, signature))
		return false;
	e->dirty = true; /* a use */
	return true;
}

void ox_seen_file(struct ox_store *s, const struct ox_digest *digest, const struct ox_signature *signature)
{
	struct ox_seen_entry *e = enter(s, digest);
	if (!e)
		return;
	e->signature = *signature;
	e->size = signature->size;
	/* Without a boot id only what was synced may be remembered. */
	e->boot = s->boot ? s->boot : no_signature;
	e->dirty = true;
}

void ox_seen_small(struct ox_store *s, const struct ox_digest *digest, uint64_t size)
{
	struct ox_seen_entry *e = enter(s, digest);
	if (!e)
		return;
	e->size = size;
	e->dirty = true;
}

bool ox_seen_leased(struct ox_store *s, const struct ox_digest *digest)
{
	const struct ox_seen_entry *e = lookup(s, digest);
	return e && e->lease && e->lease == s->lease.generation;
}

void ox_seen_set_leased(struct ox_store *s, const struct ox_digest *digest)
{
	struct ox_seen_entry *e = lookup(s, digest);
	if (e)
		e->lease = s->lease.generation;
}

static int write_entry(struct ox_records *index, const struct ox_seen_entry *e, struct ox_buf *value,
		       struct ox_err *err)
{
	ox_buf_clear(value);
	ox_buf_u64(value, e->size);
	ox_buf_u64(value, e->boot);
	ox_signature_write(&e->signature, value);
	int rc = ox_buf_ok(value, "index record", err);
	if (rc)
		return rc;
	return ox_records_refresh(index, OX_SPACE_OBJECT, ox_digest_slice(&e->digest), ox_buf_view(value), USE_GRAIN,
				  err);
}

static int write_entries(struct ox_store *s, struct ox_err *err)
{
	struct ox_buf value = {0};
	int rc = ox_store_need_index(s, err);
	if (rc == 0)
		rc = ox_records_begin_write(s->index, err);
	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < s->seen.map.len; i++) {
		const struct ox_seen_entry *e = s->seen.map.entries[i].value;
		if (e && e->dirty)
			rc = write_entry(s->index, e, &value, err);
	}
	int ended = ox_records_end(s->index, rc == 0, rc ? NULL : err);
	ox_buf_free(&value);
	return rc ? rc : ended;
}

int ox_seen_flush(struct ox_store *s, struct ox_err *err)
{
	int rc = s->seen.map.len ? write_entries(s, err) : 0;
	ox_seen_free(s);
	return rc;
}

struct promotion {
	struct ox_store *s;
	OX_VEC(struct ox_record) records; /* bytes in the arena */
	struct ox_arena arena;
	bool failed;
};

static int note_unsynced(void *ctx, const struct ox_record *record)
{
	struct promotion *p = ctx;
	if (!record->sound || record->value.len != RECORD_SIZE || u64_at(record->value.data + 8) != p->s->boot)
		return 0;
	struct ox_record *slot = ox_vec_push(&p->records);
	p->failed |= !slot;
	if (!slot)
		return 1;
	*slot = *record;
	slot->key = ox_arena_slice(&p->arena, record->key);
	slot->value = ox_arena_slice(&p->arena, record->value);
	p->failed |= !slot->key.data || !slot->value.data;
	return p->failed;
}

/* The boot id in a record becomes "always". */
static int write_promoted(struct promotion *p, struct ox_err *err)
{
	int rc = ox_records_begin_write(p->s->index, err);
	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < p->records.len; i++) {
		const struct ox_record *r = &p->records.items[i];
		char value[RECORD_SIZE];
		memcpy(value, r->value.data, RECORD_SIZE);
		memset(value + 8, 0, 8);
		rc = ox_records_put_used(p->s->index, r->space, r->key, ox_slice(value, RECORD_SIZE), r->used, err);
	}
	int ended = ox_records_end(p->s->index, rc == 0, rc ? NULL : err);
	return rc ? rc : ended;
}

int ox_seen_sync(struct ox_store *s, struct ox_err *err)
{
	struct promotion p = {.s = s};
	int rc = ox_seen_flush(s, err);
	if (rc == 0)
		rc = ox_store_need_index(s, err);
	/* First what is known, then the sync: so every file that is spoken of has been synced. */
	if (rc == 0 && s->boot)
		rc = ox_records_each(s->index, OX_SPACE_OBJECT, note_unsynced, &p, err);
	if (p.failed)
		rc = ox_fail_nomem(err, "list of objects");
	if (rc == 0 && p.records.len && syncfs(s->dir_fd) != 0)
		rc = ox_fail_errno(err, errno, "cannot write %s to disk", s->dir);
	if (rc == 0 && p.records.len)
		rc = write_promoted(&p, err);
	ox_vec_free(&p.records);
	ox_arena_free(&p.arena);
	return rc;
}

void ox_seen_free(struct ox_store *s)
{
	ox_map_free(&s->seen.map);
	ox_arena_free(&s->seen.arena);
}
