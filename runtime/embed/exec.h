/* exec.h - the application replaces itself: os.execv(sys.executable, ...).
 *
 * The process that goes on has no ancestor to be known by, so execv and execve (the linker's --wrap, as in wrap.c)
 * start this executable by the name /proc/self/exe, which the kernel hands to the new image. Not when
 * an application goes on with the arguments that it has, a restart, and not for any other file. */
#ifndef OX_EMBED_EXEC_H
#define OX_EMBED_EXEC_H

#include "runtime/embed/program.h"

/* From now on; `p` is borrowed for the process's life. Gives a process that was started so its own name back. */
void ox_exec_remember(const struct ox_program *p);

/* Whether this process was started by such an exec. */
bool ox_exec_happened(void);

#endif
