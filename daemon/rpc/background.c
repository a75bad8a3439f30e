#include "daemon/rpc/background.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	FIRST_PASSED_FD = 3,
	/* Enough; programs that walk all possible descriptors suffer from a huge limit. */
	DESCRIPTORS_WANTED = 65536,
};

static unsigned passed_count(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	if (!pid || !fds || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	long n = strtol(fds, NULL, 10);
	return n > 0 && n < 64 ? (unsigned)n : 0;
}

void ox_close_inherited(int keep)
{
	unsigned first = FIRST_PASSED_FD + passed_count();
	if (keep < (int)first) {
		close_range(first, UINT_MAX, 0);
		return;
	}
	if (keep > (int)first)
		close_range(first, (unsigned)keep - 1, 0);
	close_range((unsigned)keep + 1, UINT_MAX, 0);
}

int ox_go_background(int log_fd, bool *parent, struct ox_err *err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return ox_fail_errno(err, errno, "cannot open /dev/null");
	pid_t pid = fork();
	int rc = 0;
	if (pid < 0) {
		rc = ox_fail_errno(err, errno, "cannot go to the background");
	} else if (pid == 0) {
		setsid();
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(log_fd, STDERR_FILENO);
	}
	close(null);
	*parent = pid > 0;
	return rc;
}

void ox_raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}
