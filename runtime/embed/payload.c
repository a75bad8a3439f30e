#include "runtime/embed/payload.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

int ox_payload_find(struct ox_slice *bytes, struct ox_err *err)
{
	const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	size_t count = getauxval(AT_PHNUM);
	uintptr_t base = 0, start = (uintptr_t)ox_payload_section;
	for (size_t i = 0; headers && i < count; i++)
		if (headers[i].p_type == PT_PHDR)
			base = (uintptr_t)headers - headers[i].p_vaddr;
	for (size_t i = 0; headers && i < count; i++) {
		uintptr_t from = base + headers[i].p_vaddr;
		if (headers[i].p_type != PT_LOAD || start < from || start - from >= headers[i].p_filesz)
			continue;
		*bytes = ox_slice(ox_payload_section, headers[i].p_filesz - (start - from));
		return 0;
	}
	return ox_fail(err, OX_ECORRUPT, "this executable has no payload segment");
}
