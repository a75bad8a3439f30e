#include "tests/unit/store/scratch.h"

#include "proto/base/clock.h"
#include "store/index/gc.h"
#include "store/index/verify.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { SMALL = 3000, LARGE = 80 * 1024 };

static size_t length_of(unsigned seed)
{
	return seed % 3 ? SMALL + seed % 100 : LARGE + seed % 1000;
}

static int put(struct ox_store *s, unsigned seed, struct ox_digest *d, struct ox_err *err)
{
	char *bytes = scratch_bytes(length_of(seed), seed);
	int rc = ox_store_put(s, ox_slice(bytes, length_of(seed)), d, err);
	free(bytes);
	return rc;
}

/* 1 right, 0 absent; anything else is a failed test. */
static int look(struct ox_store *s, unsigned seed, const struct ox_digest *d, struct ox_err *err)
{
	struct ox_view view;
	int rc = ox_store_view(s, d, &view, err);
	if (rc == OX_ENOENT)
		return 0;
	if (rc)
		return rc;
	char *bytes = scratch_bytes(length_of(seed), seed);
	bool right = view.len == length_of(seed) && memcmp(view.data, bytes, view.len) == 0;
	free(bytes);
	ox_view_release(&view);
	return right ? 1 : OX_ECORRUPT;
}

static void print_problem(void *ctx, const char *text)
{
	(void)ctx;
	print_error("%s\n", text);
}

static int problems(struct ox_store *s, struct ox_err *err)
{
	struct ox_verify_report report;
	int rc = ox_store_verify(s, false, print_problem, NULL, &report, err);
	return rc ? rc : (int)report.problems;
}

static int entries_of(const char *path)
{
	int count = 0;
	DIR *dir = opendir(path);
	for (struct dirent *e; dir && (e = readdir(dir));)
		count += e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

static void killed_processes_leave_only_right_objects(void **state)
{
	struct scratch *sc = *state;
	enum { KILLS = 40 };
	struct ox_gc_report report;
	char path[256];
	for (unsigned k = 0; k < KILLS; k++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct ox_store *s;
			struct ox_digest d;
			if (ox_store_open(sc->store, &s, NULL) != 0)
				_exit(1);
			for (unsigned i = 0;; i++)
				if (put(s, k * 1000 + i, &d, NULL) != 0)
					_exit(1);
		}
		struct timespec ts = {.tv_nsec = (long)(ox_clock_mono() * 7919 % 15000000)};
		nanosleep(&ts, NULL);
		kill(pid, SIGKILL);
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
	}
	scratch_reopen(sc);
	assert_int_equal(problems(sc->s, &sc->err), 0);
	const struct ox_gc_options keep = {.high_water = UINT64_MAX};
	assert_ok(sc, ox_store_gc(sc->s, &keep, &report, &sc->err));
	assert_int_equal(entries_of(scratch_path(sc, "store/tmp", path)), 0);
	assert_int_equal(entries_of(scratch_path(sc, "store/quarantine", path)), 0);
}

/* In a child: a tmpfs of 3 MiB in a mount name space of its own. 77: not possible here. */
static int fill_a_disk(const char *dir)
{
	struct ox_store *s;
	struct ox_err err = {0};
	struct ox_digest d[400];
	unsigned n = 0;
	int rc = 0;
	char store[256], temp[300];
	if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return 77;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", dir, "tmpfs", 0, "size=3m") != 0)
		return 77;
	snprintf(store, sizeof store, "%s/s", dir);
	if (ox_store_open(store, &s, &err) != 0)
		return 1;
	while (n < OX_COUNT(d) && (rc = put(s, n, &d[n], &err)) == 0)
		if (n++ == 0)
			(void)ox_store_sync(s, &err); /* makes the index while there is room */
	if (rc != OX_EEXHAUSTED || !strstr(err.text, "pace")) {
		fprintf(stderr, "%d: %s\n", rc, err.text);
		return 2;
	}
	/* Until nothing fits, neither a file nor a row. */
	for (unsigned i = n; i < n + 50; i++) {
		struct ox_digest ignored;
		(void)put(s, i, &ignored, &err);
	}
	for (unsigned i = 0; i < n; i++)
		if (look(s, i, &d[i], &err) != 1)
			return 3;
	ox_store_close(s);
	snprintf(temp, sizeof temp, "%s/tmp", store);
	if (entries_of(temp) != 0)
		return 4;
	if (ox_store_open(store, &s, &err) != 0 || problems(s, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 5;
	}
	for (unsigned i = 0; i < n; i++)
		if (look(s, i, &d[i], &err) != 1)
			return 6;
	/* A full store can be emptied, and is usable again. */
	struct ox_gc_report report;
	const struct ox_gc_options everything = {0};
	if (ox_store_gc(s, &everything, &report, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 7;
	}
	if (put(s, 1, &d[0], &err) != 0 || look(s, 1, &d[0], &err) != 1)
		return 8;
	ox_store_close(s);
	return 0;
}

static void a_full_disk_is_said_and_leaves_nothing_wrong(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	int status;
	mkdir(scratch_path(sc, "mnt", path), 0700);
	pid_t pid = fork();
	if (pid == 0)
		_exit(fill_a_disk(path));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("SKIPPED: the full disk needs root or user name spaces\n");
		skip();
	}
	assert_int_equal(status, 0);
}

/* Writes past `limit` bytes of a file fail with EFBIG, in our code and in sqlite alike. */
static int put_under_limit(const char *store, rlim_t limit)
{
	struct ox_store *s;
	struct ox_err err = {0};
	struct ox_digest d;
	const struct rlimit all = {limit, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
	signal(SIGXFSZ, SIG_IGN);
	if (ox_store_open(store, &s, &err) != 0)
		return 1;
	for (unsigned i = 0; i < 6; i++) {
		setrlimit(RLIMIT_FSIZE, &all);
		int rc = put(s, i, &d, &err);
		setrlimit(RLIMIT_FSIZE, &none);
		if (rc != 0 && rc != OX_EEXHAUSTED) {
			fprintf(stderr, "limit %lu: %d: %s\n", (unsigned long)limit, rc, err.text);
			return 2;
		}
		if (rc == 0 && look(s, i, &d, &err) != 1)
			return 3;
	}
	ox_store_close(s);
	return 0;
}

static void failing_writes_at_any_size_leave_nothing_wrong(void **state)
{
	struct scratch *sc = *state;
	for (rlim_t limit = 0; limit < 100 * 1024; limit += limit < 8192 ? 1021 : 9973) {
		int status;
		pid_t pid = fork();
		if (pid == 0)
			_exit(put_under_limit(sc->store, limit));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_int_equal(problems(sc->s, &sc->err), 0);
	}
}

static void processes_put_view_and_collect_at_once(void **state)
{
	struct scratch *sc = *state;
	enum { PROCESSES = 4, OBJECTS = 60 };
	for (int p = 0; p < PROCESSES; p++) {
		if (fork() != 0)
			continue;
		struct ox_store *s;
		struct ox_err err = {0};
		int rc = ox_store_open(sc->store, &s, &err);
		for (unsigned i = 0; rc >= 0 && i < OBJECTS; i++) {
			struct ox_digest d;
			struct ox_gc_report report;
			const struct ox_gc_options half = {.high_water = 0, .low_water = 500 * 1024};
			rc = put(s, i, &d, &err);
			if (rc == 0)
				rc = look(s, i, &d, &err);
			if (rc >= 0 && p == 0 && i % 5 == 0)
				rc = ox_store_gc(s, &half, &report, &err);
		}
		if (rc < 0)
			fprintf(stderr, "%d: %s\n", rc, err.text);
		ox_store_close(s);
		_exit(rc < 0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(problems(sc->s, &sc->err), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(killed_processes_leave_only_right_objects),
	    TEST(a_full_disk_is_said_and_leaves_nothing_wrong),
	    TEST(failing_writes_at_any_size_leave_nothing_wrong),
	    TEST(processes_put_view_and_collect_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
