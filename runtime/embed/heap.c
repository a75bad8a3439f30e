#include "runtime/embed/heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __GLIBC__

enum { HUGE_PAGE = 2 << 20, ROOM = 2 * HUGE_PAGE, PAGE = 4096 };

/* A freed block that had a mapping of its own raises the sizes (mallopt(3), M_MMAP_THRESHOLD) from which blocks have
 * one, and from which the heap's end is given back, as in a program that once needed that much. mallopt() would end
 * such adjustments for good. */
static void raise_thresholds(void)
{
	void *volatile block = malloc(ROOM + HUGE_PAGE); /* volatile: compilers leave such pairs out */
	free(block);
}

void ox_heap_grow(void)
{
	raise_thresholds();
	size_t gap = -(uintptr_t)sbrk(0) % HUGE_PAGE; /* never touched: malloc goes on behind it */
	if (sbrk((intptr_t)gap) == (void *)-1)
		return;
	void *volatile room = malloc(ROOM);
	uintptr_t at = (uintptr_t)room, start = at & -(uintptr_t)HUGE_PAGE;
	if (at && at - start < PAGE && at < (uintptr_t)sbrk(0)) /* where it was meant to be */
		madvise((void *)start, ROOM, MADV_HUGEPAGE);
	free(room);
}

#else

void ox_heap_grow(void)
{
}

#endif
