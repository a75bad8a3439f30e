/* The layout against examples (testdata/layout.txt), over every configuration that is committed, and over
 * random programs. */
#include "tests/unit/daemon/starlark/layout_check.h"
#include "tests/unit/daemon/starlark/random_program.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { RANDOM_PROGRAMS = 2000 };

static void read_file(const char *path, struct ox_buf *out)
{
	char block[4096];
	size_t n;
	FILE *f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: cannot be read", path);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		ox_buf_add(out, block, n);
	fclose(f);
}

static void path_of(char out[static 4096], const char *folder, const char *name)
{
	const char *root = getenv("OX_SRCDIR");
	snprintf(out, 4096, "%s/%s/%s", root ? root : ".", folder, name);
}

static struct ox_slice text_of(const struct ox_buf *b)
{
	return ox_slice(ox_buf_text(b), b->len);
}

static void expect_layout(const char *name, struct ox_slice text, struct ox_slice want)
{
	struct ox_buf got = {0};
	int status;
	const char *complaint = layout_complaint(text, &got, &status);
	if (complaint)
		fail_msg("%s: %s:\n%s", name, complaint, ox_buf_text(&got));
	if (status != 0)
		fail_msg("%s: syntax error", name);
	if (!ox_slice_eq(text_of(&got), want))
		fail_msg("%s: got\n%s\nwant\n%.*s", name, ox_buf_text(&got), OX_SLICE_ARG(want));
	ox_buf_free(&got);
}

/* "=== name", the text, "--->", what it becomes. */
static void examples_become_what_they_should(void **state)
{
	(void)state;
	char path[4096];
	struct ox_buf file = {0};
	path_of(path, "tests/unit/daemon/starlark/testdata", "layout.txt");
	read_file(path, &file);
	char *rest = file.data;
	int count = 0;
	while (rest && strncmp(rest, "=== ", 4) == 0) {
		char *name = rest + 4, *text = strchr(name, '\n') + 1;
		char *arrow = strstr(text, "--->\n");
		assert_non_null(arrow);
		char *want = arrow + 5, *end = strstr(want, "=== ");
		text[-1] = '\0';
		expect_layout(name, ox_slice(text, (size_t)(arrow - text)),
			      ox_slice(want, end ? (size_t)(end - want) : strlen(want)));
		rest = end;
		count++;
	}
	assert_true(count >= 30);
	ox_buf_free(&file);
}

static void other_line_ends_tabs_and_marks_are_read_and_not_written(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct ox_slice text, want;
	} cases[] = {
	    {"CRLF", OX_SLICE("if x:\r\n\ty = 1 # c\r\n\r\n\r\nz = '''a\r\nb'''\r\n"),
	     OX_SLICE("if x:\n    y = 1  # c\n\nz = \"\"\"a\nb\"\"\"\n")},
	    {"mark", OX_SLICE("\xEF\xBB\xBFx=1"), OX_SLICE("x = 1\n")},
	    {"joined lines", OX_SLICE("x = \\\r\n  1 \\\n # c\n"), OX_SLICE("x = 1  # c\n")},
	    {"form feed", OX_SLICE("\f\nx\f=1\f\n"), OX_SLICE("x = 1\n")},
	    {"empty", OX_SLICE(" \n\t\n"), OX_SLICE("")},
	    {"only a comment", OX_SLICE("\n\n  # c \t"), OX_SLICE("# c\n")},
	    {"a return that belongs to the text", OX_SLICE("x = '''a\r\r\n'''\n"), OX_SLICE("x = '''a\r\r\n'''\n")},
	};
	for (size_t i = 0; i < OX_COUNT(cases); i++)
		expect_layout(cases[i].name, cases[i].text, cases[i].want);
}

static void committed_configurations_are_in_their_final_form(void **state)
{
	(void)state;
	char folder[4096], path[8192];
	path_of(folder, "tests/data", "configs");
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	int count = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		if (!strstr(e->d_name, ".bzl"))
			continue;
		struct ox_buf text = {0};
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		read_file(path, &text);
		expect_layout(e->d_name, text_of(&text), text_of(&text));
		ox_buf_free(&text);
		count++;
	}
	closedir(dir);
	assert_true(count >= 8);
}

/* Chunks of one file of the conformance tests; how many were laid out. */
static int check_chunks(char *text, const char *name)
{
	int count = 0;
	while (text) {
		char *end = strstr(text, "\n---\n");
		struct ox_buf out = {0};
		int status;
		size_t len = end ? (size_t)(end - text) + 1 : strlen(text);
		const char *complaint = layout_complaint(ox_slice(text, len), &out, &status);
		if (complaint)
			fail_msg("%s: %s:\n%.*s\n--->\n%s", name, complaint, (int)len, text, ox_buf_text(&out));
		count += status == 0;
		ox_buf_free(&out);
		text = end ? end + 5 : NULL;
	}
	return count;
}

static void programs_of_the_conformance_tests_keep_their_meaning(void **state)
{
	(void)state;
	char folder[4096], path[8192];
	path_of(folder, "tests/unit/daemon/starlark", "testdata");
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	int count = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		if (!strstr(e->d_name, ".star"))
			continue;
		struct ox_buf text = {0};
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		read_file(path, &text);
		count += check_chunks(text.data, e->d_name);
		ox_buf_free(&text);
	}
	closedir(dir);
	if (count < 70)
		fail_msg("only %d programs", count);
}

static void random_programs_keep_their_meaning(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= RANDOM_PROGRAMS; seed++) {
		struct ox_buf text = {0}, out = {0};
		int status;
		random_program(&text, seed);
		const char *complaint = layout_complaint(text_of(&text), &out, &status);
		if (complaint || status != 0)
			fail_msg("program %u: %s:\n%s\n--->\n%s", seed, complaint ? complaint : "no program",
				 ox_buf_text(&text), ox_buf_text(&out));
		ox_buf_free(&text);
		ox_buf_free(&out);
	}
}

static void errors_are_reported_and_nothing_is_written(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	struct ox_err err;
	ox_buf_str(&out, "kept");
	assert_int_equal(OX_EUSAGE, layout_of(OX_SLICE("x = [1\ny = 2\n"), &out, &err));
	assert_non_null(strstr(err.text, "text:2:1: got 'y'"));
	assert_int_equal(OX_EUSAGE, layout_of(OX_SLICE("x = '\xff'\n"), &out, &err));
	assert_string_equal("kept", out.data);
	ox_buf_free(&out);
}

static void a_result_has_a_limit(void **state)
{
	(void)state;
	enum { DEPTH = 150, ITEMS = 150000 };
	struct ox_buf text = {0}, out = {0};
	struct ox_err err;
	for (int i = 0; i < DEPTH; i++)
		ox_buf_byte(&text, '[');
	ox_buf_byte(&text, '\n');
	for (int i = 0; i < ITEMS; i++)
		ox_buf_str(&text, "1,");
	for (int i = 0; i < DEPTH; i++)
		ox_buf_byte(&text, ']');
	assert_int_equal(0, layout_of(text_of(&text), &out, &err));
	ox_buf_clear(&text);
	for (int i = 0; i < DEPTH; i++)
		ox_buf_str(&text, "[\n");
	for (int i = 0; i < ITEMS; i++)
		ox_buf_str(&text, "1,");
	for (int i = 0; i < DEPTH; i++)
		ox_buf_str(&text, "\n]");
	ox_buf_clear(&out);
	assert_int_equal(OX_EEXHAUSTED, layout_of(text_of(&text), &out, &err));
	assert_int_equal(0, out.len);
	ox_buf_free(&text);
	ox_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples_become_what_they_should),
	    cmocka_unit_test(other_line_ends_tabs_and_marks_are_read_and_not_written),
	    cmocka_unit_test(committed_configurations_are_in_their_final_form),
	    cmocka_unit_test(programs_of_the_conformance_tests_keep_their_meaning),
	    cmocka_unit_test(random_programs_keep_their_meaning),
	    cmocka_unit_test(errors_are_reported_and_nothing_is_written),
	    cmocka_unit_test(a_result_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
