/* Python resources as files in a manifest: sources, and the bytecode that their
 * options ask for in __pycache__, valid whatever the files' times are. */
#include "daemon/dialect/executable_value.h"
#include "daemon/dialect/layout.h"
#include "daemon/dialect/manifest_value.h"
#include "daemon/dialect/path.h"

const struct ox_star_param ox_manifest_resource_params[] = {
	{.name = "prefix", .types = OX_STAR_T_STRING, .doc = "the folder in the manifest; \".\" is its root"},
	{.name = "value", .types = OX_STAR_T_NATIVE, .doc = "a Python resource or an executable"},
	{0},
};
/* A walkthrough calls it with the resources alone. */
const struct ox_star_param ox_manifest_resources_params[] = {
	{.name = "prefix",
	 .types = OX_STAR_T_STRING | OX_STAR_T_LIST | OX_STAR_T_TUPLE,
	 .doc = "the folder in the manifest; \".\" is its root"},
	{.name = "values",
	 .types = OX_STAR_T_LIST | OX_STAR_T_TUPLE,
	 .kind = OX_STAR_OPTIONAL,
	 .doc = "Python resources"},
	{0},
};

/* One call: where to, and the modules that are still to be compiled. */
struct addition {
	struct ox_dialect *dialect;
	struct ox_manifest_value *manifest;
	struct ox_slice prefix;
	struct ox_dist_value *dist;
	OX_VEC(struct ox_compile_job) jobs;
	OX_VEC(const char *) job_paths;
};

enum { PYC_HEADER = 16, PYC_HASH_BASED = 1 };

static int add(struct addition *a, const char *path, const struct ox_blob *blob, bool executable, struct ox_err *err)
{
	struct ox_arena *arena = a->dialect->ctx->arena;
	const char *to = path ? ox_path_join(arena, a->prefix, ox_slice_str(path)) : NULL;
	if (!to)
		return ox_fail_nomem(err, "files of a manifest");
	return ox_tree_add(&a->manifest->tree, arena, to, blob, executable ? 0755 : 0644, err);
}

static int queue_bytecode(struct addition *a, const struct ox_distribution *dist, const struct ox_resource *r,
			  const struct ox_options *options, struct ox_err *err)
{
	for (int level = 0; level < 3; level++) {
		if (!options->bytecode[level])
			continue;
		struct ox_compile_job *job = ox_vec_push(&a->jobs);
		const char **path = ox_vec_push(&a->job_paths);
		if (!job || !path)
			return ox_fail_nomem(err, "bytecode of a manifest");
		*job = (struct ox_compile_job){
			.module = r->name, .is_package = r->is_package, .level = level, .source = r->blob};
		*path = ox_bytecode_path(a->dialect->ctx->arena, dist, r, level);
		if (!*path)
			return ox_fail_nomem(err, "bytecode of a manifest");
	}
	return 0;
}

static int add_resource(struct addition *a, const struct ox_resource_value *v, struct ox_err *err)
{
	const struct ox_resource *r = v->resource;
	const struct ox_distribution *dist = a->dist ? ox_dist_value_known(a->dist) : NULL;
	if (r->kind == OX_RES_EXTENSION && r->is_builtin)
		return 0;
	if (!dist)
		return ox_fail(err, OX_EUSAGE, "there is no Python distribution to add resources of");
	int rc = add(a, ox_resource_path(a->dialect->ctx->arena, dist, r), &r->blob,
		     r->is_executable || r->kind == OX_RES_EXTENSION || r->kind == OX_RES_LIBRARY, err);
	if (rc == 0 && r->kind == OX_RES_MODULE)
		rc = queue_bytecode(a, dist, r, &v->options, err);
	return rc;
}

/* A .pyc whose validity is not checked against its source: magic, flags, no hash, code. */
static int add_bytecode(struct addition *a, const struct ox_compile_job *job, const char *path, struct ox_err *err)
{
	struct ox_store *store = ox_actions_store(a->dialect->ctx->actions);
	struct ox_view code;
	struct ox_buf pyc = {0};
	struct ox_blob blob = {0};
	int rc = ox_blob_view(store, &job->code, &code, err);
	if (rc != 0)
		return rc;
	ox_buf_u32(&pyc, ox_dist_value_known(a->dist)->magic);
	ox_buf_u32(&pyc, PYC_HASH_BASED);
	ox_buf_u64(&pyc, 0);
	ox_buf_add(&pyc, code.data, code.len);
	ox_view_release(&code);
	rc = ox_buf_ok(&pyc, "bytecode", err);
	if (rc == 0)
		rc = ox_dialect_text_blob(a->dialect, ox_buf_view(&pyc), &blob, err);
	if (rc == 0)
		rc = add(a, path, &blob, false, err);
	ox_buf_free(&pyc);
	return rc;
}

static int compile(struct addition *a, struct ox_err *err)
{
	struct ox_compiler *compiler;
	if (a->jobs.len == 0)
		return 0;
	int rc = ox_dist_value_compiler(a->dist, &compiler, err);
	if (rc == 0)
		rc = ox_compile(compiler, a->jobs.items, a->jobs.len, err);
	for (size_t i = 0; rc == 0 && i < a->jobs.len; i++) {
		if (!a->jobs.items[i].failed)
			rc = add_bytecode(a, &a->jobs.items[i], a->job_paths.items[i], err);
	}
	return rc;
}

static int add_value(struct addition *a, ox_star_value value, struct ox_err *err)
{
	struct ox_exe_value *exe = ox_exe_value_of(value);
	const struct ox_resource_value *resource = ox_resource_value_of(value);
	if (exe)
		return ox_manifest_add_executable(a->manifest, a->prefix, exe, err);
	if (resource)
		return add_resource(a, resource, err);
	return ox_fail(err, OX_EUSAGE, "a %s is not a Python resource or executable",
		       ox_star_type_name(a->dialect->star, value));
}

static ox_star_value run(struct ox_star *s, ox_star_value self, ox_star_value prefix, const ox_star_value *values,
			 size_t count)
{
	struct ox_err err;
	struct ox_dialect *d = ox_dialect_of(s);
	struct addition a = {.dialect = d, .manifest = ox_manifest_value_of(self), .prefix = ox_star_text(prefix)};
	int rc = 0;
	for (size_t i = d->distributions.len; i-- > 0 && !a.dist;) {
		if (ox_dist_value_known(d->distributions.items[i]))
			a.dist = d->distributions.items[i];
	}
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = add_value(&a, values[i], &err);
	if (rc == 0)
		rc = compile(&a, &err);
	ox_vec_free(&a.jobs);
	ox_vec_free(&a.job_paths);
	return rc == 0 ? OX_STAR_NONE : ox_star_fail_err(s, &err);
}

ox_star_value ox_manifest_add_resource(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				       void *data OX_UNUSED)
{
	return run(s, self, args[0], args + 1, 1);
}

ox_star_value ox_manifest_add_resources(struct ox_star *s, ox_star_value self, const ox_star_value *args,
					void *data OX_UNUSED)
{
	bool has_prefix = ox_star_kind(args[0]) == OX_STAR_T_STRING;
	ox_star_value list = has_prefix ? args[1] : args[0];
	if (!ox_star_ok(list))
		return ox_star_fail(s, "add_python_resources() needs the resources to add");
	size_t count = ox_star_len(list);
	ox_star_value *values = ox_star_alloc(s, (count + 1) * sizeof *values);
	if (!values)
		return OX_STAR_FAILED;
	for (size_t i = 0; i < count; i++)
		values[i] = ox_star_at(s, list, i);
	return run(s, self, has_prefix ? args[0] : ox_star_string(s, "."), values, count);
}
