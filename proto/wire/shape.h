/* shape.h - how a plain struct of ours maps to a generated protobuf struct.
 *
 * A shape is a table: for every field, where it stands in nanopb's struct and
 * where in ours. One pair of functions then encodes and decodes all messages.
 * nanopb has callbacks in place of texts and lists; here they append to a buffer
 * and decode into an arena, whose limit is checked before anything is allocated.
 * Only proto/wire uses this header. */
#ifndef OX_WIRE_SHAPE_H
#define OX_WIRE_SHAPE_H

#include "proto/base/arena.h"
#include "proto/base/buf.h"

#include <pb.h>

enum ox_field_type {
	OX_FIELD_NUMBER, /* same size on both sides: copied */
	OX_FIELD_BYTES,  /* struct ox_slice; absent when empty */
	OX_FIELD_DIGEST, /* struct ox_digest; absent when zero */
	OX_FIELD_TEXTS,  /* struct ox_slice *, size_t */
	OX_FIELD_ITEMS,  /* pointer to structs of the shape `item`, size_t */
};

struct ox_field {
	enum ox_field_type type;
	size_t generated;  /* offset in nanopb's struct */
	size_t place;      /* offset in ours */
	size_t count;      /* lists: offset of their length in ours */
	size_t size;       /* numbers: bytes */
	uint32_t min, max; /* numbers of 4 bytes that stand for an enum; max 0: any value */
	const struct ox_shape *item;
};

struct ox_shape {
	const char *name; /* for messages */
	const pb_msgdesc_t *descriptor;
	size_t generated_size, size;
	const struct ox_field *fields;
	size_t field_count;
};

enum { OX_SHAPE_FIELDS_MAX = 24 };

/* Appends the message at `in` (no length in front). OX_EEXHAUSTED. */
int ox_shape_encode(const struct ox_shape *shape, const void *in, struct ox_buf *out, struct ox_err *err);

/* Fills `out`, which the caller zeroed. OX_ECORRUPT, or OX_EEXHAUSTED past the
 * arena's limit. */
int ox_shape_decode(const struct ox_shape *shape, struct ox_slice bytes, struct ox_arena *arena, void *out,
		    struct ox_err *err);

#endif
