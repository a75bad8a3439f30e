/* thread.h - the state of an evaluation. Private to the language. */
#ifndef OX_STARLARK_THREAD_H
#define OX_STARLARK_THREAD_H

#include "daemon/starlark/resolve.h"
#include "daemon/starlark/scratch.h"
#include "daemon/starlark/value.h"

#include <locale.h>

enum {
	OX_STACK_VALUES = 1 << 18,
	OX_NATIVE_DEPTH_MAX = 150, /* virtual machines inside each other, by way of native functions */
	OX_VALUE_DEPTH_MAX = 300,  /* of values that are compared, hashed or printed */
	OX_POLL_STEPS = 1 << 14,
	OX_HEAP_CLASSES = 64,
};

struct ox_heap_block;

/* Bump allocation; blocks of arrays that grew are used again, by powers of two. */
struct ox_heap {
	struct ox_heap_block *blocks;
	char *next, *end;
	size_t taken, limit;
	void *spare[OX_HEAP_CLASSES];
};

struct ox_frame {
	const struct ox_closure *fn; /* NULL never */
	const struct ox_proto *proto;
	const void *pc; /* the next instruction */
	ox_star_value *regs;
	uint32_t dest;       /* register of the caller that gets the result */
	uint32_t iterations; /* height of star->iterations when it was entered */
	bool boundary;       /* called from C: return leaves the machine */
	ox_star_value *saved_top;
};

struct ox_star_module {
	struct ox_source source;
	struct ox_slice name;
	struct ox_globals names;
	OX_VEC(ox_star_value) values; /* by slot */
	struct ox_star_module *older;
	struct ox_arena arena; /* bindings of the globals */
	enum { OX_MODULE_READY, OX_MODULE_LOADING, OX_MODULE_FAILED } state;
};

struct ox_failure {
	int code;                     /* 0: none */
	char *message, *hint, *notes; /* malloc */
	const char *id;
	const struct ox_source *source; /* NULL: no place */
	struct ox_span span;
};

/* Methods of one type by name: filled on first use. */
struct ox_method_table {
	const struct ox_star_function *specs; /* the key */
	ox_star_value *names;                 /* interned */
	ox_star_value *values;                /* unbound builtins */
	size_t mask;
};

/* What values need of the layers above them, so that each can be tested without those above it. */
struct ox_machine {
	ox_star_value (*run)(struct ox_star *s, const struct ox_closure *fn, const struct ox_args *args);
	struct ox_star_module *(*load)(struct ox_star *s, struct ox_slice wanted, struct ox_star_module *from);
};

/* A name that is bound nowhere, where it is used. */
struct ox_unknown_use {
	const struct ox_source *source;
	struct ox_span span;
	struct ox_slice name;
	const char *hint; /* NULL: none */
};

struct ox_star {
	struct ox_star_options options;
	OX_VEC(struct ox_unknown_use) unknown; /* not reached yet */
	const struct ox_machine *machine;
	struct ox_heap heap;
	struct ox_map predeclared; /* name -> struct predeclared * */
	struct ox_map loaded;      /* name -> struct ox_star_module * */
	struct ox_star_module *modules;
	struct ox_dict *interned;
	OX_VEC(struct ox_method_table) methods;
	struct ox_native *finalizers;
	struct ox_failure failure;
	ox_star_value *stack;
	struct ox_frame *frames;
	uint32_t frame_count, native_depth, value_depth;
	ox_star_value *stack_top;           /* first value of the stack that nobody uses */
	OX_VEC(struct ox_obj *) iterations; /* containers that running loops hold */
	int64_t fuel;                       /* steps until the next look at limits */
	uint64_t steps;                     /* used up, without what is left of fuel */
	uint64_t time_used;                 /* ns, until the clock was started last */
	uint64_t time_since;                /* when that was; 0: it stands still */
	bool foreign;                       /* functions that are being made are the embedder's */
	uint32_t seed;
	struct ox_scratch scratch; /* of integers */
	locale_t unicode; /* for letters; 0 when the system lacks C.UTF-8 */
};

/* heap.c */
void *ox_heap_alloc_slow(struct ox_star *s, size_t size);
void *ox_heap_array(struct ox_star *s, size_t count, size_t size, size_t *granted);
void ox_heap_array_free(struct ox_star *s, void *array, size_t bytes);
void ox_heap_free(struct ox_heap *h);
struct ox_obj *ox_new_object(struct ox_star *s, enum ox_obj_kind kind, size_t size);

/* Aligned for words and doubles, as the tags of values need it. */
static inline void *ox_heap_alloc(struct ox_star *s, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if (size <= (size_t)(s->heap.end - s->heap.next)) {
		void *p = s->heap.next;
		s->heap.next += size;
		return p;
	}
	return ox_heap_alloc_slow(s, size);
}

/* fail.c */
ox_star_value ox_failv(struct ox_star *s, int code, const char *id, const char *hint, const char *fmt, va_list ap)
    OX_PRINTF(5, 0);
ox_star_value ox_fail_code(struct ox_star *s, int code, const char *id, const char *hint, const char *fmt, ...)
    OX_PRINTF(5, 6);
ox_star_value ox_fail_memory(struct ox_star *s);
/* What is pending is about the i-th named argument: mark that one, not the whole call. */
void ox_blame_argument(struct ox_star *s, const struct ox_args *args, size_t i);
/* Text for a message; failing when memory ran out for it. */
const char *ox_part(struct ox_star *s, const struct ox_buf *part);
void ox_forget_failure(struct ox_star *s);
int ox_report_failure(struct ox_star *s, struct ox_err *err); /* emits, clears; returns the code */
bool ox_current_place(struct ox_star *s, const struct ox_source **source, struct ox_span *span);

/* fail.c: the program came to the name at this place, which is an error now */
void ox_reached_unknown(struct ox_star *s);

/* limits.c */
bool ox_out_of_steps(struct ox_star *s); /* true: failing */
/* The time limit's clock runs while the program does. True: it did not run before, it did run. */
bool ox_time_go(struct ox_star *s);
bool ox_time_stop(struct ox_star *s);

/* Account for n steps of native work; false: failing. */
static inline bool ox_charge(struct ox_star *s, uint64_t n)
{
	s->fuel -= (int64_t)(n >> 3) + 1;
	return s->fuel > 0 || !ox_out_of_steps(s);
}

/* star.c: an evaluation on a machine, which must outlive it */
struct ox_star *ox_thread_new(const struct ox_star_options *options, const struct ox_machine *machine);
ox_star_value ox_predeclared_get(struct ox_star *s, struct ox_slice name);

/* call.c: anything that can be called */
ox_star_value ox_call_value(struct ox_star *s, ox_star_value fn, const struct ox_args *args);

/* vm.c: what an ox_machine runs with; the code of a file in its module */
ox_star_value ox_run_closure(struct ox_star *s, const struct ox_closure *fn, const struct ox_args *args);
ox_star_value ox_run_toplevel(struct ox_star *s, const struct ox_proto *proto, struct ox_star_module *module);

#endif
