#include "daemon/python/probe.h"

#include "daemon/loop/process.h"
#include "daemon/python/child_env.h"
#include "daemon/python/probe_script.h"

#include <glob.h>
#include <jansson.h>

enum { PROBE_VERSION = 1, ANSWER_LIMIT = 1 << 20 };

static int take_text(struct ox_arena *arena, const json_t *root, const char *name, const char **out, struct ox_err *err)
{
	const json_t *value = json_object_get(root, name);
	if (!json_is_string(value))
		return ox_fail(err, OX_ECORRUPT, "the interpreter's answer has no %s", name);
	*out = ox_arena_str(arena, json_string_value(value));
	return *out ? 0 : ox_fail_nomem(err, "an interpreter's answer");
}

static int take_texts(struct ox_arena *arena, const json_t *root, struct ox_probe *p, struct ox_err *err)
{
	const struct {
		const char *name;
		const char **out;
	} fields[] = {
		{"implementation", &p->implementation}, {"version", &p->version}, {"cache_tag", &p->cache_tag},
		{"multiarch", &p->multiarch}, {"gnu_type", &p->gnu_type}, {"prefix", &p->prefix},
		{"stdlib", &p->stdlib}, {"dynload", &p->dynload}, {"include", &p->include},
		{"confinclude", &p->confinclude}, {"libpl", &p->libpl}, {"library", &p->library},
		{"ext_suffix", &p->ext_suffix}, {"libs", &p->libs},
	};
	int rc = 0;
	for (size_t i = 0; !rc && i < OX_COUNT(fields); i++)
		rc = take_text(arena, root, fields[i].name, fields[i].out, err);
	return rc;
}

static int compare_slices(const void *a, const void *b)
{
	return ox_slice_cmp(*(const struct ox_slice *)a, *(const struct ox_slice *)b);
}

static int take_builtins(struct ox_arena *arena, const json_t *root, struct ox_probe *p, struct ox_err *err)
{
	const json_t *list = json_object_get(root, "builtins");
	size_t count = json_array_size(list);
	struct ox_slice *names = ox_arena_array(arena, count + 1, sizeof *names);
	if (!names)
		return ox_fail_nomem(err, "an interpreter's answer");
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (!text)
			return ox_fail(err, OX_ECORRUPT, "the interpreter's answer names no module");
		names[i] = ox_arena_slice(arena, ox_slice_str(text));
		if (!names[i].data)
			return ox_fail_nomem(err, "an interpreter's answer");
	}
	if (count)
		qsort(names, count, sizeof *names, compare_slices);
	p->builtins = names;
	p->builtin_count = count;
	return 0;
}

int ox_probe_parse(struct ox_arena *arena, struct ox_slice text, struct ox_probe *out, struct ox_err *err)
{
	json_error_t where;
	struct ox_probe p = {.python_exe = out->python_exe, .exe_digest = out->exe_digest};
	json_t *root = json_loadb(text.data ? text.data : "", text.len, 0, &where);
	if (!root)
		return ox_fail(err, OX_ECORRUPT, "the interpreter's answer is no JSON: %s", where.text);
	int rc = take_texts(arena, root, &p, err);
	if (!rc)
		rc = take_builtins(arena, root, &p, err);
	p.hexversion = (uint32_t)json_integer_value(json_object_get(root, "hexversion"));
	p.magic = (uint32_t)json_integer_value(json_object_get(root, "magic"));
	p.debug = json_is_true(json_object_get(root, "debug"));
	p.free_threaded = json_is_true(json_object_get(root, "free_threaded"));
	p.shared = json_is_true(json_object_get(root, "shared"));
	json_decref(root);
	if (!rc)
		*out = p;
	return rc;
}

struct asking {
	struct ox_build_context *ctx;
	const char *python;
	struct ox_buf last; /* the last line it said that is no answer */
};

static void keep_line(void *opaque, struct ox_slice line)
{
	struct asking *a = opaque;
	if (!line.len)
		return;
	ox_buf_clear(&a->last);
	ox_buf_slice(&a->last, line);
}

static int run_probe(void *opaque, struct ox_step_result *result, struct ox_err *err)
{
	struct asking *a = opaque;
	const char *argv[] = {a->python, "-I", "-S", "-c", ox_probe_script, NULL};
	struct ox_buf out = {.limit = ANSWER_LIMIT};
	struct ox_process_status status = {0};
	struct ox_process_spec spec = {.argv = argv,
				       .env = ox_child_env(a->ctx->arena, a->ctx->environ, NULL),
				       .cwd = "/",
				       .line = keep_line,
				       .out = &out,
				       .ctx = a};
	int rc = spec.env ? ox_process_run(&spec, &status, err) : ox_fail_nomem(err, "asking an interpreter");
	if (!rc)
		rc = ox_buf_ok(&out, "an interpreter's answer", err);
	if (!rc && (status.signal || status.exit_code))
		rc = ox_fail(err, OX_EBUILD, "does not run here: %s",
			     a->last.len ? ox_buf_text(&a->last) : "it said nothing");
	if (!rc)
		ox_step_result_meta(result, ox_buf_view(&out));
	ox_buf_free(&out);
	return rc;
}

/* sysconfig's variables, which the interpreter's own bytes do not tell. */
static int add_sysconfigdata(struct ox_build_context *ctx, const char *python, struct ox_step *step, struct ox_err *err)
{
	glob_t found;
	const char *slash = strstr(python, "/bin/");
	for (const char *next = slash; next; next = strstr(next + 1, "/bin/"))
		slash = next;
	if (!slash)
		return 0;
	const char *pattern = ox_arena_printf(ctx->arena, "%.*s/lib*/python3*/_sysconfigdata*.py",
					      (int)(slash - python), python);
	if (!pattern)
		return ox_fail_nomem(err, "asking an interpreter");
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	int rc = 0;
	for (size_t i = 0; !rc && i < found.gl_pathc; i++) {
		struct ox_digest digest;
		uint64_t size;
		rc = ox_actions_file_digest(ctx->actions, found.gl_pathv[i], &digest, &size, err);
		if (rc)
			break;
		ox_memo_file_digest(ctx->memo, found.gl_pathv[i], &digest);
		ox_step_digest(step, "sysconfigdata", &digest);
	}
	globfree(&found);
	return rc;
}

int ox_probe(struct ox_build_context *ctx, const char *python, struct ox_probe *out, struct ox_err *err)
{
	struct ox_outputs outputs;
	uint64_t size;
	struct asking a = {.ctx = ctx, .python = python};
	*out = (struct ox_probe){.python_exe = python};
	int rc = ox_actions_file_digest(ctx->actions, python, &out->exe_digest, &size, err);
	if (rc)
		return rc;
	ox_memo_file_digest(ctx->memo, python, &out->exe_digest);
	struct ox_step *step = ox_step_new(ctx->arena, "probe", PROBE_VERSION, python);
	ox_step_digest(step, "interpreter", &out->exe_digest);
	ox_step_text(step, "path", ox_slice_str(python));
	ox_step_text(step, "questions", ox_slice_str(ox_probe_script));
	rc = add_sysconfigdata(ctx, python, step, err);
	if (!rc)
		rc = ox_actions_run(ctx->actions, step, run_probe, &a, &outputs, err);
	if (!rc)
		rc = ox_probe_parse(ctx->arena, outputs.meta, out, err);
	ox_buf_free(&a.last);
	return rc;
}
