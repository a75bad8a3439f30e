/* endpoint.h - where the daemon is found: runtime folder, lock, socket.
 *
 * The runtime folder is OXIDIZER_RUNTIME_DIR, else $XDG_RUNTIME_DIR/oxidizer, else
 * /tmp/oxidizer-<uid>. It must belong to us with mode 0700: who can enter
 * the folder could take the daemon's place. In it:
 *
 *     oxidizerd.lock   flocked by the one daemon that serves the folder; its pid
 *     oxidizerd.sock   the socket, mode 0600
 *     oxidizerd.log    see daemon/rpc/log.h
 *
 * The socket is bound relative to the folder's descriptor, so a path longer than a
 * socket address (107 bytes) works. A socket handed over by a service manager
 * (LISTEN_FDS) is used instead of one of our own and left in place. */
#ifndef OX_RPC_ENDPOINT_H
#define OX_RPC_ENDPOINT_H

#include "proto/base/buf.h"

#define OX_SOCKET_NAME "oxidizerd.sock"
#define OX_LOCK_NAME "oxidizerd.lock"

struct ox_endpoint {
	char *dir;     /* path, for people; owned */
	int dir_fd, lock_fd;
	int listen_fd; /* taken by the event loop: set to -1 then */
	bool inherited; /* LISTEN_FDS */
};

#define OX_ENDPOINT_NONE ((struct ox_endpoint){.dir_fd = -1, .lock_fd = -1, .listen_fd = -1})

/* The folder's path; not checked. */
int ox_runtime_dir_path(struct ox_buf *path, struct ox_err *err);

/* Opens the folder, making it if absent. OX_EPOLICY when it is not safely ours. */
int ox_endpoint_open_dir(struct ox_endpoint *e, struct ox_err *err);

/* Takes the lock (OX_EBUSY when another daemon has it and serves; one that starts or ends is waited for), binds and
 * listens. */
int ox_endpoint_listen(struct ox_endpoint *e, struct ox_err *err);

/* The lock's pid is ours from now on (after a fork). */
void ox_endpoint_write_pid(struct ox_endpoint *e);

/* Nobody finds us any more: removes the socket, then gives the lock back. */
void ox_endpoint_withdraw(struct ox_endpoint *e);
void ox_endpoint_close(struct ox_endpoint *e);

/* OX_EPOLICY unless the process at the other end runs as our user. *uid is its user. */
int ox_endpoint_check_peer(int fd, unsigned *uid, struct ox_err *err);

/* Tells a service manager (NOTIFY_SOCKET), if there is one. `state` as in sd_notify(3). */
void ox_notify_manager(const char *state);

#endif
