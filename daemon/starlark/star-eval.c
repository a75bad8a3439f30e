/* star-eval: evaluates Starlark files and prints; for tests and benchmarks.
 *
 *     star-eval [-s] FILE...     -s: as strict as the specification
 *     star-eval -e EXPRESSION
 *     star-eval -d EXPRESSION    its code
 */
#include "daemon/starlark/compile.h"
#include "daemon/starlark/dump.h"
#include "daemon/starlark/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void emit(struct ox_sink *self, const struct ox_event *event)
{
	static const char *const severities[] = {"", "error", "warning", "note"};
	(void)self;
	if (event->type != OX_EVENT_DIAGNOSTIC)
		return;
	const struct ox_diagnostic *d = &event->as.diagnostic;
	fprintf(stderr, "%.*s:%u:%u: %s: %.*s [%.*s]\n", OX_SLICE_ARG(d->file), d->line, d->column,
		severities[d->severity], OX_SLICE_ARG(d->message), OX_SLICE_ARG(d->code));
	if (d->line) {
		fprintf(stderr, "  %.*s\n  ", OX_SLICE_ARG(d->source_line));
		for (uint32_t i = 1; i < d->end_column; i++)
			fputc(i < d->column
				  ? (i <= d->source_line.len && d->source_line.data[i - 1] == '\t' ? '\t' : ' ')
				  : '^',
			      stderr);
		fputc('\n', stderr);
	}
	if (d->hint.len)
		fprintf(stderr, "  hint: %.*s\n", OX_SLICE_ARG(d->hint));
	if (d->notes.len)
		fprintf(stderr, "%.*s\n", OX_SLICE_ARG(d->notes));
}

static void print(void *user, struct ox_slice file, uint32_t line, struct ox_slice text)
{
	(void)user, (void)file, (void)line;
	printf("%.*s\n", OX_SLICE_ARG(text));
}

static int read_file(const char *path, struct ox_buf *out, struct ox_err *err)
{
	FILE *f = fopen(path, "rb");
	char *room;
	size_t n;
	if (!f)
		return ox_fail(err, OX_ENOENT, "cannot open %s", path);
	while ((room = ox_buf_reserve(out, 65536)) && (n = fread(room, 1, 65536, f)) > 0)
		ox_buf_commit(out, n);
	fclose(f);
	return ox_buf_ok(out, path, err);
}

/* Relative to the loading file. */
static int load(void *user, struct ox_star *s, struct ox_slice from, struct ox_slice wanted,
		struct ox_star_source *source, struct ox_err *err)
{
	struct ox_buf path = {0}, text = {0};
	size_t folder = from.len;
	(void)user;
	while (folder > 0 && from.data[folder - 1] != '/')
		folder--;
	ox_buf_add(&path, from.data, folder);
	ox_buf_slice(&path, wanted);
	int status = read_file(ox_buf_text(&path), &text, err);
	if (status == 0) {
		source->name = ox_star_copy(s, ox_buf_view(&path));
		source->text = ox_star_copy(s, ox_buf_view(&text));
	}
	ox_buf_free(&path);
	ox_buf_free(&text);
	return status;
}

static int run_file(struct ox_star *s, const char *path)
{
	struct ox_buf text = {0};
	struct ox_err err = {0};
	struct ox_star_module *module;
	int status = read_file(path, &text, &err);
	if (status < 0)
		fprintf(stderr, "star-eval: %s\n", err.text);
	else
		status = ox_star_eval(s, path, ox_buf_view(&text), &module, &err);
	ox_buf_free(&text);
	return status;
}

static int run_expression(struct ox_star *s, const char *text)
{
	struct ox_buf out = {0};
	struct ox_err err = {0};
	ox_star_value v;
	int status = ox_star_eval_expr(s, "<expression>", ox_slice_str(text), NULL, &v, &err);
	if (status == 0 && ox_star_repr(s, v, &out) == 0)
		puts(ox_buf_text(&out));
	ox_buf_free(&out);
	return status;
}

static bool predeclared(void *user, struct ox_slice name)
{
	return ox_star_ok(ox_predeclared_get(user, name));
}

static void no_names(void *user, struct ox_nearest *near)
{
	(void)user, (void)near;
}

static int dump_expression(struct ox_star *s, struct ox_sink *sink, const char *text)
{
	struct ox_arena arena = {0};
	struct ox_source source;
	struct ox_node *tree;
	struct ox_globals globals = {0};
	struct ox_resolution names;
	struct ox_buf out = {0};
	int status = ox_source_init(&source, &arena, OX_SLICE("<expression>"), ox_slice_str(text), NULL);
	struct ox_report report = {.sink = sink, .source = &source, .limit = 20};
	struct ox_resolve_options options = {
	    .unknown = OX_UNKNOWN_LATER, .predeclared = predeclared, .each = no_names, .user = s};
	if (status == 0)
		status = ox_parse_expression(&source, &arena, &report, &(struct ox_parse_options){200}, &tree);
	if (status == 0)
		status = ox_resolve(tree, true, &globals, &arena, &report, &options, &names);
	if (status == 0) {
		const struct ox_proto *code = ox_compile_module(s, &names, tree, true, &source, &report);
		status = code ? ox_code_dump(s, code, &out) : OX_EUSAGE;
		ox_resolution_free(&names);
	}
	if (status == 0)
		fputs(ox_buf_text(&out), stdout);
	ox_buf_free(&out);
	ox_globals_free(&globals);
	ox_arena_free(&arena);
	return status;
}

int main(int argc, char **argv)
{
	struct ox_sink sink = {emit};
	bool strict = argc > 1 && strcmp(argv[1], "-s") == 0;
	bool expression = argc == 3 && strcmp(argv[1], "-e") == 0;
	bool dump = argc == 3 && strcmp(argv[1], "-d") == 0;
	int status = 0;
	if (argc < 2) {
		fprintf(stderr, "usage: star-eval [-s] FILE... | star-eval -e|-d EXPRESSION\n");
		return 2;
	}
	struct ox_star *s = ox_star_new(&(struct ox_star_options){
	    .names = strict ? OX_STAR_NAMES_STRICT : OX_STAR_NAMES_LATE,
	    .spec_top_level = strict,
	    .sink = &sink,
	    .print = print,
	    .load = load,
	    .memory_limit = (size_t)1 << 30,
	    .step_limit = UINT64_C(1) << 40,
	});
	if (!s)
		return 8;
	if (dump)
		status = dump_expression(s, &sink, argv[2]);
	else if (expression)
		status = run_expression(s, argv[2]);
	for (int i = strict ? 2 : 1; !expression && !dump && i < argc && status == 0; i++)
		status = run_file(s, argv[i]);
	ox_star_free(s);
	return ox_exit_code(status);
}
