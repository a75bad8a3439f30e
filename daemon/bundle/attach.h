/* attach.h - a payload goes into a linked executable.
 *
 * The executable has a section ".oxpayload" with a segment of its own at the end of what is
 * loaded. Attaching makes both as long as the payload and moves only what is not loaded
 * (symbols, section headers) behind it: tools that rewrite ELF files (strip) see a file
 * like any other, and the kernel maps the payload without reading it. The output is
 * written piece by piece with in-kernel copies; neither file is held in memory. */
#ifndef OX_BUNDLE_ATTACH_H
#define OX_BUNDLE_ATTACH_H

#include "proto/base/digest_id.h"
#include "proto/base/err.h"
#include "proto/base/slice.h"

/* A part of the payload. */
struct ox_attach_piece {
	uint64_t offset; /* in the payload; ascending, without overlap */
	uint64_t size;
	const char *bytes; /* in memory, or mapped from fd */
	int fd;            /* to copy from its start; -1: from memory */
};

/* Writes the executable `stub` with the payload into `out`, an empty regular file. The digest is made meanwhile,
 * by a second thread, from what is being copied. */
int ox_attach(int stub, const struct ox_attach_piece *pieces, size_t count, int out, uint64_t *size,
	      struct ox_digest *digest, struct ox_err *err);

#endif
