#include "store/fs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { COPY_SIZE = 256 * 1024, COPY_AT_ONCE = 1 << 30 };

/* A little more than the slowest tick that kernels update file times with (10 ms), and for file systems
 * with whole seconds (FAT: two of them) more than that. */
static const uint64_t fine_window = 11000000u, coarse_window = 2100000000u;

static uint64_t nanoseconds(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * 1000000000u + (uint64_t)ts->tv_nsec;
}

struct ox_signature ox_signature_of(const struct stat *st)
{
	return (struct ox_signature){.device = st->st_dev,
				     .inode = st->st_ino,
				     .size = (uint64_t)st->st_size,
				     .mtime = nanoseconds(&st->st_mtim),
				     .ctime = nanoseconds(&st->st_ctim)};
}

bool ox_signature_racy(const struct ox_signature *s, uint64_t now)
{
	/* ctime cannot be set by users: whole seconds there mean a coarse file system. */
	uint64_t window = s->ctime % 1000000000u == 0 ? coarse_window : fine_window;
	return s->ctime + window >= now;
}

void ox_signature_write(const struct ox_signature *s, struct ox_buf *b)
{
	ox_buf_u64(b, s->device);
	ox_buf_u64(b, s->inode);
	ox_buf_u64(b, s->size);
	ox_buf_u64(b, s->mtime);
	ox_buf_u64(b, s->ctime);
}

static uint64_t read_u64(const unsigned char *p)
{
	uint64_t v = 0;
	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

struct ox_signature ox_signature_read(const void *bytes)
{
	const unsigned char *p = bytes;
	return (struct ox_signature){.device = read_u64(p),
				     .inode = read_u64(p + 8),
				     .size = read_u64(p + 16),
				     .mtime = read_u64(p + 24),
				     .ctime = read_u64(p + 32)};
}

int ox_fs_write_all(int fd, const void *data, size_t len, struct ox_err *err)
{
	const char *p = data;
	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ox_fail_errno(err, errno, "cannot write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int ox_fs_read_all(int fd, struct ox_buf *b, struct ox_err *err)
{
	struct stat st;
	size_t step = 4096;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size < SIZE_MAX / 4)
		step = (size_t)st.st_size + 1;
	for (;;) {
		char *room = ox_buf_reserve(b, step);
		if (!room)
			return ox_buf_ok(b, "file", err);
		ssize_t n = read(fd, room, step);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ox_fail_errno(err, errno, "cannot read");
		if (n == 0)
			return 0;
		ox_buf_commit(b, (size_t)n);
		step = 65536;
	}
}

int ox_fs_read_file(const char *path, struct ox_buf *b, struct ox_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s", path);
	int rc = ox_fs_read_all(fd, b, err);
	if (rc)
		ox_wrap(err, "%s", path);
	close(fd);
	return rc;
}

static int copy_through_memory(int from, int to, uint64_t *copied, struct ox_err *err)
{
	char *room = malloc(COPY_SIZE);
	int rc = room ? 0 : ox_fail_nomem(err, "copying a file");
	while (rc == 0) {
		ssize_t n = read(from, room, COPY_SIZE);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? ox_fail_errno(err, errno, "cannot read") : ox_fs_write_all(to, room, (size_t)n, err);
		if (rc == 0)
			*copied += (uint64_t)n;
	}
	free(room);
	return rc;
}

int ox_fs_copy(int from, int to, uint64_t *copied, struct ox_err *err)
{
	uint64_t total = 0;
	int rc = 0;
	for (;;) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, COPY_AT_ONCE, 0);
		if (n > 0) {
			total += (uint64_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
			rc = ox_fail_errno(err, errno, "cannot copy");
		else /* at the end, or the two files do not go together: the plain way tells */
			rc = copy_through_memory(from, to, &total, err);
		break;
	}
	if (rc == 0 && copied)
		*copied = total;
	return rc;
}
