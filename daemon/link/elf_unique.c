#include "daemon/link/elf_unique.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool lies_within(uint64_t offset, uint64_t size, size_t len)
{
	return offset <= len && size <= len - offset;
}

static void bind_symbols(char *bytes, size_t len, const Elf64_Shdr *table)
{
	if (!lies_within(table->sh_offset, table->sh_size, len))
		return;
	for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table->sh_size; at += sizeof(Elf64_Sym)) {
		unsigned char *info = (unsigned char *)bytes + table->sh_offset + at + offsetof(Elf64_Sym, st_info);
		if (ELF64_ST_BIND(*info) == STB_GNU_UNIQUE)
			*info = ELF64_ST_INFO(STB_GLOBAL, ELF64_ST_TYPE(*info));
	}
}

void ox_elf_unique_to_global(char *bytes, size_t len)
{
	Elf64_Ehdr head;
	if (len < sizeof head)
		return;
	memcpy(&head, bytes, sizeof head);
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_shentsize != sizeof(Elf64_Shdr))
		return;
	for (unsigned i = 0; i < head.e_shnum; i++) {
		Elf64_Shdr section;
		if (!lies_within(head.e_shoff, ((uint64_t)i + 1) * sizeof section, len))
			return;
		memcpy(&section, bytes + head.e_shoff + i * sizeof section, sizeof section);
		if (section.sh_type == SHT_SYMTAB)
			bind_symbols(bytes, len, &section);
	}
}
