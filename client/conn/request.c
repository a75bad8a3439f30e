#include "client/conn/request.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_NUMBER = 1, RECONNECT_TRIES = 20, RECONNECT_WAIT_MS = 100 };

struct run {
	struct ox_conn **conn;
	struct ox_request *request;
	uint64_t build, last_event;
	bool accepted, done;
	int signals; /* descriptor */
	struct ox_err *err;
};

static int send_cancel(struct run *run)
{
	struct ox_msg cancel = {.kind = OX_MSG_CANCEL, .request = REQUEST_NUMBER, .as.cancel.build = run->build};
	int code = ox_conn_send(*run->conn, &cancel, run->err);
	return code == OX_EEOF ? 0 : code; /* what the peer said before it left is still to be read */
}

static int take_result(struct run *run, const struct ox_result *result)
{
	struct ox_request *r = run->request;
	r->result = *result;
	r->result.category = ox_arena_slice(&r->strings, result->category);
	r->result.message = ox_arena_slice(&r->strings, result->message);
	run->done = true;
	if (!r->result.category.data || !r->result.message.data)
		return ox_fail_nomem(run->err, "the result");
	return 0;
}

static int take_event(struct run *run, const struct ox_event *event)
{
	/* After a resume the peer may repeat what was on its way when the line broke. */
	if (event->number && event->number <= run->last_event)
		return 0;
	run->last_event = event->number;
	if (event->type == OX_EVENT_RESULT)
		return take_result(run, &event->as.result);
	ox_emit(run->request->sink, event);
	return 0;
}

static int take_message(struct run *run, const struct ox_msg *msg)
{
	switch (msg->kind) {
	case OX_MSG_EVENT:
		return take_event(run, &msg->as.event);
	case OX_MSG_ACCEPTED:
		run->build = msg->as.accepted.build;
		run->accepted = true;
		return run->request->signal ? send_cancel(run) : 0;
	case OX_MSG_REPORT:
		if (run->request->report)
			run->request->report(run->request->context, &msg->as.report);
		return 0;
	default:
		return ox_fail(run->err, OX_ECORRUPT, "an answer of kind %d was not asked for", (int)msg->kind);
	}
}

static int take_messages(struct run *run)
{
	struct ox_msg msg;
	int found;
	while (!run->done && (found = ox_conn_next(*run->conn, &msg, run->err)) != 0) {
		int code = found < 0 ? found : take_message(run, &msg);
		if (code)
			return code;
	}
	return 0;
}

static int take_signal(struct run *run)
{
	struct signalfd_siginfo info;
	if (read(run->signals, &info, sizeof info) != (ssize_t)sizeof info)
		return 0;
	bool second = run->request->signal != 0;
	run->request->signal = (int)info.ssi_signo;
	if (!second)
		return send_cancel(run);
	ox_conn_hurry(*run->conn);
	return ox_fail(run->err, OX_ECANCELLED, "interrupted");
}

/* Builds end with their daemon: none that came after it knows ours. A process that has ended, and that nobody has
 * waited for, is gone too, which kill(pid, 0) would not tell. False where that cannot be known. */
static bool is_daemon_gone(const struct run *run)
{
	struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, ox_conn_peer(*run->conn), 0), .events = POLLIN};
	if (end.fd < 0)
		return errno == ESRCH;
	bool is_gone = poll(&end, 1, 0) > 0;
	close(end.fd);
	return is_gone;
}

static int resume(struct run *run)
{
	struct ox_msg msg = {
		.kind = OX_MSG_RESUME,
		.request = REQUEST_NUMBER,
		.as.resume = {.build = run->build, .after = run->last_event},
	};
	struct ox_conn *again = NULL;
	int code = OX_EUNREACHABLE;
	for (int i = 0; i < RECONNECT_TRIES && code && !is_daemon_gone(run); i++) {
		code = ox_conn_open(&again, OX_CONN_RUNNING, NULL);
		if (code)
			nanosleep(&(struct timespec){.tv_nsec = RECONNECT_WAIT_MS * 1000000L}, NULL);
	}
	if (code)
		return ox_conn_explain_end(*run->conn, run->err);
	ox_conn_close(*run->conn);
	*run->conn = again;
	return ox_conn_send(again, &msg, run->err);
}

static int take_end(struct run *run)
{
	if (run->request->signal)
		return ox_fail(run->err, OX_ECANCELLED, "interrupted");
	if (run->accepted && !ox_conn_is_worker(*run->conn))
		return resume(run);
	return ox_conn_explain_end(*run->conn, run->err);
}

static int wait_for_result(struct run *run)
{
	int code = take_messages(run);
	while (!code && !run->done) {
		struct pollfd p[] = {
			{.fd = ox_conn_fd(*run->conn), .events = POLLIN},
			{.fd = run->signals, .events = POLLIN},
		};
		if (poll(p, OX_COUNT(p), -1) < 0) {
			if (errno != EINTR)
				code = ox_fail_errno(run->err, errno, "cannot wait for an answer");
			continue;
		}
		if (p[1].revents)
			code = take_signal(run);
		if (code || !p[0].revents)
			continue;
		int got = ox_conn_fill(*run->conn, run->err);
		if (got < 0)
			code = got;
		else
			code = got == 0 ? take_end(run) : take_messages(run);
	}
	return code;
}

int ox_request_run(struct ox_conn **conn, const struct ox_msg *msg, struct ox_request *request, struct ox_err *err)
{
	struct run run = {.conn = conn, .request = request, .err = err};
	struct ox_msg numbered = *msg;
	numbered.request = REQUEST_NUMBER;
	sigset_t wanted, before;
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGHUP);
	sigprocmask(SIG_BLOCK, &wanted, &before);
	run.signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	int code = run.signals < 0 ? ox_fail_errno(err, errno, "cannot watch for signals") : 0;
	if (!code)
		code = ox_conn_send(*conn, &numbered, err);
	if (code == OX_EEOF)
		code = ox_conn_explain_end(*conn, err);
	if (!code)
		code = wait_for_result(&run);
	if (run.signals >= 0)
		close(run.signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}

void ox_request_free(struct ox_request *request)
{
	ox_arena_free(&request->strings);
}
