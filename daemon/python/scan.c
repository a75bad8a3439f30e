#include "daemon/python/classify.h"

#include <errno.h>
#include <sys/stat.h>

/* Names of packages that are wanted; count 0: everything. */
struct wanted {
	const struct ox_slice *names;
	size_t count;
};

static bool is_within(struct ox_slice name, struct ox_slice package)
{
	return ox_slice_starts(name, package) && (name.len == package.len || name.data[package.len] == '.');
}

static struct ox_slice first_component(struct ox_slice name)
{
	const char *dot = name.len ? memchr(name.data, '.', name.len) : NULL;
	return dot ? ox_slice(name.data, (size_t)(dot - name.data)) : name;
}

/* "app" wants app/, app.py, app.cpython-311-x86_64-linux-gnu.so, app-1.0.dist-info and app.egg-info. */
static bool top_is_wanted(const struct wanted *w, struct ox_slice entry)
{
	for (size_t i = 0; i < w->count; i++) {
		struct ox_slice top = first_component(w->names[i]);
		if (!ox_slice_starts(entry, top))
			continue;
		char next = entry.len > top.len ? entry.data[top.len] : '\0';
		bool is_metadata = ox_slice_ends(entry, OX_SLICE(".dist-info")) ||
				   ox_slice_ends(entry, OX_SLICE(".egg-info"));
		if (next == '\0' || next == '.' || (next == '-' && is_metadata))
			return true;
	}
	return false;
}

static bool skip_entry(void *opaque, const char *path, const char *name, bool is_dir)
{
	const struct wanted *w = opaque;
	if (is_dir && (name[0] == '.' || strcmp(name, "__pycache__") == 0))
		return true;
	return w->count && name == path && !top_is_wanted(w, ox_slice_str(name));
}

static bool resource_is_wanted(const struct wanted *w, const struct ox_resource *r, bool *seen)
{
	for (size_t i = 0; i < w->count; i++)
		if (r->name.len && is_within(r->name, w->names[i])) {
			seen[i] = true;
			return true;
		}
	return false;
}

/* Drops what a filter does not name. */
static int keep_wanted(struct ox_build_context *ctx, const struct wanted *w, const char *root, size_t from,
		       struct ox_resources *out, struct ox_err *err)
{
	size_t kept = from;
	bool *seen = ox_arena_array(ctx->arena, w->count, sizeof *seen);
	if (!seen)
		return ox_fail_nomem(err, "scanning packages");
	for (size_t i = from; i < out->v.len; i++)
		if (resource_is_wanted(w, &out->v.items[i], seen))
			out->v.items[kept++] = out->v.items[i];
	out->v.len = kept;
	for (size_t i = 0; i < w->count; i++)
		if (!seen[i])
			return ox_fail(err, OX_ENOENT, "there is no package or module %.*s in %s",
				       OX_SLICE_ARG(w->names[i]), root);
	return 0;
}

/* What would be found if it appeared: other entries of the folder (outputs of builds) come and go. */
static void record_absent(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *root,
			  const struct wanted *w)
{
	const char *suffixes[] = {".py", dist->ext_suffix, ".abi3.so", ".so", ".egg-info/PKG-INFO"};
	struct ox_buf path = {0};
	ox_memo_listing_of(ctx->memo, root, OX_MEMO_METADATA);
	for (size_t i = 0; i < w->count; i++) {
		struct ox_slice top = first_component(w->names[i]);
		ox_buf_clear(&path);
		ox_buf_printf(&path, "%s/%.*s", root, OX_SLICE_ARG(top));
		size_t len = path.len;
		ox_memo_listing_of(ctx->memo, ox_buf_text(&path), OX_MEMO_NO_PYCACHE);
		for (size_t k = 0; k < OX_COUNT(suffixes); k++) {
			path.len = len;
			ox_buf_str(&path, suffixes[k]);
			ox_memo_file(ctx->memo, ox_buf_text(&path));
		}
	}
	ox_buf_free(&path);
}

static int scan(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *root, struct wanted *w,
		enum ox_resource_origin origin, struct ox_resources *out, struct ox_err *err)
{
	struct ox_listing files;
	size_t before = out->v.len;
	if (w->count)
		record_absent(ctx, dist, root, w);
	else
		ox_memo_listing_of(ctx->memo, root, OX_MEMO_NO_PYCACHE);
	int rc = ox_listing_read(ctx->arena, root, skip_entry, w, &files, err);
	if (rc)
		return ox_wrap(err, "cannot scan for Python modules");
	files.is_partial = w->count != 0;
	rc = ox_listing_digest(ctx, &files, err);
	if (!rc)
		rc = ox_classify(ctx, dist, &files, origin, out, err);
	if (!rc && w->count)
		rc = keep_wanted(ctx, w, root, before, out, err);
	if (rc)
		out->v.len = before;
	ox_vec_free(&files.v);
	return rc;
}

int ox_scan_folder(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *root,
		   enum ox_resource_origin origin, struct ox_resources *out, struct ox_err *err)
{
	struct wanted all = {0};
	return scan(ctx, dist, root, &all, origin, out, err);
}

int ox_scan_packages(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *root,
		     const struct ox_slice *packages, size_t package_count, enum ox_resource_origin origin,
		     struct ox_resources *out, struct ox_err *err)
{
	struct wanted w = {packages, package_count};
	if (!package_count)
		return 0;
	return scan(ctx, dist, root, &w, origin, out, err);
}
