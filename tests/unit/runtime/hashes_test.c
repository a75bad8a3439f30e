/* The hash functions beside libcrypto's; what that lacks of BLAKE2, beside CPython's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/hashes/hashes.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 600 };

static uint8_t data[LONGEST];

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < LONGEST; i++)
		data[i] = (uint8_t)(i % 251);
	return 0;
}

/* The length of the next piece: around the borders of blocks. */
static size_t piece(size_t at, size_t len)
{
	static const size_t lengths[] = {1, 7, 63, 64, 65, 128, 129, 8, 200};
	size_t n = lengths[at % (sizeof lengths / sizeof *lengths)];
	return n < len - at ? n : len - at;
}

static void expect(const char *name, size_t len, const uint8_t *got, size_t digest)
{
	uint8_t wanted[1024];
	const EVP_MD *md = EVP_get_digestbyname(name);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_true(md && ctx && EVP_DigestInit_ex(ctx, md, NULL) && EVP_DigestUpdate(ctx, data, len));
	bool is_open = EVP_MD_flags(md) & EVP_MD_FLAG_XOF;
	assert_true(is_open ? EVP_DigestFinalXOF(ctx, wanted, digest) : EVP_DigestFinal_ex(ctx, wanted, NULL));
	EVP_MD_CTX_free(ctx);
	assert_memory_equal(got, wanted, digest);
}

static void md5_sha1_and_sha2_are_those_of_libcrypto(void **state)
{
	static const struct {
		const char *name;
		const struct ox_fold *fold;
	} rows[] = {{"md5", &ox_md5},	    {"sha1", &ox_sha1},	    {"sha224", &ox_sha224},
		    {"sha256", &ox_sha256}, {"sha384", &ox_sha384}, {"sha512", &ox_sha512}};
	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		for (size_t len = 0; len <= LONGEST; len++) {
			uint8_t out[64];
			struct ox_folded *h = ox_folded_new(rows[r].fold);
			for (size_t at = 0; at < len; at += piece(at, len))
				ox_folded_update(h, data + at, piece(at, len));
			expect(rows[r].name, len, (ox_folded_digest(h, out), out), rows[r].fold->digest);
			ox_folded_free(h);
		}
	}
}

static void sha3_and_shake_are_those_of_libcrypto(void **state)
{
	static const struct {
		const char *name;
		uint8_t rate, digest;
		size_t len;
	} rows[] = {{"sha3-224", 144, 28, 28}, {"sha3-256", 136, 32, 32}, {"sha3-384", 104, 48, 48},
		    {"sha3-512", 72, 64, 64},  {"shake128", 168, 0, 500}, {"shake256", 136, 0, 136}};
	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
		for (size_t len = 0; len <= LONGEST; len++) {
			uint8_t out[500];
			struct ox_sponge *h = ox_sponge_new(rows[r].rate, rows[r].digest);
			for (size_t at = 0; at < len; at += piece(at, len))
				ox_sponge_update(h, data + at, piece(at, len));
			expect(rows[r].name, len, (ox_sponge_digest(h, out, rows[r].len), out), rows[r].len);
			ox_sponge_free(h);
		}
	}
}

static struct ox_blake2 *blake2(bool is_small, size_t len)
{
	static const uint8_t zeros[16];
	struct ox_blake2 *h = ox_blake2_new(&(struct ox_blake2_parameters){
		.is_small = is_small,
		.digest_length = is_small ? 32 : 64,
		.fanout = 1,
		.depth = 1,
		.salt = zeros,
		.personal = zeros,
	});
	for (size_t at = 0; at < len; at += piece(at, len))
		ox_blake2_update(h, data + at, piece(at, len));
	return h;
}

static void blake2_is_that_of_libcrypto(void **state)
{
	(void)state;
	for (size_t len = 0; len <= LONGEST; len++) {
		for (int is_small = 0; is_small < 2; is_small++) {
			uint8_t out[64];
			struct ox_blake2 *h = blake2(is_small, len);
			ox_blake2_digest(h, out);
			expect(is_small ? "blake2s256" : "blake2b512", len, out, ox_blake2_digest_length(h));
			ox_blake2_free(h);
		}
	}
}

static void blake2_takes_all_of_its_parameters(void **state)
{
	static const char *const wanted[2] = {
		"bdc14544329964e2a1326a683a7b347abb5972e2",
		"b77d4ca1728f7751bb05173164c47d388d3bc65e",
	};
	uint8_t salt[16], personal[16], out[20];
	char text[41];
	(void)state;
	for (size_t i = 0; i < 16; i++) {
		salt[i] = (uint8_t)(100 + i);
		personal[i] = (uint8_t)(200 + i);
	}
	for (int is_small = 0; is_small < 2; is_small++) {
		struct ox_blake2 *h = ox_blake2_new(&(struct ox_blake2_parameters){
			.is_small = is_small,
			.is_last_node = true,
			.digest_length = 20,
			.key_length = is_small ? 32 : 64,
			.fanout = 2,
			.depth = 3,
			.leaf_length = 0x01020304,
			.node_offset = 0x0a0b0c0d0e0f,
			.node_depth = 4,
			.inner_length = is_small ? 32 : 64,
			.salt = salt,
			.personal = personal,
			.key = data,
		});
		ox_blake2_update(h, data, 502);
		ox_blake2_digest(h, out);
		for (size_t i = 0; i < sizeof out; i++)
			snprintf(text + 2 * i, 3, "%02x", out[i]);
		assert_string_equal(text, wanted[is_small]);
		assert_int_equal(ox_blake2_key_length(h), is_small ? 32 : 64);
		assert_true(ox_blake2_is_last_node(h));
		ox_blake2_free(h);
	}
}

static void a_copy_and_a_digest_leave_the_original_as_it_was(void **state)
{
	uint8_t out[64];
	(void)state;
	struct ox_folded *f = ox_folded_new(&ox_sha512);
	ox_folded_update(f, data, 300);
	struct ox_folded *f2 = ox_folded_copy(f);
	ox_folded_digest(f, out);
	ox_folded_update(f, data, 1);
	expect("sha512", 300, (ox_folded_digest(f2, out), out), 64);
	ox_folded_free(f);
	ox_folded_free(f2);
	struct ox_sponge *s = ox_sponge_new(136, 32);
	ox_sponge_update(s, data, 300);
	struct ox_sponge *s2 = ox_sponge_copy(s);
	ox_sponge_digest(s, out, 32);
	ox_sponge_update(s2, data + 300, 10);
	expect("sha3-256", 310, (ox_sponge_digest(s2, out, 32), out), 32);
	expect("sha3-256", 300, (ox_sponge_digest(s, out, 32), out), 32);
	ox_sponge_free(s);
	ox_sponge_free(s2);
	struct ox_blake2 *b = blake2(false, 256);
	struct ox_blake2 *b2 = ox_blake2_copy(b);
	ox_blake2_digest(b, out);
	ox_blake2_update(b2, data + 256, 1);
	expect("blake2b512", 257, (ox_blake2_digest(b2, out), out), 64);
	expect("blake2b512", 256, (ox_blake2_digest(b, out), out), 64);
	ox_blake2_free(b);
	ox_blake2_free(b2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(md5_sha1_and_sha2_are_those_of_libcrypto),
		cmocka_unit_test(sha3_and_shake_are_those_of_libcrypto),
		cmocka_unit_test(blake2_is_that_of_libcrypto),
		cmocka_unit_test(blake2_takes_all_of_its_parameters),
		cmocka_unit_test(a_copy_and_a_digest_leave_the_original_as_it_was),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
