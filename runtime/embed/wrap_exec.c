#include "runtime/embed/ancestry.h"
#include "runtime/embed/exec.h"
#include "runtime/embed/venv.h"

#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

/* One file by different names. */
static const char *const marks[] = {[OX_EXEC_CALL] = "/proc/self/exe", [OX_EXEC_RESTART] = "/proc/thread-self/exe"};

static const struct ox_program *own; /* set once, before Python runs */

enum ox_exec ox_exec_how(void)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	if (!name || strncmp(name, "/proc/", 6) != 0)
		return OX_EXEC_UNKNOWN;
	if (strcmp(name, marks[OX_EXEC_RESTART]) == 0)
		return OX_EXEC_RESTART;
	return strcmp(name, marks[OX_EXEC_CALL]) == 0 ? OX_EXEC_CALL : OX_EXEC_UNKNOWN;
}

void ox_exec_remember(const struct ox_program *p)
{
	const char *slash = strrchr(p->exe, '/');
	own = p;
	if (ox_exec_how() != OX_EXEC_UNKNOWN && slash)
		prctl(PR_SET_NAME, slash + 1);
}

static bool has_own_arguments(char *const *argv)
{
	int i = 1;
	while (i < own->argc && argv[0] && argv[i] && strcmp(argv[i], own->argv[i]) == 0)
		i++;
	return i >= own->argc && argv[0] && !argv[i];
}

/* A virtual environment's python keeps its name. Also called between fork and exec, where little is allowed: no
 * memory, no locks. */
static const char *name_for(const char *path, char *const *argv)
{
	if (!own || !path || !argv || !strchr(path, '/'))
		return path;
	if (!ox_ancestry_names_this(path) || ox_venv_has(path))
		return path;
	bool is_restart = own->call == OX_CALL_NOTHING && has_own_arguments(argv);
	return marks[is_restart ? OX_EXEC_RESTART : OX_EXEC_CALL];
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
