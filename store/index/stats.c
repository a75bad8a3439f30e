#include "store/index/index.h"

#include "store/cas/inside.h"
#include "store/cas/loose.h"
#include "store/cas/small.h"
#include "store/cas/tree.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static int count_loose(void *ctx, const struct ox_digest *digest, const char *name, const struct stat *st)
{
	struct ox_store_stats *stats = ctx;
	(void)name;
	if (digest) {
		stats->loose_objects++;
		stats->loose_bytes += (uint64_t)st->st_size;
	}
	return 0;
}

static int count_small(void *ctx, const struct ox_digest *digest, uint64_t size, uint64_t stored)
{
	struct ox_store_stats *stats = ctx;
	(void)digest;
	stats->small_objects++;
	stats->small_bytes += stored;
	stats->object_bytes += size;
	return 0;
}

static int count_tree(void *ctx, const struct ox_digest *digest, uint64_t bytes, uint64_t made)
{
	struct ox_store_stats *stats = ctx;
	(void)digest;
	(void)made;
	stats->trees++;
	stats->tree_bytes += bytes;
	return 0;
}

static int count_record(void *ctx, const struct ox_record *record)
{
	struct ox_store_stats *stats = ctx;
	stats->actions += record->space == OX_SPACE_ACTION;
	stats->memos += record->space == OX_SPACE_MEMO;
	stats->files += record->space == OX_SPACE_FILE;
	return 0;
}

static uint64_t count_entries(struct ox_store *s, const char *folder)
{
	struct ox_buf path = {0};
	uint64_t count = 0;
	DIR *dir = ox_store_path(s, folder, NULL, &path, NULL) == 0 ? opendir(path.data) : NULL;
	for (struct dirent *e; dir && (e = readdir(dir));)
		count += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	ox_buf_free(&path);
	return count;
}

static void measure_files(struct ox_store *s, struct ox_store_stats *stats)
{
	static const char *const names[] = {"objects.db", "objects.db-wal", "index.db", "index.db-wal"};
	struct statvfs fs;
	struct stat st;
	for (size_t i = 0; i < OX_COUNT(names); i++)
		if (fstatat(s->dir_fd, names[i], &st, 0) == 0)
			stats->database_bytes += (uint64_t)st.st_size;
	if (fstatvfs(s->dir_fd, &fs) == 0)
		stats->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
}

int ox_store_stats(struct ox_store *s, struct ox_store_stats *stats, struct ox_err *err)
{
	*stats = (struct ox_store_stats){0};
	int rc = ox_store_need_index(s, err);
	if (rc)
		return rc;
	struct ox_records *index = s->index;
	rc = ox_loose_each(s, count_loose, stats, err);
	if (rc == 0)
		rc = ox_small_each(s, count_small, stats, err);
	if (rc == 0)
		rc = ox_tree_each(s, count_tree, stats, err);
	if (rc == 0)
		rc = ox_records_each(index, -1, count_record, stats, err);
	if (rc)
		return rc;
	stats->objects = stats->loose_objects + stats->small_objects;
	stats->object_bytes += stats->loose_bytes;
	stats->quarantined = count_entries(s, "quarantine");
	stats->leases = count_entries(s, "leases");
	measure_files(s, stats);
	return 0;
}
