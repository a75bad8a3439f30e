#include "daemon/python/listing.h"

#include "proto/base/clock.h"

/* Younger than this, a change could leave the signature as it is (coarse clocks of file systems). */
static const uint64_t YOUNG_NS = 2000000000u;

enum { SCAN_VERSION = 1 };

static const char *full_path(struct ox_buf *buf, const struct ox_listing *files, const struct ox_file_entry *e)
{
	ox_buf_clear(buf);
	ox_buf_printf(buf, "%s/%s", files->root, e->path.data);
	return ox_buf_text(buf);
}

static void record(struct ox_build_context *ctx, const struct ox_listing *files)
{
	if (!ctx->memo)
		return;
	struct ox_buf path = {0};
	if (!files->is_partial)
		ox_memo_listing_of(ctx->memo, files->root, OX_MEMO_NO_PYCACHE);
	for (size_t i = 0; i < files->v.len; i++) {
		const struct ox_file_entry *e = &files->v.items[i];
		const char *full = full_path(&path, files, e);
		if (e->is_dir)
			ox_memo_listing_of(ctx->memo, full, OX_MEMO_NO_PYCACHE);
		else
			ox_memo_file_digest(ctx->memo, full, &e->digest);
	}
	ox_buf_free(&path);
}

static int digest_each(struct ox_build_context *ctx, struct ox_listing *files, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = 0;
	for (size_t i = 0; !rc && i < files->v.len; i++) {
		struct ox_file_entry *e = &files->v.items[i];
		if (!e->is_dir)
			rc = ox_actions_file_digest(ctx->actions, full_path(&path, files, e), &e->digest, &e->size,
						    err);
	}
	ox_buf_free(&path);
	return rc;
}

int ox_listing_digest(struct ox_build_context *ctx, struct ox_listing *files, struct ox_err *err)
{
	int rc = digest_each(ctx, files, err);
	if (!rc)
		record(ctx, files);
	return rc;
}

static bool any_young(const struct ox_listing *files)
{
	uint64_t now = ox_clock_real();
	for (size_t i = 0; i < files->v.len; i++) {
		const struct ox_file_entry *e = &files->v.items[i];
		uint64_t touched = e->ctime_ns > e->mtime_ns ? e->ctime_ns : e->mtime_ns;
		if (!e->is_dir && touched + YOUNG_NS > now)
			return true;
	}
	return false;
}

static void write_signatures(const struct ox_listing *files, struct ox_buf *out)
{
	for (size_t i = 0; i < files->v.len; i++) {
		const struct ox_file_entry *e = &files->v.items[i];
		if (e->is_dir)
			continue;
		ox_buf_slice(out, e->path);
		ox_buf_byte(out, '\0');
		ox_buf_u64(out, e->size);
		ox_buf_u64(out, e->device);
		ox_buf_u64(out, e->inode);
		ox_buf_u64(out, e->mtime_ns);
		ox_buf_u64(out, e->ctime_ns);
	}
}

struct at_once {
	struct ox_build_context *ctx;
	struct ox_listing *files;
};

static int run_scan(void *opaque, struct ox_step_result *result, struct ox_err *err)
{
	struct at_once *s = opaque;
	struct ox_buf all = {0};
	struct ox_digest digest;
	int rc = digest_each(s->ctx, s->files, err);
	for (size_t i = 0; !rc && i < s->files->v.len; i++)
		if (!s->files->v.items[i].is_dir)
			ox_buf_add(&all, s->files->v.items[i].digest.bytes, OX_DIGEST_SIZE);
	if (!rc)
		rc = ox_buf_ok(&all, "digests of files", err);
	if (!rc)
		rc = ox_store_put(ox_actions_store(s->ctx->actions), ox_buf_view(&all), &digest, err);
	if (!rc)
		ox_step_result_add(result, "digests", &digest, all.len);
	ox_buf_free(&all);
	return rc;
}

/* The digests as the step's output has them: one after the other, in the order of the files. */
static int take_digests(struct ox_build_context *ctx, const struct ox_outputs *outputs, struct ox_listing *files,
			struct ox_err *err)
{
	const struct ox_output *o = ox_outputs_find(outputs, "digests");
	struct ox_view view;
	if (!o)
		return ox_fail(err, OX_ECORRUPT, "a scan step without its output");
	int rc = ox_store_view(ox_actions_store(ctx->actions), &o->digest, &view, err);
	if (rc)
		return rc;
	size_t at = 0;
	for (size_t i = 0; !rc && i < files->v.len; i++) {
		struct ox_file_entry *e = &files->v.items[i];
		if (e->is_dir)
			continue;
		if (view.len - at < OX_DIGEST_SIZE) {
			rc = ox_fail(err, OX_ECORRUPT, "a scan step's output is too short");
			continue;
		}
		memcpy(e->digest.bytes, view.data + at, OX_DIGEST_SIZE);
		at += OX_DIGEST_SIZE;
	}
	ox_view_release(&view);
	return rc;
}

int ox_listing_digest_at_once(struct ox_build_context *ctx, struct ox_listing *files, struct ox_err *err)
{
	if (any_young(files))
		return ox_listing_digest(ctx, files, err);
	struct ox_buf signatures = {0};
	write_signatures(files, &signatures);
	int rc = ox_buf_ok(&signatures, "signatures of files", err);
	if (!rc) {
		struct at_once s = {ctx, files};
		struct ox_outputs outputs;
		struct ox_step *step = ox_step_new(ctx->arena, "scan", SCAN_VERSION, files->root);
		ox_step_text(step, "folder", ox_slice_str(files->root));
		ox_step_text(step, "signatures", ox_buf_view(&signatures));
		rc = ox_actions_run(ctx->actions, step, run_scan, &s, &outputs, err);
		if (!rc && outputs.hit)
			rc = take_digests(ctx, &outputs, files, err);
	}
	ox_buf_free(&signatures);
	if (!rc)
		record(ctx, files);
	return rc;
}
