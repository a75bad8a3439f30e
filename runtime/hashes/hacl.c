/* What a libpython without HACL* calls in its stead (hashes.h): the names, types and results of HACL*'s functions, as
 * CPython 3.12 and 3.13 want them for _sha2, and later versions for all of their hashes.
 *
 * Weak, for a libpython that has them; hidden, since shared libraries of CPython's bring HACL* along, and must not
 * meet ours. */
#include <patchlevel.h>

#include "runtime/hashes/hashes.h"

#if PY_VERSION_HEX >= 0x030C0000

#if PY_VERSION_HEX >= 0x030E0000
#define NAME(hash, verb, end) _Py_LibHacl_Hacl_Hash_##hash##_##verb##end
#else
#define NAME(hash, verb, end) python_hashlib_Hacl_Hash_##hash##_##verb##end
#endif

/* Declares and begins a definition. */
#define FUNCTION(result, name, ...) \
	__attribute__((weak, visibility("hidden"))) result name(__VA_ARGS__); \
	result name(__VA_ARGS__)

/* HACL*'s codes; that something is too long is said of 2^61 bytes. */
enum { SUCCESS, INVALID_ALGORITHM, INVALID_LENGTH };

#define NEW(name, kind) \
	FUNCTION(struct ox_folded *, name, void) \
	{ \
		return ox_folded_new(&kind); \
	}

#define FOLDED(copy, update, digest, free) \
	FUNCTION(struct ox_folded *, copy, const struct ox_folded *h) \
	{ \
		return ox_folded_copy(h); \
	} \
	FUNCTION(uint32_t, update, struct ox_folded *h, const uint8_t *data, uint32_t len) \
	{ \
		ox_folded_update(h, data, len); \
		return SUCCESS; \
	} \
	FUNCTION(void, digest, const struct ox_folded *h, uint8_t *out) \
	{ \
		ox_folded_digest(h, out); \
	} \
	FUNCTION(void, free, struct ox_folded *h) \
	{ \
		ox_folded_free(h); \
	}

#if PY_VERSION_HEX < 0x030D0000
#define SHA2(verb, size) python_hashlib_Hacl_Streaming_SHA2_##verb##_##size
NEW(SHA2(create_in, 224), ox_sha224)
NEW(SHA2(create_in, 256), ox_sha256)
NEW(SHA2(create_in, 384), ox_sha384)
NEW(SHA2(create_in, 512), ox_sha512)
FOLDED(SHA2(copy, 256), SHA2(update, 256), SHA2(finish, 256), SHA2(free, 256))
FOLDED(SHA2(copy, 512), SHA2(update, 512), SHA2(finish, 512), SHA2(free, 512))
#else
#define SHA2(verb, size) NAME(SHA2, verb, _##size)
NEW(SHA2(malloc, 224), ox_sha224)
NEW(SHA2(malloc, 256), ox_sha256)
NEW(SHA2(malloc, 384), ox_sha384)
NEW(SHA2(malloc, 512), ox_sha512)
FOLDED(SHA2(copy, 256), SHA2(update, 256), SHA2(digest, 256), SHA2(free, 256))
FOLDED(SHA2(copy, 512), SHA2(update, 512), SHA2(digest, 512), SHA2(free, 512))
#endif

#if PY_VERSION_HEX >= 0x030E0000
NEW(NAME(MD5, malloc, ), ox_md5)
FOLDED(NAME(MD5, copy, ), NAME(MD5, update, ), NAME(MD5, digest, ), NAME(MD5, free, ))
NEW(NAME(SHA1, malloc, ), ox_sha1)
FOLDED(NAME(SHA1, copy, ), NAME(SHA1, update, ), NAME(SHA1, digest, ), NAME(SHA1, free, ))

FUNCTION(struct ox_sponge *, NAME(SHA3, malloc, ), uint8_t algorithm)
{
	/* HACL*'s numbers for SHA3-256, -224, -384, -512, SHAKE128 and SHAKE256 */
	static const uint8_t rates[] = {[8] = 136, 144, 104, 72, 168, 136}, digests[] = {[8] = 32, 28, 48, 64, 0, 0};
	bool is_known = algorithm >= 8 && algorithm < sizeof rates;
	return is_known ? ox_sponge_new(rates[algorithm], digests[algorithm]) : NULL;
}

FUNCTION(struct ox_sponge *, NAME(SHA3, copy, ), const struct ox_sponge *h)
{
	return ox_sponge_copy(h);
}

FUNCTION(uint8_t, NAME(SHA3, update, ), struct ox_sponge *h, const uint8_t *data, uint32_t len)
{
	ox_sponge_update(h, data, len);
	return SUCCESS;
}

FUNCTION(uint8_t, NAME(SHA3, digest, ), const struct ox_sponge *h, uint8_t *out)
{
	if (!ox_sponge_digest_len(h))
		return INVALID_ALGORITHM;
	ox_sponge_digest(h, out, ox_sponge_digest_len(h));
	return SUCCESS;
}

FUNCTION(uint8_t, NAME(SHA3, squeeze, ), const struct ox_sponge *h, uint8_t *out, uint32_t len)
{
	if (ox_sponge_digest_len(h))
		return INVALID_ALGORITHM;
	if (!len)
		return INVALID_LENGTH;
	ox_sponge_digest(h, out, len);
	return SUCCESS;
}

FUNCTION(uint32_t, NAME(SHA3, block, _len), const struct ox_sponge *h)
{
	return ox_sponge_rate(h);
}

FUNCTION(uint32_t, NAME(SHA3, hash, _len), const struct ox_sponge *h)
{
	return ox_sponge_digest_len(h);
}

FUNCTION(bool, NAME(SHA3, is, _shake), const struct ox_sponge *h)
{
	return !ox_sponge_digest_len(h);
}

FUNCTION(void, NAME(SHA3, free, ), struct ox_sponge *h)
{
	ox_sponge_free(h);
}

/* HACL*'s, as CPython fills it. */
struct parameters {
	uint8_t digest_length, key_length, fanout, depth;
	uint32_t leaf_length;
	uint64_t node_offset;
	uint8_t node_depth, inner_length;
	const uint8_t *salt, *personal;
};

struct info {
	uint8_t key_length, digest_length;
	bool is_last_node;
};

static struct ox_blake2 *new_blake2(const struct parameters *p, bool is_small, bool is_last_node, const uint8_t *key)
{
	return ox_blake2_new(&(struct ox_blake2_parameters){
		.is_small = is_small,
		.is_last_node = is_last_node,
		.digest_length = p->digest_length,
		.key_length = p->key_length,
		.fanout = p->fanout,
		.depth = p->depth,
		.node_depth = p->node_depth,
		.inner_length = p->inner_length,
		.leaf_length = p->leaf_length,
		.node_offset = p->node_offset,
		.salt = p->salt,
		.personal = p->personal,
		.key = key,
	});
}

#define BLAKE2(kind, is_small) \
	FUNCTION(struct ox_blake2 *, NAME(kind, malloc, _with_params_and_key), const struct parameters *p, \
		 bool is_last_node, const uint8_t *key) \
	{ \
		return new_blake2(p, is_small, is_last_node, key); \
	} \
	FUNCTION(struct ox_blake2 *, NAME(kind, copy, ), const struct ox_blake2 *h) \
	{ \
		return ox_blake2_copy(h); \
	} \
	FUNCTION(uint8_t, NAME(kind, update, ), struct ox_blake2 *h, const uint8_t *data, uint32_t len) \
	{ \
		ox_blake2_update(h, data, len); \
		return SUCCESS; \
	} \
	FUNCTION(uint8_t, NAME(kind, digest, ), const struct ox_blake2 *h, uint8_t *out) \
	{ \
		ox_blake2_digest(h, out); \
		return ox_blake2_digest_length(h); \
	} \
	FUNCTION(struct info, NAME(kind, info, ), const struct ox_blake2 *h) \
	{ \
		return (struct info){ox_blake2_key_length(h), ox_blake2_digest_length(h), ox_blake2_is_last_node(h)}; \
	} \
	FUNCTION(void, NAME(kind, free, ), struct ox_blake2 *h) \
	{ \
		ox_blake2_free(h); \
	}

/* The ones for processors with wide registers, which CPython asks for when there are such, are no different here. */
BLAKE2(Blake2b, false)
BLAKE2(Blake2b_Simd256, false)
BLAKE2(Blake2s, true)
BLAKE2(Blake2s_Simd128, true)
#endif
#endif
