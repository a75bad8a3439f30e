#include "runtime/embed/ancestry.h"
#include "runtime/embed/exec.h"

#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char mark[] = "/proc/self/exe";

static const struct ox_program *own; /* set once, before Python runs */

bool ox_exec_happened(void)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	return name && strcmp(name, mark) == 0;
}

void ox_exec_remember(const struct ox_program *p)
{
	const char *slash = strrchr(p->exe, '/');
	own = p;
	if (ox_exec_happened() && slash)
		prctl(PR_SET_NAME, slash + 1);
}

static bool has_own_arguments(char *const *argv)
{
	int i = 1;
	while (i < own->argc && argv[0] && argv[i] && strcmp(argv[i], own->argv[i]) == 0)
		i++;
	return i >= own->argc && argv[0] && !argv[i];
}

/* Also called between fork and exec, where little is allowed: no memory, no locks. */
static const char *name_for(const char *path, char *const *argv)
{
	if (!own || !path || !argv || !strchr(path, '/') || !ox_ancestry_names_this(path))
		return path;
	bool is_restart = own->call == OX_CALL_NOTHING && has_own_arguments(argv);
	return is_restart ? path : mark;
}

int __real_execv(const char *path, char *const *argv);
int __wrap_execv(const char *path, char *const *argv);
int __real_execve(const char *path, char *const *argv, char *const *envp);
int __wrap_execve(const char *path, char *const *argv, char *const *envp);

int __wrap_execv(const char *path, char *const *argv)
{
	return __real_execv(name_for(path, argv), argv);
}

int __wrap_execve(const char *path, char *const *argv, char *const *envp)
{
	return __real_execve(name_for(path, argv), argv, envp);
}
