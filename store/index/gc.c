#include "store/index/gc.h"

#include "proto/base/clock.h"
#include "proto/base/vec.h"
#include "store/cas/inside.h"
#include "store/cas/lease.h"
#include "store/cas/loose.h"
#include "store/cas/seen.h"
#include "store/cas/small.h"
#include "store/cas/tree.h"
#include "store/index/actions.h"
#include "store/index/roots.h"
#include "store/index/sweep.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

/* Removed under one hold of the lock that builds wait for. */
enum { AT_ONCE = 64 };

static const uint64_t gib = 1u << 30;

enum kind { SMALL, LOOSE, TREE };

struct candidate {
	struct ox_digest digest;
	uint64_t bytes, used;
	enum kind kind;
};

struct gc {
	struct ox_store *s;
	const struct ox_gc_options *options;
	struct ox_gc_report *report;
	OX_VEC(struct candidate) all;
	struct ox_map uses;    /* digest -> time of last use */
	struct ox_map kept;    /* digests of leases and roots, filled anew for each batch */
	struct ox_map removed; /* digests */
	struct ox_arena arena; /* keys of uses */
	struct ox_arena kept_arena;
	uint64_t now, bytes;
	uint64_t pending; /* removed bytes that the disk does not have back yet */
	bool out_of_memory;
};

struct ox_gc_options ox_gc_defaults(void)
{
	return (struct ox_gc_options){.high_water = 10 * gib, .low_water = 8 * gib, .min_free = gib};
}

static int note_use(void *ctx, const struct ox_record *record)
{
	struct gc *gc = ctx;
	struct ox_slice key = record->sound ? ox_arena_slice(&gc->arena, record->key) : (struct ox_slice){0};
	void **slot = key.data ? ox_map_put(&gc->uses, key, NULL) : NULL;
	if (slot)
		*slot = (void *)(uintptr_t)record->used;
	return 0;
}

static int add(struct gc *gc, const struct ox_digest *digest, uint64_t bytes, enum kind kind, uint64_t used)
{
	struct candidate *c = ox_vec_push(&gc->all);
	if (!c) {
		gc->out_of_memory = true;
		return 1;
	}
	*c = (struct candidate){*digest, bytes, used, kind};
	gc->bytes += bytes;
	return 0;
}

/* The index may be new, or its builder was killed: a file then tells when it was made. */
static int add_loose(void *ctx, const struct ox_digest *digest, const char *name, const struct stat *st)
{
	struct gc *gc = ctx;
	(void)name;
	if (!digest)
		return 0;
	void *used = ox_map_get(&gc->uses, ox_digest_slice(digest));
	return add(gc, digest, (uint64_t)st->st_size, LOOSE, used ? (uint64_t)(uintptr_t)used : (uint64_t)st->st_mtime);
}

/* A row does not; it counts as used now, and that is noted. */
static int add_small(void *ctx, const struct ox_digest *digest, uint64_t size, uint64_t stored)
{
	struct gc *gc = ctx;
	void *used = ox_map_get(&gc->uses, ox_digest_slice(digest));
	if (!used && !gc->options->dry_run)
		ox_seen_small(gc->s, digest, size);
	return add(gc, digest, stored, SMALL, used ? (uint64_t)(uintptr_t)used : gc->now);
}

static int add_tree(void *ctx, const struct ox_digest *digest, uint64_t bytes, uint64_t made)
{
	struct gc *gc = ctx;
	void *used = ox_map_get(&gc->uses, ox_digest_slice(digest));
	return add(gc, digest, bytes, TREE, used ? (uint64_t)(uintptr_t)used : made);
}

static int by_use(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->used != y->used)
		return x->used < y->used ? -1 : 1;
	return memcmp(x->digest.bytes, y->digest.bytes, OX_DIGEST_SIZE);
}

static int take_stock(struct gc *gc, struct ox_err *err)
{
	int rc = ox_store_need_index(gc->s, err);
	if (rc)
		return rc;
	struct ox_records *index = gc->s->index;
	rc = ox_records_each(index, OX_SPACE_OBJECT, note_use, gc, err);
	if (rc == 0)
		rc = ox_loose_each(gc->s, add_loose, gc, err);
	if (rc == 0)
		rc = ox_small_each(gc->s, add_small, gc, err);
	if (rc == 0)
		rc = ox_tree_each(gc->s, add_tree, gc, err);
	if (gc->out_of_memory)
		return ox_fail_nomem(err, "list of objects");
	if (rc == 0 && gc->all.len)
		qsort(gc->all.items, gc->all.len, sizeof *gc->all.items, by_use);
	gc->report->objects_before = gc->all.len;
	gc->report->bytes_before = gc->bytes;
	return rc;
}

static bool disk_is_low(const struct gc *gc)
{
	struct statvfs fs;
	if (!gc->options->min_free || fstatvfs(gc->s->dir_fd, &fs) != 0)
		return false;
	return (uint64_t)fs.f_bavail * fs.f_frsize + gc->pending < gc->options->min_free;
}

static bool is_enough(const struct gc *gc)
{
	return gc->bytes <= gc->options->low_water && !disk_is_low(gc);
}

static int remove_from_store(struct gc *gc, const struct candidate *c, struct ox_err *err)
{
	switch (c->kind) {
	case LOOSE:
		return ox_loose_remove(gc->s, &c->digest, err);
	case TREE:
		return ox_tree_remove(gc->s, &c->digest, err);
	default:
		return ox_small_remove(gc->s, &c->digest, err);
	}
}

static int remove_object(struct gc *gc, struct candidate *c, struct ox_err *err)
{
	int rc = 0;
	struct ox_slice key = ox_digest_slice(&c->digest);
	if (ox_map_find(&gc->kept, key)) {
		gc->report->leased++;
		return 0;
	}
	if (!gc->options->dry_run)
		rc = remove_from_store(gc, c, err);
	if (rc == OX_EEXHAUSTED)
		return 0; /* a row on a full disk: files go first, then there is room to remove rows in */
	if (rc)
		return rc;
	gc->bytes -= c->bytes;
	if (gc->options->dry_run || c->kind == SMALL) /* rows free nothing before the end */
		gc->pending += c->bytes;
	gc->report->objects_removed++;
	gc->report->bytes_removed += c->bytes;
	return ox_map_put(&gc->removed, key, NULL) ? 0 : ox_fail_nomem(err, "list of removed objects");
}

/* From *at on, under the lock: leases are read anew, since builds go on in between. */
static int remove_batch(struct gc *gc, size_t *at, struct ox_err *err)
{
	size_t end = *at + AT_ONCE < gc->all.len ? *at + AT_ONCE : gc->all.len;
	int rc = ox_lease_block(gc->s, err);
	if (rc)
		return rc;
	ox_map_free(&gc->kept);
	ox_arena_free(&gc->kept_arena);
	rc = ox_lease_collect(gc->s, &gc->kept, &gc->kept_arena, err);
	if (rc == 0)
		rc = ox_roots_collect(gc->s, &gc->kept, &gc->kept_arena, err);
	if (rc == 0)
		rc = ox_small_begin(gc->s, true, err);
	if (rc == 0) {
		while (rc == 0 && *at < end && gc->bytes > gc->options->low_water)
			rc = remove_object(gc, &gc->all.items[(*at)++], err);
		/* For free space the disk has to be asked, now and then. */
		while (rc == 0 && *at < end && gc->bytes <= gc->options->low_water && disk_is_low(gc))
			rc = remove_object(gc, &gc->all.items[(*at)++], err);
		int ended = ox_small_end(gc->s, true, rc ? NULL : err);
		rc = rc ? rc : ended;
	}
	ox_lease_unblock(gc->s);
	return rc;
}

struct stale {
	OX_VEC(struct ox_slice) keys; /* in gc->arena */
	struct gc *gc;
};

/* An action one of whose outputs is gone can only be run again. */
static int note_stale(void *ctx, const struct ox_record *record)
{
	struct stale *stale = ctx;
	struct ox_action_record action;
	struct ox_action_output output;
	if (!record->sound || !ox_action_decode(record->value, &action))
		return 0;
	while (ox_action_next(&action, &output)) {
		if (!ox_map_find(&stale->gc->removed, ox_digest_slice(&output.digest)))
			continue;
		struct ox_slice key = ox_arena_slice(&stale->gc->arena, record->key);
		struct ox_slice *slot = key.data ? ox_vec_push(&stale->keys) : NULL;
		if (slot)
			*slot = key;
		break;
	}
	return 0;
}

static int forget(struct gc *gc, struct ox_err *err)
{
	struct stale stale = {.gc = gc};
	int rc = ox_store_need_index(gc->s, err);
	if (rc)
		return rc;
	struct ox_records *index = gc->s->index;
	rc = ox_records_each(index, OX_SPACE_ACTION, note_stale, &stale, err);
	if (rc == 0)
		rc = ox_records_begin_write(index, err);
	if (rc == 0) {
		for (size_t i = 0; rc == 0 && i < stale.keys.len; i++)
			rc = ox_records_remove(index, OX_SPACE_ACTION, stale.keys.items[i], err);
		for (size_t i = 0; rc == 0 && i < gc->removed.len; i++)
			rc = ox_records_remove(index, OX_SPACE_OBJECT, gc->removed.entries[i].key, err);
		int ended = ox_records_end(index, rc == 0, rc ? NULL : err);
		rc = rc ? rc : ended;
	}
	gc->report->records_removed += rc ? 0 : stale.keys.len;
	if (rc == 0)
		rc = ox_records_shrink(index, err);
	ox_vec_free(&stale.keys);
	return rc;
}

static int collect(struct gc *gc, struct ox_err *err)
{
	int rc = take_stock(gc, err);
	if (rc)
		return rc;
	gc->report->low_on_disk = disk_is_low(gc);
	if (gc->bytes <= gc->options->high_water && !gc->report->low_on_disk)
		return 0;
	for (size_t at = 0; rc == 0 && at < gc->all.len && !is_enough(gc);)
		rc = remove_batch(gc, &at, err);
	if (rc == 0 && !gc->options->dry_run && gc->removed.len) {
		rc = ox_small_shrink(gc->s, err);
		if (rc == 0 || rc == OX_EEXHAUSTED)
			rc = forget(gc, err);
	}
	return rc;
}

int ox_store_gc(struct ox_store *s, const struct ox_gc_options *options, struct ox_gc_report *report,
		struct ox_err *err)
{
	struct gc gc = {.s = s, .options = options, .report = report, .now = ox_clock_real() / 1000000000u};
	*report = (struct ox_gc_report){0};
	(void)ox_seen_flush(s, NULL); /* on a full disk it cannot be written, and need not */
	int rc = ox_sweep(s, options->dry_run, report, err);
	if (rc == 0)
		rc = collect(&gc, err);
	if (rc == 0 && !options->dry_run)
		(void)ox_store_sync(s, NULL); /* there is time now; on a full disk it has to wait */
	ox_map_free(&gc.removed);
	ox_map_free(&gc.kept);
	ox_map_free(&gc.uses);
	ox_vec_free(&gc.all);
	ox_arena_free(&gc.kept_arena);
	ox_arena_free(&gc.arena);
	if (rc)
		ox_wrap(err, "collecting garbage in %s", ox_store_dir(s));
	return rc;
}
