/* LINT: remarks on each source, as diagnostics. */
#include "daemon/dialect/lint.h"
#include "daemon/worker/language.h"

static int look(struct ox_language_work *w, struct ox_slice path, struct ox_slice text, struct ox_err *err)
{
	return ox_dialect_lint(path, text, &w->sink->sink, &w->findings, err);
}

int ox_language_lint(struct ox_language_work *w, struct ox_err *err)
{
	return ox_language_each(w, look, err);
}
