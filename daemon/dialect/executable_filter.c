#include "daemon/dialect/executable_filter.h"

#include "daemon/dialect/executable_value.h"
#include "daemon/dialect/glob.h"
#include "daemon/dialect/path.h"

#define TEXTS(parameter, text)                                                                                         \
	{                                                                                                              \
		.name = parameter, .types = OX_STAR_T_LIST | OX_STAR_T_TUPLE | OX_STAR_T_NONE,                         \
		.kind = OX_STAR_OPTIONAL, .fallback = "None", .item_types = OX_STAR_T_STRING, .doc = text              \
	}

#define FILES TEXTS("files", "files of names, one a line; lines that begin with # say nothing")

const struct ox_star_param ox_filter_params[] = {FILES, TEXTS("glob_files", "patterns for such files"), {0}};
const struct ox_star_param ox_old_filter_params[] = {FILES, TEXTS("glob_patterns", "patterns for such files"), {0}};

struct filter {
	struct ox_dialect *dialect;
	struct ox_map names;
};

/* One name a line; empty lines and those that begin with # say nothing. */
static int read_names(struct filter *f, struct ox_slice text, struct ox_err *err)
{
	for (size_t at = 0; at < text.len;) {
		const char *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
		struct ox_slice line = ox_slice(text.data + at, len);
		at += len + 1;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0 || line.data[0] == '#')
			continue;
		struct ox_slice name = ox_arena_slice(f->dialect->ctx->arena, line);
		if (!name.data || !ox_map_put(&f->names, name, NULL))
			return ox_fail_nomem(err, "names of resources");
	}
	return 0;
}

static int read_file(struct filter *f, const char *path, struct ox_err *err)
{
	struct ox_blob blob;
	struct ox_view view;
	int rc = ox_dialect_file_blob(f->dialect, path, &blob, err);
	if (rc == 0)
		rc = ox_blob_view(ox_actions_store(f->dialect->ctx->actions), &blob, &view, err);
	if (rc != 0)
		return ox_wrap(err, "cannot read names of resources");
	rc = read_names(f, ox_slice(view.data, view.len), err);
	ox_view_release(&view);
	return rc;
}

static int collect_paths(struct filter *f, const ox_star_value *args, struct ox_path_list *paths, struct ox_err *err)
{
	struct ox_build_context *ctx = f->dialect->ctx;
	for (int kind = 0; kind < 2; kind++) {
		for (size_t i = 0; i < ox_star_len(args[kind]); i++) {
			struct ox_slice text = ox_star_text(ox_star_at(f->dialect->star, args[kind], i));
			const char *path = ox_path_absolute(ctx->arena, ctx->cwd, text);
			const char **slot = path && kind == 0 ? ox_vec_push(&paths->v) : NULL;
			if (slot)
				*slot = path;
			else if (!path || kind == 0)
				return ox_fail_nomem(err, "names of resources");
			int rc = kind == 1 ? ox_glob(ctx->memo, ctx->arena, path, paths, err) : 0;
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

static bool keep(void *ctx, struct ox_slice name)
{
	struct filter *f = ctx;
	return ox_map_find(&f->names, name) != NULL;
}

static void removed(void *ctx, struct ox_slice name)
{
	struct filter *f = ctx;
	ox_emit_log(f->dialect->ctx->sink, OX_LEVEL_DEBUG, "config", "removing %.*s", OX_SLICE_ARG(name));
}

ox_star_value ox_filter_from_files(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				   void *data OX_UNUSED)
{
	struct ox_err err;
	struct ox_exe_value *exe = ox_exe_value_of(self);
	struct filter f = {.dialect = exe->dialect};
	struct ox_path_list paths = {0};
	int rc = collect_paths(&f, args, &paths, &err);
	for (size_t i = 0; rc == 0 && i < paths.v.len; i++)
		rc = read_file(&f, paths.v.items[i], &err);
	if (rc == 0 && f.names.len == 0)
		rc = ox_fail(&err, OX_EUSAGE,
			     "the given files hold no names of resources: everything would be removed");
	if (rc == 0) {
		ox_collector_filter(&exe->resources, keep, removed, &f);
		exe->built = NULL;
	}
	ox_vec_free(&paths.v);
	ox_map_free(&f.names);
	return rc == 0 ? OX_STAR_NONE : ox_star_fail_err(s, &err);
}
