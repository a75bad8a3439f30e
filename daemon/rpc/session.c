#include "daemon/rpc/session.h"

#include "daemon/loop/peer.h"
#include "proto/wire/frame.h"

#include <unistd.h>

enum {
	/* Bytes queued for a client above which its jobs' histories have to wait. */
	QUEUE_HIGH = 1 << 20,
	EXIT_INTERNAL = 3,
};

static void stop_following_at(struct ox_session *s, size_t i)
{
	ox_job_follow(s->following.items[i].job, NULL, NULL);
	s->following.items[i] = s->following.items[--s->following.len];
}

/* Sends what the history holds until the queue is full. Returns false when all was said. */
static bool pump(struct ox_session *s, struct ox_following *f)
{
	struct ox_err err = {0};
	const struct ox_history_entry *e;
	while (ox_peer_queued(s->peer) < QUEUE_HIGH && (e = ox_history_after(&f->job->history, f->position))) {
		struct ox_buf frame = {0};
		if (ox_history_encode(&f->job->history, e, f->request, &frame, &err) == 0)
			ox_peer_send(s->peer, ox_buf_view(&frame));
		else
			ox_log_error(&s->server->log, "an event cannot be sent: %s", err.text);
		ox_buf_free(&frame);
		f->position = e->position;
	}
	return !ox_job_has_result(f->job) || f->position < f->job->history.last_position;
}

static void pump_all(void *ctx)
{
	struct ox_session *s = ctx;
	for (size_t i = s->following.len; i-- > 0;)
		if (!pump(s, &s->following.items[i]))
			stop_following_at(s, i);
}

static void on_news(void *follower, struct ox_job *job)
{
	struct ox_session *s = follower;
	for (size_t i = 0; i < s->following.len; i++) {
		if (s->following.items[i].job != job)
			continue;
		if (!pump(s, &s->following.items[i]))
			stop_following_at(s, i);
		return;
	}
}

int ox_session_follow(struct ox_session *s, struct ox_job *job, uint64_t request, uint64_t after, struct ox_err *err)
{
	if (job->news) {
		struct ox_session *before = job->follower;
		for (size_t i = before->following.len; i-- > 0;)
			if (before->following.items[i].job == job)
				stop_following_at(before, i);
	}
	struct ox_following *f = ox_vec_push(&s->following);
	if (!f)
		return ox_fail_nomem(err, "following a build");
	*f = (struct ox_following){
		.job = job,
		.request = request,
		.position = ox_history_position(&job->history, after),
	};
	ox_job_follow(job, on_news, s);
	on_news(s, job);
	return 0;
}

static void forget_session(struct ox_session *s)
{
	struct ox_server *server = s->server;
	for (size_t i = 0; i < server->sessions.len; i++) {
		if (server->sessions.items[i] != s)
			continue;
		server->sessions.items[i] = server->sessions.items[--server->sessions.len];
		break;
	}
	while (s->following.len) {
		struct ox_job *job = s->following.items[0].job;
		stop_following_at(s, 0);
		ox_job_left_alone(job);
	}
	ox_vec_free(&s->following);
	if (s->reader)
		ox_frame_reader_free(s->reader);
	free(s->reader);
	free(s);
	server->changed(server);
}

void ox_session_free(struct ox_session *s)
{
	ox_peer_free(s->peer);
	forget_session(s);
}

void ox_session_end(struct ox_session *s)
{
	ox_peer_finish(s->peer);
	forget_session(s);
}

static void on_closed(void *ctx)
{
	struct ox_session *s = ctx;
	if (ox_frame_reader_partial(s->reader))
		ox_log_warn(&s->server->log, "client %d went away in the middle of a frame", (int)s->client_pid);
	ox_session_free(s);
}

/* One step: 1 when a message was handled, 0 when more bytes are needed. */
static int handle_next(struct ox_session *s, struct ox_err *err)
{
	struct ox_slice body;
	int rc = ox_frame_reader_next(s->reader, &body, err);
	if (rc != 1)
		return rc;
	struct ox_arena arena = {.limit = OX_FRAME_DECODED_MAX};
	struct ox_msg msg;
	rc = ox_msg_decode(body, &arena, &msg, err);
	if (rc == 0)
		s->dispatch(s, &msg, &arena);
	ox_arena_free(&arena);
	return rc == 0 ? 1 : rc;
}

static int take_bytes(struct ox_session *s, struct ox_slice bytes, struct ox_err *err)
{
	int rc = 0;
	while (bytes.len && !s->ending && rc >= 0) {
		size_t room = bytes.len;
		char *to = ox_frame_reader_room(s->reader, &room);
		if (!to)
			return ox_fail_nomem(err, "a client's frame");
		memcpy(to, bytes.data, room);
		ox_frame_reader_filled(s->reader, room);
		bytes = ox_slice(bytes.data + room, bytes.len - room);
		do
			rc = handle_next(s, err);
		while (rc == 1 && !s->ending);
	}
	return rc;
}

static void on_bytes(void *ctx, struct ox_slice bytes)
{
	struct ox_session *s = ctx;
	struct ox_err err = {0};
	int rc = take_bytes(s, bytes, &err);
	if (rc < 0 && !s->ending) {
		ox_log_warn(&s->server->log, "client %d: %s", (int)s->client_pid, err.text);
		ox_session_result(s, 0, EXIT_INTERNAL, "protocol",
				  "what was sent is not the language of oxidizerd: %s", err.text);
		s->ending = true;
	}
	if (s->ending)
		ox_session_end(s);
}

int ox_session_new(struct ox_server *server, int fd,
		   void (*dispatch)(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena),
		   struct ox_err *err)
{
	static const struct ox_peer_events events = {.bytes = on_bytes, .drained = pump_all, .closed = on_closed};
	struct ox_session *s = calloc(1, sizeof *s);
	struct ox_frame_reader *reader = calloc(1, sizeof *reader);
	struct ox_session **slot = s && reader ? ox_vec_push(&server->sessions) : NULL;
	int rc = 0;
	if (!slot) {
		close(fd);
		rc = ox_fail_nomem(err, "a session");
	} else if ((rc = ox_peer_new(server->loop, fd, &events, s, &s->peer, err)) != 0) {
		server->sessions.len--;
	}
	if (rc) {
		free(reader);
		free(s);
		return rc;
	}
	s->server = server;
	s->reader = reader;
	s->dispatch = dispatch;
	*slot = s;
	server->clients_served++;
	server->changed(server);
	return 0;
}

void ox_session_send(struct ox_session *s, const struct ox_msg *msg)
{
	struct ox_buf frame = {0};
	struct ox_err err = {0};
	if (ox_msg_encode(msg, &frame, &err) == 0)
		ox_peer_send(s->peer, ox_buf_view(&frame));
	else
		ox_log_error(&s->server->log, "an answer cannot be sent: %s", err.text);
	ox_buf_free(&frame);
}

void ox_session_result(struct ox_session *s, uint64_t request, int exit_code, const char *category, const char *fmt,
		       ...)
{
	struct ox_buf text = {0};
	va_list ap;
	va_start(ap, fmt);
	ox_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	struct ox_msg msg = {
		.kind = OX_MSG_EVENT,
		.request = request,
		.as.event = {.type = OX_EVENT_RESULT,
			     .number = 1,
			     .as.result = {.exit_code = exit_code,
					   .category = ox_slice_str(category),
					   .message = ox_buf_view(&text)}},
	};
	ox_session_send(s, &msg);
	ox_buf_free(&text);
}
