#include "daemon/python/folders.h"

#include "daemon/python/extension.h"

static bool is_one_of(struct ox_slice name, const char *a, const char *b)
{
	return ox_slice_eq_str(name, a) || ox_slice_eq_str(name, b);
}

struct ox_slice ox_path_parent(struct ox_slice path)
{
	size_t i = path.len;
	while (i > 0 && path.data[i - 1] != '/')
		i--;
	return ox_slice(path.data, i ? i - 1 : 0);
}

struct ox_slice ox_path_name(struct ox_slice path)
{
	size_t i = path.len;
	while (i > 0 && path.data[i - 1] != '/')
		i--;
	return ox_slice(path.data + i, path.len - i);
}

struct ox_slice ox_module_stem(const struct ox_distribution *dist, struct ox_slice path, bool *is_extension)
{
	struct ox_slice name = ox_path_name(path);
	*is_extension = false;
	if (ox_slice_ends(name, OX_SLICE(".py"))) {
		size_t len = name.len - 3;
		return ox_slice(name.data, !len || memchr(name.data, '.', len) ? 0 : len);
	}
	bool tagged;
	size_t stem = ox_extension_stem(dist, name, &tagged);
	*is_extension = stem != 0;
	return ox_slice(name.data, stem);
}

struct ox_folder *ox_folder_of(const struct ox_folders *folders, struct ox_slice path)
{
	return ox_map_get(&folders->by_path, ox_path_parent(path));
}

/* Letters, digits, underscores and everything beyond ASCII; no digit first. */
static bool can_be_imported(struct ox_slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return name.len != 0;
}

static void describe(struct ox_folder *f, struct ox_slice name)
{
	const struct ox_folder *parent = f->parent;
	bool below_root = parent->kind == OX_FOLDER_ROOT;
	f->kind = OX_FOLDER_DATA;
	if (parent->kind == OX_FOLDER_METADATA || parent->kind == OX_FOLDER_LIBRARIES) {
		f->kind = parent->kind;
		f->top = parent->top;
	} else if (is_one_of(name, "site-packages", "dist-packages")) {
		f->kind = OX_FOLDER_ROOT;
	} else if (below_root && (ox_slice_ends(name, OX_SLICE(".dist-info")) ||
				  ox_slice_ends(name, OX_SLICE(".egg-info")))) {
		f->kind = OX_FOLDER_METADATA;
		f->top = f;
	} else if (ox_slice_ends(name, OX_SLICE(".libs"))) {
		f->kind = OX_FOLDER_LIBRARIES;
	} else {
		f->may_import = parent->may_import && can_be_imported(name);
	}
	if (f->kind == OX_FOLDER_ROOT)
		f->may_import = true;
}

static struct ox_folder *add_folder(struct ox_arena *arena, struct ox_folders *out, struct ox_slice path)
{
	struct ox_folder *f = ox_arena_alloc(arena, sizeof *f);
	void **slot = f ? ox_map_put(&out->by_path, path, NULL) : NULL;
	if (!slot)
		return NULL;
	f->path = path;
	*slot = f;
	return f;
}

static int name_folder(struct ox_arena *arena, struct ox_folder *f, struct ox_slice name)
{
	if (!f->may_import || f->kind == OX_FOLDER_ROOT)
		return 0;
	struct ox_slice outer = f->parent->module;
	f->module = outer.len ? ox_slice_str(ox_arena_printf(arena, "%.*s.%.*s", OX_SLICE_ARG(outer),
							      OX_SLICE_ARG(name)))
			      : name;
	return f->module.data ? 0 : OX_EEXHAUSTED;
}

/* A module in a folder makes it and all above it packages: one with an __init__, the others of namespaces. */
static void mark_packages(struct ox_folder *f, bool is_init)
{
	if (is_init && f->kind != OX_FOLDER_ROOT && f->may_import)
		f->kind = OX_FOLDER_PACKAGE;
	for (; f && f->kind != OX_FOLDER_ROOT && f->may_import; f = (struct ox_folder *)(uintptr_t)f->parent)
		if (f->kind == OX_FOLDER_DATA)
			f->kind = OX_FOLDER_NAMESPACE;
}

/* A folder below `parent`. */
static int enter_folder(struct ox_arena *arena, struct ox_folders *out, struct ox_folder *parent, struct ox_slice path)
{
	struct ox_slice name = ox_path_name(path);
	struct ox_folder *f = add_folder(arena, out, path);
	if (!f)
		return OX_EEXHAUSTED;
	f->parent = parent;
	describe(f, name);
	return name_folder(arena, f, name);
}

static void enter_file(const struct ox_distribution *dist, struct ox_folder *folder, struct ox_slice path)
{
	bool is_extension;
	struct ox_slice stem = ox_module_stem(dist, path, &is_extension);
	if (stem.len && folder->may_import)
		mark_packages(folder, ox_slice_eq_str(stem, "__init__"));
}

int ox_folders_find(struct ox_arena *arena, const struct ox_distribution *dist, const struct ox_listing *files,
		    struct ox_folders *out, struct ox_err *err)
{
	*out = (struct ox_folders){0};
	struct ox_folder *root = add_folder(arena, out, OX_SLICE(""));
	if (!root)
		return ox_fail_nomem(err, "classifying files");
	root->kind = OX_FOLDER_ROOT;
	root->may_import = true;
	for (size_t i = 0; i < files->v.len; i++) {
		const struct ox_file_entry *e = &files->v.items[i];
		struct ox_folder *parent = ox_folder_of(out, e->path);
		if (!parent)
			return ox_fail(err, OX_EINTERNAL, "%s is listed before its folder", e->path.data);
		if (!e->is_dir)
			enter_file(dist, parent, e->path);
		else if (enter_folder(arena, out, parent, e->path))
			return ox_fail_nomem(err, "classifying files");
	}
	return 0;
}
