#include "daemon/python/extension.h"

#include <gelf.h>
#include <libelf.h>

size_t ox_extension_stem(const struct ox_distribution *dist, struct ox_slice file, bool *tagged)
{
	const struct ox_slice suffixes[] = {ox_slice_str(dist->ext_suffix), OX_SLICE(".abi3.so"), OX_SLICE(".so")};
	for (size_t i = 0; i < OX_COUNT(suffixes); i++) {
		if (!suffixes[i].len || file.len <= suffixes[i].len || !ox_slice_ends(file, suffixes[i]))
			continue;
		size_t stem = file.len - suffixes[i].len;
		size_t start = stem;
		while (start > 0 && file.data[start - 1] != '/')
			start--;
		*tagged = i + 1 < OX_COUNT(suffixes);
		/* Another version's tag is part of what is left: not for this interpreter. */
		return memchr(file.data + start, '.', stem - start) ? 0 : stem;
	}
	return 0;
}

static bool section_exports(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, const char *symbol)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Sym sym;
		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
			continue;
		const char *name = elf_strptr(elf, header->sh_link, sym.st_name);
		if (name && strcmp(name, symbol) == 0)
			return true;
	}
	return false;
}

bool ox_exports_init(struct ox_slice bytes, struct ox_slice name)
{
	char symbol[512];
	int len = snprintf(symbol, sizeof symbol, "PyInit_%.*s", OX_SLICE_ARG(name));
	if (len < 0 || (size_t)len >= sizeof symbol || elf_version(EV_CURRENT) == EV_NONE || !bytes.len)
		return false;
	/* libelf wants it writable; it does not write to what it only reads. */
	Elf *elf = elf_memory((char *)(uintptr_t)bytes.data, bytes.len);
	bool found = false;
	Elf_Scn *section = NULL;
	while (elf && !found && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNSYM)
			found = section_exports(elf, section, &header, symbol);
	}
	elf_end(elf);
	return found;
}
