/* Runs the programs below testdata/: see chunk.h. */
#include "tests/unit/daemon/starlark/chunk.h"

struct result {
	struct ox_sink sink; /* first: found again from a pointer to it */
	struct chunk *chunk;
	bool *met; /* per line of the chunk */
	int *failures;
};

/* The pattern on a line of the chunk, or NULL; malloc. */
static char *expected(const char *text, uint32_t line)
{
	for (uint32_t i = 1; i < line && text; i++)
		text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL;
	if (!text)
		return NULL;
	const char *end = strchr(text, '\n'), *mark = strstr(text, "### ");
	if (!end)
		end = text + strlen(text);
	return mark && mark < end ? strndup(mark + 4, (size_t)(end - mark - 4)) : NULL;
}

static void emit(struct ox_sink *self, const struct ox_event *event)
{
	struct result *r = (struct result *)self;
	const struct ox_diagnostic *d = &event->as.diagnostic;
	if (event->type != OX_EVENT_DIAGNOSTIC || d->severity != OX_SEVERITY_ERROR)
		return;
	char *pattern = expected(r->chunk->text, d->line);
	if (pattern && chunk_matches(pattern, d->message)) {
		r->met[d->line] = true;
	} else {
		printf("%s:%u: unexpected error: %.*s\n", r->chunk->file, r->chunk->first_line + d->line - 1,
		       OX_SLICE_ARG(d->message));
		++*r->failures;
	}
	free(pattern);
}

static void run(struct chunk *c)
{
	uint32_t lines = chunk_lines(c->text);
	struct result r = {.sink = {emit}, .chunk = c, .met = calloc(lines + 2, 1), .failures = c->user};
	struct ox_star_options options = {.sink = &r.sink};
	struct ox_star_module *module;
	struct ox_err err = {0};
	chunk_options(c, &options);
	struct ox_star *s = ox_star_new(&options);
	if (!s || !r.met || chunk_define(s) < 0)
		abort();
	ox_star_eval(s, "chunk.star", ox_slice_str(c->text), &module, &err);
	ox_star_free(s);
	for (uint32_t i = 1; i <= lines; i++) {
		char *pattern = expected(c->text, i);
		if (pattern && !r.met[i]) {
			printf("%s:%u: expected an error: %s\n", c->file, c->first_line + i - 1, pattern);
			++*r.failures;
		}
		free(pattern);
	}
	free(r.met);
}

int main(void)
{
	int failures = 0, chunks = chunks_each(run, &failures);
	printf("%d chunks, %d failures\n", chunks, failures);
	return failures || !chunks;
}
