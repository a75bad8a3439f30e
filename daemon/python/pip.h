/* pip.h - pip install as a step, its result as resources.
 *
 * Key: the arguments, the interpreter, pip's index settings (PIP_* variables,
 * every pip.conf that pip would read, present or absent), and the content of local
 * inputs (requirement and constraint files, local projects, wheel folders). An
 * unpinned requirement reuses its recorded resolution, says so with its age, and is resolved again
 * with ctx->refresh. pip's output goes to the sink line by line; the whole of it is a log object. */
#ifndef OX_PYTHON_PIP_H
#define OX_PYTHON_PIP_H

#include "daemon/python/pip_inputs.h"
#include "daemon/python/resource.h"

/* Appends to `out`. */
int ox_pip_install(struct ox_build_context *ctx, const struct ox_distribution *dist,
		   const struct ox_pip_request *request, struct ox_resources *out, struct ox_err *err);

#endif
