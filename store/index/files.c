#include "store/index/files.h"

#include "proto/base/clock.h"
#include "store/digest/digest.h"
#include "store/index/index.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Record: signature, time of reading (ns), digest. */
enum { RECORD_SIZE = OX_SIGNATURE_SIZE + 8 + OX_DIGEST_SIZE, MOST_READS = 5 };

static bool recall(struct ox_store *s, const char *path, const struct ox_signature *signature, struct ox_digest *digest)
{
	char room[RECORD_SIZE + 1];
	struct ox_buf value = {.data = room, .cap = sizeof room, .limit = RECORD_SIZE};
	bool known = false;
	/* The record fits the room or is refused by the limit: nothing is allocated. */
	if (ox_index_get(s, OX_SPACE_FILE, ox_slice_str(path), &value, NULL) == 1 && value.len == RECORD_SIZE) {
		struct ox_signature old = ox_signature_read(room);
		uint64_t read_at = 0;
		for (int i = 7; i >= 0; i--)
			read_at = read_at << 8 | (unsigned char)room[OX_SIGNATURE_SIZE + i];
		known = ox_signature_eq(&old, signature) && !ox_signature_racy(&old, read_at);
	}
	if (known)
		memcpy(digest->bytes, room + OX_SIGNATURE_SIZE + 8, OX_DIGEST_SIZE);
	return known;
}

static void remember(struct ox_store *s, const char *path, const struct ox_signature *signature, uint64_t read_at,
		     const struct ox_digest *digest)
{
	struct ox_buf value = {0};
	ox_signature_write(signature, &value);
	ox_buf_u64(&value, read_at);
	ox_buf_add(&value, digest->bytes, OX_DIGEST_SIZE);
	/* A cache: not being able to write it costs the next reader time, nothing else. */
	if (!value.failed)
		(void)ox_index_put(s, OX_SPACE_FILE, ox_slice_str(path), ox_buf_view(&value), NULL);
	ox_buf_free(&value);
}

/* Reads until the file is the same before and after. */
static int read_stable(int fd, const char *path, struct ox_signature *signature, struct ox_digest *digest,
		       struct ox_err *err)
{
	struct stat st;
	for (int i = 0; i < MOST_READS; i++) {
		if (lseek(fd, 0, SEEK_SET) != 0)
			return ox_fail_errno(err, errno, "cannot rewind %s", path);
		int rc = ox_digest_fd(fd, digest, NULL, err);
		if (rc) {
			ox_wrap(err, "%s", path);
			return rc;
		}
		if (fstat(fd, &st) != 0)
			return ox_fail_errno(err, errno, "cannot examine %s", path);
		struct ox_signature after = ox_signature_of(&st);
		if (ox_signature_eq(signature, &after))
			return 0;
		*signature = after;
	}
	return ox_fail(err, OX_EBUSY, "%s changes while it is read", path);
}

static int read_and_remember(struct ox_store *s, const char *path, struct ox_signature *signature,
			     struct ox_digest *digest, struct ox_err *err)
{
	struct stat st;
	uint64_t read_at = ox_clock_real();
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s", path);
	if (fstat(fd, &st) != 0) {
		rc = ox_fail_errno(err, errno, "cannot examine %s", path);
	} else if (!S_ISREG(st.st_mode)) {
		rc = ox_fail(err, OX_EUSAGE, "%s is not a regular file", path);
	} else {
		*signature = ox_signature_of(&st);
		rc = read_stable(fd, path, signature, digest, err);
	}
	close(fd);
	if (rc == 0)
		remember(s, path, signature, read_at, digest);
	return rc;
}

int ox_files_digest(struct ox_store *s, const char *path, struct ox_digest *digest, struct ox_signature *signature,
		    struct ox_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return ox_fail_errno(err, errno, "cannot examine %s", path);
	if (!S_ISREG(st.st_mode))
		return ox_fail(err, OX_EUSAGE, "%s is not a regular file", path);
	struct ox_signature found = ox_signature_of(&st);
	int rc = recall(s, path, &found, digest) ? 0 : read_and_remember(s, path, &found, digest, err);
	if (rc == 0 && signature)
		*signature = found;
	return rc;
}
