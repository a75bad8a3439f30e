#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/dialect/glob.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	char root[64];
	struct ox_arena arena;
	struct ox_path_list found;
};

static void make(struct fixture *f, const char *path)
{
	char full[256];
	snprintf(full, sizeof full, "%s/%s", f->root, path);
	size_t len = strlen(full);
	if (full[len - 1] == '/') {
		assert_int_equal(mkdir(full, 0700), 0);
		return;
	}
	int fd = open(full, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static int setup(void **state)
{
	static const char *const paths[] = {"a/",       "a/b/",          "a/b/c/",         "a/one.txt",
					    "a/two.py", "a/b/three.txt", "a/b/c/four.txt", "a/.hidden",
					    "top.txt"};
	struct fixture *f = calloc(1, sizeof *f);
	snprintf(f->root, sizeof f->root, "/tmp/ox-glob-XXXXXX");
	if (!mkdtemp(f->root))
		return -1;
	for (size_t i = 0; i < OX_COUNT(paths); i++)
		make(f, paths[i]);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", f->root);
	int rc = system(command);
	ox_vec_free(&f->found.v);
	ox_arena_free(&f->arena);
	free(f);
	return rc;
}

/* The matches, relative to the root and joined with spaces. */
static const char *match(struct fixture *f, const char *pattern)
{
	struct ox_err err;
	char *text = ox_arena_alloc(&f->arena, 1024);
	f->found.v.len = 0;
	const char *full = ox_arena_printf(&f->arena, "%s/%s", f->root, pattern);
	assert_int_equal(ox_glob(NULL, &f->arena, full, &f->found, &err), 0);
	for (size_t i = 0; i < f->found.v.len; i++) {
		size_t len = strlen(text);
		snprintf(text + len, 1024 - len, "%s%s", i ? " " : "", f->found.v.items[i] + strlen(f->root) + 1);
	}
	return text;
}

static void test_a_star_stays_within_a_folder(void **state)
{
	assert_string_equal(match(*state, "a/*.txt"), "a/one.txt");
	assert_string_equal(match(*state, "*/*/*.txt"), "a/b/three.txt");
}

static void test_two_stars_match_any_depth(void **state)
{
	assert_string_equal(match(*state, "**/*.txt"), "a/b/c/four.txt a/b/three.txt a/one.txt top.txt");
	assert_string_equal(match(*state, "a/**/*.txt"), "a/b/c/four.txt a/b/three.txt a/one.txt");
	assert_string_equal(match(*state, "a/b/**"), "a/b/c/four.txt a/b/three.txt");
	assert_string_equal(match(*state, "a/**/c/**/four.txt"), "a/b/c/four.txt");
}

static void test_hidden_files_match_like_others(void **state)
{
	assert_string_equal(match(*state, "a/*"), "a/.hidden a/one.txt a/two.py");
}

static void test_sets_and_question_marks_match_one_character(void **state)
{
	assert_string_equal(match(*state, "a/[ot]??.*"), "a/one.txt a/two.py");
	assert_string_equal(match(*state, "a/[!o]*.py"), "a/two.py");
}

static void test_nothing_found_is_no_error(void **state)
{
	assert_string_equal(match(*state, "nowhere/*"), "");
	assert_string_equal(match(*state, "top.txt/*"), "");
}

static void test_links_to_folders_do_not_make_a_walk_endless(void **state)
{
	struct fixture *f = *state;
	char link[128];
	snprintf(link, sizeof link, "%s/a/b/loop", f->root);
	assert_int_equal(symlink("..", link), 0);
	assert_string_equal(match(f, "**/three.txt"), "a/b/three.txt");
}

static void test_relative_patterns_and_misplaced_stars_are_refused(void **state)
{
	struct fixture *f = *state;
	struct ox_err err;
	assert_int_equal(ox_glob(NULL, &f->arena, "a/*", &f->found, &err), OX_EUSAGE);
	assert_int_equal(ox_glob(NULL, &f->arena, "/a/x**", &f->found, &err), OX_EUSAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_star_stays_within_a_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_stars_match_any_depth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hidden_files_match_like_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sets_and_question_marks_match_one_character, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_found_is_no_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links_to_folders_do_not_make_a_walk_endless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_relative_patterns_and_misplaced_stars_are_refused, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
