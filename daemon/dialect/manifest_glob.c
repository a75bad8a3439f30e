/* glob(): files by pattern, as a manifest. */
#include "daemon/dialect/glob.h"
#include "daemon/dialect/manifest_value.h"
#include "daemon/dialect/path.h"

#include <unistd.h>

/* Patterns: a list, or (as a walkthrough has it) one string. */
static int match_all(struct ox_dialect *d, ox_star_value patterns, struct ox_path_list *out, struct ox_err *err)
{
	struct ox_build_context *ctx = d->ctx;
	bool single = ox_star_kind(patterns) == OX_STAR_T_STRING;
	size_t count = single ? 1 : ox_star_len(patterns);
	for (size_t i = 0; i < count; i++) {
		struct ox_slice text = ox_star_text(single ? patterns : ox_star_at(d->star, patterns, i));
		const char *pattern = ox_path_absolute(ctx->arena, ctx->cwd, text);
		int rc = pattern ? ox_glob(ctx->memo, ctx->arena, pattern, out, err) : ox_fail_nomem(err, "a pattern");
		if (rc != 0)
			return rc;
	}
	ox_path_list_sort(out);
	return 0;
}

static int add_match(struct ox_dialect *d, struct ox_manifest_value *m, const char *path, const char *strip,
		     struct ox_err *err)
{
	struct ox_blob blob;
	const char *rest = ox_path_below(path, strip);
	if (!rest)
		return ox_fail(err, OX_EUSAGE, "%s is not below %s, so that prefix cannot be stripped", path, strip);
	int rc = ox_dialect_file_blob(d, path, &blob, err);
	if (rc == 0)
		rc = ox_tree_add(&m->tree, d->ctx->arena, rest, &blob, access(path, X_OK) == 0 ? 0755 : 0644, err);
	return rc;
}

static ox_star_value glob(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args,
			  void *data OX_UNUSED)
{
	struct ox_err err;
	struct ox_dialect *d = ox_dialect_of(s);
	struct ox_path_list found = {0}, excluded = {0};
	ox_star_value manifest = ox_manifest_value_new(d);
	/* Paths in a manifest are relative; without a prefix to strip, to the configuration's folder. */
	bool has_strip = ox_star_kind(args[2]) == OX_STAR_T_STRING;
	const char *strip = has_strip ? ox_dialect_path(d, args[2]) : d->ctx->cwd;
	if (!ox_star_ok(manifest) || !strip)
		return OX_STAR_FAILED;
	int rc = match_all(d, args[0], &found, &err);
	if (rc == 0 && ox_star_kind(args[1]) != OX_STAR_T_NONE)
		rc = match_all(d, args[1], &excluded, &err);
	for (size_t i = 0; rc == 0 && i < found.v.len; i++) {
		if (!ox_path_list_has(&excluded, found.v.items[i]))
			rc = add_match(d, ox_manifest_value_of(manifest), found.v.items[i], strip, &err);
	}
	ox_vec_free(&found.v);
	ox_vec_free(&excluded.v);
	return rc == 0 ? manifest : ox_star_fail_err(s, &err);
}

#define PATTERNS (OX_STAR_T_STRING | OX_STAR_T_LIST | OX_STAR_T_TUPLE)

const struct ox_star_function ox_glob_function = {
	.name = "glob",
	.params =
		(const struct ox_star_param[]){
			{.name = "include",
			 .types = PATTERNS,
			 .item_types = OX_STAR_T_STRING,
			 .doc = "patterns: ? and * within a name, ** over folders, [a-z]; relative to the "
				"configuration's folder"},
			{.name = "exclude",
			 .types = PATTERNS | OX_STAR_T_NONE,
			 .kind = OX_STAR_OPTIONAL,
			 .fallback = "None",
			 .item_types = OX_STAR_T_STRING,
			 .doc = "patterns of what is left out"},
			{.name = "strip_prefix",
			 .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
			 .kind = OX_STAR_OPTIONAL,
			 .fallback = "None",
			 .doc = "taken from the front of each path, which has to begin with it"},
			{0},
		},
	.call = glob,
	.returns = OX_STAR_T_NATIVE,
	.doc = "The files that match patterns, as a FileManifest.",
};
