#include "daemon/link/toolchain.h"

#include "daemon/link/package.h"
#include "daemon/loop/process.h"
#include "proto/base/vec.h"

#include <sys/stat.h>
#include <unistd.h>

/* What a compiler reads from its environment besides PATH and TMPDIR. */
static const char *const compiler_variables[] = {
	"COMPILER_PATH", "GCC_EXEC_PREFIX", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH",
};

struct strings {
	OX_VEC(const char *) v;
};

static int push(struct strings *list, const char *text, struct ox_err *err)
{
	const char **slot = ox_vec_push(&list->v);
	if (!slot)
		return ox_fail_nomem(err, "toolchain");
	*slot = text;
	return 0;
}

/* Moves the list into the arena, NULL-terminated. */
static const char *const *settle(struct ox_build_context *ctx, struct strings *list)
{
	const char **copy = ox_arena_array(ctx->arena, list->v.len + 1, sizeof(*copy));
	if (copy && list->v.len)
		memcpy(copy, list->v.items, list->v.len * sizeof(*copy));
	ox_vec_free(&list->v);
	return copy;
}

static const char *lookup(struct ox_build_context *ctx, const char *name)
{
	ox_memo_env(ctx->memo, name);
	const char *value = ctx->env.get(ctx->env.ctx, name);
	return value && *value ? value : NULL;
}

int ox_link_input_read(struct ox_build_context *ctx, const char *name, const char *path, struct ox_link_input *out,
		       struct ox_err *err)
{
	uint64_t size;
	int rc = ox_actions_file_digest(ctx->actions, path, &out->digest, &size, err);
	if (rc)
		return rc;
	ox_memo_file_digest(ctx->memo, path, &out->digest);
	out->name = ox_arena_str(ctx->arena, name);
	out->path = ox_arena_str(ctx->arena, path);
	return out->name && out->path ? 0 : ox_fail_nomem(err, "toolchain");
}

/* The first of dirs that has the file; those before it are recorded as not having it. */
static const char *search(struct ox_build_context *ctx, const char *const *dirs, const char *name, bool program)
{
	for (; dirs && *dirs; dirs++) {
		struct stat st;
		const char *path = ox_arena_printf(ctx->arena, "%s/%s", *dirs, name);
		if (!path)
			return NULL;
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, program ? X_OK : R_OK) == 0)
			return path;
		ox_memo_file(ctx->memo, path);
	}
	return NULL;
}

static const char *const *split(struct ox_build_context *ctx, struct ox_slice text, char separator, struct ox_err *err)
{
	struct strings list = {0};
	for (size_t start = 0, i = 0; i <= text.len; i++) {
		if (i < text.len && text.data[i] != separator)
			continue;
		size_t end = i;
		if (separator == ':')
			while (end > start + 1 && text.data[end - 1] == '/')
				end--;
		char *word = ox_arena_printf(ctx->arena, "%.*s", (int)(end - start), text.data + start);
		if (!word || (*word && push(&list, word, err) != 0)) {
			ox_vec_free(&list.v);
			ox_fail_nomem(err, "toolchain");
			return NULL;
		}
		start = i + 1;
	}
	const char *const *words = settle(ctx, &list);
	if (!words)
		ox_fail_nomem(err, "toolchain");
	return words;
}

static const char *find_program(struct ox_build_context *ctx, const char *const *path, const char *name)
{
	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? name : NULL;
	return search(ctx, path, name, true);
}

/* -B: a compiler looks for start files and libraries at its own place before it looks into the sysroot. */
static int push_sysroot(struct ox_build_context *ctx, struct strings *argv, const char *sysroot, struct ox_err *err)
{
	const char *root = ox_arena_printf(ctx->arena, "--sysroot=%s", sysroot);
	const char *lib = ox_arena_printf(ctx->arena, "-B%s/usr/lib/", sysroot);
	if (!root || !lib)
		return ox_fail_nomem(err, "toolchain");
	int rc = push(argv, root, err);
	return rc ? rc : push(argv, lib, err);
}

/* Who is looked for: a compiler for musl when static executables are made, unless musl itself is in a sysroot. */
struct candidates {
	const char *variable, *names[4], *said, *package;
};

static const struct candidates for_host = {"CC", {"cc", "gcc", "clang"}, "cc, gcc, clang", "cc"};
static const struct candidates for_musl = {
	"CC_x86_64_unknown_linux_musl", {"musl-gcc", "x86_64-linux-musl-gcc"}, "musl-gcc, x86_64-linux-musl-gcc",
	"musl-gcc"};

static const char *choose_driver(struct ox_build_context *ctx, const struct candidates *from, const char *named,
				 const char *const *path, struct ox_err *err)
{
	const char *driver = named ? find_program(ctx, path, named) : NULL;
	for (size_t i = 0; !named && !driver && from->names[i]; i++)
		driver = find_program(ctx, path, from->names[i]);
	if (named && !driver)
		ox_fail(err, OX_EBUILD, "the C compiler named by %s, %s, does not exist: correct %s, or unset it to "
					"look for %s",
			from->variable, named, from->variable, from->said);
	else if (!driver)
		ox_fail(err, OX_EBUILD, "no C compiler%s found (%s): install the package %s, or name one with %s",
			from == &for_musl ? " for musl" : "", from->said, ox_package_for_file(from->package),
			from->variable);
	return driver;
}

static int find_driver(struct ox_build_context *ctx, struct ox_toolchain *t, const char *const *path,
		       const char *sysroot, struct ox_err *err)
{
	const struct candidates *from = t->is_musl ? &for_musl : &for_host;
	const char *cc = lookup(ctx, from->variable);
	const char *const *words = split(ctx, ox_slice_str(cc ? cc : ""), ' ', err);
	if (!words)
		return OX_EEXHAUSTED;
	const char *driver = choose_driver(ctx, from, words[0], path, err);
	if (!driver)
		return OX_EBUILD;
	struct strings argv = {0};
	int rc = push(&argv, driver, err);
	for (size_t i = 1; !rc && words[0] && words[i]; i++)
		rc = push(&argv, words[i], err);
	t->named = argv.v.len;
	if (!rc && sysroot)
		rc = push_sysroot(ctx, &argv, sysroot, err);
	t->argc = argv.v.len;
	t->argv = settle(ctx, &argv);
	return rc ? rc : t->argv ? 0 : ox_fail_nomem(err, "toolchain");
}

static int add_variable(struct ox_build_context *ctx, struct strings *env, const char *name, const char *value,
			struct ox_err *err)
{
	const char *text = ox_arena_printf(ctx->arena, "%s=%s", name, value);
	return text ? push(env, text, err) : ox_fail_nomem(err, "toolchain");
}

/* A fixed locale and time; of the client's variables only those that a compiler needs to work. */
static int make_environment(struct ox_build_context *ctx, struct ox_toolchain *t, const char *path, struct ox_err *err)
{
	struct strings env = {0};
	int rc = add_variable(ctx, &env, "LC_ALL", "C", err);
	if (!rc)
		rc = add_variable(ctx, &env, "SOURCE_DATE_EPOCH", "0", err);
	if (!rc)
		rc = add_variable(ctx, &env, "PATH", path, err);
	const char *tmp = ctx->env.get(ctx->env.ctx, "TMPDIR");
	if (!rc && tmp)
		rc = add_variable(ctx, &env, "TMPDIR", tmp, err);
	for (size_t i = 0; !rc && i < OX_COUNT(compiler_variables); i++) {
		const char *value = lookup(ctx, compiler_variables[i]);
		if (value)
			rc = add_variable(ctx, &env, compiler_variables[i], value, err);
	}
	t->env = settle(ctx, &env);
	return rc ? rc : t->env ? 0 : ox_fail_nomem(err, "toolchain");
}

struct search_step {
	struct ox_build_context *ctx;
	const struct ox_toolchain *t;
	struct ox_buf folders; /* that the linker is told of */
};

static int ask_cancelled(void *ctx, struct ox_err *err)
{
	struct search_step *s = ctx;
	return ox_actions_check_cancel(s->ctx->actions, err);
}

/* Keeps the folders of -L in a command line of the linker's, separated by colons. */
static void keep_folders(void *ctx, struct ox_slice line)
{
	struct search_step *s = ctx;
	const char *at = line.data, *end = line.data + line.len;
	while (at < end) {
		const char *space = memchr(at, ' ', (size_t)(end - at));
		struct ox_slice word = ox_slice(at, (size_t)((space ? space : end) - at));
		at += word.len + 1;
		if (word.len > 1 && word.data[0] == '"')
			word = ox_slice(word.data + 1, word.len - 2);
		if (ox_slice_starts(word, OX_SLICE("-L/")))
			ox_buf_printf(&s->folders, "%.*s:", (int)word.len - 2, word.data + 2);
	}
}

/* Runs it with arguments (NULL-terminated); `out` gets what it prints. */
static int ask(struct search_step *s, const char *const *args, struct ox_buf *out, struct ox_err *err)
{
	size_t count = 0;
	struct ox_process_status status;
	while (args[count])
		count++;
	const char **argv = ox_arena_array(s->ctx->arena, s->t->argc + count + 1, sizeof(*argv));
	if (!argv)
		return ox_fail_nomem(err, "toolchain");
	memcpy(argv, s->t->argv, s->t->argc * sizeof(*argv));
	memcpy(argv + s->t->argc, args, count * sizeof(*argv));
	struct ox_process_spec spec = {.argv = argv,
				       .env = s->t->env,
				       .out = out,
				       .line = keep_folders,
				       .cancelled = ask_cancelled,
				       .ctx = s};
	int rc = ox_process_run(&spec, &status, err);
	if (!rc && status.exit_code != 0)
		rc = ox_fail(err, OX_EBUILD, "%s is not a C compiler that works: it does not answer %s", s->t->argv[0],
			     args[0]);
	return rc;
}

/* A wrapper like musl-gcc tells of its own folders only the linker. */
static int ask_search_dirs(void *ctx, struct ox_step_result *result, struct ox_err *err)
{
	static const char *const dirs[] = {"-print-search-dirs", NULL};
	static const char *const linking[] = {"-###", "-static", "-x", "c", "/dev/null", NULL};
	struct search_step *s = ctx;
	struct ox_buf out = {.limit = 1 << 20};
	int rc = s->t->is_musl ? ask(s, linking, NULL, err) : 0;
	if (!rc)
		rc = ask(s, dirs, &out, err);
	if (!rc && out.len == 0)
		rc = ox_fail(err, OX_EBUILD, "%s is not a C compiler that works: it has no search folders",
			     s->t->argv[0]);
	ox_buf_printf(&out, "\nlinked: =%s\n", ox_buf_text(&s->folders));
	ox_buf_free(&s->folders);
	if (!rc)
		rc = ox_buf_ok(&out, "search folders", err);
	if (!rc)
		ox_step_result_meta(result, ox_buf_view(&out));
	ox_buf_free(&out);
	return rc;
}

/* The folders after "LABEL: =" in what -print-search-dirs says. */
static const char *const *search_list(struct ox_build_context *ctx, struct ox_slice text, const char *label,
				      struct ox_err *err)
{
	struct ox_slice list = OX_SLICE("");
	const char *at = text.len ? memmem(text.data, text.len, label, strlen(label)) : NULL;
	if (at) {
		at += strlen(label);
		const char *end = memchr(at, '\n', (size_t)(text.data + text.len - at));
		list = ox_slice(at, (size_t)((end ? end : text.data + text.len) - at));
	}
	return split(ctx, list, ':', err);
}

static int find_dirs(struct ox_build_context *ctx, struct ox_toolchain *t, const struct ox_digest *driver,
		     struct ox_err *err)
{
	struct ox_step *step = ox_step_new(ctx->arena, "toolchain", 2, t->argv[0]);
	if (!step)
		return ox_fail_nomem(err, "toolchain");
	ox_step_digest(step, "driver", driver);
	for (size_t i = 0; i < t->argc; i++)
		ox_step_text(step, "argument", ox_slice_str(t->argv[i]));
	for (size_t i = 0; t->env[i]; i++)
		if (strncmp(t->env[i], "TMPDIR=", 7) != 0)
			ox_step_text(step, "environment", ox_slice_str(t->env[i]));
	struct search_step s = {.ctx = ctx, .t = t};
	struct ox_outputs outs;
	int rc = ox_actions_run(ctx->actions, step, ask_search_dirs, &s, &outs, err);
	if (rc)
		return rc;
	t->programs = search_list(ctx, outs.meta, "programs: =", err);
	t->libraries = search_list(ctx, outs.meta, t->is_musl ? "linked: =" : "libraries: =", err);
	return t->programs && t->libraries ? 0 : OX_EEXHAUSTED;
}

/* Parts that are absent are not used by this compiler (clang has no cc1). */
static int find_parts(struct ox_build_context *ctx, struct ox_toolchain *t, const char *const *path,
		      const struct ox_link_input *driver, struct ox_err *err)
{
	static const char *const passes[] = {"cc1", "collect2", "as", "ld", "objcopy"};
	static const char *const files[] = {"crt1.o",   "Scrt1.o",	    "crti.o",	 "crtn.o",    "crtbegin.o",
					    "crtend.o", "crtbeginS.o",	    "crtendS.o", "libgcc.a",  "libgcc_eh.a",
					    "libc.so",	"libc_nonshared.a", "libc.so.6", "libm.so.6", "libm.so",
					    "libc.a"}; /* the last for musl only */
	size_t most = 1 + OX_COUNT(passes) + OX_COUNT(files);
	struct ox_link_input *parts = ox_arena_array(ctx->arena, most, sizeof(*parts));
	if (!parts)
		return ox_fail_nomem(err, "toolchain");
	size_t n = 0;
	parts[n++] = *driver;
	for (size_t i = 0; i < OX_COUNT(passes); i++) {
		const char *found = search(ctx, t->programs, passes[i], true);
		if (!found)
			found = search(ctx, path, passes[i], true);
		int rc = found ? ox_link_input_read(ctx, passes[i], found, &parts[n], err) : 0;
		if (rc)
			return rc;
		n += found != NULL;
	}
	for (size_t i = 0; i < OX_COUNT(files) - !t->is_musl; i++) {
		const char *found = search(ctx, t->libraries, files[i], false);
		int rc = found ? ox_link_input_read(ctx, files[i], found, &parts[n], err) : 0;
		if (rc)
			return rc;
		n += found != NULL;
	}
	t->parts = parts;
	t->part_count = n;
	return 0;
}

int ox_toolchain_find(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_toolchain *out,
		      struct ox_err *err)
{
	const struct ox_dist_archive *archive = dist ? dist->archive : NULL;
	const char *path = lookup(ctx, "PATH");
	struct ox_link_input driver;
	*out = (struct ox_toolchain){.sysroot = archive && archive->sysroot ? &archive->tree : NULL};
	out->is_musl = dist && dist->is_static && !out->sysroot;
	if (!path)
		path = "/usr/local/bin:/usr/bin:/bin";
	const char *const *dirs = split(ctx, ox_slice_str(path), ':', err);
	int rc = dirs ? find_driver(ctx, out, dirs, archive ? archive->sysroot : NULL, err) : OX_EEXHAUSTED;
	if (!rc)
		rc = make_environment(ctx, out, path, err);
	if (!rc)
		rc = ox_link_input_read(ctx, "compiler", out->argv[0], &driver, err);
	if (!rc)
		rc = find_dirs(ctx, out, &driver.digest, err);
	if (!rc)
		rc = find_parts(ctx, out, dirs, &driver, err);
	return rc;
}

int ox_toolchain_library(struct ox_build_context *ctx, const struct ox_toolchain *t, const char *name,
			 struct ox_link_input *out, struct ox_err *err)
{
	const char *path = search(ctx, t->libraries, name, false);
	if (!path)
		return ox_fail(err, OX_ENOENT, "%s not found", name);
	return ox_link_input_read(ctx, name, path, out, err);
}

const char *ox_toolchain_program(const struct ox_toolchain *t, const char *name)
{
	for (size_t i = 0; i < t->part_count; i++)
		if (strcmp(t->parts[i].name, name) == 0)
			return t->parts[i].path;
	return NULL;
}

void ox_toolchain_add(const struct ox_toolchain *t, struct ox_step *step)
{
	for (size_t i = 0; i < t->part_count; i++)
		ox_step_digest(step, t->parts[i].name, &t->parts[i].digest);
	for (size_t i = 1; i < t->named; i++)
		ox_step_text(step, "compiler argument", ox_slice_str(t->argv[i]));
	if (t->sysroot)
		ox_step_digest(step, "sysroot", t->sysroot);
}

/* What the callbacks of one compiler run share. */
struct run {
	struct ox_build_context *ctx;
	struct ox_toolchain_job *job;
};

static void keep_line(void *ctx, struct ox_slice line)
{
	struct run *r = ctx;
	ox_buf_slice(&r->job->output, line);
	ox_buf_byte(&r->job->output, '\n');
}

static int run_cancelled(void *ctx, struct ox_err *err)
{
	struct run *r = ctx;
	if (r->job->lock)
		pthread_mutex_lock(r->job->lock);
	int rc = ox_actions_check_cancel(r->ctx->actions, err);
	if (r->job->lock)
		pthread_mutex_unlock(r->job->lock);
	return rc;
}

static int explain_status(const struct ox_toolchain *t, const struct ox_toolchain_job *job,
			  const struct ox_process_status *status, struct ox_err *err)
{
	static const char full[] = "No space left on device";
	if (job->output.len && memmem(job->output.data, job->output.len, full, sizeof(full) - 1))
		return ox_fail(err, OX_EEXHAUSTED, "the compiler %s found no space left on the disk", t->argv[0]);
	if (status->signal)
		return ox_fail(err, OX_EBUILD, "the compiler %s was ended by signal %d", t->argv[0], status->signal);
	return ox_fail(err, OX_EBUILD, "the compiler %s failed with status %d", t->argv[0], status->exit_code);
}

int ox_toolchain_run(struct ox_build_context *ctx, const struct ox_toolchain *t, struct ox_toolchain_job *job,
		     struct ox_err *err)
{
	struct run r = {ctx, job};
	struct ox_process_status status = {0};
	const char **argv = calloc(t->argc + job->count + 1, sizeof(*argv));
	if (!argv)
		return ox_fail_nomem(err, "compiler arguments");
	memcpy(argv, t->argv, t->argc * sizeof(*argv));
	memcpy(argv + t->argc, job->args, job->count * sizeof(*argv));
	struct ox_process_spec spec = {.argv = argv,
				       .env = t->env,
				       .cwd = job->cwd,
				       .line = keep_line,
				       .cancelled = run_cancelled,
				       .ctx = &r};
	job->output.limit = 4 << 20;
	int rc = ox_process_run(&spec, &status, err);
	job->failed = !rc && status.exit_code != 0;
	if (job->failed)
		rc = explain_status(t, job, &status, err);
	free(argv);
	return rc;
}

void ox_toolchain_tell(struct ox_build_context *ctx, const struct ox_toolchain_job *job)
{
	enum ox_level level = job->failed ? OX_LEVEL_ERROR : OX_LEVEL_DEBUG;
	struct ox_slice rest = ox_buf_view(&job->output);
	while (rest.len) {
		const char *end = memchr(rest.data, '\n', rest.len);
		size_t n = end ? (size_t)(end - rest.data) : rest.len;
		ox_emit_log(ctx->sink, level, "cc", "%.*s", (int)n, rest.data);
		size_t used = end ? n + 1 : n;
		rest = ox_slice(rest.data + used, rest.len - used);
	}
}
