/* The zip reader: whatever the bytes, nothing outside of them is touched, and nothing large is allocated. */
#include "runtime/importer/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

static void read_member(const struct ox_zip *z, const struct ox_zip_member *m)
{
	uint64_t offset;
	if (ox_zip_find(z, m->name) != m)
		abort();
	if (ox_zip_locate(z, m, &offset, NULL) < 0)
		return;
	char *bytes = malloc(m->packed + 1);
	if (bytes && ox_zip_read(z, offset, bytes, m->packed, NULL) == 0)
		sink ^= ox_zip_crc(bytes, m->packed);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_zip z;
	if (ox_zip_open_memory(&z, ox_slice(data, size), NULL) < 0 || ox_zip_index(&z, NULL) < 0)
		return 0;
	for (size_t i = 0; i < z.count; i++)
		read_member(&z, &z.members[i]);
	ox_zip_find(&z, OX_SLICE("a/__init__.py"));
	ox_zip_close(&z);
	return 0;
}
