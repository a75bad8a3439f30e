/* The reader of packed resources: whatever the bytes, nothing outside of them is touched. What it reads, the writer
 * writes, and then it reads the same. */
#include "runtime/pack/packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct ox_slice a, struct ox_slice b)
{
	if (!a.data != !b.data || !ox_slice_eq(a, b))
		abort();
}

static void same_resource(const struct ox_packed_resource *a, const struct ox_packed_resource *b)
{
	same(a->name, b->name);
	if (a->flags != b->flags || a->need_count != b->need_count)
		abort();
	for (int i = 0; i < OX_PACKED_BLOBS; i++)
		same(a->blobs[i], b->blobs[i]);
	for (int i = 0; i < OX_PACKED_TABLES; i++) {
		if (a->tables[i].count != b->tables[i].count || !a->tables[i].items != !b->tables[i].items)
			abort();
		for (size_t k = 0; k < a->tables[i].count; k++) {
			same(a->tables[i].items[k].name, b->tables[i].items[k].name);
			same(a->tables[i].items[k].data, b->tables[i].items[k].data);
		}
	}
	for (size_t k = 0; k < a->need_count; k++)
		same(a->needs[k], b->needs[k]);
}

static void read_again(const struct ox_packed_resource *resources, size_t count, enum ox_packed_padding padding)
{
	struct ox_arena arena = {0};
	struct ox_packed_resource *again;
	struct ox_buf out = {.limit = 64 << 20};
	size_t again_count;
	/* Sections may share bytes in a crafted file, and then be longer apart than the buffer may get. */
	if (ox_packed_write(resources, count, padding, &out, NULL) == 0) {
		int rc = ox_packed_read(ox_buf_view(&out), NULL, &arena, &again, &again_count, NULL);
		if (rc < 0 || again_count != count)
			abort();
		for (size_t i = 0; i < count; i++)
			same_resource(&resources[i], &again[i]);
	}
	ox_arena_free(&arena);
	ox_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_arena arena = {.limit = 64 << 20};
	struct ox_packed_resource *resources;
	size_t count;
	if (ox_packed_read(ox_slice(data, size), NULL, &arena, &resources, &count, NULL) == 0) {
		read_again(resources, count, OX_PACKED_UNSAID);
		read_again(resources, count, OX_PACKED_NUL_PADDING);
	}
	ox_arena_free(&arena);
	return 0;
}
