#include "daemon/loop/spawn.h"

#include "proto/base/arena.h"
#include "proto/base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Children belong to the process, whoever started them: this is the one table
 * that has to be global. The lock is held from before fork until the pid is in the
 * table, so that nobody sees a child of ours that the table does not know. */
static struct {
	pthread_mutex_t lock;
	OX_VEC(pid_t) pids;
} children = {.lock = PTHREAD_MUTEX_INITIALIZER};

enum stage { STAGE_CHDIR, STAGE_FDS, STAGE_EXEC };

/* What the child tells over the close-on-exec pipe when it cannot go on. */
struct report {
	int stage, errnum;
};

/* Everything the child needs, made before fork: after it only async-signal-safe
 * calls are allowed. */
struct plan {
	const struct ox_spawn *spawn;
	char **candidates; /* paths to try, NULL-terminated */
	int fds[OX_SPAWN_FDS_MAX];
	int devnull, report_fd;
	pid_t parent;
};

static const char *search_path(const char *const *env)
{
	for (; env && *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return "/usr/local/bin:/usr/bin:/bin";
}

static char **find_candidates(struct ox_arena *a, const struct ox_spawn *s)
{
	const char *name = s->argv[0];
	bool is_path = strchr(name, '/') != NULL;
	const char *path = is_path ? "" : search_path(s->env);
	size_t count = 2;
	for (const char *p = path; *p; p++)
		count += *p == ':';
	char **list = ox_arena_array(a, count + 1, sizeof *list);
	if (!list)
		return NULL;
	if (is_path) {
		list[0] = ox_arena_str(a, name);
		return list[0] ? list : NULL;
	}
	size_t n = 0;
	while (*path) {
		size_t len = strcspn(path, ":");
		/* An empty entry means the current folder: never wanted here. */
		if (len && !(list[n++] = ox_arena_printf(a, "%.*s/%s", (int)len, path, name)))
			return NULL;
		path += len + (path[len] == ':');
	}
	return list;
}

static void child_fail(const struct plan *p, enum stage stage, int errnum)
{
	struct report r = {.stage = stage, .errnum = errnum};
	ssize_t n = write(p->report_fd, &r, sizeof r);
	(void)n;
	_exit(127);
}

static void child_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_on_exec_from(int first)
{
	if (close_range((unsigned)first, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	long max = sysconf(_SC_OPEN_MAX);
	for (int fd = first; fd < (max > 0 ? max : 1024); fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* All sources lie above the targets (see prepare_fds), so no dup2 hits a source. */
static int child_fds(const struct plan *p)
{
	for (size_t i = 0; i < p->spawn->fd_count; i++)
		if (dup2(p->fds[i], (int)i) < 0)
			return -1;
	close_on_exec_from((int)p->spawn->fd_count);
	return 0;
}

static void child_main(struct plan *p)
{
	const struct ox_spawn *s = p->spawn;
	setpgid(0, 0);
	if (s->death_signal) {
		prctl(PR_SET_PDEATHSIG, s->death_signal);
		if (getppid() != p->parent)
			_exit(127);
	}
	child_signals();
	if (s->cwd && chdir(s->cwd) != 0)
		child_fail(p, STAGE_CHDIR, errno);
	if (child_fds(p) != 0)
		child_fail(p, STAGE_FDS, errno);
	static const char *const empty[] = {NULL};
	int errnum = ENOENT;
	for (char **c = p->candidates; *c; c++) {
		execve(*c, (char *const *)s->argv, (char *const *)(s->env ? s->env : empty));
		/* As in execvp: a place that refuses is remembered, the search goes on. */
		if (errno != ENOENT && errno != ENOTDIR)
			errnum = errno;
	}
	child_fail(p, STAGE_EXEC, errnum);
}

/* Copies of the descriptors above all target numbers, closed on exec. */
static int prepare_fds(struct plan *p, struct ox_err *err)
{
	for (size_t i = 0; i < p->spawn->fd_count; i++) {
		int fd = p->spawn->fds[i] < 0 ? p->devnull : p->spawn->fds[i];
		p->fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, OX_SPAWN_FDS_MAX);
		if (p->fds[i] < 0)
			return ox_fail_errno(err, errno, "cannot prepare descriptors for %s", p->spawn->argv[0]);
	}
	return 0;
}

static int fork_known(struct plan *p, pid_t *pid, struct ox_err *err)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_mutex_lock(&children.lock);
	pid_t *slot = ox_vec_push(&children.pids);
	if (!slot) {
		pthread_mutex_unlock(&children.lock);
		return ox_fail_nomem(err, "starting a program");
	}
	/* No handler of ours may run in the child. */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	*pid = fork();
	if (*pid == 0)
		child_main(p);
	int errnum = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (*pid < 0)
		children.pids.len--;
	else
		*slot = *pid;
	pthread_mutex_unlock(&children.lock);
	return *pid < 0 ? ox_fail_errno(err, errnum, "cannot start %s", p->spawn->argv[0]) : 0;
}

static int await_exec(const struct ox_spawn *s, int fd, pid_t pid, struct ox_err *err)
{
	struct report r;
	ssize_t n;
	do
		n = read(fd, &r, sizeof r);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof r)
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	ox_child_reaped(pid);
	if (r.stage == STAGE_CHDIR)
		return ox_fail_errno(err, r.errnum, "cannot start %s in folder %s", s->argv[0], s->cwd);
	if (r.errnum == ENOENT)
		return ox_fail(err, OX_ENOENT, "cannot start %s: there is no such program", s->argv[0]);
	return ox_fail_errno(err, r.errnum, "cannot start %s", s->argv[0]);
}

int ox_spawn(const struct ox_spawn *s, pid_t *pid, struct ox_err *err)
{
	struct ox_arena arena = {0};
	struct plan p = {.spawn = s, .devnull = -1, .report_fd = -1, .parent = getpid()};
	int pipe_fds[2] = {-1, -1};
	int rc = 0;
	memset(p.fds, 0xff, sizeof p.fds);
	if (!(p.candidates = find_candidates(&arena, s)))
		rc = ox_fail_nomem(err, "starting a program");
	else if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		rc = ox_fail_errno(err, errno, "cannot start %s", s->argv[0]);
	else if ((p.devnull = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
		rc = ox_fail_errno(err, errno, "cannot open /dev/null");
	else if ((p.report_fd = fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, OX_SPAWN_FDS_MAX)) < 0)
		rc = ox_fail_errno(err, errno, "cannot start %s", s->argv[0]);
	else if ((rc = prepare_fds(&p, err)) == 0)
		rc = fork_known(&p, pid, err);
	for (size_t i = 0; i < OX_SPAWN_FDS_MAX; i++)
		if (p.fds[i] >= 0)
			close(p.fds[i]);
	if (p.report_fd >= 0)
		close(p.report_fd);
	if (pipe_fds[1] >= 0)
		close(pipe_fds[1]);
	if (rc == 0)
		rc = await_exec(s, pipe_fds[0], *pid, err);
	if (pipe_fds[0] >= 0)
		close(pipe_fds[0]);
	if (p.devnull >= 0)
		close(p.devnull);
	ox_arena_free(&arena);
	return rc;
}

void ox_child_reaped(pid_t pid)
{
	pthread_mutex_lock(&children.lock);
	for (size_t i = 0; i < children.pids.len; i++)
		if (children.pids.items[i] == pid) {
			children.pids.items[i] = children.pids.items[--children.pids.len];
			break;
		}
	if (!children.pids.len)
		ox_vec_free(&children.pids);
	pthread_mutex_unlock(&children.lock);
}

bool ox_child_is_ours(pid_t pid)
{
	bool found = false;
	pthread_mutex_lock(&children.lock);
	for (size_t i = 0; i < children.pids.len && !found; i++)
		found = children.pids.items[i] == pid;
	pthread_mutex_unlock(&children.lock);
	return found;
}
