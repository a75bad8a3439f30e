/* Reading ELF files that wheels bring, and finding the payload's place: whatever the bytes,
 * an answer or an error, and a place that lies inside the file. */
#include "daemon/bundle/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_arena arena = {.limit = 1 << 20};
	struct ox_elf_needs needs;
	struct ox_elf_place place;
	struct ox_slice file = ox_slice(data, size);
	if (ox_elf_read_needs(file, &arena, &needs, NULL) == 0)
		for (size_t i = 0; i < needs.needed_count; i++)
			if (!needs.needed[i])
				abort();
	if (ox_elf_find_place(file, &place, NULL) == 0 &&
	    (place.offset + place.size > size || place.shoff + place.section_count * 64 > size ||
	     place.phdr_offset + 56 > place.offset || place.section >= place.section_count))
		abort();
	ox_arena_free(&arena);
	return 0;
}
