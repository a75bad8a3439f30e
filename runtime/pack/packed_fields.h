/* packed_fields.h - the fields of packed resources as data, for their reader and writer. */
#ifndef OX_PACK_PACKED_FIELDS_H
#define OX_PACK_PACKED_FIELDS_H

#include "runtime/pack/packed.h"

#define OX_PACKED_MAGIC "pyembed"

enum {
	OX_PACKED_MAGIC_SIZE = 8, /* with the version */
	OX_PACKED_HEAD_SIZE = 21,
	OX_PACKED_VERSION = 3,
};

/* Tags that both indexes share, then those of the blob index. */
enum {
	OX_PACKED_END = 0x00,
	OX_PACKED_OPEN = 0x01,
	OX_PACKED_CLOSE = 0xff,
	OX_PACKED_SECTION_FIELD = 0x02,
	OX_PACKED_SECTION_LENGTH = 0x03,
	OX_PACKED_SECTION_PADDING = 0x04,
};

/* What packed resources of versions 1 and 2 have instead of flags for kinds. */
enum { OX_PACKED_FLAVOR = 0x02 };

enum ox_packed_shape {
	OX_PACKED_IS_NAME,  /* length; bytes */
	OX_PACKED_IS_FLAG,  /* nothing */
	OX_PACKED_IS_BLOB,  /* length; bytes */
	OX_PACKED_IS_TABLE, /* count, lengths of name and value of each item; name, value, name, ... */
	OX_PACKED_IS_NAMES, /* count, lengths; names */
};

struct ox_packed_field {
	unsigned char id;
	unsigned char since; /* version */
	enum ox_packed_shape shape;
	unsigned char width;      /* bytes of the length or count */
	unsigned char item_width; /* of a table's values */
	unsigned slot;            /* flag, blob or table */
	bool is_text;             /* UTF-8 without NUL */
	const char *length_error, *name_error, *item_error;
};

/* In the order in which they are written; ends with an id of 0. */
extern const struct ox_packed_field ox_packed_fields[];

/* NULL when the version has no such field. */
const struct ox_packed_field *ox_packed_field(unsigned char id, int version);

#endif
