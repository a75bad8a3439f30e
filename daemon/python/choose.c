#include "daemon/python/choose.h"

#include "daemon/python/archive.h"
#include "daemon/python/child_env.h"
#include "daemon/python/known.h"
#include "daemon/python/reach.h"
#include "daemon/python/registered.h"

bool ox_dist_flavor_parse(struct ox_slice text, enum ox_dist_flavor *out)
{
	static const struct {
		const char *name;
		enum ox_dist_flavor flavor;
	} names[] = {
		{"standalone", OX_DIST_STANDALONE},      {"standalone_static", OX_DIST_STATIC},
		{"standalone-static", OX_DIST_STATIC},   {"standalone_dynamic", OX_DIST_DYNAMIC},
		{"standalone-dynamic", OX_DIST_DYNAMIC}, {"host", OX_DIST_HOST},
	};
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		if (ox_slice_eq_str(text, names[i].name)) {
			*out = names[i].flavor;
			return true;
		}
	}
	return false;
}

static bool matches(const struct ox_known *k, const struct ox_dist_wanted *wanted, int minor)
{
	if (strcmp(k->triple, wanted->triple) != 0 || (minor >= 0 && k->minor != minor))
		return false;
	if (!k->is_users && k->minor < OX_OLDEST_MINOR)
		return false; /* in PyOxidizer's table, and too old for us */
	return wanted->flavor == OX_DIST_STANDALONE || k->loads_shared == (wanted->flavor == OX_DIST_DYNAMIC);
}

/* The newest that matches, the first of two; NULL: there is none. */
static const struct ox_known *best(const struct ox_known_list *list, const struct ox_dist_wanted *wanted, int minor,
				   bool users)
{
	const struct ox_known *found = NULL;
	for (size_t i = 0; i < list->v.len; i++) {
		const struct ox_known *k = &list->v.items[i];
		if (k->is_users == users && matches(k, wanted, minor) && (!found || k->minor > found->minor))
			found = k;
	}
	return found;
}

static int describe(struct ox_build_context *ctx, const struct ox_known *k, const struct ox_dist_wanted *wanted,
		    struct ox_archive *out, struct ox_err *err)
{
	const char *table = k->is_users ? ox_known_file(ctx) : "oxidizer's own table";
	*out = (struct ox_archive){.location = k->location, .sha256 = k->sha256, .triple = wanted->triple};
	out->reason = wanted->version
			      ? ox_arena_printf(ctx->arena, "the 3.%d for %s in %s", k->minor, wanted->triple, table)
			      : ox_arena_printf(ctx->arena, "the newest for %s in %s", wanted->triple, table);
	return table && out->reason ? 0 : ox_fail_nomem(err, "choosing a distribution");
}

static int fail_none(struct ox_build_context *ctx, const struct ox_dist_wanted *wanted, struct ox_err *err)
{
	const char *file = ox_known_file(ctx);
	return ox_fail(err, OX_ENOENT,
		       "no Python distribution%s%s for %s is known: name one with PythonDistribution(sha256 = ..., "
		       "local_path = ...), or register it with `oxc python-distribution add FILE`%s%s",
		       wanted->version ? " of version " : "", wanted->version ? wanted->version : "", wanted->triple,
		       file ? ", or add it to " : "", file ? file : "");
}

/* 0 taken, 1 none there or none to be had (*err says why), or an error. */
static int try_table(struct ox_build_context *ctx, const struct ox_known_list *list, bool users,
		     const struct ox_dist_wanted *wanted, int minor, const struct ox_distribution **out,
		     struct ox_err *err)
{
	const struct ox_known *k = best(list, wanted, minor, users);
	if (!k) {
		fail_none(ctx, wanted, err);
		return 1;
	}
	struct ox_archive which;
	int rc = describe(ctx, k, wanted, &which, err);
	if (!rc)
		rc = ox_distribution_archive(ctx, &which, out, err);
	return rc == OX_EBUILD ? 1 : rc;
}

/* 0 taken, 1 not to be had or not to be used (*err says why), or an error. What the store has is not asked for. */
static int take_if_easy(struct ox_build_context *ctx, const struct ox_archive *which,
			const struct ox_distribution **out, struct ox_err *err)
{
	struct ox_build_context offline = *ctx;
	const char *why;
	offline.offline = true;
	int rc = ox_distribution_archive(&offline, which, out, err);
	if (rc == OX_EBUILD && !ctx->offline) {
		rc = ox_archive_reach(ctx, which, &why, err);
		if (!rc)
			rc = why ? ox_fail(err, OX_EBUILD, "it cannot be downloaded, %s", why)
				 : ox_distribution_archive(ctx, which, out, err);
	}
	return rc == OX_EBUILD || rc == OX_EUSAGE ? 1 : rc;
}

/* Our own table, then the machine. */
static int choose_for_here(struct ox_build_context *ctx, const struct ox_known_list *list,
			   const struct ox_dist_wanted *wanted, int minor, const struct ox_distribution **out,
			   struct ox_err *err)
{
	struct ox_archive which;
	struct ox_err why = {0};
	const struct ox_known *k = ox_client_env(ctx, "OXIDIZER_PYTHON") ? NULL : best(list, wanted, minor, false);
	if (!k)
		return ox_distribution_host(ctx, wanted->version, out, err);
	int rc = describe(ctx, k, wanted, &which, &why);
	if (!rc)
		rc = take_if_easy(ctx, &which, out, &why);
	if (rc < 0)
		return ox_fail(err, rc, "%s", why.text);
	if (rc == 0)
		return 0;
	ox_emit_log(ctx->sink, OX_LEVEL_INFO, "python",
		    "an interpreter of this machine is taken, not the archive of oxidizer's own table: %s", why.text);
	return ox_distribution_host(ctx, wanted->version, out, err);
}

/* "3.11" or "3.11.2" -> 11; NULL -> -1 */
static int parse_minor(const char *version, int *minor, struct ox_err *err)
{
	char rest = '\0';
	*minor = -1;
	if (!version || (sscanf(version, "3.%3d%c", minor, &rest) >= 1 && (!rest || rest == '.') && *minor >= 0))
		return 0;
	return ox_fail(err, OX_EUSAGE, "Python version \"%s\" is not understood: write \"3.11\"", version);
}

static int choose(struct ox_build_context *ctx, const struct ox_known_list *list, const struct ox_dist_wanted *wanted,
		  const struct ox_distribution **out, struct ox_err *err)
{
	int minor, rc = parse_minor(wanted->version, &minor, err);
	if (!rc)
		rc = ox_registered_choose(ctx, wanted, minor, out, err);
	if (rc)
		return rc < 0 ? rc : 0;
	struct ox_err users = {0};
	rc = try_table(ctx, list, true, wanted, minor, out, &users);
	if (rc < 0)
		return ox_fail(err, rc, "%s", users.text);
	if (rc == 0)
		return 0;
	if (users.code == OX_EBUILD)
		ox_emit_log(ctx->sink, OX_LEVEL_WARN, "python", "%s: looking for another distribution", users.text);
	if (strcmp(wanted->triple, ctx->host_triple) == 0)
		return choose_for_here(ctx, list, wanted, minor, out, err);
	struct ox_err own = {0};
	rc = try_table(ctx, list, false, wanted, minor, out, &own);
	if (rc == 1 && own.code == OX_EBUILD)
		return ox_fail(err, OX_EBUILD, "%s; get an archive for %s another way, or build one "
					       "(contrib/python-distribution/build), and register it: oxc "
					       "python-distribution add FILE", own.text, wanted->triple);
	return rc ? ox_fail(err, own.code, "%s", own.text) : 0;
}

int ox_distribution_choose(struct ox_build_context *ctx, const struct ox_dist_wanted *wanted,
			   const struct ox_distribution **out, struct ox_err *err)
{
	struct ox_known_list list = {0};
	struct ox_err own;
	if (wanted->flavor == OX_DIST_HOST && strcmp(wanted->triple, ctx->host_triple) != 0)
		return ox_fail(err, OX_EUSAGE, "the interpreters of this machine are for %s, not for %s: use flavor = "
					       "\"standalone\"", ctx->host_triple, wanted->triple);
	if (wanted->flavor == OX_DIST_HOST)
		return ox_distribution_host(ctx, wanted->version, out, err);
	int rc = ox_known_read(ctx, &list, err);
	if (!rc)
		rc = choose(ctx, &list, wanted, out, err ? err : &own);
	ox_vec_free(&list.v);
	return rc;
}
