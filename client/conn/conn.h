/* conn.h - a connection to whoever does the work: the daemon, or a worker of our own.
 *
 * Both speak the same frames after the same HELLO; only how they come to be
 * differs. A worker of our own runs in its own process group, so that Ctrl-C at the
 * terminal reaches it once, as a message from us; this process becomes a
 * subreaper for it, and closing the connection leaves none of its descendants. */
#ifndef OX_CONN_CONN_H
#define OX_CONN_CONN_H

#include "proto/wire/message.h"

#include <sys/types.h>

struct ox_conn;

enum ox_conn_how {
	OX_CONN_DAEMON,  /* start the daemon if it is not running */
	OX_CONN_RUNNING, /* only a running daemon: OX_ENOENT otherwise */
	OX_CONN_ANY,     /* the same, of whatever version: to stop it */
	OX_CONN_WORKER,  /* a worker of our own */
};

/* Connects and exchanges HELLO. OX_EUNREACHABLE with what to do when the two
 * programs cannot work together, OX_ECORRUPT when the peer does not speak our language, OX_ETIMEOUT
 * when it says nothing. */
int ox_conn_open(struct ox_conn **conn, enum ox_conn_how how, struct ox_err *err);

/* Ends a worker of our own and all that it started: it gets some seconds to do so
 * by itself, unless ox_conn_hurry was called. NULL is allowed. */
void ox_conn_close(struct ox_conn *conn);
void ox_conn_hurry(struct ox_conn *conn);

int ox_conn_fd(const struct ox_conn *conn); /* to poll */
pid_t ox_conn_peer(const struct ox_conn *conn); /* 0: in another PID namespace, and not to be signalled */
bool ox_conn_is_worker(const struct ox_conn *conn);
const struct ox_hello *ox_conn_hello(const struct ox_conn *conn); /* the peer's */

int ox_conn_send(struct ox_conn *conn, const struct ox_msg *msg, struct ox_err *err);

/* Reads once what has arrived: 1, 0 at the end of the connection, or an error. */
int ox_conn_fill(struct ox_conn *conn, struct ox_err *err);

/* 1 and the next message, which is valid until the next call; 0 when more must be
 * read first. */
int ox_conn_next(struct ox_conn *conn, struct ox_msg *msg, struct ox_err *err);

/* Always fails: why the peer went away without a result. Waits for a worker. */
int ox_conn_explain_end(struct ox_conn *conn, struct ox_err *err);

#endif
