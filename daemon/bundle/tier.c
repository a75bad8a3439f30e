#include "daemon/bundle/tier.h"

#include "daemon/bundle/hostlib.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A copy in memory costs half a millisecond for each MiB at each start, one in a cache is there already. But only what
 * is very large is worth that a program which needs no files leaves some behind; the others are extracted where some
 * package is. An extension module in a file has a __file__, which programs see, a library has nothing. */
enum { MEMORY_MAX = 24 << 20, LIBRARY_IN_MEMORY_MAX = 1 << 20 };

/* An extension module that another one in the same folder needs. */
struct sibling {
	struct ox_extension_tier *from;
	const struct ox_bundle_item *from_item, *to;
	const char *file; /* as `from` calls it */
};

struct finder {
	struct ox_build_context *ctx;
	struct ox_tiers *out;
	const struct ox_tier_rules *rules;
	struct ox_map vendored; /* file name -> const struct ox_resource * */
	struct ox_map modules;  /* an extension module's name -> const struct ox_bundle_item * */
	OX_VEC(struct sibling) siblings;
	struct ox_packed_library *innermost; /* of those that are being resolved */
	size_t counts[OX_TIER_BESIDE + 1];
};

static int map_fd(int fd, struct ox_slice *bytes, struct ox_err *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return ox_fail_errno(err, errno, "cannot read a library");
	*bytes = ox_slice(NULL, (size_t)st.st_size);
	if (st.st_size <= 0)
		return ox_fail(err, OX_ECORRUPT, "an empty file");
	void *map = mmap(NULL, bytes->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return ox_fail_errno(err, errno, "cannot map a library");
	bytes->data = map;
	return 0;
}

static int open_blob(struct ox_build_context *ctx, const struct ox_blob *blob, int *fd, struct ox_err *err)
{
	uint64_t size;
	if (!blob->path)
		return ox_store_open_object(ox_actions_store(ctx->actions), &blob->digest, fd, &size, err);
	*fd = open(blob->path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? ox_fail_errno(err, errno, "cannot open %s", blob->path) : 0;
}

int ox_elf_read_blob(struct ox_build_context *ctx, const struct ox_blob *blob, struct ox_elf_needs *out,
		     struct ox_err *err)
{
	int fd;
	struct ox_slice bytes;
	int rc = open_blob(ctx, blob, &fd, err);
	if (rc)
		return rc;
	rc = map_fd(fd, &bytes, err);
	if (!rc) {
		rc = ox_elf_read_needs(bytes, ctx->arena, out, err);
		munmap((void *)(uintptr_t)bytes.data, bytes.len);
	}
	close(fd);
	return rc;
}

static struct ox_slice base_name(struct ox_slice path)
{
	const char *slash = path.len ? memrchr(path.data, '/', path.len) : NULL;
	return slash ? ox_slice(slash + 1, (size_t)(path.data + path.len - slash - 1)) : path;
}

static int index_vendored(struct finder *f, const struct ox_bundle_set *set, struct ox_err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct ox_bundle_item *item = set->entries[i].item;
		const struct ox_resource *r = item->resource;
		bool is_library = r->kind == OX_RES_LIBRARY;
		if (!is_library && (r->kind != OX_RES_EXTENSION || r->origin == OX_ORIGIN_STDLIB))
			continue;
		void **slot = is_library ? ox_map_put(&f->vendored, base_name(r->file), NULL)
					 : ox_map_put(&f->modules, r->name, NULL);
		if (!slot)
			return ox_fail_nomem(err, "libraries of wheels");
		*slot = is_library ? (void *)(uintptr_t)r : (void *)(uintptr_t)item;
	}
	return 0;
}

static int find_library(struct finder *f, const char *name, const char *runpath, struct ox_blob *blob,
			struct ox_err *err)
{
	const struct ox_resource *r = ox_map_get(&f->vendored, ox_slice_str(name));
	if (!r)
		return ox_host_library(f->ctx, name, runpath, blob, err);
	*blob = r->blob;
	return 1;
}

static int add_needs(struct finder *f, const struct ox_elf_needs *elf, enum ox_resource_origin origin,
		     const char *subject, struct ox_needs *out, struct ox_err *err);

/* A file that cannot be read as ELF is somebody else's mistake, or meant for another machine: it travels as it is. */
static int read_needs(struct finder *f, const char *name, const struct ox_blob *blob, struct ox_elf_needs *elf,
		      struct ox_err *err)
{
	int rc = ox_elf_read_blob(f->ctx, blob, elf, err);
	if (rc == OX_ECORRUPT) {
		ox_emit_log(f->ctx->sink, OX_LEVEL_WARN, "build", "%s cannot be examined and may not load: %s", name,
			    err ? err->text : "");
		*elf = (struct ox_elf_needs){.soname = name};
		rc = 0;
	}
	if (!rc && ox_glibc_less(f->out->glibc, elf->glibc))
		f->out->glibc = elf->glibc;
	return rc;
}

/* The loader finds one of a circle for the other only where both are files beside each other ($ORIGIN, which wheels'
 * tools write into them). */
static int close_circle(struct finder *f, const struct ox_packed_library *again, struct ox_err *err)
{
	const char *name = again->name.data;
	if (f->rules->never_extract)
		return ox_fail(err, OX_EBUILD,
			       "library %s and one that it needs need each other and have to be files, and nothing may "
			       "be extracted: leave policy.extract at \"as-needed\"",
			       name);
	for (struct ox_packed_library *lib = f->innermost; lib; lib = lib == again ? NULL : lib->outer)
		lib->needs_file = true;
	ox_emit_log(f->ctx->sink, OX_LEVEL_DEBUG, "build",
		    "library %s is extracted to a file at run time, with others: they need each other", name);
	return 1;
}

static int add_library(struct finder *f, const char *name, const struct ox_blob *blob, enum ox_resource_origin origin,
		       struct ox_packed_library *lib, struct ox_err *err)
{
	struct ox_elf_needs elf;
	lib->name = ox_slice_str(name);
	lib->blob = *blob;
	lib->origin = origin;
	int rc = read_needs(f, name, blob, &elf, err);
	if (rc)
		return ox_wrap(err, "library %s", name);
	if (f->rules->never_extract && !elf.soname)
		return ox_fail(err, OX_EBUILD,
			       "library %s has no DT_SONAME and has to be a file, and nothing may be extracted: leave "
			       "policy.extract at \"as-needed\"",
			       name);
	lib->needs_file = !elf.soname || (blob->size > MEMORY_MAX && !f->rules->never_extract);
	lib->prefers_file = !lib->needs_file && blob->size > LIBRARY_IN_MEMORY_MAX && !f->rules->never_extract;
	if (lib->needs_file)
		ox_emit_log(f->ctx->sink, OX_LEVEL_DEBUG, "build", "library %s is extracted to a file at run time: %s",
			    name, elf.soname ? "it is large" : "it has no DT_SONAME");
	lib->resolving = true;
	lib->outer = f->innermost;
	f->innermost = lib;
	rc = add_needs(f, &elf, origin, name, &lib->needs, err);
	f->innermost = lib->outer;
	lib->resolving = false;
	return rc;
}

/* 1: packed (now or before), 0: not ours to pack. */
static int require(struct finder *f, const char *name, const char *runpath, enum ox_resource_origin origin,
		   const char *subject, struct ox_err *err)
{
	struct ox_blob blob = {0};
	if (ox_is_glibc_library(name) || strncmp(name, "libpython", 9) == 0)
		return 0;
	const struct ox_packed_library *known = ox_map_get(&f->out->libraries, ox_slice_str(name));
	if (known)
		return known->resolving ? close_circle(f, known, err) : 1;
	int rc = find_library(f, name, runpath, &blob, err);
	if (rc == 0)
		ox_emit_log(f->ctx->sink, OX_LEVEL_WARN, "build",
			    "%s needs the library %s, which is not on this machine: it is packed without it", subject,
			    name);
	if (rc <= 0)
		return rc;
	struct ox_packed_library *lib = ox_arena_alloc(f->ctx->arena, sizeof(*lib));
	void **slot = lib ? ox_map_put(&f->out->libraries, ox_slice_str(name), NULL) : NULL;
	if (!slot)
		return ox_fail_nomem(err, "packed libraries");
	*slot = lib;
	rc = add_library(f, name, &blob, origin, lib, err);
	return rc ? rc : 1;
}

static int add_needs(struct finder *f, const struct ox_elf_needs *elf, enum ox_resource_origin origin,
		     const char *subject, struct ox_needs *out, struct ox_err *err)
{
	out->names = ox_arena_array(f->ctx->arena, elf->needed_count + 1, sizeof(*out->names));
	if (!out->names)
		return ox_fail_nomem(err, "packed libraries");
	for (size_t i = 0; i < elf->needed_count; i++) {
		int rc = require(f, elf->needed[i], elf->runpath, origin, subject, err);
		if (rc < 0)
			return rc;
		if (rc)
			out->names[out->count++] = ox_slice_str(elf->needed[i]);
	}
	return 0;
}

/* An archive may have a module both ways: asked for as a file it is one. */
bool ox_extension_is_linked(const struct ox_bundle_item *item)
{
	const struct ox_resource *r = item->resource;
	if (r->variant)
		return ox_variant_is_linkable(r->variant) && !(item->prefix && r->variant->shared_lib);
	return r->is_builtin || r->blob.size == 0;
}

/* By name: the extension modules of a bundle have different ones. */
static const struct ox_stub_module *to_be_linked(const struct finder *f, const struct ox_resource *r)
{
	for (size_t i = 0; i < f->rules->module_count; i++)
		if (ox_slice_eq(f->rules->modules[i].name, r->name))
			return &f->rules->modules[i];
	return NULL;
}

static const char *why_not_linked(const struct finder *f, const struct ox_resource *r)
{
	const struct ox_stub_module *m = to_be_linked(f, r);
	if (m)
		return m->left_out;
	return r->captured ? "the policy keeps it a shared library" : "there are no objects to link in";
}

static enum ox_tier choose(const struct finder *f, const struct ox_bundle_item *item, const char **why)
{
	const struct ox_resource *r = item->resource;
	*why = r->variant ? "the archive has its objects" : "the interpreter has it built in";
	if (ox_extension_is_linked(item))
		return OX_TIER_LINKED;
	*why = "the configuration says so";
	if (item->prefix)
		return OX_TIER_BESIDE;
	const struct ox_stub_module *module = to_be_linked(f, r);
	*why = "it was built from source";
	if (module && !module->left_out)
		return OX_TIER_LINKED;
	*why = "it is too large to be loaded from memory at each start";
	if (r->blob.size > MEMORY_MAX && !f->rules->never_extract)
		return OX_TIER_EXTRACTED;
	*why = why_not_linked(f, r);
	return OX_TIER_MEMORY;
}

int ox_tier_fail_static(const struct ox_resource *r, const char *why, struct ox_err *err)
{
	struct ox_slice what = r->kind == OX_RES_LIBRARY ? r->file : r->name;
	if (why)
		return ox_fail(err, OX_EUSAGE,
			       "the extension module %.*s cannot be linked in, and an executable that is linked "
			       "statically with musl loads no shared library: %s",
			       OX_SLICE_ARG(what), why);
	return ox_fail(err, OX_EUSAGE,
		       "%.*s is a shared library, and an executable that is linked statically "
		       "with musl loads none: let pip build its package from source (\"--no-binary\", \":all:\"), "
		       "use a package without extension modules, or build for the -linux-gnu target",
		       OX_SLICE_ARG(what));
}

/* "p/" of "p.x", "" of "x". */
static const char *folder_of(struct finder *f, struct ox_slice name)
{
	const char *dot = memrchr(name.data, '.', name.len);
	char *folder = ox_arena_printf(f->ctx->arena, "%.*s%s", dot ? (int)(dot - name.data) : 0, name.data,
				       dot ? "/" : "");
	for (char *p = folder; p && *p; p++)
		if (*p == '.')
			*p = '/';
	return folder;
}

/* "x.cpython-311-x86_64-linux-gnu.so" may be the module p.x, which p.y finds in its folder. */
static const struct ox_bundle_item *find_sibling(struct finder *f, struct ox_slice name, const char *file)
{
	const char *dot = memrchr(name.data, '.', name.len);
	size_t package = dot ? (size_t)(dot - name.data) + 1 : 0;
	const char *other = ox_arena_printf(f->ctx->arena, "%.*s%.*s", (int)package, name.data,
					    (int)strcspn(file, "."), file);
	return other ? ox_map_get(&f->modules, ox_slice_str(other)) : NULL;
}

/* Its libraries at once, extension modules when it is known how all of them travel. */
static int add_extension_needs(struct finder *f, const struct ox_bundle_item *item, const struct ox_elf_needs *elf,
			       struct ox_extension_tier *t, struct ox_err *err)
{
	const char *name = ox_arena_printf(f->ctx->arena, "%.*s", OX_SLICE_ARG(item->resource->name));
	const char **needed = ox_arena_array(f->ctx->arena, elf->needed_count + 1, sizeof *needed);
	struct ox_elf_needs libraries = *elf;
	if (!name || !needed)
		return ox_fail_nomem(err, "packed libraries");
	libraries.needed = needed;
	libraries.needed_count = 0;
	for (size_t i = 0; i < elf->needed_count; i++) {
		const struct ox_bundle_item *to = find_sibling(f, item->resource->name, elf->needed[i]);
		struct sibling *slot = to ? ox_vec_push(&f->siblings) : NULL;
		if (to && !slot)
			return ox_fail_nomem(err, "extension modules");
		if (to)
			*slot = (struct sibling){t, item, to, elf->needed[i]};
		else
			needed[libraries.needed_count++] = elf->needed[i];
	}
	return add_needs(f, &libraries, item->resource->origin, name, &t->needs, err);
}

static int append_need(struct finder *f, struct ox_needs *needs, struct ox_slice name, struct ox_err *err)
{
	for (size_t i = 0; i < needs->count; i++)
		if (ox_slice_eq(needs->names[i], name))
			return 0;
	struct ox_slice *names = ox_arena_array(f->ctx->arena, needs->count + 1, sizeof *names);
	if (!names)
		return ox_fail_nomem(err, "packed libraries");
	for (size_t i = 0; i < needs->count; i++)
		names[i] = needs->names[i];
	names[needs->count++] = name;
	needs->names = names;
	return 0;
}

static void make_file(struct finder *f, struct ox_extension_tier *t)
{
	if (t->tier == OX_TIER_EXTRACTED)
		return;
	f->counts[t->tier]--;
	t->tier = OX_TIER_EXTRACTED;
	f->counts[t->tier]++;
	ox_emit_log(f->ctx->sink, OX_LEVEL_DEBUG, "build",
		    "extension module %.*s: tier %d, extracted to a file at run time, as another beside it needs it or "
		    "is needed",
		    OX_SLICE_ARG(t->resource->name), (int)t->tier);
}

/* Both are told the name of the file: the one that is needed lies under it (runtime/pack/resource.h). */
static int join_siblings(struct finder *f, const struct sibling *s, struct ox_err *err)
{
	struct ox_extension_tier *to = ox_map_get(&f->out->extensions, s->to->resource->name);
	struct ox_slice from_name = s->from->resource->name, to_name = s->to->resource->name;
	const char *folder = folder_of(f, to_name);
	bool are_packed = !s->from_item->prefix && to && (to->tier == OX_TIER_MEMORY || to->tier == OX_TIER_EXTRACTED);
	if (!folder)
		return ox_fail_nomem(err, "extension modules");
	if (s->from_item->prefix && s->to->prefix)
		return 0;
	if (!are_packed || !*folder) {
		ox_emit_log(f->ctx->sink, OX_LEVEL_WARN, "build",
			    "%.*s needs the extension module %.*s as a file beside it, and can only be imported when "
			    "both lie in files: write policy.resources_location = \"filesystem-relative:lib\"",
			    OX_SLICE_ARG(from_name), OX_SLICE_ARG(to_name));
		return 0;
	}
	if (f->rules->never_extract)
		return ox_fail(err, OX_EBUILD,
			       "extension module %.*s needs %.*s as a file beside it, and nothing may be extracted: "
			       "leave policy.extract at \"as-needed\"",
			       OX_SLICE_ARG(from_name), OX_SLICE_ARG(to_name));
	const char *file = ox_arena_printf(f->ctx->arena, "%s%s", folder, s->file);
	int rc = file ? append_need(f, &s->from->needs, ox_slice_str(file), err) : ox_fail_nomem(err, "paths");
	if (!rc)
		rc = append_need(f, &to->needs, ox_slice_str(file), err);
	make_file(f, s->from);
	make_file(f, to);
	return rc;
}

static int add_extension(struct finder *f, const struct ox_bundle_item *item, struct ox_err *err)
{
	static const char *const places[] = {"", "linked into the executable", "loaded from memory",
					     "extracted to a file at run time", "a file beside the executable"};
	struct ox_elf_needs elf;
	const char *why;
	struct ox_extension_tier *t = ox_arena_alloc(f->ctx->arena, sizeof(*t));
	void **slot = t ? ox_map_put(&f->out->extensions, item->resource->name, NULL) : NULL;
	const char *name = ox_arena_printf(f->ctx->arena, "%.*s", OX_SLICE_ARG(item->resource->name));
	if (!slot || !name)
		return ox_fail_nomem(err, "extension modules");
	*slot = t;
	t->resource = item->resource;
	t->tier = choose(f, item, &why);
	f->counts[t->tier]++;
	ox_emit_log(f->ctx->sink, OX_LEVEL_DEBUG, "build", "extension module %s: tier %d, %s: %s", name, (int)t->tier,
		    places[t->tier], why);
	if (t->tier == OX_TIER_LINKED)
		return 0;
	if (f->rules->is_static)
		return ox_tier_fail_static(item->resource, item->resource->captured ? why : NULL, err);
	int rc = read_needs(f, name, &item->resource->blob, &elf, err);
	if (rc)
		return ox_wrap(err, "extension module %s", name);
	return add_extension_needs(f, item, &elf, t, err);
}

static struct ox_needs *needs_of_inner(struct finder *f, struct ox_slice package, size_t more)
{
	void **slot = ox_map_put(&f->out->inner_needs, package, NULL);
	struct ox_needs *n = slot && *slot ? *slot : ox_arena_alloc(f->ctx->arena, sizeof *n);
	struct ox_slice *names = n ? ox_arena_array(f->ctx->arena, n->count + more, sizeof *names) : NULL;
	if (!slot || !names)
		return NULL;
	for (size_t i = 0; i < n->count; i++)
		names[i] = n->names[i];
	n->names = names;
	*slot = n;
	return n;
}

/* A shared library inside a package is loaded by its path, which ctypes does. Others inside packages lie where it looks
 * for them; what its wheel put into NAME.libs for it does not, and is loaded before. */
static int add_inner_library(struct finder *f, const struct ox_bundle_item *item, struct ox_err *err)
{
	const struct ox_resource *r = item->resource;
	struct ox_elf_needs elf;
	if (item->prefix || !r->name.len ||
	    ox_elf_read_blob(f->ctx, &r->blob, &elf, NULL) < 0 || !elf.needed_count)
		return 0;
	const char *name = ox_arena_printf(f->ctx->arena, "%.*s", OX_SLICE_ARG(r->file));
	struct ox_needs *needs = name ? needs_of_inner(f, r->name, elf.needed_count) : NULL;
	if (!needs)
		return ox_fail_nomem(err, "packed libraries");
	for (size_t i = 0; i < elf.needed_count; i++) {
		struct ox_slice needed = ox_slice_str(elf.needed[i]);
		const struct ox_resource *known = ox_map_get(&f->vendored, needed);
		int rc = known && !known->name.len ? require(f, elf.needed[i], elf.runpath, r->origin, name, err) : 0;
		if (rc < 0)
			return rc;
		if (rc)
			needs->names[needs->count++] = needed;
	}
	return 0;
}

static void tell_summary(const struct finder *f)
{
	ox_emit_log(f->ctx->sink, OX_LEVEL_INFO, "build",
		    "extension modules: %zu linked in, %zu loaded from memory, %zu extracted at run time, "
		    "%zu beside the executable; %zu libraries packed with them",
		    f->counts[OX_TIER_LINKED], f->counts[OX_TIER_MEMORY], f->counts[OX_TIER_EXTRACTED],
		    f->counts[OX_TIER_BESIDE], f->out->libraries.len);
}

int ox_tiers_find(struct ox_build_context *ctx, const struct ox_bundle_set *set, const struct ox_tier_rules *rules,
		  struct ox_tiers *out, struct ox_err *err)
{
	struct finder f = {.ctx = ctx, .rules = rules, .out = out};
	*out = (struct ox_tiers){0};
	int rc = index_vendored(&f, set, err);
	for (size_t i = 0; !rc && i < set->count; i++)
		if (set->entries[i].item->resource->kind == OX_RES_EXTENSION)
			rc = add_extension(&f, set->entries[i].item, err);
	for (size_t i = 0; !rc && i < f.siblings.len; i++)
		rc = join_siblings(&f, &f.siblings.items[i], err);
	for (size_t i = 0; !rc && !rules->is_static && i < set->count; i++)
		if (set->entries[i].item->resource->kind == OX_RES_LIBRARY)
			rc = add_inner_library(&f, set->entries[i].item, err);
	if (!rc)
		tell_summary(&f);
	else
		ox_tiers_free(out);
	ox_map_free(&f.vendored);
	ox_map_free(&f.modules);
	ox_vec_free(&f.siblings);
	return rc;
}

void ox_tiers_free(struct ox_tiers *t)
{
	ox_map_free(&t->extensions);
	ox_map_free(&t->libraries);
	ox_map_free(&t->inner_needs);
}
