/* The head of a payload: one index over all segments. */
#include "proto/base/map.h"
#include "runtime/pack/format.h"
#include "runtime/pack/put.h"
#include "runtime/pack/writer.h"

struct entry {
	struct ox_slice name;
	uint32_t hash, segment, record;
	bool has_role; /* as a module or library, not only files */
};

struct index {
	struct entry *entries;
	size_t count;
	size_t names; /* distinct ones */
	size_t slots;
};

enum {
	ROLES = OX_PACK_MODULE | OX_PACK_NAMESPACE | OX_PACK_BUILTIN | OX_PACK_FROZEN | OX_PACK_EXTENSION |
		OX_PACK_LIBRARY
};

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int c = ox_slice_cmp(a->name, b->name);
	if (c)
		return c;
	if (a->has_role != b->has_role)
		return a->has_role ? -1 : 1;
	return (a->segment < b->segment) - (a->segment > b->segment);
}

static int check_segment(struct ox_slice bytes, struct ox_err *err)
{
	if (bytes.len < OX_PACK_SEGMENT_HEAD_SIZE ||
	    memcmp(bytes.data, OX_PACK_SEGMENT_MAGIC, OX_PACK_MAGIC_SIZE) != 0 ||
	    ox_get_u32(bytes.data + OX_PACK_SEGMENT_VERSION) != OX_PACK_VERSION ||
	    ox_get_u64(bytes.data + OX_PACK_SEGMENT_LENGTH) != bytes.len)
		return ox_fail(err, OX_ECORRUPT, "not a payload segment of this version");
	uint64_t records = ox_get_u32(bytes.data + OX_PACK_SEGMENT_RECORD_COUNT);
	if (records >= OX_PACK_ENTRY_MORE || records * OX_PACK_RECORD_SIZE > bytes.len - OX_PACK_SEGMENT_HEAD_SIZE)
		return ox_fail(err, OX_ECORRUPT, "payload segment is cut short");
	return 0;
}

static int read_entry(struct ox_slice segment, uint32_t record, struct entry *e, struct ox_err *err)
{
	const char *at = segment.data + OX_PACK_SEGMENT_HEAD_SIZE + (size_t)record * OX_PACK_RECORD_SIZE;
	uint64_t offset = ox_get_u32(at), len = ox_get_u32(at + 4);
	if (offset + len > segment.len || !len)
		return ox_fail(err, OX_ECORRUPT, "payload segment: a name lies outside of it");
	e->name = ox_slice(segment.data + offset, len);
	e->hash = (uint32_t)ox_hash_bytes(e->name.data, e->name.len);
	e->record = record;
	e->has_role = ox_get_u32(at + OX_PACK_RECORD_FLAGS) & ROLES;
	return 0;
}

static int collect(const struct ox_pack_segment_ref *segments, size_t count, struct index *index, struct ox_err *err)
{
	size_t total = 0;
	for (size_t i = 0; i < count; i++) {
		int rc = check_segment(segments[i].bytes, err);
		if (rc < 0)
			return rc;
		total += ox_get_u32(segments[i].bytes.data + OX_PACK_SEGMENT_RECORD_COUNT);
	}
	index->entries = calloc(total ? total : 1, sizeof *index->entries);
	if (!index->entries)
		return ox_fail_nomem(err, "payload index");
	for (size_t i = 0; i < count; i++) {
		uint32_t records = ox_get_u32(segments[i].bytes.data + OX_PACK_SEGMENT_RECORD_COUNT);
		for (uint32_t k = 0; k < records; k++) {
			struct entry *e = &index->entries[index->count++];
			e->segment = (uint32_t)i;
			int rc = read_entry(segments[i].bytes, k, e, err);
			if (rc < 0)
				return rc;
		}
	}
	qsort(index->entries, index->count, sizeof *index->entries, compare);
	for (size_t i = 0; i < index->count; i++)
		index->names += i == 0 || !ox_slice_eq(index->entries[i - 1].name, index->entries[i].name);
	for (index->slots = 2; index->slots < 2 * index->names; index->slots *= 2)
		continue;
	return 0;
}

static bool same_name_follows(const struct index *index, size_t i)
{
	return i + 1 < index->count && ox_slice_eq(index->entries[i].name, index->entries[i + 1].name);
}

static void write_slots(const struct index *index, char *slots)
{
	for (size_t i = 0; i < index->count; i++) {
		if (i > 0 && same_name_follows(index, i - 1))
			continue;
		size_t slot = index->entries[i].hash & (index->slots - 1);
		while (ox_get_u32(slots + slot * OX_PACK_SLOT_SIZE + 4))
			slot = (slot + 1) & (index->slots - 1);
		ox_put_u32(slots + slot * OX_PACK_SLOT_SIZE, index->entries[i].hash);
		ox_put_u32(slots + slot * OX_PACK_SLOT_SIZE + 4, (uint32_t)i + 1);
	}
}

static void write_entries(const struct index *index, char *at)
{
	for (size_t i = 0; i < index->count; i++, at += OX_PACK_ENTRY_SIZE) {
		uint32_t more = same_name_follows(index, i) ? OX_PACK_ENTRY_MORE : 0;
		ox_put_u32(at, index->entries[i].hash);
		ox_put_u32(at + 4, index->entries[i].segment);
		ox_put_u32(at + 8, index->entries[i].record | more);
	}
}

static uint64_t align_up(uint64_t n)
{
	return (n + OX_PACK_ALIGN - 1) / OX_PACK_ALIGN * OX_PACK_ALIGN;
}

/* A payload's head while it is made: what goes in, and where its parts lie from its start. */
struct head {
	const struct ox_pack_segment_ref *segments;
	size_t count;
	struct index index;
	struct ox_buf config;
	uint32_t bytecode_magic;
	size_t table, slots, entries, text, end; /* of segments; of the index; of the configuration */
};

static int check_magic(struct head *h, struct ox_err *err)
{
	h->bytecode_magic = h->count ? ox_get_u32(h->segments[0].bytes.data + OX_PACK_SEGMENT_BYTECODE) : 0;
	for (size_t i = 1; i < h->count; i++)
		if (ox_get_u32(h->segments[i].bytes.data + OX_PACK_SEGMENT_BYTECODE) != h->bytecode_magic)
			return ox_fail(err, OX_EUSAGE, "payload segments hold bytecode of different interpreters");
	return 0;
}

static int lay_out(struct head *h, struct ox_err *err)
{
	h->table = OX_PACK_HEAD_SIZE;
	h->slots = h->table + h->count * OX_PACK_SEGMENT_ENTRY_SIZE;
	h->entries = h->slots + h->index.slots * OX_PACK_SLOT_SIZE;
	h->text = h->entries + h->index.count * OX_PACK_ENTRY_SIZE;
	h->end = h->text + h->config.len;
	if (h->end > UINT32_MAX)
		return ox_fail(err, OX_EEXHAUSTED, "the payload's index is limited to 4 GiB");
	return 0;
}

/* The table of segments, which follow the head; the size of the whole payload. */
static uint64_t write_table(const struct head *h, char *table, uint64_t *offsets)
{
	uint64_t end = h->end;
	for (size_t i = 0; i < h->count; i++) {
		char *row = table + i * OX_PACK_SEGMENT_ENTRY_SIZE;
		offsets[i] = align_up(end);
		end = offsets[i] + h->segments[i].bytes.len;
		ox_put_u64(row, offsets[i]);
		ox_put_u64(row + 8, h->segments[i].bytes.len);
		memcpy(row + 16, h->segments[i].digest.bytes, OX_DIGEST_SIZE);
	}
	return end;
}

static void write_fields(const struct head *h, char *base, uint64_t total)
{
	memcpy(base, OX_PACK_MAGIC, OX_PACK_MAGIC_SIZE);
	ox_put_u32(base + OX_PACK_HEAD_VERSION, OX_PACK_VERSION);
	ox_put_u32(base + OX_PACK_HEAD_BYTECODE, h->bytecode_magic);
	ox_put_u64(base + OX_PACK_HEAD_TOTAL, total);
	ox_put_u32(base + OX_PACK_HEAD_LENGTH, (uint32_t)h->end);
	ox_put_u32(base + OX_PACK_HEAD_SEGMENT_COUNT, (uint32_t)h->count);
	ox_put_u32(base + OX_PACK_HEAD_SEGMENTS, (uint32_t)h->table);
	ox_put_u32(base + OX_PACK_HEAD_ENTRY_COUNT, (uint32_t)h->index.count);
	ox_put_u32(base + OX_PACK_HEAD_ENTRIES, (uint32_t)h->entries);
	ox_put_u32(base + OX_PACK_HEAD_SLOT_COUNT, (uint32_t)h->index.slots);
	ox_put_u32(base + OX_PACK_HEAD_SLOTS, (uint32_t)h->slots);
	ox_put_u32(base + OX_PACK_HEAD_CONFIG, (uint32_t)h->text);
	ox_put_u32(base + OX_PACK_HEAD_CONFIG + 4, (uint32_t)h->config.len);
}

static int write_head(const struct head *h, struct ox_buf *out, uint64_t *offsets, uint64_t *total,
		      struct ox_err *err)
{
	char *base = ox_buf_reserve(out, h->end);
	if (!base)
		return ox_buf_ok(out, "payload head", err);
	memset(base, 0, h->end);
	*total = write_table(h, base + h->table, offsets);
	write_fields(h, base, *total);
	write_entries(&h->index, base + h->entries);
	write_slots(&h->index, base + h->slots);
	if (h->config.len)
		memcpy(base + h->text, h->config.data, h->config.len);
	ox_buf_commit(out, h->end);
	return 0;
}

int ox_pack_write_head(const struct ox_pack_segment_ref *segments, size_t count, const struct ox_pack_config *config,
		       struct ox_buf *out, uint64_t *offsets, uint64_t *total, struct ox_err *err)
{
	struct head h = {.segments = segments, .count = count};
	int rc = collect(segments, count, &h.index, err);
	if (!rc)
		rc = check_magic(&h, err);
	if (!rc) {
		ox_pack_config_write(config, &h.config);
		rc = ox_buf_ok(&h.config, "configuration", err);
	}
	if (!rc)
		rc = lay_out(&h, err);
	if (!rc)
		rc = write_head(&h, out, offsets, total, err);
	ox_buf_free(&h.config);
	free(h.index.entries);
	return rc;
}
