#include "daemon/bundle/elf.h"

#include "proto/base/vec.h"

#include <gelf.h>
#include <libelf.h>

#include <elf.h>

static int fail_elf(struct ox_err *err, const char *what)
{
	const char *reason = elf_errmsg(-1);
	return ox_fail(err, OX_ECORRUPT, "%s: %s", what, reason ? reason : "damaged ELF file");
}

static int open_elf(struct ox_slice file, Elf **out, GElf_Ehdr *header, struct ox_err *err)
{
	if (file.len < sizeof(Elf64_Ehdr) || memcmp(file.data, ELFMAG, SELFMAG) != 0)
		return ox_fail(err, OX_ECORRUPT, "not an ELF file");
	if (file.data[EI_CLASS] != ELFCLASS64 || file.data[EI_DATA] != ELFDATA2LSB)
		return ox_fail(err, OX_ECORRUPT, "not a 64-bit little-endian ELF file");
	if (elf_version(EV_CURRENT) == EV_NONE)
		return fail_elf(err, "libelf is too old");
	/* libelf takes a writable pointer, and writes nothing when it is only asked to read. */
	Elf *elf = elf_memory((char *)(uintptr_t)file.data, file.len);
	if (!elf)
		return fail_elf(err, "cannot read ELF file");
	if (!gelf_getehdr(elf, header)) {
		elf_end(elf);
		return fail_elf(err, "cannot read ELF header");
	}
	*out = elf;
	return 0;
}

/* One walk over a file's sections. */
struct needs_reader {
	Elf *elf;
	struct ox_arena *arena;
	struct ox_elf_needs *out;
	OX_VEC(const char *) needed;
	bool has_runpath;
};

static int dynamic_string(struct needs_reader *r, size_t strings, uint64_t offset, const char **out, struct ox_err *err)
{
	const char *text = elf_strptr(r->elf, strings, offset);
	if (!text)
		return fail_elf(err, "dynamic section names a string outside its table");
	*out = ox_arena_str(r->arena, text);
	return *out ? 0 : ox_fail_nomem(err, "ELF strings");
}

static int dynamic_entry(struct needs_reader *r, size_t strings, const GElf_Dyn *dyn, struct ox_err *err)
{
	const char *text = NULL;
	if (dyn->d_tag != DT_NEEDED && dyn->d_tag != DT_SONAME && dyn->d_tag != DT_RUNPATH && dyn->d_tag != DT_RPATH)
		return 0;
	int rc = dynamic_string(r, strings, dyn->d_un.d_val, &text, err);
	if (rc)
		return rc;
	if (dyn->d_tag == DT_NEEDED) {
		const char **slot = ox_vec_push(&r->needed);
		if (!slot)
			return ox_fail_nomem(err, "names of needed libraries");
		*slot = text;
	} else if (dyn->d_tag == DT_SONAME) {
		r->out->soname = text;
	} else if (dyn->d_tag == DT_RUNPATH || !r->has_runpath) {
		r->has_runpath = dyn->d_tag == DT_RUNPATH;
		r->out->runpath = text;
	}
	return 0;
}

static int read_dynamic(struct needs_reader *r, Elf_Scn *section, const GElf_Shdr *header, struct ox_err *err)
{
	Elf_Data *data = elf_getdata(section, NULL);
	if (!data)
		return fail_elf(err, "cannot read dynamic section");
	size_t count = data->d_size / sizeof(Elf64_Dyn);
	for (size_t i = 0; i < count && i <= INT32_MAX; i++) {
		GElf_Dyn dyn;
		if (!gelf_getdyn(data, (int)i, &dyn))
			return fail_elf(err, "cannot read dynamic section");
		if (dyn.d_tag == DT_NULL)
			break;
		int rc = dynamic_entry(r, header->sh_link, &dyn, err);
		if (rc)
			return rc;
	}
	return 0;
}

static void note_version(struct ox_elf_needs *out, const char *name)
{
	struct ox_glibc_version v;
	if (strcmp(name, "GLIBC_ABI_DT_RELR") == 0)
		v = (struct ox_glibc_version){2, 36};
	else if (sscanf(name, "GLIBC_%u.%u", &v.major, &v.minor) != 2)
		return;
	if (ox_glibc_less(out->glibc, v))
		out->glibc = v;
}

static int read_version_names(struct needs_reader *r, Elf_Data *data, size_t strings, int offset, unsigned count,
			      struct ox_err *err)
{
	for (unsigned i = 0; i < count; i++) {
		GElf_Vernaux aux;
		if (!gelf_getvernaux(data, offset, &aux))
			return fail_elf(err, "cannot read symbol versions");
		const char *name = elf_strptr(r->elf, strings, aux.vna_name);
		if (!name)
			return fail_elf(err, "symbol version has no name");
		note_version(r->out, name);
		if (aux.vna_next == 0 || aux.vna_next > (uint32_t)(INT32_MAX - offset))
			break;
		offset += (int)aux.vna_next;
	}
	return 0;
}

static int read_versions(struct needs_reader *r, Elf_Scn *section, const GElf_Shdr *header, struct ox_err *err)
{
	Elf_Data *data = elf_getdata(section, NULL);
	if (!data)
		return fail_elf(err, "cannot read symbol versions");
	/* sh_info counts the entries; the bound keeps a ring of entries from being walked for ever. */
	size_t limit = data->d_size / sizeof(Elf64_Verneed);
	int offset = 0;
	for (size_t i = 0; i < header->sh_info && i < limit; i++) {
		GElf_Verneed need;
		if (!gelf_getverneed(data, offset, &need))
			return fail_elf(err, "cannot read symbol versions");
		if (need.vn_aux > (uint32_t)(INT32_MAX - offset))
			return ox_fail(err, OX_ECORRUPT, "symbol versions lie outside their section");
		unsigned count = need.vn_cnt < limit ? need.vn_cnt : (unsigned)(data->d_size / sizeof(Elf64_Vernaux));
		int rc = read_version_names(r, data, header->sh_link, offset + (int)need.vn_aux, count, err);
		if (rc)
			return rc;
		if (need.vn_next == 0 || need.vn_next > (uint32_t)(INT32_MAX - offset))
			break;
		offset += (int)need.vn_next;
	}
	return 0;
}

static int read_sections(struct needs_reader *r, struct ox_err *err)
{
	for (Elf_Scn *section = elf_nextscn(r->elf, NULL); section; section = elf_nextscn(r->elf, section)) {
		GElf_Shdr header;
		int rc = 0;
		if (!gelf_getshdr(section, &header))
			return fail_elf(err, "cannot read section header");
		if (header.sh_type == SHT_DYNAMIC)
			rc = read_dynamic(r, section, &header, err);
		else if (header.sh_type == SHT_GNU_verneed)
			rc = read_versions(r, section, &header, err);
		if (rc)
			return rc;
	}
	return 0;
}

int ox_elf_read_needs(struct ox_slice file, struct ox_arena *arena, struct ox_elf_needs *out, struct ox_err *err)
{
	GElf_Ehdr header;
	struct needs_reader r = {.arena = arena, .out = out};
	*out = (struct ox_elf_needs){0};
	int rc = open_elf(file, &r.elf, &header, err);
	if (rc)
		return rc;
	rc = read_sections(&r, err);
	if (!rc && r.needed.len) {
		const char **copy = ox_arena_array(arena, r.needed.len, sizeof(*copy));
		if (copy) {
			memcpy(copy, r.needed.items, r.needed.len * sizeof(*copy));
			out->needed = copy;
			out->needed_count = r.needed.len;
		} else {
			rc = ox_fail_nomem(err, "names of needed libraries");
		}
	}
	ox_vec_free(&r.needed);
	elf_end(r.elf);
	return rc;
}

/* offset + size lies within limit. */
static bool within(uint64_t offset, uint64_t size, uint64_t limit)
{
	return offset <= limit && size <= limit - offset;
}

static int find_section(Elf *elf, size_t names, struct ox_elf_place *out, GElf_Shdr *found, struct ox_err *err)
{
	bool seen = false;
	for (size_t i = 1; i < out->section_count; i++) {
		GElf_Shdr header;
		Elf_Scn *section = elf_getscn(elf, i);
		if (!section || !gelf_getshdr(section, &header))
			return fail_elf(err, "cannot read section header");
		const char *name = elf_strptr(elf, names, header.sh_name);
		if (!name || strcmp(name, ".oxpayload") != 0)
			continue;
		if (seen)
			return ox_fail(err, OX_ECORRUPT, "two sections .oxpayload");
		seen = true;
		out->section = i;
		*found = header;
	}
	if (!seen)
		return ox_fail(err, OX_ECORRUPT, "no section .oxpayload");
	return 0;
}

/* Everything before the payload stays; everything behind it must be free to move. */
static int check_sections(Elf *elf, const struct ox_elf_place *place, struct ox_err *err)
{
	for (size_t i = 1; i < place->section_count; i++) {
		GElf_Shdr header;
		Elf_Scn *section = elf_getscn(elf, i);
		if (!section || !gelf_getshdr(section, &header))
			return fail_elf(err, "cannot read section header");
		if (i == place->section || header.sh_type == SHT_NOBITS || header.sh_size == 0)
			continue;
		if (header.sh_offset >= place->offset + place->size) {
			if (header.sh_flags & SHF_ALLOC)
				return ox_fail(err, OX_ECORRUPT, "a loaded section lies behind .oxpayload");
		} else if (!within(header.sh_offset, header.sh_size, place->offset)) {
			return ox_fail(err, OX_ECORRUPT, "a section overlaps .oxpayload");
		}
	}
	return 0;
}

static int find_segment(Elf *elf, const GElf_Ehdr *header, const GElf_Shdr *payload, struct ox_elf_place *out,
			struct ox_err *err)
{
	size_t count;
	bool seen = false;
	if (elf_getphdrnum(elf, &count) != 0)
		return fail_elf(err, "cannot read program headers");
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr phdr;
		if (i > INT32_MAX || !gelf_getphdr(elf, (int)i, &phdr))
			return fail_elf(err, "cannot read program header");
		if (phdr.p_type == PT_LOAD && phdr.p_offset == payload->sh_offset) {
			if (seen || phdr.p_vaddr != payload->sh_addr || phdr.p_filesz != payload->sh_size ||
			    phdr.p_memsz != payload->sh_size)
				return ox_fail(err, OX_ECORRUPT, ".oxpayload shares its segment");
			seen = true;
			out->phdr_offset = header->e_phoff + i * sizeof(Elf64_Phdr);
			if (!within(out->phdr_offset, sizeof(Elf64_Phdr), payload->sh_offset))
				return ox_fail(err, OX_ECORRUPT, "the program headers lie behind .oxpayload");
			continue;
		}
		if (phdr.p_filesz && !within(phdr.p_offset, phdr.p_filesz, payload->sh_offset))
			return ox_fail(err, OX_ECORRUPT, "a segment lies behind .oxpayload");
		if (phdr.p_type == PT_LOAD && !within(phdr.p_vaddr, phdr.p_memsz, payload->sh_addr))
			return ox_fail(err, OX_ECORRUPT, "a segment is loaded above .oxpayload");
	}
	return seen ? 0 : ox_fail(err, OX_ECORRUPT, ".oxpayload has no segment of its own");
}

static int find_place(Elf *elf, const GElf_Ehdr *header, size_t file_size, struct ox_elf_place *out, struct ox_err *err)
{
	GElf_Shdr payload = {0};
	size_t names;
	if (elf_getshdrnum(elf, &out->section_count) != 0 || elf_getshdrstrndx(elf, &names) != 0)
		return fail_elf(err, "cannot read section headers");
	int rc = find_section(elf, names, out, &payload, err);
	if (rc)
		return rc;
	out->offset = payload.sh_offset;
	out->size = payload.sh_size;
	out->shoff = header->e_shoff;
	if (payload.sh_type != SHT_PROGBITS || !(payload.sh_flags & SHF_ALLOC) || payload.sh_offset % 4096 ||
	    payload.sh_addr % 4096 || payload.sh_size == 0 || !within(out->offset, out->size, file_size))
		return ox_fail(err, OX_ECORRUPT, ".oxpayload is not a loaded section on pages of its own");
	if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_phentsize != sizeof(Elf64_Phdr) ||
	    out->shoff < out->offset + out->size ||
	    !within(out->shoff, out->section_count * sizeof(Elf64_Shdr), file_size))
		return ox_fail(err, OX_ECORRUPT, "the section headers do not lie behind .oxpayload");
	rc = check_sections(elf, out, err);
	return rc ? rc : find_segment(elf, header, &payload, out, err);
}

int ox_elf_find_place(struct ox_slice file, struct ox_elf_place *out, struct ox_err *err)
{
	Elf *elf;
	GElf_Ehdr header;
	*out = (struct ox_elf_place){0};
	int rc = open_elf(file, &elf, &header, err);
	if (rc)
		return rc;
	rc = find_place(elf, &header, file.len, out, err);
	elf_end(elf);
	return rc;
}
