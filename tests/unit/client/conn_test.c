#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/conn/paths.h"
#include "client/conn/spawn.h"
#include "client/conn/start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char root[] = "/tmp/oxconnXXXXXX";

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", root);
	return system(command);
}

static void set_runtime_dir(const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", root, name);
	setenv("OXIDIZER_RUNTIME_DIR", path, 1);
}

static void a_runtime_folder_is_made_for_us_alone(void **state)
{
	(void)state;
	struct ox_runtime_dir dir;
	struct stat st;
	struct ox_err err = {0};
	set_runtime_dir("made");
	assert_int_equal(ox_runtime_dir_open(&dir, &err), 0);
	assert_int_equal(stat(dir.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	ox_runtime_dir_close(&dir);
}

static void a_runtime_folder_open_to_others_or_behind_a_link_is_refused(void **state)
{
	(void)state;
	struct ox_runtime_dir dir;
	struct ox_err err = {0};
	set_runtime_dir("open");
	assert_int_equal(mkdir(getenv("OXIDIZER_RUNTIME_DIR"), 0700), 0);
	assert_int_equal(chmod(getenv("OXIDIZER_RUNTIME_DIR"), 0750), 0);
	assert_int_equal(ox_runtime_dir_open(&dir, &err), OX_EPOLICY);
	assert_non_null(strstr(err.text, getenv("OXIDIZER_RUNTIME_DIR")));
	set_runtime_dir("link");
	assert_int_equal(symlink("made", getenv("OXIDIZER_RUNTIME_DIR")), 0);
	assert_true(ox_runtime_dir_open(&dir, &err) < 0);
}

static void nobody_listens_in_an_empty_folder_however_long_its_name(void **state)
{
	(void)state;
	char name[201];
	memset(name, 'x', sizeof name - 1);
	name[200] = '\0';
	struct ox_runtime_dir dir;
	struct ox_err err = {0};
	pid_t pid;
	set_runtime_dir(name);
	assert_int_equal(ox_runtime_dir_open(&dir, &err), 0);
	assert_int_equal(ox_socket_connect(&dir, &pid, &err), OX_ENOENT);
	ox_runtime_dir_close(&dir);
}

static void expect_store(const char *wanted)
{
	struct ox_buf path = {0};
	assert_int_equal(ox_store_path(&path, NULL), 0);
	assert_string_equal(path.data, wanted);
	ox_buf_free(&path);
}

static void the_store_is_where_the_environment_says(void **state)
{
	(void)state;
	setenv("OXIDIZER_STORE", "/s", 1);
	setenv("XDG_CACHE_HOME", "/c", 1);
	setenv("HOME", "/h", 1);
	expect_store("/s");
	unsetenv("OXIDIZER_STORE");
	expect_store("/c/oxidizer");
	setenv("XDG_CACHE_HOME", "", 1);
	expect_store("/h/.cache/oxidizer");
	assert_int_equal(chdir(root), 0);
	setenv("OXIDIZER_STORE", "here", 1);
	struct ox_buf wanted = {0};
	ox_buf_printf(&wanted, "%s/here", root);
	expect_store(wanted.data);
	ox_buf_free(&wanted);
}

static void a_program_that_is_nowhere_names_the_variable(void **state)
{
	(void)state;
	struct ox_buf path = {0};
	struct ox_err err;
	unsetenv("OX_TEST_PROGRAM");
	assert_int_equal(ox_program_path("no-such-program", "OX_TEST_PROGRAM", &path, &err), OX_EUNREACHABLE);
	assert_non_null(strstr(err.text, "OX_TEST_PROGRAM"));
	setenv("OX_TEST_PROGRAM", "/p", 1);
	assert_int_equal(ox_program_path("no-such-program", "OX_TEST_PROGRAM", &path, &err), 0);
	assert_string_equal(path.data, "/p");
	ox_buf_free(&path);
}

static struct ox_spawn shell(const char *const *argv, int passed)
{
	return (struct ox_spawn){.program = "/bin/sh", .argv = argv, .envp = environ, .output = 2, .passed = passed};
}

static void a_child_gets_the_passed_descriptor_and_no_other(void **state)
{
	(void)state;
	int pair[2], other = fcntl(0, F_DUPFD, 20);
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	/* $0 is the number of one that was open when the child was started. */
	const char *look = "if [ -e /proc/$$/fd/$0 ]; then echo open; else echo closed; fi >&3";
	char number[16];
	snprintf(number, sizeof number, "%d", other);
	const char *argv[] = {"sh", "-c", look, number, NULL};
	struct ox_spawn spawn = shell(argv, pair[1]);
	pid_t pid;
	assert_int_equal(ox_spawn(&spawn, &pid, NULL), 0);
	close(pair[1]);
	char text[16] = "";
	assert_true(read(pair[0], text, sizeof text - 1) > 0);
	assert_string_equal(text, "closed\n");
	waitpid(pid, NULL, 0);
	close(pair[0]);
	close(other);
}

static void a_program_that_cannot_be_started_is_named(void **state)
{
	(void)state;
	const char *argv[] = {"x", NULL};
	struct ox_spawn spawn = {.program = "/absent/x", .argv = argv, .envp = environ, .output = 2, .passed = 2};
	struct ox_err err;
	pid_t pid;
	assert_int_equal(ox_spawn(&spawn, &pid, &err), OX_ENOENT);
	assert_non_null(strstr(err.text, "/absent/x"));
	assert_int_equal(ox_spawn_detached(&spawn, &err), OX_ENOENT);
}

static void descendants_are_killed_however_they_hide(void **state)
{
	(void)state;
	int ended[2];
	assert_int_equal(pipe2(ended, O_CLOEXEC), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	alarm(500); /* rather than until the last one has slept enough */
	const char *hide = "trap '' TERM; (setsid sh -c 'sleep 1000 & sleep 1000') & sleep 0.1; kill -9 $$";
	const char *argv[] = {"sh", "-c", hide, NULL};
	struct ox_spawn spawn = shell(argv, ended[1]);
	pid_t pid;
	assert_int_equal(ox_spawn(&spawn, &pid, NULL), 0);
	close(ended[1]);
	waitpid(pid, NULL, 0);
	ox_kill_descendants();
	/* The end comes when the last one that had the other end is gone. */
	char byte;
	assert_int_equal(read(ended[0], &byte, 1), 0);
	close(ended[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_runtime_folder_is_made_for_us_alone),
		cmocka_unit_test(a_runtime_folder_open_to_others_or_behind_a_link_is_refused),
		cmocka_unit_test(nobody_listens_in_an_empty_folder_however_long_its_name),
		cmocka_unit_test(the_store_is_where_the_environment_says),
		cmocka_unit_test(a_program_that_is_nowhere_names_the_variable),
		cmocka_unit_test(a_child_gets_the_passed_descriptor_and_no_other),
		cmocka_unit_test(a_program_that_cannot_be_started_is_named),
		cmocka_unit_test(descendants_are_killed_however_they_hide),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
