/* Segments. The head is in head.c. */
#include "runtime/pack/writer.h"

#include "proto/base/map.h"
#include "runtime/pack/format.h"
#include "runtime/pack/put.h"
#include "runtime/pack/sum.h"

/* Everything in a segment has its place before anything is written: `next` walks
 * through the segment once to plan, and the same walk then writes. */
struct segment {
	const struct ox_pack_resource *resources;
	size_t count;
	struct ox_slice compiled;
	char *base; /* NULL while planning */
	uint64_t next;
	bool too_large;
};

static uint32_t place(struct segment *s, size_t size, size_t align)
{
	uint64_t at = (s->next + align - 1) / align * align;
	if (size > UINT32_MAX || at + size > UINT32_MAX) {
		s->too_large = true;
		return 0;
	}
	s->next = at + size;
	return (uint32_t)at;
}

static void set(struct segment *s, uint32_t at, uint32_t value)
{
	if (s->base)
		ox_put_u32(s->base + at, value);
}

/* Stores the bytes at the next place and a slice to them at `at`. */
static void store(struct segment *s, uint32_t at, struct ox_slice bytes, size_t align)
{
	if (!bytes.data)
		return;
	uint32_t where = place(s, bytes.len, align);
	set(s, at, where);
	set(s, at + 4, (uint32_t)bytes.len);
	if (s->base && bytes.len)
		memcpy(s->base + where, bytes.data, bytes.len);
}

static uint32_t record_at(size_t index)
{
	return (uint32_t)(OX_PACK_SEGMENT_HEAD_SIZE + index * OX_PACK_RECORD_SIZE);
}

/* Room for a table, announced in the record at `at`. */
static uint32_t store_table(struct segment *s, uint32_t at, size_t count, size_t item_size)
{
	if (!count)
		return 0;
	size_t size;
	if (__builtin_mul_overflow(count, item_size, &size))
		size = SIZE_MAX;
	uint32_t where = place(s, size, 4);
	set(s, at, where);
	set(s, at + 4, (uint32_t)count);
	return where;
}

static void store_needs(struct segment *s, uint32_t at, const struct ox_pack_resource *r)
{
	uint32_t table = store_table(s, at, r->need_count, OX_PACK_SLICE_SIZE);
	for (size_t i = 0; i < r->need_count && !s->too_large; i++)
		store(s, table + (uint32_t)i * OX_PACK_SLICE_SIZE, r->needs[i], 1);
}

static void store_names(struct segment *s, uint32_t table, const struct ox_pack_file *files, size_t count)
{
	for (size_t i = 0; i < count && !s->too_large; i++)
		store(s, table + (uint32_t)i * OX_PACK_FILE_SIZE, files[i].name, 1);
}

/* Tables are where names are: `tables` remembers them for the data that follows later. */
static void store_index_parts(struct segment *s, uint32_t (*tables)[2])
{
	for (size_t i = 0; i < s->count && !s->too_large; i++) {
		const struct ox_pack_resource *r = &s->resources[i];
		uint32_t at = record_at(i);
		store(s, at + OX_PACK_RECORD_NAME, r->name, 1);
		set(s, at + OX_PACK_RECORD_FLAGS, r->flags);
		store_needs(s, at + OX_PACK_RECORD_NEEDS, r);
		tables[i][0] = store_table(s, at + OX_PACK_RECORD_FILES, r->file_count, OX_PACK_FILE_SIZE);
		store_names(s, tables[i][0], r->files, r->file_count);
		tables[i][1] = store_table(s, at + OX_PACK_RECORD_DISTRIBUTION, r->distribution_count,
					   OX_PACK_FILE_SIZE);
		store_names(s, tables[i][1], r->distribution, r->distribution_count);
		if (r->relative_path.len)
			store(s, at + OX_PACK_RECORD_PATH, r->relative_path, 1);
	}
}

static void set_sum(struct segment *s, uint32_t at, struct ox_slice bytes)
{
	if (s->base)
		ox_put_u32(s->base + at, ox_pack_sum(bytes));
}

static void store_compiled(struct segment *s)
{
	uint32_t at = s->compiled.len ? place(s, s->compiled.len, 4) : 0;
	set(s, OX_PACK_SEGMENT_COMPILED, at);
	if (s->base && at)
		memcpy(s->base + at, s->compiled.data, s->compiled.len);
}

static void store_code(struct segment *s)
{
	for (size_t i = 0; i < s->count && !s->too_large; i++)
		for (uint32_t level = 0; level < 3; level++) {
			struct ox_slice code = s->resources[i].bytecode[level];
			if (!code.data)
				continue;
			set_sum(s, place(s, OX_PACK_SUM_SIZE, 1), code);
			store(s, record_at(i) + OX_PACK_RECORD_CODE + level * OX_PACK_SLICE_SIZE, code, 1);
		}
}

static void store_library(struct segment *s, uint32_t record, struct ox_slice library)
{
	set_sum(s, record + OX_PACK_RECORD_LIBRARY_SUM, library);
	store(s, record + OX_PACK_RECORD_LIBRARY, library, OX_PACK_ALIGN);
}

static void store_files(struct segment *s, uint32_t table, const struct ox_pack_file *files, size_t count)
{
	for (size_t i = 0; i < count && !s->too_large; i++) {
		struct ox_slice data = files[i].data;
		if (!data.data)
			data = OX_SLICE("");
		store(s, table + (uint32_t)i * OX_PACK_FILE_SIZE + OX_PACK_SLICE_SIZE, data, 1);
	}
}

static void store_cold_parts(struct segment *s, uint32_t (*tables)[2])
{
	for (size_t i = 0; i < s->count && !s->too_large; i++)
		store(s, record_at(i) + OX_PACK_RECORD_SOURCE, s->resources[i].source, 1);
	for (size_t i = 0; i < s->count && !s->too_large; i++) {
		const struct ox_pack_resource *r = &s->resources[i];
		store_files(s, tables[i][0], r->files, r->file_count);
		store_files(s, tables[i][1], r->distribution, r->distribution_count);
	}
	for (size_t i = 0; i < s->count && !s->too_large; i++)
		if (s->resources[i].library.len)
			store_library(s, record_at(i), s->resources[i].library);
}

static void walk(struct segment *s, char *base, uint32_t (*tables)[2])
{
	s->base = base;
	s->next = record_at(s->count);
	store_index_parts(s, tables);
	store_compiled(s);
	store_code(s);
	store_cold_parts(s, tables);
}

static int check_names(const struct ox_pack_resource *resources, size_t count, struct ox_err *err)
{
	struct ox_map seen = {0};
	int rc = 0;
	for (size_t i = 0; i < count && !rc; i++) {
		bool added = false;
		struct ox_slice name = resources[i].name;
		if (!name.len)
			rc = ox_fail(err, OX_EUSAGE, "a resource has no name");
		else if (!ox_map_put(&seen, name, &added))
			rc = ox_fail_nomem(err, "names of resources");
		else if (!added)
			rc = ox_fail(err, OX_EUSAGE, "two resources of a segment are named %.*s", OX_SLICE_ARG(name));
	}
	ox_map_free(&seen);
	return rc;
}

static int write_planned(struct segment *s, uint32_t bytecode_magic, uint32_t (*tables)[2], ox_pack_room_fn *room,
			 void *ctx, struct ox_err *err)
{
	walk(s, NULL, tables);
	if (s->too_large || s->count > UINT32_MAX / OX_PACK_RECORD_SIZE)
		return ox_fail(err, OX_EEXHAUSTED, "a payload segment is limited to 4 GiB; make more of them");
	size_t size = s->next;
	char *base = room(ctx, size, err);
	if (!base)
		return err && err->code ? err->code : OX_EEXHAUSTED;
	memcpy(base, OX_PACK_SEGMENT_MAGIC, OX_PACK_MAGIC_SIZE);
	ox_put_u32(base + OX_PACK_SEGMENT_VERSION, OX_PACK_VERSION);
	ox_put_u32(base + OX_PACK_SEGMENT_BYTECODE, bytecode_magic);
	ox_put_u64(base + OX_PACK_SEGMENT_LENGTH, size);
	ox_put_u32(base + OX_PACK_SEGMENT_RECORD_COUNT, (uint32_t)s->count);
	walk(s, base, tables);
	return 0;
}

int ox_pack_write_segment_at(const struct ox_pack_resource *resources, size_t count, struct ox_slice compiled,
			     uint32_t bytecode_magic, ox_pack_room_fn *room, void *ctx, struct ox_err *err)
{
	int rc = check_names(resources, count, err);
	if (rc < 0)
		return rc;
	uint32_t(*tables)[2] = calloc(count ? count : 1, sizeof *tables);
	if (!tables)
		return ox_fail_nomem(err, "payload segment");
	struct segment s = {.resources = resources, .count = count, .compiled = compiled};
	rc = write_planned(&s, bytecode_magic, tables, room, ctx, err);
	free(tables);
	return rc;
}

static char *place_in_buffer(void *ctx, size_t size, struct ox_err *err)
{
	struct ox_buf *out = ctx;
	char *base = ox_buf_reserve(out, size);
	if (!base) {
		ox_buf_ok(out, "payload segment", err);
		return NULL;
	}
	memset(base, 0, size);
	ox_buf_commit(out, size);
	return base;
}

int ox_pack_write_segment(const struct ox_pack_resource *resources, size_t count, struct ox_slice compiled,
			  uint32_t bytecode_magic, struct ox_buf *out, struct ox_err *err)
{
	return ox_pack_write_segment_at(resources, count, compiled, bytecode_magic, place_in_buffer, out, err);
}
