/* spawn.h - starting our own programs with no more than they are meant to have.
 *
 * The child gets an empty signal mask, default handling of signals, standard
 * streams as given, the descriptors of `keep` at their new numbers, and nothing else. */
#ifndef OX_CONN_SPAWN_H
#define OX_CONN_SPAWN_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ox_spawn {
	const char *program;     /* path */
	const char *const *argv; /* NULL-terminated */
	char *const *envp;
	int output;       /* becomes standard output and standard error */
	int passed;       /* becomes descriptor 3 */
	bool new_session; /* own session; otherwise an own process group */
};

enum { OX_SPAWN_FD = 3 };

/* The child's pid in *pid, or an error that names the program. */
int ox_spawn(const struct ox_spawn *spawn, pid_t *pid, struct ox_err *err);

/* The same through a process in between that ends at once: the child is nobody's
 * child that could be waited for. */
int ox_spawn_detached(const struct ox_spawn *spawn, struct ox_err *err);

/* Kills every descendant of this process, which must be a subreaper, again and
 * again until none is left or two seconds are over. */
void ox_kill_descendants(void);

#endif
