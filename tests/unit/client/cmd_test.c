#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/cmd/config.h"
#include "client/cmd/options.h"
#include "client/cmd/template.h"

#include <sys/stat.h>
#include <unistd.h>

enum { ALL = ~0u };

#define PARSE(o, stop, err, ...) \
	parse((o), (stop), (err), (char *[]){(char[]){"build"}, __VA_ARGS__ __VA_OPT__(, ) NULL})

static int parse(struct ox_options *o, bool stop, struct ox_err *err, char **argv)
{
	int argc = 0;
	while (argv[argc])
		argc++;
	return ox_options_parse(o, (unsigned)ALL, stop, argc, argv, err);
}

#define S(text) ((char[]){text})

static void options_and_words_may_be_mixed(void **state)
{
	(void)state;
	struct ox_options o;
	struct ox_err err;
	assert_int_equal(
	    PARSE(&o, false, &err, S("exe"), S("--var"), S("A"), S("--x"), S("--release"), S("other"), S("-vv")), 0);
	assert_true(o.release);
	assert_int_equal(o.verbosity, 3);
	assert_int_equal(o.word_count, 2);
	assert_string_equal(o.words[0], "exe");
	assert_string_equal(o.words[1], "other");
	assert_true(ox_slice_eq_str(o.vars.items[0].value, "--x"));
	ox_options_free(&o);
}

static void a_program_keeps_its_own_arguments(void **state)
{
	(void)state;
	struct ox_options o;
	struct ox_err err;
	assert_int_equal(PARSE(&o, true, &err, S("--release"), S("--"), S("--json"), S("x")), 0);
	assert_false(o.json);
	assert_int_equal(o.word_count, 2);
	assert_string_equal(o.words[0], "--json");
	ox_options_free(&o);
	assert_int_equal(PARSE(&o, true, &err, S("word"), S("--json")), 0);
	assert_false(o.json);
	assert_int_equal(o.word_count, 2);
	ox_options_free(&o);
}

static void a_variable_of_the_environment_may_be_unset(void **state)
{
	(void)state;
	struct ox_options o;
	struct ox_err err;
	unsetenv("OX_TEST_UNSET");
	assert_int_equal(PARSE(&o, false, &err, S("--var-env"), S("A"), S("OX_TEST_UNSET")), 0);
	assert_true(o.vars.items[0].unset);
	ox_options_free(&o);
	assert_int_equal(PARSE(&o, false, &err, S("--var"), S("A"), S("1"), S("--var-env"), S("A"), S("B")), OX_EUSAGE);
	assert_non_null(strstr(err.text, "twice"));
	ox_options_free(&o);
}

static void a_platform_given_as_target_is_the_platform(void **state)
{
	(void)state;
	struct ox_options o;
	struct ox_err err;
	assert_int_equal(PARSE(&o, false, &err, S("--target"), S("x86_64-unknown-linux-musl")), 0);
	assert_string_equal(o.target_triple, "x86_64-unknown-linux-musl");
	assert_null(o.target);
	ox_options_free(&o);
	assert_int_equal(PARSE(&o, false, &err, S("--target=install")), 0);
	assert_string_equal(o.target, "install");
	ox_options_free(&o);
}

static void what_is_wrong_with_an_option_is_said(void **state)
{
	(void)state;
	struct ox_options o;
	struct ox_err err;
	assert_int_equal(PARSE(&o, false, &err, S("--frob")), OX_EUSAGE);
	assert_string_equal(err.text, "unknown option --frob");
	ox_options_free(&o);
	assert_int_equal(PARSE(&o, false, &err, S("-x")), OX_EUSAGE);
	assert_string_equal(err.text, "unknown option -x");
	ox_options_free(&o);
	assert_int_equal(PARSE(&o, false, &err, S("--path")), OX_EUSAGE);
	assert_string_equal(err.text, "--path needs a value: --path PATH");
	ox_options_free(&o);
	assert_int_equal(PARSE(&o, false, &err, S("--var"), S("A")), OX_EUSAGE);
	assert_non_null(strstr(err.text, "needs two values"));
	ox_options_free(&o);
	assert_int_equal(PARSE(&o, false, &err, S("--release=yes")), OX_EUSAGE);
	assert_string_equal(err.text, "--release takes no value");
	ox_options_free(&o);
}

static void the_template_says_what_was_asked_for(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	const char *packages[] = {"pyflakes==3.2.0", "a\"b"};
	ox_template_render(&out, &(struct ox_template){.name = "app",
						       .python_code = "print(\"a\\n\")\nx",
						       .pip_install = packages,
						       .pip_install_count = 2});
	assert_non_null(strstr(out.data, "\n    config.run_command = \"print(\\\"a\\\\n\\\")\\nx\"\n"));
	assert_non_null(strstr(out.data, "pip_install([\"pyflakes==3.2.0\", \"a\\\"b\"])"));
	assert_non_null(strstr(out.data, "name = \"app\""));
	ox_buf_clear(&out);
	ox_template_render(&out, &(struct ox_template){.name = "app"});
	assert_null(strstr(out.data, "\n    config.run_command"));
	assert_null(strstr(out.data, "\n    exe.add_python_resources"));
	ox_buf_free(&out);
}

/* A folder with a/b/c below it. */
static int make_tree(void **state)
{
	char pattern[] = "/tmp/oxcmdXXXXXX";
	if (!mkdtemp(pattern))
		return -1;
	struct ox_buf *root = calloc(1, sizeof *root);
	char *real = realpath(pattern, NULL);
	ox_buf_str(root, real);
	free(real);
	for (int depth = 1; depth <= 3; depth++) {
		struct ox_buf path = {0};
		ox_buf_printf(&path, "%s%.*s", root->data, depth * 2, "/a/b/c");
		if (mkdir(path.data, 0700) != 0)
			return -1;
		ox_buf_free(&path);
	}
	unsetenv("PYOXIDIZER_CONFIG");
	unsetenv("OUT_DIR");
	*state = root;
	return 0;
}

static int remove_tree(void **state)
{
	struct ox_buf *root = *state, command = {0};
	ox_buf_printf(&command, "rm -rf %s", root->data);
	int status = system(command.data);
	ox_buf_free(&command);
	ox_buf_free(root);
	free(root);
	return status;
}

static char *touch(struct ox_buf *root, const char *name)
{
	struct ox_buf path = {0};
	ox_buf_printf(&path, "%s/%s", root->data, name);
	FILE *file = fopen(path.data, "w");
	assert_non_null(file);
	fclose(file);
	return ox_buf_steal(&path);
}

static void find_from(struct ox_buf *root, const char *folder, const char *wanted)
{
	struct ox_buf start = {0}, found = {0};
	struct ox_err err = {0};
	ox_buf_printf(&start, "%s/%s", root->data, folder);
	int code = ox_config_find(start.data, &found, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(code, 0);
	assert_string_equal(found.data, wanted);
	ox_buf_free(&start);
	ox_buf_free(&found);
}

static void a_configuration_is_found_in_a_parent_folder(void **state)
{
	char *upper = touch(*state, "a/pyoxidizer.bzl");
	find_from(*state, "a/b/c", upper);
	char *nearer = touch(*state, "a/b/pyoxidizer.bzl");
	find_from(*state, "a/b/c", nearer);
	find_from(*state, "a/b/pyoxidizer.bzl", nearer);
	char *other = touch(*state, "a/other.bzl");
	find_from(*state, "a/other.bzl", other);
	setenv("PYOXIDIZER_CONFIG", upper, 1);
	find_from(*state, "a/b/c", upper);
	unsetenv("PYOXIDIZER_CONFIG");
	free(upper);
	free(nearer);
	free(other);
}

static void a_configuration_of_the_toml_days_is_told_apart(void **state)
{
	struct ox_buf *root = *state, found = {0};
	struct ox_err err;
	free(touch(root, "pyoxidizer.bzl"));
	free(touch(root, "a/pyoxidizer.toml"));
	struct ox_buf start = {0};
	ox_buf_printf(&start, "%s/a/b", root->data);
	assert_int_equal(ox_config_find(start.data, &found, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "init-config-file"));
	assert_int_equal(found.len, 0);
	ox_buf_free(&start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_words_may_be_mixed),
		cmocka_unit_test(a_program_keeps_its_own_arguments),
		cmocka_unit_test(a_variable_of_the_environment_may_be_unset),
		cmocka_unit_test(a_platform_given_as_target_is_the_platform),
		cmocka_unit_test(what_is_wrong_with_an_option_is_said),
		cmocka_unit_test(the_template_says_what_was_asked_for),
		cmocka_unit_test_setup_teardown(a_configuration_is_found_in_a_parent_folder, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(a_configuration_of_the_toml_days_is_told_apart, make_tree, remove_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
