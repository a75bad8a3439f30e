#include "store/index/sweep.h"

#include "proto/base/clock.h"
#include "store/cas/inside.h"
#include "store/cas/temp.h"
#include "store/fs/dir.h"
#include "store/fs/lock.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY = 24 * 3600, QUARANTINE_DAYS = 7, PARTIAL_DAYS = 7, WHEELS_DAYS = 14 };

/* Records that are younger than their use: their time of use is set when they are written. */
static const struct {
	enum ox_space space;
	uint64_t days;
} lifetimes[] = {{OX_SPACE_FILE, 30}, {OX_SPACE_MEMO, 30}, {OX_SPACE_RUN, 90}, {OX_SPACE_ACTION, 180}};

typedef int visit_fn(struct ox_store *s, const char *path, bool dry_run, struct ox_gc_report *report,
		     struct ox_err *err);

static int visit(struct ox_store *s, const char *folder, visit_fn *fn, bool dry_run, struct ox_gc_report *report,
		 struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = ox_store_path(s, folder, NULL, &path, err);
	DIR *dir = rc ? NULL : opendir(path.data);
	if (rc == 0 && !dir)
		rc = ox_fail_errno(err, errno, "cannot read %s", path.data);
	for (struct dirent *e; rc == 0 && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		rc = ox_store_path(s, folder, e->d_name, &path, err);
		if (rc == 0)
			rc = fn(s, path.data, dry_run, report, err);
	}
	if (dir)
		closedir(dir);
	ox_buf_free(&path);
	return rc;
}

static int sweep_lock(struct ox_store *s, const char *path, bool dry_run, struct ox_gc_report *report,
		      struct ox_err *err)
{
	struct ox_lock lock;
	(void)s;
	if (strcmp(strrchr(path, '/'), "/gc") == 0)
		return 0;
	int rc = dry_run ? 0 : ox_lock_try(path, &lock, err);
	if (rc != 1)
		return rc;
	ox_lock_release(&lock);
	report->locks_removed++;
	return 0;
}

static int sweep_quarantine(struct ox_store *s, const char *path, bool dry_run, struct ox_gc_report *report,
			    struct ox_err *err)
{
	struct stat st;
	time_t now = (time_t)(ox_clock_real() / 1000000000u);
	(void)s;
	if (lstat(path, &st) != 0 || st.st_ctime + (time_t)QUARANTINE_DAYS * DAY > now)
		return 0;
	report->quarantine_removed++;
	return dry_run ? 0 : ox_fs_remove_tree(path, err); /* it may be a tree */
}

/* A download that goes on is written to. */
static int sweep_partial(struct ox_store *s, const char *path, bool dry_run, struct ox_gc_report *report,
			 struct ox_err *err)
{
	struct stat st;
	time_t now = (time_t)(ox_clock_real() / 1000000000u);
	(void)s;
	if (lstat(path, &st) != 0 || st.st_mtime + (time_t)PARTIAL_DAYS * DAY > now)
		return 0;
	report->temp_removed++;
	if (!dry_run && unlink(path) != 0 && errno != ENOENT)
		return ox_fail_errno(err, errno, "cannot remove %s", path);
	return 0;
}

/* Each use sets the folder's time; pip may be at work in a young one. */
static int sweep_wheels(struct ox_store *s, const char *path, bool dry_run, struct ox_gc_report *report,
			struct ox_err *err)
{
	struct stat st;
	time_t now = (time_t)(ox_clock_real() / 1000000000u);
	(void)s;
	if (lstat(path, &st) != 0 || st.st_mtime + (time_t)WHEELS_DAYS * DAY > now)
		return 0;
	report->temp_removed++;
	return dry_run ? 0 : ox_fs_remove_tree(path, err);
}

static int expire(struct ox_store *s, struct ox_gc_report *report, struct ox_err *err)
{
	int rc = ox_store_need_index(s, err);
	if (rc)
		return rc;
	struct ox_records *index = s->index;
	for (size_t i = 0; i < OX_COUNT(lifetimes); i++) {
		uint64_t now = ox_clock_real() / 1000000000u;
		rc = ox_records_expire(index, lifetimes[i].space, now - lifetimes[i].days * DAY, err);
		if (rc == OX_EEXHAUSTED)
			return 0; /* the disk is full: next time */
		if (rc < 0)
			return rc;
		report->records_removed += (uint64_t)rc;
	}
	return 0;
}

int ox_sweep(struct ox_store *s, bool dry_run, struct ox_gc_report *report, struct ox_err *err)
{
	size_t count = 0;
	int rc = ox_temp_sweep(s, dry_run, &count, err);
	report->temp_removed = count;
	if (rc == 0)
		rc = visit(s, "locks", sweep_lock, dry_run, report, err);
	if (rc == 0)
		rc = visit(s, "partial", sweep_partial, dry_run, report, err);
	if (rc == 0)
		rc = visit(s, "wheels", sweep_wheels, dry_run, report, err);
	if (rc == 0)
		rc = visit(s, "quarantine", sweep_quarantine, dry_run, report, err);
	if (rc == 0 && !dry_run)
		rc = expire(s, report, err);
	return rc;
}
