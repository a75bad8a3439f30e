#include "daemon/python/archive_pic.h"

#include "proto/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

/* Relocations that are looked at before an archive counts as PIC: code for a fixed
 * address has an absolute one in every few dozen. */
enum { ENOUGH = 20000 };

static bool applies_to_code(Elf *elf, const GElf_Shdr *rela)
{
	GElf_Shdr target;
	Elf_Scn *section = elf_getscn(elf, rela->sh_info);
	return section && gelf_getshdr(section, &target) && (target.sh_flags & SHF_EXECINSTR);
}

static bool section_is_absolute(Elf_Scn *section, const GElf_Shdr *header, size_t *seen)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	for (size_t i = 0; i < count && i < INT32_MAX; i++) {
		GElf_Rela rela;
		if (!gelf_getrela(data, (int)i, &rela))
			break;
		unsigned type = (unsigned)GELF_R_TYPE(rela.r_info);
		if (type == R_X86_64_32 || type == R_X86_64_32S)
			return true;
		(*seen)++;
	}
	return false;
}

static bool member_is_absolute(Elf *member, size_t *seen)
{
	GElf_Ehdr ehdr;
	if (elf_kind(member) != ELF_K_ELF || !gelf_getehdr(member, &ehdr) || ehdr.e_machine != EM_X86_64)
		return false;
	Elf_Scn *section = NULL;
	while ((section = elf_nextscn(member, section))) {
		GElf_Shdr header;
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA || !applies_to_code(member, &header))
			continue;
		if (section_is_absolute(section, &header, seen))
			return true;
	}
	return false;
}

static bool archive_is_absolute(int fd, Elf *archive)
{
	Elf_Cmd command = ELF_C_READ_MMAP;
	bool absolute = false;
	size_t seen = 0;
	Elf *member;
	while (!absolute && seen < ENOUGH && (member = elf_begin(fd, command, archive))) {
		absolute = member_is_absolute(member, &seen);
		command = elf_next(member);
		elf_end(member);
	}
	return absolute;
}

int ox_archive_is_pic(const char *path, bool *pic, struct ox_err *err)
{
	if (elf_version(EV_CURRENT) == EV_NONE)
		return ox_fail(err, OX_EINTERNAL, "libelf is older than its header");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s", path);
	int rc = 0;
	Elf *archive = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!archive || elf_kind(archive) != ELF_K_AR)
		rc = ox_fail(err, OX_ECORRUPT, "%s is not a static library", path);
	else
		*pic = !archive_is_absolute(fd, archive);
	elf_end(archive);
	close(fd);
	return rc;
}

static int look_at_object(const char *path, bool *absolute, size_t *seen, struct ox_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s", path);
	Elf *object = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	*absolute = member_is_absolute(object, seen);
	elf_end(object);
	close(fd);
	return 0;
}

int ox_objects_are_pic(const char *root, const char *const *paths, size_t count, bool *pic, struct ox_err *err)
{
	bool absolute = false;
	size_t seen = 0;
	int rc = 0;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return ox_fail(err, OX_EINTERNAL, "libelf is older than its header");
	for (size_t i = 0; !rc && !absolute && seen < ENOUGH && i < count; i++) {
		struct ox_buf path = {0};
		ox_buf_printf(&path, "%s/%s", root, paths[i]);
		rc = ox_buf_ok(&path, "an object's path", err);
		if (!rc)
			rc = look_at_object(path.data, &absolute, &seen, err);
		ox_buf_free(&path);
	}
	if (!rc)
		*pic = !absolute;
	return rc;
}
