/* run.h - the linker that ours stands in front of. */
#ifndef OX_CAPTURE_RUN_H
#define OX_CAPTURE_RUN_H

#include "proto/base/arena.h"

/* The program that a compiler would have called: the first of this name on COMPILER_PATH and PATH that is not
 * ourselves. In the arena; NULL when there is none. */
const char *ox_real_program(const char *name, struct ox_arena *arena);

/* Runs it to its end, with captures off. Its exit status, 128 + signal, or 127 when it cannot be started. */
int ox_run_program(const char *const *argv);

#endif
