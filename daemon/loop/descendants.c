/* Finding and ending everything below a process.
 *
 * A process can leave its group (setsid) and its parent (fork twice), but not
 * its nearest subreaper: orphans fall to us. So "all that belongs to a child" is
 * what hangs below it in /proc, and what hangs below any child of ours that we did not
 * start. One look at /proc is not atomic, and the hunted may fork meanwhile:
 * kill and look again, until two looks in a row found nobody. */
#include "daemon/loop/descendants.h"

#include "daemon/loop/spawn.h"

#include "proto/base/clock.h"
#include "proto/base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ROUND_PAUSE_NS = 5000000,
	/* A process in an uninterruptible sleep survives KILL until its disk answers. */
	HUNT_SECONDS = 10,
};

struct proc {
	pid_t pid, parent;
	char state;
	bool below;
};

struct proc_list {
	OX_VEC(struct proc) v;
};

static bool read_stat(int proc_fd, const char *name, struct proc *p)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "%s/stat", name);
	int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	/* The name in parentheses may hold anything, even ")": take the last one. */
	const char *after = strrchr(text, ')');
	int parent;
	if (!after || sscanf(after + 1, " %c %d", &p->state, &parent) != 2)
		return false;
	p->pid = (pid_t)strtol(name, NULL, 10);
	p->parent = (pid_t)parent;
	return true;
}

static int list_processes(struct proc_list *list)
{
	DIR *dir = opendir("/proc");
	if (!dir)
		return -1;
	struct dirent *e;
	int rc = 0;
	while (rc == 0 && (e = readdir(dir))) {
		struct proc p = {0};
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !read_stat(dirfd(dir), e->d_name, &p))
			continue;
		struct proc *slot = ox_vec_push(&list->v);
		if (slot)
			*slot = p;
		else
			rc = -1;
	}
	closedir(dir);
	return rc;
}

/* Spreads `below` from parents to children until nothing changes. */
static void spread(struct proc_list *list)
{
	bool changed = true;
	while (changed) {
		changed = false;
		for (size_t i = 0; i < list->v.len; i++) {
			struct proc *child = &list->v.items[i];
			for (size_t j = 0; !child->below && j < list->v.len; j++)
				if (list->v.items[j].below && list->v.items[j].pid == child->parent)
					changed = child->below = true;
		}
	}
}

static bool in_list(pid_t pid, const pid_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == pid)
			return true;
	return false;
}

/* KILL to one process; a dead child of ours that nobody else waits for is reaped.
 * Returns whether it is still there and ours to kill. */
static bool kill_one(const struct proc *p)
{
	if (p->state == 'Z' || p->state == 'X') {
		if (p->parent == getpid() && !ox_child_is_ours(p->pid))
			waitpid(p->pid, NULL, WNOHANG);
		return false;
	}
	return kill(p->pid, SIGKILL) == 0;
}

typedef bool root_fn(const struct proc *p, const void *ctx);

/* One look: kills whatever is, or hangs below, a process for which is_root holds. */
static size_t kill_round(root_fn *is_root, const void *ctx)
{
	struct proc_list list = {0};
	size_t alive = 0;
	if (list_processes(&list) == 0) {
		for (size_t i = 0; i < list.v.len; i++)
			list.v.items[i].below = is_root(&list.v.items[i], ctx);
		spread(&list);
		for (size_t i = 0; i < list.v.len; i++)
			alive += list.v.items[i].below && kill_one(&list.v.items[i]);
	}
	ox_vec_free(&list.v);
	return alive;
}

/* The usual case, and exact: whatever is below us hangs below a child of ours. */
static bool have_no_children(void)
{
	siginfo_t info;
	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

static void hunt(root_fn *is_root, const void *ctx)
{
	uint64_t deadline = ox_clock_mono() + (uint64_t)HUNT_SECONDS * 1000000000u;
	for (int empty = 0; empty < 2 && !have_no_children() && ox_clock_mono() < deadline;) {
		if (kill_round(is_root, ctx) == 0) {
			empty++;
			continue;
		}
		empty = 0;
		nanosleep(&(struct timespec){.tv_nsec = ROUND_PAUSE_NS}, NULL);
	}
}

static bool is_orphan(const struct proc *p, const void *ctx)
{
	(void)ctx;
	return p->parent == getpid() && !ox_child_is_ours(p->pid);
}

static bool is_child_or_orphan(const struct proc *p, const void *ctx)
{
	pid_t child = *(const pid_t *)ctx;
	return p->pid == child || is_orphan(p, NULL);
}

void ox_kill_tree(pid_t child)
{
	kill(-child, SIGKILL);
	hunt(is_child_or_orphan, &child);
}

void ox_kill_orphans(void)
{
	hunt(is_orphan, NULL);
}

struct keep {
	const pid_t *pids;
	size_t count;
};

static bool is_not_kept(const struct proc *p, const void *ctx)
{
	const struct keep *keep = ctx;
	return p->parent == getpid() && !in_list(p->pid, keep->pids, keep->count);
}

void ox_process_kill_descendants(const pid_t *keep, size_t keep_count)
{
	hunt(is_not_kept, &(struct keep){.pids = keep, .count = keep_count});
}

int ox_process_descendants(pid_t root, pid_t **pids, size_t *count)
{
	struct proc_list list = {0};
	*pids = NULL;
	*count = 0;
	int rc = list_processes(&list);
	if (rc == 0 && list.v.len && !(*pids = calloc(list.v.len, sizeof **pids)))
		rc = OX_EEXHAUSTED;
	if (rc == 0) {
		for (size_t i = 0; i < list.v.len; i++)
			list.v.items[i].below = list.v.items[i].pid == root;
		spread(&list);
		for (size_t i = 0; i < list.v.len; i++) {
			const struct proc *p = &list.v.items[i];
			if (p->below && p->pid != root && p->state != 'Z' && p->state != 'X')
				(*pids)[(*count)++] = p->pid;
		}
	}
	ox_vec_free(&list.v);
	return rc == -1 ? OX_ESYS : rc;
}

int ox_process_become_subreaper(struct ox_err *err)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return ox_fail_errno(err, errno, "cannot become the parent of orphaned processes");
	return 0;
}
