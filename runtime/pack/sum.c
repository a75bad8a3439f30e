#include "runtime/pack/sum.h"

#include <endian.h>

enum { LANES = 4, BLOCK = LANES * sizeof(uint64_t) };

static const uint64_t factor = 0x9e3779b97f4a7c15u; /* odd, half of its bits set */

static uint64_t mix(uint64_t lane, uint64_t word)
{
	lane = (lane ^ word) * factor;
	return lane << 29 | lane >> 35;
}

static void take_block(uint64_t *lanes, const char *block)
{
	uint64_t words[LANES];
	memcpy(words, block, BLOCK);
	for (int i = 0; i < LANES; i++)
		lanes[i] = mix(lanes[i], le64toh(words[i]));
}

uint32_t ox_pack_sum(struct ox_slice bytes)
{
	uint64_t lanes[LANES] = {1, 2, 3, 4}, sum = bytes.len;
	char last[BLOCK] = {0};
	size_t whole = bytes.len / BLOCK * BLOCK;
	for (size_t at = 0; at < whole; at += BLOCK)
		take_block(lanes, bytes.data + at);
	if (whole < bytes.len)
		memcpy(last, bytes.data + whole, bytes.len - whole);
	take_block(lanes, last);
	for (int i = 0; i < LANES; i++)
		sum = mix(sum, lanes[i]);
	return (uint32_t)(sum >> 32 ^ sum);
}
