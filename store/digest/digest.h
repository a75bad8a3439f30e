/* digest.h - SHA-256 of bytes, of streams, of files.
 *
 * libcrypto does the work (it uses the CPU's SHA instructions where there are
 * any). Out of memory is OX_EEXHAUSTED; there is no other failure but reading. */
#ifndef OX_DIGEST_DIGEST_H
#define OX_DIGEST_DIGEST_H

#include "proto/base/digest_id.h"
#include "proto/base/err.h"

int ox_digest_bytes(struct ox_slice bytes, struct ox_digest *digest, struct ox_err *err);

/* A running hash. ox_hasher_finish gives the digest and leaves the hasher ready
 * for the next message. */
struct ox_hasher;
int ox_hasher_new(struct ox_hasher **out, struct ox_err *err);
void ox_hasher_free(struct ox_hasher *h); /* NULL is fine */
int ox_hasher_add(struct ox_hasher *h, const void *data, size_t len, struct ox_err *err);
int ox_hasher_finish(struct ox_hasher *h, struct ox_digest *digest, struct ox_err *err);

/* Everything from the descriptor's position to its end; *size (may be NULL) is
 * the number of bytes read. */
int ox_digest_fd(int fd, struct ox_digest *digest, uint64_t *size, struct ox_err *err);

/* The content of a regular file, symbolic links followed. Anything else that
 * has the name (folder, FIFO, device) is OX_EUSAGE and is not opened for reading
 * for longer than it takes to see that. */
int ox_digest_file(const char *path, struct ox_digest *digest, uint64_t *size, struct ox_err *err);

#endif
