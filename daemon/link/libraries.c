#include "daemon/link/libraries.h"

#include "daemon/link/package.h"
#include "proto/base/buf.h"

/* Present wherever a glibc executable runs, and wrong to link statically beside it. */
static const char *const glibc_family[] = {"c", "m", "dl", "util", "pthread", "rt", "resolv", "anl"};

/* Our own sources use these. */
static const char *const always[] = {"m", "dl", "pthread"};

struct search {
	struct ox_build_context *ctx;
	const struct ox_toolchain *t;
	struct ox_link_library *items;
	size_t count;
	struct ox_buf missing;
};

bool ox_is_glibc_name(const char *name)
{
	for (size_t i = 0; i < OX_COUNT(glibc_family); i++)
		if (strcmp(glibc_family[i], name) == 0)
			return true;
	return false;
}

static void note_missing(struct search *s, const char *file)
{
	const char *package = ox_package_for_file(file);
	if (s->missing.len)
		ox_buf_str(&s->missing, ", ");
	ox_buf_str(&s->missing, file);
	if (package)
		ox_buf_printf(&s->missing, " (install the package %s)", package);
}

static int add_static(struct search *s, const char *file, struct ox_err *err)
{
	struct ox_link_library *lib = &s->items[s->count];
	int rc = ox_toolchain_library(s->ctx, s->t, file, &lib->input, err);
	if (rc == OX_ENOENT) {
		note_missing(s, file);
		return 0;
	}
	if (rc)
		return rc;
	lib->is_static = true;
	lib->argument = lib->input.path;
	s->count++;
	return 0;
}

static int add(struct search *s, const char *name, struct ox_err *err)
{
	if (!ox_is_glibc_name(name)) {
		const char *file = ox_arena_printf(s->ctx->arena, "lib%s.a", name);
		return file ? add_static(s, file, err) : ox_fail_nomem(err, "libraries");
	}
	struct ox_link_library *lib = &s->items[s->count];
	lib->argument = ox_arena_printf(s->ctx->arena, "-l%s", name);
	if (!lib->argument)
		return ox_fail_nomem(err, "libraries");
	s->count++;
	return 0;
}

static bool is_first(struct ox_texts names, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(names.items[i], names.items[index]) == 0)
			return false;
	return true;
}

static int add_allocator(struct search *s, const struct ox_distribution *dist, const char *allocator,
			 struct ox_err *err)
{
	if (strcmp(allocator, "default") == 0)
		return 0;
	if (strcmp(allocator, "jemalloc") == 0)
		return add_static(s, dist->position_independent ? "libjemalloc_pic.a" : "libjemalloc.a", err);
	return ox_fail(err, OX_EUSAGE, "there is no allocator \"%s\": use \"default\" or \"jemalloc\"", allocator);
}

int ox_link_libraries_find(struct ox_build_context *ctx, const struct ox_toolchain *t,
			   const struct ox_distribution *dist, struct ox_texts names, const char *allocator,
			   struct ox_link_libraries *out, struct ox_err *err)
{
	struct search s = {.ctx = ctx, .t = t};
	s.items = ox_arena_array(ctx->arena, names.count + 1 + OX_COUNT(always), sizeof(*s.items));
	int rc = s.items ? add_allocator(&s, dist, allocator, err) : ox_fail_nomem(err, "libraries");
	for (size_t i = 0; !rc && i < names.count; i++)
		if (is_first(names, i))
			rc = add(&s, names.items[i], err);
	for (size_t i = 0; !rc && i < OX_COUNT(always); i++)
		rc = add(&s, always[i], err);
	if (!rc && s.missing.len)
		rc = ox_fail(err, OX_EBUILD, "static libraries are missing that Python %s is linked with: %s",
			     dist->version, ox_buf_text(&s.missing));
	ox_buf_free(&s.missing);
	out->items = s.items;
	out->count = s.count;
	return rc;
}
