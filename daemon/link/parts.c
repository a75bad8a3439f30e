#include "daemon/link/parts.h"

#include "daemon/link/inittab.h"
#include "proto/base/map.h"

/* Paths and names, each once, in the order in which they are met. */
struct gather {
	struct ox_build_context *ctx;
	const struct ox_dist_archive *archive;
	struct ox_map objects, archives, names;
};

static int gather_one(struct ox_map *into, const char *text, struct ox_err *err)
{
	void **slot = ox_map_put(into, ox_slice_str(text), NULL);
	if (!slot)
		return ox_fail_nomem(err, "what is linked");
	*slot = (void *)(uintptr_t)text;
	return 0;
}

static bool is_for_the_build_only(const struct ox_python_json *json, const char *path)
{
	return strcmp(path, json->inittab_object) == 0 ||
	       ox_slice_starts(ox_slice_str(path), OX_SLICE("build/Programs/")) ||
	       ox_slice_ends(ox_slice_str(path), OX_SLICE("/getpath_noop.o"));
}

static int gather_objects(struct gather *g, struct ox_texts objects, struct ox_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < objects.count; i++)
		if (!is_for_the_build_only(g->archive->json, objects.items[i]))
			rc = gather_one(&g->objects, objects.items[i], err);
	return rc;
}

static int gather_links(struct gather *g, struct ox_python_links links, struct ox_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < links.count; i++) {
		const struct ox_python_link *link = &links.items[i];
		if (link->path_static)
			rc = gather_one(&g->archives, link->path_static, err);
		else if (!link->framework && !link->path_dynamic)
			rc = gather_one(&g->names, link->name, err);
	}
	return rc;
}

/* The texts of a table, with `root` before each; NULL: as they are. */
static int settle(struct ox_arena *arena, const struct ox_map *from, const char *root, struct ox_texts *out,
		  struct ox_err *err)
{
	const char **items = ox_arena_array(arena, from->len + 1, sizeof *items);
	if (!items)
		return ox_fail_nomem(err, "what is linked");
	for (size_t i = 0; i < from->len; i++) {
		const char *text = from->entries[i].value;
		items[i] = root ? ox_arena_printf(arena, "%s/%s", root, text) : text;
		if (!items[i])
			return ox_fail_nomem(err, "what is linked");
	}
	*out = (struct ox_texts){items, from->len};
	return 0;
}

static int write_inittab(struct ox_arena *arena, const struct ox_stub_options *options, const char **out,
			 struct ox_err *err)
{
	struct ox_buf text = {0};
	int rc = ox_inittab_write(options->variants, options->variant_count, &text, err);
	*out = rc ? NULL : ox_arena_str(arena, text.data);
	ox_buf_free(&text);
	return rc ? rc : *out ? 0 : ox_fail_nomem(err, "the table of built-in modules");
}

static int find_in_archive(struct gather *g, const struct ox_stub_options *options, struct ox_link_parts *out,
			   struct ox_texts *names, struct ox_err *err)
{
	struct ox_arena *arena = g->ctx->arena;
	const struct ox_python_json *json = g->archive->json;
	int rc = gather_objects(g, json->core_objects, err);
	if (!rc)
		rc = gather_links(g, json->core_links, err);
	for (size_t i = 0; !rc && i < options->variant_count; i++) {
		rc = gather_objects(g, options->variants[i]->objects, err);
		if (!rc)
			rc = gather_links(g, options->variants[i]->links, err);
	}
	if (!rc)
		rc = settle(arena, &g->objects, g->archive->root, &out->whole, err);
	if (!rc)
		rc = settle(arena, &g->archives, g->archive->root, &out->archives, err);
	if (!rc)
		rc = settle(arena, &g->names, NULL, names, err);
	return rc ? rc : write_inittab(arena, options, &out->inittab, err);
}

static int find_installed(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_link_parts *out,
			  struct ox_texts *names, struct ox_err *err)
{
	const char **whole = ox_arena_alloc(ctx->arena, sizeof *whole);
	if (!whole)
		return ox_fail_nomem(err, "what is linked");
	*whole = dist->libpython;
	out->whole = (struct ox_texts){whole, 1};
	*names = (struct ox_texts){dist->link_libraries, dist->link_library_count};
	return ox_link_input_read(ctx, "libpython", dist->libpython, &out->libpython, err);
}

int ox_link_parts_find(struct ox_build_context *ctx, const struct ox_toolchain *t, const struct ox_distribution *dist,
		       const struct ox_stub_options *options, struct ox_link_parts *out, struct ox_err *err)
{
	struct gather g = {.ctx = ctx, .archive = dist->archive};
	struct ox_texts names;
	*out = (struct ox_link_parts){0};
	int rc = dist->archive ? find_in_archive(&g, options, out, &names, err)
			       : find_installed(ctx, dist, out, &names, err);
	if (!rc)
		rc = ox_link_libraries_find(ctx, t, dist, names, options->allocator, &out->libraries, err);
	ox_map_free(&g.names);
	ox_map_free(&g.archives);
	ox_map_free(&g.objects);
	return rc;
}

static int add_archive(struct ox_arena *arena, const struct ox_distribution *dist,
		       const struct ox_stub_options *options, struct ox_step *step, struct ox_err *err)
{
	ox_step_digest(step, "distribution", &dist->archive->tree);
	for (size_t i = 0; i < options->variant_count; i++) {
		const struct ox_python_variant *v = options->variants[i];
		const char *name = ox_arena_printf(arena, "extension module %.*s", OX_SLICE_ARG(v->module));
		if (!name)
			return ox_fail_nomem(err, "what is linked");
		ox_step_text(step, name, ox_slice_str(v->variant));
	}
	return 0;
}

int ox_link_parts_add(struct ox_arena *arena, const struct ox_link_parts *parts, const struct ox_distribution *dist,
		      const struct ox_stub_options *options, struct ox_step *step, struct ox_err *err)
{
	if (!dist->archive)
		ox_step_digest(step, "libpython", &parts->libpython.digest);
	for (size_t i = 0; i < parts->libraries.count; i++) {
		const struct ox_link_library *lib = &parts->libraries.items[i];
		if (lib->is_static)
			ox_step_digest(step, lib->input.name, &lib->input.digest);
		else
			ox_step_text(step, lib->argument, OX_SLICE("the system's"));
	}
	return dist->archive ? add_archive(arena, dist, options, step, err) : 0;
}
