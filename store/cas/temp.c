#include "store/cas/temp.h"

#include "proto/base/clock.h"
#include "store/cas/inside.h"
#include "store/fs/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_named(int fd, const char *path)
{
	struct stat ours, named;
	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
	       ours.st_dev == named.st_dev;
}

/* Opens and locks a folder made just now; -1 when a sweep was faster. */
static int lock_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_named(fd, path))
		return fd;
	close(fd);
	return -1;
}

static int make_folder(struct ox_store *s, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = 0;
	for (int tries = 0; s->temp.fd < 0 && rc == 0; tries++) {
		ox_buf_clear(&path);
		ox_buf_printf(&path, "%s/tmp/%ld-%llx", s->dir, (long)getpid(), (unsigned long long)ox_clock_mono());
		rc = ox_buf_ok(&path, "file name", err);
		if (rc == 0 && mkdir(path.data, 0700) != 0 && errno != EEXIST)
			rc = ox_fail_errno(err, errno, "cannot make the folder %s", path.data);
		if (rc == 0)
			s->temp.fd = lock_folder(path.data);
		if (rc == 0 && s->temp.fd < 0 && tries > 100)
			rc = ox_fail(err, OX_EINTERNAL, "cannot keep a folder in %s/tmp", s->dir);
	}
	if (rc == 0) {
		s->temp.path = ox_buf_steal(&path);
		if (!s->temp.path)
			rc = ox_fail_nomem(err, "file name");
	}
	ox_buf_free(&path);
	return rc;
}

int ox_temp_name(struct ox_store *s, struct ox_buf *path, struct ox_err *err)
{
	int rc = s->temp.path ? 0 : make_folder(s, err);
	if (rc)
		return rc;
	ox_buf_clear(path);
	ox_buf_printf(path, "%s/%u", s->temp.path, s->temp.counter++);
	return ox_buf_ok(path, "file name", err);
}

int ox_temp_file(struct ox_store *s, struct ox_buf *path, int *fd, struct ox_err *err)
{
	int rc = ox_temp_name(s, path, err);
	if (rc)
		return rc;
	*fd = open(path->data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return ox_fail_errno(err, errno, "cannot make the file %s", path->data);
	return 0;
}

void ox_temp_close(struct ox_store *s)
{
	if (s->temp.path)
		(void)ox_fs_remove_tree(s->temp.path, NULL);
	if (s->temp.fd >= 0)
		close(s->temp.fd);
	free(s->temp.path);
	s->temp = (struct ox_temp){.fd = -1};
}

static int sweep_one(const char *path, bool dry_run, size_t *count, struct ox_err *err)
{
	int rc = 0;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0; /* gone, or not ours to judge */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		(*count)++;
		if (!dry_run)
			rc = ox_fs_remove_tree(path, err);
	}
	close(fd);
	return rc;
}

int ox_temp_sweep(struct ox_store *s, bool dry_run, size_t *count, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = ox_store_path(s, "tmp", NULL, &path, err);
	DIR *dir = rc ? NULL : opendir(path.data);
	if (rc == 0 && !dir)
		rc = ox_fail_errno(err, errno, "cannot read %s", path.data);
	for (struct dirent *e; rc == 0 && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		rc = ox_store_path(s, "tmp", e->d_name, &path, err);
		if (rc == 0)
			rc = sweep_one(path.data, dry_run, count, err);
	}
	if (dir)
		closedir(dir);
	ox_buf_free(&path);
	return rc;
}

int ox_store_temp_dir(struct ox_store *s, struct ox_buf *path, struct ox_err *err)
{
	int rc = ox_temp_name(s, path, err);
	if (rc == 0 && mkdir(path->data, 0700) != 0)
		rc = ox_fail_errno(err, errno, "cannot make the folder %s", path->data);
	return rc;
}

void ox_store_temp_remove(const char *path)
{
	(void)ox_fs_remove_tree(path, NULL);
}
