/* Children to talk with: the pipe half of process.h. */
#include "daemon/loop/descendants.h"
#include "daemon/loop/process.h"
#include "daemon/loop/spawn.h"

#include "proto/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_STEP_NS = 2000000 };

int ox_process_start(const char *const *argv, const char *const *env, const char *cwd, struct ox_process *p,
		     struct ox_err *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	*p = (struct ox_process){.pid = -1, .in = -1, .out = -1};
	int rc = 0;
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
		rc = ox_fail_errno(err, errno, "cannot make a pipe for %s", argv[0]);
	} else {
		struct ox_spawn s = {
			.argv = argv,
			.env = env,
			.cwd = cwd,
			.fds = {in[0], out[1], STDERR_FILENO},
			.fd_count = 3,
			.death_signal = SIGKILL,
		};
		rc = ox_spawn(&s, &p->pid, err);
	}
	int ours[2] = {in[1], out[0]}, theirs[2] = {in[0], out[1]};
	for (int i = 0; i < 2; i++) {
		if (theirs[i] >= 0)
			close(theirs[i]);
		if (rc != 0 && ours[i] >= 0)
			close(ours[i]);
	}
	if (rc == 0) {
		p->in = ours[0];
		p->out = ours[1];
	} else {
		p->pid = -1;
	}
	return rc;
}

static bool wait_for_end(pid_t pid, int grace_ms)
{
	uint64_t deadline = ox_clock_mono() + (uint64_t)(grace_ms > 0 ? grace_ms : 0) * 1000000u;
	for (;;) {
		siginfo_t info = {0};
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid)
			return true;
		if (ox_clock_mono() >= deadline)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = WAIT_STEP_NS}, NULL);
	}
}

void ox_process_stop(struct ox_process *p, int grace_ms)
{
	if (p->in >= 0)
		close(p->in);
	if (p->out >= 0)
		close(p->out);
	if (p->pid > 0) {
		if (!wait_for_end(p->pid, grace_ms))
			ox_kill_tree(p->pid);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
		ox_child_reaped(p->pid);
	}
	*p = (struct ox_process){.pid = -1, .in = -1, .out = -1};
}
