/* paths.h - where things are that the client needs before it talks to anybody.
 *
 * The runtime folder holds the daemon's socket, log and locks. It is
 * OXIDIZER_RUNTIME_DIR, else $XDG_RUNTIME_DIR/oxidizer, else /tmp/oxidizer-<uid>;
 * it is made when absent and must be a folder of ours that nobody else can enter. */
#ifndef OX_CONN_PATHS_H
#define OX_CONN_PATHS_H

#include "proto/base/buf.h"

#define OX_SOCKET_FILE "oxidizerd.sock"
#define OX_LOG_FILE    "oxidizerd.log"

struct ox_runtime_dir {
	char *path; /* absolute; owned */
	int fd;     /* O_PATH: every file in it is reached through this */
};

/* OX_EPOLICY names the folder and its owner when it is not ours alone. On failure
 * there is nothing to close. */
int ox_runtime_dir_open(struct ox_runtime_dir *dir, struct ox_err *err);
void ox_runtime_dir_close(struct ox_runtime_dir *dir);

/* Appends the store that a worker without a daemon uses: OXIDIZER_STORE, else
 * $XDG_CACHE_HOME/oxidizer, else ~/.cache/oxidizer, else /tmp/oxidizer-<uid>. */
int ox_store_path(struct ox_buf *path, struct ox_err *err);

/* Appends the path of one of our programs: the value of the variable `override`,
 * else beside this program's build folder, else where it was installed.
 * OX_EUNREACHABLE when it is nowhere. */
int ox_program_path(const char *name, const char *override, struct ox_buf *path, struct ox_err *err);

/* The value of a variable that is set and not empty, or NULL. */
const char *ox_env(const char *name);

#endif
