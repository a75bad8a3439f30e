/* elf_unique.h - C++'s unique symbols of a relocatable object become ordinary global ones.
 *
 * Inline functions' static variables are bound in a way (STB_GNU_UNIQUE) that objcopy does not make local. */
#ifndef OX_LINK_ELF_UNIQUE_H
#define OX_LINK_ELF_UNIQUE_H

#include <stddef.h>

/* In place, for 64-bit ELF of this machine's byte order; anything else is left as it is. */
void ox_elf_unique_to_global(char *bytes, size_t len);

#endif
