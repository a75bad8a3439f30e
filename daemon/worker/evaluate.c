/* EVALUATE: a file and expressions, in the dialect that builds use. Targets are registered and
 * none is resolved, as in a listing of them; what the file does outside of its targets is really done. */
#include "daemon/dialect/dialect.h"
#include "daemon/worker/language.h"

static int evaluate(struct ox_dialect *d, const struct ox_language *request, struct ox_err *err)
{
	int rc = request->source_count > 0 ? ox_dialect_evaluate(d, err) : 0;
	for (size_t i = 0; rc == 0 && i < request->expression_count; i++)
		rc = ox_dialect_expression(d, request->expressions[i], err);
	return rc;
}

int ox_language_evaluate(struct ox_language_work *w, struct ox_err *err)
{
	const struct ox_language *request = w->request;
	const struct ox_source_text *source = request->source_count > 0 ? request->sources : NULL;
	struct ox_arena *arena = &w->place.arena;
	if (request->source_count > 1)
		return ox_fail(err, OX_EUSAGE, "one file at a time can be evaluated, not %zu", request->source_count);
	struct ox_slice name = source ? source->path : OX_SLICE("");
	const char *path = ox_arena_printf(arena, "%.*s", OX_SLICE_ARG(name));
	const char *cwd = ox_arena_printf(arena, "%.*s", OX_SLICE_ARG(request->cwd));
	struct ox_dialect_options options = {
		.context = &w->place.context,
		.config_path = path,
		.text = source && source->given ? &source->text : NULL,
		.vars = ox_workplace_vars(&w->place, request->vars, request->var_count),
		.var_count = request->var_count,
		.list_only = true,
	};
	const char *folder = path && path[0] == '/' ? ox_workplace_folder_of(&w->place, path) : cwd;
	if (!path || !cwd || !folder || !options.vars)
		return ox_fail_nomem(err, "an evaluation");
	w->place.context.offline = request->offline;
	struct ox_dialect *d = NULL;
	int rc = ox_workplace_open_store(&w->place, request->store, err);
	if (rc == 0)
		rc = ox_workplace_prepare(&w->place, folder, "evaluation", err);
	if (rc == 0)
		rc = ox_dialect_new(&options, &d, err);
	if (rc == 0)
		rc = evaluate(d, request, err);
	ox_dialect_free(d);
	return rc;
}
