#include "daemon/python/resource.h"

#include "store/digest/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read, not mapped: a file that shrinks while it is mapped would kill us. */
static int read_all(int fd, const char *path, char *data, size_t size, struct ox_err *err)
{
	size_t at = 0;
	while (at < size) {
		ssize_t n = read(fd, data + at, size - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ox_fail_errno(err, errno, "cannot read %s", path);
		if (n == 0)
			return ox_fail(err, OX_EBUILD, "%s changed while it was read: build again", path);
		at += (size_t)n;
	}
	return 0;
}

static int view_file(const struct ox_blob *blob, struct ox_view *view, struct ox_err *err)
{
	struct stat st;
	struct ox_digest digest;
	char *data = NULL;
	int rc = 0;
	int fd = open(blob->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s", blob->path);
	if (fstat(fd, &st) != 0)
		rc = ox_fail_errno(err, errno, "cannot read %s", blob->path);
	else if ((uint64_t)st.st_size != blob->size)
		rc = ox_fail(err, OX_EBUILD, "%s changed during the build: build again", blob->path);
	else if (!(data = malloc(blob->size ? blob->size : 1)))
		rc = ox_fail_nomem(err, "reading a file");
	if (!rc)
		rc = read_all(fd, blob->path, data, blob->size, err);
	if (!rc)
		rc = ox_digest_bytes(ox_slice(data, blob->size), &digest, err);
	if (!rc && !ox_digest_eq(&digest, &blob->digest))
		rc = ox_fail(err, OX_EBUILD, "%s changed during the build: build again", blob->path);
	close(fd);
	if (rc)
		free(data);
	else
		*view = (struct ox_view){.data = data, .len = blob->size, .mapping = data};
	return rc;
}

int ox_blob_view(struct ox_store *store, const struct ox_blob *blob, struct ox_view *view, struct ox_err *err)
{
	if (blob->path)
		return view_file(blob, view, err);
	return ox_store_view(store, &blob->digest, view, err);
}
