/* elf.h - what is asked of ELF files: their needs, and where a payload goes.
 *
 * The bytes are foreign (wheels bring them): libelf does the reading, and every offset
 * that is used outside libelf is checked against the file first. Only what this
 * machine's loader would take is accepted: 64-bit, little-endian. */
#ifndef OX_BUNDLE_ELF_H
#define OX_BUNDLE_ELF_H

#include "proto/base/arena.h"
#include "proto/base/err.h"

/* A version of glibc, "2.36"; 0.0: none needed. */
struct ox_glibc_version {
	unsigned major, minor;
};

static inline bool ox_glibc_less(struct ox_glibc_version a, struct ox_glibc_version b)
{
	return a.major != b.major ? a.major < b.major : a.minor < b.minor;
}

/* What the dynamic section says. Strings live in the arena. */
struct ox_elf_needs {
	const char *soname;        /* DT_SONAME, or NULL */
	const char *runpath;       /* DT_RUNPATH, else DT_RPATH, else NULL */
	const char *const *needed; /* DT_NEEDED, in order */
	size_t needed_count;
	struct ox_glibc_version glibc; /* the highest GLIBC_ symbol version asked for */
};

/* OX_ECORRUPT when it is not a well-formed ELF file; one without a dynamic section needs nothing. */
int ox_elf_read_needs(struct ox_slice file, struct ox_arena *arena, struct ox_elf_needs *out, struct ox_err *err);

/* The place of the section ".oxpayload", which is the only content of the last and highest PT_LOAD. */
struct ox_elf_place {
	uint64_t offset, size; /* of the section in the file */
	uint64_t shoff;        /* the section header table, behind `offset + size` */
	size_t section_count;
	size_t section;        /* index of .oxpayload */
	uint64_t phdr_offset;  /* of the PT_LOAD's header in the file */
};

/* OX_ECORRUPT unless the file can be grown at that place without moving anything that is loaded. */
int ox_elf_find_place(struct ox_slice file, struct ox_elf_place *out, struct ox_err *err);

#endif
