#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/rpc/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char root[64];
	int dir;
	struct ox_log_file log;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	struct ox_err err;
	*state = p;
	snprintf(p->root, sizeof p->root, "/tmp/oxlog-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	p->dir = open(p->root, O_RDONLY | O_DIRECTORY);
	return ox_log_open(&p->log, p->dir, false, &err);
}

static int teardown(void **state)
{
	struct place *p = *state;
	ox_log_close(&p->log);
	unlinkat(p->dir, OX_LOG_NAME, 0);
	unlinkat(p->dir, OX_LOG_NAME ".1", 0);
	close(p->dir);
	assert_int_equal(rmdir(p->root), 0);
	free(p);
	return 0;
}

static size_t read_log(const struct place *p, char *text, size_t size)
{
	int fd = openat(p->dir, OX_LOG_NAME, O_RDONLY);
	ssize_t n = read(fd, text, size - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

static void a_line_has_time_severity_and_process(void **state)
{
	struct place *p = *state;
	char text[512], who[32];
	ox_log_warn(&p->log, "something %d", 7);
	read_log(p, text, sizeof text);
	snprintf(who, sizeof who, "warning [%d]", (int)getpid());
	assert_non_null(strstr(text, who));
	assert_non_null(strstr(text, "something 7\n"));
	assert_int_equal(text[10], 'T');
}

static void what_others_sent_cannot_look_like_a_line_of_ours(void **state)
{
	struct place *p = *state;
	char text[512];
	ox_log_info(&p->log, "feature %s", "x\n2026-01-01T00:00:00.000Z error [1] forged");
	size_t len = read_log(p, text, sizeof text);
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
}

static void a_large_log_begins_anew_and_keeps_the_one_before(void **state)
{
	struct place *p = *state;
	char text[512];
	struct stat st;
	assert_int_equal(ftruncate(p->log.fd, 5 << 20), 0);
	ox_log_info(&p->log, "after");
	assert_true(read_log(p, text, sizeof text) < 200);
	assert_int_equal(fstatat(p->dir, OX_LOG_NAME ".1", &st, 0), 0);
	assert_int_equal(st.st_size, 5 << 20);
	assert_int_equal(fcntl(p->log.fd, F_GETFD), FD_CLOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_has_time_severity_and_process, setup, teardown),
		cmocka_unit_test_setup_teardown(what_others_sent_cannot_look_like_a_line_of_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(a_large_log_begins_anew_and_keeps_the_one_before, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
