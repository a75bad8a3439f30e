#include "daemon/bundle/collect.h"

#include "proto/base/map.h"

static const char *const first_use[] = {
#define FIRST_USE(name) name,
#include "daemon/bundle/first_use.def"
#undef FIRST_USE
};

static int compare(const void *left, const void *right)
{
	const struct ox_bundle_entry *a = left, *b = right;
	const struct ox_resource *x = a->item->resource, *y = b->item->resource;
	if (x->origin != y->origin)
		return x->origin < y->origin ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	int c = ox_slice_cmp(x->name, y->name);
	if (c == 0)
		c = (x->kind > y->kind) - (x->kind < y->kind);
	return c ? c : ox_slice_cmp(x->file, y->file);
}

/* What makes two items the same thing. */
static struct ox_slice identity(struct ox_arena *arena, const struct ox_resource *r)
{
	bool is_file = r->kind != OX_RES_MODULE && r->kind != OX_RES_EXTENSION;
	struct ox_slice file = is_file ? r->file : ox_slice(NULL, 0);
	return ox_slice_str(ox_arena_printf(arena, "%d:%.*s:%.*s", (int)r->kind, OX_SLICE_ARG(r->name),
					    OX_SLICE_ARG(file)));
}

static int fill(struct ox_arena *arena, const struct ox_bundle_item *items, size_t count, struct ox_map *seen,
		struct ox_map *ranks, struct ox_bundle_set *out, struct ox_err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct ox_slice key = identity(arena, items[i].resource);
		bool added;
		void **slot = key.data ? ox_map_put(seen, key, &added) : NULL;
		if (!slot)
			return ox_fail_nomem(err, "resources");
		if (added)
			*slot = &out->entries[out->count++];
		struct ox_bundle_entry *entry = *slot;
		entry->item = &items[i];
		uintptr_t rank = (uintptr_t)ox_map_get(ranks, items[i].resource->name);
		bool hot = rank && items[i].resource->origin == OX_ORIGIN_STDLIB;
		entry->rank = hot ? (uint32_t)rank : UINT32_MAX;
	}
	return 0;
}

int ox_bundle_collect(struct ox_arena *arena, const struct ox_bundle_item *items, size_t count,
		      struct ox_bundle_set *out, struct ox_err *err)
{
	struct ox_map seen = {0}, ranks = {0};
	int rc = 0;
	*out = (struct ox_bundle_set){.entries = ox_arena_array(arena, count + 1, sizeof(*out->entries))};
	for (size_t i = 0; !rc && i < OX_COUNT(first_use); i++) {
		void **slot = ox_map_put(&ranks, ox_slice_str(first_use[i]), NULL);
		if (slot)
			*slot = (void *)(uintptr_t)(i + 1);
		else
			rc = ox_fail_nomem(err, "resources");
	}
	if (!rc && !out->entries)
		rc = ox_fail_nomem(err, "resources");
	if (!rc)
		rc = fill(arena, items, count, &seen, &ranks, out, err);
	if (!rc && out->count)
		qsort(out->entries, out->count, sizeof(*out->entries), compare);
	ox_map_free(&seen);
	ox_map_free(&ranks);
	return rc;
}
