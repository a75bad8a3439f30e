/* archive_pic.h - whether a static library, or objects, can go into a position-independent executable. */
#ifndef OX_PYTHON_ARCHIVE_PIC_H
#define OX_PYTHON_ARCHIVE_PIC_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Looks at the relocations of the archive's code: absolute 32-bit ones (x86-64) need a fixed
 * address. On other machines compilers address relative to the code in either case: true. */
int ox_archive_is_pic(const char *path, bool *pic, struct ox_err *err);

/* The same for objects, their paths relative to the folder `root`. What is no object is left to the
 * linker to complain of. */
int ox_objects_are_pic(const char *root, const char *const *paths, size_t count, bool *pic, struct ox_err *err);

#endif
