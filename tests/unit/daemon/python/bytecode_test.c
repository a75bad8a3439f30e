#include "tests/unit/daemon/python/fixture.h"

#include "daemon/loop/process.h"
#include "daemon/python/bytecode.h"
#include "daemon/python/child_env.h"

static struct ox_compile_job job(struct fixture *f, const char *module, int level, const char *source)
{
	struct ox_err err = {0};
	struct ox_compile_job j = {.module = ox_slice_str(module), .level = level, .source = {.size = strlen(source)}};
	fixture_ok(ox_store_put(f->store, ox_slice_str(source), &j.source.digest, &err), &err);
	return j;
}

static void compile(struct fixture *f, const struct ox_distribution *dist, struct ox_compile_job *jobs, size_t count)
{
	struct ox_err err = {0};
	struct ox_compiler *c;
	fixture_ok(ox_compiler_new(&f->ctx, dist, &c, &err), &err);
	fixture_ok(ox_compile(c, jobs, count, &err), &err);
	ox_compiler_free(c);
}

/* What the interpreter prints for a script that reads the code on its standard input. */
static const char *run_with_code(struct fixture *f, const struct ox_distribution *dist, const struct ox_blob *code,
				 const char *script)
{
	struct ox_err err = {0};
	struct ox_view view;
	struct ox_buf out = {0};
	struct ox_process_status status;
	const char *argv[] = {dist->python_exe, "-S", "-c", script, NULL};
	fixture_ok(ox_blob_view(f->store, code, &view, &err), &err);
	struct ox_process_spec spec = {.argv = argv,
				       .env = ox_child_env(&f->arena, f->environ, NULL),
				       .out = &out,
				       .input = ox_slice(view.data, view.len)};
	fixture_ok(ox_process_run(&spec, &status, &err), &err);
	assert_int_equal(status.exit_code, 0);
	const char *text = ox_arena_str(&f->arena, ox_buf_text(&out));
	ox_view_release(&view);
	ox_buf_free(&out);
	return text;
}

static void code_runs_and_is_named_after_its_module(void **state)
{
	struct fixture *f = *state;
	const struct ox_distribution *dist = fixture_python(f);
	struct ox_compile_job j = job(f, "pkg.mod", 0, "def f():\n  'doc'\n  assert False\nx = {1, 'a'}\n");
	compile(f, dist, &j, 1);
	assert_false(j.failed);
	assert_string_equal(run_with_code(f, dist, &j.code,
					  "import marshal, sys\nc = marshal.load(sys.stdin.buffer)\n"
					  "n = {}\nexec(c, n)\nx = sorted(map(str, n['x']))\n"
					  "sys.stdout.write(f'{c.co_filename} {n[\"f\"].__doc__} {x}')"),
			    "pkg.mod doc ['1', 'a']");
}

static void levels_differ_and_are_remembered(void **state)
{
	struct fixture *f = *state;
	const struct ox_distribution *dist = fixture_python(f);
	const char *source = "'doc'\nassert x\n";
	struct ox_compile_job jobs[3];
	for (int level = 0; level < 3; level++)
		jobs[level] = job(f, "m", level, source);
	compile(f, dist, jobs, 3);
	assert_true(jobs[0].code.size > jobs[1].code.size);
	assert_true(jobs[1].code.size > jobs[2].code.size);
	struct ox_digest first = jobs[2].code.digest;
	fixture_next_build(f);
	dist = fixture_python(f);
	jobs[2] = job(f, "m", 2, source);
	compile(f, dist, &jobs[2], 1);
	assert_true(ox_digest_eq(&jobs[2].code.digest, &first));
	assert_string_equal(ox_buf_text(&f->missed), "");
}

static void a_source_that_does_not_compile_is_a_warning_every_time(void **state)
{
	struct fixture *f = *state;
	for (int build = 0; build < 2; build++) {
		const struct ox_distribution *dist = fixture_python(f);
		struct ox_compile_job jobs[2] = {job(f, "bad", 0, "x = 1\nprint 'old'\n"),
						 job(f, "good", 0, "y = 2\n")};
		compile(f, dist, jobs, 2);
		assert_true(jobs[0].failed);
		assert_false(jobs[1].failed);
		assert_non_null(strstr(ox_buf_text(&f->log),
				       "bytecode: bad is left out, it does not compile: line 2: "));
		fixture_next_build(f);
	}
}

static void odd_sources_compile_or_say_why(void **state)
{
	struct fixture *f = *state;
	const struct ox_distribution *dist = fixture_python(f);
	struct ox_buf deep = {0};
	for (int i = 0; i < 5000; i++)
		ox_buf_byte(&deep, '(');
	struct ox_compile_job jobs[] = {
		job(f, "empty", 0, ""),
		job(f, "bom", 0, "\xef\xbb\xbfx = 1\n"),
		job(f, "latin", 0, "# -*- coding: latin-1 -*-\nx = '\xe9'\n"),
		job(f, "crlf", 0, "x = 1\r\ny = 2\r\n"),
		job(f, "bytes", 0, "x = '\xe9'\n"),
		job(f, "deep", 0, ox_buf_text(&deep)),
	};
	compile(f, dist, jobs, OX_COUNT(jobs));
	for (size_t i = 0; i < OX_COUNT(jobs); i++)
		assert_int_equal(jobs[i].failed, i >= 4);
	ox_buf_free(&deep);
}

/* The same module compiled among others, in another process: the same bytes. */
static void equal_sources_give_equal_bytes(void **state)
{
	struct fixture *f = *state;
	const struct ox_distribution *dist = fixture_python(f);
	const char *source = "import os, json\nNAME = 'json'\nT = ('os', 'json', 1.5, frozenset('abc'))\n"
			     "def f(json=NAME):\n  return {'os', 'p', 'q', 'r'} & {json}\n";
	struct ox_digest first = {0};
	for (int round = 0; round < 3; round++) {
		char dir[128];
		struct ox_err err = {0};
		struct ox_compile_job jobs[40];
		for (int i = 0; i < 40; i++) {
			char other[64];
			snprintf(other, sizeof other, "json = os = %d\nr%d = 'json'\n", round, i);
			jobs[i] = i == 11 * round ? job(f, "m", 0, source) : job(f, "other", 0, other);
		}
		compile(f, dist, jobs, 40);
		const struct ox_digest *digest = &jobs[11 * round].code.digest;
		assert_true(round == 0 || ox_digest_eq(&first, digest));
		first = *digest;
		ox_actions_free(f->ctx.actions);
		ox_store_close(f->store); /* a fresh store: nothing is remembered */
		snprintf(dir, sizeof dir, "%s/store%d", f->dir, round);
		fixture_ok(ox_store_open(dir, &f->store, &err), &err);
		fixture_ok(ox_actions_new(f->store, &f->sink, "test", &f->ctx.actions, &err), &err);
	}
}

static void an_interpreter_that_dies_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	struct ox_compiler *c;
	struct ox_distribution broken = *fixture_python(f);
	struct ox_compile_job jobs[100];
	struct ox_buf big = {0};
	broken.python_exe = "/bin/false";
	for (int i = 0; i < 20000; i++)
		ox_buf_str(&big, "x = 1234567890\n");
	for (int i = 0; i < 100; i++)
		jobs[i] = job(f, "m", 0, ox_buf_text(&big));
	fixture_ok(ox_compiler_new(&f->ctx, &broken, &c, &err), &err);
	assert_int_equal(ox_compile(c, jobs, 100, &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "/bin/false ended"));
	assert_int_equal(ox_compile(c, jobs, 100, &err), OX_EBUILD);
	ox_compiler_free(c);
	ox_buf_free(&big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		TEST(code_runs_and_is_named_after_its_module),
		TEST(levels_differ_and_are_remembered),
		TEST(a_source_that_does_not_compile_is_a_warning_every_time),
		TEST(odd_sources_compile_or_say_why),
		TEST(equal_sources_give_equal_bytes),
		TEST(an_interpreter_that_dies_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
