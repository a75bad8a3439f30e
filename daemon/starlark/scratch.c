#include "daemon/starlark/scratch.h"

#include <gmp.h>
#include <pthread.h>

enum { KEEP_MAX = 1 << 20, SMALL_LIMBS = 24 };

static _Thread_local struct ox_scratch *current;

static bool inside(const struct ox_scratch *m, const void *p)
{
	return m && (const char *)p >= m->block && (const char *)p < m->block + m->size;
}

static size_t rounded(size_t size)
{
	return (size + 15) & ~(size_t)15;
}

/* NULL: it does not fit. */
static void *take(struct ox_scratch *m, size_t size)
{
	if (!m || rounded(size) > m->size - m->used)
		return NULL;
	void *p = m->block + m->used;
	m->used += rounded(size);
	return p;
}

static void *or_give_up(void *p)
{
	if (p)
		return p;
	fputs("memory ran out inside an integer operation\n", stderr);
	abort();
}

static void *allocate(size_t size)
{
	void *p = take(current, size);
	return p ? p : or_give_up(malloc(size));
}

static void *reallocate(void *old, size_t old_size, size_t size)
{
	if (!inside(current, old))
		return or_give_up(realloc(old, size));
	if (size <= old_size)
		return old;
	return memcpy(allocate(size), old, old_size);
}

/* The newest goes back: GMP's working memory comes and goes like a stack. */
static void release(void *p, size_t size)
{
	if (!inside(current, p))
		free(p);
	else if ((char *)p + rounded(size) == current->block + current->used)
		current->used -= rounded(size);
}

static void install(void)
{
	mp_set_memory_functions(allocate, reallocate, release);
}

size_t ox_scratch_estimate(size_t limbs)
{
	if (limbs <= SMALL_LIMBS)
		return (limbs * 8 + 32) * sizeof(mp_limb_t);
	return limbs * 32 * sizeof(mp_limb_t) + (64 << 10);
}

bool ox_scratch_begin(struct ox_scratch *m, size_t bytes)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (pthread_once(&once, install) != 0)
		return false;
	if (bytes > sizeof m->small && bytes > m->large_size) {
		char *large = malloc(bytes);
		if (!large)
			return false;
		free(m->large);
		m->large = large;
		m->large_size = bytes;
	}
	bool small = bytes <= sizeof m->small;
	m->block = small ? m->small : m->large;
	m->size = small ? sizeof m->small : m->large_size;
	m->used = 0;
	current = m;
	return true;
}

void ox_scratch_end(struct ox_scratch *m)
{
	current = NULL;
	if (m->large_size > KEEP_MAX)
		ox_scratch_free(m);
}

void ox_scratch_free(struct ox_scratch *m)
{
	free(m->large);
	m->large = NULL;
	m->large_size = 0;
}
