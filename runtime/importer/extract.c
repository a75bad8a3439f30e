#include "runtime/importer/extract.h"

#include "proto/base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A key only has to keep payloads apart: what lies under it is compared with the payload. */
enum { KEY_SAMPLE = 65536 };

void ox_extract_key(const unsigned char *digest, struct ox_slice content, char key[static OX_EXTRACT_KEY])
{
	unsigned char bytes[16];
	bool zero = true;
	for (size_t i = 0; digest && i < sizeof bytes; i++) {
		bytes[i] = digest[i];
		zero = zero && digest[i] == 0;
	}
	if (zero) {
		size_t begin = content.len < KEY_SAMPLE ? content.len : KEY_SAMPLE;
		uint64_t parts[] = {ox_hash_bytes(content.data, begin), content.len};
		memcpy(bytes, parts, sizeof bytes);
	}
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(key + 2 * i, 3, "%02x", bytes[i]);
}

/* A folder that only we can write to, made if absent. */
static int own_folder(const char *path, struct ox_err *err)
{
	struct stat st;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return ox_fail_errno(err, errno, "cannot make %s", path);
	if (lstat(path, &st) != 0)
		return ox_fail_errno(err, errno, "cannot use %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return ox_fail(err, OX_EDENIED, "%s is not a folder that only this user can write to; remove it", path);
	return 0;
}

/* The cache folder: `base` is a variable's value, below it `folders`, each checked. */
static int try_root(struct ox_buf *path, const char *base, const char *const *folders, struct ox_err *err)
{
	int rc = 0;
	if (!base || base[0] != '/')
		return OX_ENOENT;
	ox_buf_clear(path);
	ox_buf_str(path, base);
	for (; *folders && !rc; folders++) {
		ox_buf_printf(path, "/%s", *folders);
		rc = ox_buf_ok(path, "path of the extraction cache", err);
		if (!rc)
			rc = own_folder(path->data, err);
	}
	return rc;
}

static int find_root(struct ox_buf *path, struct ox_err *err)
{
	static const char *const in_cache[] = {"oxidizer", "extracted", NULL};
	static const char *const in_home[] = {".cache", "oxidizer", "extracted", NULL};
	char name[64];
	const char *const in_tmp[] = {name, NULL};
	snprintf(name, sizeof name, "oxidizer-%ju", (uintmax_t)geteuid());
	int rc = try_root(path, getenv("XDG_CACHE_HOME"), in_cache, NULL);
	if (rc < 0)
		rc = try_root(path, getenv("HOME"), in_home, NULL);
	if (rc < 0)
		rc = try_root(path, "/dev/shm", in_tmp, NULL);
	if (rc < 0)
		rc = try_root(path, "/tmp", in_tmp, err);
	return rc;
}

/* *st is from before the content was looked at. */
static bool same_content(const char *path, struct ox_slice content, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool same = false;
	if (fd < 0)
		return false;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && (uint64_t)st->st_size == content.len) {
		void *map = content.len ? mmap(NULL, content.len, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
		same = map != MAP_FAILED && (!content.len || memcmp(map, content.data, content.len) == 0);
		if (map && map != MAP_FAILED)
			munmap(map, content.len);
	}
	close(fd);
	return same;
}

int ox_write_all(int fd, struct ox_slice content)
{
	while (content.len) {
		ssize_t n = write(fd, content.data, content.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		content = ox_slice(content.data + n, content.len - (size_t)n);
	}
	return 0;
}

/* Under a name of its own until it is whole: containers that share the folder have the same process ids. */
static int write_file(const char *path, struct ox_slice content, struct ox_err *err)
{
	struct ox_buf temp = {0};
	ox_buf_printf(&temp, "%s.XXXXXX", path);
	int rc = ox_buf_ok(&temp, path, err);
	int fd = rc ? -1 : mkostemp(temp.data, O_CLOEXEC);
	if (!rc && fd < 0)
		rc = ox_fail_errno(err, errno, "cannot write %s", temp.data);
	if (!rc && (ox_write_all(fd, content) < 0 || fchmod(fd, 0700) != 0))
		rc = ox_fail_errno(err, errno, "cannot write %s", temp.data);
	if (fd >= 0 && close(fd) != 0 && !rc)
		rc = ox_fail_errno(err, errno, "cannot write %s", temp.data);
	if (!rc && rename(temp.data, path) != 0)
		rc = ox_fail_errno(err, errno, "cannot rename %s", temp.data);
	if (rc < 0 && fd >= 0)
		unlink(temp.data);
	ox_buf_free(&temp);
	return rc;
}

/* own_folder, unless it is the last one that was checked or above it. */
static int known_folder(struct ox_extract_folders *f, const struct ox_buf *path, struct ox_err *err)
{
	int rc = ox_buf_ok(path, "path of the extraction cache", err);
	if (rc < 0)
		return rc;
	if (f->last.len >= path->len && memcmp(f->last.data, path->data, path->len) == 0 &&
	    (f->last.len == path->len || f->last.data[path->len] == '/'))
		return 0;
	rc = own_folder(path->data, err);
	if (rc < 0)
		return rc;
	ox_buf_clear(&f->last);
	ox_buf_slice(&f->last, ox_buf_view(path));
	return ox_buf_ok(&f->last, "path of the extraction cache", err);
}

/* The folder of all files with the key. */
static int key_folder(struct ox_extract_folders *f, const char *key, struct ox_buf *path, struct ox_err *err)
{
	int rc = f->root.len ? 0 : find_root(&f->root, err);
	if (rc < 0)
		return rc;
	ox_buf_printf(path, "%s/%s", f->root.data, key);
	return known_folder(f, path, err);
}

/* Adds `name` to the folder in path, making the folders it passes through. */
static int descend(struct ox_extract_folders *f, struct ox_buf *path, const char *name, struct ox_err *err)
{
	for (const char *slash; (slash = strchr(name, '/')); name = slash + 1) {
		ox_buf_printf(path, "/%.*s", (int)(slash - name), name);
		int rc = known_folder(f, path, err);
		if (rc < 0)
			return rc;
	}
	ox_buf_printf(path, "/%s", name);
	return ox_buf_ok(path, "path of the extraction cache", err);
}

/* No empty, "." or ".." component. */
static bool is_plain(const char *name)
{
	for (;;) {
		size_t len = strcspn(name, "/");
		if (len == 0 || (len == 1 && name[0] == '.') || (len == 2 && memcmp(name, "..", 2) == 0))
			return false;
		if (!name[len])
			return true;
		name += len + 1;
	}
}

static bool is_before(struct timespec a, struct timespec b)
{
	return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

static bool is_known(const char *path, struct ox_slice content, const struct ox_extract_stamp *stamp, struct stat *st)
{
	return lstat(path, st) == 0 && S_ISREG(st->st_mode) && (uint64_t)st->st_size == content.len &&
	       is_before(st->st_ctim, stamp->when);
}

static bool is_there(const char *path, struct ox_slice content, struct ox_extract_stamp *stamp, struct stat *st)
{
	if (stamp && is_known(path, content, stamp, st))
		return true;
	if (stamp)
		stamp->is_behind = true;
	return same_content(path, content, st);
}

static uint64_t add_time(uint64_t sum, const struct stat *st)
{
	uint64_t parts[] = {sum, (uint64_t)st->st_ctim.tv_sec, (uint64_t)st->st_ctim.tv_nsec};
	return ox_hash_bytes(parts, sizeof parts);
}

void ox_extract_folders_free(struct ox_extract_folders *f)
{
	ox_buf_free(&f->root);
	ox_buf_free(&f->last);
}

static int extract(struct ox_extract_folders *folders, const struct ox_extract_item *item,
		   struct ox_extract_stamp *stamp, char **path, struct ox_err *err)
{
	struct ox_buf place = {0};
	struct stat st = {0};
	int rc = key_folder(folders, item->key, &place, err);
	if (!rc)
		rc = descend(folders, &place, item->name, err);
	if (!rc && !is_there(place.data, item->content, stamp, &st)) {
		rc = write_file(place.data, item->content, err);
		if (!rc && lstat(place.data, &st) != 0)
			rc = ox_fail_errno(err, errno, "cannot use %s", place.data);
	}
	if (!rc && stamp)
		stamp->sum = add_time(stamp->sum, &st);
	if (!rc && path)
		*path = ox_buf_steal(&place);
	ox_buf_free(&place);
	return rc;
}

/* Somebody may have cleaned the cache up: what was known of it is forgotten then. */
int ox_extract_file(struct ox_extract_folders *folders, const struct ox_extract_item *item,
		    struct ox_extract_stamp *stamp, char **path, struct ox_err *err)
{
	bool knew = folders->root.len > 0;
	if (!is_plain(item->name))
		return ox_fail(err, OX_ECORRUPT, "a packed file is named %s", item->name);
	int rc = extract(folders, item, stamp, path, err);
	if (rc < 0)
		ox_extract_folders_free(folders);
	return rc < 0 && knew ? extract(folders, item, stamp, path, err) : rc;
}

bool ox_extract_known(struct ox_extract_folders *folders, const struct ox_extract_item *item,
		      const struct ox_extract_stamp *stamp, char **path)
{
	struct ox_buf place = {0};
	struct stat st;
	bool known = is_plain(item->name) && key_folder(folders, item->key, &place, NULL) == 0 &&
		     descend(folders, &place, item->name, NULL) == 0 &&
		     is_known(place.data, item->content, stamp, &st) && add_time(0, &st) == stamp->verified;
	if (known)
		*path = ox_buf_steal(&place);
	ox_buf_free(&place);
	return known && *path;
}

/* The path of a stamp, in the folder of its key, which is there then: not beside files deeper down, where packages
 * list their folders. */
static int stamp_path(struct ox_extract_folders *folders, const char *key, const char *name, struct ox_buf *path,
		      struct ox_err *err)
{
	int rc = key_folder(folders, key, path, err);
	ox_buf_str(path, "/.");
	for (; *name; name++)
		ox_buf_byte(path, *name == '/' ? '.' : *name);
	ox_buf_str(path, ".verified");
	return rc ? rc : ox_buf_ok(path, "path of the extraction cache", err);
}

bool ox_extract_stamp_again(struct ox_extract_stamp *stamp)
{
	bool had_stamp = stamp->when.tv_sec || stamp->when.tv_nsec;
	if (!had_stamp || (!stamp->is_behind && stamp->sum == stamp->verified))
		return false;
	*stamp = (struct ox_extract_stamp){.is_behind = true};
	return true;
}

int ox_extract_stamp(struct ox_extract_folders *folders, const char *key, const char *name,
		     struct ox_extract_stamp *out, struct ox_err *err)
{
	struct stat st;
	struct ox_buf path = {0};
	*out = (struct ox_extract_stamp){0};
	int rc = stamp_path(folders, key, name, &path, err);
	int fd = rc ? -1 : open(path.data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    read(fd, &out->verified, sizeof out->verified) == sizeof out->verified)
		out->when = st.st_ctim;
	if (fd >= 0)
		close(fd);
	ox_buf_free(&path);
	return rc;
}

int ox_extract_stamp_renew(struct ox_extract_folders *folders, const char *key, const char *name,
			   const struct ox_extract_stamp *stamp, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = stamp_path(folders, key, name, &path, err);
	if (!rc)
		rc = write_file(path.data, ox_slice((const char *)&stamp->sum, sizeof stamp->sum), err);
	ox_buf_free(&path);
	return rc;
}
