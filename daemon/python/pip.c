#include "daemon/python/pip.h"

#include "daemon/loop/process.h"
#include "daemon/python/captured.h"
#include "daemon/python/child_env.h"
#include "daemon/python/compiler_env.h"
#include "daemon/python/pip_run_script.h"
#include "daemon/python/pip_tree.h"
#include "store/fs/dir.h"

#include <time.h>

enum { PIP_VERSION = 4, EXIT_NO_PIP = 97 };

struct install {
	struct ox_build_context *ctx;
	const struct ox_distribution *dist;
	const struct ox_pip_request *request;
	struct ox_pip_inputs inputs;
	bool may_run;        /* false: only a recorded result is wanted */
	struct ox_capturing capturing;
	struct ox_buf error; /* the last line that pip marked as an error */
	struct ox_buf cause; /* the first line of a compiler that says why a package cannot be built */
};

static bool take_prefix(struct ox_slice *line, struct ox_slice prefix)
{
	if (!ox_slice_starts(*line, prefix))
		return false;
	*line = ox_slice(line->data + prefix.len, line->len - prefix.len);
	return true;
}

/* Builds are shown by pip when they have failed. */
static void keep_cause(struct install *in, struct ox_slice line)
{
	static const char *const words[] = {": error: ", ": fatal error: "};
	bool found = false;
	for (size_t i = 0; line.len && i < OX_COUNT(words); i++)
		found = found || memmem(line.data, line.len, words[i], strlen(words[i]));
	while (take_prefix(&line, OX_SLICE(" ")))
		;
	if (found && !in->cause.len)
		ox_buf_slice(&in->cause, line);
}

/* pip's own words for how bad a line is become the event's level. */
static void on_line(void *opaque, struct ox_slice line)
{
	struct install *in = opaque;
	enum ox_level level = OX_LEVEL_INFO;
	if (take_prefix(&line, OX_SLICE("ERROR: "))) {
		level = OX_LEVEL_ERROR;
		ox_buf_clear(&in->error);
		ox_buf_slice(&in->error, line);
	} else if (take_prefix(&line, OX_SLICE("WARNING: "))) {
		level = OX_LEVEL_WARN;
	} else {
		keep_cause(in, line);
	}
	ox_emit_log(in->ctx->sink, level, "pip", "%.*s", OX_SLICE_ARG(line));
}

static int check_cancel(void *opaque, struct ox_err *err)
{
	struct install *in = opaque;
	return ox_actions_check_cancel(in->ctx->actions, err);
}

/* What would install elsewhere, ask, or talk about itself is taken away from the client's settings. */
static const char *const *environment(struct install *in, const char *scratch)
{
	static const char *const own[] = {
		"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "PIP_DRY_RUN",
		"PIP_REPORT", "PIP_QUIET", "PIP_COMPILE", "PIP_NO_COMPILE", "PIP_ROOT_USER_ACTION=ignore",
		"PIP_DISABLE_PIP_VERSION_CHECK=1", "PIP_NO_INPUT=1", "PIP_NO_COLOR=1", "PIP_PROGRESS_BAR=off",
	};
	size_t extra = 0, n = 0;
	while (in->request->extra_env && in->request->extra_env[extra])
		extra++;
	const char **list = ox_arena_array(in->ctx->arena,
					   OX_COUNT(own) + extra + 4 + OX_COMPILER_VARIABLES + OX_CAPTURING_VARIABLES,
					   sizeof *list);
	if (!list)
		return NULL;
	for (size_t i = 0; i < OX_COUNT(own); i++)
		list[n++] = own[i];
	/* A pip that is killed removes nothing: what it leaves goes with our folder. */
	if (!(list[n++] = ox_arena_printf(in->ctx->arena, "TMPDIR=%s", scratch)))
		return NULL;
	if (!ox_compiler_env(in->ctx, in->dist, list, &n) ||
	    !ox_capturing_env(in->ctx, &in->capturing, list, &n))
		return NULL;
	if (in->ctx->offline)
		list[n++] = "PIP_NO_INDEX=1";
	if (!ox_client_env(in->ctx, "SOURCE_DATE_EPOCH"))
		list[n++] = "SOURCE_DATE_EPOCH=315532800"; /* 1980, the oldest that zip files know */
	for (size_t i = 0; i < extra; i++)
		list[n++] = in->request->extra_env[i];
	return ox_child_env(in->ctx->arena, in->ctx->environ, list);
}

static const char **command(struct install *in, const char *target)
{
	const char *const head[] = {in->dist->python_exe, "-c", ox_pip_run_script, "install", "--target", target,
				    "--no-compile"};
	const char **argv = ox_arena_array(in->ctx->arena, OX_COUNT(head) + in->request->arg_count + 1, sizeof *argv);
	if (!argv)
		return NULL;
	for (size_t i = 0; i < OX_COUNT(head); i++)
		argv[i] = head[i];
	for (size_t i = 0; i < in->request->arg_count; i++)
		if (!(argv[OX_COUNT(head) + i] = ox_arena_slice(in->ctx->arena, in->request->args[i]).data))
			return NULL;
	return argv;
}

static int explain_failure(struct install *in, const struct ox_process_status *status, struct ox_err *err)
{
	const char *python = in->dist->python_exe;
	const char *label = *in->inputs.label ? in->inputs.label : "packages";
	if (status->exit_code == EXIT_NO_PIP && strncmp(python, "/usr/bin/", 9) == 0)
		return ox_fail(err, OX_EBUILD, "%s has no pip: install python3-pip", python);
	if (status->exit_code == EXIT_NO_PIP)
		return ox_fail(err, OX_EBUILD, "%s has no pip: run \"%s -m ensurepip\"", python, python);
	if (status->signal)
		return ox_fail(err, OX_EBUILD, "pip install %s was ended by signal %d", label, status->signal);
	const char *hint = in->dist->is_static ? "; a static executable takes pure wheels and packages of C source, no "
						 "C++ and no wheels with shared libraries" : "";
	const struct ox_buf *reason = in->cause.len ? &in->cause : &in->error;
	return ox_fail(err, OX_EBUILD, "pip install %s failed (exit status %d): %s%s; all that pip said is above",
		       label, status->exit_code, reason->len ? ox_buf_text(reason) : "it gave no reason", hint);
}

static int run_pip(struct install *in, const char *target, const char *scratch, struct ox_err *err)
{
	struct ox_process_status status = {0};
	struct ox_process_spec spec = {.argv = command(in, target),
				       .env = environment(in, scratch),
				       .cwd = in->ctx->cwd,
				       .line = on_line,
				       .cancelled = check_cancel,
				       .ctx = in};
	if (!spec.argv || !spec.env)
		return ox_fail_nomem(err, "running pip");
	int rc = ox_process_run(&spec, &status, err);
	if (rc)
		return ox_wrap(err, "cannot run pip");
	return status.exit_code || status.signal ? explain_failure(in, &status, err) : 0;
}

static int install(void *opaque, struct ox_step_result *result, struct ox_err *err)
{
	struct install *in = opaque;
	struct ox_buf temp = {0};
	char when[32];
	if (!in->may_run)
		return ox_fail(err, OX_ENOENT, "no recorded result");
	int rc = ox_store_temp_dir(ox_actions_store(in->ctx->actions), &temp, err);
	if (rc)
		return rc;
	const char *target = ox_arena_printf(in->ctx->arena, "%s/target", ox_buf_text(&temp));
	const char *scratch = ox_arena_printf(in->ctx->arena, "%s/scratch", ox_buf_text(&temp));
	rc = target && scratch ? ox_fs_mkdirs(scratch, 0700, err) : ox_fail_nomem(err, "running pip");
	if (!rc)
		rc = ox_capturing_start(in->ctx, &in->inputs.building, &in->capturing, err);
	if (!rc)
		rc = run_pip(in, target, scratch, err);
	if (!rc)
		rc = ox_pip_tree_store(in->ctx, target, in->capturing.folder, result, err);
	if (!rc) {
		int len = snprintf(when, sizeof when, "%lld", (long long)time(NULL));
		ox_step_result_meta(result, ox_slice(when, (size_t)len));
	}
	ox_store_temp_remove(ox_buf_text(&temp));
	ox_buf_free(&temp);
	return rc;
}

static const char *age(struct ox_arena *arena, struct ox_slice meta)
{
	static const struct {
		long long seconds;
		const char *unit;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	char text[32];
	snprintf(text, sizeof text, "%.*s", OX_SLICE_ARG(meta));
	long long passed = (long long)time(NULL) - strtoll(text, NULL, 10);
	for (size_t i = 0; i < OX_COUNT(units); i++) {
		long long n = passed / units[i].seconds;
		if (n > 0)
			return ox_arena_printf(arena, "%lld %s%s ago", n, units[i].unit, n == 1 ? "" : "s");
	}
	return "just now";
}

/* Unpinned: a later pip could find other versions. */
static bool is_pinned(const struct install *in, size_t installed)
{
	return in->inputs.all_exact && (in->inputs.no_deps || installed <= in->inputs.requirements);
}

/* Appends the resources; *again: they were recorded, could be others now, and that is asked for. */
static int take_result(struct install *in, const struct ox_outputs *outputs, struct ox_resources *out, bool *again,
		       struct ox_err *err)
{
	struct ox_buf names = {0};
	size_t before = out->v.len;
	*again = false;
	int rc = ox_pip_tree_resources(in->ctx, in->dist, outputs, out, err);
	if (rc)
		return rc;
	size_t installed = ox_pip_tree_names(out, before, &names);
	if (outputs->hit && installed && !is_pinned(in, installed)) {
		*again = in->ctx->refresh && !in->ctx->offline;
		if (*again)
			out->v.len = before;
		else
			ox_emit_log(in->ctx->sink, OX_LEVEL_INFO, "pip",
				    "reusing %s as resolved %s (--refresh resolves again)", ox_buf_text(&names),
				    age(in->ctx->arena, outputs->meta));
	}
	ox_buf_free(&names);
	return 0;
}

static int run_step(struct install *in, struct ox_step *step, struct ox_outputs *outputs, struct ox_err *err)
{
	in->may_run = !in->ctx->offline || in->inputs.local_source;
	if (in->ctx->refresh && !in->ctx->offline && !in->inputs.all_exact)
		ox_step_renew(step);
	int rc = ox_actions_run(in->ctx->actions, step, install, in, outputs, err);
	if (rc == OX_ENOENT && !in->may_run)
		return ox_fail(err, OX_EBUILD,
			       "pip install %s was never resolved before and --offline forbids asking an index: build "
			       "once without --offline, or give pip a folder of wheels (--find-links)",
			       in->inputs.label);
	return rc;
}

int ox_pip_install(struct ox_build_context *ctx, const struct ox_distribution *dist,
		   const struct ox_pip_request *request, struct ox_resources *out, struct ox_err *err)
{
	struct install in = {.ctx = ctx, .dist = dist, .request = request};
	struct ox_buf subject = {0};
	struct ox_outputs outputs = {0};
	for (size_t i = 0; i < request->arg_count; i++)
		ox_buf_printf(&subject, "%s%.*s", i ? " " : "", OX_SLICE_ARG(request->args[i]));
	struct ox_step *step = ox_step_new(ctx->arena, "pip", PIP_VERSION, ox_buf_text(&subject));
	ox_step_text(step, "runner", ox_slice_str(ox_pip_run_script));
	int rc = ox_pip_inputs_add(ctx, dist, request, step, &in.inputs, err);
	if (!rc)
		rc = run_step(&in, step, &outputs, err);
	bool again = false;
	if (!rc)
		rc = take_result(&in, &outputs, out, &again, err);
	if (!rc && again) {
		ox_step_renew(step);
		rc = run_step(&in, step, &outputs, err);
		if (!rc)
			rc = take_result(&in, &outputs, out, &again, err);
	}
	ox_buf_free(&in.cause);
	ox_buf_free(&in.error);
	ox_buf_free(&subject);
	return rc;
}
