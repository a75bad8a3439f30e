#include "daemon/link/objects.h"

#include <unistd.h>

enum { OBJECTS_VERSION = 1, MAX_COMPILERS = 16 };

/* Common flags; how to address code and where to look is added. Hidden visibility keeps our
 * names out of what a stub exports. */
static const char *const base_flags[] = {
	"-c", "-O2", "-g0", "-std=c17", "-D_GNU_SOURCE", "-DNDEBUG", "-fvisibility=hidden", "-pipe",
};

struct compile {
	struct ox_build_context *ctx;
	const struct ox_toolchain *t;
	const struct ox_distribution *dist;
	const struct ox_runtime_sources *sources;
	const char *dir; /* where the objects are written */
	const char *flags[20];
	size_t flag_count;
	/* Shared by the compiling threads, under lock. */
	pthread_mutex_t lock;
	size_t next;
	int rc; /* of the first failure, which ends the work */
	struct ox_err err;
	struct ox_toolchain_job failed; /* its output */
};

static int add_flag(struct compile *c, const char *flag, struct ox_err *err)
{
	if (!flag || c->flag_count == OX_COUNT(c->flags))
		return ox_fail_nomem(err, "compiler flags");
	c->flags[c->flag_count++] = flag;
	return 0;
}

static int make_flags(struct compile *c, struct ox_err *err)
{
	struct ox_arena *arena = c->ctx->arena;
	const char *root = c->sources->root;
	int rc = 0;
	for (size_t i = 0; !rc && i < OX_COUNT(base_flags); i++)
		rc = add_flag(c, base_flags[i], err);
	if (!rc)
		rc = add_flag(c, c->dist->position_independent ? "-fPIE" : "-fno-pie", err);
	if (!rc)
		rc = add_flag(c, ox_arena_printf(arena, "-ffile-prefix-map=%s=.", root), err);
	if (!rc)
		rc = add_flag(c, ox_arena_printf(arena, "-I%s", root), err);
	if (!rc)
		rc = add_flag(c, ox_arena_printf(arena, "-I%s", c->dist->include), err);
	if (!rc && c->dist->platinclude)
		rc = add_flag(c, ox_arena_printf(arena, "-I%s", c->dist->platinclude), err);
	return rc;
}

/* Most of the work on a small file is reading Python's headers, so they are compiled once for all. The objects are the
 * same without that: a compiler that cannot do it is not asked again. */
static void prepare_headers(struct compile *c)
{
	static const char text[] = "#include \"runtime/importer/compat.h\"\n";
	static const char *const more[] = {"-x", "c-header", "-o", "headers.h.gch", "headers.h"};
	const char *args[OX_COUNT(c->flags) + OX_COUNT(more)];
	struct ox_toolchain_job job = {.args = args, .count = c->flag_count, .cwd = c->dir, .lock = &c->lock};
	const char *path = ox_arena_printf(c->ctx->arena, "%s/headers.h", c->dir);
	FILE *f = path && c->flag_count + 2 <= OX_COUNT(c->flags) ? fopen(path, "wxe") : NULL;
	if (!f)
		return;
	fputs(text, f);
	memcpy(args, c->flags, c->flag_count * sizeof(*args));
	for (size_t i = 0; i < OX_COUNT(more); i++)
		args[job.count++] = more[i];
	if (fclose(f) == 0 && ox_toolchain_run(c->ctx, c->t, &job, NULL) == 0) {
		c->flags[c->flag_count++] = "-include";
		c->flags[c->flag_count++] = "headers.h";
	}
	ox_buf_free(&job.output);
}

static int compile_one(struct compile *c, size_t index, struct ox_err *err)
{
	const char *args[OX_COUNT(c->flags) + 3];
	char object[4096];
	struct ox_toolchain_job job = {.args = args, .cwd = c->dir, .lock = &c->lock};
	if ((size_t)snprintf(object, sizeof(object), "%s/%04zu.o", c->dir, index) >= sizeof(object))
		return ox_fail(err, OX_EUSAGE, "%s: the path of the store is too long", c->dir);
	memcpy(args, c->flags, c->flag_count * sizeof(*args));
	job.count = c->flag_count;
	args[job.count++] = "-o";
	args[job.count++] = object;
	args[job.count++] = c->sources->files[index].path;
	int rc = ox_toolchain_run(c->ctx, c->t, &job, err);
	if (rc)
		ox_wrap(err, "cannot compile %s", c->sources->files[index].name);
	pthread_mutex_lock(&c->lock);
	if (rc && !c->rc) {
		c->rc = rc;
		c->failed = job;
	} else {
		ox_buf_free(&job.output);
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}

static void *compile_thread(void *arg)
{
	struct compile *c = arg;
	for (;;) {
		struct ox_err err = {0};
		pthread_mutex_lock(&c->lock);
		size_t index = c->rc ? c->sources->file_count : c->next++;
		pthread_mutex_unlock(&c->lock);
		if (index >= c->sources->file_count)
			return NULL;
		int rc = compile_one(c, index, &err);
		if (!rc)
			continue;
		pthread_mutex_lock(&c->lock);
		if (!c->err.code)
			c->err = err;
		c->rc = rc;
		pthread_mutex_unlock(&c->lock);
	}
}

/* This thread compiles too, so that the work is done even when no other can be started. */
static void compile_all(struct compile *c)
{
	pthread_t threads[MAX_COMPILERS];
	size_t started = 0;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	while (started < MAX_COMPILERS && (long)started + 1 < processors && started + 1 < c->sources->file_count) {
		if (pthread_create(&threads[started], NULL, compile_thread, c) != 0)
			break;
		started++;
	}
	compile_thread(c);
	while (started)
		pthread_join(threads[--started], NULL);
}

static int put_objects(struct compile *c, struct ox_step_result *result, struct ox_err *err)
{
	struct ox_store *store = ox_actions_store(c->ctx->actions);
	for (size_t i = 0; i < c->sources->file_count; i++) {
		struct ox_digest digest;
		uint64_t size;
		const char *path = ox_arena_printf(c->ctx->arena, "%s/%04zu.o", c->dir, i);
		if (!path)
			return ox_fail_nomem(err, "objects");
		int rc = ox_store_put_temp(store, path, &digest, &size, err);
		if (rc)
			return rc;
		ox_step_result_add(result, c->sources->files[i].name, &digest, size);
	}
	return 0;
}

static int run_step(void *ctx, struct ox_step_result *result, struct ox_err *err)
{
	struct compile *c = ctx;
	struct ox_buf dir = {0};
	int rc = ox_store_temp_dir(ox_actions_store(c->ctx->actions), &dir, err);
	if (rc)
		return rc;
	c->dir = dir.data;
	ox_emit_progress(c->ctx->sink, "compiling the runtime", 0, 0, "files");
	prepare_headers(c);
	compile_all(c);
	rc = c->rc;
	if (rc) {
		ox_toolchain_tell(c->ctx, &c->failed);
		if (err)
			*err = c->err;
	} else {
		rc = put_objects(c, result, err);
	}
	ox_buf_free(&c->failed.output);
	ox_store_temp_remove(dir.data);
	ox_buf_free(&dir);
	return rc;
}

static int add_inputs(struct compile *c, struct ox_step *step, struct ox_err *err)
{
	const struct ox_runtime_sources *s = c->sources;
	for (size_t i = 0; i < OX_COUNT(base_flags); i++)
		ox_step_text(step, "flag", ox_slice_str(base_flags[i]));
	ox_step_text(step, "position independent", ox_slice_str(c->dist->position_independent ? "yes" : "no"));
	ox_toolchain_add(c->t, step);
	for (size_t i = 0; i < s->file_count; i++)
		ox_step_digest(step, s->files[i].name, &s->files[i].digest);
	for (size_t i = 0; i < s->header_count; i++)
		ox_step_digest(step, s->headers[i].name, &s->headers[i].digest);
	int rc = ox_folder_digest(c->ctx, c->dist->include, step, "Python headers", err);
	if (!rc && c->dist->platinclude && strcmp(c->dist->platinclude, c->dist->include) != 0)
		rc = ox_folder_digest(c->ctx, c->dist->platinclude, step, "Python platform headers", err);
	return rc;
}

int ox_runtime_objects(struct ox_build_context *ctx, const struct ox_toolchain *t,
		       const struct ox_runtime_sources *sources, const struct ox_distribution *dist,
		       struct ox_outputs *out, struct ox_err *err)
{
	struct compile c = {.ctx = ctx, .t = t, .dist = dist, .sources = sources};
	struct ox_step *step = ox_step_new(ctx->arena, "runtime", OBJECTS_VERSION, dist->version);
	if (!step)
		return ox_fail_nomem(err, "runtime");
	int rc = make_flags(&c, err);
	if (!rc)
		rc = add_inputs(&c, step, err);
	if (rc)
		return rc;
	pthread_mutex_init(&c.lock, NULL);
	rc = ox_actions_run(ctx->actions, step, run_step, &c, out, err);
	pthread_mutex_destroy(&c.lock);
	return rc;
}
