#include "store/fs/dir.h"

#include "proto/base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEPEST_TREE = 1000 };

static int make_one(const char *path, unsigned mode, struct ox_err *err)
{
	struct stat st;
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	int why = errno;
	/* EROFS and EACCES can be answered for a folder that exists. */
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return ox_fail_errno(err, why, "cannot make the folder %s", path);
}

int ox_fs_mkdirs(const char *path, unsigned mode, struct ox_err *err)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	char *copy = strdup(path);
	if (!copy)
		return ox_fail_nomem(err, "folder name");
	int rc = 0;
	for (char *p = copy + 1; rc == 0 && *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		rc = make_one(copy, mode, err);
		*p = '/';
	}
	if (rc == 0)
		rc = make_one(copy, mode, err);
	if (rc == 0 && (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
		rc = ox_fail(err, OX_EUSAGE, "%s exists and is not a folder", path);
	free(copy);
	return rc;
}

int ox_fs_own_dir(const char *path, struct ox_err *err)
{
	struct stat st;
	int rc = ox_fs_mkdirs(path, 0700, err);
	if (rc)
		return rc;
	if (stat(path, &st) != 0)
		return ox_fail_errno(err, errno, "cannot examine %s", path);
	if (st.st_uid != geteuid())
		return ox_fail(err, OX_EPOLICY, "%s belongs to user %u, not to you (%u): choose another folder", path,
			       (unsigned)st.st_uid, (unsigned)geteuid());
	if (st.st_mode & 0022)
		return ox_fail(err, OX_EPOLICY,
			       "others may write to %s: run `chmod go-w %s` if you trust what is in it", path, path);
	return 0;
}

static int remove_at(int parent, const char *name, int depth, struct ox_err *err);

static int remove_entries(int fd, int depth, struct ox_err *err)
{
	DIR *dir = fdopendir(fd);
	if (!dir) {
		int why = errno;
		close(fd);
		return ox_fail_errno(err, why, "cannot read a folder");
	}
	int rc = 0;
	for (struct dirent *e; rc == 0 && (e = readdir(dir));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = remove_at(dirfd(dir), e->d_name, depth + 1, err);
	closedir(dir);
	return rc;
}

static int remove_at(int parent, const char *name, int depth, struct ox_err *err)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return ox_fail_errno(err, errno, "cannot remove %s", name);
	if (depth > DEEPEST_TREE)
		return ox_fail(err, OX_EEXHAUSTED, "cannot remove %s: folders nest too deep", name);
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot remove %s", name);
	(void)fchmod(fd, 0700); /* entries of a read-only folder cannot be removed */
	int rc = remove_entries(fd, depth, err);
	if (rc == 0 && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
		rc = ox_fail_errno(err, errno, "cannot remove the folder %s", name);
	return rc;
}

int ox_fs_remove_tree(const char *path, struct ox_err *err)
{
	int rc = remove_at(AT_FDCWD, path, 0, err);
	if (rc)
		ox_wrap(err, "removing %s", path);
	return rc;
}

static char entry_kind(int fd, const struct dirent *e)
{
	struct stat st;
	switch (e->d_type) {
	case DT_REG:
		return 'f';
	case DT_DIR:
		return 'd';
	case DT_LNK:
		return 'l';
	case DT_UNKNOWN:
		break;
	default:
		return 'o';
	}
	if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 'o';
	return S_ISREG(st.st_mode) ? 'f' : S_ISDIR(st.st_mode) ? 'd' : S_ISLNK(st.st_mode) ? 'l' : 'o';
}

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x + 1, *y + 1);
}

struct names {
	OX_VEC(char *) v;
};

static int collect(DIR *dir, struct names *names, struct ox_err *err)
{
	for (;;) {
		errno = 0;
		struct dirent *e = readdir(dir);
		if (!e)
			return errno ? ox_fail_errno(err, errno, "cannot read the folder") : 0;
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		char **slot = ox_vec_push(&names->v);
		if (!slot || asprintf(slot, "%c%s", entry_kind(dirfd(dir), e), e->d_name) < 0)
			return ox_fail_nomem(err, "folder entries");
	}
}

int ox_fs_list(const char *path, struct ox_buf *out, struct ox_err *err)
{
	struct names names = {0};
	DIR *dir = opendir(path);
	if (!dir)
		return ox_fail_errno(err, errno, "cannot read the folder %s", path);
	int rc = collect(dir, &names, err);
	if (rc == 0 && names.v.len)
		qsort(names.v.items, names.v.len, sizeof *names.v.items, by_name);
	for (size_t i = 0; rc == 0 && i < names.v.len; i++)
		ox_buf_add(out, names.v.items[i], strlen(names.v.items[i]) + 1);
	if (rc == 0)
		rc = ox_buf_ok(out, "folder entries", err);
	for (size_t i = 0; i < names.v.len; i++)
		free(names.v.items[i]);
	ox_vec_free(&names.v);
	closedir(dir);
	return rc;
}
