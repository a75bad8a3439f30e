/* request.h - one request from its sending to its result.
 *
 * Signals: the first SIGINT, SIGTERM or SIGHUP asks the peer to cancel and goes on
 * waiting for the result; the second gives up at once. A daemon connection that is lost in
 * the middle of a build is opened again, and the build resumed after the last
 * event that was seen, as long as the daemon lives. */
#ifndef OX_CONN_REQUEST_H
#define OX_CONN_REQUEST_H

#include "client/conn/conn.h"

struct ox_request {
	struct ox_sink *sink; /* gets every event but the result */
	/* Gets the answer to STATUS and STORE; may be NULL. */
	void (*report)(void *context, const struct ox_report *report);
	void *context;
	/* Filled in by ox_request_run: the result, whose strings live in `strings`. */
	struct ox_result result;
	struct ox_arena strings;
	int signal; /* that cancelled the request, or 0 */
};

/* 0 when a result came, whatever it says; the connection may be another one then.
 * OX_ECANCELLED after a second signal. */
int ox_request_run(struct ox_conn **conn, const struct ox_msg *msg, struct ox_request *request, struct ox_err *err);

void ox_request_free(struct ox_request *request);

#endif
