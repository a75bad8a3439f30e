#include "runtime/embed/payload.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/stat.h>

/* 0 when there is no such file. */
static uint64_t size_of(const char *path)
{
	struct stat st;
	return path && stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* The kernel maps a segment whose file ends too early as if nothing was missing, and kills who touches what is missing.
 * One of the two paths may be another file or gone: after fexecve(), or when the dynamic loader was started by hand. */
static int check_size(const ElfW(Phdr) *segment, struct ox_err *err)
{
	uint64_t end = segment->p_offset + segment->p_filesz;
	uint64_t size = size_of((const char *)getauxval(AT_EXECFN));
	if (size < end) {
		uint64_t other = size_of("/proc/self/exe");
		size = other > size ? other : size;
	}
	if (size && size < end)
		return ox_fail(err, OX_ECORRUPT, "this executable is cut short (%llu bytes, its payload ends at %llu): "
			       "copy or build it again", (unsigned long long)size, (unsigned long long)end);
	return 0;
}

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
		int rc = check_size(&headers[i], err);
		if (rc < 0)
			return rc;
		*bytes = ox_slice(ox_payload_section, headers[i].p_filesz - (start - from));
		return 0;
	}
	return ox_fail(err, OX_ECORRUPT, "this executable has no payload segment");
}
