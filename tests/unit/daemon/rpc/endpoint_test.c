#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/rpc/endpoint.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A folder of the test's own, named by OXIDIZER_RUNTIME_DIR. */
struct place {
	char root[64], dir[128];
	struct ox_endpoint endpoint;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	*state = p;
	snprintf(p->root, sizeof p->root, "/tmp/oxendpoint-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	snprintf(p->dir, sizeof p->dir, "%s/deep/run", p->root);
	setenv("OXIDIZER_RUNTIME_DIR", p->dir, 1);
	p->endpoint = OX_ENDPOINT_NONE;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	char command[256];
	ox_endpoint_close(&p->endpoint);
	snprintf(command, sizeof command, "rm -rf %s", p->root);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

static void the_folder_is_made_with_its_parents(void **state)
{
	struct place *p = *state;
	struct ox_err err = {0};
	struct stat st;
	assert_int_equal(ox_endpoint_open_dir(&p->endpoint, &err), 0);
	assert_int_equal(stat(p->dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_string_equal(p->endpoint.dir, p->dir);
}

static void a_file_in_its_place_is_an_error(void **state)
{
	struct place *p = *state;
	struct ox_err err = {0};
	snprintf(p->dir, sizeof p->dir, "%s/file", p->root);
	setenv("OXIDIZER_RUNTIME_DIR", p->dir, 1);
	FILE *f = fopen(p->dir, "w");
	fclose(f);
	assert_true(ox_endpoint_open_dir(&p->endpoint, &err) < 0);
	assert_non_null(strstr(err.text, p->dir));
}

static void only_one_listens_in_a_folder(void **state)
{
	struct place *p = *state;
	struct ox_endpoint second = OX_ENDPOINT_NONE;
	struct ox_err err = {0};
	assert_int_equal(ox_endpoint_open_dir(&p->endpoint, &err), 0);
	assert_int_equal(ox_endpoint_listen(&p->endpoint, &err), 0);
	assert_int_equal(ox_endpoint_open_dir(&second, &err), 0);
	assert_int_equal(ox_endpoint_listen(&second, &err), OX_EBUSY);
	assert_non_null(strstr(err.text, p->dir));
	ox_endpoint_withdraw(&p->endpoint);
	assert_int_equal(ox_endpoint_listen(&second, &err), 0);
	ox_endpoint_close(&second);
}

/* As of a daemon that was killed: its socket is closed first. */
static void a_lock_of_one_that_serves_no_more_is_waited_for(void **state)
{
	struct place *p = *state;
	struct ox_err err = {0};
	char told;
	int has_it[2];
	assert_int_equal(pipe(has_it), 0);
	assert_int_equal(ox_endpoint_open_dir(&p->endpoint, &err), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = openat(p->endpoint.dir_fd, OX_LOCK_NAME, O_RDWR | O_CREAT, 0600);
		bool done = fd >= 0 && flock(fd, LOCK_EX) == 0 && write(has_it[1], "x", 1) == 1;
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
		_exit(!done);
	}
	assert_int_equal(read(has_it[0], &told, 1), 1);
	assert_int_equal(ox_endpoint_listen(&p->endpoint, &err), 0);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(has_it[0]);
	close(has_it[1]);
}

static void our_own_user_is_welcome(void **state)
{
	(void)state;
	struct ox_err err;
	unsigned uid = 12345;
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(ox_endpoint_check_peer(fds[0], &uid, &err), 0);
	assert_int_equal(uid, geteuid());
	close(fds[0]);
	close(fds[1]);
}

static void without_settings_the_folder_is_in_tmp(void **state)
{
	(void)state;
	struct ox_buf path = {0};
	struct ox_err err;
	char expected[64];
	unsetenv("OXIDIZER_RUNTIME_DIR");
	unsetenv("XDG_RUNTIME_DIR");
	snprintf(expected, sizeof expected, "/tmp/oxidizer-%u", (unsigned)geteuid());
	assert_int_equal(ox_runtime_dir_path(&path, &err), 0);
	assert_string_equal(ox_buf_text(&path), expected);
	ox_buf_free(&path);
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	assert_int_equal(ox_runtime_dir_path(&path, &err), 0);
	assert_string_equal(ox_buf_text(&path), "/run/user/7/oxidizer");
	ox_buf_free(&path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_folder_is_made_with_its_parents, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_in_its_place_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lock_of_one_that_serves_no_more_is_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(only_one_listens_in_a_folder, setup, teardown),
		cmocka_unit_test(our_own_user_is_welcome),
		cmocka_unit_test(without_settings_the_folder_is_in_tmp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
