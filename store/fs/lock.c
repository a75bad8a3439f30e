#include "store/fs/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_PAUSE_US = 500, LONGEST_PAUSE_US = 20000 };

/* The previous holder may have removed the file between our open and flock: then
 * the lock is on a file that nobody else will ever see. */
static bool still_there(int fd, const char *path)
{
	struct stat ours, named;
	return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
	       ours.st_dev == named.st_dev;
}

int ox_lock_try(const char *path, struct ox_lock *lock, struct ox_err *err)
{
	*lock = OX_LOCK_NONE;
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return ox_fail_errno(err, errno, "cannot open the lock file %s", path);
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			int why = errno;
			close(fd);
			if (why == EWOULDBLOCK)
				return 0;
			if (why == EINTR)
				continue;
			return ox_fail_errno(err, why, "cannot lock %s", path);
		}
		if (still_there(fd, path)) {
			lock->path = strdup(path);
			lock->fd = fd;
			return 1;
		}
		close(fd);
	}
}

int ox_lock_wait(const char *path, int (*check)(void *ctx, struct ox_err *err), void *ctx, struct ox_lock *lock,
		 bool *waited, struct ox_err *err)
{
	long pause = FIRST_PAUSE_US;
	if (waited)
		*waited = false;
	for (;;) {
		int rc = ox_lock_try(path, lock, err);
		if (rc)
			return rc < 0 ? rc : 0;
		if (waited)
			*waited = true;
		if (check && (rc = check(ctx, err)) != 0)
			return rc;
		struct timespec ts = {.tv_nsec = pause * 1000};
		nanosleep(&ts, NULL);
		pause = pause * 2 < LONGEST_PAUSE_US ? pause * 2 : LONGEST_PAUSE_US;
	}
}

void ox_lock_release(struct ox_lock *lock)
{
	if (lock->fd < 0)
		return;
	/* Removed while held: whoever opened it meanwhile sees that in still_there. */
	if (lock->path)
		unlink(lock->path);
	close(lock->fd);
	free(lock->path);
	*lock = OX_LOCK_NONE;
}

int ox_lock_shared_file(const char *path, int *fd, int mode, struct ox_err *err)
{
	if (*fd < 0)
		*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return ox_fail_errno(err, errno, "cannot open the lock file %s", path);
	while (flock(*fd, mode) != 0)
		if (errno != EINTR)
			return ox_fail_errno(err, errno, "cannot lock %s", path);
	return 0;
}

void ox_lock_drop(int fd)
{
	if (fd >= 0)
		flock(fd, LOCK_UN);
}
