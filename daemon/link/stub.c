#include "daemon/link/stub.h"

#include "daemon/link/linked_modules.h"
#include "daemon/link/objects.h"
#include "daemon/link/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STUB_VERSION = 5 };

/* What extension modules that are loaded later may use, and nothing else: with one list the
 * names of the libraries linked in (expat's, zlib's) do not get in the way of other copies of them. */
static const char dynamic_list[] = "{ Py*; _Py*; };\n";

/* The payload's section goes above everything that a linker places by itself (daemon/bundle/attach.h). */
static const char payload_address[] = "-Wl,--section-start=.oxpayload=0x40000000";

/* musl gives threads 128 KiB unless the executable asks for more, which Python's recursion needs: what glibc gives. */
static const char thread_stack[] = "-Wl,-z,stack-size=8388608";

struct link {
	struct ox_build_context *ctx;
	const struct ox_toolchain *t;
	const struct ox_distribution *dist;
	const struct ox_stub_options *options;
	struct ox_runtime_sources sources;
	struct ox_link_parts parts;
	struct ox_outputs objects;
	const char *dir;
	const char **args;
	size_t count, cap;
	struct ox_linked_set linked;
};

static void arg(struct link *l, const char *text)
{
	if (l->count < l->cap)
		l->args[l->count] = text;
	l->count++; /* past cap: noticed once, at the end */
}

static const char *in_dir(struct link *l, const char *name)
{
	return ox_arena_printf(l->ctx->arena, "%s/%s", l->dir, name);
}

static int write_file(const char *path, struct ox_slice bytes, struct ox_err *err)
{
	FILE *f = path ? fopen(path, "wxe") : NULL;
	if (!f)
		return ox_fail_errno(err, path ? errno : ENOMEM, "cannot write %s", path ? path : "a temporary file");
	bool ok = fwrite(bytes.data, 1, bytes.len, f) == bytes.len;
	int errnum = errno;
	if (fclose(f) != 0 && ok) {
		ok = false;
		errnum = errno;
	}
	return ok ? 0 : ox_fail_errno(err, errnum, "cannot write %s", path);
}

/* A function is wrapped when an object has the wrapper: which ones there are depends on the version of CPython. */
static void wrap_defined(struct link *l, const struct ox_view *object)
{
	for (size_t i = 0; i < l->sources.wrap_count; i++) {
		char symbol[256];
		int n = snprintf(symbol, sizeof(symbol), "__wrap_%s", l->sources.wraps[i]);
		if (n > 0 && (size_t)n < sizeof(symbol) && memmem(object->data, object->len, symbol, (size_t)n + 1))
			arg(l, ox_arena_printf(l->ctx->arena, "-Wl,--wrap=%s", l->sources.wraps[i]));
	}
}

static int write_objects(struct link *l, struct ox_err *err)
{
	struct ox_store *store = ox_actions_store(l->ctx->actions);
	for (size_t i = 0; i < l->objects.count; i++) {
		struct ox_view view;
		const char *path = ox_arena_printf(l->ctx->arena, "%s/%04zu.o", l->dir, i);
		int rc = ox_store_view(store, &l->objects.items[i].digest, &view, err);
		if (rc)
			return rc;
		wrap_defined(l, &view);
		rc = write_file(path, ox_slice(view.data, view.len), err);
		ox_view_release(&view);
		if (rc)
			return rc;
		arg(l, path);
	}
	return 0;
}

/* Compiled by the run that links. */
static int write_inittab(struct link *l, struct ox_err *err)
{
	const struct ox_texts flags = l->dist->archive->json->inittab_cflags;
	for (size_t i = 0; i < flags.count; i++)
		arg(l, flags.items[i]);
	arg(l, ox_arena_printf(l->ctx->arena, "-I%s", l->dist->include));
	arg(l, in_dir(l, "config.c"));
	return write_file(in_dir(l, "config.c"), ox_slice_str(l->parts.inittab), err);
}

/* What an archive defines that the C library has too (libbsd's arc4random) would be exported for the latter's sake. */
static void add_archive(struct link *l, const char *path)
{
	arg(l, path);
	arg(l, ox_arena_printf(l->ctx->arena, "-Wl,--exclude-libs,%s", strrchr(path, '/') + 1));
}

/* Static executables are not moved in memory: not every compiler that writes for musl can make ones that are. */
static void add_model(struct link *l)
{
	bool pie = l->dist->position_independent && !l->dist->is_static;
	if (l->dist->is_static) {
		arg(l, "-static");
		arg(l, thread_stack);
	}
	arg(l, pie ? "-pie" : "-no-pie");
	arg(l, pie ? "-fPIE" : "-fno-pie");
}

static int make_args(struct link *l, struct ox_err *err)
{
	const struct ox_link_parts *p = &l->parts;
	l->cap = 32 + l->objects.count + p->whole.count + 2 * p->archives.count + p->libraries.count +
		 l->sources.wrap_count + (l->dist->archive ? l->dist->archive->json->inittab_cflags.count : 0);
	l->args = ox_arena_array(l->ctx->arena, l->cap, sizeof(*l->args));
	if (!l->args)
		return ox_fail_nomem(err, "linker arguments");
	add_model(l);
	arg(l, "-O2");
	arg(l, "-o");
	arg(l, in_dir(l, "stub"));
	int rc = write_objects(l, err);
	if (rc)
		return rc;
	rc = p->inittab ? write_inittab(l, err) : 0;
	if (rc)
		return rc;
	arg(l, "-Wl,--whole-archive");
	for (size_t i = 0; i < p->whole.count; i++)
		arg(l, p->whole.items[i]);
	arg(l, "-Wl,--no-whole-archive");
	arg(l, "-Wl,--start-group"); /* static libraries need each other, and nobody says in which order */
	for (size_t i = 0; i < p->archives.count; i++)
		add_archive(l, p->archives.items[i]);
	for (size_t i = 0; i < p->libraries.count; i++)
		arg(l, p->libraries.items[i].argument);
	arg(l, "-Wl,--end-group");
	if (!l->dist->is_static)
		arg(l, ox_arena_printf(l->ctx->arena, "-Wl,--dynamic-list=%s/exports", l->dir));
	arg(l, "-Wl,--build-id=none");
	arg(l, l->options->release ? "-Wl,-s" : "-Wl,-S");
	arg(l, payload_address);
	return l->count <= l->cap ? 0 : ox_fail(err, OX_EINTERNAL, "too many linker arguments");
}

/* With the modules that are not left out; *again: some of them are to blame, and are left out from now on. */
static int link_once(struct link *l, bool *again, struct ox_err *err)
{
	struct ox_link_args args = {0};
	int rc = 0;
	for (size_t i = 0; !rc && i < l->count; i++) {
		const char **slot = ox_vec_push(&args.v);
		rc = slot ? 0 : ox_fail_nomem(err, "linker arguments");
		if (slot)
			*slot = l->args[i];
	}
	if (!rc)
		rc = ox_linked_set_args(&l->linked, l->dir, l->sources.root, &args, err);
	struct ox_toolchain_job job = {.args = args.v.items, .count = args.v.len, .cwd = l->dir};
	if (!rc)
		rc = ox_toolchain_run(l->ctx, l->t, &job, err);
	int blamed = job.failed ? ox_linked_set_blame(&l->linked, ox_buf_view(&job.output), err) : 0;
	*again = blamed > 0;
	if (*again)
		job.failed = false; /* told for the verbose only */
	else if (blamed < 0)
		rc = blamed;
	ox_toolchain_tell(l->ctx, &job);
	ox_buf_free(&job.output);
	ox_vec_free(&args.v);
	return rc;
}

static int run_linker(struct link *l, struct ox_err *err)
{
	int rc = make_args(l, err);
	for (size_t i = 0; !rc && i < l->count; i++)
		rc = l->args[i] ? 0 : ox_fail_nomem(err, "linker arguments");
	if (!rc)
		rc = write_file(in_dir(l, "exports"), OX_SLICE(dynamic_list), err);
	if (!rc)
		rc = ox_linked_set_write(&l->linked, l->dir, err);
	if (rc)
		return rc;
	bool again;
	do
		rc = link_once(l, &again, err);
	while (again);
	return rc ? ox_wrap(err, "cannot link Python %s", l->dist->version) : 0;
}

static int describe_left_out(const struct link *l, struct ox_step_result *result, struct ox_err *err)
{
	struct ox_buf text = {0};
	ox_linked_set_describe(&l->linked, &text);
	int rc = ox_buf_ok(&text, "modules that are left out", err);
	if (!rc)
		ox_step_result_meta(result, ox_buf_view(&text));
	ox_buf_free(&text);
	return rc;
}

static int run_step(void *ctx, struct ox_step_result *result, struct ox_err *err)
{
	struct link *l = ctx;
	struct ox_store *store = ox_actions_store(l->ctx->actions);
	struct ox_buf dir = {0};
	struct ox_digest digest;
	uint64_t size;
	int rc = ox_store_temp_dir(store, &dir, err);
	if (rc)
		return rc;
	l->dir = dir.data;
	ox_emit_progress(l->ctx->sink, "linking the interpreter", 0, 0, "");
	rc = run_linker(l, err);
	if (!rc)
		rc = ox_store_put_temp(store, in_dir(l, "stub"), &digest, &size, err);
	if (!rc)
		ox_step_result_add(result, "stub", &digest, size);
	if (!rc)
		rc = describe_left_out(l, result, err);
	ox_store_temp_remove(dir.data);
	ox_buf_free(&dir);
	return rc;
}

static int add_inputs(struct link *l, struct ox_step *step, struct ox_err *err)
{
	ox_toolchain_add(l->t, step);
	for (size_t i = 0; i < l->objects.count; i++) {
		const struct ox_output *o = &l->objects.items[i];
		const char *name = ox_arena_printf(l->ctx->arena, "object of %.*s", OX_SLICE_ARG(o->name));
		ox_step_digest(step, name ? name : "object", &o->digest);
	}
	ox_step_text(step, "allocator", ox_slice_str(l->options->allocator));
	ox_step_text(step, "release", ox_slice_str(l->options->release ? "yes" : "no"));
	ox_step_text(step, "position independent", ox_slice_str(l->dist->position_independent ? "yes" : "no"));
	ox_step_text(step, "static", ox_slice_str(l->dist->is_static ? thread_stack : "no"));
	ox_step_text(step, "exports", OX_SLICE(dynamic_list));
	for (size_t i = 0; i < l->sources.wrap_count; i++)
		ox_step_text(step, "wrapped function", ox_slice_str(l->sources.wraps[i]));
	ox_step_text(step, "payload address", ox_slice_str(payload_address));
	ox_linked_set_add_inputs(&l->linked, step);
	return ox_link_parts_add(l->ctx->arena, &l->parts, l->dist, l->options, step, err);
}

int ox_stub_build(struct ox_build_context *ctx, const struct ox_distribution *dist,
		  const struct ox_stub_options *options, struct ox_digest *stub, uint64_t *size, struct ox_err *err)
{
	struct ox_toolchain toolchain;
	struct link l = {.ctx = ctx, .t = &toolchain, .dist = dist, .options = options};
	struct ox_outputs out;
	struct ox_step *step = ox_step_new(ctx->arena, "stub", STUB_VERSION, dist->version);
	if (!step)
		return ox_fail_nomem(err, "stub");
	int rc = ox_toolchain_find(ctx, dist, &toolchain, err);
	if (!rc)
		rc = ox_link_parts_find(ctx, &toolchain, dist, options, &l.parts, err);
	if (!rc)
		rc = ox_runtime_sources_find(ctx, dist, &l.sources, err);
	if (!rc)
		rc = ox_runtime_objects(ctx, &toolchain, &l.sources, dist, &l.objects, err);
	if (!rc)
		rc = ox_linked_set_find(ctx, &toolchain, dist, options->modules, options->module_count, &l.linked,
					err);
	if (!rc)
		rc = add_inputs(&l, step, err);
	if (!rc)
		rc = ox_actions_run(ctx->actions, step, run_step, &l, &out, err);
	if (!rc)
		rc = ox_linked_set_recall(&l.linked, out.meta, err);
	ox_linked_set_free(&l.linked);
	if (rc)
		return rc;
	const struct ox_output *made = ox_outputs_find(&out, "stub");
	if (!made)
		return ox_fail(err, OX_EINTERNAL, "the step that links the interpreter gave no executable");
	*stub = made->digest;
	*size = made->size;
	return 0;
}
