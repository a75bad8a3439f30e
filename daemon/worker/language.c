#include "daemon/worker/language.h"

#include "daemon/dialect/session.h"
#include "proto/base/clock.h"

enum { SOURCE_SIZE_MAX = 16 << 20 };

/* Decoding lets known verbs through only. */
static ox_language_run *const verbs[] = {
	[OX_LANGUAGE_EVALUATE] = ox_language_evaluate,
	[OX_LANGUAGE_FORMAT] = ox_language_format,
	[OX_LANGUAGE_LINT] = ox_language_lint,
};

static int look_at(struct ox_language_work *w, const struct ox_source_text *source, ox_language_look *look,
		   struct ox_err *err)
{
	struct ox_buf text = {.limit = SOURCE_SIZE_MAX};
	const char *path = ox_arena_printf(&w->place.arena, "%.*s", OX_SLICE_ARG(source->path));
	int rc = path ? ox_channel_cancelled(w->sink->channel, err) : ox_fail_nomem(err, "a path");
	if (rc == 0 && !source->given)
		rc = ox_config_file_read(&w->place.context, path, &text, err);
	if (rc == 0)
		rc = look(w, source->path, source->given ? source->text : ox_buf_view(&text), err);
	ox_buf_free(&text);
	return rc;
}

int ox_language_each(struct ox_language_work *w, ox_language_look *look, struct ox_err *err)
{
	int first = 0;
	for (size_t i = 0; i < w->request->source_count; i++) {
		struct ox_err later;
		int rc = look_at(w, &w->request->sources[i], look, first ? &later : err);
		if (rc != 0 && rc != OX_EUSAGE) {
			if (first)
				*err = later;
			return rc;
		}
		first = first ? first : rc;
	}
	return first;
}

static int run(struct ox_language_work *w, struct ox_err *err)
{
	const struct ox_language *request = w->request;
	int rc = ox_workplace_enter(&w->place, w->sink, request->cwd, request->environment,
				    request->environment_count, err);
	if (rc == 0)
		rc = verbs[request->verb](w, err);
	/* A signal that stopped a step looks like the step's own failure. */
	if (rc != 0 && ox_channel_cancelled(w->sink->channel, NULL) != 0)
		rc = ox_fail(err, OX_ECANCELLED, "cancelled");
	return rc;
}

static void tell_findings(struct ox_language_work *w, uint64_t nanoseconds)
{
	char text[64];
	bool format = w->request->verb == OX_LANGUAGE_FORMAT;
	int len = snprintf(text, sizeof text, "%zu %s%s%s", w->findings, format ? "file" : "finding",
			   w->findings == 1 ? "" : "s", format ? " would change" : "");
	ox_emit(&w->sink->sink, &(struct ox_event){
				    .type = OX_EVENT_RESULT,
				    .as.result = {.exit_code = 1,
						  .category = OX_SLICE("findings"),
						  .message = ox_slice(text, (size_t)len),
						  .nanoseconds = nanoseconds},
				});
}

void ox_worker_language(struct ox_worker_sink *sink, const struct ox_language *request)
{
	uint64_t start = ox_clock_mono();
	struct ox_language_work w = {.sink = sink, .request = request};
	struct ox_err err = {0};
	sink->level = ox_worker_level(request->verbosity);
	/* What print() says was asked for. */
	if (sink->level < OX_LEVEL_INFO)
		sink->level = OX_LEVEL_INFO;
	int rc = run(&w, &err);
	if (rc == 0 && w.findings > 0)
		tell_findings(&w, ox_clock_mono() - start);
	else
		ox_worker_result(sink, rc, &err, false, ox_clock_mono() - start);
	ox_workplace_leave(&w.place);
}
