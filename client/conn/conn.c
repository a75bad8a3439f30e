#include "client/conn/conn.h"

#include "client/conn/spawn.h"
#include "client/conn/start.h"
#include "proto/wire/frame.h"
#include "proto/wire/identity.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	HELLO_TIMEOUT_MS = 10000,
	OPEN_TRIES = 3, /* a daemon may end just when we come */
	WORKER_GRACE_MS = 5000,
	READ_SIZE = 64 << 10,
};

extern char **environ;

struct ox_conn {
	int fd;
	pid_t peer;
	bool worker, reaped, hurry;
	bool left; /* the peer, before it said anything */
	int status; /* of a worker, once reaped */
	struct ox_frame_reader reader;
	struct ox_arena arena;       /* of the current message */
	struct ox_arena hello_arena; /* of the peer's hello */
	struct ox_hello hello;
};

static const char *peer_name(const struct ox_conn *conn)
{
	return conn->worker ? "the worker" : "the daemon";
}

int ox_conn_send(struct ox_conn *conn, const struct ox_msg *msg, struct ox_err *err)
{
	struct ox_buf frame = {0};
	int code = ox_msg_encode(msg, &frame, err);
	if (!code)
		code = ox_frame_write(conn->fd, ox_buf_view(&frame), err);
	ox_buf_free(&frame);
	return code;
}

int ox_conn_fill(struct ox_conn *conn, struct ox_err *err)
{
	size_t len = READ_SIZE;
	char *room = ox_frame_reader_room(&conn->reader, &len);
	if (!room)
		return ox_fail_nomem(err, "a frame");
	ssize_t n;
	do
		n = recv(conn->fd, room, len, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return ox_fail_errno(err, errno, "cannot read from %s", peer_name(conn));
	if (n > 0)
		ox_frame_reader_filled(&conn->reader, (size_t)n);
	else if (ox_frame_reader_partial(&conn->reader))
		return ox_fail(err, OX_ECORRUPT, "%s went away in the middle of a frame", peer_name(conn));
	return n > 0;
}

static int next_into(struct ox_conn *conn, struct ox_arena *arena, struct ox_msg *msg, struct ox_err *err)
{
	struct ox_slice body;
	int found = ox_frame_reader_next(&conn->reader, &body, err);
	if (found == 0)
		return 0;
	ox_arena_free(arena);
	arena->limit = OX_FRAME_DECODED_MAX;
	int code = found < 0 ? found : ox_msg_decode(body, arena, msg, err);
	if (code == 0)
		return 1;
	return ox_wrap(err, "%s sent something that oxc does not understand", peer_name(conn));
}

int ox_conn_next(struct ox_conn *conn, struct ox_msg *msg, struct ox_err *err)
{
	return next_into(conn, &conn->arena, msg, err);
}

static int receive_hello(struct ox_conn *conn, struct ox_msg *msg, struct ox_err *err)
{
	for (;;) {
		int found = next_into(conn, &conn->hello_arena, msg, err);
		if (found != 0)
			return found;
		struct pollfd p = {.fd = conn->fd, .events = POLLIN};
		int ready = poll(&p, 1, HELLO_TIMEOUT_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			return ox_fail(err, OX_ETIMEOUT,
				       "%s (pid %d) does not answer; `oxc daemon stop --now` ends it, --no-daemon does "
				       "without it",
				       peer_name(conn), (int)conn->peer);
		found = ox_conn_fill(conn, err);
		if (found < 0)
			return found;
		if (found == 0) {
			conn->left = true;
			return ox_conn_explain_end(conn, err);
		}
	}
}

static int exchange_hello(struct ox_conn *conn, bool any_version, struct ox_err *err)
{
	struct ox_msg mine = {.kind = OX_MSG_HELLO}, theirs = {0};
	ox_hello_fill(&mine.as.hello);
	int code = ox_conn_send(conn, &mine, err);
	/* A peer that refuses us may close at once: what it said is still to be read. */
	if (code && code != OX_EEOF)
		return code;
	code = receive_hello(conn, &theirs, err);
	if (code < 0)
		return code;
	if (theirs.kind == OX_MSG_EVENT && theirs.as.event.type == OX_EVENT_RESULT)
		return ox_fail(err, -theirs.as.event.as.result.exit_code, "%.*s",
			       OX_SLICE_ARG(theirs.as.event.as.result.message));
	if (theirs.kind != OX_MSG_HELLO)
		return ox_fail(err, OX_ECORRUPT, "%s did not begin with a hello", peer_name(conn));
	conn->hello = theirs.as.hello;
	/* The socket tells who called listen, which may have forked since. Of a daemon in another PID namespace it
	 * tells nothing, and the number by which that knows itself is somebody else's here. */
	if (conn->hello.pid > 0 && conn->peer > 0 && !conn->worker)
		conn->peer = conn->hello.pid;
	return any_version ? 0 : ox_hello_check(&mine.as.hello, &conn->hello, err);
}

static int connect_daemon(struct ox_conn *conn, enum ox_conn_how how, struct ox_err *err)
{
	struct ox_runtime_dir dir;
	int code = ox_runtime_dir_open(&dir, err);
	if (code)
		return code;
	conn->fd = how == OX_CONN_DAEMON ? ox_daemon_start(&dir, &conn->peer, err)
					 : ox_socket_connect(&dir, &conn->peer, err);
	ox_runtime_dir_close(&dir);
	return conn->fd < 0 ? conn->fd : 0;
}

static int start_worker(struct ox_conn *conn, struct ox_err *err)
{
	struct ox_buf program = {0};
	int pair[2] = {-1, -1};
	int code = ox_program_path("oxidizer-worker", "OXIDIZER_WORKER", &program, err);
	if (!code && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		code = ox_fail_errno(err, errno, "cannot make a socket pair");
	if (!code) {
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		const char *argv[] = {program.data, "--fd", "3", NULL};
		struct ox_spawn spawn = {
			.program = program.data,
			.argv = argv,
			.envp = environ,
			.output = STDERR_FILENO,
			.passed = pair[1],
		};
		code = ox_spawn(&spawn, &conn->peer, err);
		if (code && err)
			err->code = code = OX_EUNREACHABLE;
		close(pair[1]);
		conn->fd = pair[0];
		conn->reaped = code != 0;
	}
	ox_buf_free(&program);
	return code;
}

/* *again: nothing was said or asked, so that another try may go better. */
static int open_once(struct ox_conn **out, enum ox_conn_how how, bool *again, struct ox_err *err)
{
	struct ox_conn *conn = calloc(1, sizeof *conn);
	*again = false;
	if (!conn)
		return ox_fail_nomem(err, "a connection");
	conn->fd = -1;
	conn->worker = how == OX_CONN_WORKER;
	int code = conn->worker ? start_worker(conn, err) : connect_daemon(conn, how, err);
	if (!code)
		code = exchange_hello(conn, how == OX_CONN_ANY, err);
	if (code) {
		*again = conn->left && !conn->worker;
		ox_conn_close(conn);
		return code;
	}
	*out = conn;
	return 0;
}

int ox_conn_open(struct ox_conn **out, enum ox_conn_how how, struct ox_err *err)
{
	bool again = true;
	int code = 0;
	for (int i = 0; i < OPEN_TRIES && again; i++)
		code = open_once(out, how, &again, err);
	return code;
}

/* Waits for the worker to end: it does by itself when its socket ends. */
static void reap_worker(struct ox_conn *conn, int grace_ms)
{
	for (int waited = 0; !conn->reaped; waited += 2) {
		pid_t pid = waitpid(conn->peer, &conn->status, WNOHANG);
		if (pid == conn->peer || (pid < 0 && errno == ECHILD)) {
			conn->reaped = true;
			return;
		}
		if (waited >= grace_ms)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
}

void ox_conn_close(struct ox_conn *conn)
{
	if (!conn)
		return;
	if (conn->fd >= 0)
		close(conn->fd);
	if (conn->worker) {
		reap_worker(conn, conn->hurry ? 0 : WORKER_GRACE_MS);
		ox_kill_descendants();
		prctl(PR_SET_CHILD_SUBREAPER, 0);
	}
	ox_frame_reader_free(&conn->reader);
	ox_arena_free(&conn->arena);
	ox_arena_free(&conn->hello_arena);
	free(conn);
}

void ox_conn_hurry(struct ox_conn *conn)
{
	conn->hurry = true;
}

int ox_conn_fd(const struct ox_conn *conn)
{
	return conn->fd;
}

pid_t ox_conn_peer(const struct ox_conn *conn)
{
	return conn->peer;
}

bool ox_conn_is_worker(const struct ox_conn *conn)
{
	return conn->worker;
}

const struct ox_hello *ox_conn_hello(const struct ox_conn *conn)
{
	return &conn->hello;
}

int ox_conn_explain_end(struct ox_conn *conn, struct ox_err *err)
{
	if (!conn->worker)
		return ox_fail(err, OX_EUNREACHABLE,
			       "the daemon (pid %d) closed the connection before it answered; `oxc daemon log` may say "
			       "why",
			       (int)conn->peer);
	reap_worker(conn, WORKER_GRACE_MS);
	if (conn->reaped && WIFSIGNALED(conn->status))
		return ox_fail(err, OX_EINTERNAL, "the worker was killed by signal %d (%s)", WTERMSIG(conn->status),
			       strsignal(WTERMSIG(conn->status)));
	return ox_fail(err, OX_EINTERNAL, "the worker ended with status %d before it had a result",
		       conn->reaped ? WEXITSTATUS(conn->status) : -1);
}
