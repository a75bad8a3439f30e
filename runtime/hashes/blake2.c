#include "runtime/hashes/hashes.h"
#include "runtime/hashes/words.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_BLOCK = 128 };

/* Both kinds alike: words are eight bytes long, or four when small. */
struct ox_blake2 {
	uint64_t state[8];
	uint64_t len; /* of what is folded */
	uint8_t rest[LONGEST_BLOCK];
	uint8_t used; /* bytes in rest: a whole block waits there until more comes */
	uint8_t digest_length, key_length;
	bool is_small, is_last_node;
};

static const uint64_t start[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};
static const uint32_t small_start[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static const uint8_t orders[10][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

/* Which four words are mixed: the columns, then the diagonals. */
static const uint8_t quarters[8][4] = {{0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15},
				       {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14}};

static void mix(uint64_t v[16], const uint8_t at[4], uint64_t x, uint64_t y)
{
	uint64_t a = v[at[0]], b = v[at[1]], c = v[at[2]], d = v[at[3]];
	a += b + x;
	d = ox_right64(d ^ a, 32);
	c += d;
	b = ox_right64(b ^ c, 24);
	a += b + y;
	d = ox_right64(d ^ a, 16);
	c += d;
	b = ox_right64(b ^ c, 63);
	v[at[0]] = a;
	v[at[1]] = b;
	v[at[2]] = c;
	v[at[3]] = d;
}

static void mix_small(uint64_t v[16], const uint8_t at[4], uint32_t x, uint32_t y)
{
	uint32_t a = (uint32_t)v[at[0]], b = (uint32_t)v[at[1]], c = (uint32_t)v[at[2]], d = (uint32_t)v[at[3]];
	a += b + x;
	d = ox_right32(d ^ a, 16);
	c += d;
	b = ox_right32(b ^ c, 12);
	a += b + y;
	d = ox_right32(d ^ a, 8);
	c += d;
	b = ox_right32(b ^ c, 7);
	v[at[0]] = a;
	v[at[1]] = b;
	v[at[2]] = c;
	v[at[3]] = d;
}

/* Words 8 to 15 of what is mixed: constants, with the length and the marks of the end in them. */
static void set_counters(const struct ox_blake2 *h, uint64_t v[16], bool is_last)
{
	uint64_t ones = h->is_small ? UINT32_MAX : UINT64_MAX;
	for (unsigned i = 0; i < 8; i++)
		v[8 + i] = h->is_small ? small_start[i] : start[i];
	v[12] ^= h->len & ones;
	v[13] ^= h->is_small ? h->len >> 32 : 0;
	v[14] ^= is_last ? ones : 0;
	v[15] ^= is_last && h->is_last_node ? ones : 0;
}

static void fold(struct ox_blake2 *h, const uint8_t *block, bool is_last)
{
	size_t size = h->is_small ? 4 : 8;
	uint64_t v[16], m[16];
	memcpy(v, h->state, sizeof h->state);
	set_counters(h, v, is_last);
	for (unsigned i = 0; i < 16; i++)
		m[i] = h->is_small ? ox_word_get(block + size * i, 4, true) : ox_word_get(block + size * i, 8, true);
	for (unsigned round = 0; round < (h->is_small ? 10 : 12); round++) {
		const uint8_t *order = orders[round % 10];
		for (unsigned i = 0; i < 8; i++) {
			uint64_t x = m[order[2 * i]], y = m[order[2 * i + 1]];
			if (h->is_small)
				mix_small(v, quarters[i], (uint32_t)x, (uint32_t)y);
			else
				mix(v, quarters[i], x, y);
		}
	}
	for (unsigned i = 0; i < 8; i++)
		h->state[i] ^= v[i] ^ v[i + 8];
}

/* The parameter block is as long as the state, and is mixed into what that starts with. */
static void set_parameters(struct ox_blake2 *h, const struct ox_blake2_parameters *p)
{
	size_t size = p->is_small ? 4 : 8, offset_size = p->is_small ? 6 : 8;
	uint8_t block[64] = {p->digest_length, p->key_length, p->fanout, p->depth};
	ox_word_put(block + 4, p->leaf_length, 4, true);
	ox_word_put(block + 8, p->node_offset, offset_size, true);
	block[8 + offset_size] = p->node_depth;
	block[9 + offset_size] = p->inner_length;
	memcpy(block + 4 * size, p->salt, 2 * size);
	memcpy(block + 6 * size, p->personal, 2 * size);
	for (unsigned i = 0; i < 8; i++)
		h->state[i] = (p->is_small ? small_start[i] : start[i]) ^ ox_word_get(block + size * i, size, true);
}

struct ox_blake2 *ox_blake2_new(const struct ox_blake2_parameters *p)
{
	struct ox_blake2 *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	h->is_small = p->is_small;
	h->is_last_node = p->is_last_node;
	h->digest_length = p->digest_length;
	h->key_length = p->key_length;
	set_parameters(h, p);
	if (p->key_length) { /* a block of its own, with zeros behind it */
		memcpy(h->rest, p->key, p->key_length);
		h->used = p->is_small ? 64 : 128;
	}
	return h;
}

struct ox_blake2 *ox_blake2_copy(const struct ox_blake2 *h)
{
	struct ox_blake2 *copy = malloc(sizeof *copy);
	if (copy)
		*copy = *h;
	return copy;
}

void ox_blake2_free(struct ox_blake2 *h)
{
	free(h);
}

uint8_t ox_blake2_digest_length(const struct ox_blake2 *h)
{
	return h->digest_length;
}

uint8_t ox_blake2_key_length(const struct ox_blake2 *h)
{
	return h->key_length;
}

bool ox_blake2_is_last_node(const struct ox_blake2 *h)
{
	return h->is_last_node;
}

void ox_blake2_update(struct ox_blake2 *h, const uint8_t *data, size_t len)
{
	size_t block = h->is_small ? 64 : 128;
	while (len) {
		if (h->used == block) {
			h->len += block;
			fold(h, h->rest, false);
			h->used = 0;
		}
		size_t part = len < block - h->used ? len : block - h->used;
		memcpy(h->rest + h->used, data, part);
		h->used = (uint8_t)(h->used + part);
		data += part;
		len -= part;
	}
}

void ox_blake2_digest(const struct ox_blake2 *h, uint8_t *out)
{
	struct ox_blake2 last = *h;
	size_t size = h->is_small ? 4 : 8;
	uint8_t whole[64];
	memset(last.rest + last.used, 0, sizeof last.rest - last.used);
	last.len += last.used;
	fold(&last, last.rest, true);
	for (unsigned i = 0; i < 8; i++)
		ox_word_put(whole + size * i, last.state[i], size, true);
	memcpy(out, whole, h->digest_length);
}
