#include "daemon/bundle/segment.h"

#include "daemon/bundle/beside.h"
#include "daemon/bundle/records.h"
#include "daemon/python/bytecode.h"
#include "runtime/pack/format.h"
#include "runtime/pack/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SEGMENT_VERSION = 15 };

static const char *const origin_names[] = {"", "stdlib", "packages", "application"};

static int compare_libraries(const void *left, const void *right)
{
	const struct ox_packed_library *const *a = left, *const *b = right;
	return ox_slice_cmp((*a)->name, (*b)->name);
}

static int choose(struct ox_segment_plan *plan, const struct ox_bundle_set *set, struct ox_err *err)
{
	size_t start = 0;
	while (start < set->count && set->entries[start].item->resource->origin != plan->origin)
		start++;
	size_t end = start;
	while (end < set->count && set->entries[end].item->resource->origin == plan->origin)
		end++;
	plan->entries = set->entries + start;
	plan->entry_count = end - start;
	const struct ox_map *libraries = &plan->tiers->libraries;
	plan->libraries = ox_arena_array(plan->ctx->arena, libraries->len + 1, sizeof(const void *));
	if (!plan->libraries)
		return ox_fail_nomem(err, "segment");
	for (size_t i = 0; i < libraries->len; i++) {
		const struct ox_packed_library *lib = libraries->entries[i].value;
		if (lib->origin == plan->origin)
			plan->libraries[plan->library_count++] = lib;
	}
	if (plan->library_count)
		qsort((void *)plan->libraries, plan->library_count, sizeof(const void *), compare_libraries);
	return 0;
}

/* Everything that was decided about an item, in one line of the layout. */
static void describe(const struct ox_segment_plan *plan, const struct ox_bundle_item *item, struct ox_buf *layout)
{
	const struct ox_resource *r = item->resource;
	ox_buf_printf(layout, "%d %.*s %.*s %d%d%d %d%d%d%d", (int)r->kind, OX_SLICE_ARG(r->name),
		      OX_SLICE_ARG(r->file), r->is_package, r->is_namespace, r->is_builtin,
		      item->add_source, item->add_bytecode[0],
		      item->add_bytecode[1], item->add_bytecode[2]);
	if (item->prefix)
		ox_buf_printf(layout, " at %s", item->prefix);
	const struct ox_extension_tier *t =
		r->kind == OX_RES_EXTENSION ? ox_map_get(&plan->tiers->extensions, r->name) : NULL;
	if (t)
		ox_buf_printf(layout, " tier %d", (int)t->tier);
	const struct ox_needs *needs = t ? &t->needs
		: r->kind == OX_RES_LIBRARY ? ox_map_get(&plan->tiers->inner_needs, r->name) : NULL;
	for (size_t i = 0; needs && i < needs->count; i++)
		ox_buf_printf(layout, " %.*s", OX_SLICE_ARG(needs->names[i]));
	ox_buf_byte(layout, '\n');
}

static const char *input_name(struct ox_arena *arena, const struct ox_resource *r)
{
	static const char *const kinds[] = {"", "module", "file", "metadata", "extension", "library", "file"};
	if (r->kind == OX_RES_MODULE || r->kind == OX_RES_EXTENSION)
		return ox_arena_printf(arena, "%s %.*s", kinds[r->kind], OX_SLICE_ARG(r->name));
	return ox_arena_printf(arena, "%s %.*s/%.*s", kinds[r->kind], OX_SLICE_ARG(r->name), OX_SLICE_ARG(r->file));
}

static int add_items(const struct ox_segment_plan *plan, struct ox_step *step, struct ox_buf *layout,
		     struct ox_err *err)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct ox_bundle_item *item = plan->entries[i].item;
		const char *name = input_name(plan->ctx->arena, item->resource);
		if (!name)
			return ox_fail_nomem(err, "segment");
		describe(plan, item, layout);
		if (!item->prefix) /* of what lies beside only the path is in the segment */
			ox_step_digest(step, name, &item->resource->blob.digest);
	}
	return 0;
}

static int add_libraries(const struct ox_segment_plan *plan, struct ox_step *step, struct ox_buf *layout,
			 struct ox_err *err)
{
	for (size_t i = 0; i < plan->library_count; i++) {
		const struct ox_packed_library *lib = plan->libraries[i];
		const char *name = ox_arena_printf(plan->ctx->arena, "library %.*s", OX_SLICE_ARG(lib->name));
		if (!name)
			return ox_fail_nomem(err, "segment");
		ox_buf_printf(layout, "library %.*s %d %d", OX_SLICE_ARG(lib->name), lib->needs_file,
			      lib->prefers_file);
		for (size_t k = 0; k < lib->needs.count; k++)
			ox_buf_printf(layout, " %.*s", OX_SLICE_ARG(lib->needs.names[k]));
		ox_buf_byte(layout, '\n');
		ox_step_digest(step, name, &lib->blob.digest);
	}
	return 0;
}

static int add_inputs(const struct ox_segment_plan *plan, struct ox_step *step, struct ox_err *err)
{
	struct ox_buf layout = {0};
	ox_buf_printf(&layout, "format %d magic %u files %d\n", (int)OX_PACK_VERSION, (unsigned)plan->dist->magic,
		      !plan->extract->never);
	for (size_t i = 0; i < plan->extract->choice_count; i++)
		ox_buf_printf(&layout, "extract %.*s %d\n", OX_SLICE_ARG(plan->extract->choices[i].package),
			      plan->extract->choices[i].files);
	ox_compiler_inputs(step, plan->dist);
	int rc = add_items(plan, step, &layout, err);
	if (!rc)
		rc = add_libraries(plan, step, &layout, err);
	if (!rc)
		rc = ox_buf_ok(&layout, "segment", err);
	if (!rc)
		ox_step_text(step, "what is packed", ox_buf_view(&layout));
	ox_buf_free(&layout);
	return rc;
}

/* The segment's file, mapped while it is written: what is large is in the page cache and not in our memory. */
struct segment_file {
	const char *path;
	char *map;
	size_t size;
};

static char *map_file(void *ctx, size_t size, struct ox_err *err)
{
	struct segment_file *f = ctx;
	int fd = open(f->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		ox_fail_errno(err, errno, "cannot create %s", f->path);
		return NULL;
	}
	/* Space is taken now: a write to a mapping has no way to say that the disk is full. */
	int why = posix_fallocate(fd, 0, (off_t)size);
	void *map = why ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		ox_fail_errno(err, why ? why : errno, "cannot write a payload segment of %zu bytes", size);
	} else {
		f->map = map;
		f->size = size;
	}
	close(fd);
	return f->map;
}

static int write_segment(const struct ox_segment_plan *plan, struct segment_file *file, struct ox_step_result *result,
			 struct ox_err *err)
{
	struct ox_records records = {0};
	int rc = ox_records_make(plan, &records, err);
	if (!rc)
		rc = ox_pack_write_segment_at(records.v.items, records.v.len, ox_buf_view(&records.compiled),
					      plan->dist->magic, map_file, file, err);
	if (file->map)
		munmap(file->map, file->size);
	struct ox_buf said = {0};
	ox_buf_printf(&said, "%s\n%s", ox_buf_text(&records.wants_file), ox_buf_text(&records.adds_folders));
	if (!rc && (records.wants_file.failed || records.adds_folders.failed))
		rc = ox_fail_nomem(err, "segment");
	if (!rc)
		rc = ox_buf_ok(&said, "segment", err);
	if (!rc)
		ox_step_result_meta(result, ox_buf_view(&said));
	ox_buf_free(&said);
	ox_records_free(&records);
	return rc;
}

static int run_step(void *ctx, struct ox_step_result *result, struct ox_err *err)
{
	const struct ox_segment_plan *plan = ctx;
	struct ox_store *store = ox_actions_store(plan->ctx->actions);
	struct ox_buf dir = {0};
	struct ox_digest digest;
	uint64_t size;
	int rc = ox_store_temp_dir(store, &dir, err);
	if (rc)
		return rc;
	struct segment_file file = {.path = ox_arena_printf(plan->ctx->arena, "%s/segment", dir.data)};
	rc = file.path ? write_segment(plan, &file, result, err) : ox_fail_nomem(err, "segment");
	if (!rc)
		rc = ox_store_put_temp(store, file.path, &digest, &size, err);
	if (!rc)
		ox_step_result_add(result, "segment", &digest, size);
	ox_store_temp_remove(dir.data);
	ox_buf_free(&dir);
	return rc;
}

/* Packages that want files; in a second line those that import from folders. */
static void read_said(struct ox_slice meta, struct ox_slice *wants_file, struct ox_slice *adds_folders)
{
	const char *end = meta.len ? memchr(meta.data, '\n', meta.len) : NULL;
	size_t len = end ? (size_t)(end - meta.data) : meta.len;
	*wants_file = ox_slice(meta.data, len);
	*adds_folders = end ? ox_slice(end + 1, meta.len - len - 1) : OX_SLICE("");
}

/* Tells which packages want files, or why they cannot have them. */
static int tell_wants_file(const struct ox_segment_plan *plan, struct ox_slice packages, struct ox_err *err)
{
	if (!packages.len)
		return 0;
	if (plan->extract->never)
		return ox_fail(err, OX_EBUILD,
			       "code of %.*s looks for files beside itself, and nothing may be extracted: for each of "
			       "them that works from memory say policy.set_package_files(NAME, False), give the others "
			       "resources_location \"filesystem-relative:lib\", or leave policy.extract at "
			       "\"as-needed\"",
			       OX_SLICE_ARG(packages));
	ox_emit_log(plan->ctx->sink, OX_LEVEL_INFO, "build",
		    "code that reads __file__ is given real files, extracted at run time: %.*s",
		    OX_SLICE_ARG(packages));
	return 0;
}

int ox_segment_build(struct ox_build_context *ctx, const struct ox_segment_inputs *in, enum ox_resource_origin origin,
		     struct ox_segment *out, struct ox_err *err)
{
	struct ox_segment_plan plan = {.ctx = ctx,
				       .compiler = in->compiler,
				       .dist = in->dist,
				       .origin = origin,
				       .tiers = in->tiers,
				       .extract = in->extract};
	*out = (struct ox_segment){0};
	int rc = choose(&plan, in->set, err);
	if (rc || (!plan.entry_count && !plan.library_count))
		return rc;
	struct ox_step *step = ox_step_new(ctx->arena, "segment", SEGMENT_VERSION, origin_names[origin]);
	struct ox_outputs outputs;
	rc = step ? add_inputs(&plan, step, err) : ox_fail_nomem(err, "segment");
	if (!rc)
		rc = ox_actions_run(ctx->actions, step, run_step, &plan, &outputs, err);
	if (rc)
		return ox_wrap(err, "cannot pack the %s", origin_names[origin]);
	const struct ox_output *made = ox_outputs_find(&outputs, "segment");
	if (!made)
		return ox_fail(err, OX_EINTERNAL, "the step that packs the %s gave nothing", origin_names[origin]);
	struct ox_slice wants_file;
	read_said(outputs.meta, &wants_file, &out->adds_folders);
	rc = tell_wants_file(&plan, wants_file, err);
	if (rc)
		return rc;
	out->digest = made->digest;
	out->size = made->size;
	return 0;
}
