#include "store/digest/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

enum { READ_SIZE = 256 * 1024 };

struct ox_hasher {
	EVP_MD_CTX *ctx;
};

static int crypto_failed(struct ox_err *err)
{
	return ox_fail(err, OX_EEXHAUSTED, "SHA-256 failed: out of memory, or libcrypto does not offer it");
}

int ox_digest_bytes(struct ox_slice bytes, struct ox_digest *digest, struct ox_err *err)
{
	if (EVP_Digest(bytes.data ? bytes.data : "", bytes.len, digest->bytes, NULL, EVP_sha256(), NULL) != 1)
		return crypto_failed(err);
	return 0;
}

int ox_hasher_new(struct ox_hasher **out, struct ox_err *err)
{
	struct ox_hasher *h = calloc(1, sizeof *h);
	if (!h)
		return ox_fail_nomem(err, "digest");
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1) {
		ox_hasher_free(h);
		return crypto_failed(err);
	}
	*out = h;
	return 0;
}

void ox_hasher_free(struct ox_hasher *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

int ox_hasher_add(struct ox_hasher *h, const void *data, size_t len, struct ox_err *err)
{
	return EVP_DigestUpdate(h->ctx, data, len) == 1 ? 0 : crypto_failed(err);
}

int ox_hasher_finish(struct ox_hasher *h, struct ox_digest *digest, struct ox_err *err)
{
	if (EVP_DigestFinal_ex(h->ctx, digest->bytes, NULL) != 1 || EVP_DigestInit_ex(h->ctx, NULL, NULL) != 1)
		return crypto_failed(err);
	return 0;
}

static int hash_all(struct ox_hasher *h, int fd, char *room, uint64_t *total, struct ox_err *err)
{
	for (;;) {
		ssize_t n = read(fd, room, READ_SIZE);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ox_fail_errno(err, errno, "cannot read");
		int rc = ox_hasher_add(h, room, (size_t)n, err);
		if (rc)
			return rc;
		*total += (uint64_t)n;
	}
}

int ox_digest_fd(int fd, struct ox_digest *digest, uint64_t *size, struct ox_err *err)
{
	struct ox_hasher *h = NULL;
	uint64_t total = 0;
	char *room = malloc(READ_SIZE);
	int rc = room ? ox_hasher_new(&h, err) : ox_fail_nomem(err, "file digest");
	if (rc == 0)
		rc = hash_all(h, fd, room, &total, err);
	if (rc == 0)
		rc = ox_hasher_finish(h, digest, err);
	if (rc == 0 && size)
		*size = total;
	ox_hasher_free(h);
	free(room);
	return rc;
}

int ox_digest_file(const char *path, struct ox_digest *digest, uint64_t *size, struct ox_err *err)
{
	struct stat st;
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s", path);
	int rc = 0;
	if (fstat(fd, &st) != 0)
		rc = ox_fail_errno(err, errno, "cannot examine %s", path);
	else if (!S_ISREG(st.st_mode))
		rc = ox_fail(err, OX_EUSAGE, "%s is not a regular file", path);
	else if ((rc = ox_digest_fd(fd, digest, size, err)) != 0)
		ox_wrap(err, "%s", path);
	close(fd);
	return rc;
}
