/* Building what targets resolved to. */
#include "daemon/bundle/tree.h"
#include "daemon/dialect/embedded_value.h"
#include "daemon/dialect/executable_value.h"
#include "daemon/dialect/manifest_value.h"

/* A tree that is about to be published, and which of its files is run. */
struct output {
	struct ox_tree tree;
	const char *runnable; /* path in the tree; NULL: none */
	const char *runs_on;
};

static void tell_artifact(struct ox_dialect *d, struct ox_slice target, const char *dir,
			  const struct ox_tree_file *file, const struct output *output)
{
	bool runnable = output->runnable && strcmp(file->path, output->runnable) == 0;
	const char *path = ox_arena_printf(d->ctx->arena, "%s/%s", dir, file->path);
	ox_emit(d->ctx->sink, &(struct ox_event){
				      .type = OX_EVENT_ARTIFACT,
				      .as.artifact = {.target = target,
						      .path = ox_slice_str(path),
						      .digest = file->blob.digest,
						      .size = file->blob.size,
						      .runnable = runnable,
						      .runs_on = ox_slice_str(runnable ? output->runs_on : "")},
			      });
}

/* The program is the artifact of a tree; of a tree without one every file is. */
static void tell_artifacts(struct ox_dialect *d, struct ox_slice target, const char *dir, const struct output *output)
{
	for (size_t i = 0; i < output->tree.v.len; i++) {
		const struct ox_tree_file *file = &output->tree.v.items[i];
		if (!output->runnable || strcmp(file->path, output->runnable) == 0)
			tell_artifact(d, target, dir, file, output);
	}
}

static int fail_nothing(struct ox_dialect *d, struct ox_slice name, ox_star_value value, struct ox_err *err)
{
	if (ox_star_native_user(value, &ox_embedded_type))
		return ox_fail(err, OX_EUSAGE,
			       "target '%.*s' gives embedded resources, which are built as a part of an executable: "
			       "build the target that gives the executable",
			       OX_SLICE_ARG(name));
	return ox_fail(
		err, OX_EUSAGE,
		"target '%.*s' gives nothing that can be built (a %s): return a PythonExecutable or a FileManifest",
		OX_SLICE_ARG(name), ox_star_type_name(d->star, value));
}

static int make_output(struct ox_dialect *d, struct ox_slice name, ox_star_value value, struct output *output,
		       struct ox_err *err)
{
	struct ox_exe_value *exe = ox_exe_value_of(value);
	struct ox_manifest_value *manifest = ox_manifest_value_of(value);
	const struct ox_executable *built;
	int rc = 0;
	if (exe) {
		rc = ox_exe_to_tree(exe, OX_SLICE(""), &output->tree, &output->runnable, err);
		if (rc == 0)
			rc = ox_exe_build(exe, &built, err);
		if (rc == 0)
			output->runs_on = built->runs_on;
		return rc;
	}
	if (!manifest)
		return fail_nothing(d, name, value, err);
	output->runnable = manifest->runnable;
	output->runs_on = manifest->runs_on;
	for (size_t i = 0; rc == 0 && i < manifest->tree.v.len; i++) {
		const struct ox_tree_file *file = &manifest->tree.v.items[i];
		rc = ox_tree_add(&output->tree, d->ctx->arena, file->path, &file->blob, file->mode, err);
	}
	return rc;
}

static int build_target(struct ox_dialect *d, struct ox_slice name, ox_star_value value, struct ox_err *err)
{
	struct output output = {0};
	const char *dir = ox_arena_printf(d->ctx->arena, "%s/%s/%s/%.*s", d->build_path, d->ctx->triple,
					  d->ctx->release ? "release" : "debug", OX_SLICE_ARG(name));
	if (!dir)
		return ox_fail_nomem(err, "a path");
	int rc = make_output(d, name, value, &output, err);
	if (rc == 0)
		rc = ox_tree_sort(&output.tree, err);
	/* What `oxc run` runs: the last executable added, else the only program. */
	if (rc == 0 && !output.runnable)
		output.runnable = ox_tree_only_program(&output.tree);
	if (rc == 0)
		rc = ox_tree_publish(d->ctx, &output.tree, dir, err);
	if (rc == 0) {
		tell_artifacts(d, name, dir, &output);
		ox_dialect_tell_target(d, name, OX_TARGET_BUILT);
	}
	ox_vec_free(&output.tree.v);
	return rc == 0 ? 0 : ox_wrap(err, "cannot build target '%.*s'", OX_SLICE_ARG(name));
}

int ox_dialect_build(struct ox_dialect *d, struct ox_err *err)
{
	const struct ox_slice *names;
	size_t count = ox_dialect_requested(d, &names);
	if (count == 0)
		return ox_fail(err, OX_EUSAGE, "%s registers no target: call register_target(NAME, FUNCTION)",
			       d->options.config_path);
	for (size_t i = 0; i < count; i++) {
		const struct ox_target_entry *entry = ox_targets_find(&d->targets, names[i]);
		int rc = build_target(d, entry->name, entry->value, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}
