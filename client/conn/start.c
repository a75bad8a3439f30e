#include "client/conn/start.h"

#include "client/conn/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { READY_TIMEOUT_MS = 30000, LOG_TAIL = 1200 };

extern char **environ;

static int check_listener(int fd, const struct ox_runtime_dir *dir, pid_t *pid, struct ox_err *err)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return ox_fail_errno(err, errno, "cannot find out who listens on %s/" OX_SOCKET_FILE, dir->path);
	if (peer.uid != geteuid())
		return ox_fail(err, OX_EPOLICY,
			       "the program that listens on %s/" OX_SOCKET_FILE
			       " belongs to user %u, not to you (user %u)",
			       dir->path, (unsigned)peer.uid, (unsigned)geteuid());
	*pid = peer.pid;
	return 0;
}

int ox_socket_connect(const struct ox_runtime_dir *dir, pid_t *pid, struct ox_err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	/* Through the folder's descriptor: its path may be longer than an address holds. */
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" OX_SOCKET_FILE, dir->fd);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot make a socket");
	int code;
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		code = check_listener(fd, dir, pid, err);
	else if (errno == ENOENT || errno == ECONNREFUSED)
		code = ox_fail(err, OX_ENOENT, "no daemon is running (nobody listens on %s/" OX_SOCKET_FILE ")",
			       dir->path);
	else
		code = ox_fail_errno(err, errno, "cannot connect to %s/" OX_SOCKET_FILE, dir->path);
	if (code) {
		close(fd);
		return code;
	}
	return fd;
}

/* What the daemon wrote into its log since it was started, or its end. */
static void add_log_tail(int log, off_t since, struct ox_buf *out)
{
	struct stat st;
	if (fstat(log, &st) != 0)
		return;
	off_t from = st.st_size - since > LOG_TAIL ? st.st_size - LOG_TAIL : since;
	if (from > st.st_size)
		from = 0;
	char text[LOG_TAIL];
	ssize_t n = pread(log, text, sizeof text, from);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n > 0) {
		ox_buf_str(out, "\n");
		ox_buf_add(out, text, (size_t)n);
	}
}

/* Waits for the daemon's word on the pipe: 0, or why it did not come. */
static int wait_ready(int fd, struct ox_err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;
	do
		n = poll(&p, 1, READY_TIMEOUT_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return ox_fail(err, OX_EUNREACHABLE, "the daemon did not become ready within %d seconds",
			       READY_TIMEOUT_MS / 1000);
	char word;
	ssize_t got;
	do
		got = read(fd, &word, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 ? 0 : ox_fail(err, OX_EUNREACHABLE, "the daemon ended before it was ready");
}

/* Our environment with OXIDIZER_RUNTIME_DIR set to the folder that we found. */
static char **daemon_environment(const struct ox_runtime_dir *dir, char **variable)
{
	static const char name[] = "OXIDIZER_RUNTIME_DIR=";
	size_t count = 0, kept = 0;
	while (environ[count])
		count++;
	char **env = calloc(count + 2, sizeof *env);
	size_t size = sizeof name + strlen(dir->path);
	*variable = malloc(size);
	if (!env || !*variable) {
		free(env);
		return NULL;
	}
	snprintf(*variable, size, "%s%s", name, dir->path);
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], name, sizeof name - 1) != 0)
			env[kept++] = environ[i];
	env[kept] = *variable;
	return env;
}

static int launch(const struct ox_runtime_dir *dir, const char *program, int log, int ready, struct ox_err *err)
{
	char *variable = NULL;
	char **env = daemon_environment(dir, &variable);
	const char *argv[] = {program, "--ready-fd", "3", NULL};
	struct ox_spawn spawn = {
		.program = program,
		.argv = argv,
		.envp = env,
		.output = log,
		.passed = ready,
		.new_session = true,
	};
	int code = env ? ox_spawn_detached(&spawn, err) : ox_fail_nomem(err, "the daemon's environment");
	free(env);
	free(variable);
	return code;
}

static int launch_and_wait(const struct ox_runtime_dir *dir, struct ox_err *err)
{
	struct ox_buf program = {0}, tail = {0};
	int ready[2] = {-1, -1};
	off_t since = 0;
	int log = openat(dir->fd, OX_LOG_FILE, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	int code = log < 0 ? ox_fail_errno(err, errno, "cannot open %s/" OX_LOG_FILE, dir->path) : 0;
	if (!code)
		code = ox_program_path("oxidizerd", "OXIDIZER_DAEMON", &program, err);
	if (!code && pipe2(ready, O_CLOEXEC) != 0)
		code = ox_fail_errno(err, errno, "cannot make a pipe");
	if (!code) {
		since = lseek(log, 0, SEEK_END);
		code = launch(dir, program.data, log, ready[1], err);
		close(ready[1]);
	}
	if (!code)
		code = wait_ready(ready[0], err);
	if (code && log >= 0)
		add_log_tail(log, since, &tail);
	if (code && err) {
		err->code = code = OX_EUNREACHABLE;
		ox_wrap(err, "cannot start the daemon (--no-daemon does without it)");
		size_t used = strlen(err->text);
		snprintf(err->text + used, sizeof err->text - used, "%s", ox_buf_text(&tail));
	}
	if (ready[0] >= 0)
		close(ready[0]);
	if (log >= 0)
		close(log);
	ox_buf_free(&tail);
	ox_buf_free(&program);
	return code;
}

int ox_daemon_start(const struct ox_runtime_dir *dir, pid_t *pid, struct ox_err *err)
{
	int fd = ox_socket_connect(dir, pid, err);
	if (fd != OX_ENOENT)
		return fd;
	int lock = openat(dir->fd, "start.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return ox_fail_errno(err, errno, "cannot open %s/start.lock", dir->path);
	while (flock(lock, LOCK_EX) != 0 && errno == EINTR)
		;
	fd = ox_socket_connect(dir, pid, err);
	if (fd == OX_ENOENT) {
		int code = launch_and_wait(dir, err);
		fd = code ? code : ox_socket_connect(dir, pid, err);
	}
	close(lock);
	return fd;
}
