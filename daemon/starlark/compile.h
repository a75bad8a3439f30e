/* compile.h - from the resolved tree to code. */
#ifndef OX_STARLARK_COMPILE_H
#define OX_STARLARK_COMPILE_H

#include "daemon/starlark/code.h"
#include "daemon/starlark/thread.h"

/* The code of a file, or of one expression (which it returns). In the
 * evaluation's heap. NULL: failing (memory), or reported (a function too large
 * for the machine). */
const struct ox_proto *ox_compile_module(struct ox_star *s, const struct ox_resolution *names, struct ox_node *tree,
					 bool expression, const struct ox_source *source, struct ox_report *report);

#endif
