/* descendants.h - ending a child together with everything it started. */
#ifndef OX_LOOP_DESCENDANTS_H
#define OX_LOOP_DESCENDANTS_H

#include <sys/types.h>

/* KILL for `child`, its group, all that hangs below it, and every orphan that fell to
 * us, again and again until none is left (at most some seconds: a process that
 * waits for a dead disk cannot be killed). The child itself is left to be waited for.
 * Orphans cannot be told apart by who started them: a process that runs several
 * children at once and cancels one loses the orphans of all. */
void ox_kill_tree(pid_t child);

#endif
