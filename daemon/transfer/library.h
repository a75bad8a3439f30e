/* library.h - a shared library loaded by name, and its functions by theirs. */
#ifndef OX_TRANSFER_LIBRARY_H
#define OX_TRANSFER_LIBRARY_H

#include "proto/base/err.h"

#include <stddef.h>

struct ox_symbol {
	const char *name;
	size_t offset; /* in the table of pointers that is filled in */
};

/* Tries the names (ending in NULL) in their order. OX_EBUILD names `package`, which has it. The
 * library is never unloaded. */
int ox_library_load(const char *const *names, const char *package, const struct ox_symbol *symbols, size_t count,
		    void *table, struct ox_err *err);

#endif
