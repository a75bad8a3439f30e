#include "daemon/worker/build.h"

#include "daemon/loop/process.h"
#include "daemon/request/build_key.h"
#include "daemon/worker/workplace.h"
#include "proto/base/clock.h"

#include <sys/resource.h>
#include <sys/stat.h>

/* What one build holds; all-zero holds nothing. */
struct job {
	struct ox_workplace place;
	struct ox_worker_sink *sink;
	const struct ox_build *build;
	struct ox_memo *memo;
	struct ox_dialect *dialect;
	struct ox_digest key;
	bool memoised;
};

static int enter(struct job *j, struct ox_err *err)
{
	const struct ox_build *b = j->build;
	umask((mode_t)(b->umask & 0777));
	/* Worse only: asking for more than the client has is refused by the system. */
	if (b->nice > getpriority(PRIO_PROCESS, 0))
		setpriority(PRIO_PROCESS, 0, b->nice);
	return ox_workplace_enter(&j->place, j->sink, b->cwd, b->environment, b->environment_count, err);
}

/* 1: the remembered build stands and was replayed. */
static int recall(struct job *j, struct ox_err *err)
{
	struct ox_buf why = {0};
	const struct ox_env *env = &j->place.context.env;
	int rc = j->build->refresh ? 0 : ox_memo_check(j->place.store, &j->key, env, &j->sink->sink, &why, err);
	if (rc == 0 && why.len > 0)
		ox_emit_log(&j->sink->sink, OX_LEVEL_DEBUG, "build", "%s", ox_buf_text(&why));
	ox_buf_free(&why);
	return rc;
}

/* This machine's platform, or the same with musl. */
static int set_target(struct job *j, struct ox_err *err)
{
	struct ox_build_context *ctx = &j->place.context;
	struct ox_slice wanted = j->build->target_triple;
	const char *musl = ox_arena_printf(ctx->arena, "%.*s-unknown-linux-musl",
					   (int)strcspn(ctx->host_triple, "-"), ctx->host_triple);
	if (!musl)
		return ox_fail_nomem(err, "the target triple");
	if (!wanted.len || ox_slice_eq_str(wanted, ctx->host_triple))
		return 0;
	if (!ox_slice_eq_str(wanted, musl))
		return ox_fail(err, OX_EUSAGE, "cannot build for %.*s: this machine builds for %s and %s",
			       OX_SLICE_ARG(wanted), ctx->host_triple, musl);
	ctx->triple = musl;
	return 0;
}

/* Explanations compare with the last build of the same targets of the same file. */
static const char *history_scope(struct job *j, const char *config)
{
	struct ox_buf scope = {0};
	ox_buf_printf(&scope, "%s %s", config, j->build->release ? "release" : "debug");
	for (size_t i = 0; i < j->build->target_count; i++)
		ox_buf_printf(&scope, " %.*s", OX_SLICE_ARG(j->build->targets[i]));
	const char *text = scope.failed ? NULL : ox_arena_str(&j->place.arena, ox_buf_text(&scope));
	ox_buf_free(&scope);
	return text;
}

static int make_context(struct job *j, const char *config, struct ox_err *err)
{
	struct ox_build_context *context = &j->place.context;
	const char *scope = history_scope(j, config);
	const char *folder = ox_workplace_folder_of(&j->place, config);
	j->memo = ox_memo_new();
	if (!scope || !folder || !j->memo)
		return ox_fail_nomem(err, "the build");
	j->sink->memo = j->memo;
	context->memo = j->memo;
	context->release = j->build->release;
	context->offline = j->build->offline;
	context->refresh = j->build->refresh;
	return ox_workplace_prepare(&j->place, folder, scope, err);
}

static int run_config(struct job *j, struct ox_err *err)
{
	const struct ox_build *b = j->build;
	const char *config = ox_arena_printf(&j->place.arena, "%.*s", OX_SLICE_ARG(b->config_path));
	const struct ox_dialect_var *vars = ox_workplace_vars(&j->place, b->vars, b->var_count);
	if (!config || !vars)
		return ox_fail_nomem(err, "the build");
	if (config[0] != '/')
		return ox_fail(err, OX_EUSAGE, "the path of the configuration is not absolute: %s", config);
	int rc = make_context(j, config, err);
	if (rc != 0)
		return rc;
	struct ox_dialect_options options = {
		.context = &j->place.context,
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
		rc = set_target(j, err);
	if (rc == 0)
		rc = ox_workplace_open_store(&j->place, j->build->store, err);
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
	if (ox_memo_commit(j->memo, j->place.store, &j->key, &j->place.context.env, &err) != 0)
		fprintf(stderr, "oxidizer-worker: the build is not remembered: %s\n", err.text);
}

static void end(struct job *j)
{
	j->sink->memo = NULL;
	ox_dialect_free(j->dialect);
	ox_memo_free(j->memo);
	ox_workplace_leave(&j->place);
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
