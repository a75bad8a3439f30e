/* Every file operation of the store's own code fails once, in turn: the linker gives us the calls (--wrap). */
#include "tests/unit/store/scratch.h"

#include "store/index/verify.h"

#include <errno.h>

enum { SMALL = 2000, LARGE = 90 * 1024 };

/* Calls until the one that fails; negative: none will. */
static int calls_left = -1;

static bool strikes(void)
{
	if (calls_left < 0 || calls_left-- > 0)
		return false;
	errno = ENOSPC;
	return true;
}

#define WRAP(type, name, parameters, arguments)                                                                        \
	type __real_##name parameters;                                                                                 \
	type __wrap_##name parameters;                                                                                 \
	type __wrap_##name parameters                                                                                  \
	{                                                                                                              \
		return strikes() ? (type)-1 : __real_##name arguments;                                                 \
	}

WRAP(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len))
WRAP(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
WRAP(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
WRAP(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, chmod, (const char *path, mode_t mode), (path, mode))
WRAP(int, fstat, (int fd, struct stat *st), (fd, st))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, flock, (int fd, int how), (fd, how))

static int do_everything(const char *dir, const char *file, struct ox_err *err)
{
	struct ox_store *s;
	struct ox_digest d[3];
	char *bytes = scratch_bytes(LARGE, 1);
	int rc = ox_store_open(dir, &s, err);
	if (rc == 0) {
		rc = ox_store_put(s, ox_slice(bytes, LARGE), &d[0], err);
		if (rc == 0)
			rc = ox_store_put(s, ox_slice(bytes, SMALL), &d[1], err);
		if (rc == 0)
			rc = ox_store_put_file(s, file, &d[2], NULL, err);
		for (int i = 0; rc == 0 && i < 3; i++) {
			struct ox_view view;
			rc = ox_store_view(s, &d[i], &view, err);
			ox_view_release(&view);
		}
		if (rc == 0)
			rc = ox_store_sync(s, err);
		ox_store_close(s);
	}
	free(bytes);
	return rc;
}

static void print_problem(void *ctx, const char *text)
{
	(void)ctx;
	print_error("%s\n", text);
}

static void each_failing_call_is_an_error_or_harmless_and_leaves_nothing_wrong(void **state)
{
	struct scratch *sc = *state;
	char file[256], dir[256];
	char *bytes = scratch_bytes(LARGE + 5, 2);
	scratch_write(scratch_path(sc, "file", file), bytes, LARGE + 5);
	free(bytes);
	int failed = 0, n = 0;
	for (bool struck = true; struck && n < 500; n++) {
		struct ox_verify_report report;
		char name[32];
		snprintf(name, sizeof name, "s%d", n);
		scratch_path(sc, name, dir);
		sc->err.code = 0;
		calls_left = n;
		int rc = do_everything(dir, file, &sc->err);
		struck = calls_left < 0;
		calls_left = -1;
		failed += rc != 0;
		if (rc)
			assert_int_equal(rc, sc->err.code);
		struct ox_store *s;
		assert_ok(sc, ox_store_open(dir, &s, &sc->err));
		assert_ok(sc, ox_store_verify(s, false, print_problem, NULL, &report, &sc->err));
		assert_int_equal(report.problems, 0);
		ox_store_close(s);
		assert_ok(sc, do_everything(dir, file, &sc->err));
		assert_int_equal(ox_fs_remove_tree(dir, NULL), 0);
	}
	print_message("%d calls failed in turn, %d were errors\n", n - 1, failed);
	assert_true(failed > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_failing_call_is_an_error_or_harmless_and_leaves_nothing_wrong,
					    scratch_setup, scratch_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
