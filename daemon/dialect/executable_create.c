/* to_python_executable: the new signature (name, packaging_policy, config) and
 * the old one (name, resources_policy, config, include_*, ...) in one. */
#include "daemon/dialect/executable_value.h"

static const struct ox_star_type *const second_types[] = {&ox_policy_type, &ox_config_type_spec, NULL};
static const struct ox_star_type *const config_types[] = {&ox_config_type_spec, NULL};

enum {
	ARG_NAME,
	ARG_POLICY, /* or, in old files, a resources policy or a configuration by position */
	ARG_CONFIG,
	ARG_RESOURCES_POLICY,
	ARG_FILTER,
	ARG_VARIANTS,
	ARG_SOURCES,
	ARG_RESOURCES,
	ARG_TEST,
	ARG_RUN_EVAL,
	ARG_RUN_FILE,
	ARG_RUN_MODULE,
	ARG_RUN_NOOP,
	ARG_RUN_REPL,
};

#define NAMED (OX_STAR_OPTIONAL | OX_STAR_NAMED_ONLY)

const struct ox_star_param ox_to_executable_params[] = {
	[ARG_NAME] = {.name = "name", .types = OX_STAR_T_STRING, .doc = "the file name of the executable"},
	[ARG_POLICY] = {.name = "packaging_policy",
			.types = OX_STAR_T_NATIVE | OX_STAR_T_STRING | OX_STAR_T_NONE,
			.kind = OX_STAR_OPTIONAL,
			.fallback = "None",
			.natives = second_types,
			.doc = "what is packaged and where; None stands for the defaults"},
	[ARG_CONFIG] = {.name = "config",
			.types = OX_STAR_T_NATIVE | OX_STAR_T_NONE,
			.kind = OX_STAR_OPTIONAL,
			.fallback = "None",
			.natives = config_types,
			.doc = "how the interpreter starts and what it runs; None stands for the defaults"},
	[ARG_RESOURCES_POLICY] = {.name = "resources_policy",
				  .types = OX_STAR_T_STRING,
				  .kind = NAMED,
				  .doc = "\"in-memory-only\", \"filesystem-relative-only:PREFIX\" or "
					 "\"prefer-in-memory-fallback-filesystem-relative:PREFIX\""},
	[ARG_FILTER] = {.name = "extension_module_filter",
			.types = OX_STAR_T_STRING,
			.kind = NAMED,
			.doc = "\"all\", \"minimal\", \"no-libraries\" or \"no-copyleft\""},
	[ARG_VARIANTS] = {.name = "preferred_extension_module_variants",
			  .types = OX_STAR_T_DICT | OX_STAR_T_NONE,
			  .kind = NAMED,
			  .doc = "name of an extension module to the variant to take"},
	[ARG_SOURCES] = {.name = "include_sources",
			 .types = OX_STAR_T_BOOL,
			 .kind = NAMED,
			 .doc = "whether source code is packaged beside bytecode"},
	[ARG_RESOURCES] = {.name = "include_resources",
			   .types = OX_STAR_T_BOOL,
			   .kind = NAMED,
			   .doc = "whether files of the standard library that are no modules are packaged"},
	[ARG_TEST] = {.name = "include_test",
		      .types = OX_STAR_T_BOOL,
		      .kind = NAMED,
		      .doc = "whether tests of the standard library are packaged"},
	[ARG_RUN_EVAL] = {.name = "run_eval",
			  .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
			  .kind = NAMED,
			  .doc = "Python code to run"},
	[ARG_RUN_FILE] = {.name = "run_file",
			  .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
			  .kind = NAMED,
			  .doc = "a Python file to run"},
	[ARG_RUN_MODULE] = {.name = "run_module",
			    .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
			    .kind = NAMED,
			    .doc = "a module to run, as with python -m"},
	[ARG_RUN_NOOP] = {.name = "run_noop", .types = OX_STAR_T_BOOL, .kind = NAMED, .doc = "do nothing"},
	[ARG_RUN_REPL] = {.name = "run_repl",
			  .types = OX_STAR_T_BOOL,
			  .kind = NAMED,
			  .doc = "start an interactive interpreter"},
	[ARG_RUN_REPL + 1] = {0},
};

/* The keywords of the old generation change the policy that the executable starts with. */
static int apply_old_keywords(struct ox_dialect *d, struct ox_policy_value *v, const ox_star_value *args)
{
	struct ox_err err;
	struct ox_policy *policy = &v->policy;
	ox_star_value where = args[ARG_RESOURCES_POLICY];
	int rc = 0;
	if (!ox_star_ok(where) && ox_star_kind(args[ARG_POLICY]) == OX_STAR_T_STRING)
		where = args[ARG_POLICY];
	for (int i = ARG_RESOURCES_POLICY; i <= ARG_RUN_REPL; i++)
		d->old_generation = d->old_generation || ox_star_ok(args[i]);
	if (ox_star_ok(where))
		rc = ox_policy_set_resources_policy(policy, ox_star_text(where), d->ctx->arena, &err);
	if (rc == 0 && ox_star_ok(args[ARG_FILTER]))
		rc = ox_policy_set_extension_filter(policy, ox_star_text(args[ARG_FILTER]), &err);
	if (rc != 0) {
		ox_star_fail_err(d->star, &err);
		return -1;
	}
	if (ox_star_ok(args[ARG_SOURCES]))
		policy->include_distribution_sources = policy->include_non_distribution_sources =
			ox_star_truth(args[ARG_SOURCES]);
	if (ox_star_ok(args[ARG_RESOURCES]))
		policy->include_distribution_resources = ox_star_truth(args[ARG_RESOURCES]);
	if (ox_star_ok(args[ARG_TEST]))
		policy->include_test = ox_star_truth(args[ARG_TEST]);
	if (ox_star_ok(args[ARG_VARIANTS]) && ox_star_kind(args[ARG_VARIANTS]) == OX_STAR_T_DICT)
		return ox_policy_prefer_all(d, policy, args[ARG_VARIANTS]);
	return 0;
}

static ox_star_value choose_policy(struct ox_dialect *d, const ox_star_value *args)
{
	ox_star_value policy = args[ARG_POLICY];
	if (!ox_policy_value_of(policy))
		policy = ox_policy_value_new(d);
	if (!ox_star_ok(policy) || apply_old_keywords(d, ox_policy_value_of(policy), args) != 0)
		return OX_STAR_FAILED;
	return policy;
}

/* A snapshot of the given configuration, or the defaults of the generation; NULL: failing. */
static struct ox_pack_config *choose_config(struct ox_dialect *d, const ox_star_value *args)
{
	ox_star_value given = args[ARG_CONFIG];
	if (!ox_config_value_of(given))
		given = args[ARG_POLICY];
	if (!ox_config_value_of(given))
		given = d->old_generation ? ox_old_config_new(d) : ox_config_value_new(d);
	if (!ox_star_ok(given))
		return NULL;
	struct ox_pack_config *config = ox_pack_config_copy(d->ctx->arena, ox_config_value_of(given)->config);
	if (!config)
		ox_star_fail(d->star, "out of memory for an interpreter configuration");
	for (int i = ARG_RUN_EVAL; config && i <= ARG_RUN_REPL; i++) {
		const char *name = ox_to_executable_params[i].name;
		if (ox_star_ok(args[i]) && ox_old_config_set(d, config, name, args[i]) < 0)
			return NULL;
	}
	return config;
}

/* Without callbacks no value of the language is needed for each of some thousand resources. */
static int add_stdlib(struct ox_exe_value *exe, const struct ox_resources *stdlib)
{
	struct ox_dialect *d = exe->dialect;
	struct ox_policy_value *policy = ox_policy_value_of(exe->policy);
	bool has_callbacks = ox_star_len(policy->callbacks) > 0;
	struct ox_err err;
	for (size_t i = 0; i < stdlib->v.len; i++) {
		const struct ox_resource *r = &stdlib->v.items[i];
		struct ox_options options;
		ox_policy_apply(&policy->policy, r, &options);
		if (has_callbacks) {
			ox_star_value value = ox_policy_resource(d, exe->policy, r);
			if (!ox_star_ok(value))
				return -1;
			options = ox_resource_value_of(value)->options;
		}
		if (!options.include && !ox_resource_is_inherent(r))
			continue;
		if (ox_collector_add(&exe->resources, d->ctx->arena, r, &options, false, &err) != 0) {
			ox_star_fail_err(d->star, &err);
			return -1;
		}
	}
	return 0;
}

static int check_name(struct ox_star *s, struct ox_slice name)
{
	if (name.len > 0 && name.len < 256 && !memchr(name.data, '/', name.len) && !ox_slice_eq_str(name, ".") &&
	    !ox_slice_eq_str(name, ".."))
		return 0;
	ox_star_fail(s, "'%.*s' cannot be the name of an executable: it has to be a file name", OX_SLICE_ARG(name));
	return -1;
}

ox_star_value ox_to_executable(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_dialect *d = ox_dialect_of(s);
	if (check_name(s, ox_star_text(args[ARG_NAME])) != 0)
		return OX_STAR_FAILED;
	ox_star_value policy = choose_policy(d, args);
	struct ox_pack_config *config = ox_star_ok(policy) ? choose_config(d, args) : NULL;
	const struct ox_resources *stdlib = NULL;
	if (config) {
		struct ox_policy_value *p = ox_policy_value_of(policy);
		bool tests = p->policy.include_test || ox_star_len(p->callbacks) > 0;
		stdlib = ox_dist_value_stdlib_for(ox_dist_value_of(self), &p->policy, tests);
	}
	struct ox_exe_value *exe = stdlib ? ox_star_alloc(s, sizeof *exe) : NULL;
	if (!exe)
		return OX_STAR_FAILED;
	*exe = (struct ox_exe_value){
		.dialect = d,
		.name = ox_star_text(args[ARG_NAME]),
		.dist = ox_dist_value_of(self),
		.policy = policy,
		.config = config,
		.load_mode = OX_SLICE("embedded:packed-resources"),
		.windows_subsystem = OX_SLICE("console"),
		.windows_runtime_dlls_mode = OX_SLICE("when-present"),
		.licenses_filename = OX_STAR_NONE,
		.tcl_files_path = OX_STAR_NONE,
	};
	ox_star_value value = ox_star_new_native(s, &ox_executable_type, exe);
	return ox_star_ok(value) && add_stdlib(exe, stdlib) == 0 ? value : OX_STAR_FAILED;
}
