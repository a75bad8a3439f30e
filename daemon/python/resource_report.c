#include "daemon/python/resource_report.h"

#include "daemon/python/block.h"
#include "daemon/python/listing.h"
#include "daemon/python/resource.h"
#include "daemon/transfer/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* One resource in the making: a member in braces, and the same in the JSON object. */
struct one {
	struct ox_block block;
	const char *between; /* ", " within a line, or what begins each line */
	size_t members;
};

static void begin(struct one *o, const char *kind, bool lines)
{
	*o = (struct one){.between = lines ? "\n    " : ", "};
	ox_buf_printf(&o->block.text, "%s {%s", kind, lines ? "" : " ");
	ox_block_string(&o->block, "kind", kind);
}

static void name_member(struct one *o, const char *name)
{
	bool lines = o->between[0] == '\n';
	ox_buf_printf(&o->block.text, "%s%s: ", o->members++ || lines ? o->between : "", name);
}

static void add_text(struct one *o, const char *name, struct ox_slice value)
{
	name_member(o, name);
	ox_buf_slice(&o->block.text, value);
	ox_block_slice(&o->block, name, value);
}

static void add_bool(struct one *o, const char *name, bool value)
{
	name_member(o, name);
	ox_buf_str(&o->block.text, value ? "true" : "false");
	ox_block_bool(&o->block, name, value);
}

static int tell(struct ox_build_context *ctx, struct one *o, struct ox_err *err)
{
	ox_buf_str(&o->block.text, o->between[0] == '\n' ? "\n}" : " }");
	return ox_block_tell(ctx->sink, &o->block, err);
}

static void add_libraries(struct one *o, const struct ox_python_variant *v)
{
	name_member(o, "link_libraries");
	ox_block_member(&o->block, "link_libraries");
	struct ox_buf list = {0};
	for (size_t i = 0; v && i < v->links.count; i++) {
		ox_buf_str(&list, i ? ", " : "");
		ox_buf_json(&list, ox_slice_str(v->links.items[i].name));
	}
	ox_buf_printf(&o->block.text, "[%s]", ox_buf_text(&list));
	ox_buf_printf(&o->block.json, "[%s]", ox_buf_text(&list));
	ox_buf_free(&list);
}

static int tell_extension(struct ox_build_context *ctx, const struct ox_resource *r, struct ox_err *err)
{
	struct one o;
	const struct ox_python_variant *v = r->variant;
	begin(&o, "PythonExtensionModule", true);
	add_text(&o, "name", r->name);
	add_bool(&o, "is_builtin", r->is_builtin);
	add_bool(&o, "has_shared_library", v ? v->shared_lib != NULL : !r->is_builtin);
	add_bool(&o, "has_object_files", v && v->objects.count);
	add_libraries(&o, v);
	return tell(ctx, &o, err);
}

static int tell_resource(struct ox_build_context *ctx, const struct ox_resource *r, struct ox_err *err)
{
	struct one o;
	bool is_stdlib = r->origin == OX_ORIGIN_STDLIB;
	switch (r->kind) {
	case OX_RES_MODULE:
		if (r->is_namespace)
			return 0; /* a folder, and no source */
		begin(&o, "PythonModuleSource", false);
		add_text(&o, "name", r->name);
		add_bool(&o, "is_package", r->is_package);
		break;
	case OX_RES_PACKAGE_FILE:
		begin(&o, "PythonPackageResource", false);
		add_text(&o, "package", r->name);
		add_text(&o, "name", r->file);
		break;
	case OX_RES_DIST_FILE:
		begin(&o, "PythonPackageDistributionResource", false);
		add_text(&o, "package", r->name);
		add_text(&o, "version", r->version);
		add_text(&o, "name", r->file);
		return tell(ctx, &o, err);
	case OX_RES_EXTENSION:
		return tell_extension(ctx, r, err);
	default:
		return 0; /* told as a file */
	}
	add_bool(&o, "is_stdlib", is_stdlib);
	add_bool(&o, "is_test", r->is_test);
	return tell(ctx, &o, err);
}

static int tell_all(struct ox_build_context *ctx, const struct ox_resources *all, struct ox_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < all->v.len; i++)
		rc = tell_resource(ctx, &all->v.items[i], err);
	return rc;
}

int ox_report_distribution_resources(struct ox_build_context *ctx, const struct ox_distribution *dist,
				     struct ox_err *err)
{
	struct ox_resources all = {0};
	int rc = ox_scan_stdlib(ctx, dist, true, &all, err);
	if (!rc)
		rc = tell_all(ctx, &all, err);
	ox_vec_free(&all.v);
	return rc;
}

static int tell_file(struct ox_build_context *ctx, const struct ox_file_entry *e, struct ox_err *err)
{
	struct one o;
	begin(&o, "File", false);
	add_text(&o, "path", e->path);
	add_bool(&o, "is_executable", e->is_executable);
	return tell(ctx, &o, err);
}

/* "a/b/__pycache__/c.cpython-311.opt-1.pyc" -> a.b.c, 1. False: it is none of this interpreter. */
static bool read_bytecode_name(const struct ox_distribution *dist, struct ox_slice path, struct ox_buf *name,
			       bool *is_package, int *level)
{
	static const char folder[] = "__pycache__/";
	const char *cache = memmem(path.data, path.len, folder, sizeof folder - 1);
	if (!cache || (cache != path.data && cache[-1] != '/'))
		return false;
	const char *stem = cache + sizeof folder - 1, *end = path.data + path.len;
	const char *dot = memchr(stem, '.', (size_t)(end - stem));
	struct ox_slice rest = dot ? ox_slice(dot + 1, (size_t)(end - dot - 1)) : ox_slice("", 0);
	size_t tag = strlen(dist->cache_tag);
	if (!dot || memchr(stem, '/', (size_t)(end - stem)) || !ox_slice_starts(rest, ox_slice_str(dist->cache_tag)))
		return false;
	rest = ox_slice(rest.data + tag, rest.len - tag);
	*level = ox_slice_eq_str(rest, ".pyc")		? 0
		 : ox_slice_eq_str(rest, ".opt-1.pyc") ? 1
		 : ox_slice_eq_str(rest, ".opt-2.pyc") ? 2
						       : -1;
	*is_package = ox_slice_eq_str(ox_slice(stem, (size_t)(dot - stem)), "__init__");
	size_t folders = (size_t)(cache - path.data);
	for (size_t i = 0; i < folders; i++)
		ox_buf_byte(name, path.data[i] == '/' ? '.' : path.data[i]);
	if (!*is_package)
		ox_buf_slice(name, ox_slice(stem, (size_t)(dot - stem)));
	else if (name->len)
		name->data[--name->len] = '\0';
	return *level >= 0 && name->len;
}

static int tell_bytecode(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_slice path,
			 struct ox_err *err)
{
	struct one o;
	struct ox_buf name = {0};
	bool is_package;
	int level, rc = 0;
	if (read_bytecode_name(dist, path, &name, &is_package, &level)) {
		begin(&o, "PythonModuleBytecode", false);
		add_text(&o, "name", ox_buf_view(&name));
		add_bool(&o, "is_package", is_package);
		add_bool(&o, "is_stdlib", false);
		add_bool(&o, "is_test", false);
		name_member(&o, "bytecode_level");
		ox_buf_printf(&o.block.text, "%d", level);
		ox_block_member(&o.block, "bytecode_level");
		ox_buf_printf(&o.block.json, "%d", level);
		rc = tell(ctx, &o, err);
	}
	ox_buf_free(&name);
	return rc;
}

/* What the importer has no use for, and a build leaves out. */
static int tell_leftover(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_slice path,
			 struct ox_err *err)
{
	struct ox_block b = {0};
	if (ox_slice_ends(path, OX_SLICE(".pyc")))
		return tell_bytecode(ctx, dist, path, err);
	if (ox_slice_ends(path, OX_SLICE(".egg"))) {
		struct one o;
		begin(&o, "PythonEggFile", false);
		add_text(&o, "path", path);
		return tell(ctx, &o, err);
	}
	if (!ox_slice_ends(path, OX_SLICE(".pth")))
		return 0;
	ox_buf_str(&b.text, "PythonPathExtension");
	ox_block_string(&b, "kind", "PythonPathExtension");
	ox_block_slice(&b, "path", path);
	return ox_block_tell(ctx->sink, &b, err);
}

static int tell_files(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *folder,
		      const struct ox_resource_question *question, struct ox_err *err)
{
	struct ox_listing files = {0};
	int rc = ox_listing_read(ctx->arena, folder, NULL, NULL, &files, err);
	for (size_t i = 0; !rc && i < files.v.len; i++) {
		const struct ox_file_entry *e = &files.v.items[i];
		if (e->is_dir)
			continue;
		if (question->files)
			rc = tell_file(ctx, e, err);
		if (!rc && question->classify)
			rc = tell_leftover(ctx, dist, e->path, err);
	}
	ox_vec_free(&files.v);
	return rc;
}

static int tell_folder(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *folder,
		       const struct ox_resource_question *question, struct ox_err *err)
{
	struct ox_resources all = {0};
	int rc = tell_files(ctx, dist, folder, question, err);
	if (!rc && question->classify)
		rc = ox_scan_folder(ctx, dist, folder, OX_ORIGIN_PACKAGE, &all, err);
	if (!rc)
		rc = tell_all(ctx, &all, err);
	ox_vec_free(&all.v);
	return rc;
}

static int unpack_wheel(const char *path, const char *folder, struct ox_err *err)
{
	struct ox_buf manifest = {0};
	struct ox_archive_unpack u = {.fd = open(path, O_RDONLY | O_CLOEXEC), .is_zip = true};
	int rc = u.fd >= 0 ? 0 : ox_fail_errno(err, errno, "cannot open %s", path);
	if (!rc && mkdir(folder, 0700) != 0)
		rc = ox_fail_errno(err, errno, "cannot make the folder %s", folder);
	if (!rc)
		rc = ox_archive_unpack(&u, folder, &manifest, err);
	if (u.fd >= 0)
		close(u.fd);
	ox_buf_free(&manifest);
	if (rc == OX_ECORRUPT)
		rc = err ? (err->code = OX_EUSAGE) : OX_EUSAGE;
	return rc ? ox_wrap(err, "cannot read %s", path) : 0;
}

static int tell_wheel(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *path,
		      const struct ox_resource_question *question, struct ox_err *err)
{
	struct ox_buf temp = {0};
	int rc = ox_store_temp_dir(ox_actions_store(ctx->actions), &temp, err);
	if (rc)
		return rc;
	const char *folder = ox_arena_printf(ctx->arena, "%s/wheel", temp.data);
	rc = folder ? unpack_wheel(path, folder, err) : ox_fail_nomem(err, "a wheel");
	if (!rc)
		rc = tell_folder(ctx, dist, folder, question, err);
	ox_store_temp_remove(temp.data);
	ox_buf_free(&temp);
	return rc;
}

int ox_report_path_resources(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *path,
			     const struct ox_resource_question *question, struct ox_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? ox_fail(err, OX_EUSAGE, "there is no %s", path)
				       : ox_fail_errno(err, errno, "cannot look at %s", path);
	if (S_ISDIR(st.st_mode)) {
		ox_emit_log(ctx->sink, OX_LEVEL_INFO, "python", "scanning directory %s", path);
		return tell_folder(ctx, dist, path, question, err);
	}
	if (ox_slice_ends(ox_slice_str(path), OX_SLICE(".whl"))) {
		ox_emit_log(ctx->sink, OX_LEVEL_INFO, "python", "parsing %s as a wheel archive", path);
		return tell_wheel(ctx, dist, path, question, err);
	}
	ox_emit_log(ctx->sink, OX_LEVEL_WARN, "python", "do not know how to find resources in %s: name a folder or a "
							"wheel", path);
	return 0;
}
