/* reader.h - taking apart what records hold: bounded, without allocation.
 *
 * Reading past the end marks the reader failed and gives zeros from then on. */
#ifndef OX_INDEX_READER_H
#define OX_INDEX_READER_H

#include "proto/base/buf.h"
#include "proto/base/digest_id.h"

struct ox_reader {
	const unsigned char *at, *end;
	bool failed;
};

static inline struct ox_reader ox_reader(struct ox_slice s)
{
	const unsigned char *p = (const unsigned char *)s.data;
	return (struct ox_reader){.at = p, .end = p ? p + s.len : p};
}

static inline const unsigned char *ox_read_bytes(struct ox_reader *r, size_t len)
{
	if (r->failed || (size_t)(r->end - r->at) < len) {
		r->failed = true;
		return NULL;
	}
	const unsigned char *p = r->at;
	r->at += len;
	return p;
}

static inline uint64_t ox_read_int(struct ox_reader *r, int size)
{
	const unsigned char *p = ox_read_bytes(r, (size_t)size);
	uint64_t v = 0;
	for (int i = size - 1; p && i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static inline uint32_t ox_read_u32(struct ox_reader *r)
{
	return (uint32_t)ox_read_int(r, 4);
}

static inline uint64_t ox_read_u64(struct ox_reader *r)
{
	return ox_read_int(r, 8);
}

static inline struct ox_slice ox_read_text(struct ox_reader *r)
{
	size_t len = ox_read_u32(r);
	const unsigned char *p = ox_read_bytes(r, len);
	return ox_slice(p, p ? len : 0);
}

static inline struct ox_digest ox_read_digest(struct ox_reader *r)
{
	struct ox_digest d = {{0}};
	const unsigned char *p = ox_read_bytes(r, OX_DIGEST_SIZE);
	if (p)
		memcpy(d.bytes, p, OX_DIGEST_SIZE);
	return d;
}

static inline void ox_write_text(struct ox_buf *b, struct ox_slice text)
{
	ox_buf_u32(b, (uint32_t)text.len);
	ox_buf_slice(b, text);
}

#endif
