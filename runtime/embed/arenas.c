#include "runtime/embed/arenas.h"

#include "runtime/importer/compat.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20, REGION = 4 * HUGE_PAGE };

/* Room for arenas of one size. */
struct region {
	struct region *next;
	char *start;
	size_t slot;   /* bytes of an arena */
	uint64_t used; /* one bit for each arena */
};

/* Of all interpreters, which since 3.12 may have a GIL each. As long as the process. */
static struct arenas {
	pthread_mutex_t lock;
	struct region *regions; /* the latest first */
	size_t plain;           /* bytes still to be given outside of regions */
} all_arenas = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* Memory that starts where a huge page can. */
static char *map_region(void)
{
	char *all = map(REGION + HUGE_PAGE);
	if (!all)
		return NULL;
	size_t before = (size_t)(-(uintptr_t)all % HUGE_PAGE);
	char *start = all + before;
	if (before)
		munmap(all, before);
	if (before < HUGE_PAGE)
		munmap(start + REGION, HUGE_PAGE - before);
	madvise(start, REGION, MADV_HUGEPAGE);
	return start;
}

static struct region *add_region(struct arenas *a, size_t slot)
{
	struct region *r = malloc(sizeof *r);
	char *start = r ? map_region() : NULL;
	if (!start) {
		free(r);
		return NULL;
	}
	*r = (struct region){.next = a->regions, .start = start, .slot = slot};
	a->regions = r;
	return r;
}

static uint64_t all_slots(size_t slot)
{
	size_t count = REGION / slot;
	return count == 64 ? UINT64_MAX : ((uint64_t)1 << count) - 1;
}

static bool is_free(const struct region *r, size_t slot)
{
	return r->slot == slot && r->used != all_slots(slot);
}

/* Under the lock. NULL: a mapping of its own is wanted. */
static void *take_slot(struct arenas *a, size_t size)
{
	bool fits = size && REGION % size == 0 && REGION / size <= 64;
	struct region *r = a->regions;
	if (!fits || a->plain) {
		a->plain -= size < a->plain ? size : a->plain;
		return NULL;
	}
	while (r && !is_free(r, size))
		r = r->next;
	if (!r)
		r = add_region(a, size);
	if (!r)
		return NULL;
	int index = __builtin_ctzll(~r->used);
	r->used |= (uint64_t)1 << index;
	return r->start + (size_t)index * size;
}

static void *arena_alloc(void *ctx, size_t size)
{
	struct arenas *a = ctx;
	pthread_mutex_lock(&a->lock);
	void *slot = take_slot(a, size);
	pthread_mutex_unlock(&a->lock);
	return slot ? slot : map(size);
}

/* The link that leads to the region of an arena; to NULL when it lies in none. */
static struct region **region_of(struct arenas *a, const char *arena)
{
	struct region **link = &a->regions;
	while (*link && !(arena >= (*link)->start && arena < (*link)->start + REGION))
		link = &(*link)->next;
	return link;
}

/* Under the lock. */
static void give_back(struct arenas *a, void *arena, size_t size)
{
	struct region **link = region_of(a, arena), *r = *link;
	if (!r) {
		munmap(arena, size);
		return;
	}
	r->used &= ~((uint64_t)1 << ((size_t)((char *)arena - r->start) / r->slot));
	if (r->used) {
		madvise(arena, size, MADV_DONTNEED);
		return;
	}
	*link = r->next;
	munmap(r->start, REGION);
	free(r);
}

static void arena_free(void *ctx, void *arena, size_t size)
{
	struct arenas *a = ctx;
	pthread_mutex_lock(&a->lock);
	give_back(a, arena, size);
	pthread_mutex_unlock(&a->lock);
}

static void lock_all(void)
{
	pthread_mutex_lock(&all_arenas.lock);
}

static void unlock_all(void)
{
	pthread_mutex_unlock(&all_arenas.lock);
}

void ox_arenas_install(size_t plain)
{
	all_arenas.plain = plain;
	pthread_atfork(lock_all, unlock_all, unlock_all);
	PyObject_SetArenaAllocator(&(PyObjectArenaAllocator){&all_arenas, arena_alloc, arena_free});
}
