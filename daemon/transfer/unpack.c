#include "daemon/transfer/unpack.h"

#include "daemon/transfer/libarchive.h"
#include "daemon/transfer/members.h"
#include "store/cas/tree.h"
#include "store/digest/digest.h"
#include "store/fs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 128 * 1024, TICK_BYTES = 4 << 20, MOST_RATIO = 200, RATIO_FROM = 64 << 20 };

static const uint64_t default_bytes = 4ull << 30, default_members = 200000;

struct unpacking {
	const struct ox_archive_unpack *u;
	struct ox_libarchive lib;
	struct archive *archive;
	int root;
	struct ox_members members;
	struct ox_hasher *hasher;
	char *block;
	uint64_t bytes, most_bytes, most_members, ticked;
};

static int fail_archive(struct unpacking *p, struct ox_err *err)
{
	const char *why = p->lib.error_string(p->archive);
	return ox_fail(err, OX_ECORRUPT, "it is truncated or no %s (%s): download it again",
		       p->u->is_zip ? "zip archive" : "tar archive compressed with zstd, gzip or xz",
		       why ? why : "no reason given");
}

static int refuse(struct ox_slice path, const char *why, struct ox_err *err)
{
	return ox_fail(err, OX_EPOLICY, "the member \"%.*s\" %s", OX_SLICE_ARG(path), why);
}

static int tick(struct unpacking *p, struct ox_err *err)
{
	uint64_t read = (uint64_t)p->lib.filter_bytes(p->archive, -1);
	if (p->bytes > p->most_bytes)
		return ox_fail(err, OX_EPOLICY, "it unpacks to more than %llu bytes",
			       (unsigned long long)p->most_bytes);
	if (p->bytes > RATIO_FROM && p->bytes / MOST_RATIO > read)
		return ox_fail(err, OX_EPOLICY, "it unpacks to more than %d times its size", MOST_RATIO);
	if (p->members.all.len > p->most_members)
		return ox_fail(err, OX_EPOLICY, "it has more than %llu members", (unsigned long long)p->most_members);
	return p->u->tick ? p->u->tick(p->u->ctx, read, err) : 0;
}

static int add(struct unpacking *p, const struct ox_tree_entry *entry, struct ox_err *err)
{
	int rc = ox_members_add(&p->members, entry, err);
	return rc ? rc : tick(p, err);
}

static int fail_make(struct ox_slice path, struct ox_err *err)
{
	if (errno == EEXIST)
		return refuse(path, "has the name of another on this file system, which does not tell upper from "
				    "lower case: keep the store on one that does", err);
	return ox_fail_errno(err, errno, "cannot make %.*s", OX_SLICE_ARG(path));
}

static int make_folder(struct unpacking *p, struct ox_slice path, struct ox_err *err)
{
	const struct ox_tree_entry *there = ox_members_find(&p->members, path);
	if (!path.len || (there && there->kind == 'd'))
		return 0;
	if (there)
		return refuse(path, "is a file or link, and a folder of the same name is needed", err);
	if (mkdirat(p->root, path.data, 0700) != 0)
		return fail_make(path, err);
	return add(p, &(struct ox_tree_entry){.kind = 'd', .path = path}, err);
}

static int make_parents(struct unpacking *p, struct ox_slice path, struct ox_err *err)
{
	int rc = 0;
	for (size_t i = 1; !rc && i < path.len; i++) {
		if (path.data[i] != '/')
			continue;
		struct ox_slice parent = ox_arena_slice(&p->members.arena, ox_slice(path.data, i));
		rc = parent.data ? make_folder(p, parent, err) : ox_fail_nomem(err, "an archive's members");
	}
	return rc;
}

static int write_data(struct unpacking *p, int fd, struct ox_tree_entry *e, struct ox_slice data, struct ox_err *err)
{
	e->size += data.len;
	p->bytes += data.len;
	int rc = ox_hasher_add(p->hasher, data.data, data.len, err);
	if (!rc && (p->bytes > p->most_bytes || p->bytes - p->ticked > TICK_BYTES)) {
		p->ticked = p->bytes;
		rc = tick(p, err);
	}
	return rc ? rc : ox_fs_write_all(fd, data.data, data.len, err);
}

static int append_text(struct unpacking *p, int fd, struct ox_tree_entry *e, struct ox_err *err)
{
	struct ox_slice text = p->u->append ? p->u->append->text(e->path) : (struct ox_slice){0};
	return text.len ? write_data(p, fd, e, text, err) : 0;
}

static int copy_data(struct unpacking *p, int fd, struct ox_tree_entry *e, struct ox_err *err)
{
	for (;;) {
		la_ssize_t n = p->lib.read_data(p->archive, p->block, BLOCK);
		if (n < 0)
			return fail_archive(p, err);
		if (n == 0)
			return 0;
		int rc = write_data(p, fd, e, ox_slice(p->block, (size_t)n), err);
		if (rc)
			return rc;
	}
}

static int make_file(struct unpacking *p, struct archive_entry *entry, struct ox_slice path, struct ox_err *err)
{
	bool executable = p->lib.entry_perm(entry) & 0100;
	struct ox_tree_entry e = {.kind = executable ? 'x' : 'f', .path = path};
	const struct timespec times[2] = {{.tv_sec = OX_TREE_TIME}, {.tv_sec = OX_TREE_TIME}};
	int fd = openat(p->root, path.data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_make(path, err);
	int rc = copy_data(p, fd, &e, err);
	if (!rc)
		rc = append_text(p, fd, &e, err);
	if (!rc)
		rc = ox_hasher_finish(p->hasher, &e.digest, err);
	if (!rc && (futimens(fd, times) != 0 || fchmod(fd, executable ? 0555 : 0444) != 0))
		rc = ox_fail_errno(err, errno, "cannot finish %s", path.data);
	close(fd);
	return rc ? rc : add(p, &e, err);
}

static int make_hard_link(struct unpacking *p, const char *to, struct ox_slice path, struct ox_err *err)
{
	struct ox_slice from;
	int rc = ox_member_name(&p->members, to, &from, err);
	if (rc)
		return rc;
	const struct ox_tree_entry *target = ox_members_find(&p->members, from);
	if (!target || (target->kind != 'f' && target->kind != 'x'))
		return refuse(path, "is a hard link to what is no file before it", err);
	struct ox_tree_entry e = *target;
	e.path = path;
	if (linkat(p->root, from.data, p->root, path.data, 0) != 0)
		return fail_make(path, err);
	return add(p, &e, err);
}

/* Known now, made at the end. */
static int note_link(struct unpacking *p, const char *to, struct ox_slice path, struct ox_err *err)
{
	struct ox_slice target = ox_arena_slice(&p->members.arena, ox_slice_str(to ? to : ""));
	if (!target.data)
		return ox_fail_nomem(err, "an archive's members");
	return add(p, &(struct ox_tree_entry){.kind = 'l', .path = path, .target = target}, err);
}

static const char *text_of(const char *plain, const char *utf8)
{
	return plain ? plain : utf8; /* what this process's locale cannot spell comes as UTF-8 only */
}

static int take_member(struct unpacking *p, struct archive_entry *entry, struct ox_err *err)
{
	struct ox_slice path;
	const char *name = text_of(p->lib.entry_pathname(entry), p->lib.entry_pathname_utf8(entry));
	const char *hard = text_of(p->lib.entry_hardlink(entry), p->lib.entry_hardlink_utf8(entry));
	int rc = ox_member_name(&p->members, name ? name : "", &path, err);
	if (!rc)
		rc = make_parents(p, path, err);
	if (rc)
		return rc;
	bool is_folder = !hard && p->lib.entry_filetype(entry) == AE_IFDIR;
	if (is_folder)
		return make_folder(p, path, err);
	if (!path.len)
		return ox_fail(err, OX_EPOLICY, "a member that is no folder has no name");
	if (ox_members_find(&p->members, path))
		return refuse(path, "is there twice", err);
	if (hard)
		return make_hard_link(p, hard, path, err);
	switch (p->lib.entry_filetype(entry)) {
	case AE_IFREG:
		return make_file(p, entry, path, err);
	case AE_IFLNK:
		return note_link(p, text_of(p->lib.entry_symlink(entry), p->lib.entry_symlink_utf8(entry)), path, err);
	default:
		return refuse(path, "is a device, FIFO or socket", err);
	}
}

static int take_members(struct unpacking *p, struct ox_err *err)
{
	for (;;) {
		struct archive_entry *entry;
		int got = p->lib.read_next_header(p->archive, &entry);
		if (got == ARCHIVE_EOF && p->members.all.len)
			return 0;
		/* A warning is about what is not taken over, or about a name, which is looked at. */
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return fail_archive(p, err);
		int rc = take_member(p, entry, err);
		if (rc)
			return rc;
	}
}

static int make_links(struct unpacking *p, struct ox_err *err)
{
	int rc = ox_members_check_links(&p->members, err);
	for (size_t i = 0; !rc && i < p->members.all.len; i++) {
		const struct ox_tree_entry *e = &p->members.all.items[i];
		if (e->kind == 'l' && symlinkat(e->target.data, p->root, e->path.data) != 0)
			rc = fail_make(e->path, err);
	}
	return rc;
}

static int close_folders(struct unpacking *p, struct ox_err *err)
{
	for (size_t i = 0; i < p->members.all.len; i++) {
		const struct ox_tree_entry *e = &p->members.all.items[i];
		if (e->kind == 'd' && fchmodat(p->root, e->path.data, 0555, 0) != 0)
			return ox_fail_errno(err, errno, "cannot finish %s", e->path.data);
	}
	return fchmod(p->root, 0555) == 0 ? 0 : ox_fail_errno(err, errno, "cannot finish a folder");
}

static int open_archive(struct unpacking *p, struct ox_err *err)
{
	p->archive = p->lib.read_new();
	p->block = malloc(BLOCK);
	if (!p->archive || !p->block)
		return ox_fail_nomem(err, "unpacking an archive");
	if (p->u->is_zip) {
		p->lib.read_support_format_zip(p->archive);
	} else {
		p->lib.read_support_filter_zstd(p->archive);
		p->lib.read_support_filter_gzip(p->archive);
		p->lib.read_support_filter_xz(p->archive);
		p->lib.read_support_format_tar(p->archive);
	}
	int rc = p->u->fd >= 0 ? p->lib.read_open_fd(p->archive, p->u->fd, BLOCK)
			       : p->lib.read_open_memory(p->archive, p->u->bytes.data, p->u->bytes.len);
	return rc == ARCHIVE_OK ? ox_hasher_new(&p->hasher, err) : fail_archive(p, err);
}

int ox_archive_unpack(const struct ox_archive_unpack *u, const char *folder, struct ox_buf *manifest,
		      struct ox_err *err)
{
	struct unpacking p = {.u = u, .root = -1};
	p.most_bytes = u->most_bytes ? u->most_bytes : default_bytes;
	p.most_members = u->most_members ? u->most_members : default_members;
	int rc = ox_libarchive_load(&p.lib, err);
	if (!rc && (p.root = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		rc = ox_fail_errno(err, errno, "cannot open %s", folder);
	if (!rc)
		rc = open_archive(&p, err);
	if (!rc)
		rc = take_members(&p, err);
	if (!rc)
		rc = make_links(&p, err);
	if (!rc)
		rc = close_folders(&p, err);
	if (!rc)
		rc = ox_manifest_write(p.members.all.items, p.members.all.len, manifest, err);
	ox_hasher_free(p.hasher);
	if (p.archive)
		p.lib.read_free(p.archive);
	free(p.block);
	if (p.root >= 0)
		close(p.root);
	ox_members_free(&p.members);
	return rc;
}
