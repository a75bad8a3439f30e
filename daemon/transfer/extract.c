#include "daemon/transfer/extract.h"

#include "proto/base/clock.h"
#include "store/cas/tree.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXTRACT_VERSION = 1 };

static const uint64_t tell_grain = 200 * 1000000;

struct job {
	struct ox_actions *actions;
	struct ox_arena *arena;
	const struct ox_fetch *from;
	const struct ox_archive_appendix *append;
	uint64_t size;    /* of the archive */
	uint64_t told_at; /* when progress was told, ns */
};

static int on_tick(void *ctx, uint64_t done, struct ox_err *err)
{
	struct job *j = ctx;
	uint64_t now = ox_clock_mono();
	/* Read is not unpacked: it ends when the tree is there. */
	if (now - j->told_at > tell_grain) {
		j->told_at = now;
		ox_emit_progress(ox_actions_sink(j->actions), "unpacking", done < j->size ? done : j->size - 1, j->size,
				 "bytes");
	}
	return ox_actions_check_cancel(j->actions, err);
}

static int unpack(struct job *j, int fd, struct ox_digest *tree, struct ox_err *err)
{
	struct ox_store *store = ox_actions_store(j->actions);
	struct ox_buf folder = {0}, files = {0}, manifest = {0};
	struct ox_archive_unpack u = {.fd = fd, .append = j->append, .tick = on_tick, .ctx = j};
	int rc = ox_store_temp_dir(store, &folder, err);
	if (!rc) {
		ox_buf_printf(&files, "%s/files", folder.data);
		rc = ox_buf_ok(&files, "file name", err);
		if (!rc && mkdir(files.data, 0700) != 0)
			rc = ox_fail_errno(err, errno, "cannot make the folder %s", files.data);
		if (!rc)
			rc = ox_archive_unpack(&u, files.data, &manifest, err);
		if (!rc)
			rc = ox_tree_put(store, folder.data, ox_buf_view(&manifest), tree, err);
		if (rc)
			ox_store_temp_remove(folder.data);
	}
	ox_buf_free(&manifest);
	ox_buf_free(&files);
	ox_buf_free(&folder);
	return rc;
}

static int run_extract(void *ctx, struct ox_step_result *result, struct ox_err *err)
{
	struct job *j = ctx;
	struct ox_digest tree;
	char hex[OX_DIGEST_HEX + 1];
	int fd = -1, rc = ox_fetch(j->actions, j->arena, j->from, err);
	if (!rc)
		rc = ox_store_open_object(ox_actions_store(j->actions), &j->from->sha256, &fd, &j->size, err);
	if (rc)
		return rc;
	j->told_at = ox_clock_mono();
	rc = unpack(j, fd, &tree, err);
	close(fd);
	if (rc)
		return ox_wrap(err, "cannot unpack %s", j->from->url);
	ox_step_result_meta(result, ox_slice_str(ox_digest_hex(&tree, hex)));
	return 0;
}

static int run(struct job *j, bool renew, struct ox_digest *tree, struct ox_err *err)
{
	struct ox_outputs outputs;
	char hex[OX_DIGEST_HEX + 1];
	const char *slash = strrchr(j->from->url, '/');
	struct ox_step *step = ox_step_new(j->arena, "extract", EXTRACT_VERSION, slash ? slash + 1 : j->from->url);
	if (!step)
		return ox_fail_nomem(err, "unpacking an archive");
	ox_step_text(step, "archive", ox_slice_str(ox_digest_hex(&j->from->sha256, hex)));
	if (j->append)
		ox_step_text(step, "append", ox_slice_str(j->append->name));
	if (renew)
		ox_step_renew(step);
	int rc = ox_actions_run(j->actions, step, run_extract, j, &outputs, err);
	if (!rc && !ox_digest_parse(outputs.meta, tree))
		rc = ox_fail(err, OX_EINTERNAL, "the record of an unpacked archive has no digest");
	return rc;
}

int ox_extract(struct ox_actions *actions, struct ox_arena *arena, const struct ox_fetch *from,
	       const struct ox_archive_appendix *append, struct ox_extracted *out, struct ox_err *err)
{
	struct job j = {.actions = actions, .arena = arena, .from = from, .append = append};
	struct ox_store *store = ox_actions_store(actions);
	struct ox_buf path = {0};
	int rc = run(&j, false, &out->tree, err);
	int found = rc ? 0 : ox_tree_find(store, &out->tree, &path, err);
	if (!rc && !found) { /* collected, or damaged, since it was recorded */
		rc = run(&j, true, &out->tree, err);
		found = rc ? 0 : ox_tree_find(store, &out->tree, &path, err);
	}
	if (!rc && found <= 0)
		rc = found < 0 ? found : ox_fail(err, OX_ECORRUPT, "an unpacked archive was changed meanwhile");
	if (!rc && !(out->path = ox_arena_str(arena, path.data)))
		rc = ox_fail_nomem(err, "unpacking an archive");
	ox_buf_free(&path);
	return rc;
}
