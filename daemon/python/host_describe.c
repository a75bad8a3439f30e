#include "daemon/python/host_describe.h"

#include "daemon/python/archive_pic.h"
#include "daemon/python/extension.h"
#include "daemon/python/listing.h"
#include "store/digest/digest.h"

#include <unistd.h>

static int major_of(const struct ox_probe *p)
{
	return (int)(p->hexversion >> 24);
}

static int minor_of(const struct ox_probe *p)
{
	return (int)(p->hexversion >> 16 & 0xff);
}

/* dir/name when it can be read; the folder's listing is what decides it. */
static const char *find_in(struct ox_build_context *ctx, const char *dir, const char *name)
{
	if (!*dir || !*name)
		return NULL;
	const char *path = ox_arena_printf(ctx->arena, "%s/%s", dir, name);
	ox_memo_listing(ctx->memo, dir);
	return path && access(path, R_OK) == 0 ? path : NULL;
}

int ox_host_find_files(struct ox_build_context *ctx, const struct ox_probe *p, struct ox_host_files *out,
		       struct ox_err *err)
{
	*out = (struct ox_host_files){.libpython = find_in(ctx, p->libpl, p->library)};
	if (find_in(ctx, p->include, "Python.h"))
		out->include = p->include;
	/* Debian's pyconfig.h only includes the one of the architecture. */
	const char *arch = ox_arena_printf(ctx->arena, "%s/include/%s/python%d.%d", p->prefix, p->multiarch,
					   major_of(p), minor_of(p));
	if (!arch)
		return ox_fail_nomem(err, "looking for headers");
	if (*p->multiarch && find_in(ctx, arch, "pyconfig.h"))
		out->platinclude = arch;
	else if (find_in(ctx, p->confinclude, "pyconfig.h"))
		out->platinclude = p->confinclude;
	return 0;
}

static void say(struct ox_buf *lacks, const char *what)
{
	ox_buf_printf(lacks, "%s%s", lacks->len ? ", " : "lacks ", what);
}

static void judge_files(const struct ox_probe *p, const struct ox_host_files *files, struct ox_buf *lacks)
{
	if (!files->libpython)
		say(lacks, *p->library ? p->library : "a static libpython");
	if (!files->include)
		say(lacks, "Python.h");
	if (!files->platinclude)
		say(lacks, "pyconfig.h");
	if (!lacks->len)
		return;
	if (strncmp(p->python_exe, "/usr/bin/", 9) == 0)
		ox_buf_printf(lacks, " (install libpython%d.%d-dev)", major_of(p), minor_of(p));
	else
		ox_buf_str(lacks, " (reinstall it with its static library and headers)");
}

void ox_host_judge(const struct ox_probe *p, const struct ox_host_files *files, struct ox_buf *lacks)
{
	if (strcmp(p->implementation, "cpython") != 0)
		ox_buf_printf(lacks, "is %s, not CPython", p->implementation);
	else if (major_of(p) != 3 || minor_of(p) < OX_OLDEST_MINOR)
		ox_buf_printf(lacks, "is older than 3.%d", OX_OLDEST_MINOR);
	else if (minor_of(p) > OX_NEWEST_MINOR)
		ox_buf_printf(lacks, "is newer than 3.%d, the newest known one", OX_NEWEST_MINOR);
	else if (p->free_threaded)
		ox_buf_str(lacks, "is a free-threaded build");
	else if (p->debug)
		ox_buf_str(lacks, "is a debug build");
	else
		judge_files(p, files, lacks);
}

static int add_link_library(struct ox_build_context *ctx, struct ox_distribution *d, const char **names,
			    struct ox_slice name)
{
	for (size_t i = 0; i < d->link_library_count; i++)
		if (ox_slice_eq_str(name, names[i]))
			return 0;
	names[d->link_library_count] = ox_arena_slice(ctx->arena, name).data;
	return names[d->link_library_count++] ? 0 : OX_EEXHAUSTED;
}

/* The -l of MODLIBS, LIBS and SYSLIBS, each once, in their order. */
static int take_link_libraries(struct ox_build_context *ctx, const struct ox_probe *p, struct ox_distribution *d,
			       struct ox_err *err)
{
	const char **names = ox_arena_array(ctx->arena, strlen(p->libs) / 2 + 1, sizeof *names);
	if (!names)
		return ox_fail_nomem(err, "describing an interpreter");
	for (const char *at = p->libs; *at;) {
		at += strspn(at, " \t");
		size_t len = strcspn(at, " \t");
		bool is_library = len > 2 && at[0] == '-' && at[1] == 'l';
		if (is_library && add_link_library(ctx, d, names, ox_slice(at + 2, len - 2)))
			return ox_fail_nomem(err, "describing an interpreter");
		at += len;
	}
	d->link_libraries = names;
	return 0;
}

static bool skip_folders(void *opaque, const char *path, const char *name, bool is_dir)
{
	(void)opaque;
	(void)path;
	(void)name;
	return is_dir;
}

static int take_extensions(struct ox_build_context *ctx, const struct ox_probe *p, struct ox_distribution *d,
			   struct ox_err *err)
{
	struct ox_listing files;
	ox_memo_listing(ctx->memo, p->dynload);
	if (!*p->dynload || access(p->dynload, F_OK) != 0)
		return 0; /* everything is built in */
	int rc = ox_listing_read(ctx->arena, p->dynload, skip_folders, NULL, &files, err);
	if (rc)
		return rc;
	struct ox_dist_extension *list = ox_arena_array(ctx->arena, files.v.len + 1, sizeof *list);
	for (size_t i = 0; list && i < files.v.len; i++) {
		bool tagged;
		struct ox_slice path = files.v.items[i].path;
		size_t stem = ox_extension_stem(d, path, &tagged);
		const char *full = stem ? ox_arena_printf(ctx->arena, "%s/%s", p->dynload, path.data) : NULL;
		if (full)
			list[d->extension_count++] = (struct ox_dist_extension){ox_slice(path.data, stem), full};
	}
	d->extensions = list;
	ox_vec_free(&files.v);
	return list ? 0 : ox_fail_nomem(err, "describing an interpreter");
}

/* "x86_64-linux-gnu" -> "x86_64-unknown-linux-gnu" */
static const char *triple_of(struct ox_arena *arena, const struct ox_probe *p)
{
	const char *gnu = *p->multiarch ? p->multiarch : p->gnu_type;
	const char *dash = strchr(gnu, '-'), *linux_part = strstr(gnu, "linux");
	if (!dash || !linux_part)
		return ox_arena_str(arena, gnu);
	return ox_arena_printf(arena, "%.*s-unknown-%s", (int)(dash - gnu), gnu, linux_part);
}

static int add_file(struct ox_build_context *ctx, const char *path, struct ox_buf *all, struct ox_err *err)
{
	struct ox_digest digest;
	uint64_t size;
	int rc = ox_actions_file_digest(ctx->actions, path, &digest, &size, err);
	if (rc)
		return rc;
	ox_memo_file_digest(ctx->memo, path, &digest);
	ox_buf_add(all, digest.bytes, sizeof digest.bytes);
	return 0;
}

/* Over what decides how it compiles, links and starts; not where it lies. */
static int take_digest(struct ox_build_context *ctx, const struct ox_probe *p, struct ox_distribution *d,
		       struct ox_err *err)
{
	struct ox_buf all = {0};
	const char *pyconfig = ox_arena_printf(ctx->arena, "%s/pyconfig.h", d->platinclude);
	ox_buf_printf(&all, "host 1 %s %s %s %s", d->version, d->triple, d->ext_suffix, p->libs);
	ox_buf_add(&all, p->exe_digest.bytes, sizeof p->exe_digest.bytes);
	int rc = add_file(ctx, d->libpython, &all, err);
	if (!rc)
		rc = pyconfig ? add_file(ctx, pyconfig, &all, err) : ox_fail_nomem(err, "describing an interpreter");
	for (size_t i = 0; i < d->builtin_count; i++)
		ox_buf_slice(&all, d->builtins[i]);
	if (!rc)
		rc = ox_buf_ok(&all, "an interpreter's description", err);
	if (!rc)
		rc = ox_digest_bytes(ox_buf_view(&all), &d->digest, err);
	ox_buf_free(&all);
	return rc;
}

int ox_host_describe(struct ox_build_context *ctx, const struct ox_probe *p, const struct ox_host_files *files,
		     const char *origin, const struct ox_distribution **out, struct ox_err *err)
{
	struct ox_distribution *d = ox_arena_alloc(ctx->arena, sizeof *d);
	if (!d)
		return ox_fail_nomem(err, "describing an interpreter");
	*d = (struct ox_distribution){
		.flavor = "host",
		.origin = origin,
		.python_exe = p->python_exe,
		.version = p->version,
		.major = major_of(p),
		.minor = minor_of(p),
		.triple = triple_of(ctx->arena, p),
		.cache_tag = p->cache_tag,
		.ext_suffix = p->ext_suffix,
		.magic = p->magic,
		.stdlib = p->stdlib,
		.include = files->include,
		.platinclude = files->platinclude,
		.libpython = files->libpython,
		.builtins = p->builtins,
		.builtin_count = p->builtin_count,
	};
	if (!d->triple)
		return ox_fail_nomem(err, "describing an interpreter");
	int rc = ox_archive_is_pic(d->libpython, &d->position_independent, err);
	if (!rc)
		rc = take_link_libraries(ctx, p, d, err);
	if (!rc)
		rc = take_extensions(ctx, p, d, err);
	if (!rc)
		rc = take_digest(ctx, p, d, err);
	if (!rc)
		*out = d;
	return rc;
}
