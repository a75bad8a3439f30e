#include "client/conn/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Actions run in order: what is passed is moved to its number before the rest is closed. */
static int set_files(const struct ox_spawn *s, posix_spawn_file_actions_t *files)
{
	int code = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
	if (!code)
		code = posix_spawn_file_actions_adddup2(files, s->output, 1);
	if (!code)
		code = posix_spawn_file_actions_adddup2(files, 1, 2);
	if (!code)
		code = posix_spawn_file_actions_adddup2(files, s->passed, OX_SPAWN_FD);
	if (!code)
		code = posix_spawn_file_actions_addclosefrom_np(files, OX_SPAWN_FD + 1);
	return code;
}

static int set_attributes(const struct ox_spawn *s, posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	flags |= s->new_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
	int code = posix_spawnattr_setflags(attributes, flags);
	if (!code)
		code = posix_spawnattr_setsigmask(attributes, &none);
	if (!code)
		code = posix_spawnattr_setsigdefault(attributes, &all);
	return code;
}

/* An errno value, or 0. */
static int spawn(const struct ox_spawn *s, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int code = posix_spawn_file_actions_init(&files);
	if (code)
		return code;
	code = posix_spawnattr_init(&attributes);
	if (!code) {
		code = set_files(s, &files);
		if (!code)
			code = set_attributes(s, &attributes);
		/* posix_spawn's types predate const; it changes neither. */
		if (!code)
			code = posix_spawn(pid, s->program, &files, &attributes, (char *const *)(uintptr_t)s->argv,
					   s->envp);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return code;
}

int ox_spawn(const struct ox_spawn *s, pid_t *pid, struct ox_err *err)
{
	int errnum = spawn(s, pid);
	return errnum ? ox_fail_errno(err, errnum, "cannot start %s", s->program) : 0;
}

int ox_spawn_detached(const struct ox_spawn *s, struct ox_err *err)
{
	pid_t between = fork();
	if (between < 0)
		return ox_fail_errno(err, errno, "cannot start %s", s->program);
	if (between == 0) {
		pid_t ignored;
		_exit(spawn(s, &ignored));
	}
	int status;
	while (waitpid(between, &status, 0) < 0)
		if (errno != EINTR)
			return ox_fail_errno(err, errno, "cannot start %s", s->program);
	if (!WIFEXITED(status))
		return ox_fail(err, OX_EINTERNAL, "cannot start %s: the process that does it was killed", s->program);
	return WEXITSTATUS(status) ? ox_fail_errno(err, WEXITSTATUS(status), "cannot start %s", s->program) : 0;
}

static void kill_children(void)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *list = fopen(path, "re");
	if (!list)
		return;
	int pid;
	while (fscanf(list, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	fclose(list);
}

void ox_kill_descendants(void)
{
	/* A subreaper inherits the children of what it kills, so each round reaches one
	 * generation further down. */
	for (int round = 0; round < 400; round++) {
		kill_children();
		pid_t pid;
		do
			pid = waitpid(-1, NULL, WNOHANG);
		while (pid > 0);
		if (pid < 0 && errno == ECHILD)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
}
