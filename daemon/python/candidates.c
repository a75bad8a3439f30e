#include "daemon/python/candidates.h"

#include "daemon/loop/process.h"
#include "daemon/python/child_env.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OLDEST_MINOR = 8, NEWEST_MINOR = 15 };

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool is_script(const char *path)
{
	char head[2] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, head, sizeof head);
	close(fd);
	return n == 2 && head[0] == '#' && head[1] == '!';
}

/* What a wrapper script (a version manager's shim) finally runs. NULL when it runs nothing of use. */
static const char *ask_script(struct ox_build_context *ctx, const char *path)
{
	const char *argv[] = {path, "-I", "-S", "-c", "import sys; sys.stdout.write(sys.executable)", NULL};
	struct ox_buf out = {.limit = PATH_MAX};
	struct ox_process_status status = {0};
	struct ox_process_spec spec = {
		.argv = argv, .env = ox_child_env(ctx->arena, ctx->environ, NULL), .cwd = ctx->cwd, .out = &out};
	const char *answer = NULL;
	if (spec.env && ox_process_run(&spec, &status, NULL) == 0 && status.exit_code == 0 && out.len)
		answer = ox_arena_str(ctx->arena, ox_buf_text(&out));
	ox_buf_free(&out);
	return answer && *answer == '/' && is_program(answer) ? answer : NULL;
}

static const char *resolve(struct ox_build_context *ctx, const char *path)
{
	char real[PATH_MAX];
	ox_memo_file(ctx->memo, path); /* absent ones too: they could appear */
	if (!is_program(path))
		return NULL;
	if (is_script(path) && !(path = ask_script(ctx, path)))
		return NULL;
	return realpath(path, real) ? ox_arena_str(ctx->arena, real) : NULL;
}

static int add(struct ox_build_context *ctx, const char *path, struct ox_candidates *out, struct ox_err *err)
{
	const char *real = resolve(ctx, path);
	if (!real)
		return 0;
	for (size_t i = 0; i < out->v.len; i++)
		if (strcmp(out->v.items[i], real) == 0)
			return 0;
	const char **slot = ox_vec_push(&out->v);
	if (!slot)
		return ox_fail_nomem(err, "looking for interpreters");
	*slot = real;
	return 0;
}

/* python3 and python3.X of one folder. */
static int add_folder(struct ox_build_context *ctx, const char *dir, struct ox_candidates *out, struct ox_err *err)
{
	int rc = 0;
	for (int minor = OLDEST_MINOR - 1; !rc && minor <= NEWEST_MINOR; minor++) {
		const char *path = minor < OLDEST_MINOR ? ox_arena_printf(ctx->arena, "%s/python3", dir)
							: ox_arena_printf(ctx->arena, "%s/python3.%d", dir, minor);
		if (!path)
			return ox_fail_nomem(err, "looking for interpreters");
		rc = add(ctx, path, out, err);
	}
	return rc;
}

static const char *pyenv_root(struct ox_build_context *ctx)
{
	const char *root = ox_client_env(ctx, "PYENV_ROOT");
	const char *home = ox_client_env(ctx, "HOME");
	if (root)
		return root;
	return home ? ox_arena_printf(ctx->arena, "%s/.pyenv", home) : NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_pyenv(struct ox_build_context *ctx, const char *root, struct ox_candidates *out, struct ox_err *err)
{
	struct {
		OX_VEC(const char *) v;
	} found = {0};
	const char *versions = ox_arena_printf(ctx->arena, "%s/versions", root);
	if (!versions)
		return ox_fail_nomem(err, "looking for interpreters");
	ox_memo_listing(ctx->memo, versions);
	DIR *dir = opendir(versions);
	int rc = 0;
	struct dirent *d;
	while (dir && !rc && (d = readdir(dir))) {
		if (strncmp(d->d_name, "3.", 2) != 0)
			continue;
		const char **slot = ox_vec_push(&found.v);
		if (!slot || !(*slot = ox_arena_printf(ctx->arena, "%s/%s/bin/python3", versions, d->d_name)))
			rc = ox_fail_nomem(err, "looking for interpreters");
	}
	if (dir)
		closedir(dir);
	if (found.v.len)
		qsort(found.v.items, found.v.len, sizeof *found.v.items, compare_names);
	for (size_t i = 0; !rc && i < found.v.len; i++)
		rc = add(ctx, found.v.items[i], out, err);
	ox_vec_free(&found.v);
	return rc;
}

/* Each absolute folder of PATH; relative ones would depend on where the client stood. */
static int add_path(struct ox_build_context *ctx, const char *shims, struct ox_candidates *out, struct ox_err *err)
{
	const char *path = ox_client_env(ctx, "PATH");
	int rc = 0;
	while (path && *path && !rc) {
		size_t len = strcspn(path, ":");
		struct ox_slice dir = ox_arena_slice(ctx->arena, ox_slice(path, len));
		if (!dir.data)
			return ox_fail_nomem(err, "looking for interpreters");
		/* pyenv's shims stand for the versions that are looked at anyway. */
		if (len && dir.data[0] == '/' && !(shims && strcmp(dir.data, shims) == 0))
			rc = add_folder(ctx, dir.data, out, err);
		path += len + (path[len] == ':');
	}
	return rc;
}

int ox_candidates_find(struct ox_build_context *ctx, struct ox_candidates *out, struct ox_err *err)
{
	*out = (struct ox_candidates){0};
	const char *pyenv = pyenv_root(ctx);
	const char *shims = pyenv ? ox_arena_printf(ctx->arena, "%s/shims", pyenv) : NULL;
	int rc = add_path(ctx, shims, out, err);
	if (!rc && pyenv)
		rc = add_pyenv(ctx, pyenv, out, err);
	if (!rc)
		rc = add_folder(ctx, "/usr/bin", out, err);
	if (rc)
		ox_vec_free(&out->v);
	return rc;
}

static const char *find_on_path(struct ox_build_context *ctx, const char *name)
{
	const char *path = ox_client_env(ctx, "PATH");
	while (path && *path) {
		size_t len = strcspn(path, ":");
		const char *full = ox_arena_printf(ctx->arena, "%.*s/%s", (int)len, path, name);
		if (full && len && is_program(full))
			return full;
		if (full)
			ox_memo_file(ctx->memo, full);
		path += len + (path[len] == ':');
	}
	return NULL;
}

int ox_candidate_named(struct ox_build_context *ctx, const char *name, const char **path, struct ox_err *err)
{
	const char *found = name;
	if (!strchr(name, '/'))
		found = find_on_path(ctx, name);
	else if (name[0] != '/')
		found = ox_arena_printf(ctx->arena, "%s/%s", ctx->cwd, name);
	*path = found ? resolve(ctx, found) : NULL;
	if (!*path)
		return ox_fail(err, OX_ENOENT,
			       "OXIDIZER_PYTHON names %s, which is not a program: name a python3, or unset it", name);
	return 0;
}
