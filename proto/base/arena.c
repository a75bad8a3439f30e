#include "proto/base/arena.h"

#include <stdarg.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct ox_arena_block {
	struct ox_arena_block *next;
	size_t size; /* of bytes */
	_Alignas(max_align_t) unsigned char bytes[];
};

void ox_arena_free(struct ox_arena *a)
{
	while (a->blocks) {
		struct ox_arena_block *next = a->blocks->next;
		free(a->blocks);
		a->blocks = next;
	}
	*a = (struct ox_arena){.limit = a->limit};
}

static bool add_block(struct ox_arena *a, size_t size)
{
	size_t want = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
	if (want > LARGEST_BLOCK)
		want = LARGEST_BLOCK;
	if (want < size)
		want = size;
	struct ox_arena_block *block = malloc(sizeof *block + want);
	if (!block)
		return false;
	block->next = a->blocks;
	block->size = want;
	a->blocks = block;
	a->used = 0;
	return true;
}

void *ox_arena_alloc(struct ox_arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + align - 1) / align * align;
	if (a->limit && (size > a->limit || a->total > a->limit - size))
		return NULL;
	if ((!a->blocks || a->blocks->size - a->used < size) && !add_block(a, size))
		return NULL;
	void *p = a->blocks->bytes + a->used;
	a->used += size;
	a->total += size;
	return memset(p, 0, size);
}

void *ox_arena_array(struct ox_arena *a, size_t count, size_t item_size)
{
	size_t size;
	if (__builtin_mul_overflow(count, item_size, &size))
		return NULL;
	return ox_arena_alloc(a, size);
}

struct ox_slice ox_arena_slice(struct ox_arena *a, struct ox_slice s)
{
	char *copy = s.len < SIZE_MAX / 2 ? ox_arena_alloc(a, s.len + 1) : NULL;
	if (!copy)
		return (struct ox_slice){0};
	if (s.len)
		memcpy(copy, s.data, s.len);
	return ox_slice(copy, s.len);
}

char *ox_arena_str(struct ox_arena *a, const char *text)
{
	return (char *)ox_arena_slice(a, ox_slice_str(text)).data;
}

char *ox_arena_printf(struct ox_arena *a, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	char *text = n < 0 ? NULL : ox_arena_alloc(a, (size_t)n + 1);
	if (text)
		vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return text;
}
