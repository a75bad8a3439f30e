#include "store/cas/loose.h"

#include "proto/base/clock.h"
#include "store/cas/inside.h"
#include "store/cas/seen.h"
#include "store/digest/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void ox_object_name(const struct ox_digest *digest, char name[static OX_OBJECT_NAME_SIZE])
{
	char hex[OX_DIGEST_HEX + 1];
	ox_digest_hex(digest, hex);
	snprintf(name, OX_OBJECT_NAME_SIZE, "objects/%.2s/%s", hex, hex + 2);
}

int ox_loose_quarantine(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	char name[OX_OBJECT_NAME_SIZE], hex[OX_DIGEST_HEX + 1], to[OX_DIGEST_HEX + 64];
	ox_object_name(digest, name);
	snprintf(to, sizeof to, "quarantine/%s-%llx", ox_digest_hex(digest, hex), (unsigned long long)ox_clock_real());
	s->quarantined++;
	if (renameat(s->dir_fd, name, s->dir_fd, to) == 0 || errno == ENOENT || unlinkat(s->dir_fd, name, 0) == 0)
		return 0;
	return ox_fail_errno(err, errno, "cannot move the damaged object %s away", name);
}

/* 1 the bytes are right, 0 they are not. */
static int bytes_are_right(int fd, const struct ox_digest *digest, struct ox_err *err)
{
	struct ox_digest found;
	int rc = ox_digest_fd(fd, &found, NULL, err);
	if (rc)
		return rc;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return ox_fail_errno(err, errno, "cannot rewind an object");
	return ox_digest_eq(&found, digest);
}

static int check(struct ox_store *s, const struct ox_digest *digest, int fd, uint64_t *size, struct ox_err *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return ox_fail_errno(err, errno, "cannot examine an object");
	struct ox_signature before = ox_signature_of(&st);
	*size = before.size;
	if (S_ISREG(st.st_mode) && ox_seen_verified(s, digest, &before))
		return 1;
	int rc = S_ISREG(st.st_mode) ? bytes_are_right(fd, digest, err) : 0;
	if (rc == 0)
		return ox_loose_quarantine(s, digest, err);
	if (rc == 1)
		ox_seen_file(s, digest, &before);
	return rc;
}

static int open_file(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	char name[OX_OBJECT_NAME_SIZE];
	ox_object_name(digest, name);
	int fd = openat(s->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return OX_ENOENT;
	if (errno == ELOOP || errno == ENOTDIR || errno == ENXIO) {
		int rc = ox_loose_quarantine(s, digest, err);
		return rc ? rc : OX_ENOENT;
	}
	return ox_fail_errno(err, errno, "cannot open %s/%s", s->dir, name);
}

int ox_loose_open(struct ox_store *s, const struct ox_digest *digest, int *fd, uint64_t *size, struct ox_err *err)
{
	int opened = open_file(s, digest, err);
	if (opened < 0)
		return opened == OX_ENOENT ? 0 : opened;
	int rc = check(s, digest, opened, size, err);
	if (rc == 1)
		*fd = opened;
	else
		close(opened);
	return rc;
}

int ox_loose_has(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	int fd;
	uint64_t size;
	int rc = ox_loose_open(s, digest, &fd, &size, err);
	if (rc == 1)
		close(fd);
	return rc;
}

int ox_loose_verify(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	struct stat st;
	int fd = open_file(s, digest, err);
	if (fd < 0)
		return fd == OX_ENOENT ? 0 : fd;
	int rc = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? bytes_are_right(fd, digest, err) : 0;
	if (rc == 0)
		rc = ox_fail(err, OX_ECORRUPT, "its bytes do not have its digest");
	close(fd);
	return rc;
}

/* link(2) never replaces; where there are no hard links, a rename that may
 * replace an equal file does as well. */
static int give_name(struct ox_store *s, const char *path, const char *name)
{
	if (linkat(AT_FDCWD, path, s->dir_fd, name, 0) == 0)
		return 0;
	if (errno == ENOENT) {
		char folder[sizeof "objects/ab"] = {0};
		memcpy(folder, name, sizeof folder - 1);
		if (mkdirat(s->dir_fd, folder, 0700) != 0 && errno != EEXIST)
			return errno;
		if (linkat(AT_FDCWD, path, s->dir_fd, name, 0) == 0)
			return 0;
	}
	if (errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK || errno == ENOSYS)
		return renameat(AT_FDCWD, path, s->dir_fd, name) == 0 ? 0 : errno;
	return errno;
}

int ox_loose_publish(struct ox_store *s, const char *path, const struct ox_digest *digest, struct ox_err *err)
{
	char name[OX_OBJECT_NAME_SIZE];
	struct stat st;
	int why, rc = 0;
	ox_object_name(digest, name);
	if (chmod(path, 0444) != 0)
		rc = ox_fail_errno(err, errno, "cannot change the mode of %s", path);
	while (rc == 0 && (why = give_name(s, path, name)) != 0) {
		if (why != EEXIST)
			rc = ox_fail_errno(err, why, "cannot store %s/%s", s->dir, name);
		else if ((rc = ox_loose_has(s, digest, err)) == 1)
			break; /* somebody else's, and right; otherwise it is out of the way now */
	}
	bool ours = rc == 0;
	unlink(path); /* changes ctime: the signature is taken after it */
	if (ours && fstatat(s->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		struct ox_signature signature = ox_signature_of(&st);
		ox_seen_file(s, digest, &signature);
	}
	return rc < 0 ? rc : 0;
}

int ox_loose_remove(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	char name[OX_OBJECT_NAME_SIZE];
	ox_object_name(digest, name);
	if (unlinkat(s->dir_fd, name, 0) != 0 && errno != ENOENT)
		return ox_fail_errno(err, errno, "cannot remove %s/%s", s->dir, name);
	return 0;
}

static int visit_folder(struct ox_store *s, const char *prefix, ox_loose_fn *fn, void *ctx, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = ox_store_path(s, "objects", prefix, &path, err);
	DIR *dir = rc ? NULL : opendir(path.data);
	if (rc == 0 && !dir && errno != ENOTDIR && errno != ENOENT)
		rc = ox_fail_errno(err, errno, "cannot read %s", path.data);
	for (struct dirent *e; dir && rc == 0 && (e = readdir(dir));) {
		char hex[OX_DIGEST_HEX + 1];
		struct ox_digest digest;
		struct stat st;
		if (e->d_name[0] == '.' || fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		int n = snprintf(hex, sizeof hex, "%s%s", prefix, e->d_name);
		bool named = n == OX_DIGEST_HEX && ox_digest_parse(ox_slice(hex, OX_DIGEST_HEX), &digest);
		rc = fn(ctx, named ? &digest : NULL, e->d_name, &st);
	}
	if (dir)
		closedir(dir);
	ox_buf_free(&path);
	return rc;
}

int ox_loose_each(struct ox_store *s, ox_loose_fn *fn, void *ctx, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = ox_store_path(s, "objects", NULL, &path, err);
	DIR *dir = rc ? NULL : opendir(path.data);
	if (rc == 0 && !dir)
		rc = ox_fail_errno(err, errno, "cannot read %s", path.data);
	for (struct dirent *e; rc == 0 && (e = readdir(dir));)
		if (e->d_name[0] != '.')
			rc = visit_folder(s, e->d_name, fn, ctx, err);
	if (dir)
		closedir(dir);
	ox_buf_free(&path);
	return rc;
}
