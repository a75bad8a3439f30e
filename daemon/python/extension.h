/* extension.h - extension modules among shared libraries. */
#ifndef OX_PYTHON_EXTENSION_H
#define OX_PYTHON_EXTENSION_H

#include "daemon/python/distribution.h"

/* "pkg/mod.cpython-311-x86_64-linux-gnu.so" -> length of the name without the suffix of
 * an extension module that this distribution loads; 0 when it has none. *tagged: the
 * suffix has an ABI tag, so that it cannot be a plain library. */
size_t ox_extension_stem(const struct ox_distribution *dist, struct ox_slice file, bool *tagged);

/* Whether ELF bytes export PyInit_<name>: an extension module, not a library. */
bool ox_exports_init(struct ox_slice elf, struct ox_slice name);

#endif
