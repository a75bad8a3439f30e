#include "daemon/worker/workplace.h"

#include "store/cas/lease.h"

#include <errno.h>
#include <sys/utsname.h>
#include <unistd.h>

static int set_triple(struct ox_workplace *w, struct ox_err *err)
{
	struct utsname host;
	if (uname(&host) != 0)
		return ox_fail_errno(err, errno, "cannot find out what machine this is");
	w->context.host_triple = ox_arena_printf(&w->arena, "%s-unknown-linux-gnu", host.machine);
	w->context.triple = w->context.host_triple;
	return w->context.triple ? 0 : ox_fail_nomem(err, "the target triple");
}

int ox_workplace_enter(struct ox_workplace *w, struct ox_worker_sink *sink, struct ox_slice cwd,
		       const struct ox_name_value *environment, size_t count, struct ox_err *err)
{
	w->sink = sink;
	const char *folder = ox_arena_printf(&w->arena, "%.*s", OX_SLICE_ARG(cwd));
	if (!folder)
		return ox_fail_nomem(err, "a path");
	if (cwd.len > 0 && chdir(folder) != 0)
		return ox_fail_errno(err, errno, "cannot enter the folder %s", folder);
	int rc = ox_environment_init(&w->environment, &w->arena, environment, count, err);
	w->context.env = (struct ox_env){.get = ox_environment_get, .ctx = &w->environment};
	w->context.environ = w->environment.environ;
	w->context.arena = &w->arena;
	w->context.sink = &sink->sink;
	return rc == 0 ? set_triple(w, err) : rc;
}

int ox_workplace_open_store(struct ox_workplace *w, struct ox_slice dir, struct ox_err *err)
{
	struct ox_buf path = {0};
	int rc = 0;
	if (dir.len > 0)
		ox_buf_slice(&path, dir);
	else
		rc = ox_store_default_dir(ox_environment_get, &w->environment, &path, err);
	if (rc == 0)
		rc = ox_buf_ok(&path, "the store's path", err);
	if (rc == 0)
		rc = ox_store_open(ox_buf_text(&path), &w->store, err);
	if (rc == 0)
		rc = ox_lease_take(w->store, err);
	w->leased = rc == 0;
	ox_buf_free(&path);
	return rc;
}

const char *ox_workplace_folder_of(struct ox_workplace *w, const char *file)
{
	const char *slash = strrchr(file, '/');
	if (!slash || slash == file)
		return "/";
	return ox_arena_printf(&w->arena, "%.*s", (int)(slash - file), file);
}

const struct ox_dialect_var *ox_workplace_vars(struct ox_workplace *w, const struct ox_name_value *vars, size_t count)
{
	struct ox_dialect_var *out = ox_arena_array(&w->arena, count + 1, sizeof *out);
	for (size_t i = 0; out && i < count; i++)
		out[i] = (struct ox_dialect_var){vars[i].name, vars[i].value, vars[i].unset};
	return out;
}

int ox_workplace_prepare(struct ox_workplace *w, const char *folder, const char *scope, struct ox_err *err)
{
	w->context.cwd = folder;
	int rc = ox_actions_new(w->store, &w->sink->sink, scope, &w->context.actions, err);
	if (rc == 0)
		ox_actions_set_cancel(w->context.actions, ox_channel_cancelled, w->sink->channel);
	return rc;
}

void ox_workplace_leave(struct ox_workplace *w)
{
	ox_actions_free(w->context.actions);
	if (w->leased)
		ox_lease_release(w->store);
	ox_store_close(w->store);
	ox_environment_end(&w->environment);
	ox_arena_free(&w->arena);
}
