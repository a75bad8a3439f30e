/* arena.h - memory that is released all at once.
 *
 * For data with one lifetime: a decoded frame, a parsed file, a build's
 * description. Allocations are aligned for any type and zeroed. `limit` bounds
 * the total (0: none), so that what a peer sends cannot exhaust the process.
 * All-zero is an empty arena. */
#ifndef OX_BASE_ARENA_H
#define OX_BASE_ARENA_H

#include "proto/base/slice.h"

struct ox_arena_block;

struct ox_arena {
	struct ox_arena_block *blocks; /* newest first */
	size_t used;                   /* bytes handed out in the newest block */
	size_t total;                  /* bytes handed out altogether */
	size_t limit;
};

void ox_arena_free(struct ox_arena *a);

/* NULL when memory ran out or the limit would be passed. */
void *ox_arena_alloc(struct ox_arena *a, size_t size);
void *ox_arena_array(struct ox_arena *a, size_t count, size_t item_size);

/* NUL-terminated copies; .data / result NULL on failure. */
struct ox_slice ox_arena_slice(struct ox_arena *a, struct ox_slice s);
char *ox_arena_str(struct ox_arena *a, const char *text);
char *ox_arena_printf(struct ox_arena *a, const char *fmt, ...) OX_PRINTF(2, 3);

#endif
