/* From what a script collected to what the bundle builds. */
#include "daemon/bundle/tree.h"
#include "daemon/dialect/executable_value.h"
#include "daemon/dialect/path.h"
#include "daemon/dialect/policy_value.h"

/* "default" is what CPython does by itself; allocators that cannot be linked in give way to it. */
static int choose_allocator(struct ox_exe_value *exe, const char **allocator, struct ox_err *err)
{
	struct ox_slice name = OX_SLICE("default");
	ox_pack_config_str(exe->config, "allocator_backend", &name);
	bool is_static = ox_dist_value_known(exe->dist)->is_static; /* there is no jemalloc for musl */
	*allocator = ox_slice_eq_str(name, "jemalloc") && !is_static ? "jemalloc" : "default";
	if (ox_slice_eq_str(name, *allocator))
		return 0;
	ox_emit_log(exe->dialect->ctx->sink, OX_LEVEL_WARN, "build",
		    "the allocator %.*s is not available%s: the default one is used", OX_SLICE_ARG(name),
		    is_static ? " in static executables" : "");
	return ox_pack_config_set_str(exe->config, "allocator_backend", ox_slice_str(*allocator), err);
}

/* Files without a type stand beside the executable. */
static int add_files(struct ox_exe_value *exe, struct ox_tree *beside, struct ox_err *err)
{
	struct ox_arena *arena = exe->dialect->ctx->arena;
	for (size_t i = 0; i < exe->resources.v.len; i++) {
		const struct ox_collected *entry = &exe->resources.v.items[i];
		const struct ox_resource *r = entry->resource;
		if (!r || r->kind != OX_RES_FILE)
			continue;
		const char *path = ox_path_join(arena, ox_slice_str(entry->options.location.prefix), r->file);
		if (!path)
			return ox_fail_nomem(err, "files of the executable");
		int rc = ox_tree_add(beside, arena, path, &r->blob, r->is_executable ? 0755 : 0644, err);
		if (rc != 0)
			return rc;
	}
	return ox_tree_sort(beside, err);
}

/* The compiler here writes for this machine's processor. */
static int check_linkable(const struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_err *err)
{
	size_t cpu = strcspn(ctx->host_triple, "-");
	if (!dist->archive || strncmp(dist->triple, ctx->host_triple, cpu) == 0)
		return 0;
	return ox_fail(err, OX_EBUILD, "%s: executables for %s are not linked here, only those for %s", dist->origin,
		       dist->triple, ctx->host_triple);
}

int ox_exe_build(struct ox_exe_value *exe, const struct ox_executable **out, struct ox_err *err)
{
	struct ox_build_context *ctx = exe->dialect->ctx;
	struct ox_bundle_item *items;
	struct ox_compiler *compiler;
	struct ox_executable_spec spec = {
		.name = ox_arena_printf(ctx->arena, "%.*s", OX_SLICE_ARG(exe->name)),
		.distribution = ox_dist_value_known(exe->dist),
		.config = exe->config,
		.stub = {.release = ctx->release},
		.keep_shared = !ox_policy_value_of(exe->policy)->policy.link_extension_modules,
	};
	*out = exe->built;
	if (exe->built)
		return 0;
	struct ox_executable *built = ox_arena_alloc(ctx->arena, sizeof *built);
	if (!built || !spec.name)
		return ox_fail_nomem(err, "an executable");
	int rc = check_linkable(ctx, spec.distribution, err);
	if (rc == 0)
		rc = choose_allocator(exe, &spec.stub.allocator, err);
	if (rc == 0)
		rc = ox_collector_items(&exe->resources, ctx->arena, &items, &spec.item_count, err);
	if (rc == 0)
		spec.items = items;
	if (rc == 0)
		rc = ox_policy_extract_rules(exe->dialect, exe->policy, &spec.extract, err);
	if (rc == 0)
		rc = ox_dist_value_compiler(exe->dist, &compiler, err);
	if (rc == 0)
		rc = ox_executable_build(ctx, compiler, &spec, built, err);
	if (rc == 0)
		rc = add_files(exe, &built->beside, err);
	if (rc == 0)
		*out = exe->built = built;
	return rc;
}

int ox_exe_to_tree(struct ox_exe_value *exe, struct ox_slice prefix, struct ox_tree *tree, const char **path,
		   struct ox_err *err)
{
	struct ox_arena *arena = exe->dialect->ctx->arena;
	const struct ox_executable *built;
	int rc = ox_exe_build(exe, &built, err);
	if (rc != 0)
		return rc;
	*path = ox_path_join(arena, prefix, ox_slice_str(built->file.path));
	if (!*path)
		return ox_fail_nomem(err, "an executable");
	rc = ox_tree_add(tree, arena, *path, &built->file.blob, built->file.mode, err);
	for (size_t i = 0; rc == 0 && i < built->beside.v.len; i++) {
		const struct ox_tree_file *file = &built->beside.v.items[i];
		const char *to = ox_path_join(arena, prefix, ox_slice_str(file->path));
		rc = to ? ox_tree_add(tree, arena, to, &file->blob, file->mode, err)
			: ox_fail_nomem(err, "files of the executable");
	}
	return rc;
}
