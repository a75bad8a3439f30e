#include "store/cas/store.h"

#include "store/cas/inside.h"
#include "store/cas/lease.h"
#include "store/cas/loose.h"
#include "store/cas/seen.h"
#include "store/cas/small.h"
#include "store/cas/temp.h"
#include "store/digest/digest.h"
#include "store/fs/dir.h"
#include "store/fs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FORMAT_VERSION = 1 };

static const char *const folders[] = {"objects", "partial", "trees", "tmp",	  "locks",
				      "leases",	 "roots",   "wheels", "quarantine"};

const char *ox_store_dir(const struct ox_store *s)
{
	return s->dir;
}

uint64_t ox_store_quarantined(const struct ox_store *s)
{
	return s->quarantined;
}

int ox_store_path(const struct ox_store *s, const char *a, const char *b, struct ox_buf *path, struct ox_err *err)
{
	ox_buf_clear(path);
	ox_buf_printf(path, b ? "%s/%s/%s" : "%s/%s", s->dir, a, b);
	return ox_buf_ok(path, "file name", err);
}

int ox_store_need_index(struct ox_store *s, struct ox_err *err)
{
	return s->index ? 0 : ox_records_open(s->index_path, s->quarantine_path, &s->index, err);
}

/* Refuses what a later version made; a store without a version is a new one. */
static int check_version(struct ox_store *s, struct ox_err *err)
{
	struct ox_buf path = {0}, text = {0};
	unsigned version = 0;
	int rc = ox_store_path(s, "VERSION", NULL, &path, err);
	if (rc == 0)
		rc = ox_fs_read_file(path.data, &text, err);
	if (rc == 0 && sscanf(ox_buf_text(&text), "oxidizer store %u", &version) != 1)
		rc = OX_ENOENT; /* torn by a power loss: nothing else depends on it */
	if (rc == OX_ENOENT) {
		int fd = open(path.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
		rc = fd < 0 ? ox_fail_errno(err, errno, "cannot write %s", path.data) : 0;
		ox_buf_clear(&text);
		ox_buf_printf(&text, "oxidizer store %d\n", FORMAT_VERSION);
		if (rc == 0)
			rc = ox_fs_write_all(fd, text.data, text.len, err);
		if (fd >= 0)
			close(fd);
	} else if (rc == 0 && version > FORMAT_VERSION) {
		rc = ox_fail(err, OX_EUSAGE,
			     "the store %s has format %u, this program knows %d: use a newer oxidizer, or set "
			     "OXIDIZER_STORE to another folder",
			     s->dir, version, FORMAT_VERSION);
	}
	ox_buf_free(&text);
	ox_buf_free(&path);
	return rc;
}

static int make_folders(struct ox_store *s, struct ox_err *err)
{
	for (size_t i = 0; i < OX_COUNT(folders); i++)
		if (mkdirat(s->dir_fd, folders[i], 0700) != 0 && errno != EEXIST)
			return ox_fail_errno(err, errno, "cannot make the folder %s/%s", s->dir, folders[i]);
	return 0;
}

static uint64_t boot_hash(void)
{
	struct ox_buf text = {0};
	uint64_t hash = 0;
	if (ox_fs_read_file("/proc/sys/kernel/random/boot_id", &text, NULL) == 0 && text.len >= 32)
		hash = ox_hash_bytes(text.data, text.len);
	ox_buf_free(&text);
	return hash == UINT64_MAX ? 0 : hash;
}

static int set_up(struct ox_store *s, const char *dir, struct ox_err *err)
{
	if (dir[0] != '/')
		return ox_fail(err, OX_EUSAGE, "the store's folder must be an absolute path, not %s", dir);
	if (!(s->dir = strdup(dir)) || asprintf(&s->small_path, "%s/objects.db", dir) < 0 ||
	    asprintf(&s->index_path, "%s/index.db", dir) < 0 || asprintf(&s->quarantine_path, "%s/quarantine", dir) < 0)
		return ox_fail_nomem(err, "store");
	int rc = ox_fs_own_dir(dir, err);
	if (rc)
		return rc;
	s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0)
		return ox_fail_errno(err, errno, "cannot open the store %s", dir);
	rc = check_version(s, err);
	if (rc == 0)
		rc = make_folders(s, err);
	s->boot = boot_hash();
	return rc;
}

int ox_store_open(const char *dir, struct ox_store **out, struct ox_err *err)
{
	struct ox_store *s = calloc(1, sizeof *s);
	if (!s)
		return ox_fail_nomem(err, "store");
	s->dir_fd = s->temp.fd = s->lease.fd = s->lease.gc_fd = -1;
	int rc = set_up(s, dir, err);
	if (rc) {
		ox_wrap(err, "cannot open the store %s", dir);
		ox_store_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void ox_store_close(struct ox_store *s)
{
	if (!s)
		return;
	if (s->dir_fd >= 0)
		(void)ox_seen_flush(s, NULL);
	ox_seen_free(s);
	while (s->lease.holders)
		ox_lease_release(s);
	if (s->lease.gc_fd >= 0)
		close(s->lease.gc_fd);
	ox_temp_close(s);
	ox_codec_free(s->codec);
	ox_records_close(s->index);
	ox_db_close(s->small);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->quarantine_path);
	free(s->index_path);
	free(s->small_path);
	free(s->dir);
	free(s);
}

void ox_store_refresh(struct ox_store *s)
{
	if (s->index && !ox_records_is_current(s->index)) {
		ox_records_close(s->index);
		s->index = NULL;
	}
	if (s->small && !ox_db_is_current(s->small)) {
		ox_db_close(s->small);
		s->small = NULL;
	}
}

static int write_loose(struct ox_store *s, struct ox_slice bytes, const struct ox_digest *digest, struct ox_err *err)
{
	struct ox_buf path = {0};
	int fd = -1;
	int rc = ox_loose_has(s, digest, err);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = ox_temp_file(s, &path, &fd, err);
	if (rc == 0)
		rc = ox_fs_write_all(fd, bytes.data, bytes.len, err);
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		rc = ox_loose_publish(s, path.data, digest, err);
	else if (fd >= 0)
		unlink(path.data);
	ox_buf_free(&path);
	return rc;
}

int ox_store_put(struct ox_store *s, struct ox_slice bytes, struct ox_digest *digest, struct ox_err *err)
{
	int rc = ox_digest_bytes(bytes, digest, err);
	if (rc == 0)
		rc = ox_lease_enter(s, digest, err);
	if (rc == 0) {
		rc =
		    bytes.len < OX_LOOSE_MIN ? ox_small_put(s, digest, bytes, err) : write_loose(s, bytes, digest, err);
		ox_lease_leave(s, digest, rc == 0);
	}
	if (rc)
		ox_wrap(err, "cannot store an object of %zu bytes in %s", bytes.len, s->dir);
	return rc;
}

int ox_store_put_temp_hashed(struct ox_store *s, const char *path, const struct ox_digest *digest, struct ox_err *err)
{
	int rc = ox_lease_enter(s, digest, err);
	if (rc) {
		unlink(path);
		return rc;
	}
	rc = ox_loose_publish(s, path, digest, err);
	ox_lease_leave(s, digest, rc == 0);
	return rc;
}

/* A temporary file of ours becomes an object. */
static int adopt(struct ox_store *s, int fd, const char *path, struct ox_digest *digest, uint64_t *size,
		 struct ox_err *err)
{
	int rc = lseek(fd, 0, SEEK_SET) == 0 ? ox_digest_fd(fd, digest, size, err)
					     : ox_fail_errno(err, errno, "cannot rewind %s", path);
	if (rc) {
		unlink(path);
		return rc;
	}
	return ox_store_put_temp_hashed(s, path, digest, err);
}

static int put_copy(struct ox_store *s, int from, struct ox_digest *digest, uint64_t *size, struct ox_err *err)
{
	struct ox_buf path = {0};
	int fd = -1;
	int rc = ox_temp_file(s, &path, &fd, err);
	if (rc == 0)
		rc = ox_fs_copy(from, fd, NULL, err);
	/* The copy is hashed, not the file, which its owner may be changing. It may have become small. */
	if (rc == 0)
		rc = adopt(s, fd, path.data, digest, size, err);
	else if (fd >= 0)
		unlink(path.data);
	if (fd >= 0)
		close(fd);
	ox_buf_free(&path);
	return rc;
}

static int put_read(struct ox_store *s, int fd, struct ox_digest *digest, uint64_t *size, struct ox_err *err)
{
	struct ox_buf bytes = {0};
	int rc = ox_fs_read_all(fd, &bytes, err);
	if (rc == 0)
		rc = ox_store_put(s, ox_buf_view(&bytes), digest, err);
	if (rc == 0)
		*size = bytes.len;
	ox_buf_free(&bytes);
	return rc;
}

static int put_open_file(struct ox_store *s, const char *path, bool consume, struct ox_digest *digest, uint64_t *size,
			 struct ox_err *err)
{
	struct stat st;
	int rc = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s", path);
	if (fstat(fd, &st) != 0)
		rc = ox_fail_errno(err, errno, "cannot examine %s", path);
	else if (!S_ISREG(st.st_mode))
		rc = ox_fail(err, OX_EUSAGE, "%s is not a regular file", path);
	else if (st.st_size < OX_LOOSE_MIN)
		rc = put_read(s, fd, digest, size, err);
	else if (consume && st.st_nlink == 1)
		rc = adopt(s, fd, path, digest, size, err);
	else
		rc = put_copy(s, fd, digest, size, err);
	close(fd);
	if (rc)
		ox_wrap(err, "cannot store %s", path);
	return rc;
}

int ox_store_put_file(struct ox_store *s, const char *path, struct ox_digest *digest, uint64_t *size,
		      struct ox_err *err)
{
	uint64_t count = 0;
	int rc = put_open_file(s, path, false, digest, &count, err);
	if (rc == 0 && size)
		*size = count;
	return rc;
}

int ox_store_put_temp(struct ox_store *s, const char *path, struct ox_digest *digest, uint64_t *size,
		      struct ox_err *err)
{
	uint64_t count = 0;
	int rc = put_open_file(s, path, true, digest, &count, err);
	if (rc == 0) {
		unlink(path);
		if (size)
			*size = count;
	}
	return rc;
}

int ox_store_has(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	int rc = ox_lease_enter(s, digest, err);
	if (rc)
		return rc;
	rc = ox_loose_has(s, digest, err);
	if (rc == 0)
		rc = ox_small_has(s, digest, err);
	ox_lease_leave(s, digest, rc == 1);
	return rc;
}

static int absent(const struct ox_digest *digest, struct ox_err *err)
{
	char hex[OX_DIGEST_HEX + 1];
	return ox_fail(err, OX_ENOENT, "object %s is not in the store", ox_digest_hex(digest, hex));
}

static int map_object(int fd, uint64_t size, struct ox_view *view, struct ox_err *err)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return ox_fail_errno(err, errno, "cannot map an object of %llu bytes", (unsigned long long)size);
	*view = (struct ox_view){.data = p, .len = size, .mapping = p, .mapped = true};
	return 0;
}

static int view_small(struct ox_store *s, const struct ox_digest *digest, struct ox_view *view, struct ox_err *err)
{
	struct ox_buf bytes = {0};
	int rc = ox_small_get(s, digest, &bytes, err);
	if (rc == 1) {
		size_t len = bytes.len;
		char *data = ox_buf_steal(&bytes);
		if (data)
			*view = (struct ox_view){.data = data, .len = len, .mapping = data};
		else
			rc = ox_fail_nomem(err, "object");
	}
	ox_buf_free(&bytes);
	return rc;
}

int ox_store_view(struct ox_store *s, const struct ox_digest *digest, struct ox_view *view, struct ox_err *err)
{
	uint64_t size;
	int fd, rc = ox_lease_enter(s, digest, err);
	*view = (struct ox_view){0};
	if (rc)
		return rc;
	rc = ox_loose_open(s, digest, &fd, &size, err);
	if (rc == 1) {
		rc = size ? map_object(fd, size, view, err) : absent(digest, err);
		close(fd);
	} else if (rc == 0) {
		rc = view_small(s, digest, view, err);
		rc = rc == 1 ? 0 : rc == 0 ? absent(digest, err) : rc;
	}
	ox_lease_leave(s, digest, rc == 0);
	return rc;
}

void ox_view_release(struct ox_view *view)
{
	if (view->mapped)
		munmap(view->mapping, view->len);
	else
		free(view->mapping);
	*view = (struct ox_view){0};
}

/* A small object as a file without a name. */
static int spill(struct ox_store *s, const struct ox_digest *digest, int *fd, uint64_t *size, struct ox_err *err)
{
	struct ox_buf bytes = {0};
	int rc = ox_small_get(s, digest, &bytes, err);
	if (rc == 1) {
		*size = bytes.len;
		*fd = memfd_create("object", MFD_CLOEXEC);
		if (*fd < 0)
			rc = ox_fail_errno(err, errno, "cannot make a file in memory");
		else if ((rc = ox_fs_write_all(*fd, bytes.data, bytes.len, err)) == 0 && lseek(*fd, 0, SEEK_SET) != 0)
			rc = ox_fail_errno(err, errno, "cannot rewind a file in memory");
		if (rc && *fd >= 0)
			close(*fd);
	} else if (rc == 0) {
		rc = absent(digest, err);
	}
	ox_buf_free(&bytes);
	return rc;
}

int ox_store_open_object(struct ox_store *s, const struct ox_digest *digest, int *fd, uint64_t *size,
			 struct ox_err *err)
{
	int rc = ox_lease_enter(s, digest, err);
	if (rc)
		return rc;
	rc = ox_loose_open(s, digest, fd, size, err);
	rc = rc == 1 ? 0 : rc == 0 ? spill(s, digest, fd, size, err) : rc;
	ox_lease_leave(s, digest, rc == 0);
	return rc;
}

int ox_store_sync(struct ox_store *s, struct ox_err *err)
{
	int rc = ox_seen_sync(s, err);
	if (rc == 0 && s->small)
		rc = ox_db_checkpoint(s->small, err);
	if (rc == 0 && s->index)
		rc = ox_records_checkpoint(s->index, err);
	return rc;
}
