#include "daemon/python/pip_inputs.h"

#include "daemon/python/captured.h"
#include "daemon/python/child_env.h"
#include "daemon/python/pip_local.h"
#include "store/digest/digest.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

struct inputs {
	struct ox_pip_local local; /* first: what local files add */
	struct ox_build_context *ctx;
	const struct ox_distribution *dist;
	struct ox_step *step;
	struct ox_pip_inputs *out;
	struct ox_buf label;
	struct ox_err *err;
};

enum option_kind { OPTION_FLAG, OPTION_VALUE, OPTION_REQUIREMENT, OPTION_CONSTRAINT, OPTION_LINKS, OPTION_EDITABLE,
		   OPTION_REFUSED, OPTION_NO_DEPS };

struct option {
	const char *name;
	enum option_kind kind;
};

/* Those that matter here or take a value in the next argument. */
static const struct option options[] = {
	{"-r", OPTION_REQUIREMENT}, {"--requirement", OPTION_REQUIREMENT},
	{"-c", OPTION_CONSTRAINT}, {"--constraint", OPTION_CONSTRAINT},
	{"-f", OPTION_LINKS}, {"--find-links", OPTION_LINKS},
	{"-e", OPTION_EDITABLE}, {"--editable", OPTION_EDITABLE},
	{"-t", OPTION_REFUSED}, {"--target", OPTION_REFUSED}, {"--prefix", OPTION_REFUSED},
	{"--root", OPTION_REFUSED}, {"--user", OPTION_REFUSED}, {"--dry-run", OPTION_REFUSED},
	{"--no-deps", OPTION_NO_DEPS},
	{"-i", OPTION_VALUE}, {"--index-url", OPTION_VALUE}, {"--extra-index-url", OPTION_VALUE},
	{"--platform", OPTION_VALUE}, {"--python-version", OPTION_VALUE}, {"--implementation", OPTION_VALUE},
	{"--abi", OPTION_VALUE}, {"--src", OPTION_VALUE}, {"--upgrade-strategy", OPTION_VALUE},
	{"-C", OPTION_VALUE}, {"--config-settings", OPTION_VALUE}, {"--config-setting", OPTION_VALUE},
	{"--global-option", OPTION_VALUE}, {"--install-option", OPTION_VALUE}, {"--build-option", OPTION_VALUE},
	{"--no-binary", OPTION_VALUE}, {"--only-binary", OPTION_VALUE}, {"--progress-bar", OPTION_VALUE},
	{"--report", OPTION_VALUE}, {"--cache-dir", OPTION_VALUE}, {"--log", OPTION_VALUE},
	{"--proxy", OPTION_VALUE}, {"--retries", OPTION_VALUE}, {"--timeout", OPTION_VALUE},
	{"--exists-action", OPTION_VALUE}, {"--trusted-host", OPTION_VALUE}, {"--cert", OPTION_VALUE},
	{"--client-cert", OPTION_VALUE}, {"--use-feature", OPTION_VALUE}, {"--use-deprecated", OPTION_VALUE},
	{"--keyring-provider", OPTION_VALUE}, {"--root-user-action", OPTION_VALUE}, {"--group", OPTION_VALUE},
};

/* The option that an argument is, and its value when that is in the same argument ("--x=v", "-rv"). */
static enum option_kind find_option(struct ox_slice arg, struct ox_slice *value)
{
	*value = ox_slice(NULL, 0);
	for (size_t i = 0; i < OX_COUNT(options); i++) {
		struct ox_slice name = ox_slice_str(options[i].name);
		bool is_short = name.len == 2;
		if (!ox_slice_starts(arg, name))
			continue;
		if (arg.len == name.len)
			return options[i].kind;
		if (!is_short && arg.data[name.len] != '=')
			continue;
		size_t skip = name.len + (is_short ? 0 : 1);
		*value = ox_slice(arg.data + skip, arg.len - skip);
		return options[i].kind;
	}
	return OPTION_FLAG;
}

static int add_option(struct inputs *in, enum option_kind kind, struct ox_slice arg, struct ox_slice value)
{
	switch (kind) {
	case OPTION_REQUIREMENT:
		return ox_pip_local_requirements(&in->local, in->ctx->cwd, value, in->err);
	case OPTION_CONSTRAINT:
		return ox_pip_local_constraints(&in->local, in->ctx->cwd, value, in->err);
	case OPTION_LINKS:
		return ox_pip_local_links(&in->local, in->ctx->cwd, value, in->err);
	case OPTION_EDITABLE:
		return ox_pip_local_requirement(&in->local, in->ctx->cwd, value, in->err);
	case OPTION_REFUSED:
		return ox_fail(in->err, OX_EUSAGE,
			       "pip_install does not take %.*s: the packages go into the executable",
			       OX_SLICE_ARG(arg));
	case OPTION_NO_DEPS:
		in->out->no_deps = true;
		return 0;
	case OPTION_FLAG:
	case OPTION_VALUE:
		break;
	}
	return 0;
}

static bool takes_value(enum option_kind kind, struct ox_slice arg)
{
	return kind != OPTION_FLAG && kind != OPTION_NO_DEPS &&
	       !ox_slice_eq_str(arg, "--user") && !ox_slice_eq_str(arg, "--dry-run");
}

static int add_arguments(struct inputs *in, const struct ox_slice *args, size_t count)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < count; i++) {
		const char *name = ox_arena_printf(in->ctx->arena, "argument %zu", i + 1);
		if (!name)
			return ox_fail_nomem(in->err, "pip's arguments");
		ox_step_text(in->step, name, args[i]);
		if (!args[i].len || args[i].data[0] != '-') {
			ox_buf_printf(&in->label, "%s%.*s", in->label.len ? " " : "", OX_SLICE_ARG(args[i]));
			rc = ox_pip_local_requirement(&in->local, in->ctx->cwd, args[i], in->err);
			continue;
		}
		struct ox_slice value;
		enum option_kind kind = find_option(args[i], &value);
		if (!value.len && takes_value(kind, args[i]) && i + 1 < count) {
			value = args[++i];
			ox_step_text(in->step, name, value);
		}
		if (kind == OPTION_REQUIREMENT)
			ox_buf_printf(&in->label, "%s-r %.*s", in->label.len ? " " : "", OX_SLICE_ARG(value));
		rc = add_option(in, kind, args[i], value);
	}
	return rc;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every PIP_* variable that is set, in the order of names; the files that some of them name. */
static int add_variables(struct inputs *in, const char *const *extra_env)
{
	size_t count = 0;
	for (const char *const *e = in->ctx->environ; e && *e; e++)
		count += strncmp(*e, "PIP_", 4) == 0;
	const char **found = ox_arena_array(in->ctx->arena, count + 1, sizeof *found);
	if (!found)
		return ox_fail_nomem(in->err, "pip's variables");
	count = 0;
	for (const char *const *e = in->ctx->environ; e && *e; e++)
		if (strncmp(*e, "PIP_", 4) == 0)
			found[count++] = *e;
	if (count)
		qsort(found, count, sizeof *found, compare_texts);
	for (size_t i = 0; i < count; i++) {
		struct ox_slice name = ox_arena_slice(in->ctx->arena, ox_slice(found[i], strcspn(found[i], "=")));
		if (!name.data)
			return ox_fail_nomem(in->err, "pip's variables");
		ox_memo_env(in->ctx->memo, name.data);
		ox_step_text(in->step, name.data, ox_slice_str(found[i] + name.len));
	}
	for (const char *const *e = extra_env; e && *e; e++)
		ox_step_text(in->step, "extra variable", ox_slice_str(*e));
	return 0;
}

/* A variable that appears later changes the outcome as well. */
static void record_unset(struct inputs *in)
{
	static const char *const names[] = {
		"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONSTRAINT",
		"PIP_REQUIREMENT", "PIP_PRE", "PIP_NO_BINARY", "PIP_ONLY_BINARY", "PIP_PREFER_BINARY",
		"PIP_NO_DEPS", "PIP_UPGRADE", "PIP_PLATFORM", "PIP_PYTHON_VERSION", "PIP_IMPLEMENTATION", "PIP_ABI",
		"PIP_REQUIRE_HASHES", "PIP_NO_BUILD_ISOLATION", "PIP_USE_PEP517", "PIP_CONFIG_SETTINGS",
		"PIP_TRUSTED_HOST", "PIP_IGNORE_REQUIRES_PYTHON", "PIP_UPGRADE_STRATEGY", "PIP_USE_FEATURE",
		"PIP_CACHE_DIR", "PIP_PROXY", "PIP_BUILD_CONSTRAINT",
	};
	for (size_t i = 0; i < OX_COUNT(names); i++)
		ox_memo_env(in->ctx->memo, names[i]);
}

/* What builds of extensions from source look at, setuptools and compilers; absent is an answer too. A script's own
 * variables are in the key already. */
static int add_compiler_variables(struct inputs *in, const char *const *extra_env)
{
	static const char *const names[] = {
		"CC", "CXX", "CC_x86_64_unknown_linux_musl", "CPP", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS",
		"LDSHARED", "LDCXXSHARED", "AR", "ARFLAGS", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR",
		"COMPILER_PATH", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "SOURCE_DATE_EPOCH",
	};
	struct ox_buf text = {0};
	ox_buf_printf(&text, "kept objects %d\n", OX_CAPTURES_VERSION);
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		const char *value = ox_client_env(in->ctx, names[i]);
		if (!value)
			continue;
		ox_step_text(in->step, names[i], ox_slice_str(value));
		ox_buf_printf(&text, "%s=%s\n", names[i], value);
	}
	for (const char *const *e = extra_env; e && *e; e++)
		ox_buf_printf(&text, "%s\n", *e);
	ox_buf_add(&text, in->dist->digest.bytes, sizeof in->dist->digest.bytes);
	int rc = ox_buf_ok(&text, "pip's environment", in->err);
	if (!rc)
		rc = ox_digest_bytes(ox_buf_view(&text), &in->out->building, in->err);
	ox_buf_free(&text);
	return rc;
}

static int add_named_files(struct inputs *in)
{
	static const struct {
		const char *variable;
		enum option_kind kind;
	} lists[] = {{"PIP_REQUIREMENT", OPTION_REQUIREMENT}, {"PIP_CONSTRAINT", OPTION_CONSTRAINT},
		     {"PIP_FIND_LINKS", OPTION_LINKS}};
	int rc = 0;
	for (size_t i = 0; i < OX_COUNT(lists); i++) {
		const char *at = ox_client_env(in->ctx, lists[i].variable);
		while (!rc && at && *at) {
			at += strspn(at, " \t\n");
			size_t len = strcspn(at, " \t\n");
			if (len)
				rc = add_option(in, lists[i].kind, ox_slice(NULL, 0), ox_slice(at, len));
			at += len;
		}
	}
	return rc;
}

/* One configuration file; its name in the key says which, not where: homes differ. */
static int add_config(struct inputs *in, const char *name, const char *path)
{
	struct stat st;
	if (!path)
		return ox_fail_nomem(in->err, "pip's configuration");
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return ox_pip_local_config(&in->local, name, path, in->err);
	ox_memo_file(in->ctx->memo, path);
	ox_step_text(in->step, name, OX_SLICE("absent"));
	return 0;
}

static const char *home(struct inputs *in)
{
	const char *dir = ox_client_env(in->ctx, "HOME");
	struct passwd *pw = dir ? NULL : getpwuid(getuid());
	return dir ? dir : pw ? pw->pw_dir : "/";
}

static int add_global_configs(struct inputs *in)
{
	const char *dirs = ox_client_env(in->ctx, "XDG_CONFIG_DIRS");
	int rc = add_config(in, "pip.conf of /etc", "/etc/pip.conf");
	for (const char *at = dirs ? dirs : "/etc/xdg"; !rc && *at;) {
		size_t len = strcspn(at, ":");
		if (len)
			rc = add_config(in, "pip.conf of XDG_CONFIG_DIRS",
					ox_arena_printf(in->ctx->arena, "%.*s/pip/pip.conf", (int)len, at));
		at += len + (at[len] == ':');
	}
	return rc;
}

static int add_configs(struct inputs *in)
{
	struct ox_arena *arena = in->ctx->arena;
	const char *xdg = ox_client_env(in->ctx, "XDG_CONFIG_HOME");
	const char *named = ox_client_env(in->ctx, "PIP_CONFIG_FILE");
	const char *bin = strstr(in->dist->python_exe, "/bin/");
	int prefix_len = bin ? (int)(bin - in->dist->python_exe) : 0;
	int rc = add_global_configs(in);
	if (!rc)
		rc = add_config(in, "pip.conf of ~/.pip", ox_arena_printf(arena, "%s/.pip/pip.conf", home(in)));
	if (!rc)
		rc = add_config(in, "pip.conf of the user",
				xdg ? ox_arena_printf(arena, "%s/pip/pip.conf", xdg)
				    : ox_arena_printf(arena, "%s/.config/pip/pip.conf", home(in)));
	if (!rc)
		rc = add_config(in, "pip.conf of the interpreter",
				ox_arena_printf(arena, "%.*s/pip.conf", prefix_len, in->dist->python_exe));
	if (!rc && named)
		rc = add_config(in, "PIP_CONFIG_FILE", named);
	return rc;
}

int ox_pip_inputs_add(struct ox_build_context *ctx, const struct ox_distribution *dist,
		      const struct ox_pip_request *request, struct ox_step *step, struct ox_pip_inputs *out,
		      struct ox_err *err)
{
	struct inputs in = {
		.local = {.ctx = ctx, .step = step}, .ctx = ctx, .dist = dist, .step = step, .out = out, .err = err};
	*out = (struct ox_pip_inputs){0};
	ox_step_digest(step, "interpreter", &dist->digest);
	int rc = add_arguments(&in, request->args, request->arg_count);
	if (!rc)
		rc = add_variables(&in, request->extra_env);
	record_unset(&in);
	if (!rc)
		rc = add_compiler_variables(&in, request->extra_env);
	if (!rc)
		rc = add_named_files(&in);
	if (!rc)
		rc = add_configs(&in);
	out->requirements = in.local.requirements;
	out->all_exact = in.local.requirements && !in.local.inexact;
	out->local_source = in.local.sources != 0;
	out->label = ox_arena_str(ctx->arena, ox_buf_text(&in.label));
	ox_buf_free(&in.label);
	if (!rc && !out->label)
		rc = ox_fail_nomem(err, "pip's arguments");
	return rc;
}
