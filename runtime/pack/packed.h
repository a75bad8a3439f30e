/* packed.h - packed resources, the format in which PyOxidizer's tools exchange modules and
 * files: versions 1 to 3 are read, version 3 is written. (An executable's own payload is
 * another format, used in place: format.h.)
 *
 * All integers are little-endian and unsigned. A file is
 *
 *   offset size
 *      0    8   "pyembed" and the version's byte
 *      8    1   number of blob sections S
 *      9    4   length of the blob index B, with its end mark
 *     13    4   number of resources R
 *     17    4   length of the resources index I, with its end mark
 *     21    B   blob index: for each section which field's bytes it holds and how many
 *   21+B    I   resources index: for each resource its fields, with lengths only
 *               S sections in the order of the blob index, back to back
 *
 * Both indexes are runs of tagged fields: 01 opens an entry, ff ends it, 00 ends the index. Each
 * field that has bytes takes the next ones of its own section, so that the order of
 * resources in the index is the order of bytes in every section. The fields, their tags and the
 * widths of their lengths are one table (packed_fields.c), which reader and writer share.
 *
 * Nothing ties marshalled code in this format to a version of Python. */
#ifndef OX_PACK_PACKED_H
#define OX_PACK_PACKED_H

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "runtime/pack/resource.h"

enum ox_packed_blob {
	OX_PACKED_SOURCE,
	OX_PACKED_BYTECODE, /* and the two of higher levels behind it */
	OX_PACKED_BYTECODE_OPT1,
	OX_PACKED_BYTECODE_OPT2,
	OX_PACKED_EXTENSION, /* shared library of an extension module */
	OX_PACKED_LIBRARY,   /* shared library that others need */
	OX_PACKED_SOURCE_PATH,
	OX_PACKED_BYTECODE_PATH,
	OX_PACKED_BYTECODE_OPT1_PATH,
	OX_PACKED_BYTECODE_OPT2_PATH,
	OX_PACKED_EXTENSION_PATH,
	OX_PACKED_FILE_DATA,
	OX_PACKED_FILE_PATH,
	OX_PACKED_BLOBS
};

enum ox_packed_table {
	OX_PACKED_RESOURCES, /* files of a package */
	OX_PACKED_METADATA,  /* files of a .dist-info */
	OX_PACKED_RESOURCE_PATHS,
	OX_PACKED_METADATA_PATHS,
	OX_PACKED_TABLES
};

/* Names with bytes or paths, sorted by name in byte order, each name once. items is NULL when
 * the field is not set, which is not the same as set and empty. */
struct ox_packed_items {
	struct ox_pack_file *items;
	size_t count;
};

/* One resource. All slices are borrowed. Paths are relative to the consumer's origin, as the kernel
 * takes them, except OX_PACKED_FILE_PATH, which is UTF-8 like all names. */
struct ox_packed_resource {
	struct ox_slice name;
	uint32_t flags;                         /* enum ox_pack_flag, those below OX_PACK_STDLIB and the file flags */
	struct ox_slice blobs[OX_PACKED_BLOBS]; /* data NULL: not set */
	struct ox_packed_items tables[OX_PACKED_TABLES];
	struct ox_slice *needs; /* names of shared libraries; NULL: not set */
	size_t need_count;
};

enum ox_packed_padding { OX_PACKED_UNSAID, OX_PACKED_NO_PADDING, OX_PACKED_NUL_PADDING };

/* Called before the reader looks at a part of the bytes, for those that are brought in piece by piece; a negative code
 * with the error ends the reading. */
struct ox_packed_loader {
	int (*load)(void *arg, struct ox_slice part, struct ox_err *err);
	void *arg;
};

/* Parses everything; `loader` may be NULL. Indexes and names are looked at, other content is not. The resources
 * are in the arena; their slices point into `bytes`. Whatever the bytes, nothing outside of them is touched and no
 * more than a multiple of their size is allocated. OX_ECORRUPT has PyOxidizer's texts where it has one;
 * OX_EEXHAUSTED when the arena is full. */
int ox_packed_read(struct ox_slice bytes, const struct ox_packed_loader *loader, struct ox_arena *arena,
		   struct ox_packed_resource **out, size_t *count, struct ox_err *err);

/* Appends version 3 of the resources, in their order (sort them by name). OX_EEXHAUSTED when something is
 * longer than its field can say, naming it; then nothing is appended. */
int ox_packed_write(const struct ox_packed_resource *resources, size_t count, enum ox_packed_padding padding,
		    struct ox_buf *out, struct ox_err *err);

/* What is set in `more` replaces what `base` has; flags are united. OX_EUSAGE when the names differ. */
int ox_packed_merge(struct ox_packed_resource *base, const struct ox_packed_resource *more, struct ox_err *err);

/* Sorts a table's items and keeps the last of each name. */
void ox_packed_sort(struct ox_packed_items *table);

/* The item of that name, or NULL. */
const struct ox_pack_file *ox_packed_find(const struct ox_packed_items *table, struct ox_slice name);

#endif
