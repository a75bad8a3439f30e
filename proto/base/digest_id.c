#include "proto/base/digest_id.h"

bool ox_digest_is_zero(const struct ox_digest *d)
{
	static const struct ox_digest zero;
	return ox_digest_eq(d, &zero);
}

char *ox_digest_hex(const struct ox_digest *d, char hex[static OX_DIGEST_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";
	for (int i = 0; i < OX_DIGEST_SIZE; i++) {
		hex[2 * i] = digits[d->bytes[i] >> 4];
		hex[2 * i + 1] = digits[d->bytes[i] & 15];
	}
	hex[OX_DIGEST_HEX] = '\0';
	return hex;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool ox_digest_parse(struct ox_slice text, struct ox_digest *d)
{
	if (text.len != OX_DIGEST_HEX)
		return false;
	for (int i = 0; i < OX_DIGEST_SIZE; i++) {
		int high = hex_value(text.data[2 * i]), low = hex_value(text.data[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		d->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
