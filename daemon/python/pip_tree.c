#include "daemon/python/pip_tree.h"

#include "daemon/python/captured.h"
#include "daemon/python/classify.h"
#include "daemon/python/folders.h"

#include <limits.h>

static bool skip_caches(void *opaque, const char *path, const char *name, bool is_dir)
{
	(void)opaque;
	(void)path;
	return is_dir && strcmp(name, "__pycache__") == 0;
}

/* What names the interpreter that it was made for, or anything else but a program for this machine. */
static bool is_script(const char *root, struct ox_slice path)
{
	static const char magic[] = {0x7f, 'E', 'L', 'F'};
	char full[PATH_MAX], start[sizeof magic];
	if (!ox_slice_starts(path, OX_SLICE("bin/")))
		return false;
	int len = snprintf(full, sizeof full, "%s/%.*s", root, OX_SLICE_ARG(path));
	FILE *f = len > 0 && (size_t)len < sizeof full ? fopen(full, "re") : NULL;
	bool is_program = f && fread(start, sizeof start, 1, f) == 1 && memcmp(start, magic, sizeof magic) == 0;
	if (f)
		fclose(f);
	return !is_program;
}

static bool is_left_out(struct ox_slice path)
{
	static const char *const names[] = {".dist-info/direct_url.json", ".dist-info/INSTALLER",
					    ".dist-info/REQUESTED"};
	for (size_t i = 0; i < OX_COUNT(names); i++)
		if (ox_slice_ends(path, ox_slice_str(names[i])))
			return true;
	for (size_t i = 0; i + 12 <= path.len; i++)
		if (memcmp(path.data + i, "__pycache__/", 12) == 0)
			return true;
	return ox_slice_starts(path, OX_SLICE("../")) || ox_slice_starts(path, OX_SLICE("/"));
}

void ox_pip_clean_record(struct ox_slice text, struct ox_buf *out)
{
	for (size_t at = 0; at < text.len;) {
		const char *eol = memchr(text.data + at, '\n', text.len - at);
		size_t len = eol ? (size_t)(eol - (text.data + at)) + 1 : text.len - at;
		const char *comma = memchr(text.data + at, ',', len);
		struct ox_slice path = ox_slice(text.data + at, comma ? (size_t)(comma - (text.data + at)) : len);
		if (!is_left_out(path) && !ox_slice_starts(path, OX_SLICE("bin/")))
			ox_buf_add(out, text.data + at, len);
		at += len;
	}
}

/* Puts the cleaned bytes in place of what was installed. */
static int store_record(struct ox_store *store, struct ox_file_entry *e, struct ox_err *err)
{
	struct ox_view view;
	struct ox_buf clean = {0};
	int rc = ox_store_view(store, &e->digest, &view, err);
	if (rc)
		return rc;
	ox_pip_clean_record(ox_slice(view.data, view.len), &clean);
	ox_view_release(&view);
	rc = ox_buf_ok(&clean, "a RECORD", err);
	if (!rc)
		rc = ox_store_put(store, ox_buf_view(&clean), &e->digest, err);
	if (!rc)
		e->size = clean.len;
	ox_buf_free(&clean);
	return rc;
}

static int store_file(struct ox_store *store, const char *root, struct ox_file_entry *e, struct ox_step_result *result,
		      struct ox_buf *text, struct ox_err *err)
{
	ox_buf_clear(text);
	ox_buf_printf(text, "%s/%s", root, e->path.data);
	int rc = ox_buf_ok(text, "a path", err);
	if (!rc)
		rc = ox_store_put_file(store, ox_buf_text(text), &e->digest, &e->size, err);
	if (!rc && ox_slice_ends(e->path, OX_SLICE(".dist-info/RECORD")))
		rc = store_record(store, e, err);
	if (rc)
		return rc;
	ox_buf_clear(text);
	ox_buf_printf(text, "%c %s", e->is_executable ? 'x' : '-', e->path.data);
	rc = ox_buf_ok(text, "a path", err);
	if (!rc)
		ox_step_result_add(result, ox_buf_text(text), &e->digest, e->size);
	return rc;
}

int ox_pip_tree_store(struct ox_build_context *ctx, const char *target, const char *captures,
		      struct ox_step_result *result, struct ox_err *err)
{
	struct ox_listing files;
	struct ox_buf text = {0};
	int rc = ox_listing_read(ctx->arena, target, skip_caches, NULL, &files, err);
	if (rc == OX_ENOENT)
		return 0; /* nothing was asked for */
	for (size_t i = 0; !rc && i < files.v.len; i++) {
		struct ox_file_entry *e = &files.v.items[i];
		if (!e->is_dir && !is_left_out(e->path) && !is_script(target, e->path))
			rc = store_file(ox_actions_store(ctx->actions), target, e, result, &text, err);
	}
	for (size_t i = 0; captures && !rc && i < files.v.len; i++)
		if (ox_slice_ends(files.v.items[i].path, OX_SLICE(".so")))
			rc = ox_captured_store(ctx, captures, target, files.v.items[i].path, result, err);
	ox_buf_free(&text);
	ox_vec_free(&files.v);
	return rc;
}

/* The folders above a path, outermost first, each once. */
static int add_folders(struct ox_listing *files, struct ox_map *seen, struct ox_slice path, struct ox_arena *arena,
		       struct ox_err *err)
{
	for (size_t i = 0; i < path.len; i++) {
		bool added;
		if (path.data[i] != '/')
			continue;
		struct ox_slice folder = ox_arena_slice(arena, ox_slice(path.data, i));
		if (!folder.data || !ox_map_put(seen, folder, &added))
			return ox_fail_nomem(err, "installed files");
		if (!added)
			continue;
		struct ox_file_entry *e = ox_vec_push(&files->v);
		if (!e)
			return ox_fail_nomem(err, "installed files");
		*e = (struct ox_file_entry){.path = folder, .is_dir = true};
	}
	return 0;
}

/* An output's name is "x" for what is executable, else "-", a space, and the path. */
static int list_output(struct ox_arena *arena, const struct ox_output *o, struct ox_map *seen,
		       struct ox_listing *files, struct ox_err *err)
{
	struct ox_slice path = ox_arena_slice(arena, ox_slice(o->name.data + 2, o->name.len - 2));
	int rc = path.data ? add_folders(files, seen, path, arena, err) : ox_fail_nomem(err, "installed files");
	if (rc)
		return rc;
	struct ox_file_entry *e = ox_vec_push(&files->v);
	if (!e)
		return ox_fail_nomem(err, "installed files");
	*e = (struct ox_file_entry){
		.path = path, .is_executable = o->name.data[0] == 'x', .size = o->size, .digest = o->digest};
	return 0;
}

static int list_outputs(struct ox_build_context *ctx, const struct ox_outputs *outputs, struct ox_listing *files,
			struct ox_err *err)
{
	struct ox_map seen = {0};
	int rc = 0;
	for (size_t i = 0; !rc && i < outputs->count; i++)
		if (outputs->items[i].name.len >= 3 && !ox_captured_is_output(&outputs->items[i]))
			rc = list_output(ctx->arena, &outputs->items[i], &seen, files, err);
	ox_map_free(&seen);
	return rc;
}

int ox_pip_tree_resources(struct ox_build_context *ctx, const struct ox_distribution *dist,
			  const struct ox_outputs *outputs, struct ox_resources *out, struct ox_err *err)
{
	struct ox_listing files = {0};
	size_t before = out->v.len;
	int rc = list_outputs(ctx, outputs, &files, err);
	if (!rc)
		rc = ox_classify(ctx, dist, &files, OX_ORIGIN_PACKAGE, out, err);
	if (!rc)
		rc = ox_captured_attach(ctx, outputs, out, before, err);
	ox_vec_free(&files.v);
	return rc;
}

size_t ox_pip_tree_names(const struct ox_resources *resources, size_t from, struct ox_buf *out)
{
	size_t count = 0;
	for (size_t i = from; i < resources->v.len; i++) {
		const struct ox_resource *r = &resources->v.items[i];
		bool is_metadata = r->kind == OX_RES_DIST_FILE &&
				   (ox_slice_eq_str(r->file, "METADATA") || ox_slice_eq_str(r->file, "PKG-INFO"));
		if (is_metadata)
			ox_buf_printf(out, "%s%.*s %.*s", count++ ? ", " : "", OX_SLICE_ARG(r->name),
				      OX_SLICE_ARG(r->version));
	}
	return count;
}
