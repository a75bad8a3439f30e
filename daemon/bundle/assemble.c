#include "daemon/bundle/assemble.h"

#include "daemon/bundle/attach.h"
#include "runtime/pack/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ASSEMBLE_VERSION = 1, MAX_SEGMENTS = 8 };

struct assemble {
	struct ox_build_context *ctx;
	const struct ox_assembly *assembly;
	int stub;
	size_t count;
	int fds[MAX_SEGMENTS];
	struct ox_pack_segment_ref refs[MAX_SEGMENTS]; /* mapped: writing the head reads their index only */
};

static int open_segment(struct assemble *a, const struct ox_segment *segment, struct ox_err *err)
{
	uint64_t size;
	int *fd = &a->fds[a->count];
	int rc = ox_store_open_object(ox_actions_store(a->ctx->actions), &segment->digest, fd, &size, err);
	if (rc)
		return rc;
	void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, *fd, 0);
	if (map == MAP_FAILED) {
		rc = ox_fail_errno(err, errno, "cannot map a segment");
		close(*fd);
		return rc;
	}
	a->refs[a->count++] = (struct ox_pack_segment_ref){ox_slice(map, size), segment->digest};
	return 0;
}

static int open_all(struct assemble *a, struct ox_err *err)
{
	uint64_t size;
	int rc = ox_store_open_object(ox_actions_store(a->ctx->actions), &a->assembly->stub, &a->stub, &size, err);
	if (rc)
		a->stub = -1;
	for (size_t i = 0; !rc && i < a->assembly->segment_count; i++)
		if (a->assembly->segments[i].size)
			rc = open_segment(a, &a->assembly->segments[i], err);
	return rc;
}

static void close_all(struct assemble *a)
{
	for (size_t i = 0; i < a->count; i++) {
		munmap((void *)(uintptr_t)a->refs[i].bytes.data, a->refs[i].bytes.len);
		close(a->fds[i]);
	}
	if (a->stub >= 0)
		close(a->stub);
}

static int write_executable(struct assemble *a, const char *path, struct ox_digest *digest, uint64_t *size,
			    struct ox_err *err)
{
	struct ox_attach_piece pieces[MAX_SEGMENTS + 1];
	uint64_t offsets[MAX_SEGMENTS], total = 0;
	struct ox_buf head = {0};
	int rc = ox_pack_write_head(a->refs, a->count, a->assembly->config, &head, offsets, &total, err);
	if (!rc)
		rc = ox_buf_ok(&head, "payload", err);
	int out = rc ? -1 : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (!rc && out < 0)
		rc = ox_fail_errno(err, errno, "cannot create %s", path);
	if (!rc) {
		pieces[0] = (struct ox_attach_piece){.offset = 0, .size = head.len, .bytes = head.data, .fd = -1};
		for (size_t i = 0; i < a->count; i++)
			pieces[i + 1] = (struct ox_attach_piece){.offset = offsets[i],
								 .size = a->refs[i].bytes.len,
								 .bytes = a->refs[i].bytes.data,
								 .fd = a->fds[i]};
		rc = ox_attach(a->stub, pieces, a->count + 1, out, size, digest, err);
	}
	if (out >= 0 && close(out) != 0 && !rc)
		rc = ox_fail_errno(err, errno, "cannot write %s", path);
	ox_buf_free(&head);
	return rc;
}

static int run_step(void *ctx, struct ox_step_result *result, struct ox_err *err)
{
	struct assemble *a = ctx;
	struct ox_store *store = ox_actions_store(a->ctx->actions);
	struct ox_buf dir = {0};
	struct ox_digest digest;
	uint64_t size;
	int rc = ox_store_temp_dir(store, &dir, err);
	if (rc)
		return rc;
	const char *path = ox_arena_printf(a->ctx->arena, "%s/executable", dir.data);
	rc = path ? open_all(a, err) : ox_fail_nomem(err, "executable");
	if (!rc)
		rc = write_executable(a, path, &digest, &size, err);
	close_all(a);
	if (!rc)
		rc = ox_store_put_temp_hashed(store, path, &digest, err);
	if (!rc)
		ox_step_result_add(result, "executable", &digest, size);
	ox_store_temp_remove(dir.data);
	ox_buf_free(&dir);
	return rc;
}

int ox_assemble(struct ox_build_context *ctx, const struct ox_assembly *assembly, struct ox_blob *out,
		struct ox_err *err)
{
	static const char *const names[] = {"segment stdlib", "segment packages", "segment application"};
	struct assemble a = {.ctx = ctx, .assembly = assembly, .stub = -1};
	struct ox_step *step = ox_step_new(ctx->arena, "assemble", ASSEMBLE_VERSION, assembly->name);
	struct ox_buf config = {0};
	struct ox_outputs outputs;
	if (!step)
		return ox_fail_nomem(err, "executable");
	if (assembly->segment_count > OX_COUNT(names))
		return ox_fail(err, OX_EINTERNAL, "too many segments");
	ox_pack_config_write(assembly->config, &config);
	int rc = ox_buf_ok(&config, "configuration", err);
	if (!rc) {
		ox_step_digest(step, "stub", &assembly->stub);
		for (size_t i = 0; i < assembly->segment_count; i++)
			ox_step_digest(step, names[i], &assembly->segments[i].digest);
		ox_step_text(step, "configuration", ox_buf_view(&config));
		rc = ox_actions_run(ctx->actions, step, run_step, &a, &outputs, err);
	}
	ox_buf_free(&config);
	if (rc)
		return ox_wrap(err, "cannot write %s", assembly->name);
	const struct ox_output *made = ox_outputs_find(&outputs, "executable");
	if (!made)
		return ox_fail(err, OX_EINTERNAL, "the step that writes %s gave nothing", assembly->name);
	*out = (struct ox_blob){.digest = made->digest, .size = made->size};
	return 0;
}
