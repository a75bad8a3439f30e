#include "store/index/roots.h"

#include "proto/base/vec.h"
#include "store/cas/inside.h"
#include "store/cas/temp.h"
#include "store/fs/dir.h"
#include "store/fs/file.h"

#include <errno.h>
#include <unistd.h>

static int root_path(struct ox_store *s, const char *name, struct ox_buf *path, struct ox_err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	if (!name[0] || name[0] == '.' || name[strspn(name, allowed)])
		return ox_fail(err, OX_EUSAGE, "\"%s\" cannot name a root: use letters, digits, -, _ and .", name);
	return ox_store_path(s, "roots", name, path, err);
}

int ox_root_set(struct ox_store *s, const char *name, const struct ox_digest *digests, size_t count, struct ox_err *err)
{
	struct ox_buf path = {0}, temp = {0}, text = {0};
	char hex[OX_DIGEST_HEX + 1];
	int fd = -1, rc = root_path(s, name, &path, err);
	for (size_t i = 0; i < count; i++)
		ox_buf_printf(&text, "%s\n", ox_digest_hex(&digests[i], hex));
	if (rc == 0)
		rc = ox_buf_ok(&text, "root", err);
	if (rc == 0)
		rc = ox_temp_file(s, &temp, &fd, err);
	if (rc == 0)
		rc = ox_fs_write_all(fd, text.data, text.len, err);
	if (rc == 0 && fdatasync(fd) != 0)
		rc = ox_fail_errno(err, errno, "cannot write %s to disk", temp.data);
	if (rc == 0 && rename(temp.data, path.data) != 0)
		rc = ox_fail_errno(err, errno, "cannot write %s", path.data);
	if (fd >= 0)
		close(fd);
	if (rc && fd >= 0)
		unlink(temp.data);
	ox_buf_free(&text);
	ox_buf_free(&temp);
	ox_buf_free(&path);
	return rc;
}

int ox_root_remove(struct ox_store *s, const char *name, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = root_path(s, name, &path, err);
	if (rc == 0 && unlink(path.data) != 0 && errno != ENOENT)
		rc = ox_fail_errno(err, errno, "cannot remove %s", path.data);
	ox_buf_free(&path);
	return rc;
}

typedef OX_VEC(struct ox_digest) digest_list;

static int parse(const char *name, struct ox_slice text, digest_list *list, struct ox_err *err)
{
	for (size_t at = 0; at < text.len;) {
		const char *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
		struct ox_digest *slot = ox_vec_push(list);
		if (!slot)
			return ox_fail_nomem(err, "roots");
		if (!ox_digest_parse(ox_slice(text.data + at, len), slot))
			return ox_fail(err, OX_ECORRUPT, "the root %s has a line that is no digest: pin it again",
				       name);
		at += len + 1;
	}
	return 0;
}

/* One that was removed meanwhile is none. */
static int read_root(struct ox_store *s, const char *name, ox_root_fn *fn, void *ctx, struct ox_err *err)
{
	struct ox_buf path = {0}, text = {0};
	digest_list list = {0};
	int rc = ox_store_path(s, "roots", name, &path, err);
	int found = rc ? rc : ox_fs_read_file(path.data, &text, err);
	if (!rc && found != OX_ENOENT) {
		rc = found ? found : parse(name, ox_buf_view(&text), &list, err);
		if (!rc)
			rc = fn(ctx, name, list.items, list.len, err);
	}
	ox_vec_free(&list);
	ox_buf_free(&text);
	ox_buf_free(&path);
	return rc;
}

int ox_root_each(struct ox_store *s, const char *prefix, ox_root_fn *fn, void *ctx, struct ox_err *err)
{
	struct ox_buf path = {0}, names = {0};
	int rc = ox_store_path(s, "roots", NULL, &path, err);
	if (rc == 0)
		rc = ox_fs_list(path.data, &names, err);
	for (size_t at = 0; rc == 0 && at < names.len; at += strlen(names.data + at) + 1) {
		const char *name = names.data + at + 1;
		if (name[0] != '.' && ox_slice_starts(ox_slice_str(name), ox_slice_str(prefix)))
			rc = read_root(s, name, fn, ctx, err);
	}
	ox_buf_free(&names);
	ox_buf_free(&path);
	return rc;
}

struct collecting {
	struct ox_map *pinned;
	struct ox_arena *arena;
};

static int pin_all(void *ctx, const char *name, const struct ox_digest *digests, size_t count, struct ox_err *err)
{
	const struct collecting *c = ctx;
	char *kept = ox_arena_str(c->arena, name);
	for (size_t i = 0; i < count; i++) {
		struct ox_slice key = ox_arena_slice(c->arena, ox_digest_slice(&digests[i]));
		void **slot = key.data && kept ? ox_map_put(c->pinned, key, NULL) : NULL;
		if (!slot)
			return ox_fail_nomem(err, "roots");
		*slot = kept;
	}
	return 0;
}

int ox_roots_collect(struct ox_store *s, struct ox_map *pinned, struct ox_arena *arena, struct ox_err *err)
{
	struct collecting c = {pinned, arena};
	return ox_root_each(s, "", pin_all, &c, err);
}
