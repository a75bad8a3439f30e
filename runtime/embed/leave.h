/* leave.h - the end of a run: exit status, and the interpreter's teardown or the
 * permission to skip it.
 *
 * Tearing down costs a quarter of a short run. It is skipped when nothing that a program
 * could observe is lost: exit functions have run, the standard streams are flushed, and a
 * scan of all live objects finds no open file, no finaliser, no suspended generator or
 * coroutine, no foreign weak reference callback, no second thread, and no extension
 * module that is not known to be harmless. Otherwise Py_FinalizeEx runs. */
#ifndef OX_EMBED_LEAVE_H
#define OX_EMBED_LEAVE_H

#include "runtime/embed/program.h"

/* `rc` < 0: the pending exception ended the run. The exit status; does not return when
 * the process ends by a signal, as after KeyboardInterrupt. */
int ox_leave(struct ox_program *p, int rc);

#endif
