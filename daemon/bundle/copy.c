#include "daemon/bundle/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

int ox_write_at(int fd, const void *data, size_t len, uint64_t offset, struct ox_err *err)
{
	const char *p = data;
	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ox_fail_errno(err, n < 0 ? errno : ENOSPC, "cannot write");
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static int copy_through_memory(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t len,
			       struct ox_err *err)
{
	enum { CHUNK = 128 << 10 }; /* stays in the processor's cache */
	char *chunk = malloc(CHUNK);
	int rc = chunk ? 0 : ox_fail_nomem(err, "copying");
	while (!rc && len) {
		ssize_t n = pread(from, chunk, len < CHUNK ? len : CHUNK, (off_t)from_offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = ox_fail_errno(err, errno, "cannot read");
		} else if (n == 0) {
			rc = ox_fail(err, OX_ECORRUPT, "a file ends early while it is copied");
		} else {
			rc = ox_write_at(to, chunk, (size_t)n, to_offset, err);
			from_offset += (uint64_t)n;
			to_offset += (uint64_t)n;
			len -= (uint64_t)n;
		}
	}
	free(chunk);
	return rc;
}

/* Blocks shared instead of copied, where the file system can: how many bytes. */
static uint64_t share(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t len)
{
	enum { BLOCK = 4096 };
	struct file_clone_range range = {.src_fd = from,
					 .src_offset = from_offset,
					 .src_length = len / BLOCK * BLOCK,
					 .dest_offset = to_offset};
	if (from_offset % BLOCK || to_offset % BLOCK || range.src_length == 0 || ioctl(to, FICLONERANGE, &range) != 0)
		return 0;
	return range.src_length;
}

int ox_copy_at(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t len, struct ox_err *err)
{
	enum { LARGE = 1 << 20 };
	uint64_t shared = share(from, from_offset, to, to_offset, len);
	from_offset += shared;
	to_offset += shared;
	len -= shared;
	/* One reservation is cheaper than one for each chunk, and a full disk is noticed before the work.
	 * Copying by hand then beats copy_file_range, which moves a few pages at a time where blocks
	 * cannot be shared. */
	if (len >= LARGE && fallocate(to, 0, (off_t)to_offset, (off_t)len) != 0 && errno == ENOSPC)
		return ox_fail_errno(err, errno, "cannot write %llu bytes", (unsigned long long)len);
	return copy_through_memory(from, from_offset, to, to_offset, len, err);
}
