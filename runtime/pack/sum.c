#include "runtime/pack/sum.h"

#include <endian.h>

/* Named, not an array: compilers keep these in registers. */
struct lanes {
	uint64_t a, b, c, d;
};

enum { BLOCK = sizeof(struct lanes) };

static const uint64_t factor = 0x9e3779b97f4a7c15u; /* odd, half of its bits set */

static inline uint64_t mix(uint64_t lane, uint64_t word)
{
	lane = (lane ^ word) * factor;
	return lane << 29 | lane >> 35;
}

static inline uint64_t word_at(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	return le64toh(word);
}

static inline struct lanes take_block(struct lanes l, const char *block)
{
	return (struct lanes){mix(l.a, word_at(block)), mix(l.b, word_at(block + 8)), mix(l.c, word_at(block + 16)),
			      mix(l.d, word_at(block + 24))};
}

uint32_t ox_pack_sum(struct ox_slice bytes)
{
	struct lanes l = {1, 2, 3, 4};
	char last[BLOCK] = {0};
	size_t whole = bytes.len / BLOCK * BLOCK;
	for (size_t at = 0; at < whole; at += BLOCK)
		l = take_block(l, bytes.data + at);
	if (whole < bytes.len)
		memcpy(last, bytes.data + whole, bytes.len - whole);
	l = take_block(l, last);
	uint64_t sum = mix(mix(mix(mix(bytes.len, l.a), l.b), l.c), l.d);
	return (uint32_t)(sum >> 32 ^ sum);
}
