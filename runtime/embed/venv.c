#include "runtime/embed/venv.h"

#include <limits.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

/* The file that makes it an environment, in the folder of the path or the one above: site looks there. Memory and locks
 * are not to be had where it is called between fork and exec. */
static bool find_settings(const char *path, char *full, size_t size)
{
	static const char *const places[] = {"pyvenv.cfg", "../pyvenv.cfg"};
	int folder = (int)(strrchr(path, '/') - path);
	bool found = false;
	for (size_t i = 0; i < OX_COUNT(places) && !found; i++) {
		int len = snprintf(full, size, "%.*s/%s", folder, path, places[i]);
		found = len > 0 && (size_t)len < size && access(full, F_OK) == 0;
	}
	return found;
}

bool ox_venv_has(const char *path)
{
	char settings[PATH_MAX];
	return ox_program_named_python(path) && find_settings(path, settings, sizeof settings);
}

/* Whether the environment was made with an interpreter of that name: an application may also be installed in one. */
static bool is_made_with(const char *settings, const char *name)
{
	char line[PATH_MAX + 16], home[PATH_MAX], full[2 * PATH_MAX];
	bool found = false;
	FILE *f = fopen(settings, "re");
	while (f && !found && fgets(line, sizeof line, f)) {
		if (sscanf(line, "home = %4095[^\n]", home) != 1)
			continue;
		snprintf(full, sizeof full, "%s/%s", home, name);
		found = access(full, X_OK) == 0;
	}
	if (f)
		fclose(f);
	return found;
}

/* By the name of the executable that it was made from. */
static bool has_own_name(const struct ox_program *p, const char *path)
{
	char settings[PATH_MAX];
	const char *name = strrchr(path, '/') + 1, *own = strrchr(p->exe, '/');
	return own && strcmp(name, own + 1) == 0 && find_settings(path, settings, sizeof settings) &&
	       is_made_with(settings, name);
}

static const char *absolute(struct ox_program *p, const char *path)
{
	char folder[PATH_MAX], full[2 * PATH_MAX];
	if (*path == '/')
		return path;
	if (!getcwd(folder, sizeof folder) || strlen(path) >= PATH_MAX)
		return NULL;
	snprintf(full, sizeof full, "%s/%s", folder, path);
	return ox_arena_str(&p->arena, full);
}

/* A name without a folder was looked up in PATH, and the kernel knows what was found. */
const char *ox_venv_python(struct ox_program *p)
{
	const char *name = p->argc ? p->argv[0] : "";
	const char *path = strchr(name, '/') ? name : (const char *)getauxval(AT_EXECFN);
	if (!path || !strchr(path, '/') || !(ox_venv_has(path) || has_own_name(p, path)))
		return NULL;
	return absolute(p, path);
}
