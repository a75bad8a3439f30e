#include "daemon/dialect/executable_add.h"

#include "daemon/bundle/tier.h"

enum family { FAMILY_add, FAMILY_add_in_memory, FAMILY_add_filesystem_relative };
enum kind {
	KIND_module_source,
	KIND_module_bytecode,
	KIND_package_resource,
	KIND_package_distribution_resource,
	KIND_extension_module,
	KIND_python_resource,
	KIND_python_resources,
};

#define RESOURCE(text)                                                                                                 \
	{                                                                                                              \
		.name = text, .types = OX_STAR_T_NATIVE, .natives = ox_resource_types, .doc = "the resource"           \
	}
#define RESOURCES                                                                                                      \
	{                                                                                                              \
		.name = "resources", .types = OX_STAR_T_LIST | OX_STAR_T_TUPLE | OX_STAR_T_SET, .doc = "resources"     \
	}
#define PREFIX                                                                                                         \
	{                                                                                                              \
		.name = "prefix", .types = OX_STAR_T_STRING, .doc = "the folder beside the executable"                 \
	}
#define LEVEL                                                                                                          \
	{                                                                                                              \
		.name = "optimize_level", .types = OX_STAR_T_INT, .kind = OX_STAR_OPTIONAL,                            \
		.doc = "of the bytecode: 0, 1 or 2"                                                                    \
	}
#define PARTS                                                                                                          \
	{.name = "add_source_module", .kind = OX_STAR_OPTIONAL, .doc = "whether source code is packaged"},             \
		{.name = "add_bytecode_module",                                                                        \
		 .kind = OX_STAR_OPTIONAL,                                                                             \
		 .doc = "whether bytecode is packaged"},                                                               \
		LEVEL

const struct ox_star_param ox_add_one_params[] = {RESOURCE("resource"), {0}};
const struct ox_star_param ox_add_one_at_params[] = {PREFIX, RESOURCE("resource"), {0}};
const struct ox_star_param ox_add_bytecode_params[] = {RESOURCE("module"), LEVEL, {0}};
const struct ox_star_param ox_add_bytecode_at_params[] = {PREFIX, RESOURCE("module"), LEVEL, {0}};
const struct ox_star_param ox_add_resource_params[] = {RESOURCE("resource"), PARTS, {0}};
const struct ox_star_param ox_add_resource_at_params[] = {PREFIX, RESOURCE("resource"), PARTS, {0}};
const struct ox_star_param ox_add_resources_params[] = {RESOURCES, PARTS, {0}};
const struct ox_star_param ox_add_resources_at_params[] = {PREFIX, RESOURCES, PARTS, {0}};

/* One call, taken apart. */
struct addition {
	struct ox_exe_value *exe;
	enum family family;
	enum kind kind;
	struct ox_location place;   /* of the two families that name one */
	const ox_star_value *extra; /* the optional arguments of the kind */
};

static int fail(struct ox_exe_value *exe, const struct ox_err *err)
{
	ox_star_fail_err(exe->dialect->star, err);
	return -1;
}

static int check_kind(const struct addition *a, const struct ox_resource *r)
{
	static const struct {
		enum ox_resource_kind wanted;
		const char *type;
	} kinds[] = {
		[KIND_module_source] = {OX_RES_MODULE, "a Python source module"},
		[KIND_module_bytecode] = {OX_RES_MODULE, "a Python source module"},
		[KIND_package_resource] = {OX_RES_PACKAGE_FILE, "a PythonPackageResource"},
		[KIND_package_distribution_resource] = {OX_RES_DIST_FILE, "a PythonPackageDistributionResource"},
		[KIND_extension_module] = {OX_RES_EXTENSION, "a PythonExtensionModule"},
	};
	if (a->kind >= KIND_python_resource || r->kind == kinds[a->kind].wanted)
		return 0;
	ox_star_fail_with(a->exe->dialect->star, "wrong-type", "add_python_resource takes every kind",
			  "this method takes %s", kinds[a->kind].type);
	return -1;
}

static int choose_level(const struct addition *a, ox_star_value level, struct ox_options *options)
{
	int64_t n = 0;
	if (ox_star_ok(level) && (!ox_star_to_int(level, &n) || n < 0 || n > 2)) {
		ox_star_fail(a->exe->dialect->star, "optimize_level is 0, 1 or 2");
		return -1;
	}
	for (int i = 0; i < 3; i++)
		options->bytecode[i] = i == n;
	return 0;
}

/* The arguments of the old generation that say which parts of a module are wanted. */
static int choose_parts(const struct addition *a, struct ox_options *options)
{
	if (a->kind == KIND_module_source) {
		options->source = true;
		memset(options->bytecode, 0, sizeof options->bytecode);
	} else if (a->kind == KIND_module_bytecode) {
		options->source = false;
		return choose_level(a, a->extra[0], options);
	} else if (a->kind >= KIND_python_resource) {
		if (ox_star_ok(a->extra[2]) && choose_level(a, a->extra[2], options) != 0)
			return -1;
		if (ox_star_ok(a->extra[0]))
			options->source = ox_star_truth(a->extra[0]);
		if (ox_star_ok(a->extra[1]) && !ox_star_truth(a->extra[1]))
			memset(options->bytecode, 0, sizeof options->bytecode);
	}
	return 0;
}

static void choose_place(const struct addition *a, const struct ox_resource_value *v, struct ox_options *options)
{
	const struct ox_policy *policy = &ox_policy_value_of(a->exe->policy)->policy;
	if (a->family != FAMILY_add) {
		options->location = a->place;
	} else if (v->unplaced) {
		options->location = policy->location;
		options->fallback = policy->fallback;
		options->has_fallback = policy->has_fallback;
	}
}

/* Files without a type cannot be in memory: nothing would find them there. */
static int check_file(struct ox_exe_value *exe, const struct ox_resource *r, struct ox_options *options)
{
	struct ox_star *s = exe->dialect->star;
	if (!ox_policy_value_of(exe->policy)->policy.allow_files) {
		ox_star_fail_with(s, "files-not-allowed", "set allow_files of the packaging policy",
				  "the file %.*s has no Python type, and the policy allows no such files",
				  OX_SLICE_ARG(r->file));
		return -1;
	}
	if (!options->location.prefix && options->has_fallback)
		options->location = options->fallback;
	if (options->location.prefix)
		return 0;
	ox_star_fail_with(s, "file-in-memory", "set resources_location to \"filesystem-relative:PREFIX\"",
			  "the file %.*s cannot be kept in memory", OX_SLICE_ARG(r->file));
	return -1;
}

/* Extension modules are added whatever their policy said of them, but of several variants one. */
static bool is_other_variant(const struct ox_resource *r)
{
	return r->variants && r->variants->count > 1;
}

/* Of what a static executable has no use for; said as soon as it is wanted, not after all else was compiled. A wheel
 * for another C library has modules whose file names this interpreter takes for libraries. */
static int check_loadable(const struct addition *a, const struct ox_resource *r)
{
	struct ox_err err;
	const struct ox_distribution *dist = ox_dist_value_known(a->exe->dist);
	bool is_library = r->kind == OX_RES_LIBRARY;
	bool is_module = r->kind == OX_RES_EXTENSION && !r->is_builtin && !r->variants && !r->captured;
	if (!dist || !dist->is_static || !(is_library || is_module))
		return 0;
	ox_tier_fail_static(r, NULL, &err);
	return fail(a->exe, &err);
}

static int add_one(const struct addition *a, ox_star_value value)
{
	struct ox_err err;
	struct ox_exe_value *exe = a->exe;
	struct ox_resource_value *v = ox_resource_value_of(value);
	if (!v) {
		ox_star_fail_with(exe->dialect->star, "wrong-type", NULL, "a %s is not a Python resource",
				  ox_star_type_name(exe->dialect->star, value));
		return -1;
	}
	const struct ox_resource *r = v->resource;
	struct ox_options options = v->options;
	if (check_kind(a, r) != 0)
		return -1;
	bool is_wanted = options.include || (r->kind == OX_RES_EXTENSION && !is_other_variant(r));
	if (!is_wanted && (a->family == FAMILY_add || r->kind == OX_RES_FILE))
		return 0;
	if (check_loadable(a, r) != 0)
		return -1;
	choose_place(a, v, &options);
	if (choose_parts(a, &options) != 0 || (r->kind == OX_RES_FILE && check_file(exe, r, &options) != 0))
		return -1;
	exe->built = NULL;
	bool merge = a->kind == KIND_module_source || a->kind == KIND_module_bytecode;
	int rc = ox_collector_add(&exe->resources, exe->dialect->ctx->arena, r, &options, merge, &err);
	return rc == 0 ? 0 : fail(exe, &err);
}

static ox_star_value add(struct ox_star *s, ox_star_value self, const ox_star_value *args, enum family family,
			 enum kind kind)
{
	struct ox_err err;
	struct ox_dialect *d = ox_dialect_of(s);
	struct addition a = {.exe = ox_exe_value_of(self), .family = family, .kind = kind};
	if (family != FAMILY_add || kind < KIND_python_resource)
		d->old_generation = true;
	if (family == FAMILY_add_filesystem_relative) {
		const char *text = ox_arena_printf(d->ctx->arena, "filesystem-relative:%s", ox_star_cstr(*args++));
		if (ox_location_parse(ox_slice_str(text), d->ctx->arena, &a.place, &err) != 0)
			return ox_star_fail_err(s, &err);
	}
	a.extra = args + 1;
	if (kind != KIND_python_resources)
		return add_one(&a, args[0]) == 0 ? OX_STAR_NONE : OX_STAR_FAILED;
	for (size_t i = 0; i < ox_star_len(args[0]); i++) {
		if (add_one(&a, ox_star_at(s, args[0], i)) != 0)
			return OX_STAR_FAILED;
	}
	return OX_STAR_NONE;
}

#define DEFINE(family, kind)                                                                                           \
	ox_star_value ox_##family##_##kind(struct ox_star *s, ox_star_value self, const ox_star_value *args,           \
					   void *data OX_UNUSED)                                                       \
	{                                                                                                              \
		return add(s, self, args, FAMILY_##family, KIND_##kind);                                               \
	}

OX_ADD_FAMILY(DEFINE, add)
OX_ADD_FAMILY(DEFINE, add_in_memory)
OX_ADD_FAMILY(DEFINE, add_filesystem_relative)
