#include "daemon/dialect/collector.h"

void ox_collector_free(struct ox_collector *c)
{
	ox_vec_free(&c->v);
	ox_map_free(&c->index);
}

/* One entry per kind and name: where a module lives is an option, so that the last call decides. */
static struct ox_slice entry_key(struct ox_arena *arena, const struct ox_resource *r)
{
	return ox_slice_str(ox_arena_printf(arena, "%d:%.*s:%.*s:%.*s", (int)r->kind, OX_SLICE_ARG(r->name),
					    OX_SLICE_ARG(r->version), OX_SLICE_ARG(r->file)));
}

static void merge_options(struct ox_options *into, const struct ox_options *from)
{
	bool source = into->source || from->source;
	bool bytecode[3];
	for (int i = 0; i < 3; i++)
		bytecode[i] = into->bytecode[i] || from->bytecode[i];
	*into = *from;
	into->source = source;
	memcpy(into->bytecode, bytecode, sizeof bytecode);
}

int ox_collector_add(struct ox_collector *c, struct ox_arena *arena, const struct ox_resource *resource,
		     const struct ox_options *options, bool merge, struct ox_err *err)
{
	struct ox_slice key = entry_key(arena, resource);
	void **slot = key.data ? ox_map_put(&c->index, key, NULL) : NULL;
	if (!slot)
		return ox_fail_nomem(err, "the executable's resources");
	struct ox_collected *entry = NULL;
	if (*slot)
		entry = &c->v.items[(uintptr_t)*slot - 1];
	else
		entry = ox_vec_push(&c->v);
	if (!entry)
		return ox_fail_nomem(err, "the executable's resources");
	*slot = (void *)(uintptr_t)(entry - c->v.items + 1);
	if (merge && entry->resource)
		merge_options(&entry->options, options);
	else
		entry->options = *options;
	entry->resource = resource;
	return 0;
}

void ox_collector_filter(struct ox_collector *c, ox_keep_fn *keep, void (*removed)(void *ctx, struct ox_slice name),
			 void *ctx)
{
	for (size_t i = 0; i < c->v.len; i++) {
		const struct ox_resource *r = c->v.items[i].resource;
		if (!r || r->kind == OX_RES_FILE || keep(ctx, r->name))
			continue;
		removed(ctx, r->name);
		c->v.items[i].resource = NULL;
	}
}

int ox_collector_items(const struct ox_collector *c, struct ox_arena *arena, struct ox_bundle_item **items,
		       size_t *count, struct ox_err *err)
{
	*count = 0;
	*items = ox_arena_array(arena, c->v.len + 1, sizeof **items);
	if (!*items)
		return ox_fail_nomem(err, "the executable's resources");
	for (size_t i = 0; i < c->v.len; i++) {
		const struct ox_collected *entry = &c->v.items[i];
		if (!entry->resource || entry->resource->kind == OX_RES_FILE)
			continue;
		struct ox_bundle_item *item = &(*items)[(*count)++];
		item->resource = entry->resource;
		item->add_source = entry->options.source;
		memcpy(item->add_bytecode, entry->options.bytecode, sizeof item->add_bytecode);
		item->prefix = entry->options.location.prefix;
	}
	return 0;
}
