/* digest_id.h - the name of content: a SHA-256, as 32 bytes or 64 hex digits.
 *
 * Only the name: computing one is store/digest's work. */
#ifndef OX_BASE_DIGEST_ID_H
#define OX_BASE_DIGEST_ID_H

#include "proto/base/slice.h"

enum { OX_DIGEST_SIZE = 32, OX_DIGEST_HEX = 64 };

struct ox_digest {
	uint8_t bytes[OX_DIGEST_SIZE];
};

static inline bool ox_digest_eq(const struct ox_digest *a, const struct ox_digest *b)
{
	return memcmp(a->bytes, b->bytes, OX_DIGEST_SIZE) == 0;
}

/* All zero: "no digest". */
bool ox_digest_is_zero(const struct ox_digest *d);

/* Lower-case hex with its NUL into hex[65]; returns hex. */
char *ox_digest_hex(const struct ox_digest *d, char hex[static OX_DIGEST_HEX + 1]);

/* False unless text is exactly 64 hex digits, either case. */
bool ox_digest_parse(struct ox_slice text, struct ox_digest *d);

#endif
