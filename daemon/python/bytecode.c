#include "daemon/python/bytecode.h"

#include "daemon/python/child_env.h"
#include "daemon/python/compile_pool.h"
#include "daemon/python/compile_script.h"
#include "daemon/python/compiled_list.h"
#include "daemon/python/marshal_normal.h"

#include <assert.h>

enum { BYTECODE_VERSION = 5, PROGRESS_EVERY = 32 };

struct ox_compiler {
	struct ox_build_context *ctx;
	const struct ox_distribution *dist;
	struct ox_compile_pool *pool;
};

/* One call of ox_compile, while its misses are compiled. */
struct batch {
	struct ox_compiler *compiler;
	struct ox_compile_job *jobs;
	const size_t *missed;
	size_t missed_count, done;
	struct ox_step_result **results;
	struct ox_buf code;
};

static int new_pool(struct ox_compiler *c, struct ox_err *err)
{
	const char *const *env = ox_child_env(c->ctx->arena, c->ctx->environ, NULL);
	if (!env)
		return ox_fail_nomem(err, "starting interpreters");
	return ox_compile_pool_new(c->dist->python_exe, env, &c->pool, err);
}

int ox_compiler_new(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_compiler **out,
		    struct ox_err *err)
{
	struct ox_compiler *c = calloc(1, sizeof *c);
	if (!c)
		return ox_fail_nomem(err, "starting interpreters");
	c->ctx = ctx;
	c->dist = dist;
	int rc = new_pool(c, err);
	if (rc)
		free(c);
	else
		*out = c;
	return rc;
}

void ox_compiler_free(struct ox_compiler *c)
{
	if (!c)
		return;
	ox_compile_pool_free(c->pool);
	free(c);
}

static int give_source(void *opaque, size_t index, struct ox_buf *text, struct ox_slice *name, int *level,
		       struct ox_err *err)
{
	struct batch *b = opaque;
	const struct ox_compile_job *job = &b->jobs[b->missed[index]];
	struct ox_view view;
	int rc = ox_blob_view(ox_actions_store(b->compiler->ctx->actions), &job->source, &view, err);
	if (rc)
		return ox_wrap(err, "cannot compile %.*s", OX_SLICE_ARG(job->module));
	ox_buf_add(text, view.data, view.len);
	ox_view_release(&view);
	*name = job->module;
	*level = job->level;
	return ox_buf_ok(text, "a source", err);
}

static int keep(struct batch *b, size_t index, const char *what, struct ox_slice data, struct ox_err *err)
{
	struct ox_digest digest;
	int rc = ox_store_put(ox_actions_store(b->compiler->ctx->actions), data, &digest, err);
	if (!rc)
		ox_step_result_add(b->results[index], what, &digest, data.len);
	return rc;
}

static int keep_code(struct batch *b, size_t index, struct ox_slice data, struct ox_slice compiled, struct ox_err *err)
{
	const struct ox_compile_job *job = &b->jobs[b->missed[index]];
	ox_buf_clear(&b->code);
	int rc = ox_marshal_normalise(data, b->compiler->dist->minor, &b->code, err);
	if (!rc)
		rc = keep(b, index, "code", ox_buf_view(&b->code), err);
	ox_buf_clear(&b->code);
	if (!rc && compiled.len)
		rc = ox_compiled_list_normalise(compiled, b->compiler->dist->minor, &b->code, err);
	if (!rc && compiled.len)
		rc = keep(b, index, "compiled", ox_buf_view(&b->code), err);
	return rc ? ox_wrap(err, "cannot keep the code of %.*s", OX_SLICE_ARG(job->module)) : 0;
}

static int take_code(void *opaque, size_t index, bool failed, struct ox_slice data, struct ox_slice compiled,
		     struct ox_err *err)
{
	struct batch *b = opaque;
	int rc = 0;
	if (failed) /* remembered too: it would fail again */
		ox_step_result_meta(b->results[index], data);
	else
		rc = keep_code(b, index, data, compiled, err);
	if (++b->done % PROGRESS_EVERY == 0)
		ox_emit_progress(b->compiler->ctx->sink, "compiling bytecode", b->done, b->missed_count, "modules");
	return rc;
}

static int check_cancel(void *opaque, struct ox_err *err)
{
	struct batch *b = opaque;
	return ox_actions_check_cancel(b->compiler->ctx->actions, err);
}

static int compile_missed(void *opaque, const size_t *missed, size_t count, struct ox_step_result **results,
			  struct ox_err *err)
{
	struct batch *b = opaque;
	struct ox_compiler *c = b->compiler;
	b->missed = missed;
	b->missed_count = count;
	b->done = 0;
	b->results = results;
	struct ox_compile_work work = {
		.ctx = b, .count = count, .source = give_source, .done = take_code, .cancelled = check_cancel};
	if (!c->pool) {
		int rc = new_pool(c, err);
		if (rc)
			return rc;
	}
	int rc = ox_compile_pool_run(c->pool, &work, err);
	if (rc) { /* its pipes hold half a conversation */
		ox_compile_pool_free(c->pool);
		c->pool = NULL;
	}
	return rc;
}

void ox_compiler_inputs(struct ox_step *step, const struct ox_distribution *dist)
{
	static_assert(BYTECODE_VERSION < 10, "one digit");
	static const char version = '0' + BYTECODE_VERSION;
	ox_step_text(step, "compiler's version", ox_slice(&version, 1));
	ox_step_digest(step, "interpreter", &dist->digest);
	ox_step_text(step, "compiler", ox_slice_str(ox_compile_script));
}

static struct ox_step *step_of(struct ox_compiler *c, const struct ox_compile_job *job)
{
	const char *module = ox_arena_slice(c->ctx->arena, job->module).data;
	const char *subject = job->level ? ox_arena_printf(c->ctx->arena, "%s -O%d", module, job->level) : module;
	struct ox_step *step = subject ? ox_step_new(c->ctx->arena, "bytecode", BYTECODE_VERSION, subject) : NULL;
	if (!step)
		return NULL;
	char level = (char)('0' + job->level);
	ox_step_digest(step, "source", &job->source.digest);
	ox_step_text(step, "module", job->module);
	ox_step_text(step, "level", ox_slice(&level, 1));
	ox_compiler_inputs(step, c->dist);
	return step;
}

static void take_outputs(struct ox_compiler *c, struct ox_compile_job *job, const struct ox_outputs *outputs)
{
	const struct ox_output *code = ox_outputs_find(outputs, "code");
	const struct ox_output *compiled = ox_outputs_find(outputs, "compiled");
	job->failed = !code;
	if (compiled)
		job->compiled = (struct ox_blob){.digest = compiled->digest, .size = compiled->size};
	if (code)
		job->code = (struct ox_blob){.digest = code->digest, .size = code->size};
	else
		ox_emit_log(c->ctx->sink, OX_LEVEL_WARN, "bytecode", "%.*s is left out, it does not compile: %.*s",
			    OX_SLICE_ARG(job->module), OX_SLICE_ARG(outputs->meta));
}

int ox_compile(struct ox_compiler *c, struct ox_compile_job *jobs, size_t count, struct ox_err *err)
{
	struct batch b = {.compiler = c, .jobs = jobs};
	struct ox_step **steps = ox_arena_array(c->ctx->arena, count + 1, sizeof *steps);
	struct ox_outputs *outputs = ox_arena_array(c->ctx->arena, count + 1, sizeof *outputs);
	if (!steps || !outputs)
		return ox_fail_nomem(err, "compiling modules");
	for (size_t i = 0; i < count; i++)
		if (!(steps[i] = step_of(c, &jobs[i])))
			return ox_fail_nomem(err, "compiling modules");
	int rc = ox_actions_run_batch(c->ctx->actions, steps, count, compile_missed, &b, outputs, err);
	for (size_t i = 0; !rc && i < count; i++)
		take_outputs(c, &jobs[i], &outputs[i]);
	ox_buf_free(&b.code);
	return rc;
}
