/* codec.h - zstd, for small objects.
 *
 * Frames carry no checksum of zstd's: what was packed is checked by its digest. */
#ifndef OX_CODEC_CODEC_H
#define OX_CODEC_CODEC_H

#include "proto/base/buf.h"

/* Reusable compression state; one per thread. */
struct ox_codec;
int ox_codec_new(struct ox_codec **out, struct ox_err *err);
void ox_codec_free(struct ox_codec *c); /* NULL is fine */

/* Appends the packed form of bytes. */
int ox_codec_pack(struct ox_codec *c, struct ox_slice bytes, struct ox_buf *out, struct ox_err *err);

/* Appends exactly `size` unpacked bytes, or fails with OX_ECORRUPT. */
int ox_codec_unpack(struct ox_codec *c, struct ox_slice packed, size_t size, struct ox_buf *out, struct ox_err *err);

#endif
