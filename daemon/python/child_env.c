#include "daemon/python/child_env.h"

static size_t name_length(const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	return equals ? (size_t)(equals - assignment) : strlen(assignment);
}

static bool is_varying(const char *assignment)
{
	static const char *const prefixes[] = {"PYTHON", "VIRTUAL_ENV", "LC_", "LANG=", "LANGUAGE=", "__PYVENV_"};
	for (size_t i = 0; i < OX_COUNT(prefixes); i++)
		if (strncmp(assignment, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static bool is_replaced(const char *assignment, const char *const *extra)
{
	size_t len = name_length(assignment);
	for (size_t i = 0; extra && extra[i]; i++)
		if (name_length(extra[i]) == len && memcmp(extra[i], assignment, len) == 0)
			return true;
	return false;
}

static size_t count(const char *const *list)
{
	size_t n = 0;
	while (list && list[n])
		n++;
	return n;
}

const char *const *ox_child_env(struct ox_arena *arena, const char *const *base, const char *const *extra)
{
	static const char *const fixed[] = {"LC_ALL=C.UTF-8", "PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1"};
	const char **env = ox_arena_array(arena, count(base) + count(extra) + OX_COUNT(fixed) + 1, sizeof *env);
	size_t n = 0;
	if (!env)
		return NULL;
	for (size_t i = 0; base && base[i]; i++)
		if (!is_varying(base[i]) && !is_replaced(base[i], extra))
			env[n++] = base[i];
	for (size_t i = 0; i < OX_COUNT(fixed); i++)
		if (!is_replaced(fixed[i], extra))
			env[n++] = fixed[i];
	for (size_t i = 0; extra && extra[i]; i++)
		if (strchr(extra[i], '='))
			env[n++] = extra[i];
	return env;
}

const char *ox_client_env(struct ox_build_context *ctx, const char *name)
{
	ox_memo_env(ctx->memo, name);
	const char *value = ctx->env.get ? ctx->env.get(ctx->env.ctx, name) : NULL;
	return value && *value ? value : NULL;
}
