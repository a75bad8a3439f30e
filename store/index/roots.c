#include "store/index/roots.h"

#include "store/cas/inside.h"
#include "store/cas/temp.h"
#include "store/fs/file.h"

#include <dirent.h>
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

static int pin(struct ox_slice line, struct ox_map *pinned, struct ox_arena *arena, char *name, struct ox_err *err)
{
	struct ox_digest digest;
	if (!ox_digest_parse(line, &digest))
		return ox_fail(err, OX_ECORRUPT, "the root %s has a line that is no digest: pin it again", name);
	struct ox_slice key = ox_arena_slice(arena, ox_digest_slice(&digest));
	void **slot = key.data ? ox_map_put(pinned, key, NULL) : NULL;
	if (!slot)
		return ox_fail_nomem(err, "roots");
	*slot = name;
	return 0;
}

static int read_root(struct ox_store *s, const char *entry, struct ox_map *pinned, struct ox_arena *arena,
		     struct ox_err *err)
{
	struct ox_buf path = {0}, text = {0};
	char *name = ox_arena_str(arena, entry);
	int rc = name ? ox_store_path(s, "roots", entry, &path, err) : ox_fail_nomem(err, "roots");
	if (rc == 0)
		rc = ox_fs_read_file(path.data, &text, err);
	for (size_t at = 0; rc == 0 && at < text.len;) {
		const char *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
		rc = pin(ox_slice(text.data + at, len), pinned, arena, name, err);
		at += len + 1;
	}
	ox_buf_free(&text);
	ox_buf_free(&path);
	return rc;
}

int ox_roots_collect(struct ox_store *s, struct ox_map *pinned, struct ox_arena *arena, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = ox_store_path(s, "roots", NULL, &path, err);
	DIR *dir = rc ? NULL : opendir(path.data);
	if (rc == 0 && !dir)
		rc = ox_fail_errno(err, errno, "cannot read %s", path.data);
	for (struct dirent *e; rc == 0 && (e = readdir(dir));)
		if (e->d_name[0] != '.')
			rc = read_root(s, e->d_name, pinned, arena, err);
	if (dir)
		closedir(dir);
	ox_buf_free(&path);
	return rc;
}
