#include "client/cmd/config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(const char *folder, const char *name, struct ox_buf *path)
{
	ox_buf_clear(path);
	ox_buf_printf(path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
	return access(ox_buf_text(path), F_OK) == 0;
}

/* Looks in the folder and then in its parents. `folder` is absolute and is cut. */
static int search_upwards(char *folder, struct ox_buf *path, struct ox_err *err)
{
	for (;;) {
		if (is_there(folder, OX_CONFIG_NAME, path))
			return 0;
		if (is_there(folder, "pyoxidizer.toml", path))
			return ox_fail(err, OX_EUSAGE,
				       "%s is in the TOML format, which ended with PyOxidizer 0.5; write a "
				       OX_CONFIG_NAME " in its place, starting from: oxc init-config-file DIR",
				       path->data);
		char *slash = strrchr(folder, '/');
		if (!slash || strcmp(folder, "/") == 0)
			return OX_ENOENT;
		slash[slash == folder] = '\0';
	}
}

static int search_from(const char *start, struct ox_buf *path, struct ox_err *err)
{
	char *folder = realpath(start, NULL);
	if (!folder)
		return ox_fail_errno(err, errno, "cannot look for " OX_CONFIG_NAME " in %s", start);
	int code = search_upwards(folder, path, err);
	free(folder);
	return code;
}

/* The file itself, by the real path of its folder and its own name. */
static int take_file(const char *file, struct ox_buf *path, struct ox_err *err)
{
	const char *slash = strrchr(file, '/');
	char *before = slash ? strndup(file, (size_t)(slash - file) + 1) : strdup(".");
	char *folder = before ? realpath(before, NULL) : NULL;
	int code = folder ? 0 : ox_fail_errno(err, errno, "cannot find %s", file);
	ox_buf_clear(path);
	if (folder)
		ox_buf_printf(path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, slash ? slash + 1 : file);
	free(folder);
	free(before);
	return code;
}

static int check_readable(const char *path, struct ox_err *err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot read the configuration file %s", path);
	int code = fstat(fd, &st) == 0 ? 0 : ox_fail_errno(err, errno, "cannot look at %s", path);
	if (!code && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		code = ox_fail(err, OX_EUSAGE, "%s is not a file", path);
	close(fd);
	return code;
}

static int find_named(const char *start, struct ox_buf *out, struct ox_err *err)
{
	struct stat st;
	if (stat(start, &st) != 0)
		return ox_fail_errno(err, errno, "cannot find %s", start);
	if (!S_ISDIR(st.st_mode))
		return take_file(start, out, err);
	int code = search_from(start, out, err);
	if (code == OX_ENOENT)
		return ox_fail(err, OX_EUSAGE,
			       "no " OX_CONFIG_NAME " in %s or a folder above it; make one with: "
			       "oxc init-config-file DIR",
			       start);
	return code;
}

static int find(const char *path, struct ox_buf *out, struct ox_err *err)
{
	const char *chosen = getenv("PYOXIDIZER_CONFIG"), *out_dir = getenv("OUT_DIR");
	if (chosen && *chosen) {
		int code = take_file(chosen, out, err);
		return code ? ox_wrap(err, "PYOXIDIZER_CONFIG") : 0;
	}
	if (out_dir && *out_dir) {
		int code = search_from(out_dir, out, NULL);
		if (code == 0)
			return 0;
	}
	return find_named(path ? path : ".", out, err);
}

static int take_readable(int code, struct ox_buf *found, struct ox_buf *out, struct ox_err *err)
{
	if (!code)
		code = ox_buf_ok(found, "the path of the configuration", err);
	if (!code)
		code = check_readable(found->data, err);
	if (!code)
		ox_buf_slice(out, ox_buf_view(found));
	ox_buf_free(found);
	return code;
}

int ox_config_find(const char *path, struct ox_buf *out, struct ox_err *err)
{
	struct ox_buf found = {0};
	return take_readable(find(path, &found, err), &found, out, err);
}

int ox_config_named(const char *path, struct ox_buf *out, struct ox_err *err)
{
	struct ox_buf found = {0};
	return take_readable(find_named(path, &found, err), &found, out, err);
}
