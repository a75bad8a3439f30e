#include "daemon/dialect/manifest_value.h"

#include "daemon/dialect/content_value.h"
#include "daemon/dialect/executable_value.h"
#include "daemon/dialect/glob.h"
#include "daemon/dialect/path.h"

#include <unistd.h>

struct ox_manifest_value *ox_manifest_value_of(ox_star_value v)
{
	return ox_star_native_user(v, &ox_manifest_type);
}

static void finalize(void *user)
{
	struct ox_manifest_value *m = user;
	ox_vec_free(&m->tree.v);
}

ox_star_value ox_manifest_value_new(struct ox_dialect *d)
{
	struct ox_manifest_value *m = ox_star_alloc(d->star, sizeof *m);
	if (!m)
		return OX_STAR_FAILED;
	*m = (struct ox_manifest_value){0};
	return ox_star_new_native(d->star, &ox_manifest_type, m);
}

static ox_star_value construct(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args OX_UNUSED,
			       void *data OX_UNUSED)
{
	return ox_manifest_value_new(ox_dialect_of(s));
}

const char *ox_tree_only_program(const struct ox_tree *tree)
{
	const char *only = NULL;
	for (size_t i = 0; i < tree->v.len; i++) {
		if (!(tree->v.items[i].mode & 0100))
			continue;
		if (only)
			return NULL;
		only = tree->v.items[i].path;
	}
	return only;
}

int ox_manifest_add_executable(struct ox_manifest_value *m, struct ox_slice prefix, struct ox_exe_value *exe,
			       struct ox_err *err)
{
	const struct ox_executable *built;
	int rc = ox_exe_to_tree(exe, prefix, &m->tree, &m->runnable, err);
	if (rc == 0)
		rc = ox_exe_build(exe, &built, err);
	if (rc == 0)
		m->runs_on = built->runs_on;
	return rc;
}

/* Of several files with one path the last one counts. */
static struct ox_tree_file *find(const struct ox_tree *tree, struct ox_slice path)
{
	for (size_t i = tree->v.len; i-- > 0;) {
		if (ox_slice_eq_str(path, tree->v.items[i].path))
			return &tree->v.items[i];
	}
	return NULL;
}

static ox_star_value add_manifest(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				  void *data OX_UNUSED)
{
	struct ox_err err;
	struct ox_manifest_value *m = ox_manifest_value_of(self), *other = ox_manifest_value_of(args[0]);
	struct ox_arena *arena = ox_dialect_of(s)->ctx->arena;
	for (size_t i = 0; i < other->tree.v.len; i++) {
		const struct ox_tree_file *file = &other->tree.v.items[i];
		if (ox_tree_add(&m->tree, arena, file->path, &file->blob, file->mode, &err) != 0)
			return ox_star_fail_err(s, &err);
	}
	if (other->runnable) {
		m->runnable = other->runnable;
		m->runs_on = other->runs_on;
	}
	return OX_STAR_NONE;
}

static ox_star_value add_file(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_err err;
	struct ox_arena *arena = ox_dialect_of(s)->ctx->arena;
	const struct ox_content_value *content = ox_content_value_of(args[0]);
	bool has_path = ox_star_kind(args[1]) == OX_STAR_T_STRING;
	bool has_directory = ox_star_kind(args[2]) == OX_STAR_T_STRING;
	if (has_path && has_directory)
		return ox_star_fail(s, "add_file() takes path or directory, not both");
	struct ox_slice folder = has_directory ? ox_star_text(args[2]) : OX_SLICE("");
	const char *path = has_path ? ox_star_cstr(args[1]) : ox_path_join(arena, folder, content->filename);
	if (!path)
		return ox_star_fail(s, "out of memory for a path");
	unsigned mode = content->executable ? 0755 : 0644;
	int rc = ox_tree_add(&ox_manifest_value_of(self)->tree, arena, path, &content->blob, mode, &err);
	return rc == 0 ? OX_STAR_NONE : ox_star_fail_err(s, &err);
}

static ox_star_value add_path(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_err err;
	struct ox_blob blob;
	struct ox_dialect *d = ox_dialect_of(s);
	const char *path = ox_dialect_path(d, args[0]), *strip = ox_dialect_path(d, args[1]);
	if (!path || !strip)
		return OX_STAR_FAILED;
	const char *rest = ox_path_below(path, strip);
	if (!rest)
		return ox_star_fail(s, "%s is not below %s, so that prefix cannot be stripped", path, strip);
	unsigned mode = access(path, X_OK) == 0 ? 0755 : 0644;
	int rc = ox_dialect_file_blob(d, path, &blob, &err);
	if (rc == 0)
		rc = ox_tree_add(&ox_manifest_value_of(self)->tree, d->ctx->arena, rest, &blob, mode, &err);
	return rc == 0 ? OX_STAR_NONE : ox_star_fail_err(s, &err);
}

static ox_star_value file_content(struct ox_star *s, const struct ox_tree_file *file)
{
	struct ox_content_value content = {
		.filename = ox_path_base(ox_slice_str(file->path)),
		.executable = file->mode & 0100,
		.blob = file->blob,
	};
	return ox_content_value_new(ox_dialect_of(s), &content);
}

static ox_star_value get_file(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	const struct ox_tree_file *file = find(&ox_manifest_value_of(self)->tree, ox_star_text(args[0]));
	return file ? file_content(s, file) : OX_STAR_NONE;
}

static ox_star_value remove_file(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_manifest_value *m = ox_manifest_value_of(self);
	struct ox_slice path = ox_star_text(args[0]);
	const struct ox_tree_file *file = find(&m->tree, path);
	if (!file)
		return OX_STAR_NONE;
	ox_star_value content = file_content(s, file);
	if (m->runnable && ox_slice_eq_str(path, m->runnable))
		m->runnable = NULL;
	size_t kept = 0;
	for (size_t i = 0; i < m->tree.v.len; i++) {
		if (!ox_slice_eq_str(path, m->tree.v.items[i].path))
			m->tree.v.items[kept++] = m->tree.v.items[i];
	}
	m->tree.v.len = kept;
	return content;
}

static ox_star_value paths(struct ox_star *s, ox_star_value self, const ox_star_value *args OX_UNUSED,
			   void *data OX_UNUSED)
{
	struct ox_manifest_value *m = ox_manifest_value_of(self);
	struct ox_err err;
	ox_star_value list = ox_star_list(s, NULL, 0);
	if (ox_tree_sort(&m->tree, &err) != 0)
		return ox_star_fail_err(s, &err);
	for (size_t i = 0; i < m->tree.v.len; i++) {
		if (ox_star_append(s, list, ox_star_string(s, m->tree.v.items[i].path)) != 0)
			return OX_STAR_FAILED;
	}
	return list;
}

/* What stands in the folder already and is not replaced stays. */
static int keep_existing(struct ox_dialect *d, const char *dir, struct ox_tree *tree, struct ox_err *err)
{
	struct ox_path_list found = {0};
	struct ox_arena *arena = d->ctx->arena;
	const char *pattern = ox_arena_printf(arena, "%s/**", dir);
	int rc = pattern ? ox_glob(NULL, arena, pattern, &found, err) : ox_fail_nomem(err, "a path");
	for (size_t i = 0; rc == 0 && i < found.v.len; i++) {
		const char *path = found.v.items[i], *rest = ox_path_below(path, dir);
		if (!rest || find(tree, ox_slice_str(rest)))
			continue;
		struct ox_blob blob = {0};
		rc = ox_store_put_file(ox_actions_store(d->ctx->actions), path, &blob.digest, &blob.size, err);
		if (rc == 0)
			rc = ox_tree_add(tree, arena, rest, &blob, access(path, X_OK) == 0 ? 0755 : 0644, err);
	}
	ox_vec_free(&found.v);
	return rc;
}

static ox_star_value install(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_err err;
	struct ox_dialect *d = ox_dialect_of(s);
	struct ox_manifest_value *m = ox_manifest_value_of(self);
	struct ox_tree copy = {0};
	int rc = 0;
	const char *dir = ox_path_absolute(d->ctx->arena, d->build_path, ox_star_text(args[0]));
	if (!dir)
		return ox_star_fail(s, "out of memory for a path");
	for (size_t i = 0; rc == 0 && i < m->tree.v.len; i++) {
		const struct ox_tree_file *file = &m->tree.v.items[i];
		rc = ox_tree_add(&copy, d->ctx->arena, file->path, &file->blob, file->mode, &err);
	}
	if (rc == 0 && !ox_star_truth(args[1]))
		rc = keep_existing(d, dir, &copy, &err);
	ox_emit_log(d->ctx->sink, OX_LEVEL_INFO, "build", "installing files to %s", dir);
	if (rc == 0)
		rc = ox_tree_sort(&copy, &err);
	if (rc == 0)
		rc = ox_tree_publish(d->ctx, &copy, dir, &err);
	ox_vec_free(&copy.v);
	return rc == 0 ? OX_STAR_NONE : ox_star_fail_err(s, &err);
}

static const struct ox_star_type *const manifest_types[] = {&ox_manifest_type, NULL};
static const struct ox_star_type *const content_types[] = {&ox_content_type, NULL};

static const struct ox_star_param path_params[] = {{.name = "path",
						    .types = OX_STAR_T_STRING,
						    .doc = "the path in the manifest"}, {0}};
static const struct ox_star_param manifest_params[] = {
	{.name = "manifest",
	 .types = OX_STAR_T_NATIVE,
	 .natives = manifest_types,
	 .doc = "the other manifest; its files replace those of the same path"},
	{0},
};
static const struct ox_star_param add_file_params[] = {
	{.name = "content", .types = OX_STAR_T_NATIVE, .natives = content_types, .doc = "the file"},
	{.name = "path",
	 .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
	 .kind = OX_STAR_OPTIONAL,
	 .fallback = "None",
	 .doc = "the path in the manifest; the file's own name when neither this nor directory is given"},
	{.name = "directory",
	 .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
	 .kind = OX_STAR_OPTIONAL,
	 .fallback = "None",
	 .doc = "the folder in the manifest"},
	{0},
};
static const struct ox_star_param add_path_params[] = {
	{.name = "path", .types = OX_STAR_T_STRING, .doc = "the file to read"},
	{.name = "strip_prefix", .types = OX_STAR_T_STRING, .doc = "taken from the front of its path"},
	{.name = "force_read",
	 .kind = OX_STAR_OPTIONAL,
	 .fallback = "False",
	 .doc = "taken and ignored: files are always read"},
	{0},
};
static const struct ox_star_param install_params[] = {
	{.name = "path", .types = OX_STAR_T_STRING, .doc = "a folder, relative to the build folder"},
	{.name = "replace",
	 .kind = OX_STAR_OPTIONAL,
	 .fallback = "True",
	 .doc = "whether the folder is replaced as a whole, or what it has and the manifest has not stays"},
	{0},
};

#define METHOD(method, parameters, fn, result, text)                                                                   \
	{                                                                                                              \
		.name = method, .params = parameters, .call = fn, .returns = result, .doc = text                       \
	}

static const struct ox_star_function methods[] = {
	METHOD("add_file", add_file_params, add_file, OX_STAR_T_NONE, "Adds the content of a file."),
	METHOD("add_manifest", manifest_params, add_manifest, OX_STAR_T_NONE, "Lays another manifest over this one."),
	METHOD("add_path", add_path_params, add_path, OX_STAR_T_NONE, "Adds a file of the file system."),
	METHOD("add_python_resource", ox_manifest_resource_params, ox_manifest_add_resource, OX_STAR_T_NONE,
	       "Adds a Python resource or an executable below a folder."),
	METHOD("add_python_resources", ox_manifest_resources_params, ox_manifest_add_resources, OX_STAR_T_NONE,
	       "Adds many Python resources below a folder."),
	METHOD("get_file", path_params, get_file, OX_STAR_T_NATIVE | OX_STAR_T_NONE, "The content at a path, or None."),
	METHOD("install", install_params, install, OX_STAR_T_NONE, "Writes the files below the build folder."),
	METHOD("paths", NULL, paths, OX_STAR_T_LIST, "All paths, sorted."),
	METHOD("remove", path_params, remove_file, OX_STAR_T_NATIVE | OX_STAR_T_NONE,
	       "Takes a file out and gives back its content, or None when there is none."),
	{0},
};

static int repr(struct ox_star *s OX_UNUSED, ox_star_value self, struct ox_buf *out)
{
	ox_buf_printf(out, "FileManifest<%zu files>", ox_manifest_value_of(self)->tree.v.len);
	return 0;
}

const struct ox_star_type ox_manifest_type = {
	.name = "FileManifest",
	.methods = methods,
	.repr = repr,
	.finalize = finalize,
	.doc = "Files by relative path.",
};

const struct ox_star_function ox_manifest_function = {
	.name = "FileManifest",
	.call = construct,
	.returns = OX_STAR_T_NATIVE,
	.doc = "An empty manifest.",
};
