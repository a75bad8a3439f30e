#include "store/db/rescue.h"

#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "store/fs/lock.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const companions[] = {"-wal", "-shm", "-journal", ""};

static int move_one(const char *path, const char *suffix, const char *quarantine, uint64_t stamp, struct ox_err *err)
{
	struct ox_buf from = {0}, to = {0};
	const char *slash = strrchr(path, '/');
	ox_buf_printf(&from, "%s%s", path, suffix);
	ox_buf_printf(&to, "%s/%s-%llx%s", quarantine, slash ? slash + 1 : path, (unsigned long long)stamp, suffix);
	int rc = ox_buf_ok(&from, "file name", err);
	if (rc == 0)
		rc = ox_buf_ok(&to, "file name", err);
	/* On a full disk even a name may be too much: what is damaged then goes. */
	if (rc == 0 && rename(from.data, to.data) != 0 && errno != ENOENT && unlink(from.data) != 0)
		rc = ox_fail_errno(err, errno, "cannot move the damaged %s away", from.data);
	ox_buf_free(&to);
	ox_buf_free(&from);
	return rc;
}

int ox_rescue_move_away(const char *path, const char *quarantine, ino_t inode, struct ox_err *err)
{
	struct ox_lock lock = OX_LOCK_NONE;
	struct ox_buf name = {0};
	struct stat st;
	ox_buf_printf(&name, "%s-rescue", path);
	int rc = ox_buf_ok(&name, "file name", err);
	if (rc == 0)
		rc = ox_lock_wait(name.data, NULL, NULL, &lock, NULL, err);
	if (rc == 0 && stat(path, &st) == 0 && st.st_ino == inode)
		for (size_t i = 0; rc == 0 && i < OX_COUNT(companions); i++)
			rc = move_one(path, companions[i], quarantine, ox_clock_real(), err);
	ox_lock_release(&lock);
	ox_buf_free(&name);
	return rc;
}
