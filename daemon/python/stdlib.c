#include "daemon/python/classify.h"

#include <unistd.h>

struct rules {
	struct ox_build_context *ctx;
	const char *root;
	bool tests; /* are wanted */
};

static bool is_test_part(struct ox_slice part)
{
	static const char *const parts[] = {"test", "tests", "idle_test"};
	for (size_t i = 0; i < OX_COUNT(parts); i++)
		if (ox_slice_eq_str(part, parts[i]))
			return true;
	return false;
}

/* A folder that is called so without being a package may hold another package's data. */
static bool is_test_package(const struct rules *rules, const char *path, const char *name)
{
	if (!is_test_part(ox_slice_str(name)))
		return false;
	const char *init = ox_arena_printf(rules->ctx->arena, "%s/%s/__init__.py", rules->root, path);
	if (init)
		ox_memo_file(rules->ctx->memo, init);
	return init && access(init, F_OK) == 0;
}

static bool skip_entry(void *opaque, const char *path, const char *name, bool is_dir)
{
	const struct rules *rules = opaque;
	static const char *const folders[] = {"__pycache__", "site-packages", "dist-packages", "lib-dynload"};
	/* Hooks of this machine's administrator and notes of its packager, not the library. */
	static const char *const files[] = {"sitecustomize.py", "usercustomize.py", "EXTERNALLY-MANAGED",
					    "LICENSE.txt"};
	if (is_dir && !rules->tests && is_test_package(rules, path, name))
		return true;
	if (name != path)
		return is_dir && strcmp(name, "__pycache__") == 0;
	if (!is_dir) {
		for (size_t i = 0; i < OX_COUNT(files); i++)
			if (strcmp(name, files[i]) == 0)
				return true;
		return false;
	}
	for (size_t i = 0; i < OX_COUNT(folders); i++)
		if (strcmp(name, folders[i]) == 0)
			return true;
	return name[0] == '.' || strncmp(name, "config-", 7) == 0 ||
	       ox_slice_ends(ox_slice_str(name), OX_SLICE("-info"));
}

/* "test", "json.tests.x", "idlelib.idle_test": the library's own tests. */
static bool is_test_name(struct ox_slice name)
{
	size_t start = 0;
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.data[i] != '.')
			continue;
		if (is_test_part(ox_slice(name.data + start, i - start)))
			return true;
		start = i + 1;
	}
	return false;
}

static bool is_test_extension(struct ox_slice name)
{
	static const char *const prefixes[] = {"_test", "_ctypes_test", "_xxtestfuzz", "xxlimited", "xxsubtype"};
	for (size_t i = 0; i < OX_COUNT(prefixes); i++)
		if (ox_slice_starts(name, ox_slice_str(prefixes[i])))
			return true;
	return false;
}

static int add_builtins(const struct ox_distribution *dist, struct ox_resources *out, struct ox_err *err)
{
	for (size_t i = 0; i < dist->builtin_count; i++) {
		struct ox_resource *r = ox_vec_push(&out->v);
		if (!r)
			return ox_fail_nomem(err, "scanning the standard library");
		*r = (struct ox_resource){.kind = OX_RES_EXTENSION,
					  .origin = OX_ORIGIN_STDLIB,
					  .name = dist->builtins[i],
					  .is_builtin = true,
					  .is_test = is_test_extension(dist->builtins[i])};
	}
	return 0;
}

static int read_library(struct ox_build_context *ctx, const char *path, struct ox_blob *blob, struct ox_err *err)
{
	blob->path = path;
	int rc = ox_actions_file_digest(ctx->actions, path, &blob->digest, &blob->size, err);
	if (!rc)
		ox_memo_file_digest(ctx->memo, path, &blob->digest);
	return rc;
}

static int add_extension(struct ox_build_context *ctx, const struct ox_dist_extension *extension,
			 struct ox_resources *out, struct ox_err *err)
{
	struct ox_resource *r = ox_vec_push(&out->v);
	if (!r)
		return ox_fail_nomem(err, "scanning the standard library");
	*r = (struct ox_resource){.kind = OX_RES_EXTENSION,
				  .origin = OX_ORIGIN_STDLIB,
				  .name = extension->name,
				  .is_test = is_test_extension(extension->name)};
	return read_library(ctx, extension->path, &r->blob, err);
}

static int add_variant(struct ox_build_context *ctx, const struct ox_distribution *dist, const struct ox_variants *of,
		       const struct ox_python_variant *v, struct ox_resources *out, struct ox_err *err)
{
	struct ox_resource *r = ox_vec_push(&out->v);
	if (!r)
		return ox_fail_nomem(err, "scanning the standard library");
	*r = (struct ox_resource){.kind = OX_RES_EXTENSION,
				  .origin = OX_ORIGIN_STDLIB,
				  .name = v->module,
				  .is_builtin = !v->shared_lib,
				  .is_test = is_test_extension(v->module),
				  .variants = of,
				  .variant = v};
	if (!v->shared_lib)
		return 0;
	const char *path = ox_arena_printf(ctx->arena, "%s/%s", dist->archive->root, v->shared_lib);
	return path ? read_library(ctx, path, &r->blob, err) : ox_fail_nomem(err, "scanning the standard library");
}

static int add_variants(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_resources *out,
			struct ox_err *err)
{
	const struct ox_python_json *json = dist->archive->json;
	int rc = 0;
	for (size_t at = 0; !rc && at < json->variant_count;) {
		struct ox_variants *of = ox_arena_alloc(ctx->arena, sizeof *of);
		if (!of)
			return ox_fail_nomem(err, "scanning the standard library");
		*of = ox_variants_at(json, at);
		for (size_t i = 0; !rc && i < of->count; i++)
			rc = add_variant(ctx, dist, of, &of->items[i], out, err);
		at += of->count;
	}
	return rc;
}

static int scan_modules(struct ox_build_context *ctx, const struct ox_distribution *dist, bool tests,
			struct ox_resources *out, struct ox_err *err)
{
	struct rules rules = {ctx, dist->stdlib, tests};
	struct ox_listing files;
	size_t before = out->v.len;
	int rc = ox_listing_read(ctx->arena, dist->stdlib, skip_entry, &rules, &files, err);
	if (rc)
		return rc;
	rc = ox_listing_digest_at_once(ctx, &files, err);
	if (!rc)
		rc = ox_classify(ctx, dist, &files, OX_ORIGIN_STDLIB, out, err);
	size_t kept = before;
	for (size_t i = before; i < out->v.len; i++) {
		struct ox_resource *r = &out->v.items[i];
		if (r->kind == OX_RES_FILE)
			continue; /* belongs to no package: nothing could ask for it */
		r->is_test = is_test_name(r->name);
		out->v.items[kept++] = *r;
	}
	out->v.len = kept;
	ox_vec_free(&files.v);
	return rc;
}

int ox_scan_stdlib(struct ox_build_context *ctx, const struct ox_distribution *dist, bool tests,
		   struct ox_resources *out, struct ox_err *err)
{
	size_t before = out->v.len;
	int rc = scan_modules(ctx, dist, tests, out, err);
	if (!rc)
		rc = add_builtins(dist, out, err);
	if (!rc && dist->archive)
		rc = add_variants(ctx, dist, out, err);
	for (size_t i = 0; !rc && i < dist->extension_count; i++)
		rc = add_extension(ctx, &dist->extensions[i], out, err);
	if (rc) {
		out->v.len = before;
		ox_wrap(err, "cannot scan the standard library in %s", dist->stdlib);
	}
	return rc;
}
