#include "daemon/worker/environment.h"

int ox_environment_init(struct ox_environment *e, struct ox_arena *arena, const struct ox_name_value *variables,
			size_t count, struct ox_err *err)
{
	*e = (struct ox_environment){0};
	const char **list = ox_arena_array(arena, count + 1, sizeof *list);
	size_t set = 0;
	if (!list)
		return ox_fail_nomem(err, "the environment");
	for (size_t i = 0; i < count; i++) {
		const struct ox_name_value *v = &variables[i];
		if (v->unset)
			continue;
		struct ox_slice name = ox_arena_slice(arena, v->name), value = ox_arena_slice(arena, v->value);
		char *line = ox_arena_printf(arena, "%s=%s", name.data ? name.data : "", value.data ? value.data : "");
		void **slot = name.data && value.data && line ? ox_map_put(&e->names, name, NULL) : NULL;
		if (!slot)
			return ox_fail_nomem(err, "the environment");
		*slot = line + name.len + 1;
		list[set++] = line;
	}
	e->environ = list;
	return 0;
}

void ox_environment_end(struct ox_environment *e)
{
	ox_map_free(&e->names);
}

const char *ox_environment_get(void *environment, const char *name)
{
	const struct ox_environment *e = environment;
	return ox_map_get(&e->names, ox_slice_str(name));
}
