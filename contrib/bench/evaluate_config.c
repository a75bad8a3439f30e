/* evaluate_config: how long a configuration takes from text to registered targets.
 *
 *     evaluate_config FILE [ROUNDS]
 *
 * Evaluates FILE in the dialect as a build does: the language set up, every name
 * defined, the file read, compiled and run; its targets are registered and none is
 * resolved, which would look for an interpreter. One line of JSON: milliseconds of the
 * first round, which is what a worker of a build sees, and the median of ROUNDS more [200]. */
#include "daemon/dialect/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct heard {
	struct ox_sink sink;
	size_t targets;
};

static void on_event(struct ox_sink *self, const struct ox_event *event)
{
	const struct ox_diagnostic *d = &event->as.diagnostic;
	if (event->type == OX_EVENT_TARGET)
		((struct heard *)self)->targets++;
	else if (event->type == OX_EVENT_DIAGNOSTIC)
		fprintf(stderr, "%u: %.*s\n", d->line, OX_SLICE_ARG(d->message));
}

static const char *no_variable(void *ctx OX_UNUSED, const char *name OX_UNUSED)
{
	return NULL;
}

/* Milliseconds, or negative when the file has an error. */
static double evaluate(const char *path, struct heard *heard)
{
	static const char *const none[] = {NULL};
	struct timespec start, end;
	struct ox_arena arena = {0};
	struct ox_dialect *dialect = NULL;
	struct ox_err err = {0};
	struct ox_build_context context = {
		.sink = &heard->sink,
		.env = {.get = no_variable},
		.environ = none,
		.arena = &arena,
		.cwd = "/tmp",
		.triple = "x86_64-unknown-linux-gnu",
	};
	clock_gettime(CLOCK_MONOTONIC, &start);
	int rc = ox_dialect_new(
		&(struct ox_dialect_options){.context = &context, .config_path = path, .list_only = true}, &dialect,
		&err);
	if (rc == 0)
		rc = ox_dialect_evaluate(dialect, &err);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ox_dialect_free(dialect);
	ox_arena_free(&arena);
	if (rc != 0)
		fprintf(stderr, "%s\n", err.text);
	return rc != 0 ? -1 : (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct heard heard = {.sink = {on_event}};
	size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;
	if (argc < 2 || rounds == 0 || rounds > 1000000) {
		fprintf(stderr, "usage: evaluate_config FILE [ROUNDS]\n");
		return 2;
	}
	double first = evaluate(argv[1], &heard), *spent = calloc(rounds, sizeof *spent);
	size_t targets = heard.targets;
	for (size_t i = 0; spent && first >= 0 && i < rounds; i++)
		spent[i] = evaluate(argv[1], &heard);
	if (first < 0 || !spent) {
		free(spent);
		return 1;
	}
	qsort(spent, rounds, sizeof *spent, by_size);
	printf("{\"first_ms\": %.3f, \"median_ms\": %.3f, \"targets\": %zu}\n", first, spent[rounds / 2], targets);
	free(spent);
	return 0;
}
