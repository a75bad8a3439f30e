/* copy.h - writing to a place in a file, whole or not at all from the caller's view. */
#ifndef OX_BUNDLE_COPY_H
#define OX_BUNDLE_COPY_H

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

int ox_write_at(int fd, const void *data, size_t len, uint64_t offset, struct ox_err *err);

/* Copies `len` bytes between regular files, sharing blocks where the file system can. A source
 * that ends early is OX_ECORRUPT. */
int ox_copy_at(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t len, struct ox_err *err);

#endif
