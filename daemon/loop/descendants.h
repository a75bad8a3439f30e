/* descendants.h - ending children together with everything they started. */
#ifndef OX_LOOP_DESCENDANTS_H
#define OX_LOOP_DESCENDANTS_H

#include "proto/base/err.h"

#include <sys/types.h>

/* KILL for `child`, its group, all that hangs below it, and every orphan that fell to
 * us, again and again until none is left (at most some seconds: a process that
 * waits for a dead disk cannot be killed). The child itself is left to be waited for.
 * Orphans cannot be told apart by who started them: a process that runs several
 * children at once and cancels one loses the orphans of all. */
void ox_kill_tree(pid_t child);

/* KILL for every orphan that fell to us and all below it; children of ours that are
 * known to daemon/loop/spawn.h, and what hangs below them, are left alone. Safe in any
 * thread while others start children. */
void ox_kill_orphans(void);

/* Makes this process the one that orphaned descendants fall back to. */
int ox_process_become_subreaper(struct ox_err *err);
/* Kills all descendants of this process (except `keep`, count of them) until none is left. */
void ox_process_kill_descendants(const pid_t *keep, size_t keep_count);
/* All processes below `root`. */
int ox_process_descendants(pid_t root, pid_t **pids, size_t *count);

#endif
