#include "runtime/embed/ancestry.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FARTHEST = 256 };

/* A process above this one; pid is 0 when there is none that can be seen. */
struct process {
	pid_t pid, parent;
	int terminal; /* 0: none */
};

static bool is_this_file(const char *path)
{
	struct stat own, other;
	return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

/* Also when the file was replaced meanwhile: its processes have the old one, now "deleted". */
static bool runs_path(const struct ox_program *p, pid_t pid)
{
	static const struct ox_slice deleted = {" (deleted)", 10};
	char link[64], target[PATH_MAX];
	snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
	ssize_t len = readlink(link, target, sizeof target);
	if (len <= 0)
		return false;
	struct ox_slice path = ox_slice(target, (size_t)len);
	if (ox_slice_ends(path, deleted))
		path.len -= deleted.len;
	return ox_slice_eq_str(path, p->exe);
}

/* By whatever path. */
static bool runs_this(const struct ox_program *p, pid_t pid)
{
	char link[64];
	snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
	return runs_path(p, pid) || is_this_file(link);
}

/* The name in the second field may hold anything. */
static struct process read_process(pid_t pid)
{
	struct process process = {0};
	char path[64], line[512];
	int parent = 0, terminal = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = pid > 0 ? fopen(path, "re") : NULL;
	size_t len = f ? fread(line, 1, sizeof line - 1, f) : 0;
	if (f)
		fclose(f);
	line[len] = '\0';
	const char *end = strrchr(line, ')');
	if (end && sscanf(end + 1, " %*c %d %*d %*d %d", &parent, &terminal) == 2)
		process = (struct process){.pid = pid, .parent = parent, .terminal = terminal};
	return process;
}

/* Whether all but the first of its arguments are this process's. */
static bool has_same_arguments(const struct ox_program *p, pid_t pid)
{
	char path[64], *item = NULL;
	size_t room = 0;
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	FILE *f = fopen(path, "re");
	bool same = f && getdelim(&item, &room, '\0', f) > 0;
	for (int i = 1; i < p->argc && same; i++)
		same = getdelim(&item, &room, '\0', f) > 0 && strcmp(item, p->argv[i]) == 0;
	same = same && getdelim(&item, &room, '\0', f) < 0;
	free(item);
	if (f)
		fclose(f);
	return same;
}

struct ox_ancestry ox_ancestry_look(const struct ox_program *p)
{
	struct ox_ancestry found = {.is_restart = true};
	struct process self = read_process(getpid()), above = read_process(getppid());
	bool typed = false;
	for (int seen = 0; above.pid && seen < FARTHEST; seen++, above = read_process(above.parent)) {
		typed = typed || (self.terminal && above.terminal != self.terminal && above.pid != self.parent);
		if (!runs_this(p, above.pid))
			continue;
		found.depth++;
		if (typed)
			continue;
		found.count++;
		found.is_restart = found.is_restart && has_same_arguments(p, above.pid);
	}
	found.is_restart = found.is_restart && found.count;
	return found;
}

bool ox_ancestry_is_near(const struct ox_program *p)
{
	pid_t parent = getppid();
	return runs_path(p, parent) || runs_path(p, read_process(parent).parent);
}

bool ox_ancestry_names_this(const char *path)
{
	const char *folders = getenv("PATH");
	if (strchr(path, '/') || !folders)
		return is_this_file(path);
	for (const char *end; *folders; folders = end + (*end == ':')) {
		char full[PATH_MAX];
		end = strchrnul(folders, ':');
		int len = snprintf(full, sizeof full, "%.*s/%s", (int)(end - folders), folders, path);
		if (len > 0 && (size_t)len < sizeof full && access(full, X_OK) == 0)
			return is_this_file(full);
	}
	return false;
}
