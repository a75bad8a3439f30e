#include "daemon/bundle/copy.h"

#include <errno.h>
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
	enum { CHUNK = 1 << 18 };
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

int ox_copy_at(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t len, struct ox_err *err)
{
	while (len) {
		off_t in = (off_t)from_offset, out = (off_t)to_offset;
		ssize_t n = copy_file_range(from, &in, to, &out, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		/* Not every file system has it, and some report nothing copied instead of an error. */
		if (n == 0 || (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)))
			return copy_through_memory(from, from_offset, to, to_offset, len, err);
		if (n < 0)
			return ox_fail_errno(err, errno, "cannot copy");
		from_offset += (uint64_t)n;
		to_offset += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}
