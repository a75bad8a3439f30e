/* The programs of tests/data/lint/language.txt, and what their comments expect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/starlark/lint.h"
#include "daemon/starlark/source.h"

/* ---- a small language to lint in ---- */

static int set_something(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr, ox_star_value v)
{
	(void)s, (void)self, (void)attr, (void)v;
	return 0;
}

static const struct ox_star_function box_methods[] = {
	{.name = "open", .returns = OX_STAR_T_NONE},
	{.name = "unlock", .returns = OX_STAR_T_NONE},
	{0},
};
static const struct ox_star_attr_spec box_attrs[] = {
	{"size", OX_STAR_T_INT, NULL, NULL, NULL, 0},
	{"colour", OX_STAR_T_STRING, NULL, set_something, NULL, 0},
	{0},
};
static const struct ox_star_type box_type = {.name = "Box", .attrs = box_attrs, .methods = box_methods};
static const struct ox_star_type *const types[] = {&box_type, NULL};

static const struct ox_star_function string_methods[] = {
	{.name = "strip", .returns = OX_STAR_T_STRING},
	{.name = "upper", .returns = OX_STAR_T_STRING},
	{.name = "lower", .returns = OX_STAR_T_STRING},
	{.name = "join", .returns = OX_STAR_T_STRING},
	{0},
};
static const struct ox_star_param one[] = {{.name = "x", .kind = OX_STAR_POSITIONAL_ONLY}, {0}};
static const struct ox_star_function list_methods[] = {
	{.name = "append", .params = one, .returns = OX_STAR_T_NONE},
	{.name = "pop"},
	{0},
};

static const struct ox_star_function *methods_of(const char *name)
{
	return strcmp(name, "string") == 0 ? string_methods : strcmp(name, "list") == 0 ? list_methods : NULL;
}

static const struct ox_star_param rest[] = {{.name = "args", .kind = OX_STAR_REST}, {0}};
static const struct ox_star_param refused[] = {{.name = "args", .kind = OX_STAR_REST}, {0}};
static const struct ox_star_param box_params[] = {
	{.name = "size", .types = OX_STAR_T_INT},
	{.name = "colour", .types = OX_STAR_T_STRING, .kind = OX_STAR_OPTIONAL, .fallback = "\"red\""},
	{.name = "width", .kind = OX_STAR_OPTIONAL | OX_STAR_NAMED_ONLY},
	{0},
};
static const struct ox_star_param register_params[] = {
	{.name = "name"},
	{.name = "function"},
	{.name = "names", .kind = OX_STAR_OPTIONAL},
	{0},
};
static const struct ox_star_param sorted_params[] = {
	{.name = "x"},
	{.name = "key", .kind = OX_STAR_OPTIONAL | OX_STAR_NAMED_ONLY},
	{0},
};
static const struct ox_star_param int_params[] = {{.name = "x"}, {.name = "base", .kind = OX_STAR_OPTIONAL}, {0}};

static const struct ox_star_function functions[] = {
	{.name = "register", .params = register_params, .returns = OX_STAR_T_NONE},
	{.name = "make_box", .params = box_params, .returns = OX_STAR_T_NATIVE},
	{.name = "old_box", .returns = OX_STAR_T_NATIVE},
	{.name = "gone", .params = refused, .doc = "do without"},
	{.name = "fail", .params = rest},
	{.name = "print", .params = rest},
	{.name = "range", .params = rest, .returns = OX_STAR_T_RANGE},
	{.name = "sorted", .params = sorted_params, .returns = OX_STAR_T_LIST},
	{.name = "len", .params = one, .returns = OX_STAR_T_INT},
	{.name = "hash", .params = one, .returns = OX_STAR_T_INT},
	{.name = "int", .params = int_params, .returns = OX_STAR_T_INT},
	{.name = "type", .params = one, .returns = OX_STAR_T_STRING},
	{.name = "str", .params = one, .returns = OX_STAR_T_STRING},
	{0},
};
static const char *const values[] = {"None", "True", "False", "BOX"};

static bool find(void *user, struct ox_slice name, const struct ox_star_function **function)
{
	(void)user;
	for (*function = functions; (*function)->name; (*function)++) {
		if (ox_slice_eq_str(name, (*function)->name))
			return true;
	}
	*function = NULL;
	for (size_t i = 0; i < OX_COUNT(values); i++) {
		if (ox_slice_eq_str(name, values[i]))
			return true;
	}
	return false;
}

static void each(void *user, struct ox_nearest *nearest)
{
	(void)user;
	for (const struct ox_star_function *f = functions; f->name; f++)
		ox_nearest_offer(nearest, ox_slice_str(f->name));
}

static const struct ox_lint_fact facts[] = {
	{.name = "make_box", .result = "Box", .pure = true},
	{.name = "old_box", .result = "Box", .modern = "make_box()"},
	{.name = "make_box", .argument = "width", .modern = "size"},
	{.type = "Box", .name = "unlock", .modern = "open()"},
	{0},
};
static const char *const kept[] = {"KEPT", NULL};
static const struct ox_lint_tables tables = {
	.find = find,
	.each = each,
	.types = types,
	.methods_of = methods_of,
	.facts = facts,
	.refused = refused,
	.registers = "register",
	.kept = kept,
};

/* ---- allocations that fail ---- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

static size_t allocations, failing; /* 0: none fails */

static bool fails(void)
{
	return failing > 0 && ++allocations == failing;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

/* ---- what was found ---- */

struct found {
	struct ox_sink sink;
	struct ox_buf lines;    /* "line: code", one a line */
	struct ox_buf messages; /* "line:column: message (hint)" */
};

static void emit(struct ox_sink *self, const struct ox_event *event)
{
	struct found *f = (struct found *)self;
	const struct ox_diagnostic *d = &event->as.diagnostic;
	ox_buf_printf(&f->lines, "%u: %.*s\n", d->line, OX_SLICE_ARG(d->code));
	ox_buf_printf(&f->messages, "%u:%u: %.*s (%.*s)\n", d->line, d->column, OX_SLICE_ARG(d->message),
		      OX_SLICE_ARG(d->hint));
}

static void ignore(struct ox_sink *self, const struct ox_event *event)
{
	(void)self, (void)event;
}

static int lint(struct found *f, struct ox_slice text, size_t *findings)
{
	struct ox_err err;
	*f = (struct found){.sink.emit = emit};
	*findings = 0;
	return ox_lint(OX_SLICE("test.bzl"), text, &tables, &f->sink, findings, &err);
}

static void release(struct found *f)
{
	ox_buf_free(&f->lines);
	ox_buf_free(&f->messages);
}

static void assert_messages(const char *text, const char *expected)
{
	struct found f;
	size_t findings;
	assert_int_equal(lint(&f, ox_slice_str(text), &findings), 0);
	assert_string_equal(ox_buf_text(&f.messages), expected);
	release(&f);
}

/* ---- the file ---- */

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order within a line is not the file's. */
static char *sorted_lines(struct ox_buf *text)
{
	char *lines[64], *next, *at = text->data ? strtok_r(text->data, "\n", &next) : NULL;
	size_t count = 0;
	struct ox_buf out = {0};
	for (; at && count < OX_COUNT(lines); at = strtok_r(NULL, "\n", &next))
		lines[count++] = at;
	qsort(lines, count, sizeof *lines, compare_lines);
	for (size_t i = 0; i < count; i++)
		ox_buf_printf(&out, "%s\n", lines[i]);
	return ox_buf_steal(&out);
}

static void expected_of(const char *chunk, struct ox_buf *out)
{
	unsigned line = 1;
	for (const char *at = chunk; *at; at++) {
		char code[32];
		if (*at == '\n')
			line++;
		else if (strncmp(at, "### ", 4) == 0 && sscanf(at + 4, "%31[a-z-]", code) == 1)
			ox_buf_printf(out, "%u: %s\n", line, code);
	}
}

static void check_chunk(const char *chunk, struct ox_buf *codes)
{
	struct found f;
	struct ox_buf expected = {0};
	size_t findings;
	assert_int_equal(lint(&f, ox_slice_str(chunk), &findings), 0);
	expected_of(chunk, &expected);
	ox_buf_slice(codes, ox_buf_view(&f.lines));
	char *want = sorted_lines(&expected), *got = sorted_lines(&f.lines);
	if (strcmp(want ? want : "", got ? got : "") != 0)
		fail_msg("in\n%s--- expected\n%s--- found\n%s", chunk, want ? want : "", ox_buf_text(&f.messages));
	free(want);
	free(got);
	ox_buf_free(&expected);
	release(&f);
}

/* The program with its k-th allocation failing, for every k. */
static void check_chunk_without_memory(const char *chunk)
{
	struct ox_sink sink = {.emit = ignore};
	struct ox_err err;
	size_t findings, k = 0;
	int rc;
	do {
		allocations = findings = 0;
		failing = ++k;
		rc = ox_lint(OX_SLICE("test.bzl"), ox_slice_str(chunk), &tables, &sink, &findings, &err);
		failing = 0;
		assert_true(rc == 0 || rc == OX_EEXHAUSTED);
	} while (allocations >= k);
	assert_int_equal(rc, 0);
}

static char *read_programs(struct ox_buf *text)
{
	const char *root = getenv("srcdir");
	struct ox_buf path = {0};
	ox_buf_printf(&path, "%s/tests/data/lint/language.txt", root ? root : ".");
	FILE *file = fopen(ox_buf_text(&path), "rb");
	assert_non_null(file);
	char *room = ox_buf_reserve(text, 65536);
	ox_buf_commit(text, fread(room, 1, 65536, file));
	fclose(file);
	ox_buf_free(&path);
	return text->data;
}

/* The next program, ended; NULL after the last. */
static char *next_program(char **at)
{
	char *program = *at, *end = strstr(program, "---\n");
	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 4;
	return program;
}

static void memory_that_runs_out_is_an_error(void **state)
{
	(void)state;
	struct ox_buf text = {0};
	char *at = read_programs(&text), *program;
	while ((program = next_program(&at)))
		check_chunk_without_memory(program);
	ox_buf_free(&text);
}

static void programs_have_the_findings_that_their_comments_expect(void **state)
{
	(void)state;
	struct ox_buf text = {0}, codes = {0};
	char *at = read_programs(&text), *program;
	while ((program = next_program(&at)))
		check_chunk(program, &codes);
	/* Every code has been seen. */
	for (const struct ox_lint_code *c = ox_lint_codes; c->code; c++) {
		char line[64];
		snprintf(line, sizeof line, ": %s\n", c->code);
		if (!strstr(ox_buf_text(&codes), line))
			fail_msg("no program has a finding of the code %s", c->code);
	}
	ox_buf_free(&text);
	ox_buf_free(&codes);
}

static void messages_say_what_is_wrong_and_what_to_do(void **state)
{
	(void)state;
	assert_messages("b = make_box(1, color = 'red')\nb.opne()\n",
			"1:17: make_box() has no argument 'color' (did you mean 'colour'?)\n"
			"2:3: a Box has no attribute or method 'opne' (did you mean 'open'?)\n");
	assert_messages("b = old_box()\n", "1:5: the name 'old_box' is of an older generation (use make_box())\n");
	assert_messages("gone()\n", "1:1: gone() is not available (do without)\n");
	assert_messages("x = prnt\n", "1:5: unknown name 'prnt' (did you mean 'print'?)\n");
	assert_messages("a = 1\nlen\n", "2:1: this statement does nothing (are its parentheses missing?)\n");
}

static void findings_come_in_the_order_of_the_text(void **state)
{
	(void)state;
	assert_messages("len = 1\nx = nope\nhash = 2\n", "1:1: 'len' hides a predeclared name (use another name)\n"
							 "2:5: unknown name 'nope' ()\n"
							 "3:1: 'hash' hides a predeclared name (use another name)\n");
}

static void what_is_no_program_is_told_and_not_linted(void **state)
{
	(void)state;
	struct found f;
	size_t findings;
	assert_int_equal(lint(&f, OX_SLICE("len = 1\nx = = 2\n"), &findings), OX_EUSAGE);
	assert_string_equal(ox_buf_text(&f.lines), "2: syntax\n");
	assert_int_equal(findings, 0);
	release(&f);
	assert_int_equal(lint(&f, OX_SLICE("\xff"), &findings), OX_EUSAGE);
	release(&f);
}

static void an_empty_file_has_no_findings(void **state)
{
	(void)state;
	assert_messages("", "");
	assert_messages("# only a remark\n", "");
}

/* Names that mean each other, and values inside values inside values. */
static void what_refers_to_itself_ends(void **state)
{
	(void)state;
	struct ox_buf text = {0};
	ox_buf_str(&text, "a = b\nb = a\na.open()\ndef f():\n    return f()\nf().open()\nx0 = 'a'\n");
	for (int i = 1; i < 2000; i++)
		ox_buf_printf(&text, "x%d = x%d + x%d\n", i, i - 1, i - 1);
	struct found f;
	size_t findings;
	assert_int_equal(lint(&f, ox_buf_view(&text), &findings), 0);
	release(&f);
	ox_buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_have_the_findings_that_their_comments_expect),
		cmocka_unit_test(messages_say_what_is_wrong_and_what_to_do),
		cmocka_unit_test(findings_come_in_the_order_of_the_text),
		cmocka_unit_test(what_is_no_program_is_told_and_not_linted),
		cmocka_unit_test(an_empty_file_has_no_findings),
		cmocka_unit_test(what_refers_to_itself_ends),
		cmocka_unit_test(memory_that_runs_out_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
