/* starlark_phases: how fast each step from text to code is.
 *
 *     starlark_phases [-n SECONDS] FILE...
 *
 * One line of JSON per file: its bytes, and megabytes (10^6 bytes) of text per second
 * of each step alone: "check" that the text is UTF-8 and find its lines, "scan" to
 * tokens, "parse" to the tree (scanning included, which happens on the way),
 * "resolve" the tree's names, "compile" to code; then "text_to_tree" (check and
 * parse) and "text_to_code" (everything). Best of many rounds, each round with fresh
 * memory, as in a build. */
#include "daemon/starlark/compile.h"
#include "daemon/starlark/parse_impl.h"
#include "daemon/starlark/starlark.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum step { CHECK, SCAN, PARSE, RESOLVE, COMPILE, STEPS };

static const char *const step_names[STEPS] = {"check", "scan", "parse", "resolve", "compile"};

struct bench {
	struct ox_slice text;
	double best[STEPS]; /* seconds */
	bool failed;
	struct ox_map names; /* taken as predeclared: what the dialect has is not known here */
	struct ox_arena arena;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void took(struct bench *b, enum step step, double since)
{
	double spent = now() - since;
	if (b->best[step] == 0 || spent < b->best[step])
		b->best[step] = spent;
}

static bool predeclared(void *user, struct ox_slice name)
{
	struct bench *b = user;
	if (!ox_map_find(&b->names, name)) {
		struct ox_slice copy = ox_arena_slice(&b->arena, name);
		b->failed |= !copy.data || !ox_map_put(&b->names, copy, NULL);
	}
	return true;
}

static void each(void *user, struct ox_nearest *nearest)
{
	(void)user, (void)nearest;
}

static void scan_only(struct bench *b, const struct ox_source *source, struct ox_report *report)
{
	struct ox_arena arena = {0};
	struct ox_scanner *sc = malloc(sizeof *sc);
	struct ox_token tok = {.kind = OX_TOK_BAD};
	double since = now();
	if (sc && ox_scan_init(sc, source, &arena, report, 200)) {
		while (tok.kind != OX_TOK_EOF)
			ox_scan_next(sc, &tok);
	}
	took(b, SCAN, since);
	ox_arena_free(&arena);
	free(sc);
}

static void compile_only(struct bench *b, struct ox_resolution *names, struct ox_node *tree,
			 const struct ox_source *source, struct ox_report *report)
{
	struct ox_star *s = ox_star_new(&(struct ox_star_options){.memory_limit = (size_t)1 << 30});
	b->failed |= !s;
	for (size_t i = 0; i < b->names.len && !b->failed; i++)
		b->failed |= ox_star_set(s, b->names.entries[i].key.data, OX_STAR_NONE) < 0;
	double since = now();
	b->failed = b->failed || !ox_compile_module(s, names, tree, false, source, report);
	took(b, COMPILE, since);
	ox_star_free(s);
}

static void round_of(struct bench *b)
{
	static const struct ox_parse_options parse = {.nesting_limit = 200};
	const struct ox_resolve_options resolve = {.predeclared = predeclared, .each = each, .user = b};
	struct ox_arena arena = {0}, kept = {0};
	struct ox_source source;
	struct ox_globals globals = {0};
	struct ox_resolution names = {0};
	struct ox_node *tree = NULL;
	struct ox_err err = {0};
	double since = now();
	if (ox_source_init(&source, &kept, OX_SLICE("bench"), b->text, &err) < 0) {
		b->failed = true;
		return;
	}
	b->failed |= ox_utf8_valid_prefix(b->text) != b->text.len;
	took(b, CHECK, since);
	struct ox_report report = {.source = &source, .limit = 1};
	scan_only(b, &source, &report);
	since = now();
	b->failed |= ox_parse_file(&source, &arena, &report, &parse, &tree) != 0;
	took(b, PARSE, since);
	since = now();
	b->failed = b->failed || ox_resolve(tree, false, &globals, &arena, &report, &resolve, &names) != 0;
	took(b, RESOLVE, since);
	if (!b->failed)
		compile_only(b, &names, tree, &source, &report);
	ox_resolution_free(&names);
	ox_globals_free(&globals);
	ox_arena_free(&arena);
	ox_arena_free(&kept);
}

static int measure(const char *path, struct ox_slice text, double seconds)
{
	struct bench b = {.text = text};
	double until = now() + seconds;
	do {
		round_of(&b);
	} while (!b.failed && now() < until);
	ox_map_free(&b.names);
	ox_arena_free(&b.arena);
	if (b.failed) {
		fprintf(stderr, "%s: cannot be compiled\n", path);
		return 1;
	}
	double mb = (double)text.len / 1e6;
	printf("{\"file\": \"%s\", \"bytes\": %zu", path, text.len);
	for (int i = 0; i < STEPS; i++)
		printf(", \"%s\": %.1f", step_names[i], mb / b.best[i]);
	printf(", \"text_to_tree\": %.1f, \"text_to_code\": %.1f}\n", mb / (b.best[CHECK] + b.best[PARSE]),
	       mb / (b.best[CHECK] + b.best[PARSE] + b.best[RESOLVE] + b.best[COMPILE]));
	return 0;
}

static int measure_file(const char *path, double seconds)
{
	struct ox_buf text = {0};
	FILE *f = fopen(path, "rb");
	char *room;
	size_t n;
	if (!f) {
		perror(path);
		return 1;
	}
	while ((room = ox_buf_reserve(&text, 65536)) && (n = fread(room, 1, 65536, f)) > 0)
		ox_buf_commit(&text, n);
	fclose(f);
	int status = measure(path, ox_buf_view(&text), seconds);
	ox_buf_free(&text);
	return status;
}

int main(int argc, char **argv)
{
	double seconds = 1;
	int first = 1, status = 0;
	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		seconds = atof(argv[2]);
		first = 3;
	}
	for (int i = first; i < argc; i++)
		status |= measure_file(argv[i], seconds);
	return status;
}
