#include "client/cmd/command.h"
#include "client/conn/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STOP_TIMEOUT_MS = 600000, KILL_TIMEOUT_MS = 10000 };

static int start(struct ox_cli *cli)
{
	struct ox_conn *conn = NULL;
	struct ox_err err;
	if (ox_conn_open(&conn, OX_CONN_DAEMON, &err))
		return ox_cli_fail(cli, &err);
	ox_output_answer(cli->output, "the daemon is running (pid %d)", (int)ox_conn_peer(conn));
	ox_conn_close(conn);
	return ox_cli_done(cli);
}

static int not_running(struct ox_cli *cli)
{
	ox_output_answer(cli->output, "no daemon is running");
	return ox_cli_done(cli);
}

/* How a daemon is seen to end. */
struct watch {
	int pidfd; /* -1: the kernel has none (before 5.3), or the daemon is in another PID namespace */
	int connection;
};

static struct watch watch(pid_t pid, int connection)
{
	return (struct watch){pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1, connection};
}

static int wait_gone(struct watch w, int timeout_ms, struct ox_err *err)
{
	/* A connection's end is told without being asked for; what else comes there is not waited for. */
	struct pollfd p = {.fd = w.pidfd >= 0 ? w.pidfd : w.connection, .events = w.pidfd >= 0 ? POLLIN : 0};
	int n;
	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : ox_fail(err, OX_ETIMEOUT, "the daemon has not ended yet; --now cancels its builds");
}

static void unwatch(struct watch w)
{
	if (w.pidfd >= 0)
		close(w.pidfd);
}

static int signal_daemon(pid_t pid, int number, struct ox_err *err)
{
	if (pid <= 0) /* which to kill() would be ourselves */
		return ox_fail(err, OX_EUNREACHABLE, "the daemon runs in another PID namespace, a container for "
						     "instance, and does not listen: end it there");
	return kill(pid, number) == 0 || errno == ESRCH
		? 0 : ox_fail_errno(err, errno, "cannot end the daemon (pid %d)", (int)pid);
}

/* A daemon that speaks our language is asked; any other gets a signal. */
static int ask_to_stop(struct ox_conn *conn, bool now, struct ox_err *err)
{
	struct ox_msg msg = {.kind = OX_MSG_SHUTDOWN, .request = 1, .as.shutdown.now = now};
	if (ox_conn_hello(conn)->protocol == OX_PROTOCOL_MAJOR)
		return ox_conn_send(conn, &msg, err);
	return signal_daemon(ox_conn_peer(conn), SIGTERM, err);
}

static int stop_connected(struct ox_conn *conn, bool now, struct ox_err *err)
{
	struct watch w = watch(ox_conn_peer(conn), ox_conn_fd(conn));
	int code = ask_to_stop(conn, now, err);
	if (!code)
		code = wait_gone(w, now ? KILL_TIMEOUT_MS : STOP_TIMEOUT_MS, err);
	unwatch(w);
	return code == OX_EEOF ? 0 : code; /* gone before it was asked */
}

/* The pid that the daemon wrote into its lock, or `fallback`. */
static pid_t locked_pid(const struct ox_runtime_dir *dir, pid_t fallback)
{
	char text[32] = "";
	int fd = openat(dir->fd, "oxidizerd.lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	if (fd >= 0)
		close(fd);
	long pid = n > 0 ? strtol(text, NULL, 10) : 0;
	return pid > 1 ? (pid_t)pid : fallback;
}

/* One that does not even say hello: told by a signal, with --now by the one that
 * cannot be ignored. */
static int stop_mute(bool now, struct ox_err *err)
{
	struct ox_runtime_dir dir;
	pid_t pid = 0;
	int code = ox_runtime_dir_open(&dir, err);
	if (code)
		return code;
	int fd = ox_socket_connect(&dir, &pid, err);
	pid = pid > 0 ? locked_pid(&dir, pid) : 0;
	ox_runtime_dir_close(&dir);
	if (fd < 0)
		return fd;
	struct watch w = watch(pid, fd);
	code = signal_daemon(pid, now ? SIGKILL : SIGTERM, err);
	if (!code)
		code = wait_gone(w, KILL_TIMEOUT_MS, err);
	unwatch(w);
	close(fd);
	return code;
}

static int stop(struct ox_cli *cli)
{
	struct ox_conn *conn = NULL;
	struct ox_err err;
	int code = ox_conn_open(&conn, OX_CONN_ANY, &err);
	if (code == OX_ENOENT)
		return not_running(cli);
	if (code == OX_ETIMEOUT || code == OX_ECORRUPT || code == OX_EUNREACHABLE)
		code = stop_mute(cli->options.now, &err);
	else if (!code)
		code = stop_connected(conn, cli->options.now, &err);
	ox_conn_close(conn);
	if (code && code != OX_ENOENT)
		return ox_cli_fail(cli, &err);
	ox_output_answer(cli->output, "the daemon has stopped");
	return ox_cli_done(cli);
}

static int status(struct ox_cli *cli)
{
	struct ox_msg msg = {.kind = OX_MSG_STATUS};
	return ox_cli_ask(cli, OX_CONN_RUNNING, &msg, NULL);
}

static int copy_log(int fd, struct ox_err *err)
{
	char bytes[16384];
	for (;;) {
		ssize_t n = read(fd, bytes, sizeof bytes);
		if (n < 0)
			return ox_fail_errno(err, errno, "cannot read the daemon's log");
		if (n == 0)
			return 0;
		if (fwrite(bytes, 1, (size_t)n, stdout) != (size_t)n)
			return ox_fail_errno(err, errno, "cannot write the daemon's log");
	}
}

static int show_log(struct ox_cli *cli)
{
	struct ox_runtime_dir dir;
	struct ox_err err;
	int code = ox_runtime_dir_open(&dir, &err);
	if (code)
		return ox_cli_fail(cli, &err);
	int fd = openat(dir.fd, OX_LOG_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		code = ox_fail_errno(&err, errno, "cannot open the daemon's log %s/" OX_LOG_FILE, dir.path);
	else if (cli->options.json)
		code = ox_fail(&err, OX_EUSAGE, "the log is text: `oxc daemon log` has no --json");
	else
		code = copy_log(fd, &err);
	if (fd >= 0)
		close(fd);
	ox_runtime_dir_close(&dir);
	return code ? ox_cli_fail(cli, &err) : 0;
}

static int run(struct ox_cli *cli)
{
	static const struct {
		const char *name;
		int (*run)(struct ox_cli *cli);
	} verbs[] = {{"start", start}, {"stop", stop}, {"status", status}, {"log", show_log}};
	for (size_t i = 0; cli->options.word_count == 1 && i < OX_COUNT(verbs); i++)
		if (strcmp(cli->options.words[0], verbs[i].name) == 0)
			return verbs[i].run(cli);
	struct ox_err err;
	ox_fail(&err, OX_EUSAGE, "say what to do with the daemon: oxc daemon start, stop, status or log");
	return ox_cli_fail(cli, &err);
}

const struct ox_command ox_command_daemon = {
	.name = "daemon",
	.synopsis = "start|stop|status|log [OPTION]...",
	.summary = "start, stop or ask the daemon, or show its log",
	.details = "  start   start it unless it runs; other commands do that by themselves\n"
		   "  stop    let it finish its builds and end\n"
		   "  status  what it is doing; exit code 5 when none is running\n"
		   "  log     what it wrote\n",
	.options = OX_OPTION_COMMON | OX_OPTION_NOW,
	.run = run,
};
