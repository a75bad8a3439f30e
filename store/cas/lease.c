#include "store/cas/lease.h"

#include "proto/base/clock.h"
#include "store/cas/inside.h"
#include "store/cas/seen.h"
#include "store/fs/file.h"
#include "store/fs/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static int gc_lock(struct ox_store *s, int mode, struct ox_err *err)
{
	if (s->lease.gc_fd >= 0)
		return ox_lock_shared_file("", &s->lease.gc_fd, mode, err);
	struct ox_buf path = {0};
	int rc = ox_store_path(s, "locks", "gc", &path, err);
	if (rc == 0)
		rc = ox_lock_shared_file(path.data, &s->lease.gc_fd, mode, err);
	ox_buf_free(&path);
	return rc;
}

static int open_lease(struct ox_store *s, const char *path, struct ox_err *err)
{
	/* Under the shared side, so that no gc sees the file between open and flock. */
	int rc = gc_lock(s, LOCK_SH, err);
	if (rc)
		return rc;
	s->lease.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	if (s->lease.fd < 0)
		rc = ox_fail_errno(err, errno, "cannot make the lease %s", path);
	else if (flock(s->lease.fd, LOCK_EX | LOCK_NB) != 0)
		rc = ox_fail_errno(err, errno, "cannot lock the lease %s", path);
	ox_lock_drop(s->lease.gc_fd);
	return rc;
}

int ox_lease_take(struct ox_store *s, struct ox_err *err)
{
	struct ox_buf path = {0};
	char name[64];
	if (s->lease.holders > 0) {
		s->lease.holders++;
		return 0;
	}
	snprintf(name, sizeof name, "%ld-%llx", (long)getpid(), (unsigned long long)ox_clock_mono());
	int rc = ox_store_path(s, "leases", name, &path, err);
	if (rc == 0)
		rc = open_lease(s, path.data, err);
	if (rc == 0) {
		s->lease.path = ox_buf_steal(&path);
		s->lease.holders = 1;
		s->lease.generation++;
	} else if (s->lease.fd >= 0) {
		unlink(path.data);
		close(s->lease.fd);
		s->lease.fd = -1;
	}
	ox_buf_free(&path);
	return rc;
}

void ox_lease_release(struct ox_store *s)
{
	if (s->lease.holders == 0 || --s->lease.holders > 0)
		return;
	unlink(s->lease.path);
	close(s->lease.fd);
	free(s->lease.path);
	s->lease.path = NULL;
	s->lease.fd = -1;
}

int ox_lease_enter(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err)
{
	if (s->lease.holders == 0 || ox_seen_leased(s, digest))
		return 0;
	int rc = gc_lock(s, LOCK_SH, err);
	if (rc)
		return rc;
	rc = ox_fs_write_all(s->lease.fd, digest->bytes, OX_DIGEST_SIZE, err);
	if (rc) {
		ox_wrap(err, "lease %s", s->lease.path);
		ox_lock_drop(s->lease.gc_fd);
	}
	s->lease.entered = rc == 0;
	return rc;
}

void ox_lease_leave(struct ox_store *s, const struct ox_digest *digest, bool present)
{
	if (!s->lease.entered)
		return;
	ox_lock_drop(s->lease.gc_fd);
	s->lease.entered = false;
	if (present)
		ox_seen_set_leased(s, digest);
}

int ox_lease_block(struct ox_store *s, struct ox_err *err)
{
	return gc_lock(s, LOCK_EX, err);
}

void ox_lease_unblock(struct ox_store *s)
{
	ox_lock_drop(s->lease.gc_fd);
}

static int read_lease(int fd, struct ox_map *leased, struct ox_arena *arena, struct ox_err *err)
{
	struct ox_buf list = {0};
	int rc = ox_fs_read_all(fd, &list, err);
	for (size_t at = 0; rc == 0 && at + OX_DIGEST_SIZE <= list.len; at += OX_DIGEST_SIZE) {
		struct ox_slice key = ox_slice(list.data + at, OX_DIGEST_SIZE);
		if (ox_map_find(leased, key))
			continue;
		key = ox_arena_slice(arena, key);
		if (!key.data || !ox_map_put(leased, key, NULL))
			rc = ox_fail_nomem(err, "leases");
	}
	ox_buf_free(&list);
	return rc;
}

static int collect_one(const char *path, struct ox_map *leased, struct ox_arena *arena, struct ox_err *err)
{
	int rc = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : ox_fail_errno(err, errno, "cannot read the lease %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlink(path); /* its holder is dead */
	else
		rc = read_lease(fd, leased, arena, err);
	close(fd);
	return rc;
}

int ox_lease_collect(struct ox_store *s, struct ox_map *leased, struct ox_arena *arena, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = ox_store_path(s, "leases", NULL, &path, err);
	DIR *dir = rc ? NULL : opendir(path.data);
	if (rc == 0 && !dir)
		rc = ox_fail_errno(err, errno, "cannot read %s", path.data);
	for (struct dirent *e; rc == 0 && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		rc = ox_store_path(s, "leases", e->d_name, &path, err);
		if (rc == 0)
			rc = collect_one(path.data, leased, arena, err);
	}
	if (dir)
		closedir(dir);
	ox_buf_free(&path);
	return rc;
}
