/* buf.h - a growing byte buffer.
 *
 * Appending never fails at the call: when memory runs out, or `limit` would be
 * passed, the buffer is marked failed, later appends do nothing, and the one
 * check at the end (ox_buf_ok) sees it. The bytes are always followed by a NUL
 * that is not counted, so that `data` can be used as text. An all-zero struct is
 * an empty buffer without limit. */
#ifndef OX_BASE_BUF_H
#define OX_BASE_BUF_H

#include "proto/base/err.h"
#include "proto/base/slice.h"

#include <stdarg.h>

struct ox_buf {
	char *data; /* owned; NULL while nothing was appended */
	size_t len;
	size_t cap;
	size_t limit; /* most bytes it may hold; 0: no limit */
	bool failed;
};

void ox_buf_free(struct ox_buf *b);  /* releases and empties; safe to repeat */
void ox_buf_clear(struct ox_buf *b); /* empties, keeps memory, forgets a failure */

void ox_buf_add(struct ox_buf *b, const void *data, size_t len);
void ox_buf_slice(struct ox_buf *b, struct ox_slice s);
void ox_buf_str(struct ox_buf *b, const char *text);
void ox_buf_byte(struct ox_buf *b, char c);
void ox_buf_printf(struct ox_buf *b, const char *fmt, ...) OX_PRINTF(2, 3);
void ox_buf_vprintf(struct ox_buf *b, const char *fmt, va_list ap) OX_PRINTF(2, 0);
/* Little-endian integers, as every format of ours writes them. */
void ox_buf_u32(struct ox_buf *b, uint32_t v);
void ox_buf_u64(struct ox_buf *b, uint64_t v);
/* Text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void ox_buf_json(struct ox_buf *b, struct ox_slice text);

/* Room for `len` more bytes at the returned place, or NULL (marked failed). What
 * was written there counts after ox_buf_commit. */
char *ox_buf_reserve(struct ox_buf *b, size_t len);
void ox_buf_commit(struct ox_buf *b, size_t len);

/* 0, or OX_EEXHAUSTED with a message naming `what`. */
int ox_buf_ok(const struct ox_buf *b, const char *what, struct ox_err *err);

static inline struct ox_slice ox_buf_view(const struct ox_buf *b)
{
	return ox_slice(b->data, b->len);
}

/* The text, never NULL. */
static inline const char *ox_buf_text(const struct ox_buf *b)
{
	return b->data ? b->data : "";
}

/* Hand the bytes (NUL-terminated, free() them) to the caller and empty the
 * buffer; NULL if the buffer failed. */
char *ox_buf_steal(struct ox_buf *b);

#endif
