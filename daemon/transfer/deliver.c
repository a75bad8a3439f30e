#include "daemon/transfer/deliver.h"

#include "daemon/transfer/unpack.h"
#include "store/cas/manifest.h"
#include "store/fs/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Unpacked files are read-only. */
static int make_writable(int root, struct ox_slice manifest, struct ox_err *err)
{
	uint64_t bytes, count;
	struct ox_tree_entry e;
	if (fchmod(root, 0755) != 0 || !ox_manifest_head(&manifest, &bytes, &count))
		return ox_fail_errno(err, errno, "cannot make the files writable");
	while (ox_manifest_next(&manifest, &e) == 1) {
		char path[4096];
		snprintf(path, sizeof path, "%.*s", OX_SLICE_ARG(e.path));
		if (e.kind != 'l' && fchmodat(root, path, e.kind == 'f' ? 0644 : 0755, 0) != 0)
			return ox_fail_errno(err, errno, "cannot make %s writable", path);
	}
	return 0;
}

/* The entries at the top into the folder; what is there stays. */
static int move_all(int from, const char *from_path, int to, const char *to_path, struct ox_err *err)
{
	struct ox_buf names = {0};
	int rc = ox_fs_list(from_path, &names, err);
	for (size_t at = 0; !rc && at < names.len; at += strlen(names.data + at) + 1) {
		const char *name = names.data + at + 1;
		if (renameat2(from, name, to, name, RENAME_NOREPLACE) == 0)
			continue;
		rc = errno == EEXIST ? ox_fail(err, OX_EUSAGE, "%s/%s is there already: choose another folder", to_path,
					       name)
				     : ox_fail_errno(err, errno, "cannot write %s/%s", to_path, name);
	}
	ox_buf_free(&names);
	return rc;
}

static int unpack_beside(const char *url, const struct ox_archive_unpack *u, const char *temp, const char *folder,
			 struct ox_err *err)
{
	struct ox_buf manifest = {0};
	int from = -1, to = -1, rc = ox_archive_unpack(u, temp, &manifest, err);
	if (rc)
		rc = ox_wrap(err, "cannot unpack %s", url);
	if (!rc && ((from = open(temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
		    (to = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0))
		rc = ox_fail_errno(err, errno, "cannot open %s", folder);
	if (!rc)
		rc = make_writable(from, ox_buf_view(&manifest), err);
	if (!rc)
		rc = move_all(from, temp, to, folder, err);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	ox_buf_free(&manifest);
	return rc;
}

static int check_cancel(void *ctx, uint64_t done, struct ox_err *err)
{
	(void)done;
	return ox_actions_check_cancel(ctx, err);
}

int ox_archive_deliver(struct ox_actions *actions, struct ox_arena *arena, const struct ox_fetch *from,
		       const char *folder, struct ox_err *err)
{
	struct ox_archive_unpack u = {.fd = -1, .tick = check_cancel, .ctx = actions};
	uint64_t size;
	char *temp = ox_arena_printf(arena, "%s/.oxidizer-XXXXXX", folder);
	bool is_new = access(folder, F_OK) != 0;
	int rc = temp ? ox_fetch(actions, arena, from, err) : ox_fail_nomem(err, "unpacking an archive");
	if (!rc)
		rc = ox_fs_mkdirs(folder, 0755, err);
	if (!rc && !mkdtemp(temp))
		rc = ox_fail_errno(err, errno, "cannot write to %s", folder);
	if (rc)
		return rc;
	rc = ox_store_open_object(ox_actions_store(actions), &from->sha256, &u.fd, &size, err);
	if (!rc)
		rc = unpack_beside(from->url, &u, temp, folder, err);
	if (u.fd >= 0)
		close(u.fd);
	(void)ox_fs_remove_tree(temp, NULL);
	if (rc && is_new)
		(void)rmdir(folder);
	return rc;
}
