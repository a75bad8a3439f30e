#include "daemon/action/memo.h"

#include "daemon/action/memo_event.h"
#include "daemon/action/memo_form.h"
#include "daemon/action/memo_restore.h"
#include "proto/base/clock.h"
#include "store/fs/dir.h"
#include "store/fs/lock.h"
#include "store/fs/near.h"
#include "store/index/files.h"
#include "store/index/index.h"

#include <errno.h>
#include <stdarg.h>

enum { USE_GRAIN = 24 * 3600 };
enum { CHECK_AGAIN = 2 }; /* beside 0 and 1: the outputs are locked now */

struct check {
	struct ox_store *store;
	struct ox_buf record;
	struct ox_buf *why; /* may be NULL */
	bool patched;       /* the record was brought up to date and is to be written */
	bool use;           /* the outputs' objects are to be marked as used */
	struct ox_reader items;
	uint32_t item_count;
	struct ox_near near;
	struct ox_lock lock; /* of the outputs' folder; held while something is put back */
};

/* Says why not; 0. */
static int OX_PRINTF(2, 3) changed(struct check *c, const char *fmt, ...)
{
	va_list ap;
	if (!c->why)
		return 0;
	va_start(ap, fmt);
	ox_buf_clear(c->why);
	ox_buf_vprintf(c->why, fmt, ap);
	va_end(ap);
	return 0;
}

static void patch(struct check *c, const struct ox_reader *item_start, const struct ox_signature *now, uint64_t time)
{
	ox_memo_patch_signature(c->record.data + ((const char *)item_start->at - c->record.data), now, time);
	c->patched = true;
}

/* The signature is the recorded one, and old enough to say something. */
static bool trusted(const struct ox_memo_item *item, const struct ox_signature *found)
{
	return ox_signature_eq(&item->signature, found) && !ox_signature_racy(found, item->checked);
}

static int check_file(struct check *c, const struct ox_memo_item *item, const struct ox_reader *start)
{
	struct stat st;
	struct ox_digest digest;
	struct ox_signature found;
	uint64_t now = ox_clock_real();
	if (ox_near_stat(&c->near, item->path, &st) != 0)
		return changed(c, "%s cannot be read any more: %s", item->path, strerror(errno));
	found = ox_signature_of(&st);
	if (trusted(item, &found))
		return 1;
	if (ox_files_digest(c->store, item->path, &digest, &found, NULL) != 0 || !ox_digest_eq(&digest, &item->digest))
		return changed(c, "%s changed", item->path);
	patch(c, start, &found, now);
	return 1;
}

static int check_absent(struct check *c, const struct ox_memo_item *item)
{
	struct stat st;
	if (ox_near_stat(&c->near, item->path, &st) == 0)
		return changed(c, "%s appeared", item->path);
	uint32_t error = errno == ENOTDIR ? ENOENT : (uint32_t)errno;
	return error == item->detail ? 1 : changed(c, "%s: %s", item->path, strerror((int)error));
}

static int check_listing(struct check *c, const struct ox_memo_item *item, const struct ox_reader *start)
{
	struct stat st;
	struct ox_digest digest;
	uint64_t now = ox_clock_real();
	if (ox_near_stat(&c->near, item->path, &st) != 0)
		return changed(c, "%s cannot be read any more: %s", item->path, strerror(errno));
	struct ox_signature found = ox_signature_of(&st);
	if (trusted(item, &found))
		return 1;
	if (ox_memo_digest_listing(item->path, (enum ox_memo_entries)item->detail, &digest, NULL) != 0 ||
	    !ox_digest_eq(&digest, &item->digest))
		return changed(c, "other entries are in the folder %s", item->path);
	patch(c, start, &found, now);
	return 1;
}

/* The folder that was published with this output in it; empty when it stands alone. */
static struct ox_slice published_folder(const struct check *c, const char *output)
{
	struct ox_slice found = {0};
	struct ox_reader r = c->items;
	struct ox_memo_item item;
	for (uint32_t i = 0; i < c->item_count && ox_memo_read_item(&r, &item); i++) {
		size_t len = strlen(item.path);
		bool holds = strncmp(output, item.path, len) == 0 && output[len] == '/';
		if (item.kind == OX_MEMO_OUTPUT_DIR && holds && (!found.len || len < found.len))
			found = ox_slice(output, len);
	}
	return found;
}

/* Takes the lock that publishing takes (daemon/bundle/tree.h): of two builds that put back
 * different outputs in one folder, one comes after the other. */
static int lock_outputs(struct check *c, const char *output, struct ox_err *err)
{
	struct ox_slice folder = published_folder(c, output);
	while (folder.len && folder.data[folder.len - 1] != '/')
		folder.len--;
	if (!folder.len)
		return 1;
	struct ox_buf path = {0};
	ox_buf_slice(&path, folder);
	int rc = ox_buf_ok(&path, "output folder", err);
	if (rc == 0)
		rc = ox_fs_mkdirs(path.data, 0777, err);
	ox_buf_str(&path, ".oxidizer.lock");
	if (rc == 0)
		rc = ox_buf_ok(&path, "output folder", err);
	if (rc == 0)
		rc = ox_lock_wait(path.data, NULL, NULL, &c->lock, NULL, err);
	ox_buf_free(&path);
	return rc == 0 ? CHECK_AGAIN : changed(c, "%s cannot be put back", output);
}

static int check_output(struct check *c, const struct ox_memo_item *item, const struct ox_reader *start,
			struct ox_err *err)
{
	struct stat st;
	struct ox_signature found;
	uint64_t now = ox_clock_real();
	if (c->use)
		(void)ox_store_has(c->store, &item->digest, NULL);
	if (lstat(item->path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07777) == item->detail) {
		found = ox_signature_of(&st);
		if (trusted(item, &found))
			return 1;
	}
	if (c->lock.fd < 0) {
		int locked = lock_outputs(c, item->path, err);
		if (locked != 1)
			return locked;
	}
	int rc = ox_memo_restore(c->store, item, &found, err);
	if (rc == OX_ENOENT)
		return changed(c, "%s was altered or deleted, and its content is not in the store any more",
			       item->path);
	if (rc == OX_EUSAGE)
		return changed(c, "%s cannot be put back", item->path);
	if (rc == 0)
		patch(c, start, &found, now);
	return rc < 0 ? rc : 1;
}

static int check_item(struct check *c, const struct ox_memo_item *item, const struct ox_reader *start,
		      struct ox_err *err)
{
	switch (item->kind) {
	case OX_MEMO_FILE:
		return check_file(c, item, start);
	case OX_MEMO_ABSENT:
		return check_absent(c, item);
	case OX_MEMO_OUTPUT:
		return check_output(c, item, start, err);
	case OX_MEMO_LISTING:
	case OX_MEMO_OUTPUT_DIR:
		return check_listing(c, item, start);
	}
	return changed(c, "the record of the build is damaged");
}

static int check_names(struct check *c, struct ox_reader *r, uint32_t count, const struct ox_env *env)
{
	for (uint32_t i = 0; i < count; i++) {
		char name[1024];
		bool was_set = ox_read_u32(r) == 1;
		struct ox_digest digest = ox_read_digest(r);
		struct ox_slice text = ox_read_text(r);
		if (r->failed || text.len >= sizeof name)
			return changed(c, "the record of the build is damaged");
		snprintf(name, sizeof name, "%.*s", OX_SLICE_ARG(text));
		const char *value = env && env->get ? env->get(env->ctx, name) : NULL;
		struct ox_digest now = ox_memo_digest_value(value);
		if (was_set != (value != NULL) || !ox_digest_eq(&digest, &now))
			return changed(c, "the environment variable %s changed", name);
	}
	return 1;
}

/* Where items end; false when the record is damaged. */
static bool skip_items(struct ox_reader *r, uint32_t count)
{
	struct ox_memo_item item;
	for (uint32_t i = 0; i < count; i++)
		if (!ox_memo_read_item(r, &item))
			return false;
	return true;
}

static int check_items(struct check *c, struct ox_err *err)
{
	struct ox_reader items = c->items;
	int rc = 1;
	for (uint32_t i = 0; rc == 1 && i < c->item_count; i++) {
		struct ox_reader start = items;
		struct ox_memo_item item;
		(void)ox_memo_read_item(&items, &item);
		rc = check_item(c, &item, &start, err);
	}
	ox_near_close(&c->near);
	return rc;
}

static int check_record(struct check *c, const struct ox_env *env, struct ox_sink *sink, struct ox_err *err)
{
	struct ox_reader r = ox_reader(ox_buf_view(&c->record));
	struct ox_memo_header header;
	if (!ox_memo_read_header(&r, &header))
		return changed(c, "the record of the build has another form");
	c->items = r;
	c->item_count = header.items;
	if (!skip_items(&r, header.items))
		return changed(c, "the record of the build is damaged");
	int rc = check_names(c, &r, header.names, env);
	struct ox_slice events = ox_slice(r.at, (size_t)(r.end - r.at));
	if (rc == 1 && !ox_memo_replay(events, NULL))
		return changed(c, "the record of the build is damaged");
	uint64_t now = ox_clock_real() / 1000000000u;
	c->use = now > header.used + USE_GRAIN;
	if (rc == 1)
		rc = check_items(c, err);
	if (rc == CHECK_AGAIN)
		rc = check_items(c, err);
	if (rc == 1)
		(void)ox_memo_replay(events, sink);
	if (rc == 1 && (c->use || c->patched)) {
		ox_memo_patch_used(c->record.data, now);
		c->patched = true;
	}
	return rc;
}

int ox_memo_check(struct ox_store *store, const struct ox_digest *key, const struct ox_env *env, struct ox_sink *sink,
		  struct ox_buf *why, struct ox_err *err)
{
	struct check c = {.store = store, .why = why, .near = OX_NEAR_NONE, .lock = OX_LOCK_NONE};
	struct ox_slice name = ox_slice(key->bytes, OX_DIGEST_SIZE);
	ox_store_refresh(store);
	int rc = ox_index_get(store, OX_SPACE_MEMO, name, &c.record, err);
	if (rc == 0)
		changed(&c, "this was not built before");
	else if (rc == 1)
		rc = check_record(&c, env, sink, err);
	if (rc == 1 && c.patched) /* only saves time next time */
		(void)ox_index_put(store, OX_SPACE_MEMO, name, ox_buf_view(&c.record), NULL);
	ox_lock_release(&c.lock);
	ox_buf_free(&c.record);
	return rc;
}
