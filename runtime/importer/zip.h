/* zip.h - the directory and the packed bytes of a zip archive (APPNOTE.TXT 6.3, sections 4.3 to 4.5).
 *
 * The archive is a file or memory, may have anything in front of it, and may be of the
 * 64-bit kind. It is not trusted: lengths and offsets are checked against the archive's size before they
 * are followed. Left out of the directory are folders and members with unsafe names: absolute, with a
 * ".." in them or with a NUL. Inflating is up to the caller. */
#ifndef OX_IMPORTER_ZIP_H
#define OX_IMPORTER_ZIP_H

#include "proto/base/err.h"
#include "proto/base/slice.h"

enum ox_zip_method { OX_ZIP_STORED = 0, OX_ZIP_DEFLATED = 8 };

struct ox_zip_member {
	struct ox_slice name; /* valid as long as the archive is open */
	uint64_t offset;      /* of the local header, junk in front included */
	uint64_t packed, size;
	uint32_t crc;
	uint16_t method;      /* enum ox_zip_method, or one that is not supported */
	bool is_encrypted;
};

struct ox_zip {
	int fd;               /* -1: memory; closed by ox_zip_close */
	struct ox_slice data; /* borrowed; memory only */
	uint64_t size;
	char *directory;
	struct ox_zip_member *members; /* sorted by name; of several with one name only the last */
	size_t count;
};

/* Each leaves *z empty on failure. OX_ECORRUPT and the like say what is wrong. */
int ox_zip_open_file(struct ox_zip *z, const char *path, struct ox_err *err);
int ox_zip_open_memory(struct ox_zip *z, struct ox_slice data, struct ox_err *err);
void ox_zip_close(struct ox_zip *z);

/* Reads the directory of what was opened. */
int ox_zip_index(struct ox_zip *z, struct ox_err *err);

/* NULL when there is none. */
const struct ox_zip_member *ox_zip_find(const struct ox_zip *z, struct ox_slice name);

/* Where the member's packed bytes begin, after checking that they are all there and that what they claim
 * to become is possible. */
int ox_zip_locate(const struct ox_zip *z, const struct ox_zip_member *m, uint64_t *offset, struct ox_err *err);

/* Exactly len bytes. */
int ox_zip_read(const struct ox_zip *z, uint64_t offset, void *to, size_t len, struct ox_err *err);

uint32_t ox_zip_crc(const void *data, size_t len);

#endif
