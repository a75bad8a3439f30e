/* line.h - cutting a stream of bytes into lines.
 *
 * Lines are handed over as soon as their newline was seen, without it (and
 * without a carriage return before it). A line longer than OX_LINE_MAX is
 * cut there; the rest of it is dropped. All-zero plus a callback is a fresh cutter. */
#ifndef OX_LOOP_LINE_H
#define OX_LOOP_LINE_H

#include "proto/base/buf.h"

enum { OX_LINE_MAX = 64 << 10 };

struct ox_line_cutter {
	void (*line)(void *ctx, struct ox_slice text); /* NULL: lines are dropped */
	void *ctx;
	struct ox_buf pending; /* start of the unfinished line */
};

void ox_line_feed(struct ox_line_cutter *c, struct ox_slice bytes);
/* The stream ended: hands over an unfinished last line and releases memory. */
void ox_line_end(struct ox_line_cutter *c);

#endif
