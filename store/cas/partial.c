#include "store/cas/partial.h"

#include "store/cas/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int ox_partial_open(struct ox_store *s, const struct ox_digest *digest, struct ox_buf *path, int *fd, uint64_t *size,
		    struct ox_err *err)
{
	char hex[OX_DIGEST_HEX + 1];
	struct stat st;
	int rc = ox_store_path(s, "partial", ox_digest_hex(digest, hex), path, err);
	if (rc)
		return rc;
	int opened = open(path->data, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (opened < 0)
		return ox_fail_errno(err, errno, "cannot open %s", path->data);
	if (fstat(opened, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(opened);
		return ox_fail(err, OX_ECORRUPT, "%s is not a file: remove it", path->data);
	}
	*size = (uint64_t)st.st_size;
	*fd = opened;
	return 0;
}
