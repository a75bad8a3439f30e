#include "daemon/action/memo.h"

#include "daemon/action/memo_event.h"
#include "daemon/action/memo_form.h"
#include "proto/base/clock.h"
#include "proto/base/map.h"
#include "proto/base/vec.h"
#include "store/index/files.h"
#include "store/index/index.h"

#include <errno.h>

struct entry {
	struct ox_memo_item item;
	bool known; /* the item's digest was given or found when it was recorded */
};

struct ox_memo {
	struct ox_arena arena;
	OX_VEC(struct entry) entries;
	struct ox_map paths; /* kind letter and path -> non-NULL */
	struct ox_map names; /* environment names */
	struct ox_buf events;
	bool refused; /* something was recorded that cannot be remembered, or memory ran out */
};

struct ox_memo *ox_memo_new(void)
{
	return calloc(1, sizeof(struct ox_memo));
}

void ox_memo_free(struct ox_memo *m)
{
	if (!m)
		return;
	ox_buf_free(&m->events);
	ox_map_free(&m->names);
	ox_map_free(&m->paths);
	ox_vec_free(&m->entries);
	ox_arena_free(&m->arena);
	free(m);
}

/* A new entry, or NULL: recorded before, or memory ran out. Inputs of all kinds share
 * a name space: a path is either read or listed, rarely both. */
static struct entry *add(struct ox_memo *m, char space, const char *path)
{
	bool added = false;
	char *name = ox_arena_printf(&m->arena, "%c%s", space, path);
	void **slot = name ? ox_map_put(&m->paths, ox_slice_str(name), &added) : NULL;
	struct entry *e = added ? ox_vec_push(&m->entries) : NULL;
	if (!slot || (added && !e))
		m->refused = true;
	if (!e)
		return NULL;
	*slot = m;
	e->item.path = name + 1;
	return e;
}

/* Which entries of a folder count: of an output folder all do. */
static enum ox_memo_entries entries_of(const struct entry *e)
{
	return e->item.kind == OX_MEMO_LISTING ? (enum ox_memo_entries)e->item.detail : OX_MEMO_ALL;
}

static void record_listing(struct ox_memo *m, struct entry *e, const struct stat *st)
{
	e->item.kind = OX_MEMO_LISTING;
	e->item.signature = ox_signature_of(st);
	e->known = ox_memo_digest_listing(e->item.path, entries_of(e), &e->item.digest, NULL) == 0;
	m->refused |= !e->known;
}

static void record(struct ox_memo *m, struct entry *e, bool listing)
{
	struct stat st;
	if (stat(e->item.path, &st) != 0) {
		e->item.kind = OX_MEMO_ABSENT;
		e->item.detail = errno == ENOTDIR ? ENOENT : (uint32_t)errno;
	} else if (S_ISDIR(st.st_mode)) {
		record_listing(m, e, &st);
	} else if (S_ISREG(st.st_mode) || listing) {
		e->item.kind = OX_MEMO_FILE;
		e->item.signature = ox_signature_of(&st);
	} else {
		m->refused = true; /* what comes out of a FIFO or a device cannot be known again */
	}
}

void ox_memo_file(struct ox_memo *m, const char *path)
{
	struct entry *e = m ? add(m, 'f', path) : NULL;
	if (e)
		record(m, e, false);
}

void ox_memo_listing_of(struct ox_memo *m, const char *dir, enum ox_memo_entries entries)
{
	static const char spaces[] = {[OX_MEMO_ALL] = 'l', [OX_MEMO_NO_PYCACHE] = 'p', [OX_MEMO_METADATA] = 'm'};
	struct entry *e = m ? add(m, spaces[entries], dir) : NULL;
	if (!e)
		return;
	e->item.detail = entries;
	record(m, e, true);
}

void ox_memo_listing(struct ox_memo *m, const char *dir)
{
	ox_memo_listing_of(m, dir, OX_MEMO_ALL);
}

void ox_memo_file_digest(struct ox_memo *m, const char *path, const struct ox_digest *digest)
{
	struct entry *e = m ? add(m, 'f', path) : NULL;
	if (!e)
		return;
	uint64_t now = ox_clock_real();
	record(m, e, false);
	/* A file that was touched just now is read again when the record is committed. */
	e->known = e->item.kind == OX_MEMO_FILE && !ox_signature_racy(&e->item.signature, now);
	if (e->item.kind == OX_MEMO_FILE)
		e->item.digest = *digest;
}

void ox_memo_env(struct ox_memo *m, const char *name)
{
	char *copy = m ? ox_arena_str(&m->arena, name) : NULL;
	if (m && (!copy || !ox_map_put(&m->names, ox_slice_str(copy), NULL)))
		m->refused = true;
}

void ox_memo_output(struct ox_memo *m, const char *path, const struct ox_digest *digest, uint64_t size, unsigned mode)
{
	struct entry *e = m ? add(m, 'o', path) : NULL;
	if (!e)
		return;
	e->item.kind = OX_MEMO_OUTPUT;
	e->item.digest = *digest;
	e->item.detail = mode & 07777;
	e->item.signature.size = size;
}

void ox_memo_output_dir(struct ox_memo *m, const char *path)
{
	struct entry *e = m ? add(m, 'd', path) : NULL;
	if (e)
		e->item.kind = OX_MEMO_OUTPUT_DIR;
}

void ox_memo_event(struct ox_memo *m, const struct ox_event *event)
{
	if (m)
		ox_memo_write_event(&m->events, event);
}

static bool file_stands(struct entry *e, struct ox_store *store)
{
	struct stat st;
	struct ox_signature found;
	struct ox_digest digest = e->item.digest;
	bool given = !ox_digest_is_zero(&digest);
	if (e->known) {
		if (stat(e->item.path, &st) != 0)
			return false;
		found = ox_signature_of(&st);
	} else if (ox_files_digest(store, e->item.path, &digest, &found, NULL) != 0) {
		return false;
	}
	if (!ox_signature_eq(&found, &e->item.signature) || (given && !ox_digest_eq(&digest, &e->item.digest)))
		return false;
	e->item.digest = digest;
	return true;
}

static bool listing_stands(struct entry *e)
{
	struct stat st;
	struct ox_digest digest;
	if (stat(e->item.path, &st) != 0)
		return false;
	struct ox_signature found = ox_signature_of(&st);
	if (ox_signature_eq(&found, &e->item.signature))
		return true;
	e->item.signature = found;
	return ox_memo_digest_listing(e->item.path, entries_of(e), &digest, NULL) == 0 &&
	       ox_digest_eq(&digest, &e->item.digest);
}

static bool output_stands(struct entry *e)
{
	struct stat st;
	if (lstat(e->item.path, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != e->item.signature.size ||
	    (st.st_mode & 07777) != e->item.detail)
		return false;
	e->item.signature = ox_signature_of(&st);
	return true;
}

static bool output_dir_stands(struct entry *e)
{
	struct stat st;
	if (stat(e->item.path, &st) != 0)
		return false;
	e->item.signature = ox_signature_of(&st);
	return ox_memo_digest_listing(e->item.path, entries_of(e), &e->item.digest, NULL) == 0;
}

/* Is the world still as recorded? Completes the item. */
static bool stands(struct entry *e, struct ox_store *store)
{
	struct stat st;
	e->item.checked = ox_clock_real();
	switch (e->item.kind) {
	case OX_MEMO_FILE:
		return file_stands(e, store);
	case OX_MEMO_ABSENT:
		return stat(e->item.path, &st) != 0;
	case OX_MEMO_LISTING:
		return listing_stands(e);
	case OX_MEMO_OUTPUT:
		return output_stands(e);
	case OX_MEMO_OUTPUT_DIR:
		return output_dir_stands(e);
	}
	return false;
}

static bool all_stand(struct ox_memo *m, struct ox_store *store)
{
	bool good = true;
	/* One transaction: digests of files are looked up, and remembered. */
	if (ox_index_begin_write(store, NULL) != 0)
		return false;
	for (size_t i = 0; good && i < m->entries.len; i++)
		good = stands(&m->entries.items[i], store);
	return ox_index_end_write(store, true, NULL) == 0 && good;
}

static void write_names(const struct ox_memo *m, const struct ox_env *env, struct ox_buf *b)
{
	for (size_t i = 0; i < m->names.len; i++) {
		struct ox_slice name = m->names.entries[i].key;
		const char *value = env && env->get ? env->get(env->ctx, name.data) : NULL;
		struct ox_digest d = ox_memo_digest_value(value);
		ox_buf_u32(b, value != NULL);
		ox_buf_add(b, d.bytes, OX_DIGEST_SIZE);
		ox_write_text(b, name);
	}
}

static int by_kind_and_path(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return x->item.kind != y->item.kind ? (int)x->item.kind - (int)y->item.kind
					    : strcmp(x->item.path, y->item.path);
}

static void write_memo(struct ox_memo *m, const struct ox_env *env, struct ox_buf *b)
{
	const struct ox_memo_header header = {
	    .used = ox_clock_real() / 1000000000u, .items = (uint32_t)m->entries.len, .names = (uint32_t)m->names.len};
	ox_memo_write_header(b, &header);
	if (m->entries.len)
		qsort(m->entries.items, m->entries.len, sizeof *m->entries.items, by_kind_and_path);
	for (size_t i = 0; i < m->entries.len; i++)
		ox_memo_write_item(b, &m->entries.items[i].item);
	write_names(m, env, b);
	ox_buf_slice(b, ox_buf_view(&m->events));
}

int ox_memo_commit(struct ox_memo *m, struct ox_store *store, const struct ox_digest *key, const struct ox_env *env,
		   struct ox_err *err)
{
	struct ox_buf record = {0};
	if (!m || m->refused || m->events.failed || !all_stand(m, store))
		return 0;
	write_memo(m, env, &record);
	int rc = ox_buf_ok(&record, "record of a build", err);
	if (rc == 0)
		rc =
		    ox_index_put(store, OX_SPACE_MEMO, ox_slice(key->bytes, OX_DIGEST_SIZE), ox_buf_view(&record), err);
	ox_buf_free(&record);
	return rc;
}
