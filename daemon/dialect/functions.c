#include "daemon/dialect/functions.h"

#include "daemon/dialect/path.h"
#include "daemon/dialect/session.h"

/* Old documents call the first two parameters name and fn, today's target and callable. */
enum {
	REGISTER_NAME,
	REGISTER_FN,
	REGISTER_DEPENDS,
	REGISTER_DEFAULT,
	REGISTER_SCRIPT,
	REGISTER_TARGET,
	REGISTER_CALLABLE
};

static const struct ox_star_param register_params[] = {
	[REGISTER_NAME] = {.name = "name",
			   .types = OX_STAR_T_STRING,
			   .kind = OX_STAR_OPTIONAL,
			   .doc = "the name to build it by; it becomes a folder"},
	[REGISTER_FN] = {.name = "fn",
			 .types = OX_STAR_T_FUNCTION,
			 .kind = OX_STAR_OPTIONAL,
			 .doc = "the function that makes the value"},
	[REGISTER_DEPENDS] = {.name = "depends",
			      .types = OX_STAR_T_LIST | OX_STAR_T_TUPLE | OX_STAR_T_NONE,
			      .kind = OX_STAR_OPTIONAL,
			      .fallback = "None",
			      .item_types = OX_STAR_T_STRING,
			      .doc = "names of targets whose values the function gets, in this order"},
	[REGISTER_DEFAULT] = {.name = "default",
			      .kind = OX_STAR_OPTIONAL,
			      .fallback = "False",
			      .doc = "whether it is built when no target is named"},
	[REGISTER_SCRIPT] = {.name = "default_build_script",
			     .kind = OX_STAR_OPTIONAL,
			     .fallback = "False",
			     .doc = "taken and ignored: no build scripts of other languages are served"},
	[REGISTER_TARGET] = {.name = "target",
			     .types = OX_STAR_T_STRING,
			     .kind = OX_STAR_OPTIONAL | OX_STAR_NAMED_ONLY,
			     .doc = "another name of the first argument"},
	[REGISTER_CALLABLE] = {.name = "callable",
			       .types = OX_STAR_T_FUNCTION,
			       .kind = OX_STAR_OPTIONAL | OX_STAR_NAMED_ONLY,
			       .doc = "another name of the second argument"},
	[REGISTER_CALLABLE + 1] = {0},
};

static ox_star_value register_target(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args,
				     void *data OX_UNUSED)
{
	struct ox_dialect *d = ox_dialect_of(s);
	ox_star_value name = ox_star_ok(args[REGISTER_NAME]) ? args[REGISTER_NAME] : args[REGISTER_TARGET];
	ox_star_value function = ox_star_ok(args[REGISTER_FN]) ? args[REGISTER_FN] : args[REGISTER_CALLABLE];
	struct ox_slice *depends;
	size_t count;
	if (!ox_star_ok(name) || !ox_star_ok(function))
		return ox_star_fail(s, "register_target() needs a name and a function");
	struct ox_slice text = ox_star_text(name);
	if (text.len == 0 || memchr(text.data, '/', text.len) || text.data[0] == '.')
		return ox_star_fail(s, "'%.*s' cannot be the name of a target: it becomes a folder",
				    OX_SLICE_ARG(text));
	if (ox_dialect_strings(d, args[REGISTER_DEPENDS], &depends, &count) != 0)
		return OX_STAR_FAILED;
	struct ox_target_entry *entry = ox_targets_register(&d->targets, text, ox_star_truth(args[REGISTER_DEFAULT]));
	if (!entry)
		return ox_star_fail(s, "out of memory for targets");
	entry->function = function;
	entry->depends = depends;
	entry->depend_count = count;
	return OX_STAR_NONE;
}

static ox_star_value resolve_target(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args,
				    void *data OX_UNUSED)
{
	struct ox_dialect *d = ox_dialect_of(s);
	return ox_targets_resolve(s, &d->targets, ox_star_text(args[0]), NULL);
}

/* Resolves what the request asks for. */
static ox_star_value resolve_targets(struct ox_star *s, ox_star_value self OX_UNUSED,
				     const ox_star_value *args OX_UNUSED, void *data OX_UNUSED)
{
	struct ox_dialect *d = ox_dialect_of(s);
	return ox_dialect_resolve_requested(d, NULL) == 0 ? OX_STAR_NONE : OX_STAR_FAILED;
}

static ox_star_value set_build_path(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args,
				    void *data OX_UNUSED)
{
	struct ox_dialect *d = ox_dialect_of(s);
	if (ox_star_kind(args[0]) == OX_STAR_T_NONE)
		return OX_STAR_NONE;
	const char *path = ox_dialect_path(d, args[0]);
	if (!path)
		return OX_STAR_FAILED;
	d->build_path = path;
	return OX_STAR_NONE;
}

static ox_star_value can_prompt(struct ox_star *s OX_UNUSED, ox_star_value self OX_UNUSED,
				const ox_star_value *args OX_UNUSED, void *data OX_UNUSED)
{
	return OX_STAR_FALSE;
}

const struct ox_star_function ox_dialect_functions[] = {
	{
		.name = "register_target",
		.params = register_params,
		.call = register_target,
		.returns = OX_STAR_T_NONE,
		.doc = "Names a function as a target; it gets the values of the targets in depends.",
	},
	{
		.name = "resolve_target",
		.params = (const struct ox_star_param[]){{.name = "target",
							  .types = OX_STAR_T_STRING,
							  .doc = "the name of a registered target"}, {0}},
		.call = resolve_target,
		.returns = OX_STAR_T_NONE | OX_STAR_T_NATIVE,
		.doc = "The value of a target, computed at the first call.",
	},
	{
		.name = "resolve_targets",
		.call = resolve_targets,
		.returns = OX_STAR_T_NONE,
		.doc = "Resolves what was asked for on the command line, or the default target.",
	},
	{
		.name = "set_build_path",
		.params = (const struct ox_star_param[]){{.name = "path",
							  .types = OX_STAR_T_STRING | OX_STAR_T_NONE,
							  .doc = "a folder; relative to that of the configuration"},
							 {0}},
		.call = set_build_path,
		.returns = OX_STAR_T_NONE,
		.doc = "The folder that outputs go below; \"build\" beside the configuration otherwise.",
	},
	{
		.name = "can_prompt",
		.call = can_prompt,
		.returns = OX_STAR_T_BOOL,
		.doc = "Whether questions can be asked: builds ask none.",
	},
	{0},
};
