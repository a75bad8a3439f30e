/* elf_facts.h - what a shared library says of itself: its build id, its name, what it needs. */
#ifndef OX_CAPTURE_ELF_FACTS_H
#define OX_CAPTURE_ELF_FACTS_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"

enum { OX_BUILD_ID_DIGITS = 40 };

struct ox_elf_facts {
	char build_id[OX_BUILD_ID_DIGITS + 1]; /* lower case; "" when it has none of SHA-1's length */
	const char *soname;                    /* NULL: none */
	const char *const *needed;
	size_t needed_count;
};

/* Strings live in the arena. What is no ELF file, or a damaged one, has no facts. -1 when memory ran out. */
int ox_elf_facts_read(struct ox_slice bytes, struct ox_arena *arena, struct ox_elf_facts *out);

#endif
