#include "daemon/dialect/layout.h"

char *ox_module_path(struct ox_arena *arena, struct ox_slice module)
{
	char *path = ox_arena_printf(arena, "%.*s", OX_SLICE_ARG(module));
	for (char *p = path; p && *p; p++) {
		if (*p == '.')
			*p = '/';
	}
	return path;
}

const char *ox_resource_path(struct ox_arena *arena, const struct ox_distribution *dist, const struct ox_resource *r)
{
	const char *folder = r->kind == OX_RES_MODULE || r->kind == OX_RES_PACKAGE_FILE || r->kind == OX_RES_EXTENSION
				     ? ox_module_path(arena, r->name)
				     : "";
	if (!folder)
		return NULL;
	switch (r->kind) {
	case OX_RES_MODULE:
		return ox_arena_printf(arena, "%s%s.py", folder, r->is_package ? "/__init__" : "");
	case OX_RES_PACKAGE_FILE:
		return ox_arena_printf(arena, "%s/%.*s", folder, OX_SLICE_ARG(r->file));
	case OX_RES_DIST_FILE:
		return ox_arena_printf(arena, "%.*s-%.*s.dist-info/%.*s", OX_SLICE_ARG(r->name),
				       OX_SLICE_ARG(r->version), OX_SLICE_ARG(r->file));
	case OX_RES_EXTENSION:
		if (r->is_builtin)
			return NULL;
		return ox_arena_printf(arena, "%s%s%s", folder, r->is_package ? "/__init__" : "", dist->ext_suffix);
	default:
		return ox_arena_printf(arena, "%.*s", OX_SLICE_ARG(r->file));
	}
}

const char *ox_bytecode_path(struct ox_arena *arena, const struct ox_distribution *dist, const struct ox_resource *r,
			     int level)
{
	char *path = ox_module_path(arena, r->name);
	if (!path)
		return NULL;
	const char *name = "__init__", *folder = path;
	if (!r->is_package) {
		char *slash = strrchr(path, '/');
		name = slash ? slash + 1 : path;
		folder = slash ? path : "";
		if (slash)
			*slash = '\0';
	}
	const char *separator = folder[0] ? "/" : "";
	if (level == 0)
		return ox_arena_printf(arena, "%s%s__pycache__/%s.%s.pyc", folder, separator, name, dist->cache_tag);
	return ox_arena_printf(arena, "%s%s__pycache__/%s.%s.opt-%d.pyc", folder, separator, name, dist->cache_tag,
			       level);
}
