/* lock.h - locks between processes: flocked files that vanish when let go.
 *
 * The kernel drops a flock when its holder dies, so nobody waits for a dead
 * process. The file is removed by whoever lets go; a file left behind by a
 * killed process is harmless. Two descriptors of one process exclude each other
 * as well. */
#ifndef OX_FS_LOCK_H
#define OX_FS_LOCK_H

#include "proto/base/err.h"

#include <stdbool.h>

struct ox_lock {
	int fd; /* -1: not held */
	char *path;
};

#define OX_LOCK_NONE ((struct ox_lock){.fd = -1})

/* Takes the lock if it is free: 1 taken, 0 held by somebody, negative: error. */
int ox_lock_try(const char *path, struct ox_lock *lock, struct ox_err *err);

/* Waits for it. `check` (may be NULL) is asked now and then and ends the wait by
 * returning an error code; `waited` (may be NULL) tells whether it was not free at once. */
int ox_lock_wait(const char *path, int (*check)(void *ctx, struct ox_err *err), void *ctx, struct ox_lock *lock,
		 bool *waited, struct ox_err *err);

void ox_lock_release(struct ox_lock *lock); /* safe to repeat */

/* A lock file that stays (for locks that are taken all the time); mode is LOCK_SH
 * or LOCK_EX, waits. *fd is opened if it is negative. Unlock with ox_lock_drop. */
int ox_lock_shared_file(const char *path, int *fd, int mode, struct ox_err *err);
void ox_lock_drop(int fd);

#endif
