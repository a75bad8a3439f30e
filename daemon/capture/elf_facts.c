#include "daemon/capture/elf_facts.h"

#include <gelf.h>
#include <libelf.h>

enum { BUILD_ID_BYTES = OX_BUILD_ID_DIGITS / 2 };

static void read_notes(Elf_Scn *section, struct ox_elf_facts *out)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t name, content, at = 0, next;
	GElf_Nhdr note;
	while (data && (next = gelf_getnote(data, at, &note, &name, &content)) > 0) {
		const unsigned char *bytes = (const unsigned char *)data->d_buf;
		bool is_gnu = note.n_namesz == 4 && memcmp(bytes + name, "GNU", 4) == 0;
		if (is_gnu && note.n_type == NT_GNU_BUILD_ID && note.n_descsz == BUILD_ID_BYTES)
			for (size_t i = 0; i < BUILD_ID_BYTES; i++)
				snprintf(out->build_id + 2 * i, 3, "%02x", bytes[content + i]);
		at = next;
	}
}

static int read_dynamic(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct ox_arena *arena,
			struct ox_elf_facts *out)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	const char **needed = ox_arena_array(arena, count + 1, sizeof *needed);
	if (!needed)
		return -1;
	out->needed = needed;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Dyn entry;
		if (!gelf_getdyn(data, (int)i, &entry) || (entry.d_tag != DT_NEEDED && entry.d_tag != DT_SONAME))
			continue;
		const char *text = elf_strptr(elf, header->sh_link, entry.d_un.d_val);
		char *copy = text ? ox_arena_str(arena, text) : NULL;
		if (text && !copy)
			return -1;
		if (copy && entry.d_tag == DT_NEEDED)
			needed[out->needed_count++] = copy;
		else if (copy)
			out->soname = copy;
	}
	return 0;
}

int ox_elf_facts_read(struct ox_slice bytes, struct ox_arena *arena, struct ox_elf_facts *out)
{
	int rc = 0;
	*out = (struct ox_elf_facts){0};
	if (!bytes.len || elf_version(EV_CURRENT) == EV_NONE)
		return 0;
	/* libelf wants it writable; it does not write to what it only reads. */
	Elf *elf = elf_memory((char *)(uintptr_t)bytes.data, bytes.len);
	Elf_Scn *section = NULL;
	while (elf && elf_kind(elf) == ELF_K_ELF && !rc && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		if (!gelf_getshdr(section, &header))
			continue;
		if (header.sh_type == SHT_NOTE)
			read_notes(section, out);
		else if (header.sh_type == SHT_DYNAMIC)
			rc = read_dynamic(elf, section, &header, arena, out);
	}
	elf_end(elf);
	return rc;
}
