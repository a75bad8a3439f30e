/* process.h - starting programs: the launcher that every build step goes through.
 *
 * A child gets its own process group, a parent-death signal, only descriptors
 * 0 to 2, default signal dispositions, and its standard input from /dev/null unless
 * asked otherwise. Output is handed over line by line while it runs. Cancelling
 * sends TERM to the group, then KILL to every descendant again and again until none
 * is left. Blocking calls: they run until the child ended, asking `cancelled` often. */
#ifndef OX_LOOP_PROCESS_H
#define OX_LOOP_PROCESS_H

#include "daemon/loop/descendants.h"
#include "proto/base/buf.h"

#include <sys/types.h>

struct ox_process_spec {
	const char *const *argv; /* argv[0]: a path, or a name looked up in env's PATH */
	const char *const *env;  /* NAME=VALUE, NULL-terminated; NULL: empty environment */
	const char *cwd;         /* NULL: ours */
	/* Called for each line of output (stderr and stdout together), without newline. May be NULL. */
	void (*line)(void *ctx, struct ox_slice text);
	struct ox_buf *out; /* when not NULL: standard output goes here instead of to `line` */
	/* Asked several times a second; not 0 cancels the child and is returned. May be NULL. */
	int (*cancelled)(void *ctx, struct ox_err *err);
	void *ctx;
	struct ox_slice input; /* for standard input; empty: /dev/null */
};

struct ox_process_status {
	int exit_code; /* 0 to 255, or -1 */
	int signal;    /* that ended it, or 0 */
};

/* Runs to the end. 0 when it could be started and ended by itself, whatever its
 * status; OX_ENOENT when there is no such program. */
int ox_process_run(const struct ox_process_spec *spec, struct ox_process_status *status, struct ox_err *err);

/* A child to talk with over pipes: bytes written to `in` reach its standard input,
 * its standard output is read from `out`, its standard error goes to our own. */
struct ox_process {
	pid_t pid;
	int in, out;
};
int ox_process_start(const char *const *argv, const char *const *env, const char *cwd, struct ox_process *p,
		     struct ox_err *err);
/* Closes the pipes, waits up to `grace_ms` for it to end, then kills. */
void ox_process_stop(struct ox_process *p, int grace_ms);

#endif
