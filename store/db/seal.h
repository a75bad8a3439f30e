/* seal.h - a 64-bit check over bytes that finds damage, not malice.
 *
 * Words of eight bytes are folded in one after the other, each by a step that is a
 * bijection of the state for a fixed word and of the word for a fixed state: so any
 * change within one word changes the result, whatever comes after it. Part of the
 * formats of index.db and objects.db. */
#ifndef OX_DB_SEAL_H
#define OX_DB_SEAL_H

#include "proto/base/slice.h"

static inline uint64_t ox_seal_word(uint64_t state, uint64_t word)
{
	state = (state ^ word) * 0x9e3779b97f4a7c15u;
	return state ^ state >> 29;
}

static inline uint64_t ox_seal_bytes(uint64_t state, struct ox_slice s)
{
	const char *p = s.data;
	size_t left = s.len;
	state = ox_seal_word(state, s.len);
	for (; left >= 8; p += 8, left -= 8) {
		uint64_t word;
		memcpy(&word, p, 8);
		state = ox_seal_word(state, word);
	}
	uint64_t last = 0;
	for (size_t i = 0; i < left; i++)
		last = last << 8 | (unsigned char)p[i];
	return ox_seal_word(state, last);
}

#endif
