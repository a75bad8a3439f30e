/* frame.h - cutting a byte stream into frames.
 *
 * A frame is a 4-byte little-endian length and that many bytes (at least one).
 * The reader takes bytes as they arrive and hands out whole frames; a length
 * above the limit is an error before anything is allocated for it. */
#ifndef OX_WIRE_FRAME_H
#define OX_WIRE_FRAME_H

#include "proto/base/buf.h"

enum {
	OX_FRAME_HEADER = 4,
	OX_FRAME_MAX = 16 << 20,         /* bytes of a frame's body */
	OX_FRAME_DECODED_MAX = 64 << 20, /* arena limit for one decoded frame */
};

struct ox_frame_reader {
	struct ox_buf pending; /* bytes that have arrived */
	size_t taken;          /* of pending: handed out already */
	size_t max;            /* 0: OX_FRAME_MAX */
};

void ox_frame_reader_free(struct ox_frame_reader *r);

/* Room for bytes that are about to be read, at most *len of them (updated);
 * NULL when memory ran out. */
char *ox_frame_reader_room(struct ox_frame_reader *r, size_t *len);
void ox_frame_reader_filled(struct ox_frame_reader *r, size_t len);

/* 1 and *body (valid until the next call on r) when a whole frame is there, 0
 * when more bytes are needed, OX_ECORRUPT for a length of 0 or above the
 * limit: the stream cannot be continued after that. */
int ox_frame_reader_next(struct ox_frame_reader *r, struct ox_slice *body, struct ox_err *err);

/* True when bytes of an unfinished frame are waiting: the stream was cut. */
bool ox_frame_reader_partial(const struct ox_frame_reader *r);

/* Blocking variants for a socket; EINTR is retried, SIGPIPE never raised.
 * read_body: 1 with a frame, 0 at a clean end, OX_ECORRUPT for a cut frame. */
int ox_frame_read(int fd, struct ox_frame_reader *r, struct ox_slice *body, struct ox_err *err);
int ox_frame_write(int fd, struct ox_slice frame, struct ox_err *err);

#endif
