#include "daemon/python/captured.h"

#include "daemon/capture/elf_facts.h"
#include "daemon/python/child_env.h"
#include "store/cas/wheels.h"
#include "store/fs/dir.h"
#include "store/fs/file.h"

#include <limits.h>
#include <unistd.h>

/* Beside our own program, in the build tree and below the prefix alike. */
static const char *find_linkers(struct ox_arena *arena)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
	if (len <= 0)
		return NULL;
	path[len] = '\0';
	char *slash = strrchr(path, '/');
	const char *folder = slash ? ox_arena_printf(arena, "%.*s/linkers", (int)(slash - path), path) : NULL;
	const char *linker = folder ? ox_arena_printf(arena, "%s/ld", folder) : NULL;
	return linker && access(linker, X_OK) == 0 ? folder : NULL;
}

int ox_capturing_start(struct ox_build_context *ctx, const struct ox_digest *building, struct ox_capturing *out,
		       struct ox_err *err)
{
	struct ox_buf folder = {0};
	*out = (struct ox_capturing){.linkers = find_linkers(ctx->arena)};
	if (!out->linkers)
		return 0;
	int rc = ox_wheels_dir(ox_actions_store(ctx->actions), building, &folder, err);
	out->wheels = rc ? NULL : ox_arena_str(ctx->arena, ox_buf_text(&folder));
	out->folder = rc ? NULL : ox_arena_printf(ctx->arena, "%s/captured", ox_buf_text(&folder));
	ox_buf_free(&folder);
	if (!rc && (!out->wheels || !out->folder))
		rc = ox_fail_nomem(err, "capturing objects");
	return rc ? rc : ox_fs_mkdirs(out->folder, 0700, err);
}

bool ox_capturing_env(struct ox_build_context *ctx, const struct ox_capturing *c, const char **list, size_t *count)
{
	const char *given = ox_client_env(ctx, "COMPILER_PATH");
	if (!c->linkers)
		return true;
	list[(*count)++] = ox_arena_printf(ctx->arena, "COMPILER_PATH=%s%s%s", c->linkers, given ? ":" : "",
					   given ? given : "");
	list[(*count)++] = ox_arena_printf(ctx->arena, "OXIDIZER_CAPTURE=%s", c->folder);
	list[(*count)++] = ox_arena_printf(ctx->arena, "OXIDIZER_WHEELS=%s", c->wheels);
	return list[*count - 1] && list[*count - 2] && list[*count - 3];
}

static int add_output(struct ox_build_context *ctx, const char *from, char kind, struct ox_slice path,
		      struct ox_step_result *result, struct ox_err *err)
{
	struct ox_digest digest;
	uint64_t size;
	const char *name = ox_arena_printf(ctx->arena, "%c %.*s", kind, OX_SLICE_ARG(path));
	int rc = name ? ox_store_put_file(ox_actions_store(ctx->actions), from, &digest, &size, err)
		      : ox_fail_nomem(err, "captured objects");
	if (!rc)
		ox_step_result_add(result, name, &digest, size);
	return rc;
}

int ox_captured_store(struct ox_build_context *ctx, const char *captures, const char *target, struct ox_slice path,
		      struct ox_step_result *result, struct ox_err *err)
{
	struct ox_elf_facts facts;
	struct ox_buf bytes = {0};
	const char *file = ox_arena_printf(ctx->arena, "%s/%.*s", target, OX_SLICE_ARG(path));
	int rc = file ? ox_fs_read_file(file, &bytes, err) : ox_fail_nomem(err, "captured objects");
	if (!rc && ox_elf_facts_read(ox_buf_view(&bytes), ctx->arena, &facts) != 0)
		rc = ox_fail_nomem(err, "captured objects");
	ox_buf_free(&bytes);
	if (rc || !*facts.build_id)
		return rc;
	const char *record = ox_arena_printf(ctx->arena, "%s/%s/record", captures, facts.build_id);
	const char *object = ox_arena_printf(ctx->arena, "%s/%s/object", captures, facts.build_id);
	if (!record || !object)
		return ox_fail_nomem(err, "captured objects");
	if (access(record, R_OK) != 0)
		return 0;
	rc = add_output(ctx, record, 'r', path, result, err);
	if (!rc && access(object, R_OK) == 0)
		rc = add_output(ctx, object, 'o', path, result, err);
	return rc;
}

bool ox_captured_is_output(const struct ox_output *output)
{
	return ox_slice_starts(output->name, OX_SLICE("o ")) || ox_slice_starts(output->name, OX_SLICE("r "));
}

/* The output of one of `kinds` about the same path. */
static const struct ox_output *of_path(const struct ox_outputs *outputs, const char *kinds, struct ox_slice path)
{
	for (size_t i = 0; i < outputs->count; i++) {
		const struct ox_slice name = outputs->items[i].name;
		bool is_kind = name.len == path.len + 2 && strchr(kinds, name.data[0]);
		if (is_kind && memcmp(name.data + 2, path.data, path.len) == 0)
			return &outputs->items[i];
	}
	return NULL;
}

static int read_captured(struct ox_build_context *ctx, const struct ox_output *record, const struct ox_output *object,
			 const struct ox_captured **out, struct ox_err *err)
{
	struct ox_view view;
	struct ox_captured *captured = ox_arena_alloc(ctx->arena, sizeof *captured);
	if (!captured)
		return ox_fail_nomem(err, "captured objects");
	int rc = ox_store_view(ox_actions_store(ctx->actions), &record->digest, &view, err);
	if (rc)
		return rc;
	rc = ox_capture_record_read(ox_slice(view.data, view.len), ctx->arena, &captured->record, err);
	ox_view_release(&view);
	if (!rc && !object && !captured->record.reason)
		rc = ox_fail(err, OX_ECORRUPT, "a record of what was linked has no object");
	if (!rc && object)
		captured->object = (struct ox_blob){.digest = object->digest, .size = object->size};
	*out = captured;
	return rc;
}

int ox_captured_attach(struct ox_build_context *ctx, const struct ox_outputs *outputs, struct ox_resources *resources,
		       size_t first, struct ox_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < outputs->count; i++) {
		const struct ox_output *record = &outputs->items[i];
		const struct ox_captured *captured = NULL;
		if (!ox_slice_starts(record->name, OX_SLICE("r ")))
			continue;
		struct ox_slice path = ox_slice(record->name.data + 2, record->name.len - 2);
		const struct ox_output *file = of_path(outputs, "x-", path);
		rc = read_captured(ctx, record, of_path(outputs, "o", path), &captured, err);
		for (size_t n = first; !rc && file && n < resources->v.len; n++) {
			struct ox_resource *r = &resources->v.items[n];
			if (r->kind == OX_RES_EXTENSION && ox_digest_eq(&r->blob.digest, &file->digest))
				r->captured = captured;
		}
	}
	return rc;
}
