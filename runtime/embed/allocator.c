#include "runtime/embed/allocator.h"

#include "runtime/embed/arenas.h"
#include "runtime/embed/heap.h"

/* jemalloc's own interface, which has these names even where malloc has a prefix. */
void *mallocx(size_t size, int flags) __attribute__((weak));
void *rallocx(void *p, size_t size, int flags) __attribute__((weak));
void dallocx(void *p, int flags) __attribute__((weak));
/* mimalloc */
void *mi_malloc(size_t size) __attribute__((weak));
void *mi_calloc(size_t count, size_t size) __attribute__((weak));
void *mi_realloc(void *p, size_t size) __attribute__((weak));
void mi_free(void *p) __attribute__((weak));
/* snmalloc */
void *sn_malloc(size_t size) __attribute__((weak));
void *sn_calloc(size_t count, size_t size) __attribute__((weak));
void *sn_realloc(void *p, size_t size) __attribute__((weak));
void sn_free(void *p) __attribute__((weak));

enum { JEMALLOC_ZERO = 0x40 }; /* MALLOCX_ZERO */

/* Of a small program: the arena that its start fills, and another one. */
enum { PLAIN_ARENAS = 2 << 20 };

/* A program's own bytes: code with its source, of which a module has not more than this on average. */
enum { LARGE_PROGRAM = 256 << 10, LARGE_MODULE = 64 << 10 };

/* What CPython wants beyond malloc's promises: size 0 gives a pointer of its own. */
static size_t at_least_one(size_t size)
{
	return size ? size : 1;
}

static void *je_malloc(void *ctx, size_t size)
{
	(void)ctx;
	return mallocx(at_least_one(size), 0);
}

static void *je_calloc(void *ctx, size_t count, size_t size)
{
	size_t total;
	(void)ctx;
	return __builtin_mul_overflow(count, size, &total) ? NULL : mallocx(at_least_one(total), JEMALLOC_ZERO);
}

static void *je_realloc(void *ctx, void *p, size_t size)
{
	(void)ctx;
	return p ? rallocx(p, at_least_one(size), 0) : mallocx(at_least_one(size), 0);
}

static void je_free(void *ctx, void *p)
{
	(void)ctx;
	if (p)
		dallocx(p, 0);
}

/* Of the others the standard interface under another name. */
struct backend {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
};

static struct backend mimalloc = {mi_malloc, mi_calloc, mi_realloc, mi_free};
static struct backend snmalloc = {sn_malloc, sn_calloc, sn_realloc, sn_free};

static void *plain_malloc(void *ctx, size_t size)
{
	return ((struct backend *)ctx)->malloc(at_least_one(size));
}

static void *plain_calloc(void *ctx, size_t count, size_t size)
{
	bool empty = !count || !size;
	return ((struct backend *)ctx)->calloc(empty ? 1 : count, empty ? 1 : size);
}

static void *plain_realloc(void *ctx, void *p, size_t size)
{
	return ((struct backend *)ctx)->realloc(p, at_least_one(size));
}

static void plain_free(void *ctx, void *p)
{
	((struct backend *)ctx)->free(p);
}

static void arena_free(void *ctx, void *p, size_t size)
{
	(void)size;
	if (ctx)
		plain_free(ctx, p);
	else
		je_free(ctx, p);
}

/* The functions of a backend; false when it is not linked in. */
static bool functions_of(const struct ox_program *p, PyMemAllocatorEx *out)
{
	struct backend *backend = ox_program_is(p, "allocator_backend", "mimalloc") ? &mimalloc : &snmalloc;
	if (ox_program_is(p, "allocator_backend", "jemalloc")) {
		*out = (PyMemAllocatorEx){NULL, je_malloc, je_calloc, je_realloc, je_free};
		return mallocx && rallocx && dallocx;
	}
	*out = (PyMemAllocatorEx){backend, plain_malloc, plain_calloc, plain_realloc, plain_free};
	return backend->malloc && backend->calloc && backend->realloc && backend->free;
}

static int install(const struct ox_program *p, PyMemAllocatorEx *functions, struct ox_err *err)
{
	bool mem = ox_program_flag(p, "allocator_mem", false), obj = ox_program_flag(p, "allocator_obj", false);
	bool arena = ox_program_flag(p, "allocator_pymalloc_arena", false);
	if (arena && (mem || obj))
		return ox_fail(err, OX_EUSAGE, "A custom pymalloc arena allocator cannot be used with custom `mem` or "
					       "`obj` domain allocators");
	if (ox_program_flag(p, "allocator_raw", true))
		PyMem_SetAllocator(PYMEM_DOMAIN_RAW, functions);
	if (mem)
		PyMem_SetAllocator(PYMEM_DOMAIN_MEM, functions);
	if (obj)
		PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, functions);
	if (arena)
		PyObject_SetArenaAllocator(&(PyObjectArenaAllocator){functions->ctx, functions->malloc, arena_free});
	return 0;
}

/* What comes after the standard library, the first segment, tells whether a program is going to need more than the
 * arena that its start fills. Its other files need none. */
static bool is_large(const struct ox_pack *pack)
{
	struct ox_slice segment;
	uint64_t own = 0;
	for (uint32_t i = 1; ox_pack_segment(pack, i, &segment, NULL); i++) {
		uint64_t most = (uint64_t)ox_pack_record_count(pack, i) * LARGE_MODULE;
		own += segment.len < most ? segment.len : most;
	}
	return own >= LARGE_PROGRAM;
}

int ox_allocator_install(const struct ox_program *p, struct ox_err *err)
{
	PyMemAllocatorEx functions;
	struct ox_slice name = OX_SLICE("default");
	int rc = 0;
	ox_pack_config_str(p->config, "allocator_backend", &name);
	bool large = is_large(p->pack);
	ox_arenas_install(large ? 0 : PLAIN_ARENAS);
	if (large)
		ox_heap_grow();
	if (!ox_slice_eq_str(name, "default") && !ox_slice_eq_str(name, "rust")) {
		if (!functions_of(p, &functions))
			return ox_fail(err, OX_EUSAGE, "the allocator %.*s is not linked into this executable",
				       OX_SLICE_ARG(name));
		rc = install(p, &functions, err);
	}
	if (!rc && ox_program_flag(p, "allocator_debug", false))
		PyMem_SetupDebugHooks();
	return rc;
}
