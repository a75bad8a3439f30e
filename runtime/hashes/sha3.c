#include "runtime/hashes/hashes.h"
#include "runtime/hashes/words.h"

#include <stdlib.h>
#include <string.h>

struct ox_sponge {
	uint64_t lanes[25];
	uint8_t rate, digest;
	uint8_t used; /* bytes of the current block that are absorbed */
};

static const uint64_t round_constants[24] = {
	0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
	0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
	0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
	0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
	0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
	0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* The walk through the lanes that the steps rho and pi take together: to which lane, turned how far. */
static const uint8_t walk[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};
static const uint8_t turns[24] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
				  27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};

static void permute(uint64_t lanes[25])
{
	for (unsigned round = 0; round < 24; round++) {
		uint64_t column[5];
		for (unsigned x = 0; x < 5; x++)
			column[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
		for (unsigned i = 0; i < 25; i++)
			lanes[i] ^= column[(i + 4) % 5] ^ ox_right64(column[(i + 1) % 5], 63);
		uint64_t carried = lanes[1];
		for (unsigned i = 0; i < 24; i++) {
			uint64_t next = lanes[walk[i]];
			lanes[walk[i]] = ox_right64(carried, 64u - turns[i]);
			carried = next;
		}
		for (unsigned y = 0; y < 25; y += 5) {
			memcpy(column, lanes + y, sizeof column);
			for (unsigned x = 0; x < 5; x++)
				lanes[y + x] = column[x] ^ (~column[(x + 1) % 5] & column[(x + 2) % 5]);
		}
		lanes[0] ^= round_constants[round];
	}
}

struct ox_sponge *ox_sponge_new(uint8_t rate, uint8_t digest)
{
	struct ox_sponge *h = calloc(1, sizeof *h);
	if (h) {
		h->rate = rate;
		h->digest = digest;
	}
	return h;
}

struct ox_sponge *ox_sponge_copy(const struct ox_sponge *h)
{
	struct ox_sponge *copy = malloc(sizeof *copy);
	if (copy)
		*copy = *h;
	return copy;
}

void ox_sponge_free(struct ox_sponge *h)
{
	free(h);
}

uint8_t ox_sponge_rate(const struct ox_sponge *h)
{
	return h->rate;
}

uint8_t ox_sponge_digest_len(const struct ox_sponge *h)
{
	return h->digest;
}

static void absorb_byte(struct ox_sponge *h, unsigned at, uint8_t byte)
{
	h->lanes[at / 8] ^= (uint64_t)byte << 8 * (at % 8);
}

void ox_sponge_update(struct ox_sponge *h, const uint8_t *data, size_t len)
{
	while (len) {
		if (h->used % 8 == 0 && len >= 8) {
			h->lanes[h->used / 8] ^= ox_word_get(data, 8, true);
			h->used += 8;
			data += 8;
			len -= 8;
		} else {
			absorb_byte(h, h->used++, *data++);
			len--;
		}
		if (h->used == h->rate) {
			permute(h->lanes);
			h->used = 0;
		}
	}
}

/* The bits that mark which of the two it is, a one bit, zeros, a one bit at the end. */
void ox_sponge_digest(const struct ox_sponge *h, uint8_t *out, size_t len)
{
	struct ox_sponge last = *h;
	absorb_byte(&last, last.used, last.digest ? 0x06 : 0x1f);
	absorb_byte(&last, last.rate - 1u, 0x80);
	for (size_t i = 0; i < len; i++) {
		unsigned at = (unsigned)(i % last.rate);
		if (at == 0)
			permute(last.lanes);
		out[i] = (uint8_t)(last.lanes[at / 8] >> 8 * (at % 8));
	}
}
