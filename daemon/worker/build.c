#include "daemon/worker/build.h"

#include "daemon/dialect/dialect.h"
#include "daemon/loop/process.h"
#include "daemon/request/build_key.h"
#include "daemon/worker/environment.h"
#include "proto/base/clock.h"
#include "proto/wire/identity.h"
#include "store/cas/lease.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* What one build holds; all-zero holds nothing. */
struct job {
	struct ox_worker_sink *sink;
	const struct ox_build *build;
	struct ox_arena arena;
	struct ox_environment environment;
	struct ox_env env;
	struct ox_store *store;
	struct ox_actions *actions;
	struct ox_memo *memo;
	struct ox_build_context context;
	struct ox_dialect *dialect;
	struct ox_digest key;
	bool leased;
	bool memoised;
};

static int enter(struct job *j, struct ox_err *err)
{
	const struct ox_build *b = j->build;
	umask((mode_t)(b->umask & 0777));
	/* Worse only: asking for more than the client has is refused by the system. */
	if (b->nice > getpriority(PRIO_PROCESS, 0))
		setpriority(PRIO_PROCESS, 0, b->nice);
	const char *cwd = ox_arena_printf(&j->arena, "%.*s", OX_SLICE_ARG(b->cwd));
	if (!cwd)
		return ox_fail_nomem(err, "a path");
	if (b->cwd.len > 0 && chdir(cwd) != 0)
		return ox_fail_errno(err, errno, "cannot enter the folder %s", cwd);
	return 0;
}

static int open_store(struct job *j, struct ox_err *err)
{
	struct ox_buf dir = {0};
	int rc = 0;
	if (j->build->store.len > 0)
		ox_buf_slice(&dir, j->build->store);
	else
		rc = ox_store_default_dir(ox_environment_get, &j->environment, &dir, err);
	if (rc == 0)
		rc = ox_buf_ok(&dir, "the store's path", err);
	if (rc == 0)
		rc = ox_store_open(ox_buf_text(&dir), &j->store, err);
	if (rc == 0)
		rc = ox_lease_take(j->store, err);
	j->leased = rc == 0;
	ox_buf_free(&dir);
	return rc;
}

/* 1: the remembered build stands and was replayed. */
static int recall(struct job *j, struct ox_err *err)
{
	struct ox_buf why = {0};
	int rc = j->build->refresh ? 0 : ox_memo_check(j->store, &j->key, &j->env, &j->sink->sink, &why, err);
	if (rc == 0 && why.len > 0)
		ox_emit_log(&j->sink->sink, OX_LEVEL_DEBUG, "build", "%s", ox_buf_text(&why));
	ox_buf_free(&why);
	return rc;
}

static const char *host_triple(struct ox_arena *arena)
{
	struct utsname host;
	return uname(&host) == 0 ? ox_arena_printf(arena, "%s-unknown-linux-gnu", host.machine) : NULL;
}

static int check_triple(struct job *j, struct ox_err *err)
{
	const char *host = host_triple(&j->arena);
	if (!host)
		return ox_fail_nomem(err, "the target triple");
	j->context.triple = host;
	if (j->build->target_triple.len > 0 && !ox_slice_eq_str(j->build->target_triple, host))
		return ox_fail(err, OX_EUSAGE, "cannot build for %.*s: this machine builds for %s",
			       OX_SLICE_ARG(j->build->target_triple), host);
	return 0;
}

/* The folder of the configuration, which relative paths in it refer to. */
static const char *config_folder(struct job *j, const char *config)
{
	const char *slash = strrchr(config, '/');
	if (!slash || slash == config)
		return "/";
	return ox_arena_printf(&j->arena, "%.*s", (int)(slash - config), config);
}

/* Explanations compare with the last build of the same targets of the same file. */
static const char *history_scope(struct job *j, const char *config)
{
	struct ox_buf scope = {0};
	ox_buf_printf(&scope, "%s %s", config, j->build->release ? "release" : "debug");
	for (size_t i = 0; i < j->build->target_count; i++)
		ox_buf_printf(&scope, " %.*s", OX_SLICE_ARG(j->build->targets[i]));
	const char *text = scope.failed ? NULL : ox_arena_str(&j->arena, ox_buf_text(&scope));
	ox_buf_free(&scope);
	return text;
}

static int make_context(struct job *j, const char *config, struct ox_err *err)
{
	const char *scope = history_scope(j, config);
	if (!scope)
		return ox_fail_nomem(err, "the build");
	int rc = ox_actions_new(j->store, &j->sink->sink, scope, &j->actions, err);
	if (rc != 0)
		return rc;
	ox_actions_set_cancel(j->actions, ox_channel_cancelled, j->sink->channel);
	j->memo = ox_memo_new();
	if (!j->memo)
		return ox_fail_nomem(err, "the build");
	j->sink->memo = j->memo;
	j->context.actions = j->actions;
	j->context.memo = j->memo;
	j->context.sink = &j->sink->sink;
	j->context.env = j->env;
	j->context.environ = j->environment.environ;
	j->context.arena = &j->arena;
	j->context.cwd = config_folder(j, config);
	j->context.release = j->build->release;
	j->context.offline = j->build->offline;
	j->context.refresh = j->build->refresh;
	return j->context.cwd ? 0 : ox_fail_nomem(err, "the build");
}

static int run_config(struct job *j, struct ox_err *err)
{
	const struct ox_build *b = j->build;
	const char *config = ox_arena_printf(&j->arena, "%.*s", OX_SLICE_ARG(b->config_path));
	struct ox_dialect_var *vars = ox_arena_array(&j->arena, b->var_count + 1, sizeof *vars);
	if (!config || !vars)
		return ox_fail_nomem(err, "the build");
	if (config[0] != '/')
		return ox_fail(err, OX_EUSAGE, "the path of the configuration is not absolute: %s", config);
	for (size_t i = 0; i < b->var_count; i++)
		vars[i] = (struct ox_dialect_var){b->vars[i].name, b->vars[i].value, b->vars[i].unset};
	int rc = make_context(j, config, err);
	if (rc != 0)
		return rc;
	struct ox_dialect_options options = {
		.context = &j->context,
		.config_path = config,
		.vars = vars,
		.var_count = b->var_count,
		.targets = b->targets,
		.target_count = b->target_count,
		.list_only = b->mode == OX_BUILD_LIST_TARGETS,
	};
	rc = ox_dialect_new(&options, &j->dialect, err);
	if (rc == 0)
		rc = ox_dialect_evaluate(j->dialect, err);
	if (rc == 0 && !options.list_only)
		rc = ox_dialect_build(j->dialect, err);
	/* A signal that stopped a step looks like the step's own failure. */
	if (rc != 0 && ox_channel_cancelled(j->sink->channel, NULL) != 0)
		rc = ox_fail(err, OX_ECANCELLED, "cancelled");
	return rc;
}

static int run(struct job *j, struct ox_err *err)
{
	int rc = enter(j, err);
	if (rc == 0)
		rc = ox_environment_init(&j->environment, &j->arena, j->build, err);
	j->env = (struct ox_env){.get = ox_environment_get, .ctx = &j->environment};
	if (rc == 0)
		rc = check_triple(j, err);
	if (rc == 0)
		rc = open_store(j, err);
	if (rc == 0)
		rc = ox_build_key(j->build, &j->key, err);
	if (rc == 0)
		rc = recall(j, err);
	j->memoised = rc == 1;
	if (rc != 0)
		return j->memoised ? 0 : rc;
	return run_config(j, err);
}

/* Outputs have been published already: remembering them is a service for the next time. */
static void remember(struct job *j)
{
	struct ox_err err;
	if (j->memoised || !j->memo)
		return;
	if (ox_memo_commit(j->memo, j->store, &j->key, &j->env, &err) != 0)
		fprintf(stderr, "oxidizer-worker: the build is not remembered: %s\n", err.text);
}

static void end(struct job *j)
{
	j->sink->memo = NULL;
	ox_dialect_free(j->dialect);
	ox_memo_free(j->memo);
	ox_actions_free(j->actions);
	if (j->leased)
		ox_lease_release(j->store);
	ox_store_close(j->store);
	ox_environment_end(&j->environment);
	ox_arena_free(&j->arena);
}

void ox_worker_build(struct ox_worker_sink *sink, const struct ox_build *build)
{
	uint64_t start = ox_clock_mono();
	struct job j = {.sink = sink, .build = build};
	struct ox_err err = {0};
	sink->level = ox_worker_level(build->verbosity);
	sink->explain = build->explain;
	int rc = run(&j, &err);
	if (rc != 0)
		ox_process_kill_descendants(NULL, 0);
	sink->memo = NULL;
	ox_worker_result(sink, rc, &err, j.memoised, ox_clock_mono() - start);
	if (rc == 0)
		remember(&j);
	end(&j);
}
