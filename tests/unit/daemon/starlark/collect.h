/* collect.h - a sink that keeps diagnostics as text, for tests of the language. */
#ifndef OX_TESTS_STARLARK_COLLECT_H
#define OX_TESTS_STARLARK_COLLECT_H

#include "proto/base/buf.h"
#include "proto/base/event.h"

struct collect {
	struct ox_sink sink;
	struct ox_buf text; /* "line:column: message (hint)\n" each */
	int count;
};

static inline void collect_emit(struct ox_sink *self, const struct ox_event *event)
{
	struct collect *c = (struct collect *)self;
	const struct ox_diagnostic *d = &event->as.diagnostic;
	if (event->type != OX_EVENT_DIAGNOSTIC)
		return;
	c->count++;
	ox_buf_printf(&c->text, "%u:%u: %.*s", d->line, d->column, OX_SLICE_ARG(d->message));
	if (d->hint.len)
		ox_buf_printf(&c->text, " (%.*s)", OX_SLICE_ARG(d->hint));
	ox_buf_str(&c->text, "\n");
}

#endif
