#include "daemon/bundle/tree.h"

#include "daemon/bundle/copy.h"
#include "store/fs/dir.h"
#include "store/fs/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

struct publish {
	struct ox_build_context *ctx;
	struct ox_tree *tree;
	const char *dir;    /* the destination */
	const char *parent; /* folder that holds it, and the lock */
	const char *fresh;  /* what is being written */
};

static int plan(struct publish *p, struct ox_err *err)
{
	const char *slash = strrchr(p->dir, '/');
	if (p->dir[0] != '/' || !slash || !slash[1] || slash == p->dir)
		return ox_fail(err, OX_EUSAGE, "\"%s\" cannot be an output folder", p->dir);
	p->parent = ox_arena_printf(p->ctx->arena, "%.*s", (int)(slash - p->dir), p->dir);
	p->fresh = p->parent ? ox_arena_printf(p->ctx->arena, "%s/.%s.new", p->parent, slash + 1) : NULL;
	return p->fresh ? 0 : ox_fail_nomem(err, "output folder");
}

/* The object of a file's content; what was scanned from a path must still be there. */
static int object_of(struct publish *p, const struct ox_tree_file *file, struct ox_err *err)
{
	struct ox_digest digest;
	uint64_t size;
	if (!file->blob.path)
		return 0;
	int rc = ox_store_put_file(ox_actions_store(p->ctx->actions), file->blob.path, &digest, &size, err);
	if (!rc && !ox_digest_eq(&digest, &file->blob.digest))
		rc = ox_fail(err, OX_EBUILD, "%s was changed during the build: build again", file->blob.path);
	return rc;
}

static int copy_object(struct publish *p, const struct ox_tree_file *file, int out, struct ox_err *err)
{
	int in;
	uint64_t size;
	int rc = object_of(p, file, err);
	if (!rc)
		rc = ox_store_open_object(ox_actions_store(p->ctx->actions), &file->blob.digest, &in, &size, err);
	if (rc)
		return rc;
	rc = ox_copy_at(in, 0, out, 0, size, err);
	close(in);
	return rc;
}

static int write_file(struct publish *p, const struct ox_tree_file *file, struct ox_err *err)
{
	char path[PATH_MAX];
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", p->fresh, file->path) >= sizeof(path))
		return ox_fail(err, OX_EUSAGE, "%s/%s: the path is too long", p->dir, file->path);
	char *slash = strrchr(path, '/');
	*slash = '\0';
	int rc = ox_fs_mkdirs(path, 0777, err);
	*slash = '/';
	if (rc)
		return rc;
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode & 0111 ? 0777 : 0666);
	if (out < 0)
		return ox_fail_errno(err, errno, "cannot create %s", path);
	rc = copy_object(p, file, out, err);
	if (close(out) != 0 && !rc)
		rc = ox_fail_errno(err, errno, "cannot write %s", path);
	return rc ? ox_wrap(err, "cannot write %s/%s", p->dir, file->path) : 0;
}

static int write_fresh(struct publish *p, struct ox_err *err)
{
	int rc = ox_fs_remove_tree(p->fresh, err); /* of a build that was killed */
	if (!rc)
		rc = ox_fs_mkdirs(p->fresh, 0777, err);
	for (size_t i = 0; !rc && i < p->tree->v.len; i++)
		rc = write_file(p, &p->tree->v.items[i], err);
	return rc;
}

/* Puts the fresh folder in place of the old one, which then has the fresh one's name. */
static int swap(struct publish *p, struct ox_err *err)
{
	struct stat st;
	if (lstat(p->dir, &st) != 0)
		return rename(p->fresh, p->dir) == 0 ? 0 : ox_fail_errno(err, errno, "cannot create %s", p->dir);
	if (!S_ISDIR(st.st_mode))
		return ox_fail(err, OX_EUSAGE, "%s is in the way: it is not a folder", p->dir);
	if (renameat2(AT_FDCWD, p->fresh, AT_FDCWD, p->dir, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return ox_fail_errno(err, errno, "cannot replace %s", p->dir);
	/* No exchange on this file system: the old folder steps aside. */
	const char *old = ox_arena_printf(p->ctx->arena, "%s.old", p->fresh);
	if (!old)
		return ox_fail_nomem(err, "output folder");
	int rc = ox_fs_remove_tree(old, err);
	if (rc)
		return rc;
	if (rename(p->dir, old) != 0)
		return ox_fail_errno(err, errno, "cannot replace %s", p->dir);
	if (rename(p->fresh, p->dir) != 0) {
		rc = ox_fail_errno(err, errno, "cannot replace %s", p->dir);
		rename(old, p->dir);
		return rc;
	}
	return ox_fs_remove_tree(old, err);
}

static int check_cancel(void *ctx, struct ox_err *err)
{
	return ox_actions_check_cancel(ctx, err);
}

static int replace(struct publish *p, struct ox_err *err)
{
	struct ox_lock lock = OX_LOCK_NONE;
	const char *path = ox_arena_printf(p->ctx->arena, "%s/.oxidizer.lock", p->parent);
	if (!path)
		return ox_fail_nomem(err, "output folder");
	int rc = ox_fs_mkdirs(p->parent, 0777, err);
	if (!rc)
		rc = ox_lock_wait(path, check_cancel, p->ctx->actions, &lock, NULL, err);
	if (rc)
		return rc;
	rc = write_fresh(p, err);
	if (!rc)
		rc = swap(p, err);
	int removed = ox_fs_remove_tree(p->fresh, rc ? NULL : err);
	ox_lock_release(&lock);
	return rc ? rc : removed;
}

static void record_folders(struct publish *p, char *path)
{
	for (char *slash = strrchr(path, '/'); slash && (size_t)(slash - path) >= strlen(p->dir);
	     slash = strrchr(path, '/')) {
		*slash = '\0';
		ox_memo_output_dir(p->ctx->memo, path);
	}
}

static int record(struct publish *p, struct ox_err *err)
{
	ox_memo_output_dir(p->ctx->memo, p->dir);
	const char *last = "";
	for (size_t i = 0; i < p->tree->v.len; i++) {
		const struct ox_tree_file *file = &p->tree->v.items[i];
		struct stat st;
		char *path = ox_arena_printf(p->ctx->arena, "%s/%s", p->dir, file->path);
		if (!path)
			return ox_fail_nomem(err, "output folder");
		if (stat(path, &st) != 0)
			return ox_fail_errno(err, errno, "cannot read %s", path);
		ox_memo_output(p->ctx->memo, path, &file->blob.digest, (uint64_t)st.st_size, st.st_mode & 07777);
		const char *slash = strrchr(file->path, '/');
		size_t n = slash ? (size_t)(slash - file->path) : 0;
		if (n && (strncmp(last, file->path, n) != 0 || last[n] != '/'))
			record_folders(p, path);
		last = file->path;
	}
	return 0;
}

int ox_tree_publish(struct ox_build_context *ctx, struct ox_tree *t, const char *dir, struct ox_err *err)
{
	struct publish p = {.ctx = ctx, .tree = t, .dir = dir};
	int rc = plan(&p, err);
	if (!rc)
		rc = ox_tree_sort(t, err);
	if (!rc)
		rc = replace(&p, err);
	return rc ? rc : record(&p, err);
}
