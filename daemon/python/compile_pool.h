/* compile_pool.h - interpreters that compile sources side by side (compile.py in each).
 *
 * Started when there is work, at most one per processor, kept until freed. The caller must
 * ignore SIGPIPE: an interpreter that dies is an error, not the end. */
#ifndef OX_PYTHON_COMPILE_POOL_H
#define OX_PYTHON_COMPILE_POOL_H

#include "daemon/python/distribution.h"

struct ox_compile_pool;

int ox_compile_pool_new(const char *python, const char *const *env, struct ox_compile_pool **out, struct ox_err *err);
void ox_compile_pool_free(struct ox_compile_pool *p); /* ends the interpreters; NULL is fine */

struct ox_compile_work {
	void *ctx;
	size_t count;
	/* The index-th source; the text must last until the call returns only. */
	int (*source)(void *ctx, size_t index, struct ox_buf *text, struct ox_slice *name, int *level,
		      struct ox_err *err);
	/* Its code, or (failed) the message of the compiler; and its regular expressions, a list of
	 * runtime/pack/compiled.h that is often empty. In no particular order. */
	int (*done)(void *ctx, size_t index, bool failed, struct ox_slice data, struct ox_slice compiled,
		    struct ox_err *err);
	/* Asked often; not 0 ends the run. May be NULL. */
	int (*cancelled)(void *ctx, struct ox_err *err);
};

/* Runs all of it. After a failure the pool is of no more use. */
int ox_compile_pool_run(struct ox_compile_pool *p, const struct ox_compile_work *work, struct ox_err *err);

#endif
