#include "daemon/capture/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *first_in(const char *path, const char *name, const struct stat *own, struct ox_arena *arena)
{
	while (path && *path) {
		struct stat st;
		size_t len = strcspn(path, ":");
		const char *found = ox_arena_printf(arena, "%.*s/%s", len ? (int)len : 1, len ? path : ".", name);
		bool ok = found && stat(found, &st) == 0 && S_ISREG(st.st_mode) && access(found, X_OK) == 0;
		if (ok && (st.st_ino != own->st_ino || st.st_dev != own->st_dev))
			return found;
		path += len + (path[len] == ':');
	}
	return NULL;
}

const char *ox_real_program(const char *name, struct ox_arena *arena)
{
	struct stat own;
	const char *path = getenv("PATH");
	if (stat("/proc/self/exe", &own) != 0)
		return NULL;
	const char *found = first_in(getenv("COMPILER_PATH"), name, &own, arena);
	return found ? found : first_in(path ? path : "/usr/bin:/bin", name, &own, arena);
}

int ox_run_program(const char *const *argv)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		unsetenv("OXIDIZER_CAPTURE");
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid < 0)
		return 127;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
