#include "store/cas/wheels.h"

#include "store/cas/inside.h"
#include "store/fs/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int ox_wheels_dir(struct ox_store *s, const struct ox_digest *digest, struct ox_buf *path, struct ox_err *err)
{
	char hex[OX_DIGEST_HEX + 1];
	int rc = ox_store_path(s, "wheels", ox_digest_hex(digest, hex), path, err);
	if (!rc)
		rc = ox_fs_mkdirs(ox_buf_text(path), 0700, err);
	if (!rc && utimensat(AT_FDCWD, ox_buf_text(path), NULL, 0) != 0)
		rc = ox_fail_errno(err, errno, "cannot use %s", ox_buf_text(path));
	return rc;
}
