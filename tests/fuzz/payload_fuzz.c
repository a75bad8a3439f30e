/* The payload reader: whatever the bytes, nothing outside of them is touched. */
#include "runtime/pack/config.h"
#include "runtime/pack/compiled.h"
#include "runtime/pack/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned char sink;

static void touch(struct ox_slice s)
{
	for (size_t i = 0; i < s.len; i += 64)
		sink ^= (unsigned char)s.data[i];
	if (s.len)
		sink ^= (unsigned char)s.data[s.len - 1];
}

static void touch_files(const struct ox_pack_table *t)
{
	struct ox_pack_file f;
	for (uint32_t i = 0; i < t->count && ox_pack_file_at(t, i, &f); i++) {
		touch(f.name);
		touch(f.data);
	}
	if (ox_pack_file_find(t, OX_SLICE("METADATA"), &f))
		touch(f.data);
}

static void touch_record(const struct ox_pack_record *r)
{
	struct ox_slice need;
	touch(r->name);
	touch(r->source);
	touch(r->library);
	touch(r->relative_path);
	for (int level = 0; level < 3; level++) {
		touch(r->bytecode[level]);
		if (r->has_bytecode[level])
			sink ^= ox_pack_code_intact(r->bytecode[level]);
	}
	sink ^= ox_pack_library_intact(r);
	for (uint32_t i = 0; i < r->needs.count && ox_pack_need(&r->needs, i, &need); i++)
		touch(need);
	touch_files(&r->files);
	touch_files(&r->distribution);
}

static void touch_compiled(const struct ox_pack *p)
{
	struct ox_slice table;
	struct ox_compiled wanted = {.text = OX_SLICE("a+"), .flags = 2};
	for (uint32_t i = 0; i < ox_pack_segment_count(p) && i < 64; i++)
		if (ox_pack_compiled(p, i, &table) && ox_compiled_find(table, &wanted))
			touch(wanted.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_pack *p = NULL;
	struct ox_arena arena = {.limit = 1 << 20};
	struct ox_pack_config *config;
	if (ox_pack_open(ox_slice(data, size), &p, NULL) < 0)
		return 0;
	ox_pack_config_read(ox_pack_config_text(p), &arena, &config, NULL);
	ox_pack_find(p, OX_SLICE("encodings"));
	ox_pack_lower_bound(p, OX_SLICE("json."));
	touch_compiled(p);
	for (ox_pack_place at = 0; at != OX_PACK_NOWHERE; at = ox_pack_next(p, at)) {
		struct ox_pack_record r;
		if (ox_pack_get(p, at, &r, NULL) == 0) {
			touch_record(&r);
			ox_pack_find(p, r.name);
		}
	}
	ox_pack_close(p);
	ox_arena_free(&arena);
	return 0;
}
