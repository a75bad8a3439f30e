#include "daemon/action/memo_restore.h"

#include "store/digest/digest.h"
#include "store/fs/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* True when the bytes are right; then the mode is as well. */
static bool is_right(const struct ox_memo_item *item)
{
	struct stat st;
	struct ox_digest digest;
	if (lstat(item->path, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != item->signature.size)
		return false;
	if (ox_digest_file(item->path, &digest, NULL, NULL) != 0 || !ox_digest_eq(&digest, &item->digest))
		return false;
	return (st.st_mode & 07777) == item->detail || chmod(item->path, item->detail) == 0;
}

static int make_parent(const char *path, struct ox_err *err)
{
	char *copy = strdup(path);
	char *slash = copy ? strrchr(copy, '/') : NULL;
	int rc = copy ? 0 : ox_fail_nomem(err, path);
	if (slash && slash != copy) {
		*slash = '\0';
		rc = ox_fs_mkdirs(copy, 0777, err);
	}
	free(copy);
	return rc;
}

static int write_copy(int from, int to, const struct ox_memo_item *item, struct ox_err *err)
{
	uint64_t copied = 0;
	int rc = ox_fs_copy(from, to, &copied, err);
	if (rc == 0 && copied != item->signature.size)
		rc = ox_fail(err, OX_EINTERNAL, "the object of %s has %llu bytes instead of %llu", item->path,
			     (unsigned long long)copied, (unsigned long long)item->signature.size);
	if (rc == 0 && fchmod(to, item->detail) != 0)
		rc = ox_fail_errno(err, errno, "cannot change the mode of %s", item->path);
	return rc;
}

static int replace(int from, const struct ox_memo_item *item, struct ox_err *err)
{
	struct ox_buf temp = {0};
	ox_buf_printf(&temp, "%s.XXXXXX", item->path);
	int rc = ox_buf_ok(&temp, "file name", err);
	if (rc == 0)
		rc = make_parent(item->path, err);
	int fd = rc ? -1 : mkostemp(temp.data, O_CLOEXEC);
	if (rc == 0 && fd < 0)
		rc = ox_fail_errno(err, errno, "cannot write beside %s", item->path);
	if (fd >= 0) {
		rc = write_copy(from, fd, item, err);
		close(fd);
		if (rc == 0 && rename(temp.data, item->path) != 0)
			rc = ox_fail_errno(err, errno, "cannot replace %s", item->path);
		if (rc)
			unlink(temp.data);
	}
	ox_buf_free(&temp);
	return rc;
}

int ox_memo_restore(struct ox_store *store, const struct ox_memo_item *item, struct ox_signature *found,
		    struct ox_err *err)
{
	struct stat st;
	uint64_t size;
	int fd, rc = 0;
	if (!is_right(item)) {
		rc = ox_store_open_object(store, &item->digest, &fd, &size, err);
		if (rc)
			return rc;
		rc = replace(fd, item, err);
		close(fd);
	}
	if (rc == 0 && lstat(item->path, &st) != 0)
		rc = ox_fail_errno(err, errno, "cannot examine %s", item->path);
	if (rc)
		return rc == OX_EEXHAUSTED ? rc : OX_EUSAGE;
	*found = ox_signature_of(&st);
	return 0;
}
