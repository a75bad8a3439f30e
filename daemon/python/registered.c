#include "daemon/python/registered.h"

#include "daemon/python/archive_check.h"
#include "store/cas/tree.h"
#include "store/fs/file.h"
#include "store/index/roots.h"

#define PREFIX "python-distribution."
#define DEFAULT_PREFIX "python-default."

struct reading {
	struct ox_build_context *ctx;
	struct ox_registered_list *out;
};

static struct ox_store *store_of(const struct ox_build_context *ctx)
{
	return ox_actions_store(ctx->actions);
}

static void record(struct ox_build_context *ctx, const char *root)
{
	struct ox_buf path = {0};
	ox_buf_printf(&path, "%s/roots/%s", ox_store_dir(store_of(ctx)), root);
	if (!path.failed)
		ox_memo_file(ctx->memo, path.data);
	ox_buf_free(&path);
}

/* What is damaged is listed without its description, so that it can be removed. */
static int describe(struct ox_build_context *ctx, struct ox_registered *r, struct ox_err *err)
{
	struct ox_buf path = {0}, text = {.limit = 64 << 20};
	struct ox_err why;
	struct ox_python_json *json = ox_arena_alloc(ctx->arena, sizeof *json);
	int rc = json ? ox_tree_find(store_of(ctx), &r->tree, &path, err) : ox_fail_nomem(err, "an archive");
	const char *root = rc == 1 ? ox_arena_printf(ctx->arena, "%s/python", path.data) : NULL;
	if (rc == 1 && !root)
		rc = ox_fail_nomem(err, "an archive");
	if (rc == 1) {
		ox_buf_str(&path, "/python/PYTHON.json");
		if (ox_fs_read_file(ox_buf_text(&path), &text, &why) == 0 &&
		    ox_python_json_parse(ctx->arena, ox_buf_view(&text), json, &why) == 0) {
			r->json = json;
			r->root = root;
		}
	}
	ox_buf_free(&text);
	ox_buf_free(&path);
	return rc < 0 ? rc : 0;
}

static int take(void *context, const char *root, const struct ox_digest *digests, size_t count, struct ox_err *err)
{
	struct reading *r = context;
	record(r->ctx, root);
	if (count != 1)
		return 0;
	struct ox_registered *slot = ox_vec_push(&r->out->v);
	const char *name = ox_arena_str(r->ctx->arena, root + strlen(PREFIX));
	if (!slot || !name)
		return ox_fail_nomem(err, "the registered distributions");
	*slot = (struct ox_registered){.name = name, .tree = digests[0]};
	return describe(r->ctx, slot, err);
}

static int take_default(void *context, const char *root, const struct ox_digest *digests, size_t count,
			struct ox_err *err)
{
	struct reading *r = context;
	(void)err;
	record(r->ctx, root);
	for (size_t i = 0; count == 1 && i < r->out->v.len; i++) {
		struct ox_registered *one = &r->out->v.items[i];
		if (one->json && ox_digest_eq(&one->tree, &digests[0]) &&
		    strcmp(one->json->triple, root + strlen(DEFAULT_PREFIX)) == 0)
			one->is_default = true;
	}
	return 0;
}

int ox_registered_read(struct ox_build_context *ctx, struct ox_registered_list *out, struct ox_err *err)
{
	struct reading r = {ctx, out};
	const char *folder = ox_arena_printf(ctx->arena, "%s/roots", ox_store_dir(store_of(ctx)));
	if (!folder)
		return ox_fail_nomem(err, "the registered distributions");
	ox_memo_listing(ctx->memo, folder);
	int rc = ox_root_each(store_of(ctx), PREFIX, take, &r, err);
	return rc ? rc : ox_root_each(store_of(ctx), DEFAULT_PREFIX, take_default, &r, err);
}

/* "/srv/cpython-3.11.9+2024-full.tar.zst" -> "cpython-3.11.9-2024-full" */
static const char *name_of(struct ox_arena *arena, const char *location)
{
	static const char *const endings[] = {".zst", ".gz", ".xz", ".tar"};
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *slash = strrchr(location, '/');
	char *name = ox_arena_str(arena, slash ? slash + 1 : location);
	if (!name)
		return NULL;
	size_t len = strlen(name);
	for (size_t i = 0; i < OX_COUNT(endings); i++)
		if (ox_slice_ends(ox_slice(name, len), ox_slice_str(endings[i])) && len > strlen(endings[i]))
			len -= strlen(endings[i]);
	name[len > 200 ? 200 : len] = '\0';
	for (char *at = name; *(at += strspn(at, allowed));)
		*at = '-';
	return name;
}

static int set_root(struct ox_build_context *ctx, const char *prefix, const char *name, const struct ox_digest *tree,
		    struct ox_err *err)
{
	const char *root = ox_arena_printf(ctx->arena, "%s%s", prefix, name);
	return root ? ox_root_set(store_of(ctx), root, tree, 1, err) : ox_fail_nomem(err, "a root");
}

int ox_registered_add(struct ox_build_context *ctx, const struct ox_archive *which, const char **name,
		      struct ox_err *err)
{
	struct ox_registered_list list = {0};
	const struct ox_distribution *dist;
	const char *wanted = name_of(ctx->arena, which->location);
	int rc = wanted ? ox_distribution_archive(ctx, which, &dist, err) : ox_fail_nomem(err, "a name");
	if (!rc)
		rc = ox_registered_read(ctx, &list, err);
	*name = wanted;
	bool is_there = false;
	for (size_t i = 0; !rc && !is_there && i < list.v.len; i++) {
		const struct ox_registered *r = &list.v.items[i];
		is_there = ox_digest_eq(&r->tree, &dist->archive->tree);
		if (is_there)
			*name = r->name;
		else if (strcmp(r->name, wanted) == 0)
			rc = ox_fail(err, OX_EUSAGE, "another archive is registered as %s: give this file another "
						     "name, or run `oxc python-distribution remove %s` first",
				     wanted, wanted);
	}
	if (!rc && !is_there)
		rc = set_root(ctx, PREFIX, wanted, &dist->archive->tree, err);
	ox_vec_free(&list.v);
	return rc;
}

static int fail_name(const struct ox_registered_list *list, const char *name, size_t count, struct ox_err *err)
{
	struct ox_buf names = {0};
	for (size_t i = 0; i < list->v.len; i++)
		ox_buf_printf(&names, "%s%s", i ? ", " : "", list->v.items[i].name);
	int rc = list->v.len ? ox_fail(err, OX_EUSAGE, "%s registered as \"%s\"; there %s %s",
				       count ? "more than one distribution is" : "no distribution is", name,
				       list->v.len == 1 ? "is" : "are", ox_buf_text(&names))
			     : ox_fail(err, OX_EUSAGE, "no distribution is registered: `oxc python-distribution add "
						       "FILE` does it");
	ox_buf_free(&names);
	return rc;
}

int ox_registered_find(const struct ox_registered_list *list, const char *name, const struct ox_registered **out,
		       struct ox_err *err)
{
	size_t count = 0;
	for (size_t i = 0; i < list->v.len; i++) {
		const struct ox_registered *r = &list->v.items[i];
		bool exact = strcmp(r->name, name) == 0;
		if (!exact && (!name[0] || !ox_slice_starts(ox_slice_str(r->name), ox_slice_str(name))))
			continue;
		*out = r;
		count = exact ? 1 : count + 1;
		if (exact)
			break;
	}
	return count == 1 ? 0 : fail_name(list, name, count, err);
}

static bool matches(const struct ox_registered *r, const struct ox_dist_wanted *wanted, int minor)
{
	if (!r->json || !ox_archive_is_for(r->json->triple, wanted->triple))
		return false;
	if (minor >= 0 && (int)(r->json->hexversion >> 16 & 0xff) != minor)
		return false;
	return wanted->flavor == OX_DIST_STANDALONE || r->json->loads_shared == (wanted->flavor == OX_DIST_DYNAMIC);
}

static bool is_default(const struct ox_registered *r, const struct ox_dist_wanted *wanted)
{
	return r->is_default && strcmp(r->json->triple, wanted->triple) == 0;
}

static const struct ox_registered *best(struct ox_build_context *ctx, const struct ox_registered_list *list,
					const struct ox_dist_wanted *wanted, int minor)
{
	const struct ox_registered *found = NULL;
	for (size_t i = 0; i < list->v.len; i++) {
		const struct ox_registered *r = &list->v.items[i];
		if (!r->json)
			ox_emit_log(ctx->sink, OX_LEVEL_WARN, "python",
				    "the files of the registered distribution %s are gone from the store: add it "
				    "again, or run `oxc python-distribution remove %s`", r->name, r->name);
		if (!matches(r, wanted, minor) || (found && is_default(found, wanted)))
			continue;
		if (!found || is_default(r, wanted) || r->json->hexversion > found->json->hexversion)
			found = r;
	}
	return found;
}

int ox_registered_choose(struct ox_build_context *ctx, const struct ox_dist_wanted *wanted, int minor,
			 const struct ox_distribution **out, struct ox_err *err)
{
	struct ox_registered_list list = {0};
	int rc = ox_registered_read(ctx, &list, err);
	const struct ox_registered *r = rc ? NULL : best(ctx, &list, wanted, minor);
	if (r) {
		struct ox_archive which = {.location = r->name, .tree = &r->tree, .triple = wanted->triple};
		which.reason = ox_arena_printf(ctx->arena, "%s for %s", is_default(r, wanted) ? "the registered default"
					       : wanted->version ? "registered" : "the newest registered",
					       wanted->triple);
		rc = which.reason ? ox_distribution_archive(ctx, &which, out, err) : ox_fail_nomem(err, "an archive");
	}
	ox_vec_free(&list.v);
	return rc ? rc : r != NULL;
}

int ox_registered_remove(struct ox_build_context *ctx, const struct ox_registered *which, struct ox_err *err)
{
	const char *root = ox_arena_printf(ctx->arena, PREFIX "%s", which->name);
	const char *first = which->is_default
				    ? ox_arena_printf(ctx->arena, DEFAULT_PREFIX "%s", which->json->triple)
				    : root;
	if (!root || !first)
		return ox_fail_nomem(err, "a root");
	int rc = ox_root_remove(store_of(ctx), first, err);
	return rc ? rc : ox_root_remove(store_of(ctx), root, err);
}

int ox_registered_set_default(struct ox_build_context *ctx, const struct ox_registered *which, struct ox_err *err)
{
	if (!which->json)
		return ox_fail(err, OX_EUSAGE, "the files of %s are gone from the store: remove it, and add it again",
			       which->name);
	return set_root(ctx, DEFAULT_PREFIX, which->json->triple, &which->tree, err);
}
