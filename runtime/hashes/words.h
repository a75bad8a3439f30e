/* words.h - words of a hash function: turned around, and read from and written to bytes. */
#ifndef OX_HASHES_WORDS_H
#define OX_HASHES_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t ox_left32(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static inline uint32_t ox_right32(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static inline uint64_t ox_right64(uint64_t x, unsigned n)
{
	return x >> n | x << (64 - n);
}

/* A word of `size` bytes; for constant arguments compilers make one load of it. */
static inline uint64_t ox_word_get(const uint8_t *at, size_t size, bool is_little_endian)
{
	uint64_t word = 0;
	for (size_t i = 0; i < size; i++)
		word |= (uint64_t)at[i] << 8 * (is_little_endian ? i : size - 1 - i);
	return word;
}

static inline void ox_word_put(uint8_t *at, uint64_t word, size_t size, bool is_little_endian)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)(word >> 8 * (is_little_endian ? i : size - 1 - i));
}

#endif
