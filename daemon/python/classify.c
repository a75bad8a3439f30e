#include "daemon/python/classify.h"

#include "daemon/python/extension.h"
#include "daemon/python/folders.h"

#include <strings.h>

struct classifier {
	struct ox_build_context *ctx;
	const struct ox_distribution *dist;
	const struct ox_listing *files;
	enum ox_resource_origin origin;
	struct ox_folders folders;
	struct ox_resources *out;
	struct ox_err *err;
};

struct ox_slice ox_metadata_field(struct ox_slice text, const char *field)
{
	size_t field_len = strlen(field);
	const char *at = text.data, *end = text.data + text.len;
	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((eol ? eol : end) - at);
		while (len && at[len - 1] == '\r')
			len--;
		if (!len)
			break; /* the description follows */
		if (len > field_len && strncasecmp(at, field, field_len) == 0 && at[field_len] == ':') {
			size_t i = field_len + 1;
			while (i < len && at[i] == ' ')
				i++;
			return ox_slice(at + i, len - i);
		}
		at = eol ? eol + 1 : end;
	}
	return ox_slice(NULL, 0);
}

static int blob_of(struct classifier *c, const struct ox_file_entry *e, struct ox_blob *blob)
{
	*blob = (struct ox_blob){.digest = e->digest, .size = e->size};
	if (!c->files->root)
		return 0;
	blob->path = ox_arena_printf(c->ctx->arena, "%s/%s", c->files->root, e->path.data);
	return blob->path ? 0 : ox_fail_nomem(c->err, "classifying files");
}

static int emit(struct classifier *c, const struct ox_file_entry *e, struct ox_resource r)
{
	r.origin = c->origin;
	r.is_executable = e->is_executable;
	int rc = e->is_dir ? 0 : blob_of(c, e, &r.blob);
	if (rc)
		return rc;
	struct ox_resource *slot = ox_vec_push(&c->out->v);
	if (!slot)
		return ox_fail_nomem(c->err, "classifying files");
	*slot = r;
	return 0;
}

static struct ox_slice below(struct ox_slice path, const struct ox_folder *folder)
{
	size_t skip = folder->path.len ? folder->path.len + 1 : 0;
	return ox_slice(path.data + skip, path.len - skip);
}

static int read_identity(struct classifier *c, const struct ox_file_entry *e, struct ox_slice *name,
			 struct ox_slice *version)
{
	struct ox_blob blob;
	struct ox_view view;
	int rc = blob_of(c, e, &blob);
	if (!rc)
		rc = ox_blob_view(ox_actions_store(c->ctx->actions), &blob, &view, c->err);
	if (rc)
		return rc;
	struct ox_slice text = ox_slice(view.data, view.len);
	*name = ox_arena_slice(c->ctx->arena, ox_metadata_field(text, "Name"));
	*version = ox_arena_slice(c->ctx->arena, ox_metadata_field(text, "Version"));
	ox_view_release(&view);
	return name->data && version->data ? 0 : ox_fail_nomem(c->err, "reading metadata");
}

/* Name and version of each *.dist-info from its METADATA, before its files are told. */
static int identify_distributions(struct classifier *c)
{
	for (size_t i = 0; i < c->files->v.len; i++) {
		const struct ox_file_entry *e = &c->files->v.items[i];
		struct ox_folder *f = e->is_dir ? NULL : ox_folder_of(&c->folders, e->path);
		if (!f || f->kind != OX_FOLDER_METADATA || f->top != f)
			continue;
		struct ox_slice name = ox_path_name(e->path);
		if (!ox_slice_eq_str(name, "METADATA") && !ox_slice_eq_str(name, "PKG-INFO"))
			continue;
		int rc = read_identity(c, e, &f->dist_name, &f->dist_version);
		if (rc)
			return rc;
	}
	return 0;
}

static int emit_metadata(struct classifier *c, const struct ox_file_entry *e, const struct ox_folder *folder)
{
	static const char *const varying[] = {"direct_url.json", "INSTALLER", "REQUESTED"};
	struct ox_slice file = below(e->path, folder->top);
	if (!folder->top->dist_name.len)
		return 0; /* no metadata in it: leftovers */
	for (size_t i = 0; i < OX_COUNT(varying); i++)
		if (ox_slice_eq_str(file, varying[i]))
			return 0;
	return emit(c, e, (struct ox_resource){.kind = OX_RES_DIST_FILE,
					       .name = folder->top->dist_name,
					       .version = folder->top->dist_version,
					       .file = file});
}

static bool is_library_name(struct ox_slice name)
{
	if (ox_slice_ends(name, OX_SLICE(".so")))
		return true;
	for (size_t i = 0; i + 4 <= name.len; i++)
		if (memcmp(name.data + i, ".so.", 4) == 0)
			return true;
	return false;
}

/* The package that a data file belongs to. */
static const struct ox_folder *owner(const struct ox_folder *folder)
{
	const struct ox_folder *fallback = NULL;
	for (; folder && folder->kind != OX_FOLDER_ROOT; folder = folder->parent) {
		if (folder->kind == OX_FOLDER_PACKAGE)
			return folder;
		if (folder->kind == OX_FOLDER_NAMESPACE && !fallback)
			fallback = folder;
	}
	return fallback;
}

/* "share" of share/jupyter/kernel.json: what pip puts below sys.prefix, and programs look for there. */
static struct ox_slice installed_folder(const struct classifier *c, struct ox_slice path)
{
	static const char *const tops[] = {"bin/", "etc/", "share/"};
	static const char *const read_by_people[] = {"share/bash-completion/", "share/doc/", "share/fish/",
						     "share/info/", "share/man/", "share/zsh/"};
	if (c->origin != OX_ORIGIN_PACKAGE)
		return ox_slice(NULL, 0);
	for (size_t i = 0; i < OX_COUNT(read_by_people); i++)
		if (ox_slice_starts(path, ox_slice_str(read_by_people[i])))
			return ox_slice(NULL, 0);
	for (size_t i = 0; i < OX_COUNT(tops); i++)
		if (ox_slice_starts(path, ox_slice_str(tops[i])))
			return ox_slice(path.data, strlen(tops[i]) - 1);
	return ox_slice(NULL, 0);
}

static int emit_data(struct classifier *c, const struct ox_file_entry *e, const struct ox_folder *folder)
{
	static const char *const dropped[] = {".pyc", ".pyo"};
	for (size_t i = 0; i < OX_COUNT(dropped); i++)
		if (ox_slice_ends(e->path, ox_slice_str(dropped[i])))
			return 0;
	if (folder->kind == OX_FOLDER_ROOT && ox_slice_ends(e->path, OX_SLICE(".pth")))
		return 0;
	const struct ox_folder *package = owner(folder);
	struct ox_slice top = installed_folder(c, e->path);
	if (top.len && (!package || package->kind != OX_FOLDER_PACKAGE))
		return emit(c, e, (struct ox_resource){.kind = OX_RES_PACKAGE_FILE,
						       .name = top,
						       .file = ox_slice(e->path.data + top.len + 1,
									e->path.len - top.len - 1),
						       .is_installed = true});
	if (is_library_name(ox_path_name(e->path)) && c->origin != OX_ORIGIN_STDLIB)
		return emit(c, e, (struct ox_resource){.kind = OX_RES_LIBRARY,
						       .name = package ? package->module : ox_slice(NULL, 0),
						       .file = e->path});
	if (!package)
		return emit(c, e, (struct ox_resource){.kind = OX_RES_FILE, .file = e->path});
	return emit(c, e, (struct ox_resource){.kind = OX_RES_PACKAGE_FILE,
					       .name = package->module,
					       .file = below(e->path, package)});
}

/* "x.so" may be a module or a library that ctypes loads: 1, 0 or an error. */
static int is_extension_module(struct classifier *c, const struct ox_file_entry *e, struct ox_slice stem)
{
	bool tagged;
	struct ox_blob blob;
	struct ox_view view;
	ox_extension_stem(c->dist, e->path, &tagged);
	if (tagged)
		return 1;
	int rc = blob_of(c, e, &blob);
	if (!rc)
		rc = ox_blob_view(ox_actions_store(c->ctx->actions), &blob, &view, c->err);
	if (rc)
		return rc;
	bool found = ox_exports_init(ox_slice(view.data, view.len), stem);
	ox_view_release(&view);
	return found;
}

static int emit_module(struct classifier *c, const struct ox_file_entry *e, const struct ox_folder *folder,
		       struct ox_slice stem, bool is_extension)
{
	struct ox_resource r = {.kind = is_extension ? OX_RES_EXTENSION : OX_RES_MODULE};
	r.is_package = ox_slice_eq_str(stem, "__init__");
	if (r.is_package)
		r.name = folder->module;
	else if (folder->module.len)
		r.name = ox_slice_str(ox_arena_printf(c->ctx->arena, "%.*s.%.*s", OX_SLICE_ARG(folder->module),
						      OX_SLICE_ARG(stem)));
	else
		r.name = stem;
	if (!r.name.data)
		return ox_fail_nomem(c->err, "classifying files");
	return emit(c, e, r);
}

static int classify_file(struct classifier *c, const struct ox_file_entry *e)
{
	const struct ox_folder *folder = ox_folder_of(&c->folders, e->path);
	bool is_extension;
	struct ox_slice stem = ox_module_stem(c->dist, e->path, &is_extension);
	if (folder->kind == OX_FOLDER_METADATA)
		return emit_metadata(c, e, folder);
	if (folder->kind == OX_FOLDER_LIBRARIES)
		return is_library_name(ox_path_name(e->path)) ? emit_data(c, e, folder) : 0;
	bool in_package = folder->kind != OX_FOLDER_DATA && folder->may_import;
	bool rootless_init = folder->kind == OX_FOLDER_ROOT && ox_slice_eq_str(stem, "__init__");
	if (!stem.len || !in_package || rootless_init)
		return emit_data(c, e, folder);
	int is_module = is_extension ? is_extension_module(c, e, stem) : 1;
	if (is_module < 0)
		return is_module;
	return is_module ? emit_module(c, e, folder, stem, is_extension) : emit_data(c, e, folder);
}

static int classify_entry(struct classifier *c, const struct ox_file_entry *e)
{
	if (!e->is_dir)
		return classify_file(c, e);
	const struct ox_folder *f = ox_map_get(&c->folders.by_path, e->path);
	if (f->kind != OX_FOLDER_NAMESPACE)
		return 0;
	return emit(c, e, (struct ox_resource){
				  .kind = OX_RES_MODULE, .name = f->module, .is_package = true, .is_namespace = true});
}

int ox_classify(struct ox_build_context *ctx, const struct ox_distribution *dist, const struct ox_listing *files,
		enum ox_resource_origin origin, struct ox_resources *out, struct ox_err *err)
{
	struct classifier c = {.ctx = ctx, .dist = dist, .files = files, .origin = origin, .out = out, .err = err};
	size_t before = out->v.len;
	int rc = ox_folders_find(ctx->arena, dist, files, &c.folders, err);
	if (!rc)
		rc = identify_distributions(&c);
	for (size_t i = 0; !rc && i < files->v.len; i++)
		rc = classify_entry(&c, &files->v.items[i]);
	if (rc)
		out->v.len = before;
	ox_map_free(&c.folders.by_path);
	return rc;
}
