#include "daemon/action/memo_form.h"

#include "store/digest/digest.h"
#include "store/fs/dir.h"

static const char magic[8] = "oxmemo1";

enum { SIGNATURE_AT = 8, USED_AT = sizeof magic };

void ox_memo_write_header(struct ox_buf *b, const struct ox_memo_header *h)
{
	ox_buf_add(b, magic, sizeof magic);
	ox_buf_u64(b, h->used);
	ox_buf_u32(b, h->items);
	ox_buf_u32(b, h->names);
}

bool ox_memo_read_header(struct ox_reader *r, struct ox_memo_header *h)
{
	const unsigned char *p = ox_read_bytes(r, sizeof magic);
	if (!p || memcmp(p, magic, sizeof magic) != 0)
		return false;
	h->used = ox_read_u64(r);
	h->items = ox_read_u32(r);
	h->names = ox_read_u32(r);
	return !r->failed;
}

void ox_memo_write_item(struct ox_buf *b, const struct ox_memo_item *item)
{
	size_t len = strlen(item->path);
	ox_buf_u32(b, (uint32_t)item->kind);
	ox_buf_u32(b, item->detail);
	ox_signature_write(&item->signature, b);
	ox_buf_u64(b, item->checked);
	ox_buf_add(b, item->digest.bytes, OX_DIGEST_SIZE);
	ox_buf_u32(b, (uint32_t)len);
	ox_buf_add(b, item->path, len + 1);
}

bool ox_memo_read_item(struct ox_reader *r, struct ox_memo_item *item)
{
	item->kind = (enum ox_memo_kind)ox_read_u32(r);
	item->detail = ox_read_u32(r);
	const unsigned char *signature = ox_read_bytes(r, OX_SIGNATURE_SIZE);
	if (!signature)
		return false;
	item->signature = ox_signature_read(signature);
	item->checked = ox_read_u64(r);
	item->digest = ox_read_digest(r);
	size_t len = ox_read_u32(r);
	const unsigned char *path = len < SIZE_MAX ? ox_read_bytes(r, len + 1) : NULL;
	item->path = (const char *)path;
	return path && path[0] == '/' && path[len] == '\0' && memchr(path, '\0', len + 1) == path + len;
}

static void put_u64(char *at, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		at[i] = (char)(v >> (8 * i));
}

void ox_memo_patch_signature(char *at, const struct ox_signature *signature, uint64_t checked)
{
	const uint64_t fields[] = {signature->device, signature->inode, signature->size,
				   signature->mtime,  signature->ctime, checked};
	for (size_t i = 0; i < OX_COUNT(fields); i++)
		put_u64(at + SIGNATURE_AT + 8 * i, fields[i]);
}

void ox_memo_patch_used(char *record, uint64_t used)
{
	put_u64(record + USED_AT, used);
}

static bool counts(struct ox_slice name, enum ox_memo_entries entries)
{
	switch (entries) {
	case OX_MEMO_ALL:
		break;
	case OX_MEMO_NO_PYCACHE:
		return !ox_slice_eq_str(name, "__pycache__");
	case OX_MEMO_METADATA:
		return ox_slice_ends(name, OX_SLICE(".dist-info")) || ox_slice_ends(name, OX_SLICE(".egg-info"));
	}
	return true;
}

/* Leaves those of "<kind><name>\0..." that count. */
static void keep_what_counts(struct ox_buf *list, enum ox_memo_entries entries)
{
	size_t kept = 0;
	for (size_t at = 0, size; at < list->len; at += size) {
		size = strlen(list->data + at) + 1;
		if (!counts(ox_slice(list->data + at + 1, size - 2), entries))
			continue;
		memmove(list->data + kept, list->data + at, size);
		kept += size;
	}
	list->len = kept;
}

int ox_memo_digest_listing(const char *path, enum ox_memo_entries entries, struct ox_digest *digest,
			   struct ox_err *err)
{
	struct ox_buf list = {0};
	int rc = ox_fs_list(path, &list, err);
	if (rc == 0)
		keep_what_counts(&list, entries);
	if (rc == 0)
		rc = ox_digest_bytes(ox_buf_view(&list), digest, err);
	ox_buf_free(&list);
	return rc;
}

struct ox_digest ox_memo_digest_value(const char *value)
{
	struct ox_digest d = {{0}};
	if (value && ox_digest_bytes(ox_slice_str(value), &d, NULL) != 0)
		memset(d.bytes, 0xff, sizeof d.bytes); /* matches nothing */
	return d;
}
