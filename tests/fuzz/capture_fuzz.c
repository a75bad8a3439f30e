/* What building packages leaves: records of links, shared libraries' facts, symbols of objects. */
#include "daemon/capture/elf_facts.h"
#include "daemon/capture/record.h"
#include "daemon/link/elf_unique.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_arena arena = {.limit = 64 << 20};
	struct ox_capture_record record;
	struct ox_elf_facts facts;
	char *copy = malloc(size + 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	ox_elf_facts_read(ox_slice(copy, size), &arena, &facts);
	ox_elf_unique_to_global(copy, size);
	if (ox_capture_record_read(ox_slice(data, size), &arena, &record, NULL) == 0) {
		struct ox_buf again = {0};
		ox_capture_record_write(&record, &again);
		ox_buf_free(&again);
	}
	ox_arena_free(&arena);
	free(copy);
	return 0;
}
