#include "daemon/dialect/discover.h"

#include "daemon/dialect/path.h"
#include "daemon/dialect/policy_value.h"
#include "daemon/python/pip.h"

const struct ox_star_param ox_pip_params[] = {
	{.name = "args",
	 .types = OX_STAR_T_LIST | OX_STAR_T_TUPLE,
	 .item_types = OX_STAR_T_STRING,
	 .doc = "what pip install is to do: requirements, options"},
	{.name = "extra_envs",
	 .types = OX_STAR_T_DICT | OX_STAR_T_NONE,
	 .kind = OX_STAR_OPTIONAL,
	 .fallback = "None",
	 .item_types = OX_STAR_T_STRING,
	 .doc = "environment variables for pip and what it runs"},
	{0},
};
const struct ox_star_param ox_package_root_params[] = {
	{.name = "path", .types = OX_STAR_T_STRING, .doc = "the folder that the packages lie in"},
	{.name = "packages",
	 .types = OX_STAR_T_LIST | OX_STAR_T_TUPLE,
	 .item_types = OX_STAR_T_STRING,
	 .doc = "names of packages and modules; what is below them comes along"},
	{0},
};
const struct ox_star_param ox_virtualenv_params[] = {
	{.name = "path", .types = OX_STAR_T_STRING, .doc = "the folder of the virtualenv"},
	{0},
};

/* The resources move into the arena, so that values can point at them. */
static ox_star_value to_values(struct ox_dialect *d, const struct ox_discovery *who, const struct ox_resources *found)
{
	struct ox_resource *kept = ox_arena_array(d->ctx->arena, found->v.len + 1, sizeof *kept);
	if (!kept)
		return ox_star_fail(d->star, "out of memory for the resources that were found");
	if (found->v.len)
		memcpy(kept, found->v.items, found->v.len * sizeof *kept);
	return ox_policy_resources(d, who->policy, who->dist, kept, found->v.len, who->unplaced);
}

static ox_star_value finish(struct ox_dialect *d, const struct ox_discovery *who, struct ox_resources *found, int rc,
			    const struct ox_err *err)
{
	ox_star_value list = rc == 0 ? to_values(d, who, found) : ox_star_fail_err(d->star, err);
	ox_vec_free(&found->v);
	return list;
}

/* {"NAME": "VALUE"} -> NAME=VALUE, NULL-terminated; NULL: failing. */
static const char *const *environment(struct ox_dialect *d, ox_star_value dict)
{
	struct ox_arena *arena = d->ctx->arena;
	const char **env = ox_arena_array(arena, ox_star_len(dict) + 1, sizeof *env);
	ox_star_value name, value;
	for (size_t i = 0; env && ox_star_entry(dict, i, &name, &value); i++) {
		env[i] = ox_arena_printf(arena, "%s=%s", ox_star_cstr(name), ox_star_cstr(value));
		if (!env[i])
			env = NULL;
	}
	if (!env)
		ox_star_fail(d->star, "out of memory for the environment of pip");
	return env;
}

static int with_lead(struct ox_dialect *d, const char *lead, struct ox_slice **items, size_t *count)
{
	struct ox_slice *all = ox_arena_array(d->ctx->arena, *count + 1, sizeof *all);
	if (!all) {
		ox_star_fail(d->star, "out of memory for the arguments of pip");
		return -1;
	}
	all[0] = ox_slice_str(lead);
	if (*count)
		memcpy(all + 1, *items, *count * sizeof *all);
	*items = all;
	++*count;
	return 0;
}

ox_star_value ox_discover_pip(struct ox_dialect *d, const struct ox_discovery *who, const char *lead,
			      ox_star_value args, ox_star_value extra_envs)
{
	struct ox_err err;
	struct ox_slice *items;
	size_t count;
	struct ox_resources found = {0};
	const struct ox_distribution *dist = ox_dist_value_get(who->dist);
	if (!dist || ox_dialect_strings(d, args, &items, &count) != 0)
		return OX_STAR_FAILED;
	if (lead && with_lead(d, lead, &items, &count) != 0)
		return OX_STAR_FAILED;
	const char *const *env = environment(d, extra_envs);
	if (!env)
		return OX_STAR_FAILED;
	const struct ox_pip_request request = {items, count, env};
	int rc = ox_pip_install(d->ctx, dist, &request, &found, &err);
	return finish(d, who, &found, rc, &err);
}

ox_star_value ox_discover_packages(struct ox_dialect *d, const struct ox_discovery *who, ox_star_value path,
				   ox_star_value packages)
{
	struct ox_err err;
	struct ox_slice *names;
	size_t count;
	struct ox_resources found = {0};
	const struct ox_distribution *dist = ox_dist_value_get(who->dist);
	const char *root = ox_dialect_path(d, path);
	if (!dist || !root || ox_dialect_strings(d, packages, &names, &count) != 0)
		return OX_STAR_FAILED;
	int rc = ox_scan_packages(d->ctx, dist, root, names, count, OX_ORIGIN_APPLICATION, &found, &err);
	if (rc == OX_ENOENT)
		err.code = OX_EUSAGE;
	return finish(d, who, &found, rc, &err);
}

ox_star_value ox_discover_virtualenv(struct ox_dialect *d, const struct ox_discovery *who, ox_star_value path)
{
	struct ox_err err;
	struct ox_resources found = {0};
	const struct ox_distribution *dist = ox_dist_value_get(who->dist);
	const char *root = ox_dialect_path(d, path);
	if (!dist || !root)
		return OX_STAR_FAILED;
	const char *packages =
		ox_arena_printf(d->ctx->arena, "%s/lib/python%d.%d/site-packages", root, dist->major, dist->minor);
	if (!packages)
		return ox_star_fail(d->star, "out of memory for a path");
	int rc = ox_scan_folder(d->ctx, dist, packages, OX_ORIGIN_PACKAGE, &found, &err);
	if (rc == OX_ENOENT) {
		ox_fail(&err, OX_EUSAGE,
			"%s is not a virtualenv of Python %d.%d: it has no folder lib/python%d.%d/site-packages", root,
			dist->major, dist->minor, dist->major, dist->minor);
	}
	return finish(d, who, &found, rc, &err);
}
