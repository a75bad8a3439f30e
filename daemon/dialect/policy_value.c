#include "daemon/dialect/policy_value.h"

#include "daemon/dialect/distribution_value.h"
#include "daemon/dialect/layout.h"

struct ox_policy_value *ox_policy_value_of(ox_star_value v)
{
	return ox_star_native_user(v, &ox_policy_type);
}

ox_star_value ox_policy_value_new(struct ox_dialect *d)
{
	struct ox_policy_value *v = ox_star_alloc(d->star, sizeof *v);
	if (!v)
		return OX_STAR_FAILED;
	ox_policy_init(&v->policy);
	v->callbacks = ox_star_list(d->star, NULL, 0);
	v->files = ox_star_dict(d->star);
	if (!ox_star_ok(v->callbacks) || !ox_star_ok(v->files))
		return OX_STAR_FAILED;
	return ox_star_new_native(d->star, &ox_policy_type, v);
}

static int fail(struct ox_star *s, const struct ox_err *err)
{
	ox_star_fail_err(s, err);
	return -1;
}

static ox_star_value get_flag(struct ox_star *s OX_UNUSED, ox_star_value self, const struct ox_star_attr_spec *attr)
{
	return ox_star_bool(*ox_policy_flag(&ox_policy_value_of(self)->policy, ox_slice_str(attr->name)));
}

static int set_flag(struct ox_star *s OX_UNUSED, ox_star_value self, const struct ox_star_attr_spec *attr,
		    ox_star_value value)
{
	*ox_policy_flag(&ox_policy_value_of(self)->policy, ox_slice_str(attr->name)) = ox_star_truth(value);
	return 0;
}

static ox_star_value get_filter(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED)
{
	return ox_star_string(s, ox_extension_filter_name(ox_policy_value_of(self)->policy.extension_module_filter));
}

static int set_filter(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED,
		      ox_star_value value)
{
	struct ox_err err;
	int rc = ox_policy_set_extension_filter(&ox_policy_value_of(self)->policy, ox_star_text(value), &err);
	return rc == 0 ? 0 : fail(s, &err);
}

static ox_star_value get_location(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED)
{
	return ox_star_string(
		s, ox_location_text(&ox_policy_value_of(self)->policy.location, ox_dialect_of(s)->ctx->arena));
}

static int set_location(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED,
			ox_star_value value)
{
	struct ox_err err;
	struct ox_policy *policy = &ox_policy_value_of(self)->policy;
	int rc = ox_location_parse(ox_star_text(value), ox_dialect_of(s)->ctx->arena, &policy->location, &err);
	return rc == 0 ? 0 : fail(s, &err);
}

static ox_star_value get_fallback(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED)
{
	const struct ox_policy *policy = &ox_policy_value_of(self)->policy;
	if (!policy->has_fallback)
		return OX_STAR_NONE;
	return ox_star_string(s, ox_location_text(&policy->fallback, ox_dialect_of(s)->ctx->arena));
}

static int set_fallback(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED,
			ox_star_value value)
{
	struct ox_err err;
	struct ox_policy *policy = &ox_policy_value_of(self)->policy;
	int rc = 0;
	policy->has_fallback = ox_star_kind(value) != OX_STAR_T_NONE;
	if (policy->has_fallback)
		rc = ox_location_parse(ox_star_text(value), ox_dialect_of(s)->ctx->arena, &policy->fallback, &err);
	return rc == 0 ? 0 : fail(s, &err);
}

static ox_star_value get_extract(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED)
{
	return ox_star_string(s, ox_policy_value_of(self)->never_extract ? "never" : "as-needed");
}

static int set_extract(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED,
		       ox_star_value value)
{
	struct ox_slice text = ox_star_text(value);
	bool never = ox_slice_eq_str(text, "never");
	if (!never && !ox_slice_eq_str(text, "as-needed")) {
		ox_star_fail(s, "extract is \"as-needed\" or \"never\", not \"%.*s\"", OX_SLICE_ARG(text));
		return -1;
	}
	ox_policy_value_of(self)->never_extract = never;
	return 0;
}

static ox_star_value get_variants(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED)
{
	ox_star_value copy = ox_star_dict(s);
	const struct ox_preferred_variant *p = ox_policy_value_of(self)->policy.preferred;
	for (; p && ox_star_ok(copy); p = p->next) {
		ox_star_value key = ox_star_slice(s, p->module), value = ox_star_slice(s, p->variant);
		if (!ox_star_ok(ox_star_get(s, copy, key)) && ox_star_put(s, copy, key, value) != 0)
			return OX_STAR_FAILED;
	}
	return copy;
}

int ox_policy_prefer(struct ox_dialect *d, struct ox_policy *policy, ox_star_value module, ox_star_value variant)
{
	struct ox_arena *arena = d->ctx->arena;
	struct ox_preferred_variant *p = ox_arena_alloc(arena, sizeof *p);
	if (p)
		*p = (struct ox_preferred_variant){ox_arena_slice(arena, ox_star_text(module)),
						   ox_arena_slice(arena, ox_star_text(variant)), policy->preferred};
	if (!p || !p->module.data || !p->variant.data) {
		ox_star_fail(d->star, "out of memory for a packaging policy");
		return -1;
	}
	policy->preferred = p;
	return 0;
}

int ox_policy_prefer_all(struct ox_dialect *d, struct ox_policy *policy, ox_star_value variants)
{
	ox_star_value module, variant;
	for (size_t i = 0; ox_star_entry(variants, i, &module, &variant); i++) {
		if (ox_star_kind(module) != OX_STAR_T_STRING || ox_star_kind(variant) != OX_STAR_T_STRING) {
			ox_star_fail(d->star, "preferred variants are names of extension modules to names of variants");
			return -1;
		}
		if (ox_policy_prefer(d, policy, module, variant) != 0)
			return -1;
	}
	return 0;
}

static ox_star_value register_callback(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				       void *data OX_UNUSED)
{
	return ox_star_append(s, ox_policy_value_of(self)->callbacks, args[0]) == 0 ? OX_STAR_NONE : OX_STAR_FAILED;
}

static ox_star_value set_variant(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	int rc = ox_policy_prefer(ox_dialect_of(s), &ox_policy_value_of(self)->policy, args[0], args[1]);
	return rc == 0 ? OX_STAR_NONE : OX_STAR_FAILED;
}

static ox_star_value set_package_files(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				       void *data OX_UNUSED)
{
	struct ox_slice name = ox_star_text(args[0]);
	if (!name.len || memchr(name.data, '.', name.len))
		return ox_star_fail(s, "set_package_files takes the name of a top-level package, not \"%.*s\"",
				    OX_SLICE_ARG(name));
	int rc = ox_star_put(s, ox_policy_value_of(self)->files, args[0], args[1]);
	return rc == 0 ? OX_STAR_NONE : OX_STAR_FAILED;
}

static ox_star_value set_mode(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_err err;
	int rc = ox_policy_set_mode(&ox_policy_value_of(self)->policy, ox_star_text(args[0]), &err);
	return rc == 0 ? OX_STAR_NONE : ox_star_fail_err(s, &err);
}

#define FLAG(name, doc)                                                                                                \
	{                                                                                                              \
#name, OX_STAR_T_ANY, get_flag, set_flag, doc, 0                                                       \
	}

static const struct ox_star_attr_spec attrs[] = {
	FLAG(allow_files, "Whether files without a Python type may be added."),
	FLAG(allow_in_memory_shared_library_loading, "Whether shared libraries may be loaded from memory."),
	FLAG(bytecode_optimize_level_zero, "Whether bytecode of level 0 is packaged."),
	FLAG(bytecode_optimize_level_one, "Whether bytecode of level 1 is packaged."),
	FLAG(bytecode_optimize_level_two, "Whether bytecode of level 2 is packaged."),
	{"extract", OX_STAR_T_STRING, get_extract, set_extract,
	 "\"as-needed\": what has to be a real file is extracted at run time; \"never\": it is an error at build "
	 "time.", 0},
	{"extension_module_filter", OX_STAR_T_STRING, get_filter, set_filter,
	 "Which extension modules of the standard library are packaged: \"all\", \"minimal\", \"no-libraries\" or "
	 "\"no-copyleft\".", 0},
	FLAG(file_scanner_classify_files, "Whether files that are found become modules and other typed resources."),
	FLAG(file_scanner_emit_files, "Whether files that are found become resources of the type File."),
	FLAG(include_classified_resources, "Whether typed resources are packaged."),
	FLAG(include_distribution_resources, "Whether files of the standard library that are no modules are packaged."),
	FLAG(include_distribution_sources, "Whether source code of the standard library is packaged."),
	FLAG(include_file_resources, "Whether resources of the type File are packaged."),
	FLAG(include_non_distribution_sources, "Whether source code of other packages is packaged."),
	FLAG(include_test, "Whether tests of the standard library are packaged."),
	FLAG(link_extension_modules, "Whether extension modules that pip builds from source, and whose location is "
	     "in-memory, are linked into the executable."),
	{"preferred_extension_module_variants", OX_STAR_T_DICT, get_variants, NULL,
	 "A copy of what set_preferred_extension_module_variant() chose.", 0},
	{"resources_location", OX_STAR_T_STRING, get_location, set_location,
	 "Where resources are put: \"in-memory\" or \"filesystem-relative:PREFIX\".", 0},
	{"resources_location_fallback", OX_STAR_T_STRING | OX_STAR_T_NONE, get_fallback, set_fallback,
	 "Where resources are put that cannot be at resources_location; None: nowhere.", 0},
	{0},
};

static const struct ox_star_function methods[] = {
	{
		.name = "register_resource_callback",
		.params =
			(const struct ox_star_param[]){
				{.name = "func",
				 .types = OX_STAR_T_FUNCTION,
				 .doc = "a function of the policy and a resource, whose attributes it may change"},
				{0},
			},
		.call = register_callback,
		.returns = OX_STAR_T_NONE,
		.doc = "Calls func(policy, resource) for every resource made with this policy.",
	},
	{
		.name = "set_preferred_extension_module_variant",
		.params = (const struct ox_star_param[]){{.name = "name",
							  .types = OX_STAR_T_STRING,
							  .doc = "the extension module"},
							 {.name = "value",
							  .types = OX_STAR_T_STRING,
							  .doc = "the variant"},
							 {0}},
		.call = set_variant,
		.returns = OX_STAR_T_NONE,
		.doc = "Chooses a variant of an extension module, where a distribution has several.",
	},
	{
		.name = "set_package_files",
		.params = (const struct ox_star_param[]){
			{.name = "package", .types = OX_STAR_T_STRING, .doc = "A top-level package."},
			{.name = "files", .types = OX_STAR_T_BOOL, .doc = "Whether its modules have real files."},
			{0}},
		.call = set_package_files,
		.returns = OX_STAR_T_NONE,
		.doc = "Decides whether a package is extracted at run time so that its modules have a __file__, "
		       "whatever its code looks like.",
	},
	{
		.name = "set_resource_handling_mode",
		.params = (const struct ox_star_param[]){{.name = "mode",
							  .types = OX_STAR_T_STRING,
							  .doc = "\"classify\" or \"files\""}, {0}},
		.call = set_mode,
		.returns = OX_STAR_T_NONE,
		.doc = "\"classify\": resources have types; \"files\": everything is a file.",
	},
	{0},
};

const struct ox_star_type ox_policy_type = {
	.name = "PythonPackagingPolicy",
	.attrs = attrs,
	.methods = methods,
	.doc = "Which resources are packaged, as what, and where.",
};

/* Calls the policy's callbacks, in the order of their registration. */
static int run_callbacks(struct ox_star *s, ox_star_value policy, ox_star_value resource)
{
	ox_star_value callbacks = ox_policy_value_of(policy)->callbacks;
	for (size_t i = 0; i < ox_star_len(callbacks); i++) {
		ox_star_value args[] = {policy, resource};
		if (!ox_star_ok(ox_star_call(s, ox_star_at(s, callbacks, i), args, 2, NULL, 0, NULL)))
			return -1;
	}
	return 0;
}

static ox_star_value make_resource(struct ox_dialect *d, ox_star_value policy, const struct ox_resource *resource,
				   bool unplaced)
{
	struct ox_options options;
	ox_policy_apply(&ox_policy_value_of(policy)->policy, resource, &options);
	ox_star_value v = ox_resource_value_new(d, resource, &options, unplaced);
	return ox_star_ok(v) && run_callbacks(d->star, policy, v) == 0 ? v : OX_STAR_FAILED;
}

ox_star_value ox_policy_resource(struct ox_dialect *d, ox_star_value policy, const struct ox_resource *resource)
{
	return make_resource(d, policy, resource, false);
}

/* A typed resource as the plain file it was; NULL when it is none (built in) or memory ran out. */
static const struct ox_resource *as_file(struct ox_dialect *d, struct ox_dist_value *dist, const struct ox_resource *r)
{
	if (r->kind == OX_RES_FILE)
		return r;
	const char *path = ox_resource_path(d->ctx->arena, ox_dist_value_known(dist), r);
	struct ox_resource *file = path ? ox_arena_alloc(d->ctx->arena, sizeof *file) : NULL;
	if (!file)
		return NULL;
	*file = *r;
	file->kind = OX_RES_FILE;
	file->name = file->version = (struct ox_slice){0};
	file->file = ox_slice_str(path);
	return file;
}

ox_star_value ox_policy_resources(struct ox_dialect *d, ox_star_value policy, struct ox_dist_value *dist,
				  const struct ox_resource *resources, size_t count, bool unplaced)
{
	struct ox_star *s = d->star;
	const struct ox_policy *rules = &ox_policy_value_of(policy)->policy;
	ox_star_value list = ox_star_list(s, NULL, 0);
	for (size_t i = 0; i < count && ox_star_ok(list); i++) {
		const struct ox_resource *r = &resources[i];
		bool typed = rules->file_scanner_classify_files && r->kind != OX_RES_FILE;
		if (typed && ox_star_append(s, list, make_resource(d, policy, r, unplaced)) != 0)
			return OX_STAR_FAILED;
		const struct ox_resource *file = rules->file_scanner_emit_files ? as_file(d, dist, r) : NULL;
		if (file && ox_star_append(s, list, make_resource(d, policy, file, unplaced)) != 0)
			return OX_STAR_FAILED;
	}
	return list;
}

int ox_policy_extract_rules(struct ox_dialect *d, ox_star_value policy, struct ox_extract_rules *out,
			    struct ox_err *err)
{
	const struct ox_policy_value *v = ox_policy_value_of(policy);
	*out = (struct ox_extract_rules){.never = v->never_extract, .choice_count = ox_star_len(v->files)};
	struct ox_extract_choice *choices = ox_arena_array(d->ctx->arena, out->choice_count + 1, sizeof *choices);
	if (!choices)
		return ox_fail_nomem(err, "the packaging policy");
	ox_star_value package, files;
	for (size_t i = 0; ox_star_entry(v->files, i, &package, &files); i++)
		choices[i] = (struct ox_extract_choice){ox_star_text(package), ox_star_truth(files)};
	out->choices = choices;
	return 0;
}
