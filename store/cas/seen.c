#include "store/cas/seen.h"

#include "store/cas/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { RECORD_SIZE = 16 + OX_SIGNATURE_SIZE, MOST_ENTRIES = 4096, SYNC_ONE_BY_ONE = 16, USE_GRAIN = 3600 };

static const uint64_t no_signature = UINT64_MAX;

struct ox_seen_entry {
	struct ox_digest digest; /* the map's key points here */
	struct ox_signature signature;
	uint64_t size, boot;
	unsigned lease; /* its generation; 0: in none */
	bool dirty;     /* to be written */
	bool unsynced;  /* a file that may not be on disk */
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
		(void)ox_seen_flush(s, false, NULL);
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

void ox_seen_file(struct ox_store *s, const struct ox_digest *digest, const struct ox_signature *signature, bool fresh)
{
	struct ox_seen_entry *e = enter(s, digest);
	if (!e)
		return;
	e->signature = *signature;
	e->size = signature->size;
	/* Without a boot id only what was synced may be remembered. */
	e->boot = s->boot ? s->boot : no_signature;
	e->dirty = true;
	if (fresh && !e->unsynced) {
		e->unsynced = true;
		s->seen.unsynced++;
	}
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

static int sync_one(struct ox_store *s, struct ox_seen_entry *e, struct ox_err *err)
{
	char name[OX_OBJECT_NAME_SIZE];
	struct stat st;
	int rc = 0;
	ox_object_name(&e->digest, name);
	int fd = openat(s->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0; /* removed meanwhile */
	if (fdatasync(fd) != 0)
		rc = ox_fail_errno(err, errno, "cannot write %s/%s to disk", s->dir, name);
	if (rc == 0 && fstat(fd, &st) == 0) {
		struct ox_signature now = ox_signature_of(&st);
		if (ox_signature_eq(&now, &e->signature))
			e->boot = 0;
	}
	close(fd);
	return rc;
}

static int sync_files(struct ox_store *s, struct ox_err *err)
{
	int rc = 0;
	if (s->seen.unsynced > SYNC_ONE_BY_ONE && syncfs(s->dir_fd) != 0)
		return ox_fail_errno(err, errno, "cannot write %s to disk", s->dir);
	for (size_t i = 0; rc == 0 && i < s->seen.map.len; i++) {
		struct ox_seen_entry *e = s->seen.map.entries[i].value;
		if (e && e->unsynced)
			rc = sync_one(s, e, err);
	}
	return rc;
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

int ox_seen_flush(struct ox_store *s, bool sync, struct ox_err *err)
{
	int rc = 0;
	if (s->seen.map.len == 0)
		return 0;
	if (sync && s->seen.unsynced)
		rc = sync_files(s, err);
	if (rc == 0)
		rc = write_entries(s, err);
	ox_seen_free(s);
	return rc;
}

void ox_seen_free(struct ox_store *s)
{
	ox_map_free(&s->seen.map);
	ox_arena_free(&s->seen.arena);
	s->seen.unsynced = 0;
}
