#include "runtime/hashes/hashes.h"
#include "runtime/hashes/words.h"

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static const uint8_t md5_turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static void fold_md5(uint64_t state[8], const uint8_t *block)
{
	uint32_t a = (uint32_t)state[0], b = (uint32_t)state[1], c = (uint32_t)state[2], d = (uint32_t)state[3];
	for (unsigned i = 0; i < 64; i++) {
		static const uint8_t step[4] = {1, 5, 3, 7}, first[4] = {0, 1, 5, 0};
		unsigned round = i / 16, word = (step[round] * i + first[round]) % 16;
		uint32_t mixed = round == 0   ? d ^ (b & (c ^ d))
				 : round == 1 ? c ^ (d & (b ^ c))
				 : round == 2 ? b ^ c ^ d
					      : c ^ (b | ~d);
		uint32_t sum = a + mixed + sines[i] + (uint32_t)ox_word_get(block + 4 * word, 4, true);
		a = d;
		d = c;
		c = b;
		b += ox_left32(sum, md5_turns[round][i % 4]);
	}
	const uint32_t added[4] = {a, b, c, d};
	for (unsigned i = 0; i < 4; i++)
		state[i] = (uint32_t)(state[i] + added[i]);
}

const struct ox_fold ox_md5 = {
	.block = 64,
	.digest = 16,
	.is_little_endian = true,
	.start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476},
	.fold = fold_md5,
};

static void fold_sha1(uint64_t state[8], const uint8_t *block)
{
	static const uint32_t constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	uint32_t w[80], h[5];
	for (unsigned i = 0; i < 16; i++)
		w[i] = (uint32_t)ox_word_get(block + 4 * i, 4, false);
	for (unsigned i = 16; i < 80; i++)
		w[i] = ox_left32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (unsigned i = 0; i < 5; i++)
		h[i] = (uint32_t)state[i];
	for (unsigned i = 0; i < 80; i++) {
		unsigned round = i / 20;
		uint32_t mixed = round == 0   ? h[3] ^ (h[1] & (h[2] ^ h[3]))
				 : round == 2 ? (h[1] & h[2]) | (h[3] & (h[1] | h[2]))
					      : h[1] ^ h[2] ^ h[3];
		uint32_t next = ox_left32(h[0], 5) + mixed + h[4] + constants[round] + w[i];
		h[4] = h[3];
		h[3] = h[2];
		h[2] = ox_left32(h[1], 30);
		h[1] = h[0];
		h[0] = next;
	}
	for (unsigned i = 0; i < 5; i++)
		state[i] = (uint32_t)(state[i] + h[i]);
}

const struct ox_fold ox_sha1 = {
	.block = 64,
	.digest = 20,
	.start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0},
	.fold = fold_sha1,
};
