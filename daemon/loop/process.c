#include "daemon/loop/process.h"

#include "daemon/loop/descendants.h"
#include "daemon/loop/line.h"
#include "daemon/loop/spawn.h"

#include "proto/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CANCEL_CHECK_MS = 100,
	TERM_GRACE_MS = 500,  /* between TERM and KILL */
	NO_PIDFD_POLL_MS = 20, /* kernels before 5.3 */
	READ_SIZE = 64 << 10,
	DRAIN_MAX = 4 << 20, /* read after the child's end: bounds a grandchild that never stops writing */
};

/* One run. The pipes are read until the child has ended and they are empty, not
 * until they close: a grandchild may hold them open for ever. */
struct run {
	const struct ox_process_spec *spec;
	pid_t pid;
	int pidfd;          /* -1: none, ask waitid instead */
	int out, err;       /* reading ends, non-blocking; -1 once closed */
	struct ox_line_cutter out_lines, err_lines;
	char *buffer;       /* READ_SIZE */
	bool ended;
	int cancel_code;    /* what `cancelled` returned */
};

static int input_fd(struct ox_slice input, int *fd, struct ox_err *err)
{
	*fd = -1;
	if (!input.len)
		return 0;
	*fd = memfd_create("input", MFD_CLOEXEC);
	if (*fd < 0)
		return ox_fail_errno(err, errno, "cannot hold a program's input");
	while (input.len) {
		ssize_t n = write(*fd, input.data, input.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ox_fail_errno(err, errno, "cannot hold a program's input");
		input = ox_slice(input.data + n, input.len - (size_t)n);
	}
	lseek(*fd, 0, SEEK_SET);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int start(struct run *r, struct ox_err *err)
{
	int out[2] = {-1, -1}, errs[2] = {-1, -1}, in = -1;
	int rc = input_fd(r->spec->input, &in, err);
	if (rc == 0 && (pipe2(errs, O_CLOEXEC) != 0 || (r->spec->out && pipe2(out, O_CLOEXEC) != 0)))
		rc = ox_fail_errno(err, errno, "cannot make a pipe for %s", r->spec->argv[0]);
	if (rc == 0) {
		struct ox_spawn s = {
			.argv = r->spec->argv,
			.env = r->spec->env,
			.cwd = r->spec->cwd,
			.fds = {in, r->spec->out ? out[1] : errs[1], errs[1]},
			.fd_count = 3,
			.death_signal = SIGKILL,
		};
		rc = ox_spawn(&s, &r->pid, err);
	}
	close_fd(&in);
	close_fd(&out[1]);
	close_fd(&errs[1]);
	r->out = out[0];
	r->err = errs[0];
	if (rc == 0) {
		fcntl(r->err, F_SETFL, O_NONBLOCK);
		if (r->out >= 0)
			fcntl(r->out, F_SETFL, O_NONBLOCK);
		r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	}
	return rc;
}

/* Reads what is there. Closes the descriptor at its end. Returns bytes read. */
static size_t pump(struct run *r, int *fd, struct ox_line_cutter *lines, struct ox_buf *into)
{
	if (*fd < 0)
		return 0;
	ssize_t n = read(*fd, r->buffer, READ_SIZE);
	if (n > 0 && into)
		ox_buf_add(into, r->buffer, (size_t)n);
	else if (n > 0)
		ox_line_feed(lines, ox_slice(r->buffer, (size_t)n));
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(fd);
	return n > 0 ? (size_t)n : 0;
}

static size_t pump_both(struct run *r)
{
	return pump(r, &r->err, &r->err_lines, NULL) + pump(r, &r->out, &r->out_lines, r->spec->out);
}

/* Whether the child has ended; it stays unreaped, so its pid and group stay its own. */
static bool has_ended(struct run *r)
{
	siginfo_t info = {0};
	if (!r->ended && (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid))
		r->ended = true;
	return r->ended;
}

/* Waits for output, the end, or `ms` (-1: no limit), and handles what came. */
static void step(struct run *r, int ms)
{
	struct pollfd fds[3] = {
		{.fd = r->err, .events = POLLIN},
		{.fd = r->out, .events = POLLIN},
		{.fd = r->pidfd, .events = POLLIN},
	};
	if (r->pidfd < 0 && (ms < 0 || ms > NO_PIDFD_POLL_MS))
		ms = NO_PIDFD_POLL_MS;
	if (poll(fds, OX_COUNT(fds), ms) > 0) {
		if (fds[0].revents)
			pump(r, &r->err, &r->err_lines, NULL);
		if (fds[1].revents)
			pump(r, &r->out, &r->out_lines, r->spec->out);
	}
	has_ended(r);
}

static void follow(struct run *r, struct ox_err *err)
{
	uint64_t asked = 0;
	while (!r->ended) {
		uint64_t now = ox_clock_mono();
		if (r->spec->cancelled && now - asked >= CANCEL_CHECK_MS * UINT64_C(1000000)) {
			asked = now;
			if ((r->cancel_code = r->spec->cancelled(r->spec->ctx, err)) != 0)
				return;
		}
		step(r, r->spec->cancelled ? CANCEL_CHECK_MS : -1);
	}
}

static void drain(struct run *r)
{
	size_t total = 0, n;
	while (total < DRAIN_MAX && (n = pump_both(r)) > 0)
		total += n;
}

static void cancel(struct run *r)
{
	uint64_t deadline = ox_clock_mono() + TERM_GRACE_MS * UINT64_C(1000000);
	kill(-r->pid, SIGTERM);
	while (!has_ended(r) && ox_clock_mono() < deadline)
		step(r, 20);
	ox_kill_tree(r->pid);
}

static void reap(struct run *r, struct ox_process_status *status)
{
	int raw = 0;
	while (waitpid(r->pid, &raw, 0) < 0 && errno == EINTR)
		;
	ox_child_reaped(r->pid);
	*status = (struct ox_process_status){
		.exit_code = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1,
		.signal = WIFSIGNALED(raw) ? WTERMSIG(raw) : 0,
	};
}

int ox_process_run(const struct ox_process_spec *spec, struct ox_process_status *status, struct ox_err *err)
{
	struct run r = {
		.spec = spec,
		.pidfd = -1,
		.out = -1,
		.err = -1,
		.out_lines = {.line = spec->line, .ctx = spec->ctx},
		.err_lines = {.line = spec->line, .ctx = spec->ctx},
		.buffer = malloc(READ_SIZE),
	};
	*status = (struct ox_process_status){.exit_code = -1};
	int rc = r.buffer ? start(&r, err) : ox_fail_nomem(err, "running a program");
	if (rc == 0) {
		follow(&r, err);
		if (r.cancel_code)
			cancel(&r);
		drain(&r);
		reap(&r, status);
		rc = r.cancel_code;
		if (rc == 0 && spec->out)
			rc = ox_buf_ok(spec->out, "a program's output", err);
	}
	ox_line_end(&r.err_lines);
	ox_line_end(&r.out_lines);
	close_fd(&r.pidfd);
	close_fd(&r.out);
	close_fd(&r.err);
	free(r.buffer);
	return rc;
}
