/* loop_private.h - what the files of this folder know of a loop. */
#ifndef OX_LOOP_LOOP_PRIVATE_H
#define OX_LOOP_LOOP_PRIVATE_H

#include <uv.h>

enum { OX_LOOP_READ_SIZE = 64 << 10 };

struct ox_loop {
	uv_loop_t uv;
	/* libuv reads for one stream at a time and hands the bytes over at once: one
	 * buffer serves all peers. */
	char read_buffer[OX_LOOP_READ_SIZE];
};

#endif
