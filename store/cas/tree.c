#include "store/cas/tree.h"

#include "proto/base/clock.h"
#include "store/cas/inside.h"
#include "store/cas/lease.h"
#include "store/cas/manifest.h"
#include "store/cas/seen.h"
#include "store/cas/temp.h"
#include "store/digest/digest.h"
#include "store/fs/dir.h"
#include "store/fs/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_NAME_SIZE = sizeof "trees/" + OX_DIGEST_HEX, MOST_MANIFEST = 256 << 20, MOST_HEAD = 128 };

/* What "boot" holds, beside the hash of a boot id. */
static const uint64_t DURABLE = 0, UNKNOWN = UINT64_MAX;

static void tree_name(const struct ox_digest *digest, char name[static TREE_NAME_SIZE])
{
	char hex[OX_DIGEST_HEX + 1];
	snprintf(name, TREE_NAME_SIZE, "trees/%s", ox_digest_hex(digest, hex));
}

static int is_wrong(struct ox_err *err, const char *what, struct ox_slice path)
{
	return ox_fail(err, OX_ECORRUPT, "%.*s %s", OX_SLICE_ARG(path), what);
}

static int check_bytes(int files, const struct ox_tree_entry *e, const char *path, struct ox_err *err)
{
	struct ox_digest found;
	int fd = openat(files, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return is_wrong(err, "cannot be opened", e->path);
	int rc = ox_digest_fd(fd, &found, NULL, err);
	if (!rc && !ox_digest_eq(&found, &e->digest))
		rc = is_wrong(err, "has other bytes than it should", e->path);
	close(fd);
	return rc;
}

static int check_link(int files, const struct ox_tree_entry *e, const char *path, struct ox_err *err)
{
	char target[4096];
	ssize_t len = readlinkat(files, path, target, sizeof target);
	if (len < 0 || !ox_slice_eq(ox_slice(target, (size_t)len), e->target))
		return is_wrong(err, "is not the link it should be", e->path);
	return 0;
}

static int check_entry(int files, const struct ox_tree_entry *e, bool read, struct ox_err *err)
{
	char path[4096];
	struct stat st;
	if (e->path.len >= sizeof path)
		return is_wrong(err, "has too long a name", e->path);
	snprintf(path, sizeof path, "%.*s", OX_SLICE_ARG(e->path));
	if (e->kind == 'l')
		return check_link(files, e, path, err);
	if (fstatat(files, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return is_wrong(err, "is missing", e->path);
	if (e->kind == 'd')
		return S_ISDIR(st.st_mode) ? 0 : is_wrong(err, "is no folder", e->path);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != e->size || st.st_mtime != OX_TREE_TIME)
		return is_wrong(err, "was changed", e->path);
	return read ? check_bytes(files, e, path, err) : 0;
}

static int check_entries(int files, struct ox_slice text, bool read, struct ox_err *err)
{
	uint64_t bytes, count;
	struct ox_tree_entry e;
	int rc = ox_manifest_head(&text, &bytes, &count) ? 1 : OX_ECORRUPT;
	while (rc == 1 && (rc = ox_manifest_next(&text, &e)) == 1)
		rc = check_entry(files, &e, read, err) ? OX_ESYS : 1;
	if (rc == OX_ECORRUPT)
		return ox_fail(err, OX_ECORRUPT, "its manifest is not well-formed");
	return rc ? OX_ECORRUPT : 0;
}

static int read_manifest(int tree, const struct ox_digest *digest, struct ox_buf *text, struct ox_err *err)
{
	struct ox_digest found;
	int fd = openat(tree, "manifest", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return ox_fail(err, OX_ECORRUPT, "it has no manifest");
	int rc = ox_fs_read_all(fd, text, err);
	if (!rc)
		rc = ox_digest_bytes(ox_buf_view(text), &found, err);
	if (!rc && !ox_digest_eq(&found, digest))
		rc = ox_fail(err, OX_ECORRUPT, "its manifest does not have its digest");
	close(fd);
	return rc;
}

static int write_boot(int tree, uint64_t boot, struct ox_err *err)
{
	int fd = openat(tree, "boot", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot write to a tree");
	int rc = ox_fs_write_all(fd, &boot, sizeof boot, err);
	close(fd);
	return rc;
}

/* Written in this boot, or found right in a later one: what is in it cannot have been lost with the power. */
static bool is_trusted(const struct ox_store *s, int tree)
{
	uint64_t boot = UNKNOWN;
	int fd = openat(tree, "boot", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool whole = fd >= 0 && read(fd, &boot, sizeof boot) == (ssize_t)sizeof boot;
	if (fd >= 0)
		close(fd);
	return whole && (boot == DURABLE || (boot == s->boot && s->boot));
}

/* 1 right, 0 absent, OX_ECORRUPT, or another error. */
static int check(struct ox_store *s, const struct ox_digest *digest, bool read, uint64_t *size, struct ox_err *err)
{
	char name[TREE_NAME_SIZE];
	struct ox_buf text = {.limit = MOST_MANIFEST};
	tree_name(digest, name);
	int files = -1, tree = openat(s->dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tree < 0)
		return errno == ENOENT ? 0 : ox_fail_errno(err, errno, "cannot open %s/%s", s->dir, name);
	bool trusted = is_trusted(s, tree);
	int rc = read_manifest(tree, digest, &text, err);
	if (!rc && (files = openat(tree, "files", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		rc = ox_fail(err, OX_ECORRUPT, "it has no files");
	if (!rc)
		rc = check_entries(files, ox_buf_view(&text), read || !trusted, err);
	if (!rc && !trusted && s->boot) /* a cache: not being able to write it costs time */
		(void)write_boot(tree, DURABLE, NULL);
	*size = text.len;
	if (files >= 0)
		close(files);
	close(tree);
	ox_buf_free(&text);
	return rc ? rc : 1;
}

static int find(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	struct ox_err why;
	uint64_t size;
	int rc = check(s, digest, false, &size, &why);
	if (rc == OX_ECORRUPT)
		return ox_tree_quarantine(s, digest, err);
	if (rc < 0)
		return ox_fail(err, rc, "%s", why.text);
	if (rc)
		ox_seen_small(s, digest, size);
	return rc;
}

int ox_tree_find(struct ox_store *s, const struct ox_digest *digest, struct ox_buf *path, struct ox_err *err)
{
	char name[TREE_NAME_SIZE];
	int rc = ox_lease_enter(s, digest, err);
	if (rc)
		return rc;
	rc = find(s, digest, err);
	ox_lease_leave(s, digest, rc == 1);
	tree_name(digest, name);
	if (rc != 1 || !path)
		return rc;
	int failed = ox_store_path(s, name, "files", path, err);
	return failed ? failed : 1;
}

static int write_manifest(int folder, struct ox_slice manifest, struct ox_err *err)
{
	int fd = openat(folder, "manifest", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot write a manifest");
	int rc = ox_fs_write_all(fd, manifest.data, manifest.len, err);
	close(fd);
	return rc;
}

static int give_name(struct ox_store *s, const char *folder, const struct ox_digest *digest, struct ox_err *err)
{
	char name[TREE_NAME_SIZE];
	tree_name(digest, name);
	for (;;) {
		if (renameat(AT_FDCWD, folder, s->dir_fd, name) == 0)
			return 0;
		if (errno != EEXIST && errno != ENOTEMPTY)
			return ox_fail_errno(err, errno, "cannot store %s/%s", s->dir, name);
		int rc = find(s, digest, err);
		if (rc < 0)
			return rc;
		if (rc == 1) /* somebody else's, and right; otherwise it is out of the way now */
			return ox_fs_remove_tree(folder, err);
	}
}

int ox_tree_put(struct ox_store *s, const char *folder, struct ox_slice manifest, struct ox_digest *digest,
		struct ox_err *err)
{
	int rc = ox_digest_bytes(manifest, digest, err);
	if (rc)
		return rc;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s", folder);
	rc = write_manifest(fd, manifest, err);
	if (!rc)
		rc = write_boot(fd, s->boot ? s->boot : UNKNOWN, err);
	close(fd);
	if (!rc)
		rc = ox_lease_enter(s, digest, err);
	if (!rc) {
		rc = give_name(s, folder, digest, err);
		if (!rc)
			ox_seen_small(s, digest, manifest.len);
		ox_lease_leave(s, digest, rc == 0);
	}
	return rc;
}

int ox_tree_verify(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	uint64_t size;
	return check(s, digest, true, &size, err);
}

int ox_tree_quarantine(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	char name[TREE_NAME_SIZE], to[OX_DIGEST_HEX + 64];
	tree_name(digest, name);
	snprintf(to, sizeof to, "quarantine/%s-%llx", name + strlen("trees/"), (unsigned long long)ox_clock_real());
	s->quarantined++;
	if (renameat(s->dir_fd, name, s->dir_fd, to) == 0 || errno == ENOENT)
		return 0;
	return ox_fail_errno(err, errno, "cannot move the damaged %s away", name);
}

/* Out of sight first: a tree is there as a whole or not at all. */
int ox_tree_remove(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	char name[TREE_NAME_SIZE];
	struct ox_buf away = {0};
	tree_name(digest, name);
	int rc = ox_temp_name(s, &away, err);
	if (!rc && renameat(s->dir_fd, name, AT_FDCWD, away.data) == 0)
		rc = ox_fs_remove_tree(away.data, err);
	else if (!rc && errno != ENOENT)
		rc = ox_fail_errno(err, errno, "cannot remove %s/%s", s->dir, name);
	ox_buf_free(&away);
	return rc;
}

/* What its manifest's first line says; 0 when there is none. */
static uint64_t bytes_of(int trees, const char *name)
{
	char path[300], head[MOST_HEAD];
	uint64_t bytes = 0, entries;
	snprintf(path, sizeof path, "%.200s/manifest", name);
	int fd = openat(trees, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len = fd >= 0 ? read(fd, head, sizeof head) : 0;
	if (fd >= 0)
		close(fd);
	struct ox_slice text = ox_slice(head, len > 0 ? (size_t)len : 0);
	return ox_manifest_head(&text, &bytes, &entries) ? bytes : 0;
}

int ox_tree_each(struct ox_store *s, ox_tree_fn *fn, void *ctx, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = ox_store_path(s, "trees", NULL, &path, err);
	DIR *dir = rc ? NULL : opendir(path.data);
	if (!rc && !dir)
		rc = ox_fail_errno(err, errno, "cannot read %s", path.data);
	for (struct dirent *e; !rc && (e = readdir(dir));) {
		struct ox_digest digest;
		struct stat st;
		if (ox_digest_parse(ox_slice_str(e->d_name), &digest) &&
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			rc = fn(ctx, &digest, bytes_of(dirfd(dir), e->d_name), (uint64_t)st.st_mtime);
	}
	if (dir)
		closedir(dir);
	ox_buf_free(&path);
	return rc;
}
