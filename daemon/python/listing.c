#include "daemon/python/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 64 };

/* The folders that are being listed, outermost last: finds links to an ancestor. */
struct ancestor {
	const struct ancestor *outer;
	dev_t device;
	ino_t inode;
	unsigned depth;
};

struct lister {
	struct ox_arena *arena;
	ox_listing_skip *skip;
	void *skip_ctx;
	struct ox_listing *out;
	struct ox_err *err;
};

struct names {
	OX_VEC(char *) v;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(struct lister *l, DIR *dir, const char *path, struct names *names)
{
	for (;;) {
		errno = 0;
		struct dirent *d = readdir(dir);
		if (!d)
			return errno ? ox_fail_errno(l->err, errno, "cannot list %s/%s", l->out->root, path) : 0;
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		char **slot = ox_vec_push(&names->v);
		if (!slot || !(*slot = ox_arena_str(l->arena, d->d_name)))
			return ox_fail_nomem(l->err, "listing a folder");
	}
}

static uint64_t nanoseconds(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int add_entry(struct lister *l, const char *path, const struct stat *st)
{
	struct ox_file_entry *e = ox_vec_push(&l->out->v);
	if (!e)
		return ox_fail_nomem(l->err, "listing a folder");
	*e = (struct ox_file_entry){
		.path = ox_slice_str(path),
		.is_dir = S_ISDIR(st->st_mode),
		.is_executable = S_ISREG(st->st_mode) && (st->st_mode & 0100),
		.size = (uint64_t)st->st_size,
		.device = (uint64_t)st->st_dev,
		.inode = (uint64_t)st->st_ino,
		.mtime_ns = nanoseconds(st->st_mtim),
		.ctime_ns = nanoseconds(st->st_ctim),
	};
	return 0;
}

static bool is_ancestor(const struct ancestor *chain, const struct stat *st)
{
	for (; chain; chain = chain->outer)
		if (chain->device == st->st_dev && chain->inode == st->st_ino)
			return true;
	return false;
}

static int list_folder(struct lister *l, int parent, const char *name, const char *path,
		       const struct ancestor *outer);

static int list_entry(struct lister *l, int fd, const char *name, const char *folder, const struct ancestor *chain)
{
	struct stat st;
	if (fstatat(fd, name, &st, 0) != 0)
		return 0; /* a broken link, or gone since */
	bool is_dir = S_ISDIR(st.st_mode);
	if (!is_dir && !S_ISREG(st.st_mode))
		return 0;
	const char *path = *folder ? ox_arena_printf(l->arena, "%s/%s", folder, name) : name;
	if (!path)
		return ox_fail_nomem(l->err, "listing a folder");
	if ((l->skip && l->skip(l->skip_ctx, path, name, is_dir)) || (is_dir && is_ancestor(chain, &st)))
		return 0;
	int rc = add_entry(l, path, &st);
	return rc || !is_dir ? rc : list_folder(l, fd, name, path, chain);
}

static int list_folder(struct lister *l, int parent, const char *name, const char *path,
		       const struct ancestor *outer)
{
	struct names names = {0};
	DIR *dir = NULL;
	struct stat st;
	int rc = 0;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || !(dir = fdopendir(fd))) {
		rc = ox_fail_errno(l->err, errno, "cannot read folder %s%s%s", l->out->root, *path ? "/" : "", path);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	struct ancestor self = {outer, st.st_dev, st.st_ino, outer ? outer->depth + 1 : 0};
	if (self.depth > MAX_DEPTH)
		rc = ox_fail(l->err, OX_EUSAGE, "%s/%s is nested more than %d folders deep", l->out->root, path,
			     MAX_DEPTH);
	if (!rc)
		rc = read_names(l, dir, path, &names);
	if (!rc && names.v.len)
		qsort(names.v.items, names.v.len, sizeof *names.v.items, compare_names);
	for (size_t i = 0; !rc && i < names.v.len; i++)
		rc = list_entry(l, fd, names.v.items[i], path, &self);
	ox_vec_free(&names.v);
	closedir(dir);
	return rc;
}

int ox_listing_read(struct ox_arena *arena, const char *root, ox_listing_skip *skip, void *skip_ctx,
		    struct ox_listing *out, struct ox_err *err)
{
	*out = (struct ox_listing){.root = ox_arena_str(arena, root)};
	if (!out->root)
		return ox_fail_nomem(err, "listing a folder");
	struct lister l = {arena, skip, skip_ctx, out, err};
	int rc = list_folder(&l, AT_FDCWD, root, "", NULL);
	if (rc)
		ox_vec_free(&out->v);
	return rc;
}
