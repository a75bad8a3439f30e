#include "daemon/dialect/distribution_value.h"

#include "daemon/dialect/config_value.h"
#include "daemon/dialect/discover.h"
#include "daemon/dialect/executable_value.h"
#include "daemon/dialect/policy_value.h"
#include "daemon/python/archive.h"
#include "daemon/python/choose.h"

struct ox_dist_value {
	struct ox_dialect *dialect;
	ox_star_value self;
	struct ox_dist_wanted wanted; /* of default_python_distribution(), */
	struct ox_archive archive;    /* or, with a location, of PythonDistribution() */
	const struct ox_distribution *dist;
	struct stdlib {
		struct ox_resources resources;
		bool scanned;
	} stdlib[2]; /* as most need it, and with its tests */
	struct ox_compiler *compiler;
};

static void finalize(void *user)
{
	struct ox_dist_value *v = user;
	ox_compiler_free(v->compiler);
	for (size_t i = 0; i < OX_COUNT(v->stdlib); i++)
		ox_vec_free(&v->stdlib[i].resources.v);
}

struct ox_dist_value *ox_dist_value_of(ox_star_value v)
{
	return ox_star_native_user(v, &ox_distribution_type);
}

static int find(struct ox_dist_value *v, struct ox_err *err)
{
	struct ox_build_context *ctx = v->dialect->ctx;
	if (v->dist)
		return 0;
	return v->archive.location ? ox_distribution_archive(ctx, &v->archive, &v->dist, err)
				   : ox_distribution_choose(ctx, &v->wanted, &v->dist, err);
}

const struct ox_distribution *ox_dist_value_get(struct ox_dist_value *v)
{
	struct ox_err err;
	if (find(v, &err) != 0) {
		/* A machine without an interpreter to build with is not a mistake in the file. */
		if (err.code == OX_ENOENT)
			err.code = OX_EBUILD;
		ox_star_fail_err(v->dialect->star, &err);
		return NULL;
	}
	return v->dist;
}

const struct ox_distribution *ox_dist_value_known(const struct ox_dist_value *v)
{
	return v->dist;
}

const struct ox_resources *ox_dist_value_stdlib(struct ox_dist_value *v, bool tests)
{
	struct ox_err err;
	const struct ox_distribution *dist = ox_dist_value_get(v);
	struct stdlib *s = &v->stdlib[tests || v->stdlib[true].scanned];
	if (!dist)
		return NULL;
	if (!s->scanned && ox_scan_stdlib(v->dialect->ctx, dist, tests, &s->resources, &err) != 0) {
		ox_star_fail_err(v->dialect->star, &err);
		return NULL;
	}
	s->scanned = true;
	return &s->resources;
}

const struct ox_resources *ox_dist_value_stdlib_for(struct ox_dist_value *v, const struct ox_policy *policy,
						    bool tests)
{
	struct ox_err err;
	const struct ox_resources *all = ox_dist_value_stdlib(v, tests);
	const struct ox_dist_archive *archive = all ? v->dist->archive : NULL;
	if (!archive || ox_variants_check_preferred(archive->json, policy->preferred, &err) == 0)
		return all;
	ox_star_fail_err(v->dialect->star, &err);
	return NULL;
}

int ox_dist_value_compiler(struct ox_dist_value *v, struct ox_compiler **out, struct ox_err *err)
{
	int rc = v->compiler ? 0 : ox_compiler_new(v->dialect->ctx, v->dist, &v->compiler, err);
	*out = v->compiler;
	return rc;
}

/* The resources of the standard library of one kind (0: all) under a policy; `filtered`: only those that it lets in. */
static ox_star_value stdlib_list(struct ox_star *s, ox_star_value self, ox_star_value policy, int kind, bool tests,
				 bool filtered)
{
	struct ox_dialect *d = ox_dialect_of(s);
	struct ox_dist_value *v = ox_dist_value_of(self);
	const struct ox_resources *all = ox_star_ok(policy) ? ox_dist_value_stdlib(v, tests) : NULL;
	ox_star_value list = ox_star_list(s, NULL, 0);
	if (!all)
		return OX_STAR_FAILED;
	for (size_t i = 0; i < all->v.len; i++) {
		const struct ox_resource *r = &all->v.items[i];
		if ((kind && r->kind != (enum ox_resource_kind)kind) || (r->is_test && !tests))
			continue;
		if (filtered && !ox_policy_allows_extension(&ox_policy_value_of(policy)->policy, r))
			continue;
		if (ox_star_append(s, list, ox_policy_resource(d, policy, r)) != 0)
			return OX_STAR_FAILED;
	}
	return list;
}

static ox_star_value python_resources(struct ox_star *s, ox_star_value self, const ox_star_value *args OX_UNUSED,
				      void *data OX_UNUSED)
{
	return stdlib_list(s, self, ox_policy_value_new(ox_dialect_of(s)), 0, true, false);
}

/* The old generation's lists know no policy of a script. */
static ox_star_value old_policy(struct ox_star *s)
{
	struct ox_dialect *d = ox_dialect_of(s);
	d->old_generation = true;
	return ox_policy_value_new(d);
}

static ox_star_value source_modules(struct ox_star *s, ox_star_value self, const ox_star_value *args OX_UNUSED,
				    void *data OX_UNUSED)
{
	return stdlib_list(s, self, old_policy(s), OX_RES_MODULE, true, false);
}

static ox_star_value package_resources(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				       void *data OX_UNUSED)
{
	return stdlib_list(s, self, old_policy(s), OX_RES_PACKAGE_FILE, ox_star_truth(args[0]), false);
}

static ox_star_value extension_modules(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				       void *data OX_UNUSED)
{
	struct ox_err err;
	ox_star_value policy = old_policy(s);
	if (!ox_star_ok(policy))
		return OX_STAR_FAILED;
	struct ox_policy *rules = &ox_policy_value_of(policy)->policy;
	if (ox_policy_set_extension_filter(rules, ox_star_text(args[0]), &err) != 0)
		return ox_star_fail_err(s, &err);
	if (ox_star_kind(args[1]) == OX_STAR_T_DICT && ox_policy_prefer_all(ox_dialect_of(s), rules, args[1]) != 0)
		return OX_STAR_FAILED;
	if (!ox_dist_value_stdlib_for(ox_dist_value_of(self), rules, true))
		return OX_STAR_FAILED;
	return stdlib_list(s, self, policy, OX_RES_EXTENSION, true, true);
}

static ox_star_value make_policy(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args OX_UNUSED,
				 void *data OX_UNUSED)
{
	return ox_policy_value_new(ox_dialect_of(s));
}

static ox_star_value make_config(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args OX_UNUSED,
				 void *data OX_UNUSED)
{
	return ox_config_value_new(ox_dialect_of(s));
}

/* The finding methods stood on distributions up to 0.7; what they give has no policy of a script. */
static bool as_finder(struct ox_star *s, ox_star_value self, struct ox_discovery *who)
{
	struct ox_dialect *d = ox_dialect_of(s);
	d->old_generation = true;
	*who = (struct ox_discovery){ox_dist_value_of(self), ox_policy_value_new(d), true};
	return ox_star_ok(who->policy);
}

static ox_star_value pip_install(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_discovery who;
	if (!as_finder(s, self, &who))
		return OX_STAR_FAILED;
	return ox_discover_pip(ox_dialect_of(s), &who, NULL, args[0], args[1]);
}

static ox_star_value read_package_root(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				       void *data OX_UNUSED)
{
	struct ox_discovery who;
	if (!as_finder(s, self, &who))
		return OX_STAR_FAILED;
	return ox_discover_packages(ox_dialect_of(s), &who, args[0], args[1]);
}

static ox_star_value read_virtualenv(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				     void *data OX_UNUSED)
{
	struct ox_discovery who;
	if (!as_finder(s, self, &who))
		return OX_STAR_FAILED;
	return ox_discover_virtualenv(ox_dialect_of(s), &who, args[0]);
}

static const struct ox_star_param include_test_params[] = {
	{.name = "include_test",
	 .kind = OX_STAR_OPTIONAL,
	 .fallback = "False",
	 .doc = "whether tests of the standard library are wanted"},
	{0},
};
static const struct ox_star_param filter_params[] = {
	{.name = "filter",
	 .types = OX_STAR_T_STRING,
	 .kind = OX_STAR_OPTIONAL,
	 .fallback = "\"all\"",
	 .doc = "\"all\", \"minimal\", \"no-libraries\" or \"no-copyleft\""},
	{.name = "preferred_variants",
	 .types = OX_STAR_T_DICT | OX_STAR_T_NONE,
	 .kind = OX_STAR_OPTIONAL,
	 .fallback = "None",
	 .doc = "name of an extension module to the variant to take"},
	{0},
};

#define METHOD(method, parameters, fn, result, text)                                                                   \
	{                                                                                                              \
		.name = method, .params = parameters, .call = fn, .returns = result, .doc = text                       \
	}

static const struct ox_star_function methods[] = {
	METHOD("python_resources", NULL, python_resources, OX_STAR_T_LIST, "All resources of the standard library."),
	METHOD("source_modules", NULL, source_modules, OX_STAR_T_LIST,
	       "Modules of the standard library in source form."),
	METHOD("package_resources", include_test_params, package_resources, OX_STAR_T_LIST,
	       "Files of packages of the standard library that are no modules."),
	METHOD("resources_data", include_test_params, package_resources, OX_STAR_T_LIST,
	       "Old name of package_resources."),
	METHOD("extension_modules", filter_params, extension_modules, OX_STAR_T_LIST,
	       "Extension modules of the standard library."),
	METHOD("make_python_packaging_policy", NULL, make_policy, OX_STAR_T_NATIVE,
	       "A packaging policy with the defaults, to be changed and given to to_python_executable()."),
	METHOD("make_python_interpreter_config", NULL, make_config, OX_STAR_T_NATIVE,
	       "An interpreter configuration with the defaults, to be changed and given to "
	       "to_python_executable()."),
	METHOD("pip_install", ox_pip_params, pip_install, OX_STAR_T_LIST, "Old place of an executable's pip_install."),
	METHOD("read_package_root", ox_package_root_params, read_package_root, OX_STAR_T_LIST,
	       "Old place of an executable's read_package_root."),
	METHOD("read_virtualenv", ox_virtualenv_params, read_virtualenv, OX_STAR_T_LIST,
	       "Old place of an executable's read_virtualenv."),
	METHOD("to_python_executable", ox_to_executable_params, ox_to_executable, OX_STAR_T_NATIVE,
	       "An executable with this interpreter and its standard library."),
	{0},
};

static int repr(struct ox_star *s OX_UNUSED, ox_star_value self, struct ox_buf *out)
{
	const struct ox_dist_value *v = ox_dist_value_of(self);
	const char *asked = v->archive.location ? v->archive.location : v->wanted.version;
	const char *version = v->dist ? v->dist->version : asked;
	ox_buf_printf(out, "PythonDistribution<%s>", version ? version : "default");
	return 0;
}

const struct ox_star_type ox_distribution_type = {
	.name = "PythonDistribution",
	.methods = methods,
	.repr = repr,
	.finalize = finalize,
	.doc = "An implementation of Python to build with.",
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same(const struct ox_dist_value *a, const struct ox_dist_value *b)
{
	return a->wanted.flavor == b->wanted.flavor && same_text(a->wanted.triple, b->wanted.triple) &&
	       same_text(a->wanted.version, b->wanted.version) && same_text(a->archive.location, b->archive.location) &&
	       ox_digest_eq(&a->archive.sha256, &b->archive.sha256);
}

/* One value for all that ask alike: targets share its library and its compilers. */
static ox_star_value distribution(struct ox_dialect *d, const struct ox_dist_value *wanted)
{
	for (size_t i = 0; i < d->distributions.len; i++) {
		if (is_same(d->distributions.items[i], wanted))
			return d->distributions.items[i]->self;
	}
	struct ox_dist_value **slot = ox_vec_push(&d->distributions);
	struct ox_dist_value *v = ox_star_alloc(d->star, sizeof *v);
	if (!slot || !v)
		return ox_star_fail(d->star, "out of memory for a distribution");
	*v = *wanted;
	v->dialect = d;
	*slot = v;
	v->self = ox_star_new_native(d->star, &ox_distribution_type, v);
	return v->self;
}

static const char *text_or_null(ox_star_value v)
{
	return ox_star_kind(v) == OX_STAR_T_STRING ? ox_star_cstr(v) : NULL;
}

static ox_star_value fail_flavor(struct ox_star *s, ox_star_value flavor)
{
	return ox_star_fail(s,
			    "'%s' is not a distribution flavor: use \"standalone\", \"standalone_static\", "
			    "\"standalone_dynamic\" or \"host\"",
			    ox_star_cstr(flavor));
}

static ox_star_value default_distribution(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args,
					  void *data OX_UNUSED)
{
	struct ox_dialect *d = ox_dialect_of(s);
	struct ox_dist_value wanted = {.wanted = {.triple = text_or_null(args[1]), .version = text_or_null(args[2])}};
	if (!ox_dist_flavor_parse(ox_star_text(args[0]), &wanted.wanted.flavor))
		return fail_flavor(s, args[0]);
	if (!wanted.wanted.triple)
		wanted.wanted.triple = d->ctx->triple;
	return distribution(d, &wanted);
}

static ox_star_value archive(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args,
			     void *data OX_UNUSED)
{
	struct ox_dialect *d = ox_dialect_of(s);
	enum ox_dist_flavor flavor;
	bool local = ox_star_kind(args[1]) == OX_STAR_T_STRING, remote = ox_star_kind(args[2]) == OX_STAR_T_STRING;
	struct ox_dist_value wanted = {.archive = {.triple = d->ctx->triple, .reason = "the configuration names it"}};
	if (!ox_digest_parse(ox_star_text(args[0]), &wanted.archive.sha256))
		return ox_star_fail(s, "'%s' is no sha256: it has 64 hexadecimal digits", ox_star_cstr(args[0]));
	if (local == remote)
		return ox_star_fail(s, local ? "PythonDistribution takes local_path or url, not both"
					     : "PythonDistribution needs local_path or url");
	if (!ox_dist_flavor_parse(ox_star_text(args[3]), &flavor) || flavor == OX_DIST_HOST)
		return fail_flavor(s, args[3]);
	wanted.archive.location = local ? ox_dialect_path(d, args[1]) : ox_star_cstr(args[2]);
	return wanted.archive.location ? distribution(d, &wanted) : OX_STAR_FAILED;
}

const struct ox_star_function ox_archive_function = {
	.name = "PythonDistribution",
	.params =
		(const struct ox_star_param[]){
			{.name = "sha256",
			 .types = OX_STAR_T_STRING,
			 .doc = "the SHA-256 of the archive, 64 hexadecimal digits"},
			{.name = "local_path",
			 .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
			 .kind = OX_STAR_OPTIONAL,
			 .fallback = "None",
			 .doc = "where the archive lies; relative to the folder of the configuration"},
			{.name = "url",
			 .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
			 .kind = OX_STAR_OPTIONAL,
			 .fallback = "None",
			 .doc = "an https, http or file address; downloaded when it is first needed, once"},
			{.name = "flavor",
			 .types = OX_STAR_T_STRING,
			 .kind = OX_STAR_OPTIONAL,
			 .fallback = "\"standalone\"",
			 .doc = "\"standalone\", \"standalone_static\" or \"standalone_dynamic\"; the archive "
				"itself says what it is"},
			{0},
		},
	.call = archive,
	.returns = OX_STAR_T_NATIVE,
	.doc = "A full archive of python-build-standalone (PYTHON.json version 5 to 8). Executables are linked "
	       "from its objects: the extension modules that are packaged become part of them, those that it has as "
	       "shared libraries only stay such.",
};

const struct ox_star_function ox_default_distribution_function = {
	.name = "default_python_distribution",
	.params =
		(const struct ox_star_param[]){
			{.name = "flavor",
			 .types = OX_STAR_T_STRING,
			 .kind = OX_STAR_OPTIONAL,
			 .fallback = "\"standalone\"",
			 .doc = "\"standalone\", \"standalone_static\", \"standalone_dynamic\": an archive, else "
				"what the machine has; \"host\": what the machine has"},
			{.name = "build_target",
			 .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
			 .kind = OX_STAR_OPTIONAL,
			 .fallback = "None",
			 .doc = "the platform; None stands for this machine's"},
			{.name = "python_version",
			 .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
			 .kind = OX_STAR_OPTIONAL,
			 .fallback = "None",
			 .doc = "\"3.11\", for example; None takes the newest"},
			{0},
		},
	.call = default_distribution,
	.returns = OX_STAR_T_NATIVE,
	.doc = "The Python distribution that is offered for a platform; the first message about it says which "
	       "was taken, and why. In this order: an archive registered with oxc python-distribution; one named in "
	       "the file python-distributions in $XDG_CONFIG_HOME/oxidizer or ~/.config/oxidizer (a line \"VERSION "
	       "TRIPLE SHA256 LOCATION\"); one that is known to oxidizer (unless OXIDIZER_PYTHON names an "
	       "interpreter); for this machine's platform, an installed interpreter, as when nothing can be "
	       "downloaded.",
};
