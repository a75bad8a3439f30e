/* bytecode.h - compiling sources to marshalled code with the target's interpreter.
 *
 * A pool of interpreters (as many as there are processors) each compiles modules sent over a pipe;
 * started when the first module misses, reused for the whole build. Output is
 * normalised (reference flags, no paths: co_filename is the module name unless given)
 * so that equal sources give equal bytes. The same interpreters compile the regular expressions that a source
 * states (patterns.py), and the texts that the standard library makes code of for its classes (generated.py).
 * Each module and level is one step "bytecode". */
#ifndef OX_PYTHON_BYTECODE_H
#define OX_PYTHON_BYTECODE_H

#include "daemon/action/step.h"
#include "daemon/python/resource.h"

struct ox_compiler; /* the pool */

int ox_compiler_new(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_compiler **out,
		    struct ox_err *err);
void ox_compiler_free(struct ox_compiler *c);

struct ox_compile_job {
	struct ox_slice module; /* dotted name */
	bool is_package;
	int level;              /* 0, 1, 2 */
	struct ox_blob source;
	struct ox_blob code;    /* out */
	struct ox_blob compiled; /* out: what else is compiled, a list of runtime/pack/compiled.h; size 0: none */
	bool failed;            /* out: not valid Python; `message` in the sink as a warning */
};

/* Compiles all jobs. A source that does not compile is a warning and job.failed: packages
 * ship templates and tests for other versions. */
int ox_compile(struct ox_compiler *c, struct ox_compile_job *jobs, size_t count, struct ox_err *err);

/* What compiled code depends on besides its source: inputs of every step whose outputs hold any. */
void ox_compiler_inputs(struct ox_step *step, const struct ox_distribution *dist);

#endif
