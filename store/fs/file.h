/* file.h - reading, writing and copying open files; a file's signature. */
#ifndef OX_FS_FILE_H
#define OX_FS_FILE_H

#include "proto/base/buf.h"

#include <sys/stat.h>

/* What stat tells about a file's content without reading it. Two equal
 * signatures mean the same bytes unless the file was written twice within one
 * tick of the file system's clock: see ox_signature_racy. */
struct ox_signature {
	uint64_t device, inode, size;
	uint64_t mtime, ctime; /* nanoseconds since the epoch */
};

struct ox_signature ox_signature_of(const struct stat *st);

static inline bool ox_signature_eq(const struct ox_signature *a, const struct ox_signature *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime == b->mtime &&
	       a->ctime == b->ctime;
}

/* True when the file was touched so shortly before `now` (real-time
 * nanoseconds, read before stat) that a later write could leave the same times. */
bool ox_signature_racy(const struct ox_signature *s, uint64_t now);

/* 40 bytes, little-endian, in the order of the fields. */
enum { OX_SIGNATURE_SIZE = 40 };
void ox_signature_write(const struct ox_signature *s, struct ox_buf *b);
struct ox_signature ox_signature_read(const void *bytes);

int ox_fs_write_all(int fd, const void *data, size_t len, struct ox_err *err);

/* Appends the rest of the file; the buffer's limit holds. */
int ox_fs_read_all(int fd, struct ox_buf *b, struct ox_err *err);
int ox_fs_read_file(const char *path, struct ox_buf *b, struct ox_err *err);

/* Copies the rest of `from` to `to`, sharing blocks where the file system can;
 * *copied (may be NULL) counts bytes. */
int ox_fs_copy(int from, int to, uint64_t *copied, struct ox_err *err);

#endif
