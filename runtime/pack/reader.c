#include "runtime/pack/reader.h"

#include "proto/base/map.h"
#include "runtime/pack/format.h"
#include "runtime/pack/compiled.h"
#include "runtime/pack/put.h"
#include "runtime/pack/sum.h"

struct ox_pack {
	struct ox_slice bytes; /* exactly the payload */
	const char *segments, *entries, *slots;
	uint32_t segment_count, entry_count, slot_count;
	uint32_t bytecode_magic;
	struct ox_slice config;
};

/* `count` items of `size` bytes at `offset` of `whole`, or NULL. */
static const char *part(struct ox_slice whole, uint64_t offset, uint64_t count, uint64_t size)
{
	return offset <= whole.len && count * size <= whole.len - offset ? whole.data + offset : NULL;
}

static int read_head(struct ox_pack *p, struct ox_err *err)
{
	struct ox_slice all = p->bytes;
	uint64_t total = ox_get_u64(all.data + OX_PACK_HEAD_TOTAL);
	uint32_t length = ox_get_u32(all.data + OX_PACK_HEAD_LENGTH);
	if (total > all.len || length > total || length < OX_PACK_HEAD_SIZE)
		return ox_fail(err, OX_ECORRUPT, "payload is cut short: %zu of %llu bytes", all.len,
			       (unsigned long long)total);
	p->bytes.len = total;
	struct ox_slice head = ox_slice(all.data, length);
	p->bytecode_magic = ox_get_u32(all.data + OX_PACK_HEAD_BYTECODE);
	p->segment_count = ox_get_u32(all.data + OX_PACK_HEAD_SEGMENT_COUNT);
	p->entry_count = ox_get_u32(all.data + OX_PACK_HEAD_ENTRY_COUNT);
	p->slot_count = ox_get_u32(all.data + OX_PACK_HEAD_SLOT_COUNT);
	p->segments = part(head, ox_get_u32(all.data + OX_PACK_HEAD_SEGMENTS), p->segment_count,
			   OX_PACK_SEGMENT_ENTRY_SIZE);
	p->entries = part(head, ox_get_u32(all.data + OX_PACK_HEAD_ENTRIES), p->entry_count, OX_PACK_ENTRY_SIZE);
	p->slots = part(head, ox_get_u32(all.data + OX_PACK_HEAD_SLOTS), p->slot_count, OX_PACK_SLOT_SIZE);
	uint32_t config_len = ox_get_u32(all.data + OX_PACK_HEAD_CONFIG + 4);
	p->config = ox_slice(part(head, ox_get_u32(all.data + OX_PACK_HEAD_CONFIG), config_len, 1), config_len);
	if (!p->segments || !p->entries || !p->slots || !p->config.data)
		return ox_fail(err, OX_ECORRUPT, "payload: a table of its head lies outside of it");
	if (p->slot_count == 0 || p->slot_count & (p->slot_count - 1))
		return ox_fail(err, OX_ECORRUPT, "payload: its hash index has a size that cannot be");
	return 0;
}

int ox_pack_open(struct ox_slice bytes, struct ox_pack **out, struct ox_err *err)
{
	if (bytes.len < OX_PACK_HEAD_SIZE || memcmp(bytes.data, OX_PACK_MAGIC, OX_PACK_MAGIC_SIZE) != 0)
		return ox_fail(err, OX_ECORRUPT, "no payload");
	uint32_t version = ox_get_u32(bytes.data + OX_PACK_HEAD_VERSION);
	if (version != OX_PACK_VERSION)
		return ox_fail(err, OX_ECORRUPT, "payload has format version %u, this program reads %d", version,
			       OX_PACK_VERSION);
	struct ox_pack *p = calloc(1, sizeof *p);
	if (!p)
		return ox_fail_nomem(err, "payload");
	p->bytes = bytes;
	int rc = read_head(p, err);
	if (rc < 0)
		free(p);
	else
		*out = p;
	return rc;
}

void ox_pack_close(struct ox_pack *p)
{
	free(p);
}

uint32_t ox_pack_bytecode_magic(const struct ox_pack *p)
{
	return p->bytecode_magic;
}

struct ox_slice ox_pack_config_text(const struct ox_pack *p)
{
	return p->config;
}

bool ox_pack_segment(const struct ox_pack *p, uint32_t index, struct ox_slice *bytes, struct ox_digest *digest)
{
	if (index >= p->segment_count)
		return false;
	const char *entry = p->segments + (size_t)index * OX_PACK_SEGMENT_ENTRY_SIZE;
	uint64_t offset = ox_get_u64(entry), size = ox_get_u64(entry + 8);
	if (offset > p->bytes.len || size > p->bytes.len - offset || size < OX_PACK_SEGMENT_HEAD_SIZE)
		return false;
	*bytes = ox_slice(p->bytes.data + offset, size);
	if (digest)
		memcpy(digest->bytes, entry + 16, OX_DIGEST_SIZE);
	return true;
}

bool ox_pack_compiled(const struct ox_pack *p, uint32_t segment, struct ox_slice *table)
{
	struct ox_slice bytes;
	uint32_t offset;
	return ox_pack_segment(p, segment, &bytes, NULL) &&
	       (offset = ox_get_u32(bytes.data + OX_PACK_SEGMENT_COMPILED)) >= OX_PACK_SEGMENT_HEAD_SIZE &&
	       ox_compiled_at(bytes, offset, table);
}

uint32_t ox_pack_segment_count(const struct ox_pack *p)
{
	return p->segment_count;
}

uint32_t ox_pack_record_count(const struct ox_pack *p, uint32_t segment)
{
	struct ox_slice bytes;
	return ox_pack_segment(p, segment, &bytes, NULL) ? ox_get_u32(bytes.data + OX_PACK_SEGMENT_RECORD_COUNT) : 0;
}

uint32_t ox_pack_place_count(const struct ox_pack *p)
{
	return p->entry_count;
}

static const char *entry_at(const struct ox_pack *p, ox_pack_place place)
{
	return place < p->entry_count ? p->entries + (size_t)place * OX_PACK_ENTRY_SIZE : NULL;
}

uint32_t ox_pack_place_segment(const struct ox_pack *p, ox_pack_place place)
{
	const char *entry = entry_at(p, place);
	return entry ? ox_get_u32(entry + 4) : UINT32_MAX;
}

/* The record of a place and the segment it lies in, or NULL. */
static const char *record_at(const struct ox_pack *p, ox_pack_place place, struct ox_slice *segment)
{
	const char *entry = entry_at(p, place);
	if (!entry || !ox_pack_segment(p, ox_get_u32(entry + 4), segment, NULL))
		return NULL;
	uint64_t number = ox_get_u32(entry + 8) & ~OX_PACK_ENTRY_MORE;
	return part(*segment, OX_PACK_SEGMENT_HEAD_SIZE + number * OX_PACK_RECORD_SIZE, 1, OX_PACK_RECORD_SIZE);
}

/* False when the slice is absent or does not fit; *damaged is set in the latter case. */
static bool slice_at(struct ox_slice segment, const char *at, struct ox_slice *out, bool *damaged)
{
	uint32_t offset = ox_get_u32(at), len = ox_get_u32(at + 4);
	*out = (struct ox_slice){0};
	if (offset == 0)
		return false;
	const char *data = part(segment, offset, len, 1);
	if (!data || offset < OX_PACK_SEGMENT_HEAD_SIZE) {
		*damaged = true;
		return false;
	}
	*out = ox_slice(data, len);
	return true;
}

static bool name_at(const struct ox_pack *p, ox_pack_place place, struct ox_slice *name)
{
	struct ox_slice segment;
	bool damaged = false;
	const char *record = record_at(p, place, &segment);
	return record && slice_at(segment, record + OX_PACK_RECORD_NAME, name, &damaged);
}

ox_pack_place ox_pack_find(const struct ox_pack *p, struct ox_slice name)
{
	uint32_t hash = (uint32_t)ox_hash_bytes(name.data, name.len);
	uint32_t mask = p->slot_count - 1;
	for (uint32_t i = 0, slot = hash & mask; i < p->slot_count; i++, slot = (slot + 1) & mask) {
		const char *at = p->slots + (size_t)slot * OX_PACK_SLOT_SIZE;
		uint32_t number = ox_get_u32(at + 4);
		struct ox_slice found;
		if (number == 0)
			break;
		if (ox_get_u32(at) == hash && name_at(p, number - 1, &found) && ox_slice_eq(found, name))
			return number - 1;
	}
	return OX_PACK_NOWHERE;
}

ox_pack_place ox_pack_lower_bound(const struct ox_pack *p, struct ox_slice name)
{
	uint32_t low = 0, high = p->entry_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct ox_slice found = {0};
		name_at(p, middle, &found);
		if (ox_slice_cmp(found, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

ox_pack_place ox_pack_more(const struct ox_pack *p, ox_pack_place place)
{
	const char *entry = entry_at(p, place);
	if (!entry || !(ox_get_u32(entry + 8) & OX_PACK_ENTRY_MORE) || place + 1 >= p->entry_count)
		return OX_PACK_NOWHERE;
	return place + 1;
}

ox_pack_place ox_pack_next(const struct ox_pack *p, ox_pack_place place)
{
	ox_pack_place next;
	while ((next = ox_pack_more(p, place)) != OX_PACK_NOWHERE)
		place = next;
	return place < p->entry_count && place + 1 < p->entry_count ? place + 1 : OX_PACK_NOWHERE;
}

static struct ox_pack_table table_at(struct ox_slice segment, const char *at, uint32_t item_size, bool *damaged)
{
	struct ox_pack_table t = {segment, ox_get_u32(at), ox_get_u32(at + 4)};
	if (!part(segment, t.offset, t.count, item_size)) {
		*damaged = true;
		t.count = 0;
	}
	return t;
}

int ox_pack_get(const struct ox_pack *p, ox_pack_place place, struct ox_pack_record *out, struct ox_err *err)
{
	struct ox_slice segment;
	bool damaged = false;
	const char *at = record_at(p, place, &segment);
	if (!at)
		return ox_fail(err, OX_ECORRUPT, "payload: entry %u leads nowhere", place);
	struct ox_pack_record r = {.flags = ox_get_u32(at + OX_PACK_RECORD_FLAGS),
				   .library_sum = ox_get_u32(at + OX_PACK_RECORD_LIBRARY_SUM)};
	slice_at(segment, at + OX_PACK_RECORD_NAME, &r.name, &damaged);
	r.has_source = slice_at(segment, at + OX_PACK_RECORD_SOURCE, &r.source, &damaged);
	for (int level = 0; level < 3; level++)
		r.has_bytecode[level] = slice_at(segment, at + OX_PACK_RECORD_CODE + level * OX_PACK_SLICE_SIZE,
						 &r.bytecode[level], &damaged);
	slice_at(segment, at + OX_PACK_RECORD_LIBRARY, &r.library, &damaged);
	slice_at(segment, at + OX_PACK_RECORD_PATH, &r.relative_path, &damaged);
	r.needs = table_at(segment, at + OX_PACK_RECORD_NEEDS, OX_PACK_SLICE_SIZE, &damaged);
	r.files = table_at(segment, at + OX_PACK_RECORD_FILES, OX_PACK_FILE_SIZE, &damaged);
	r.distribution = table_at(segment, at + OX_PACK_RECORD_DISTRIBUTION, OX_PACK_FILE_SIZE, &damaged);
	if (damaged)
		return ox_fail(err, OX_ECORRUPT, "payload: the record of %.*s is damaged", OX_SLICE_ARG(r.name));
	*out = r;
	return 0;
}

bool ox_pack_code_intact(struct ox_slice code)
{
	return ox_get_u32(code.data - OX_PACK_SUM_SIZE) == ox_pack_sum(code);
}

bool ox_pack_library_intact(const struct ox_pack_record *r)
{
	return r->library_sum == ox_pack_sum(r->library);
}

static const char *item_at(const struct ox_pack_table *t, uint32_t index, uint32_t size)
{
	return index < t->count ? part(t->segment, t->offset + (uint64_t)index * size, 1, size) : NULL;
}

bool ox_pack_need(const struct ox_pack_table *t, uint32_t index, struct ox_slice *name)
{
	bool damaged = false;
	const char *at = item_at(t, index, OX_PACK_SLICE_SIZE);
	return at && slice_at(t->segment, at, name, &damaged);
}

bool ox_pack_file_at(const struct ox_pack_table *t, uint32_t index, struct ox_pack_file *out)
{
	bool damaged = false;
	const char *at = item_at(t, index, OX_PACK_FILE_SIZE);
	return at && slice_at(t->segment, at, &out->name, &damaged) &&
	       slice_at(t->segment, at + OX_PACK_SLICE_SIZE, &out->data, &damaged);
}

bool ox_pack_file_find(const struct ox_pack_table *t, struct ox_slice name, struct ox_pack_file *out)
{
	uint32_t low = 0, high = t->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct ox_pack_file f;
		if (!ox_pack_file_at(t, middle, &f))
			return false;
		int c = ox_slice_cmp(f.name, name);
		if (c == 0) {
			*out = f;
			return true;
		}
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
