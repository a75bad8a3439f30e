/* put.h - little-endian integers at places of any alignment; reading and writing. */
#ifndef OX_PACK_PUT_H
#define OX_PACK_PUT_H

#include "proto/base/slice.h"

static inline void ox_put_u32(char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (char)(value >> (8 * i));
}

static inline void ox_put_u64(char *at, uint64_t value)
{
	ox_put_u32(at, (uint32_t)value);
	ox_put_u32(at + 4, (uint32_t)(value >> 32));
}

static inline uint32_t ox_get_u32(const char *at)
{
	const unsigned char *p = (const unsigned char *)at;
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t ox_get_u64(const char *at)
{
	return ox_get_u32(at) | (uint64_t)ox_get_u32(at + 4) << 32;
}

#endif
