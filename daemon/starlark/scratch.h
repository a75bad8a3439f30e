/* scratch.h - memory for GMP that cannot run out in the middle of an operation.
 *
 * GMP ends the process when its allocation function cannot give what it asks for, and
 * those functions are process-global. So what an operation may need is taken
 * beforehand, where running out is an error like any other:
 *
 *     if (!ox_scratch_begin(&s->scratch, bytes))
 *             return ox_fail_memory(s);
 *     ... mpz_init, operations, mpz_clear ...
 *     ox_scratch_end(&s->scratch);
 *
 * In between, GMP allocates on this thread from that block. Nothing allocated there may
 * be used after the end. Elsewhere (other threads, other users of GMP in the process, an
 * estimate that was too low) GMP's memory comes from malloc, as it always does. Which block is
 * in use is thread-local, because GMP's functions have no argument for it. */
#ifndef OX_STARLARK_SCRATCH_H
#define OX_STARLARK_SCRATCH_H

#include "proto/base/platform.h"

#include <stdbool.h>
#include <stddef.h>

enum { OX_SCRATCH_SMALL = 4096 };

struct ox_scratch {
	char *block; /* in use: `small`, or `large` */
	size_t size, used;
	char *large; /* malloc; kept while it is not very large */
	size_t large_size;
	_Alignas(16) char small[OX_SCRATCH_SMALL];
};

/* What an operation on integers of so many limbs together may need, for its result
 * and GMP's own working memory. An estimate from above: multiplying by FFT needs most. */
size_t ox_scratch_estimate(size_t limbs);

bool ox_scratch_begin(struct ox_scratch *m, size_t bytes); /* false: no memory */
void ox_scratch_end(struct ox_scratch *m);
void ox_scratch_free(struct ox_scratch *m);

#endif
