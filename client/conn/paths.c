#include "client/conn/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

const char *ox_env(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

/* Absolute, so that it means the same to a program that runs elsewhere. */
static void add_absolute(struct ox_buf *out, const char *path)
{
	char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
	if (cwd)
		ox_buf_printf(out, "%s/", cwd);
	ox_buf_str(out, path);
	free(cwd);
}

/* The folder of XDG_RUNTIME_DIR, unless it is somebody else's (after su) or gone. */
static const char *usable_xdg_dir(void)
{
	const char *xdg = ox_env("XDG_RUNTIME_DIR");
	struct stat st;
	bool usable = xdg && xdg[0] == '/' && stat(xdg, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
	return usable ? xdg : NULL;
}

static void choose_runtime_dir(struct ox_buf *path)
{
	const char *own = ox_env("OXIDIZER_RUNTIME_DIR"), *xdg = usable_xdg_dir();
	if (own)
		add_absolute(path, own);
	else if (xdg)
		ox_buf_printf(path, "%s/oxidizer", xdg);
	else
		ox_buf_printf(path, "/tmp/oxidizer-%u", (unsigned)geteuid());
}

static int check_runtime_dir(int fd, const char *path, struct ox_err *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return ox_fail_errno(err, errno, "cannot look at the runtime folder %s", path);
	if (st.st_uid != geteuid()) {
		const struct passwd *owner = getpwuid(st.st_uid);
		return ox_fail(err, OX_EPOLICY,
			       "the runtime folder %s belongs to %s (user %u), not to you (user %u); set "
			       "OXIDIZER_RUNTIME_DIR to a folder of your own",
			       path, owner ? owner->pw_name : "someone else", (unsigned)st.st_uid, (unsigned)geteuid());
	}
	if (st.st_mode & 077)
		return ox_fail(err, OX_EPOLICY,
			       "the runtime folder %s can be entered by others (mode %04o); run: chmod 700 %s", path,
			       (unsigned)(st.st_mode & 07777), path);
	return 0;
}

int ox_runtime_dir_open(struct ox_runtime_dir *dir, struct ox_err *err)
{
	struct ox_buf path = {0};
	choose_runtime_dir(&path);
	*dir = (struct ox_runtime_dir){.fd = -1};
	int code = ox_buf_ok(&path, "the runtime folder's path", err);
	if (code)
		goto out;
	if (mkdir(path.data, 0700) != 0 && errno != EEXIST) {
		code = ox_fail_errno(err, errno, "cannot make the runtime folder %s (see OXIDIZER_RUNTIME_DIR)",
				     path.data);
		goto out;
	}
	/* In /tmp anybody could have put a link of that name: it is not followed. */
	dir->fd = open(path.data, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir->fd < 0)
		code = ox_fail_errno(err, errno, "cannot open the runtime folder %s", path.data);
	else
		code = check_runtime_dir(dir->fd, path.data, err);
	if (!code)
		dir->path = ox_buf_steal(&path);
out:
	if (code)
		ox_runtime_dir_close(dir);
	ox_buf_free(&path);
	return code;
}

void ox_runtime_dir_close(struct ox_runtime_dir *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	free(dir->path);
	*dir = (struct ox_runtime_dir){.fd = -1};
}

int ox_store_path(struct ox_buf *path, struct ox_err *err)
{
	const char *own = ox_env("OXIDIZER_STORE"), *cache = ox_env("XDG_CACHE_HOME"), *home = ox_env("HOME");
	const struct passwd *user = !own && !cache && !home ? getpwuid(geteuid()) : NULL;
	if (user && user->pw_dir && user->pw_dir[0] == '/')
		home = user->pw_dir;
	if (own)
		add_absolute(path, own);
	else if (cache && cache[0] == '/')
		ox_buf_printf(path, "%s/oxidizer", cache);
	else if (home && home[0] == '/')
		ox_buf_printf(path, "%s/.cache/oxidizer", home);
	else
		ox_buf_printf(path, "/tmp/oxidizer-%u", (unsigned)geteuid());
	return ox_buf_ok(path, "the store's path", err);
}

/* The folder that this program's file is in. */
static bool add_own_folder(struct ox_buf *out)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path);
	if (n <= 0 || n == (ssize_t)sizeof path)
		return false;
	while (n > 1 && path[n - 1] != '/')
		n--;
	ox_buf_add(out, path, (size_t)n - 1);
	return true;
}

int ox_program_path(const char *name, const char *override, struct ox_buf *path, struct ox_err *err)
{
	/* Relative to this program: the build folder; a prefix, also a moved one. */
	static const char *const beside[] = {"../daemon", ".", "../libexec/oxidizer", "../lib/oxidizer"};
	const char *chosen = ox_env(override);
	if (chosen) {
		add_absolute(path, chosen);
		return ox_buf_ok(path, name, err);
	}
	size_t start = path->len;
	struct ox_buf own = {0};
	bool known = add_own_folder(&own);
	bool found = false;
	for (size_t i = 0; known && i < OX_COUNT(beside) && !found; i++) {
		path->len = start;
		ox_buf_printf(path, "%s/%s/%s", ox_buf_text(&own), beside[i], name);
		found = !path->failed && access(path->data, X_OK) == 0;
	}
	if (!found) {
		path->len = start;
		ox_buf_printf(path, "%s/%s", OX_PKGLIBEXECDIR, name);
		found = !path->failed && access(path->data, X_OK) == 0;
	}
	ox_buf_free(&own);
	if (found)
		return 0;
	path->len = start;
	return ox_fail(err, OX_EUNREACHABLE, "cannot find the program %s; install oxidizer whole, or set %s", name,
		       override);
}
