#include "daemon/rpc/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A thousand clients may come at once; the kernel cuts this to net.core.somaxconn. */
enum {
	BACKLOG = 4096,
	FIRST_PASSED_FD = 3,
	LOCK_TRIES = 1000, /* for a lock whose holder serves nobody: five seconds */
	LOCK_PAUSE_MS = 5,
};

static const char *env_path(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

int ox_runtime_dir_path(struct ox_buf *path, struct ox_err *err)
{
	const char *own = env_path("OXIDIZER_RUNTIME_DIR"), *xdg = env_path("XDG_RUNTIME_DIR");
	const char *chosen = own ? own : xdg;
	char *here = chosen && chosen[0] != '/' ? getcwd(NULL, 0) : NULL;
	if (here)
		ox_buf_printf(path, "%s/", here);
	free(here);
	if (own)
		ox_buf_str(path, own);
	else if (xdg)
		ox_buf_printf(path, "%s/oxidizer", xdg);
	else
		ox_buf_printf(path, "/tmp/oxidizer-%u", (unsigned)geteuid());
	return ox_buf_ok(path, "the runtime folder's path", err);
}

static int make_dirs(char *path, struct ox_err *err)
{
	for (char *p = path + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char saved = *p;
		*p = '\0';
		int rc = mkdir(path, 0700);
		int errnum = errno;
		if (rc != 0 && errnum != EEXIST && errnum != EROFS && errnum != EACCES)
			rc = ox_fail_errno(err, errnum, "cannot make the runtime folder %s", path);
		else
			rc = 0;
		*p = saved;
		if (rc != 0 || saved == '\0')
			return rc;
	}
}

static int check_dir(int fd, const char *path, struct ox_err *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return ox_fail_errno(err, errno, "cannot look at the runtime folder %s", path);
	if (st.st_uid != geteuid())
		return ox_fail(err, OX_EPOLICY,
			       "the runtime folder %s belongs to user %u, not to us (%u): set OXIDIZER_RUNTIME_DIR "
			       "to a folder of your own",
			       path, (unsigned)st.st_uid, (unsigned)geteuid());
	if (st.st_mode & 077)
		return ox_fail(err, OX_EPOLICY,
			       "the runtime folder %s has mode %04o, so that others could take the daemon's place: run "
			       "chmod 700 on it",
			       path, (unsigned)st.st_mode & 07777);
	return 0;
}

int ox_endpoint_open_dir(struct ox_endpoint *e, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = ox_runtime_dir_path(&path, err);
	if (rc == 0)
		rc = make_dirs(path.data, err);
	if (rc == 0) {
		/* In /tmp anybody could have left a link. */
		bool own = env_path("OXIDIZER_RUNTIME_DIR") || env_path("XDG_RUNTIME_DIR");
		e->dir_fd = open(path.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (own ? 0 : O_NOFOLLOW));
		if (e->dir_fd < 0)
			rc = ox_fail_errno(err, errno, "cannot open the runtime folder %s", path.data);
		else
			rc = check_dir(e->dir_fd, path.data, err);
	}
	if (rc == 0 && !(e->dir = ox_buf_steal(&path)))
		rc = ox_fail_nomem(err, "the runtime folder's path");
	ox_buf_free(&path);
	return rc;
}

void ox_endpoint_write_pid(struct ox_endpoint *e)
{
	char text[32];
	int len = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (ftruncate(e->lock_fd, 0) == 0 && pwrite(e->lock_fd, text, (size_t)len, 0) < 0)
		return; /* the pid is for people only */
}

/* Whether somebody listens where we would. */
static bool is_served(const struct ox_endpoint *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	snprintf(addr.sun_path, sizeof addr.sun_path, "/proc/self/fd/%d/" OX_SOCKET_NAME, e->dir_fd);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served = fd >= 0 && (connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0 || errno == EAGAIN);
	if (fd >= 0)
		close(fd);
	return served;
}

static int refuse_second(const struct ox_endpoint *e, bool served, struct ox_err *err)
{
	char pid[32] = "";
	ssize_t n = pread(e->lock_fd, pid, sizeof pid - 1, 0);
	pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
	return ox_fail(err, OX_EBUSY,
		       served ? "another oxidizerd%s%s serves %s already"
			      : "another oxidizerd%s%s holds the lock of %s and serves nobody; end that process",
		       *pid ? ", pid " : "", pid, e->dir);
}

/* A daemon that starts or ends has the lock, and no socket yet, or no more: it is waited for. */
static int lock(const struct ox_endpoint *e, struct ox_err *err)
{
	for (int i = 0; flock(e->lock_fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK)
			return ox_fail_errno(err, errno, "cannot lock %s/%s", e->dir, OX_LOCK_NAME);
		bool served = is_served(e);
		if (i == LOCK_TRIES || served)
			return refuse_second(e, served, err);
		nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_MS * 1000000L}, NULL);
	}
	return 0;
}

static int take_lock(struct ox_endpoint *e, struct ox_err *err)
{
	e->lock_fd = openat(e->dir_fd, OX_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (e->lock_fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s/%s", e->dir, OX_LOCK_NAME);
	int rc = lock(e, err);
	if (rc == 0) {
		ox_endpoint_write_pid(e);
		return 0;
	}
	close(e->lock_fd);
	e->lock_fd = -1;
	return rc;
}

/* The passed socket, or -1 when there is none. */
static int passed_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int fd = -1;
	if (pid && fds && strtol(pid, NULL, 10) == (long)getpid() && strtol(fds, NULL, 10) >= 1)
		fd = FIRST_PASSED_FD;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (fd >= 0)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static int bind_here(struct ox_endpoint *e, struct ox_err *err)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = OX_SOCKET_NAME};
	int rc = 0;
	if (fchdir(e->dir_fd) != 0)
		return ox_fail_errno(err, errno, "cannot enter the runtime folder %s", e->dir);
	/* We hold the lock: a socket that is there was left by a daemon that died. */
	unlink(OX_SOCKET_NAME);
	mode_t before = umask(0177);
	if (bind(e->listen_fd, (struct sockaddr *)&addr, sizeof addr) != 0)
		rc = ox_fail_errno(err, errno, "cannot bind the socket %s/%s", e->dir, OX_SOCKET_NAME);
	umask(before);
	/* The daemon keeps no folder busy but this one, by descriptor. */
	if (chdir("/") != 0 && rc == 0)
		rc = ox_fail_errno(err, errno, "cannot enter the root folder");
	return rc;
}

int ox_endpoint_listen(struct ox_endpoint *e, struct ox_err *err)
{
	int rc = take_lock(e, err);
	if (rc)
		return rc;
	e->listen_fd = passed_socket();
	if (e->listen_fd >= 0) {
		e->inherited = true;
		return 0;
	}
	e->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->listen_fd < 0)
		return ox_fail_errno(err, errno, "cannot make a socket");
	rc = bind_here(e, err);
	if (rc == 0 && listen(e->listen_fd, BACKLOG) != 0)
		rc = ox_fail_errno(err, errno, "cannot listen on %s/%s", e->dir, OX_SOCKET_NAME);
	return rc;
}

void ox_endpoint_withdraw(struct ox_endpoint *e)
{
	if (e->lock_fd < 0)
		return;
	if (!e->inherited)
		unlinkat(e->dir_fd, OX_SOCKET_NAME, 0);
	close(e->lock_fd);
	e->lock_fd = -1;
}

void ox_endpoint_close(struct ox_endpoint *e)
{
	ox_endpoint_withdraw(e);
	if (e->listen_fd >= 0)
		close(e->listen_fd);
	if (e->dir_fd >= 0)
		close(e->dir_fd);
	free(e->dir);
	*e = OX_ENDPOINT_NONE;
}

int ox_endpoint_check_peer(int fd, unsigned *uid, struct ox_err *err)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t len = sizeof cred;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return ox_fail_errno(err, errno, "cannot learn who connects");
	*uid = (unsigned)cred.uid;
	if (cred.uid != geteuid())
		return ox_fail(err, OX_EPOLICY,
			       "this daemon serves user %u only, and you are user %u: start one of your own, or use "
			       "--no-daemon",
			       (unsigned)geteuid(), (unsigned)cred.uid);
	return 0;
}

void ox_notify_manager(const char *state)
{
	const char *path = env_path("NOTIFY_SOCKET");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	if (!len || len >= sizeof addr.sun_path)
		return;
	memcpy(addr.sun_path, path, len);
	if (addr.sun_path[0] == '@')
		addr.sun_path[0] = '\0'; /* the abstract namespace */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&addr, size);
	close(fd);
}
