#include "daemon/python/archive.h"

#include "daemon/python/archive_check.h"
#include "daemon/python/archive_prefix.h"
#include "daemon/python/archive_pic.h"
#include "daemon/python/candidates.h"
#include "daemon/python/probe.h"
#include "daemon/transfer/extract.h"
#include "store/cas/tree.h"
#include "store/digest/digest.h"
#include "store/fs/file.h"

#include <unistd.h>

static const char *base_name(const char *location)
{
	const char *slash = strrchr(location, '/');
	return slash && slash[1] ? slash + 1 : location;
}

static int read_json(struct ox_build_context *ctx, struct ox_dist_archive *out, struct ox_err *err)
{
	struct ox_buf text = {.limit = 64 << 20};
	struct ox_python_json *json = ox_arena_alloc(ctx->arena, sizeof *json);
	const char *path = ox_arena_printf(ctx->arena, "%s/PYTHON.json", out->root);
	int rc = json && path ? ox_fs_read_file(path, &text, err) : ox_fail_nomem(err, "describing an archive");
	if (!rc)
		rc = ox_python_json_parse(ctx->arena, ox_buf_view(&text), json, err);
	out->json = json;
	ox_buf_free(&text);
	return rc;
}

static int find_tree(struct ox_build_context *ctx, const struct ox_archive *which, struct ox_extracted *out,
		     struct ox_err *err)
{
	struct ox_fetch from = {
		.url = which->location, .sha256 = which->sha256, .env = ctx->env, .offline = ctx->offline};
	if (!which->tree)
		return ox_extract(ctx->actions, ctx->arena, &from, &ox_archive_prefix, out, err);
	struct ox_buf path = {0};
	int found = ox_tree_find(ox_actions_store(ctx->actions), which->tree, &path, err);
	int rc = found < 0 ? found : 0;
	if (found == 0)
		rc = ox_fail(err, OX_EUSAGE, "its files are gone from the store: add it again");
	out->tree = *which->tree;
	if (!rc && !(out->path = ox_arena_str(ctx->arena, ox_buf_text(&path))))
		rc = ox_fail_nomem(err, "describing an archive");
	ox_buf_free(&path);
	return rc;
}

/* What stands in the way is in the archive, and another is needed. */
static int blame_archive(struct ox_err *err)
{
	return err ? (err->code = OX_EUSAGE) : OX_EUSAGE;
}

static int read_archive(struct ox_build_context *ctx, const struct ox_archive *which, struct ox_dist_archive *out,
			struct ox_err *err)
{
	struct ox_extracted tree = {0};
	int rc = find_tree(ctx, which, &tree, err);
	if (rc)
		return rc == OX_ECORRUPT ? blame_archive(err) : rc;
	*out = (struct ox_dist_archive){.tree = tree.tree, .root = ox_arena_printf(ctx->arena, "%s/python", tree.path)};
	if (!out->root)
		return ox_fail_nomem(err, "describing an archive");
	rc = ox_archive_check_layout(tree.path, err);
	if (!rc)
		rc = read_json(ctx, out, err);
	if (!rc && !which->look_only)
		rc = ox_archive_check_kind(out->json, which->triple, err);
	if (!rc)
		rc = ox_archive_check_files(out->json, out->root, err);
	if (rc == OX_ECORRUPT || rc == OX_EBUILD)
		rc = blame_archive(err);
	return rc ? ox_wrap(err, "%s cannot be used", base_name(which->location)) : 0;
}

static bool writes_same_bytecode(const struct ox_probe *p, const struct ox_python_json *json)
{
	return p->magic == json->magic && strcmp(p->implementation, "cpython") == 0 && !p->free_threaded;
}

/* One that is installed and writes the same bytecode; NULL when there is none. */
static int find_compatible(struct ox_build_context *ctx, const struct ox_python_json *json, const char **python,
			   struct ox_err *err)
{
	struct ox_candidates found = {0};
	*python = NULL;
	int rc = ox_candidates_find(ctx, &found, err);
	for (size_t i = 0; !rc && !*python && i < found.v.len; i++) {
		struct ox_probe probe;
		struct ox_err why = {0};
		rc = ox_probe(ctx, found.v.items[i], &probe, &why);
		if (!rc && writes_same_bytecode(&probe, json))
			*python = found.v.items[i];
		if (rc == OX_ECANCELLED || rc == OX_EEXHAUSTED)
			ox_fail(err, rc, "%s", why.text);
		else
			rc = 0;
	}
	ox_vec_free(&found.v);
	return rc;
}

/* Its own, or one like it. */
static int choose_python(struct ox_build_context *ctx, struct ox_distribution *d, struct ox_err *err)
{
	const struct ox_python_json *json = d->archive->json;
	struct ox_probe probe;
	struct ox_err why = {0};
	const char *own = ox_arena_printf(ctx->arena, "%s/%s", d->archive->root, json->python_exe), *other;
	int rc = own ? ox_probe(ctx, own, &probe, &why) : ox_fail_nomem(&why, "describing an archive");
	d->python_exe = own;
	if (rc == OX_ECANCELLED || rc == OX_EEXHAUSTED)
		return ox_fail(err, rc, "%s", why.text);
	if (!rc && probe.magic == json->magic)
		return 0;
	if (!rc)
		ox_fail(&why, OX_EBUILD, "does not write the bytecode that PYTHON.json says");
	rc = find_compatible(ctx, json, &other, err);
	if (rc)
		return rc;
	if (!other)
		return ox_fail(err, OX_EUSAGE,
			       "its python %s, and no installed one writes the same bytecode: install CPython %d.%d, "
			       "or what its python lacks", why.text, d->major, d->minor);
	ox_emit_log(ctx->sink, OX_LEVEL_WARN, "python", "the archive's python %s: bytecode is compiled by %s", why.text,
		    other);
	d->python_exe = other;
	return 0;
}

/* An extra of archives that contrib/python-distribution makes for another C library than the machine's. */
static const char *find_sysroot(struct ox_build_context *ctx, const char *root)
{
	const char *include = ox_arena_printf(ctx->arena, "%s/build/sysroot/usr/include", root);
	if (!include || access(include, X_OK) != 0)
		return NULL;
	return ox_arena_printf(ctx->arena, "%s/build/sysroot", root);
}

static int take_paths(struct ox_build_context *ctx, struct ox_distribution *d, struct ox_err *err)
{
	const struct ox_dist_archive *a = d->archive;
	d->stdlib = ox_arena_printf(ctx->arena, "%s/%s", a->root, a->json->stdlib);
	d->include = ox_arena_printf(ctx->arena, "%s/%s", a->root, a->json->include);
	d->platinclude = ox_arena_printf(ctx->arena, "%s/%s", a->root, a->json->platinclude);
	return d->stdlib && d->include && d->platinclude ? 0 : ox_fail_nomem(err, "describing an archive");
}

/* Everything that decides is in the tree. */
static int take_digest(struct ox_distribution *d, struct ox_err *err)
{
	struct ox_buf all = {0};
	ox_buf_str(&all, "archive 1");
	ox_buf_add(&all, d->archive->tree.bytes, sizeof d->archive->tree.bytes);
	int rc = ox_buf_ok(&all, "an archive's description", err);
	if (!rc)
		rc = ox_digest_bytes(ox_buf_view(&all), &d->digest, err);
	ox_buf_free(&all);
	return rc;
}

static int describe(struct ox_build_context *ctx, const struct ox_archive *which, struct ox_distribution *d,
		    struct ox_err *err)
{
	const struct ox_python_json *json = d->archive->json;
	*d = (struct ox_distribution){
		.flavor = "standalone",
		.version = json->version,
		.major = (int)(json->hexversion >> 24),
		.minor = (int)(json->hexversion >> 16 & 0xff),
		.triple = json->triple,
		.cache_tag = json->cache_tag,
		.ext_suffix = json->extension_suffixes.count ? json->extension_suffixes.items[0] : "",
		.magic = json->magic,
		.is_static = ox_python_json_is_static(json),
		.archive = d->archive,
	};
	d->origin = ox_arena_printf(ctx->arena, "CPython %s from %s%s%s", json->version, base_name(which->location),
				    which->reason ? ": " : "", which->reason ? which->reason : "");
	int rc = d->origin ? take_paths(ctx, d, err) : ox_fail_nomem(err, "describing an archive");
	if (!rc && !which->look_only)
		rc = ox_objects_are_pic(d->archive->root, json->core_objects.items, json->core_objects.count,
					&d->position_independent, err);
	if (!rc && !which->look_only)
		rc = choose_python(ctx, d, err);
	return rc ? rc : take_digest(d, err);
}

int ox_distribution_archive(struct ox_build_context *ctx, const struct ox_archive *which,
			    const struct ox_distribution **out, struct ox_err *err)
{
	struct ox_dist_archive *archive = ox_arena_alloc(ctx->arena, sizeof *archive);
	struct ox_distribution *d = ox_arena_alloc(ctx->arena, sizeof *d);
	if (!archive || !d)
		return ox_fail_nomem(err, "describing an archive");
	int rc = read_archive(ctx, which, archive, err);
	if (rc)
		return rc;
	archive->sysroot = find_sysroot(ctx, archive->root);
	d->archive = archive;
	rc = describe(ctx, which, d, err);
	if (rc)
		return ox_wrap(err, "%s cannot be used", base_name(which->location));
	if (!which->look_only)
		ox_emit_log(ctx->sink, OX_LEVEL_INFO, "python", "%s", d->origin);
	*out = d;
	return 0;
}
