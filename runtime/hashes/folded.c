#include "runtime/hashes/hashes.h"
#include "runtime/hashes/words.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST_BLOCK = 128 };

struct ox_folded {
	const struct ox_fold *fold;
	uint64_t state[8];
	uint64_t len; /* of all that came; what is not folded yet lies in rest */
	uint8_t rest[LONGEST_BLOCK];
};

struct ox_folded *ox_folded_new(const struct ox_fold *fold)
{
	struct ox_folded *h = calloc(1, sizeof *h);
	if (h) {
		h->fold = fold;
		memcpy(h->state, fold->start, sizeof h->state);
	}
	return h;
}

struct ox_folded *ox_folded_copy(const struct ox_folded *h)
{
	struct ox_folded *copy = malloc(sizeof *copy);
	if (copy)
		*copy = *h;
	return copy;
}

void ox_folded_free(struct ox_folded *h)
{
	free(h);
}

void ox_folded_update(struct ox_folded *h, const uint8_t *data, size_t len)
{
	size_t block = h->fold->block, used = h->len % block;
	h->len += len;
	while (len) {
		if (!used && len >= block) {
			h->fold->fold(h->state, data);
			data += block;
			len -= block;
			continue;
		}
		size_t part = len < block - used ? len : block - used;
		memcpy(h->rest + used, data, part);
		data += part;
		len -= part;
		used += part;
		if (used == block) {
			h->fold->fold(h->state, h->rest);
			used = 0;
		}
	}
}

/* A one bit, zeros, and the length in bits in the last two words of a block. */
void ox_folded_digest(const struct ox_folded *h, uint8_t *out)
{
	struct ox_folded last = *h;
	const struct ox_fold *fold = h->fold;
	size_t size = fold->is_wide ? 8 : 4, block = fold->block;
	uint8_t padding[2 * LONGEST_BLOCK] = {0x80};
	size_t used = h->len % block;
	size_t len = (used < block - 2 * size ? block : 2 * block) - used;
	uint8_t *end = padding + len;
	ox_word_put(end - 8, h->len << 3, 8, fold->is_little_endian);
	if (fold->is_wide)
		end[-9] = (uint8_t)(h->len >> 61);
	ox_folded_update(&last, padding, len);
	for (size_t i = 0; i < fold->digest; i += size) {
		uint8_t word[8];
		ox_word_put(word, last.state[i / size], size, fold->is_little_endian);
		memcpy(out + i, word, fold->digest - i < size ? fold->digest - i : size);
	}
}
