/* session.h - one client's connection.
 *
 * A session cuts the bytes into frames, decodes them and hands each message to
 * the dispatch function. It follows any number of jobs, sending what their histories hold
 * as fast as the client takes it. What is wrong with a frame is answered with a
 * result event, then the connection is closed: a stream cannot be trusted after that. */
#ifndef OX_RPC_SESSION_H
#define OX_RPC_SESSION_H

#include "daemon/rpc/server.h"

/* A job whose history goes to the client, and up to where it has. */
struct ox_following {
	struct ox_job *job;
	uint64_t request, position;
};

struct ox_session {
	struct ox_server *server;
	struct ox_peer *peer;
	/* Handles one message. It may take over *arena, which holds the message's strings. */
	void (*dispatch)(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena);
	struct ox_frame_reader *reader;
	bool greeted;      /* HELLO was exchanged */
	bool ending;       /* answers are flushed, nothing is read any more */
	int32_t client_pid; /* as the client says; for the log */
	uint64_t cwd_dev, cwd_ino; /* of the client's current folder; 0: not told */
	uint64_t shutdown_request; /* answered when the daemon ends; 0: none */
	OX_VEC(struct ox_following) following;
};

/* Takes over fd. */
int ox_session_new(struct ox_server *server, int fd,
		   void (*dispatch)(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena),
		   struct ox_err *err);
/* Closes the connection at once; followed jobs are left alone. */
void ox_session_free(struct ox_session *s);
/* Frees the session when everything that was sent has gone out. */
void ox_session_end(struct ox_session *s);

void ox_session_send(struct ox_session *s, const struct ox_msg *msg);
/* Answers a request with a result event. */
void ox_session_result(struct ox_session *s, uint64_t request, int exit_code, const char *category, const char *fmt,
		       ...) OX_PRINTF(5, 6);

/* Sends the job's events after number `after`, now and as they come, as answers to
 * `request`. Whoever followed the job before stops. */
int ox_session_follow(struct ox_session *s, struct ox_job *job, uint64_t request, uint64_t after, struct ox_err *err);

#endif
