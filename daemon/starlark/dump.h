/* dump.h - code as text, for people and tests.
 *
 *     f(a, b):
 *       0  ADD          #2 = a + b
 *       1  RETURN       #2
 *
 * One line for each instruction: its index, its name, what it does. Locals have their
 * names, other registers are #N, jumps name the index they go to. Functions that the code
 * makes follow. */
#ifndef OX_STARLARK_DUMP_H
#define OX_STARLARK_DUMP_H

#include "daemon/starlark/code.h"
#include "daemon/starlark/thread.h"

/* Appended to out; -1: failing (memory). */
int ox_code_dump(struct ox_star *s, const struct ox_proto *p, struct ox_buf *out);

#endif
