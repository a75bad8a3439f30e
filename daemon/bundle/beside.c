#include "daemon/bundle/beside.h"

#include "daemon/bundle/tier.h"

enum { PYC_HEADER = 16, PYC_UNCHECKED_HASH = 1 };

struct beside {
	struct ox_build_context *ctx;
	const struct ox_distribution *dist;
	struct ox_tree *tree;
	OX_VEC(struct ox_compile_job) jobs;
	OX_VEC(const struct ox_bundle_item *) job_items;
};

/* "a.b.c" as "a/b/c". */
static char *as_folders(struct ox_arena *arena, struct ox_slice name)
{
	char *path = ox_arena_printf(arena, "%.*s", OX_SLICE_ARG(name));
	for (char *p = path; p && *p; p++)
		if (*p == '.')
			*p = '/';
	return path;
}

static struct ox_slice join(struct ox_arena *arena, const struct ox_bundle_item *item, const char *stem,
			    const char *suffix)
{
	bool is_package = item->resource->is_package;
	if (!stem)
		return ox_slice(NULL, 0);
	const char *init = is_package ? "/__init__" : "";
	return ox_slice_str(ox_arena_printf(arena, "%s/%s%s%s", item->prefix, stem, init, suffix));
}

struct ox_slice ox_beside_path(struct ox_arena *arena, const struct ox_distribution *dist,
			       const struct ox_bundle_item *item)
{
	const char *stem = as_folders(arena, item->resource->name);
	if (item->resource->kind == OX_RES_EXTENSION)
		return join(arena, item, stem, dist->ext_suffix);
	return join(arena, item, stem, item->add_source ? ".py" : ".pyc");
}

struct ox_slice ox_beside_file_name(const struct ox_resource *r)
{
	size_t n = r->name.len;
	if (r->kind != OX_RES_LIBRARY || n == 0 || r->file.len <= n || r->file.data[n] != '/')
		return r->file;
	return ox_slice(r->file.data + n + 1, r->file.len - n - 1);
}

/* Where compiled code of one level goes: beside its source, or in its place. */
static char *pyc_path(struct beside *b, const struct ox_bundle_item *item, int level)
{
	static const char *const tags[] = {"", ".opt-1", ".opt-2"};
	struct ox_slice own = ox_beside_path(b->ctx->arena, b->dist, item);
	if (!own.data)
		return NULL;
	if (!item->add_source)
		return ox_arena_printf(b->ctx->arena, "%.*s", OX_SLICE_ARG(own));
	const char *slash = memrchr(own.data, '/', own.len);
	size_t folder = slash ? (size_t)(slash - own.data) : 0;
	const char *name = slash ? slash + 1 : own.data;
	size_t stem = own.len - (size_t)(name - own.data) - 3;
	return ox_arena_printf(b->ctx->arena, "%.*s/__pycache__/%.*s.%s%s.pyc", (int)folder, own.data, (int)stem, name,
			       b->dist->cache_tag, tags[level]);
}

static int add_pyc(struct beside *b, const struct ox_bundle_item *item, const struct ox_compile_job *job,
		   struct ox_err *err)
{
	struct ox_store *store = ox_actions_store(b->ctx->actions);
	struct ox_view code;
	struct ox_buf pyc = {0};
	struct ox_blob blob = {0};
	int rc = ox_blob_view(store, &job->code, &code, err);
	if (rc)
		return rc;
	ox_buf_u32(&pyc, b->dist->magic);
	ox_buf_u32(&pyc, PYC_UNCHECKED_HASH);
	ox_buf_add(&pyc, job->source.digest.bytes, PYC_HEADER - 8); /* never compared: the header says so */
	ox_buf_add(&pyc, code.data, code.len);
	ox_view_release(&code);
	blob.size = pyc.len;
	rc = ox_buf_ok(&pyc, "compiled module", err);
	if (!rc)
		rc = ox_store_put(store, ox_buf_view(&pyc), &blob.digest, err);
	ox_buf_free(&pyc);
	const char *path = rc ? NULL : pyc_path(b, item, job->level);
	if (!rc && !path)
		rc = ox_fail_nomem(err, "paths");
	return rc ? rc : ox_tree_add(b->tree, b->ctx->arena, path, &blob, 0644, err);
}

static int want_code(struct beside *b, const struct ox_bundle_item *item, struct ox_err *err)
{
	int last = -1; /* in the source's place there is room for one level: the highest */
	for (int level = 0; level < 3; level++)
		if (item->add_bytecode[level])
			last = level;
	for (int level = 0; level < 3; level++) {
		if (!item->add_bytecode[level] || (!item->add_source && level != last))
			continue;
		struct ox_compile_job *job = ox_vec_push(&b->jobs);
		const struct ox_bundle_item **slot = job ? ox_vec_push(&b->job_items) : NULL;
		if (!slot)
			return ox_fail_nomem(err, "modules to compile");
		*slot = item;
		*job = (struct ox_compile_job){.module = item->resource->name,
					       .is_package = item->resource->is_package,
					       .level = level,
					       .source = item->resource->blob};
	}
	return 0;
}

static int add_module(struct beside *b, const struct ox_bundle_item *item, struct ox_err *err)
{
	int rc = 0;
	if (item->resource->is_namespace)
		return 0;
	if (item->add_source)
		rc = ox_tree_add(b->tree, b->ctx->arena, ox_beside_path(b->ctx->arena, b->dist, item).data,
				 &item->resource->blob, 0644, err);
	return rc ? rc : want_code(b, item, err);
}

static char *file_path(struct beside *b, const struct ox_bundle_item *item)
{
	const struct ox_resource *r = item->resource;
	struct ox_arena *arena = b->ctx->arena;
	if (r->kind == OX_RES_DIST_FILE)
		return ox_arena_printf(arena, "%s/%.*s-%.*s.dist-info/%.*s", item->prefix, OX_SLICE_ARG(r->name),
				       OX_SLICE_ARG(r->version), OX_SLICE_ARG(r->file));
	if (r->kind != OX_RES_PACKAGE_FILE)
		return ox_arena_printf(arena, "%s/%.*s", item->prefix, OX_SLICE_ARG(r->file));
	const char *folder = as_folders(arena, r->name);
	return folder ? ox_arena_printf(arena, "%s/%s/%.*s", item->prefix, folder, OX_SLICE_ARG(r->file)) : NULL;
}

static int add_item(struct beside *b, const struct ox_bundle_item *item, struct ox_err *err)
{
	const struct ox_resource *r = item->resource;
	if (!item->prefix)
		return 0;
	if (r->kind == OX_RES_MODULE)
		return add_module(b, item, err);
	if (r->kind == OX_RES_EXTENSION) {
		if (ox_extension_is_linked(item))
			return 0;
		struct ox_slice path = ox_beside_path(b->ctx->arena, b->dist, item);
		return path.data ? ox_tree_add(b->tree, b->ctx->arena, path.data, &r->blob, 0755, err)
				 : ox_fail_nomem(err, "paths");
	}
	const char *path = file_path(b, item);
	if (!path)
		return ox_fail_nomem(err, "paths");
	return ox_tree_add(b->tree, b->ctx->arena, path, &r->blob, r->is_executable ? 0755 : 0644, err);
}

int ox_beside_add(struct ox_build_context *ctx, struct ox_compiler *compiler, const struct ox_distribution *dist,
		  const struct ox_bundle_set *set, struct ox_tree *tree, struct ox_err *err)
{
	struct beside b = {.ctx = ctx, .dist = dist, .tree = tree};
	int rc = 0;
	for (size_t i = 0; !rc && i < set->count; i++)
		rc = add_item(&b, set->entries[i].item, err);
	if (!rc && b.jobs.len)
		rc = ox_compile(compiler, b.jobs.items, b.jobs.len, err);
	for (size_t i = 0; !rc && i < b.jobs.len; i++)
		if (!b.jobs.items[i].failed)
			rc = add_pyc(&b, b.job_items.items[i], &b.jobs.items[i], err);
	ox_vec_free(&b.jobs);
	ox_vec_free(&b.job_items);
	return rc;
}
