/* hashes.h - the hash functions that CPython's own modules (_md5, _sha1, _sha2, _sha3, _blake2) are built on.
 *
 * CPython takes them from HACL*, which it links into its programs. The static libpython that Debian and its relatives
 * install since Python 3.12 has the modules and not these functions, so nothing can be linked from it. hacl.c stands in
 * with functions of the same names. The algorithms: RFC 1321 (MD5), FIPS 180-4 (SHA-1, SHA-2), FIPS 202 (SHA-3, SHAKE),
 * RFC 7693 (BLAKE2).
 *
 * Everything here is fed piece by piece, and a digest leaves it as it was. Lengths are bytes. New and copied
 * hashes are NULL when there is no memory; ox_..._free takes NULL. */
#ifndef OX_HASHES_HASHES_H
#define OX_HASHES_HASHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MD5, SHA-1 and SHA-2 work alike (Merkle and Damgård's construction): blocks are folded into a state, the last of them
 * padded and with the length in bits at its end. */
struct ox_fold {
	uint8_t block, digest; /* lengths */
	bool is_wide;          /* words of eight bytes, otherwise of four */
	bool is_little_endian;
	uint64_t start[8];
	void (*fold)(uint64_t state[8], const uint8_t *block);
};

extern const struct ox_fold ox_md5, ox_sha1, ox_sha224, ox_sha256, ox_sha384, ox_sha512;

struct ox_folded;
struct ox_folded *ox_folded_new(const struct ox_fold *fold);
struct ox_folded *ox_folded_copy(const struct ox_folded *h);
void ox_folded_update(struct ox_folded *h, const uint8_t *data, size_t len);
void ox_folded_digest(const struct ox_folded *h, uint8_t *out);
void ox_folded_free(struct ox_folded *h);

/* SHA-3 with a digest's length, SHAKE with 0: that gives as many bytes as one asks for. rate: length of a block. */
struct ox_sponge;
struct ox_sponge *ox_sponge_new(uint8_t rate, uint8_t digest);
struct ox_sponge *ox_sponge_copy(const struct ox_sponge *h);
void ox_sponge_update(struct ox_sponge *h, const uint8_t *data, size_t len);
void ox_sponge_digest(const struct ox_sponge *h, uint8_t *out, size_t len);
uint8_t ox_sponge_rate(const struct ox_sponge *h);
uint8_t ox_sponge_digest_len(const struct ox_sponge *h);
void ox_sponge_free(struct ox_sponge *h);

/* BLAKE2b, or BLAKE2s when is_small; the parameters' names are those of the RFC. salt and personal have 16 bytes
 * (8 when small), key has key_length; digest_length and key_length are 64 (32) at the most. */
struct ox_blake2_parameters {
	bool is_small, is_last_node;
	uint8_t digest_length, key_length, fanout, depth, node_depth, inner_length;
	uint32_t leaf_length;
	uint64_t node_offset;
	const uint8_t *salt, *personal, *key;
};

struct ox_blake2;
struct ox_blake2 *ox_blake2_new(const struct ox_blake2_parameters *p);
struct ox_blake2 *ox_blake2_copy(const struct ox_blake2 *h);
void ox_blake2_update(struct ox_blake2 *h, const uint8_t *data, size_t len);
void ox_blake2_digest(const struct ox_blake2 *h, uint8_t *out);
uint8_t ox_blake2_digest_length(const struct ox_blake2 *h);
uint8_t ox_blake2_key_length(const struct ox_blake2 *h);
bool ox_blake2_is_last_node(const struct ox_blake2 *h);
void ox_blake2_free(struct ox_blake2 *h);

#endif
