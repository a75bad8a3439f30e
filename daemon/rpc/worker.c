#include "daemon/rpc/worker.h"

#include "daemon/loop/peer.h"
#include "daemon/loop/spawn.h"
#include "proto/base/vec.h"
#include "proto/wire/frame.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORKER_FD = 3,
	/* Between one of {process, socket} ending and giving up on the other. */
	HALF_ENDED_MS = 2000,
};

struct ox_worker {
	struct ox_log_file *log;
	struct ox_peer *peer; /* NULL once the socket has ended */
	struct ox_timer *half_ended;
	struct ox_worker_events events;
	void *ctx;
	struct ox_frame_reader reader;
	pid_t pid; /* 0 once reaped */
	struct ox_worker_end end;
};

/* The folder that our own executable is in. */
static bool add_own_folder(struct ox_buf *path)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self);
	while (n > 1 && self[n - 1] != '/')
		n--;
	if (n > 1)
		ox_buf_add(path, self, (size_t)n - 1);
	return n > 1;
}

/* Relative to oxidizerd: the build tree; an installation, also one that was moved. */
static char *find_beside(void)
{
	static const char *const places[] = {".", "../libexec/oxidizer"};
	for (size_t i = 0; i < OX_COUNT(places); i++) {
		struct ox_buf path = {0};
		if (add_own_folder(&path))
			ox_buf_printf(&path, "/%s/oxidizer-worker", places[i]);
		if (!path.failed && path.data && access(path.data, X_OK) == 0)
			return ox_buf_steal(&path);
		ox_buf_free(&path);
	}
	return NULL;
}

int ox_worker_program(char **path, struct ox_err *err)
{
	const char *set = getenv("OXIDIZER_WORKER");
	if (set && *set)
		*path = strdup(set);
	else if ((*path = find_beside()))
		return 0;
	else if (access(OX_LIBEXECDIR "/oxidizer-worker", X_OK) == 0)
		*path = strdup(OX_LIBEXECDIR "/oxidizer-worker");
	else
		return ox_fail(err, OX_ENOENT,
			       "cannot find oxidizer-worker beside oxidizerd or in " OX_LIBEXECDIR
			       ": install oxidizer whole, or set OXIDIZER_WORKER to its path");
	return *path ? 0 : ox_fail_nomem(err, "the worker's path");
}

/* What of our own environment a worker may see: the build's comes with the request. */
static bool is_passed_on(const char *variable)
{
	static const char *const prefixes[] = {"PATH=", "HOME=", "TMPDIR=", "LD_LIBRARY_PATH=", "OXIDIZER_",
					       "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS="};
	for (size_t i = 0; i < OX_COUNT(prefixes); i++)
		if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void trouble(struct ox_worker *w, const char *what)
{
	if (!*w->end.trouble)
		snprintf(w->end.trouble, sizeof w->end.trouble, "%s", what);
}

static void on_bytes(void *ctx, struct ox_slice bytes)
{
	struct ox_worker *w = ctx;
	struct ox_err err = {0};
	struct ox_slice body;
	int rc = 0;
	while (rc >= 0 && bytes.len) {
		size_t room = bytes.len;
		char *to = ox_frame_reader_room(&w->reader, &room);
		if (!to) {
			rc = ox_fail_nomem(&err, "a worker's frame");
			break;
		}
		memcpy(to, bytes.data, room);
		ox_frame_reader_filled(&w->reader, room);
		bytes = ox_slice(bytes.data + room, bytes.len - room);
		while ((rc = ox_frame_reader_next(&w->reader, &body, &err)) == 1) {
			struct ox_arena arena = {.limit = OX_FRAME_DECODED_MAX};
			struct ox_msg msg;
			if ((rc = ox_msg_decode(body, &arena, &msg, &err)) == 0)
				w->events.message(w->ctx, &msg);
			ox_arena_free(&arena);
			if (rc < 0)
				break;
		}
	}
	if (rc < 0) {
		trouble(w, err.text);
		ox_log_error(w->log, "worker %d sent something wrong: %s", (int)w->pid, err.text);
		ox_worker_kill(w);
	}
}

static void finish_when_over(struct ox_worker *w)
{
	if (w->pid == 0 && !w->peer) {
		ox_timer_stop(w->half_ended);
		w->events.ended(w->ctx, &w->end);
	} else {
		ox_timer_start(w->half_ended, HALF_ENDED_MS);
	}
}

static void on_closed(void *ctx)
{
	struct ox_worker *w = ctx;
	if (ox_frame_reader_partial(&w->reader))
		trouble(w, "its last message was cut short");
	ox_peer_free(w->peer);
	w->peer = NULL;
	finish_when_over(w);
}

static void on_half_ended(void *ctx)
{
	struct ox_worker *w = ctx;
	if (w->pid) {
		trouble(w, "it closed its socket and went on running");
		ox_worker_kill(w);
	} else {
		on_closed(w);
	}
}

static int spawn(struct ox_worker *w, const char *program, int fd, struct ox_err *err)
{
	extern char **environ;
	OX_VEC(const char *) env = {0};
	const char *argv[] = {program, "--fd", "3", NULL};
	struct ox_spawn s = {.argv = argv, .fds = {-1, w->log->fd, w->log->fd, fd}, .fd_count = WORKER_FD + 1};
	int rc = 0;
	for (char **e = environ; *e && rc == 0; e++) {
		const char **slot = is_passed_on(*e) ? ox_vec_push(&env) : NULL;
		if (slot)
			*slot = *e;
		else if (is_passed_on(*e))
			rc = ox_fail_nomem(err, "a worker's environment");
	}
	if (rc == 0 && !ox_vec_push(&env)) /* the NULL at the end */
		rc = ox_fail_nomem(err, "a worker's environment");
	if (rc == 0) {
		s.env = env.items;
		rc = ox_spawn(&s, &w->pid, err);
	}
	ox_vec_free(&env);
	return rc;
}

int ox_worker_start(struct ox_loop *loop, struct ox_log_file *log, const char *program,
		    const struct ox_worker_events *events, void *ctx, struct ox_worker **out, struct ox_err *err)
{
	static const struct ox_peer_events peer_events = {.bytes = on_bytes, .closed = on_closed};
	int fds[2] = {-1, -1};
	int rc = 0;
	struct ox_worker *w = calloc(1, sizeof *w);
	if (!w || !(w->half_ended = ox_timer_new(loop, on_half_ended, w))) {
		free(w);
		return ox_fail_nomem(err, "starting a worker");
	}
	w->log = log;
	w->events = *events;
	w->ctx = ctx;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		rc = ox_fail_errno(err, errno, "cannot make a socket for a worker");
	if (rc == 0)
		rc = spawn(w, program, fds[1], err);
	if (rc == 0) {
		rc = ox_peer_new(loop, fds[0], &peer_events, w, &w->peer, err);
		fds[0] = -1;
		if (rc)
			ox_worker_kill(w);
	}
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (rc)
		ox_worker_free(w);
	else
		*out = w;
	return rc ? ox_wrap(err, "cannot start the worker") : 0;
}

void ox_worker_send(struct ox_worker *w, const struct ox_msg *msg)
{
	struct ox_buf frame = {0};
	struct ox_err err = {0};
	if (!w->peer)
		return;
	if (ox_msg_encode(msg, &frame, &err) == 0) {
		ox_peer_send(w->peer, ox_buf_view(&frame));
	} else {
		trouble(w, err.text);
		ox_worker_kill(w);
	}
	ox_buf_free(&frame);
}

pid_t ox_worker_pid(const struct ox_worker *w)
{
	return w->pid;
}

void ox_worker_kill(struct ox_worker *w)
{
	if (w->pid)
		kill(-w->pid, SIGKILL);
}

void ox_worker_check(struct ox_worker *w)
{
	int raw;
	if (!w->pid || waitpid(w->pid, &raw, WNOHANG) != w->pid)
		return;
	ox_child_reaped(w->pid);
	w->pid = 0;
	w->end.exit_code = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1;
	w->end.signal = WIFSIGNALED(raw) ? WTERMSIG(raw) : 0;
	finish_when_over(w);
}

void ox_worker_free(struct ox_worker *w)
{
	if (!w)
		return;
	ox_timer_free(w->half_ended);
	ox_peer_free(w->peer);
	ox_frame_reader_free(&w->reader);
	free(w);
}
