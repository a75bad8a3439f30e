#include "daemon/bundle/linked.h"

#include "daemon/python/license.h"

/* Of one module: what is packaged as linked, else what no interpreter does without; NULL: neither. */
static const struct ox_python_variant *linked_variant(const struct ox_variants *of, const struct ox_map *linked)
{
	const struct ox_python_variant *v = ox_map_get(linked, of->items[0].module);
	if (v)
		return v;
	return ox_variant_is_required(&of->items[0]) ? &of->items[0] : NULL;
}

/* Module -> const struct ox_python_variant *, for those that are packaged as linked. */
static int map_linked(const struct ox_bundle_set *set, struct ox_map *out, struct ox_err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct ox_resource *r = set->entries[i].item->resource;
		if (r->kind != OX_RES_EXTENSION || !r->variant || !ox_extension_is_linked(set->entries[i].item))
			continue;
		void **slot = ox_map_put(out, r->name, NULL);
		if (!slot)
			return ox_fail_nomem(err, "extension modules");
		*slot = (void *)(uintptr_t)r->variant;
	}
	return 0;
}

int ox_linked_choose(struct ox_build_context *ctx, const struct ox_distribution *dist,
		     const struct ox_bundle_set *set, struct ox_stub_options *out, struct ox_err *err)
{
	const struct ox_python_json *json = dist->archive->json;
	struct ox_map linked = {0};
	const struct ox_python_variant **list = ox_arena_array(ctx->arena, json->variant_count + 1, sizeof *list);
	int rc = list ? map_linked(set, &linked, err) : ox_fail_nomem(err, "extension modules");
	for (size_t at = 0; !rc && at < json->variant_count;) {
		struct ox_variants of = ox_variants_at(json, at);
		const struct ox_python_variant *v = linked_variant(&of, &linked);
		if (v)
			list[out->variant_count++] = v;
		at += of.count;
	}
	out->variants = list;
	ox_map_free(&linked);
	return rc;
}

static int compare_modules(const void *left, const void *right)
{
	const struct ox_stub_module *a = left, *b = right;
	return ox_slice_cmp(a->name, b->name);
}

int ox_linked_collect(struct ox_build_context *ctx, const struct ox_bundle_set *set, struct ox_stub_options *out,
		      struct ox_err *err)
{
	out->modules = ox_arena_array(ctx->arena, set->count + 1, sizeof *out->modules);
	if (!out->modules)
		return ox_fail_nomem(err, "extension modules");
	for (size_t i = 0; i < set->count; i++) {
		const struct ox_bundle_item *item = set->entries[i].item;
		const struct ox_resource *r = item->resource;
		if (r->kind == OX_RES_EXTENSION && r->captured && !item->prefix)
			out->modules[out->module_count++] =
				(struct ox_stub_module){.name = r->name, .captured = r->captured};
	}
	if (out->module_count)
		qsort(out->modules, out->module_count, sizeof *out->modules, compare_modules);
	return 0;
}

static void warn_of_copyleft(struct ox_build_context *ctx, const struct ox_python_variant *v, const char *license)
{
	if (ox_license_judge(ox_slice_str(license)) == OX_LICENSE_COPYLEFT)
		ox_emit_log(ctx->sink, OX_LEVEL_WARN, "build",
			    "extension module %.*s is linked with libraries under %s, a copyleft licence, which then "
			    "holds for the executable: policy.extension_module_filter = \"no-copyleft\" leaves it out",
			    OX_SLICE_ARG(v->module), license);
}

static int add_licenses(struct ox_build_context *ctx, const struct ox_python_variant *v, struct ox_map *seen,
			struct ox_err *err)
{
	for (size_t i = 0; i < v->licenses.count; i++) {
		if (!ox_map_put(seen, ox_slice_str(v->licenses.items[i]), NULL))
			return ox_fail_nomem(err, "licences");
		warn_of_copyleft(ctx, v, v->licenses.items[i]);
	}
	if (v->public_domain && !ox_map_put(seen, OX_SLICE("public domain"), NULL))
		return ox_fail_nomem(err, "licences");
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct ox_map_entry *a = left, *b = right;
	return ox_slice_cmp(a->key, b->key);
}

int ox_linked_tell_licenses(struct ox_build_context *ctx, const struct ox_stub_options *linked, struct ox_err *err)
{
	struct ox_map seen = {0};
	struct ox_buf text = {0};
	int rc = 0;
	for (size_t i = 0; !rc && i < linked->variant_count; i++)
		rc = add_licenses(ctx, linked->variants[i], &seen, err);
	if (!rc && seen.len) {
		qsort(seen.entries, seen.len, sizeof *seen.entries, compare); /* nothing is looked up any more */
		for (size_t i = 0; i < seen.len; i++)
			ox_buf_printf(&text, "%s%.*s", i ? ", " : "", OX_SLICE_ARG(seen.entries[i].key));
		ox_emit_log(ctx->sink, OX_LEVEL_INFO, "build", "libraries of linked extension modules are under: %s",
			    ox_buf_text(&text));
	}
	ox_buf_free(&text);
	ox_map_free(&seen);
	return rc;
}
