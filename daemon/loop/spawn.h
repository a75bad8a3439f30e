/* spawn.h - one fork and exec, with everything a child of ours must be given.
 *
 * The child leads a new process group, has default signal dispositions and an
 * empty mask, only the descriptors listed, and dies with the thread that started
 * it when `death_signal` says so (the kernel ties that signal to the thread, so start
 * long-lived children from a thread that stays). Every child started here
 * is known by its pid until ox_child_reaped: that is how adopted orphans are told
 * from children (daemon/loop/descendants.h). */
#ifndef OX_LOOP_SPAWN_H
#define OX_LOOP_SPAWN_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum { OX_SPAWN_FDS_MAX = 8 };

struct ox_spawn {
	const char *const *argv; /* argv[0]: a path, or a name looked up in env's PATH */
	const char *const *env;  /* NULL-terminated; NULL: empty */
	const char *cwd;         /* NULL: ours */
	int fds[OX_SPAWN_FDS_MAX]; /* fds[n] becomes the child's n; -1: /dev/null */
	size_t fd_count;           /* at least 3 */
	int death_signal;          /* 0: none */
};

/* Returns when the program has been executed (or could not be): OX_ENOENT when
 * there is no such program, OX_EDENIED when it may not be run. */
int ox_spawn(const struct ox_spawn *spawn, pid_t *pid, struct ox_err *err);

/* The child was waited for; its pid may be used by somebody else now. */
void ox_child_reaped(pid_t pid);

/* Whether pid was started by ox_spawn and has not been reaped. */
bool ox_child_is_ours(pid_t pid);

#endif
