/* fixture.h - a build context on a fresh store in a folder of its own, for tests of daemon/python. */
#ifndef OX_TEST_PYTHON_FIXTURE_H
#define OX_TEST_PYTHON_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/python/resource.h"

struct fixture {
	char dir[64]; /* temporary folder, gone after the test */
	struct ox_store *store;
	struct ox_sink sink;
	struct ox_buf log;      /* every log line */
	struct ox_buf missed;   /* "kind subject\n" of every step that ran */
	struct ox_arena arena;
	const char *environ[32]; /* the client's: the test fills it */
	struct ox_build_context ctx;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Forgets what was logged and what the build looked at, keeps the store: the next build. */
void fixture_next_build(struct fixture *f);

/* A file below the temporary folder, with its parent folders. */
const char *fixture_file(struct fixture *f, const char *path, const char *content);

/* The archives of archives.py, in fixture_archives: made and removed once for a group of tests. */
extern char fixture_archives[64];
int fixture_make_archives(void **state);
int fixture_remove_archives(void **state);

/* Fails the test with the message when rc is not 0. */
void fixture_ok(int rc, const struct ox_err *err);

/* Debian's or anybody's: NULL (said loudly, the test is skipped) when none qualifies. */
const struct ox_distribution *fixture_python(struct fixture *f);

const struct ox_resource *fixture_find(const struct ox_resources *r, enum ox_resource_kind kind, const char *name,
				       const char *file);

#endif
