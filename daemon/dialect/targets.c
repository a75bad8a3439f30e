#include "daemon/dialect/targets.h"

void ox_targets_free(struct ox_targets *t)
{
	ox_vec_free(&t->v);
}

struct ox_target_entry *ox_targets_find(const struct ox_targets *t, struct ox_slice name)
{
	for (size_t i = 0; i < t->v.len; i++) {
		if (ox_slice_eq(t->v.items[i].name, name))
			return &t->v.items[i];
	}
	return NULL;
}

struct ox_target_entry *ox_targets_register(struct ox_targets *t, struct ox_slice name, bool is_default)
{
	struct ox_target_entry *entry = ox_targets_find(t, name);
	if (!entry)
		entry = ox_vec_push(&t->v);
	if (!entry)
		return NULL;
	*entry = (struct ox_target_entry){.name = name};
	if (is_default) {
		t->default_index = (size_t)(entry - t->v.items);
		t->has_default = true;
	}
	return entry;
}

const struct ox_target_entry *ox_targets_default(const struct ox_targets *t)
{
	return t->v.len ? &t->v.items[t->default_index] : NULL;
}

int ox_targets_unknown(const struct ox_targets *t, struct ox_slice name, struct ox_err *err)
{
	struct ox_buf all = {0};
	const char **names = calloc(t->v.len + 1, sizeof *names);
	for (size_t i = 0; i < t->v.len; i++) {
		ox_buf_printf(&all, "%s%.*s", i ? ", " : "", OX_SLICE_ARG(t->v.items[i].name));
		if (names)
			names[i] = t->v.items[i].name.data;
	}
	const char *nearest = names ? ox_star_nearest(name, names, t->v.len) : NULL;
	if (t->v.len == 0)
		ox_fail(err, OX_EUSAGE, "there is no target '%.*s': the configuration registers none",
			OX_SLICE_ARG(name));
	else if (nearest)
		ox_fail(err, OX_EUSAGE, "there is no target '%.*s'; did you mean '%s'? (targets: %s)",
			OX_SLICE_ARG(name), nearest, ox_buf_text(&all));
	else
		ox_fail(err, OX_EUSAGE, "there is no target '%.*s' (targets: %s)", OX_SLICE_ARG(name),
			ox_buf_text(&all));
	free(names);
	ox_buf_free(&all);
	return OX_EUSAGE;
}

/* Reports a failure of our own: pending when a program is running, else in *err. */
static ox_star_value fail(struct ox_star *s, const struct ox_err *cause, struct ox_err *err)
{
	struct ox_slice file;
	uint32_t line, column;
	if (ox_star_where(s, &file, &line, &column))
		return ox_star_fail_err(s, cause);
	if (err)
		*err = *cause;
	return OX_STAR_FAILED;
}

/* The names that are being resolved, from `name` on, in the order they were asked for. */
static ox_star_value fail_cycle(struct ox_star *s, const struct ox_targets *t, struct ox_slice name, struct ox_err *err)
{
	struct ox_err cause;
	struct ox_buf chain = {0};
	struct ox_slice at = name;
	do {
		const struct ox_target_entry *entry = ox_targets_find(t, at), *next = NULL;
		ox_buf_printf(&chain, "%.*s -> ", OX_SLICE_ARG(at));
		for (size_t i = 0; i < entry->depend_count && !next; i++) {
			next = ox_targets_find(t, entry->depends[i]);
			if (next && next->progress != OX_TARGET_RESOLVING)
				next = NULL;
		}
		at = next ? next->name : name;
	} while (!ox_slice_eq(at, name));
	ox_fail(&cause, OX_EUSAGE, "targets depend on each other: %s%.*s", ox_buf_text(&chain), OX_SLICE_ARG(name));
	ox_buf_free(&chain);
	return fail(s, &cause, err);
}

static ox_star_value run_target(struct ox_star *s, struct ox_targets *t, struct ox_slice name, struct ox_err *err)
{
	struct ox_target_entry *entry = ox_targets_find(t, name);
	size_t count = entry->depend_count;
	ox_star_value *args = ox_star_alloc(s, (count + 1) * sizeof *args);
	if (!args)
		return OX_STAR_FAILED;
	for (size_t i = 0; i < count; i++) {
		/* The entry may have moved: functions can register targets. */
		entry = ox_targets_find(t, name);
		args[i] = ox_targets_resolve(s, t, entry->depends[i], err);
		if (!ox_star_ok(args[i]))
			return OX_STAR_FAILED;
	}
	entry = ox_targets_find(t, name);
	return ox_star_call(s, entry->function, args, count, NULL, 0, err);
}

ox_star_value ox_targets_resolve(struct ox_star *s, struct ox_targets *t, struct ox_slice name, struct ox_err *err)
{
	struct ox_target_entry *entry = ox_targets_find(t, name);
	if (!entry) {
		struct ox_err cause;
		ox_targets_unknown(t, name, &cause);
		return fail(s, &cause, err);
	}
	if (entry->progress == OX_TARGET_DONE)
		return entry->value;
	if (entry->progress == OX_TARGET_RESOLVING)
		return fail_cycle(s, t, name, err);
	entry->progress = OX_TARGET_RESOLVING;
	name = entry->name;
	ox_star_value value = run_target(s, t, name, err);
	entry = ox_targets_find(t, name);
	entry->progress = ox_star_ok(value) ? OX_TARGET_DONE : OX_TARGET_IDLE;
	entry->value = value;
	return value;
}
