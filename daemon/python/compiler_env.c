#include "daemon/python/compiler_env.h"

#include "daemon/python/child_env.h"

/* The command, in the client's words if there are any. */
static const char *compiler(struct ox_build_context *ctx, const char *variable, const char *usual, const char *sysroot)
{
	const char *given = ox_client_env(ctx, variable);
	if (!sysroot)
		return given ? given : usual;
	return ox_arena_printf(ctx->arena, "%s --sysroot=%s -B%s/usr/lib/", given ? given : usual, sysroot, sysroot);
}

/* A static interpreter was linked with -static, and says so of its extension modules: shared libraries cannot be. */
static void add_linkers(struct ox_build_context *ctx, const char *cc, const char *cxx, const char **list, size_t *count)
{
	list[(*count)++] = ox_arena_printf(ctx->arena, "LDSHARED=%s -shared", cc);
	list[(*count)++] = ox_arena_printf(ctx->arena, "LDCXXSHARED=%s -shared", cxx);
}

bool ox_compiler_env(struct ox_build_context *ctx, const struct ox_distribution *dist, const char **list,
		     size_t *count)
{
	const char *sysroot = dist->archive ? dist->archive->sysroot : NULL, *cc, *cxx;
	size_t first = *count;
	if (!sysroot && !dist->is_static)
		return true;
	cc = sysroot ? compiler(ctx, "CC", "gcc", sysroot)
		     : compiler(ctx, "CC_x86_64_unknown_linux_musl", "musl-gcc", NULL);
	cxx = sysroot ? compiler(ctx, "CXX", "g++", sysroot) : cc;
	if (!cc || !cxx)
		return false;
	list[(*count)++] = ox_arena_printf(ctx->arena, "CC=%s", cc);
	list[(*count)++] = ox_arena_printf(ctx->arena, "CXX=%s", cxx);
	if (dist->is_static)
		add_linkers(ctx, cc, cxx, list, count);
	for (size_t i = first; i < *count; i++)
		if (!list[i])
			return false;
	return true;
}
