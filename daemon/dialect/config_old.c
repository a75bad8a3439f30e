/* The constructor PythonInterpreterConfig(...) of the 0.5 to 0.7 generation: its
 * arguments in today's fields. */
#include "daemon/dialect/config_value.h"

typedef int old_setter(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value);

static int fail(struct ox_dialect *d, const struct ox_err *err)
{
	ox_star_fail_err(d->star, err);
	return -1;
}

static int set_str(struct ox_dialect *d, struct ox_pack_config *config, const char *name, struct ox_slice text)
{
	struct ox_err err;
	return ox_pack_config_set_str(config, name, text, &err) == 0 ? 0 : fail(d, &err);
}

static int set_bool(struct ox_dialect *d, struct ox_pack_config *config, const char *name, bool value)
{
	struct ox_err err;
	return ox_pack_config_set_bool(config, name, value, &err) == 0 ? 0 : fail(d, &err);
}

static bool is_none(ox_star_value v)
{
	return ox_star_kind(v) == OX_STAR_T_NONE;
}

static int set_bytes_warning(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	static const char *const levels[] = {"none", "warn", "raise"};
	int64_t level;
	if (!ox_star_to_int(value, &level))
		return ox_config_value_set(d, config, "bytes_warning", value);
	if (level < 0 || level > 2) {
		ox_star_fail(d->star, "bytes_warning is 0, 1 or 2");
		return -1;
	}
	return set_str(d, config, "bytes_warning", ox_slice_str(levels[level]));
}

static int set_ignore_environment(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	return set_bool(d, config, "use_environment", !ox_star_truth(value));
}

static int set_unbuffered(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	return set_bool(d, config, "buffered_stdio", !ox_star_truth(value));
}

static int set_verbose(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	return set_bool(d, config, "verbose", ox_star_truth(value));
}

static int set_optimize_level(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	return ox_config_value_set(d, config, "optimization_level", value);
}

static int set_run_eval(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	return ox_config_value_set(d, config, "run_command", value);
}

static int set_run_file(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	return ox_config_value_set(d, config, "run_filename", value);
}

static int set_run_noop(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	return ox_star_truth(value) ? set_str(d, config, "run_command", OX_SLICE("pass")) : 0;
}

/* A REPL is what an executable without any run_* setting starts. */
static int set_nothing(struct ox_dialect *d OX_UNUSED, struct ox_pack_config *config OX_UNUSED,
		       ox_star_value value OX_UNUSED)
{
	return 0;
}

static int set_run_mode(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	static const struct {
		const char *lead, *field;
	} modes[] = {{"eval:", "run_command"}, {"file:", "run_filename"}, {"module:", "run_module"}};
	struct ox_slice text = ox_star_text(value);
	if (is_none(value) || ox_slice_eq_str(text, "repl"))
		return 0;
	if (ox_slice_eq_str(text, "noop") || ox_slice_eq_str(text, "none"))
		return set_str(d, config, "run_command", OX_SLICE("pass"));
	for (size_t i = 0; i < OX_COUNT(modes); i++) {
		size_t len = strlen(modes[i].lead);
		if (text.len > len && memcmp(text.data, modes[i].lead, len) == 0)
			return set_str(d, config, modes[i].field, ox_slice(text.data + len, text.len - len));
	}
	ox_star_fail(
		d->star,
		"'%.*s' is not a run mode: use \"eval:CODE\", \"file:PATH\", \"module:NAME\", \"repl\" or \"noop\"",
		OX_SLICE_ARG(text));
	return -1;
}

static int set_sys_paths(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	return ox_config_value_set(d, config, "module_search_paths", value);
}

static int set_raw_allocator(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	if (is_none(value))
		return 0;
	struct ox_slice name = ox_star_text(value);
	return set_str(d, config, "allocator_backend", ox_slice_eq_str(name, "system") ? OX_SLICE("default") : name);
}

/* "utf-8:ignore": encoding and error handling in one. */
static int set_stdio_encoding(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	struct ox_slice text = ox_star_text(value);
	const char *colon = text.len ? memchr(text.data, ':', text.len) : NULL;
	if (!colon)
		return ox_config_value_set(d, config, "stdio_encoding", value);
	size_t len = (size_t)(colon - text.data);
	if (set_str(d, config, "stdio_encoding", ox_slice(text.data, len)) != 0)
		return -1;
	return set_str(d, config, "stdio_errors", ox_slice(colon + 1, text.len - len - 1));
}

static int set_terminfo_dirs(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	if (is_none(value))
		return 0;
	const char *text = ox_arena_printf(d->ctx->arena, "static:%s", ox_star_cstr(value));
	return set_str(d, config, "terminfo_resolution", ox_slice_str(text));
}

/* "static" alone says nothing: terminfo_dirs brings the folders. */
static int set_terminfo_resolution(struct ox_dialect *d, struct ox_pack_config *config, ox_star_value value)
{
	if (ox_slice_eq_str(ox_star_text(value), "static"))
		return 0;
	return ox_config_value_set(d, config, "terminfo_resolution", value);
}

static const struct {
	const char *name;
	uint32_t types;
	old_setter *set;
} old_names[] = {
	{"bytes_warning", OX_STAR_T_INT | OX_STAR_T_STRING | OX_STAR_T_NONE, set_bytes_warning},
	{"ignore_environment", OX_STAR_T_BOOL, set_ignore_environment},
	{"optimize_level", OX_STAR_T_INT, set_optimize_level},
	{"raw_allocator", OX_STAR_T_STRING | OX_STAR_T_NONE, set_raw_allocator},
	{"run_eval", OX_STAR_T_STRING | OX_STAR_T_NONE, set_run_eval},
	{"run_file", OX_STAR_T_STRING | OX_STAR_T_NONE, set_run_file},
	{"run_mode", OX_STAR_T_STRING | OX_STAR_T_NONE, set_run_mode},
	{"run_noop", OX_STAR_T_BOOL, set_run_noop},
	{"run_repl", OX_STAR_T_BOOL, set_nothing},
	{"stdio_encoding", OX_STAR_T_STRING | OX_STAR_T_NONE, set_stdio_encoding},
	{"sys_paths", OX_STAR_T_LIST | OX_STAR_T_TUPLE | OX_STAR_T_NONE, set_sys_paths},
	{"terminfo_dirs", OX_STAR_T_STRING | OX_STAR_T_NONE, set_terminfo_dirs},
	{"terminfo_resolution", OX_STAR_T_STRING | OX_STAR_T_NONE, set_terminfo_resolution},
	{"unbuffered_stdio", OX_STAR_T_BOOL, set_unbuffered},
	{"use_hash_seed", OX_STAR_T_BOOL, set_nothing},
	{"verbose", OX_STAR_T_INT | OX_STAR_T_BOOL, set_verbose},
};

/* What a field of today's table takes. */
static uint32_t field_types(enum ox_config_type type)
{
	static const uint32_t types[] = {
		[OX_CONFIG_BOOL] = OX_STAR_T_BOOL | OX_STAR_T_INT,
		[OX_CONFIG_INT] = OX_STAR_T_INT,
		[OX_CONFIG_STR] = OX_STAR_T_STRING,
		[OX_CONFIG_LIST] = OX_STAR_T_LIST | OX_STAR_T_TUPLE,
	};
	return types[type] | OX_STAR_T_NONE;
}

static int check_type(struct ox_dialect *d, const char *name, uint32_t types, ox_star_value value)
{
	if (ox_star_kind(value) & types)
		return 0;
	ox_star_fail_with(d->star, "wrong-type", NULL, "%s does not take a %s", name,
			  ox_star_type_name(d->star, value));
	return -1;
}

int ox_old_config_set(struct ox_dialect *d, struct ox_pack_config *config, const char *name, ox_star_value value)
{
	for (size_t i = 0; i < OX_COUNT(old_names); i++) {
		if (strcmp(name, old_names[i].name) != 0)
			continue;
		if (check_type(d, name, old_names[i].types, value) != 0)
			return -1;
		return old_names[i].set(d, config, value) == 0 ? 1 : -1;
	}
	const struct ox_config_field *field = ox_config_field_find(name);
	if (!field)
		return 0;
	if (check_type(d, name, field_types(field->type), value) != 0)
		return -1;
	return ox_config_value_set(d, config, name, value) == 0 ? 1 : -1;
}

ox_star_value ox_old_config_new(struct ox_dialect *d)
{
	ox_star_value v = ox_config_value_new(d);
	if (ox_star_ok(v) && set_bool(d, ox_config_value_of(v)->config, "sys_frozen", false) != 0)
		return OX_STAR_FAILED;
	return v;
}

static ox_star_value fail_unknown(struct ox_dialect *d, const char *name)
{
	const char *candidates[OX_COUNT(old_names) + 128];
	size_t count = 0;
	for (size_t i = 0; i < OX_COUNT(old_names); i++)
		candidates[count++] = old_names[i].name;
	for (size_t i = 0; i < ox_config_field_count && count < OX_COUNT(candidates); i++)
		candidates[count++] = ox_config_fields[i].name;
	const char *near = ox_star_nearest(ox_slice_str(name), candidates, count);
	char hint[128] = "";
	if (near)
		snprintf(hint, sizeof hint, "did you mean '%s'?", near);
	return ox_star_fail_with(d->star, "unknown-argument", near ? hint : NULL,
				 "PythonInterpreterConfig() has no argument '%s'", name);
}

/* run_eval=None and run_noop=False ask for nothing. */
static bool asks_to_run(const char *name, ox_star_value value)
{
	static const char *const names[] = {"run_eval", "run_file", "run_module", "run_noop", "run_repl"};
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return ox_star_truth(value);
	}
	return false;
}

static ox_star_value construct(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args,
			       void *data OX_UNUSED)
{
	struct ox_dialect *d = ox_dialect_of(s);
	ox_star_value result = ox_old_config_new(d), key, value;
	int runs = 0;
	if (!ox_star_ok(result))
		return result;
	d->old_generation = true;
	for (size_t i = 0; ox_star_entry(args[0], i, &key, &value); i++) {
		const char *name = ox_star_cstr(key);
		int rc = ox_old_config_set(d, ox_config_value_of(result)->config, name, value);
		if (rc == 0)
			return fail_unknown(d, name);
		if (rc < 0)
			return OX_STAR_FAILED;
		runs += asks_to_run(name, value);
	}
	if (runs > 1)
		return ox_star_fail(
			s, "several of run_eval, run_file, run_module, run_noop and run_repl are set: use one");
	return result;
}

const struct ox_star_function ox_old_config_function = {
	.name = "PythonInterpreterConfig",
	.params =
		(const struct ox_star_param[]){
			{.name = "settings",
			 .kind = OX_STAR_NAMED_REST,
			 .doc = "attributes of an interpreter configuration, by their old or modern names"},
			{0},
		},
	.call = construct,
	.returns = OX_STAR_T_NATIVE,
	.doc = "The old generation's interpreter configuration; today make_python_interpreter_config() of a "
	       "distribution.",
};
