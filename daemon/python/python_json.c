#include "daemon/python/python_json.h"

#include <jansson.h>

enum { MOST_TEXT = 64 << 20, MOST_VARIANTS = 4096 };

/* The first failure counts; what is read after it is of no use. */
struct reader {
	struct ox_arena *arena;
	struct ox_err *err;
	int rc;
	const char *where; /* which object, for messages */
};

static void fail_key(struct reader *r, const char *key, const char *what)
{
	if (!r->rc)
		r->rc = ox_fail(r->err, OX_ECORRUPT, "PYTHON.json: %s of %s %s", key, r->where, what);
}

static void fail_memory(struct reader *r)
{
	if (!r->rc)
		r->rc = ox_fail_nomem(r->err, "PYTHON.json");
}

static const char *copy(struct reader *r, const char *text)
{
	const char *own = ox_arena_str(r->arena, text);
	if (!own)
		fail_memory(r);
	return own;
}

static const json_t *get(struct reader *r, const json_t *object, const char *key, bool required)
{
	const json_t *value = json_object_get(object, key);
	if (json_is_null(value))
		value = NULL;
	if (!value && required)
		fail_key(r, key, "is missing");
	return value;
}

static const char *text(struct reader *r, const json_t *object, const char *key, bool required)
{
	const json_t *value = get(r, object, key, required);
	if (value && !json_is_string(value))
		fail_key(r, key, "is no text");
	return json_is_string(value) ? copy(r, json_string_value(value)) : NULL;
}

static bool flag(struct reader *r, const json_t *object, const char *key, bool required)
{
	const json_t *value = get(r, object, key, required);
	if (value && !json_is_boolean(value))
		fail_key(r, key, "is neither true nor false");
	return json_is_true(value);
}

static bool is_inside(const char *path)
{
	if (path[0] == '/' || !path[0])
		return false;
	for (const char *at = path; *at;) {
		size_t len = strcspn(at, "/");
		if (len == 2 && at[0] == '.' && at[1] == '.')
			return false;
		at += len;
		at += strspn(at, "/");
	}
	return true;
}

static const char *path(struct reader *r, const json_t *object, const char *key, bool required)
{
	const char *value = text(r, object, key, required);
	if (value && !is_inside(value))
		fail_key(r, key, "is no path inside the archive");
	return value;
}

static struct ox_texts texts(struct reader *r, const json_t *object, const char *key, bool required, bool paths)
{
	const json_t *list = get(r, object, key, required);
	size_t count = json_array_size(list);
	const char **items = ox_arena_array(r->arena, count + 1, sizeof *items);
	if (list && !json_is_array(list))
		fail_key(r, key, "is no list");
	if (!items)
		fail_memory(r);
	for (size_t i = 0; items && i < count && !r->rc; i++) {
		const char *item = json_string_value(json_array_get(list, i));
		if (!item || (paths && !is_inside(item)))
			fail_key(r, key, paths ? "has what is no path inside the archive" : "has what is no text");
		else
			items[i] = copy(r, item);
	}
	return (struct ox_texts){items, items ? count : 0};
}

static struct ox_python_links links(struct reader *r, const json_t *object)
{
	const json_t *list = get(r, object, "links", true);
	size_t count = json_array_size(list);
	struct ox_python_link *items = ox_arena_array(r->arena, count + 1, sizeof *items);
	if (list && !json_is_array(list))
		fail_key(r, "links", "is no list");
	if (!items)
		fail_memory(r);
	for (size_t i = 0; items && i < count && !r->rc; i++) {
		const json_t *link = json_array_get(list, i);
		items[i] = (struct ox_python_link){.name = text(r, link, "name", true),
						   .path_static = path(r, link, "path_static", false),
						   .path_dynamic = path(r, link, "path_dynamic", false),
						   .system = flag(r, link, "system", false),
						   .framework = flag(r, link, "framework", false)};
	}
	return (struct ox_python_links){items, items ? count : 0};
}

static void read_variant(struct reader *r, const char *module, const json_t *object, struct ox_python_variant *v)
{
	const char *name = copy(r, module);
	r->where = name ? name : "an extension module";
	v->module = ox_slice_str(name);
	v->variant = text(r, object, "variant", true);
	v->init_fn = text(r, object, "init_fn", true);
	if (v->init_fn && strcmp(v->init_fn, "NULL") == 0)
		v->init_fn = NULL;
	v->in_core = flag(r, object, "in_core", true);
	v->required = flag(r, object, "required", true);
	v->objects = texts(r, object, "objs", true, true);
	v->links = links(r, object);
	v->licenses = texts(r, object, "licenses", false, false);
	v->license_paths = texts(r, object, "license_paths", false, true);
	v->public_domain = flag(r, object, "license_public_domain", false);
	v->shared_lib = path(r, object, "shared_lib", false);
	if (get(r, object, "licenses", false) && !v->licenses.count && !v->public_domain)
		fail_key(r, "licenses", "is empty, and license_public_domain is not set");
}

/* Those of one module stand together already, in their order. */
static void sort_by_module(struct ox_python_variant *variants, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct ox_python_variant v = variants[i];
		size_t at = i;
		for (; at && ox_slice_cmp(variants[at - 1].module, v.module) > 0; at--)
			variants[at] = variants[at - 1];
		variants[at] = v;
	}
}

/* What the core's objects cannot be linked without, and no archive says so: _PyAtExit_Init, _PyTime_Init. */
static bool is_needed_by_core(struct ox_slice module, uint32_t hexversion)
{
	uint32_t minor = hexversion >> 16 & 0xff;
	return (ox_slice_eq_str(module, "atexit") && minor >= 10) || (ox_slice_eq_str(module, "time") && minor == 12);
}

static void read_variants(struct reader *r, const json_t *info, struct ox_python_json *out)
{
	const json_t *all = get(r, info, "extensions", true);
	const char *module;
	json_t *list;
	size_t count = 0;
	if (all && !json_is_object(all))
		fail_key(r, "extensions", "is no map");
	json_object_foreach((json_t *)all, module, list)
		count += json_array_size(list);
	if (count > MOST_VARIANTS)
		fail_key(r, "extensions", "has too many entries");
	if (r->rc)
		return;
	struct ox_python_variant *variants = ox_arena_array(r->arena, count + 1, sizeof *variants);
	if (!variants)
		fail_memory(r);
	if (r->rc)
		return;
	json_object_foreach((json_t *)all, module, list) {
		if (!json_array_size(list))
			fail_key(r, module, "is no list of variants");
		for (size_t i = 0; !r->rc && i < json_array_size(list); i++)
			read_variant(r, module, json_array_get(list, i), &variants[out->variant_count++]);
	}
	for (size_t i = 0; i < out->variant_count; i++)
		variants[i].required = variants[i].required || is_needed_by_core(variants[i].module, out->hexversion);
	sort_by_module(variants, out->variant_count);
	out->variants = variants;
}

static void read_build_info(struct reader *r, const json_t *root, struct ox_python_json *out)
{
	const json_t *info = get(r, root, "build_info", true);
	r->where = "build_info";
	out->object_format = text(r, info, "object_file_format", true);
	out->inittab_object = path(r, info, "inittab_object", true);
	out->inittab_source = path(r, info, "inittab_source", true);
	out->inittab_cflags = texts(r, info, "inittab_cflags", true, false);
	const json_t *core = get(r, info, "core", true);
	r->where = "build_info.core";
	out->core_objects = texts(r, core, "objs", true, true);
	out->core_links = links(r, core);
	out->static_lib = path(r, core, "static_lib", false);
	out->shared_lib = path(r, core, "shared_lib", false);
	if (out->libpython_shared && !out->shared_lib)
		fail_key(r, "shared_lib", "is missing, though libpython_link_mode is \"shared\"");
	r->where = "build_info";
	read_variants(r, info, out);
}

static uint32_t read_magic(struct reader *r, const json_t *root)
{
	const char *hex = text(r, root, "python_bytecode_magic_number", true);
	unsigned b[4];
	char rest;
	if (!hex)
		return 0;
	if (strlen(hex) != 8 || sscanf(hex, "%2x%2x%2x%2x%c", &b[0], &b[1], &b[2], &b[3], &rest) != 4)
		fail_key(r, "python_bytecode_magic_number", "is not 8 hex digits");
	return r->rc ? 0 : b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24;
}

static void read_paths(struct reader *r, const json_t *root, struct ox_python_json *out)
{
	const json_t *paths = get(r, root, "python_paths", true);
	const json_t *suffixes = get(r, root, "python_suffixes", true);
	static const char *const kinds[] = {"source", "bytecode", "debug_bytecode", "optimized_bytecode"};
	r->where = "python_paths";
	out->stdlib = path(r, paths, "stdlib", true);
	out->include = path(r, paths, "include", true);
	out->platinclude = path(r, paths, "platinclude", false);
	if (!out->platinclude)
		out->platinclude = out->include;
	r->where = "python_suffixes";
	for (size_t i = 0; i < OX_COUNT(kinds); i++)
		(void)texts(r, suffixes, kinds[i], true, false);
	out->extension_suffixes = texts(r, suffixes, "extension", true, false);
	r->where = "the archive";
}

static bool has(struct ox_texts list, const char *word)
{
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i] && strcmp(list.items[i], word) == 0)
			return true;
	return false;
}

static void read_modes(struct reader *r, const json_t *root, struct ox_python_json *out)
{
	const char *mode = text(r, root, "libpython_link_mode", true);
	struct ox_texts loading = texts(r, root, "python_extension_module_loading", true, false);
	if (mode && strcmp(mode, "static") != 0 && strcmp(mode, "shared") != 0)
		fail_key(r, "libpython_link_mode", "is neither \"static\" nor \"shared\"");
	out->libpython_shared = mode && strcmp(mode, "shared") == 0;
	out->loads_shared = has(loading, "shared-library");
	out->crt_features = texts(r, root, "crt_features", true, false);
	(void)text(r, root, "python_symbol_visibility", true);
}

static void read_names(struct reader *r, const json_t *root, struct ox_python_json *out)
{
	const json_t *hexversion = get(r, root, "python_implementation_hex_version", true);
	out->triple = text(r, root, "target_triple", true);
	out->options = text(r, root, "build_options", false);
	if (!out->options)
		out->options = text(r, root, "optimizations", true);
	out->implementation = text(r, root, "python_implementation_name", true);
	out->version = text(r, root, "python_version", true);
	out->cache_tag = text(r, root, "python_implementation_cache_tag", true);
	out->abi_tag = text(r, root, "python_abi_tag", false);
	if (!out->abi_tag)
		out->abi_tag = "";
	out->platform_tag = text(r, root, "python_platform_tag", true);
	if (hexversion && !json_is_integer(hexversion))
		fail_key(r, "python_implementation_hex_version", "is no number");
	out->hexversion = (uint32_t)json_integer_value(hexversion);
	out->magic = read_magic(r, root);
	out->python_exe = path(r, root, "python_exe", true);
	out->test_packages = texts(r, root, "python_stdlib_test_packages", true, false);
	out->licenses = texts(r, root, "licenses", false, false);
	out->license_path = path(r, root, "license_path", false);
	if (out->license_path && !out->licenses.count)
		fail_key(r, "licenses", "is missing beside license_path");
	out->tcl_library_path = path(r, root, "tcl_library_path", false);
	out->tcl_library_paths = texts(r, root, "tcl_library_paths", false, true);
}

static int read_format(const json_t *root, struct ox_python_json *out, struct ox_err *err)
{
	const char *version = json_string_value(json_object_get(root, "version"));
	char rest;
	if (!version || sscanf(version, "%3d%c", &out->format, &rest) != 1)
		return ox_fail(err, OX_ECORRUPT, "PYTHON.json has no version: it is not of python-build-standalone");
	if (out->format < 5)
		return ox_fail(err, OX_EBUILD, "PYTHON.json has version %d, and 5 to 8 are read: use an archive from "
					       "April 2020 or later", out->format);
	if (out->format > 8)
		return ox_fail(err, OX_EBUILD, "PYTHON.json has version %d, and 5 to 8 are read: use an older archive, "
					       "or a newer oxidizer", out->format);
	return 0;
}

int ox_python_json_parse(struct ox_arena *arena, struct ox_slice json, struct ox_python_json *out,
			 struct ox_err *err)
{
	json_error_t where;
	struct ox_python_json parsed = {0};
	struct reader r = {.arena = arena, .err = err, .where = "the archive"};
	if (json.len > MOST_TEXT)
		return ox_fail(err, OX_ECORRUPT, "PYTHON.json is larger than %d MiB", MOST_TEXT >> 20);
	json_t *root = json_loadb(json.data ? json.data : "", json.len, JSON_REJECT_DUPLICATES, &where);
	if (!root)
		return ox_fail(err, OX_ECORRUPT, "PYTHON.json, line %d: %s", where.line, where.text);
	r.rc = read_format(root, &parsed, err);
	if (!r.rc) {
		read_names(&r, root, &parsed);
		read_paths(&r, root, &parsed);
		read_modes(&r, root, &parsed);
		read_build_info(&r, root, &parsed);
	}
	json_decref(root);
	if (!r.rc)
		*out = parsed;
	return r.rc;
}

bool ox_python_json_is_static(const struct ox_python_json *json)
{
	for (size_t i = 0; i < json->crt_features.count; i++)
		if (strcmp(json->crt_features.items[i], "static") == 0)
			return true;
	return false;
}
