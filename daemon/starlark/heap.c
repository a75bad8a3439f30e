#include "daemon/starlark/thread.h"

/* Blocks come from malloc and are given back together. */
struct ox_heap_block {
	struct ox_heap_block *older;
	size_t size;
	_Alignas(16) char data[];
};

/* A block for each allocation shows tests what blocks hide: who passes an end, what happens when any of them fails. */
#ifdef OX_HEAP_EXACT
enum { BLOCK_FIRST = 1, BLOCK_MAX = 1 };
#else
enum { BLOCK_FIRST = 32 << 10, BLOCK_MAX = 1 << 20 };
#endif

enum { CLASS_SHIFT_MIN = 5 };

static struct ox_heap_block *new_block(struct ox_star *s, size_t size)
{
	struct ox_heap *h = &s->heap;
	if (size > h->limit || h->taken > h->limit - size) {
		ox_fail_memory(s);
		return NULL;
	}
	struct ox_heap_block *b = malloc(sizeof *b + size);
	if (!b) {
		ox_fail_memory(s);
		return NULL;
	}
	b->size = size;
	h->taken += size;
	return b;
}

void *ox_heap_alloc_slow(struct ox_star *s, size_t size)
{
	struct ox_heap *h = &s->heap;
	size_t want = h->taken < BLOCK_FIRST * 4 ? BLOCK_FIRST : BLOCK_MAX;
	bool own = size > want / 4;
	struct ox_heap_block *b = new_block(s, own ? size : want);
	if (!b)
		return NULL;
	if (own && h->blocks) {
		/* Behind the current block, which still has room. */
		b->older = h->blocks->older;
		h->blocks->older = b;
		return b->data;
	}
	b->older = h->blocks;
	h->blocks = b;
	h->next = b->data + size;
	h->end = b->data + b->size;
	return b->data;
}

/* Class of the smallest power of two that holds `bytes`. */
static unsigned size_class(size_t bytes)
{
	unsigned shift = CLASS_SHIFT_MIN;
	while (shift < OX_HEAP_CLASSES - 1 && (size_t)1 << shift < bytes)
		shift++;
	return shift;
}

void *ox_heap_array(struct ox_star *s, size_t count, size_t size, size_t *granted)
{
	if (count > s->heap.limit / size) {
		ox_fail_memory(s);
		return NULL;
	}
	unsigned c = size_class(count * size);
	size_t bytes = (size_t)1 << c;
	void *p = s->heap.spare[c];
	if (p)
		memcpy(&s->heap.spare[c], p, sizeof(void *));
	else
		p = ox_heap_alloc(s, bytes);
	if (p)
		*granted = bytes / size;
	return p;
}

void ox_heap_array_free(struct ox_star *s, void *array, size_t bytes)
{
	if (!array)
		return;
	unsigned c = size_class(bytes);
	memcpy(array, &s->heap.spare[c], sizeof(void *));
	s->heap.spare[c] = array;
}

void ox_heap_free(struct ox_heap *h)
{
	while (h->blocks) {
		struct ox_heap_block *b = h->blocks;
		h->blocks = b->older;
		free(b);
	}
	h->next = h->end = NULL;
}

struct ox_obj *ox_new_object(struct ox_star *s, enum ox_obj_kind kind, size_t size)
{
	struct ox_obj *o = ox_heap_alloc(s, size);
	if (o)
		*o = (struct ox_obj){.kind = (uint8_t)kind};
	return o;
}

void *ox_star_alloc(struct ox_star *s, size_t size)
{
	if (size > s->heap.limit) {
		ox_fail_memory(s);
		return NULL;
	}
	void *p = ox_heap_alloc(s, size ? size : 1);
	if (p)
		memset(p, 0, size);
	return p;
}

struct ox_slice ox_star_copy(struct ox_star *s, struct ox_slice text)
{
	char *p = ox_star_alloc(s, text.len + 1);
	if (!p)
		return ox_slice(NULL, 0);
	if (text.len)
		memcpy(p, text.data, text.len);
	return ox_slice(p, text.len);
}
