/* start.h - starting the daemon, once, whoever asks first.
 *
 * A lock file in the runtime folder lets one client start it; the others wait for
 * the lock and then find it running. The daemon says that it listens through a
 * pipe (`--ready-fd`); it keeps nothing of the client: own session, streams to
 * /dev/null and its log, every other descriptor closed. */
#ifndef OX_CONN_START_H
#define OX_CONN_START_H

#include "client/conn/paths.h"

/* Connects to the socket in the folder: the descriptor, OX_ENOENT when nobody
 * listens there, OX_EPOLICY when the one who listens is not of our user.
 * *pid is the listener's. */
int ox_socket_connect(const struct ox_runtime_dir *dir, pid_t *pid, struct ox_err *err);

/* The same, starting the daemon if nobody listens. OX_EUNREACHABLE with the tail of the
 * daemon's log when it cannot start. */
int ox_daemon_start(const struct ox_runtime_dir *dir, pid_t *pid, struct ox_err *err);

#endif
