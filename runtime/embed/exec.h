/* exec.h - how the application's own process started this one: os.execv(sys.executable, ...), subprocess.
 *
 * A process that replaced another has no ancestor to be known by, and looking for ancestors is not for every start.
 * So execv and execve (wrap.h) start this executable by one of two names in /proc, which the
 * kernel hands to the new image. Where CPython's own calls are in a shared library they do not come here. */
#ifndef OX_EMBED_EXEC_H
#define OX_EMBED_EXEC_H

#include "runtime/embed/program.h"

/* From now on; `p` is borrowed for the process's life. Gives a process that was started so its own name back. */
void ox_exec_remember(const struct ox_program *p);

enum ox_exec {
	OX_EXEC_UNKNOWN, /* by others, or in another way */
	OX_EXEC_CALL,
	OX_EXEC_RESTART, /* by an application with the arguments that it had itself */
};

enum ox_exec ox_exec_how(void);

#endif
