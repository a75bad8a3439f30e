/* interpreter.h - bringing the interpreter up: core, our finder, then the rest, so that
 * the very first import (encodings) is served from the payload. */
#ifndef OX_EMBED_INTERPRETER_H
#define OX_EMBED_INTERPRETER_H

#include "runtime/embed/program.h"

/* On success the calling thread holds the GIL. *exit_code >= 0 with a return of 0:
 * CPython wants to leave already (its own --version and the like). */
int ox_interpreter_start(struct ox_program *p, int *exit_code, struct ox_err *err);

#endif
