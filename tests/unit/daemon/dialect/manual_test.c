/* oxidizer-starlark(7) has everything that the tables have, and every entry says what it is for. */
#include "tests/unit/store/scratch.h"

#include "daemon/dialect/facts.h"
#include "daemon/dialect/manual.h"
#include "daemon/dialect/session.h"

static struct ox_buf page;

static int write_page(void **state OX_UNUSED)
{
	const char *root = getenv("srcdir");
	struct ox_buf path = {0}, text = {0};
	struct ox_err err = {0};
	ox_buf_printf(&path, "%s/man/oxidizer-starlark.7.in", root ? root : ".");
	FILE *file = fopen(ox_buf_text(&path), "rb");
	char *room = file ? ox_buf_reserve(&text, 65536) : NULL;
	if (room)
		ox_buf_commit(&text, fread(room, 1, 65536, file));
	if (file)
		fclose(file);
	int rc = room ? ox_dialect_manual(ox_buf_view(&text), &page, &err) : -1;
	if (rc != 0)
		print_error("%s\n", err.text);
	ox_buf_free(&path);
	ox_buf_free(&text);
	return rc;
}

static int free_page(void **state OX_UNUSED)
{
	ox_buf_free(&page);
	return 0;
}

static void assert_written(const char *before, const char *name, const char *after)
{
	char wanted[128];
	snprintf(wanted, sizeof wanted, "%s%s%s", before, name, after);
	if (!strstr(page.data, wanted))
		fail_msg("%s is not in the page", wanted);
}

static void assert_documented(const char *type, const char *name, const char *doc)
{
	if (!doc || strlen(doc) < 3)
		fail_msg("%s.%s does not say what it is for", type, name);
}

static void check_function(const char *type, const struct ox_star_function *f)
{
	assert_written("\\fB", f->name, "\\fR(");
	assert_documented(type, f->name, f->doc);
	for (const struct ox_star_param *p = f->params; p && p->name; p++) {
		assert_written("\\fI", p->name, "\\fR");
		assert_documented(f->name, p->name, p->doc);
	}
}

static void check_functions(const char *type, const struct ox_star_function *methods)
{
	for (; methods && methods->name; methods++)
		check_function(type, methods);
}

static void everything_that_is_predeclared_is_in_the_page(void **state OX_UNUSED)
{
	struct ox_arena arena = {0};
	struct ox_build_context context = {.arena = &arena, .cwd = "/", .triple = "x"};
	struct ox_dialect_options options = {.context = &context, .config_path = "/x"};
	struct ox_dialect *d;
	const char *name;
	ox_star_value v;
	size_t functions = 0;
	assert_int_equal(ox_dialect_new(&options, &d, NULL), 0);
	for (size_t i = 0; (name = ox_star_name_at(d->star, i, &v)); i++) {
		const struct ox_star_function *f = ox_star_function_spec(v);
		functions += f != NULL;
		if (f)
			check_function("", f);
		else
			assert_non_null(strstr(page.data, name));
		if (ox_star_native_type(v))
			check_functions(name, ox_star_native_type(v)->methods);
	}
	assert_true(functions > 50);
	ox_dialect_free(d);
	ox_arena_free(&arena);
}

static void every_type_with_its_members_is_in_the_page(void **state OX_UNUSED)
{
	static const char *const built_in[] = {"string", "bytes", "list", "dict", "set"};
	for (size_t i = 0; i < OX_COUNT(built_in); i++) {
		assert_written(".SS ", built_in[i], "\n");
		check_functions(built_in[i], ox_star_methods_of(built_in[i]));
	}
	for (size_t i = 0; ox_dialect_types[i]; i++) {
		const struct ox_star_type *type = ox_dialect_types[i];
		assert_written(".SS ", type->name, "\n");
		assert_documented("", type->name, type->doc);
		check_functions(type->name, type->methods);
		for (const struct ox_star_attr_spec *a = type->attrs; a && a->name; a++) {
			assert_written("\\fB", a->name, "\\fR (");
			assert_documented(type->name, a->name, a->doc);
		}
	}
}

static void old_names_come_with_their_modern_form(void **state OX_UNUSED)
{
	for (const struct ox_lint_fact *f = ox_dialect_facts; f->name; f++) {
		if (f->modern && !strchr(f->modern, '-'))
			assert_written("use ", f->modern, "");
	}
	for (const struct ox_lint_code *c = ox_lint_codes; c->code; c++)
		assert_documented("lint", c->code, c->doc);
}

static void the_limits_are_those_that_evaluations_have(void **state OX_UNUSED)
{
	struct ox_star *s = ox_star_new(NULL);
	char steps[64];
	snprintf(steps, sizeof steps, "%llu", (unsigned long long)ox_star_options(s)->step_limit);
	assert_written("\n", steps, " steps");
	ox_star_free(s);
}

static void no_line_is_taken_for_a_request_of_roff(void **state OX_UNUSED)
{
	static const char *const requests[] = {"TH ", "SH ", "SS ", "TP\n", "PP\n", "IP ", "B ", "BR ", "I ", "IR ",
					       "nf\n", "fi\n", "br\n", "RB "};
	for (const char *at = page.data; (at = strstr(at, "\n.")); at++) {
		bool known = false;
		for (size_t i = 0; i < OX_COUNT(requests); i++)
			known |= strncmp(at + 2, requests[i], strlen(requests[i])) == 0;
		if (!known)
			fail_msg("not a request that was meant: %.40s", at);
	}
	assert_null(strstr(page.data, "\n'"));
}

static void a_line_that_stands_for_nothing_is_an_error(void **state OX_UNUSED)
{
	struct ox_buf out = {0};
	struct ox_err err = {0};
	assert_int_equal(ox_dialect_manual(OX_SLICE("text\n@nothing\n"), &out, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "@nothing"));
	assert_int_equal(ox_dialect_manual(OX_SLICE("@methods int\n"), &out, &err), OX_EUSAGE);
	ox_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_that_is_predeclared_is_in_the_page),
		cmocka_unit_test(every_type_with_its_members_is_in_the_page),
		cmocka_unit_test(old_names_come_with_their_modern_form),
		cmocka_unit_test(the_limits_are_those_that_evaluations_have),
		cmocka_unit_test(no_line_is_taken_for_a_request_of_roff),
		cmocka_unit_test(a_line_that_stands_for_nothing_is_an_error),
	};
	return cmocka_run_group_tests(tests, write_page, free_page);
}
