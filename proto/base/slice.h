/* slice.h - a borrowed run of bytes: pointer and length, never owned.
 *
 * Text is UTF-8 and not NUL-terminated unless a comment says so. A slice is
 * valid as long as whatever it points into; functions that keep one say so. */
#ifndef OX_BASE_SLICE_H
#define OX_BASE_SLICE_H

#include "proto/base/platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ox_slice {
	const char *data; /* may be NULL when len is 0 */
	size_t len;
};

#define OX_SLICE(literal) ((struct ox_slice){(literal), sizeof(literal) - 1})
/* For printf: "%.*s", OX_SLICE_ARG(s) */
#define OX_SLICE_ARG(s) (int)(s).len, (s).data ? (s).data : ""

static inline struct ox_slice ox_slice(const void *data, size_t len)
{
	return (struct ox_slice){data, len};
}

static inline struct ox_slice ox_slice_str(const char *text)
{
	return (struct ox_slice){text, text ? strlen(text) : 0};
}

static inline bool ox_slice_eq(struct ox_slice a, struct ox_slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool ox_slice_eq_str(struct ox_slice a, const char *text)
{
	return ox_slice_eq(a, ox_slice_str(text));
}

static inline bool ox_slice_starts(struct ox_slice s, struct ox_slice prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

static inline bool ox_slice_ends(struct ox_slice s, struct ox_slice suffix)
{
	return s.len >= suffix.len &&
	       (suffix.len == 0 || memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0);
}

/* Byte order, shorter first on a tie: the order of everything that is sorted
 * in an output. */
static inline int ox_slice_cmp(struct ox_slice a, struct ox_slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.data, b.data, n) : 0;
	if (c)
		return c;
	return (a.len > b.len) - (a.len < b.len);
}

#endif
