#include "daemon/python/compiler_env.h"

#include "daemon/python/child_env.h"

static const char *with_sysroot(struct ox_build_context *ctx, const char *variable, const char *usual, const char *root)
{
	const char *given = ox_client_env(ctx, variable);
	return ox_arena_printf(ctx->arena, "%s=%s --sysroot=%s -B%s/usr/lib/", variable, given ? given : usual, root,
			       root);
}

bool ox_compiler_env(struct ox_build_context *ctx, const struct ox_distribution *dist, const char **list,
		     size_t *count)
{
	const char *sysroot = dist->archive ? dist->archive->sysroot : NULL;
	size_t first = *count;
	if (sysroot) {
		list[(*count)++] = with_sysroot(ctx, "CC", "gcc", sysroot);
		list[(*count)++] = with_sysroot(ctx, "CXX", "g++", sysroot);
	} else if (dist->is_static) {
		const char *given = ox_client_env(ctx, "CC_x86_64_unknown_linux_musl");
		list[(*count)++] = ox_arena_printf(ctx->arena, "CC=%s", given ? given : "musl-gcc");
	}
	for (size_t i = first; i < *count; i++)
		if (!list[i])
			return false;
	return true;
}
