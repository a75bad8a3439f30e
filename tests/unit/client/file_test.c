#include "client/cmd/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

/* The current folder is an empty one of the test's own. */
static int enter_folder(void **state)
{
	static char pattern[32];
	snprintf(pattern, sizeof pattern, "/tmp/oxfileXXXXXX");
	*state = pattern;
	return mkdtemp(pattern) ? chdir(pattern) : -1;
}

static int leave_folder(void **state)
{
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", (char *)*state);
	return chdir("/") != 0 || system(command) != 0;
}

static void expect_text(const char *path, const char *want)
{
	char got[64] = "";
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	got[fread(got, 1, sizeof got - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(want, got);
}

static void a_file_that_is_there_is_not_created(void **state)
{
	(void)state;
	struct ox_err err;
	assert_int_equal(0, ox_file_create("a", OX_SLICE("old"), &err));
	assert_int_equal(OX_EUSAGE, ox_file_create("a", OX_SLICE("new"), &err));
	expect_text("a", "old");
}

static void a_replaced_file_keeps_mode_and_owner(void **state)
{
	(void)state;
	struct ox_err err;
	struct ox_file_watch watch;
	struct stat st;
	uid_t owner = geteuid() == 0 ? 12345 : geteuid();
	assert_int_equal(0, ox_file_create("a", OX_SLICE("old"), &err));
	assert_int_equal(0, chown("a", owner, (gid_t)-1));
	assert_int_equal(0, chmod("a", 0741));
	assert_int_equal(0, symlink("a", "link"));
	assert_int_equal(0, ox_file_watch("link", &watch, &err));
	assert_int_equal(0, ox_file_replace(&watch, OX_SLICE("new"), &err));
	expect_text("a", "new");
	assert_int_equal(0, lstat("a", &st));
	assert_int_equal(0741, st.st_mode & 07777);
	assert_int_equal(owner, st.st_uid);
	ox_file_forget(&watch);
}

static void what_was_changed_meanwhile_stays(void **state)
{
	(void)state;
	struct ox_err err;
	struct ox_file_watch watch;
	assert_int_equal(0, ox_file_create("a", OX_SLICE("old"), &err));
	assert_int_equal(0, ox_file_watch("a", &watch, &err));
	assert_int_equal(0, unlink("a"));
	assert_int_equal(0, ox_file_create("a", OX_SLICE("else"), &err));
	assert_int_equal(OX_EUSAGE, ox_file_replace(&watch, OX_SLICE("new"), &err));
	assert_non_null(strstr(err.text, "was changed meanwhile"));
	expect_text("a", "else");
	assert_int_equal(0, unlink("a"));
	assert_int_equal(OX_EUSAGE, ox_file_replace(&watch, OX_SLICE("new"), &err));
	assert_int_equal(0, system("test -z \"$(ls -A)\"")); /* nothing is left behind */
	ox_file_forget(&watch);
}

static void what_cannot_be_replaced_is_not_watched(void **state)
{
	(void)state;
	struct ox_err err;
	struct ox_file_watch watch;
	assert_int_equal(OX_ENOENT, ox_file_watch("absent", &watch, &err));
	assert_int_equal(OX_EUSAGE, ox_file_watch(".", &watch, &err));
	assert_int_equal(0, ox_file_create("a", OX_SLICE("old"), &err));
	assert_int_equal(0, link("a", "b"));
	assert_int_equal(OX_EUSAGE, ox_file_watch("a", &watch, &err));
	assert_non_null(strstr(err.text, "2 names"));
	assert_null(watch.path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_is_there_is_not_created),
		TEST(a_replaced_file_keeps_mode_and_owner),
		TEST(what_was_changed_meanwhile_stays),
		TEST(what_cannot_be_replaced_is_not_watched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
