/* run.h - running what the configuration names, to the exit status. */
#ifndef OX_EMBED_RUN_H
#define OX_EMBED_RUN_H

#include "runtime/embed/program.h"

/* Runs and finalises (or leaves early, see leave.h). The exit status; the process may
 * also end inside, by SystemExit or by signal, exactly as python3 does. */
int ox_run(struct ox_program *p);

#endif
