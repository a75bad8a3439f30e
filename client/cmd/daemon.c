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

/* Waits until the process that `pidfd` stands for is gone. */
static int wait_gone(int pidfd, int timeout_ms, struct ox_err *err)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n;
	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : ox_fail(err, OX_ETIMEOUT, "the daemon has not ended yet; --now cancels its builds");
}

/* A daemon that speaks our language is asked; any other gets a signal. */
static int ask_to_stop(struct ox_conn *conn, bool now, struct ox_err *err)
{
	struct ox_msg msg = {.kind = OX_MSG_SHUTDOWN, .request = 1, .as.shutdown.now = now};
	if (ox_conn_hello(conn)->protocol == OX_PROTOCOL_MAJOR)
		return ox_conn_send(conn, &msg, err);
	if (kill(ox_conn_peer(conn), SIGTERM) != 0)
		return ox_fail_errno(err, errno, "cannot end the daemon (pid %d)", (int)ox_conn_peer(conn));
	return 0;
}

static int stop_connected(struct ox_conn *conn, bool now, struct ox_err *err)
{
	int pidfd = (int)syscall(SYS_pidfd_open, ox_conn_peer(conn), 0);
	if (pidfd < 0)
		return errno == ESRCH ? 0 : ox_fail_errno(err, errno, "cannot watch the daemon end");
	int code = ask_to_stop(conn, now, err);
	if (!code)
		code = wait_gone(pidfd, now ? KILL_TIMEOUT_MS : STOP_TIMEOUT_MS, err);
	close(pidfd);
	return code;
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
	pid = locked_pid(&dir, pid);
	ox_runtime_dir_close(&dir);
	if (fd < 0)
		return fd;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (kill(pid, now ? SIGKILL : SIGTERM) != 0)
		code = ox_fail_errno(err, errno, "cannot end the daemon (pid %d)", (int)pid);
	if (!code && pidfd >= 0)
		code = wait_gone(pidfd, KILL_TIMEOUT_MS, err);
	if (pidfd >= 0)
		close(pidfd);
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
