#include "client/cmd/file.h"

#include "proto/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int write_all(int fd, struct ox_slice text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.data, text.len);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0)
			text = ox_slice(text.data + n, text.len - (size_t)n);
	}
	return 0;
}

int ox_file_create(const char *path, struct ox_slice text, struct ox_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return ox_fail(err, OX_EUSAGE, "%s is there already; remove it first, or choose another folder", path);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot write %s", path);
	int errnum = write_all(fd, text);
	if (close(fd) != 0 && !errnum)
		errnum = errno;
	if (!errnum)
		return 0;
	unlink(path);
	return ox_fail_errno(err, errnum, "cannot write %s", path);
}

int ox_file_watch(const char *path, struct ox_file_watch *watch, struct ox_err *err)
{
	*watch = (struct ox_file_watch){.path = realpath(path, NULL)};
	int code = 0;
	if (!watch->path || stat(watch->path, &watch->seen) != 0)
		code = ox_fail_errno(err, errno, "cannot look at %s", path);
	else if (!S_ISREG(watch->seen.st_mode))
		code = ox_fail(err, OX_EUSAGE, "%s is not a file", path);
	else if (watch->seen.st_nlink > 1)
		code = ox_fail(err, OX_EUSAGE, "%s has %lu names (hard links), and only one would be changed", path,
			       (unsigned long)watch->seen.st_nlink);
	else if (access(watch->path, W_OK) != 0)
		code = ox_fail_errno(err, errno, "cannot change %s", path);
	if (code)
		ox_file_forget(watch);
	return code;
}

void ox_file_forget(struct ox_file_watch *watch)
{
	free(watch->path);
	watch->path = NULL;
}

static bool is_as_seen(const struct ox_file_watch *watch)
{
	struct stat now;
	const struct stat *then = &watch->seen;
	return lstat(watch->path, &now) == 0 && now.st_dev == then->st_dev && now.st_ino == then->st_ino &&
	       now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == then->st_mtim.tv_nsec && now.st_ctim.tv_sec == then->st_ctim.tv_sec &&
	       now.st_ctim.tv_nsec == then->st_ctim.tv_nsec;
}

/* Text, owner and mode; an errno value. */
static int fill(int fd, const struct stat *like, struct ox_slice text)
{
	struct stat mine;
	int errnum = write_all(fd, text);
	if (!errnum && fstat(fd, &mine) != 0)
		errnum = errno;
	if (!errnum && (mine.st_uid != like->st_uid || mine.st_gid != like->st_gid) &&
	    fchown(fd, like->st_uid, like->st_gid) != 0)
		errnum = errno;
	if (!errnum && (fchmod(fd, like->st_mode & 07777) != 0 || fsync(fd) != 0))
		errnum = errno;
	return errnum;
}

int ox_file_replace(const struct ox_file_watch *watch, struct ox_slice text, struct ox_err *err)
{
	struct ox_buf name = {0};
	ox_buf_printf(&name, "%s.XXXXXX", watch->path);
	int code = ox_buf_ok(&name, "a path", err);
	if (code)
		return code;
	int fd = mkostemp(name.data, O_CLOEXEC);
	if (fd < 0) {
		code = ox_fail_errno(err, errno, "cannot write beside %s", watch->path);
	} else {
		int errnum = fill(fd, &watch->seen, text);
		if (close(fd) != 0 && !errnum)
			errnum = errno;
		if (errnum)
			code = ox_fail_errno(err, errnum, "cannot write %s", watch->path);
		else if (!is_as_seen(watch))
			code = ox_fail(err, OX_EUSAGE, "%s was changed meanwhile and stays as it is now",
				       watch->path);
		else if (rename(name.data, watch->path) != 0)
			code = ox_fail_errno(err, errno, "cannot replace %s", watch->path);
		if (code)
			unlink(name.data);
	}
	ox_buf_free(&name);
	return code;
}
