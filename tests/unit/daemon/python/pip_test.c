#include "tests/unit/daemon/python/fixture.h"

#include "daemon/python/pip.h"
#include "daemon/python/pip_inputs.h"
#include "daemon/python/pip_local.h"
#include "daemon/python/pip_tree.h"

#include <unistd.h>

/* pip from a local project without its build requirements: no index, no network. */
static const struct ox_slice from_project[] = {OX_SLICE("--no-index"), OX_SLICE("--no-deps"),
					      OX_SLICE("./wheels/demo_pkg-1.5-py3-none-any.whl")};

/* A wheel, made by the interpreter itself. */
static void make_wheel(struct fixture *f, const char *dir, const char *version, const char *body)
{
	char command[4096];
	fixture_file(f, ox_arena_printf(&f->arena, "%s/x", dir), "");
	snprintf(command, sizeof command,
		 "/usr/bin/env python3 -c \"import zipfile\n"
		 "z = zipfile.ZipFile('%s/%s/demo_pkg-%s-py3-none-any.whl', 'w')\n"
		 "i = 'demo_pkg-%s.dist-info/'\n"
		 "z.writestr('demo_pkg/__init__.py', '%s')\n"
		 "z.writestr('demo_pkg/data.txt', 'data')\n"
		 "z.writestr(i + 'METADATA', 'Metadata-Version: 2.1\\nName: demo-pkg\\nVersion: %s\\n')\n"
		 "z.writestr(i + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n"
		 "z.writestr(i + 'entry_points.txt', '[console_scripts]\\ndemo = demo_pkg:main\\n')\n"
		 "z.writestr(i + 'RECORD', 'demo_pkg/__init__.py,,\\n')\n\"",
		 f->dir, dir, version, version, body, version);
	assert_int_equal(system(command), 0);
}

static const struct ox_distribution *python_with_pip(struct fixture *f)
{
	char command[4200];
	const struct ox_distribution *dist = fixture_python(f);
	snprintf(command, sizeof command, "%s -m pip --version >/dev/null 2>&1", dist->python_exe);
	if (system(command) != 0) {
		print_message("SKIPPED: %s has no pip\n", dist->python_exe);
		skip();
	}
	return dist;
}

static int install(struct fixture *f, const struct ox_slice *args, size_t count, struct ox_resources *out,
		   struct ox_err *err)
{
	out->v.len = 0;
	return ox_pip_install(&f->ctx, python_with_pip(f), &(struct ox_pip_request){args, count, NULL}, out, err);
}

static void a_wheel_becomes_resources_in_the_store(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	make_wheel(f, "wheels", "1.5", "x = 1");
	fixture_ok(install(f, from_project, 3, &r, &err), &err);
	const struct ox_resource *module = fixture_find(&r, OX_RES_MODULE, "demo_pkg", NULL);
	assert_true(module->is_package);
	assert_null(module->blob.path);
	assert_non_null(fixture_find(&r, OX_RES_PACKAGE_FILE, "demo_pkg", "data.txt"));
	assert_non_null(fixture_find(&r, OX_RES_DIST_FILE, "demo-pkg", "entry_points.txt"));
	assert_null(fixture_find(&r, OX_RES_DIST_FILE, "demo-pkg", "direct_url.json"));
	for (size_t i = 0; i < r.v.len; i++)
		assert_int_not_equal(r.v.items[i].kind, OX_RES_FILE);
	const struct ox_resource *record = fixture_find(&r, OX_RES_DIST_FILE, "demo-pkg", "RECORD");
	struct ox_view view;
	fixture_ok(ox_blob_view(f->store, &record->blob, &view, &err), &err);
	struct ox_buf text = {0};
	ox_buf_add(&text, view.data, view.len);
	assert_non_null(strstr(ox_buf_text(&text), "demo_pkg/__init__.py,"));
	assert_null(strstr(ox_buf_text(&text), "bin/demo"));
	assert_null(strstr(ox_buf_text(&text), "INSTALLER"));
	ox_buf_free(&text);
	ox_view_release(&view);
	assert_non_null(strstr(ox_buf_text(&f->log), "pip: Successfully installed demo-pkg-1.5"));
	ox_vec_free(&r.v);
}

static void a_second_build_does_not_run_pip(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	make_wheel(f, "wheels", "1.5", "x = 1");
	fixture_ok(install(f, from_project, 3, &r, &err), &err);
	struct ox_digest first = fixture_find(&r, OX_RES_MODULE, "demo_pkg", NULL)->blob.digest;
	size_t count = r.v.len;
	fixture_next_build(f);
	f->ctx.offline = true;
	fixture_ok(install(f, from_project, 3, &r, &err), &err);
	assert_string_equal(ox_buf_text(&f->missed), "");
	assert_int_equal(r.v.len, count);
	assert_true(ox_digest_eq(&first, &fixture_find(&r, OX_RES_MODULE, "demo_pkg", NULL)->blob.digest));
	assert_null(strstr(ox_buf_text(&f->log), "reusing"));
	ox_vec_free(&r.v);
}

static void a_changed_wheel_is_installed_again(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	make_wheel(f, "wheels", "1.5", "x = 1");
	fixture_ok(install(f, from_project, 3, &r, &err), &err);
	fixture_next_build(f);
	make_wheel(f, "wheels", "1.5", "x = 22");
	fixture_ok(install(f, from_project, 3, &r, &err), &err);
	assert_non_null(strstr(ox_buf_text(&f->missed), "pip "));
	assert_int_equal(fixture_find(&r, OX_RES_MODULE, "demo_pkg", NULL)->blob.size, 6);
	ox_vec_free(&r.v);
}

static void an_unpinned_resolution_is_reused_until_refreshed(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	const struct ox_slice args[] = {OX_SLICE("--no-index"), OX_SLICE("--find-links"), OX_SLICE("wheels"),
					OX_SLICE("demo_pkg")};
	make_wheel(f, "wheels", "1.5", "x = 1");
	fixture_ok(install(f, args, 4, &r, &err), &err);
	fixture_next_build(f);
	fixture_ok(install(f, args, 4, &r, &err), &err);
	assert_string_equal(ox_buf_text(&f->missed), "");
	assert_non_null(strstr(ox_buf_text(&f->log), "pip: reusing demo-pkg 1.5 as resolved "));
	fixture_next_build(f);
	f->ctx.refresh = true;
	fixture_ok(install(f, args, 4, &r, &err), &err);
	assert_non_null(strstr(ox_buf_text(&f->missed), "pip "));
	fixture_next_build(f);
	f->ctx.refresh = false;
	make_wheel(f, "wheels", "1.6", "x = 2");
	fixture_ok(install(f, args, 4, &r, &err), &err);
	const struct ox_resource *metadata = fixture_find(&r, OX_RES_DIST_FILE, "demo-pkg", "METADATA");
	assert_true(ox_slice_eq_str(metadata->version, "1.6"));
	ox_vec_free(&r.v);
}

static void settings_that_appear_change_the_key(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	make_wheel(f, "wheels", "1.5", "x = 1");
	char home[128];
	snprintf(home, sizeof home, "HOME=%s", f->dir);
	f->environ[1] = home;
	fixture_ok(install(f, from_project, 3, &r, &err), &err);
	fixture_next_build(f);
	f->environ[2] = "PIP_INDEX_URL=http://127.0.0.1:9/simple";
	fixture_ok(install(f, from_project, 3, &r, &err), &err);
	assert_non_null(strstr(ox_buf_text(&f->missed), "pip "));
	fixture_next_build(f);
	fixture_file(f, ".config/pip/pip.conf", "[global]\ntimeout = 5\n");
	fixture_ok(install(f, from_project, 3, &r, &err), &err);
	assert_non_null(strstr(ox_buf_text(&f->missed), "pip "));
	ox_vec_free(&r.v);
}

static struct ox_digest building(struct fixture *f, const char *variable, const char *extra)
{
	struct ox_err err = {0};
	struct ox_pip_inputs inputs;
	const char *const extra_env[] = {extra, NULL};
	const struct ox_pip_request request = {.extra_env = extra_env};
	struct ox_step *step = ox_step_new(&f->arena, "pip", 1, "");
	f->environ[1] = variable;
	fixture_ok(ox_pip_inputs_add(&f->ctx, fixture_python(f), &request, step, &inputs, &err), &err);
	return inputs.building;
}

static void wheels_built_with_other_compiler_settings_are_not_taken(void **state)
{
	struct fixture *f = *state;
	struct ox_digest plain = building(f, NULL, NULL), again = building(f, NULL, NULL);
	struct ox_digest scripts = building(f, NULL, "CFLAGS=-DX"), clients = building(f, "LDSHARED=cc -shared", NULL);
	assert_true(ox_digest_eq(&plain, &again));
	assert_false(ox_digest_eq(&plain, &scripts));
	assert_false(ox_digest_eq(&plain, &clients));
}

static void requirement_files_count_by_content(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	const struct ox_slice args[] = {OX_SLICE("-r"), OX_SLICE("requirements.txt")};
	make_wheel(f, "wheels", "1.5", "x = 1");
	fixture_file(f, "requirements.txt", "--no-index\n--find-links wheels\n-r more.txt # more\n");
	fixture_file(f, "more.txt", "demo_pkg==1.5 ; python_version > '3'\n");
	fixture_ok(install(f, args, 2, &r, &err), &err);
	fixture_next_build(f);
	fixture_ok(install(f, args, 2, &r, &err), &err);
	assert_string_equal(ox_buf_text(&f->missed), "");
	assert_null(strstr(ox_buf_text(&f->log), "reusing"));
	fixture_file(f, "more.txt", "demo_pkg\n");
	fixture_ok(install(f, args, 2, &r, &err), &err);
	assert_non_null(strstr(ox_buf_text(&f->missed), "pip "));
	fixture_file(f, "more.txt", "-r more.txt\n");
	assert_int_equal(install(f, args, 2, &r, &err), OX_EUSAGE);
	ox_vec_free(&r.v);
}

static void a_failing_pip_shows_its_output_and_one_line(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	const struct ox_slice args[] = {OX_SLICE("--no-index"), OX_SLICE("no-such-thing")};
	assert_int_equal(install(f, args, 2, &r, &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "pip install no-such-thing failed (exit status 1): No matching distribution"));
	assert_non_null(strstr(ox_buf_text(&f->log), "pip: Could not find a version"));
	assert_int_equal(r.v.len, 0);
}

static void a_package_that_cannot_be_built_fails_with_the_compiler_s_words(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	const struct ox_slice args[] = {OX_SLICE("--no-index"), OX_SLICE("--no-build-isolation"), OX_SLICE("./broken")};
	fixture_file(f, "broken/pyproject.toml", "[build-system]\nrequires = []\nbuild-backend = \"backend\"\n"
						 "backend-path = [\".\"]\n");
	fixture_file(f, "broken/backend.py", "import sys\n"
					     "print('one.c:3:1: fatal error: z.h: No such file or directory')\n"
					     "print('two.c:4:1: error: expected expression')\nsys.exit(1)\n");
	assert_int_equal(install(f, args, 3, &r, &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "(exit status 1): one.c:3:1: fatal error: z.h: No such file or directory;"));
	ox_vec_free(&r.v);
}

static void offline_without_a_record_is_refused(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	const struct ox_slice args[] = {OX_SLICE("pyflakes==3.2.0")};
	f->ctx.offline = true;
	assert_int_equal(install(f, args, 1, &r, &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "--offline"));
	const struct ox_slice target[] = {OX_SLICE("--target=x"), OX_SLICE("y")};
	assert_int_equal(install(f, target, 2, &r, &err), OX_EUSAGE);
}

static void only_a_whole_version_is_exact(void **state)
{
	(void)state;
	assert_true(ox_requirement_is_exact(OX_SLICE("a==1")));
	assert_true(ox_requirement_is_exact(OX_SLICE("a[b,c] == 1.2 ; python_version >= '3'")));
	assert_false(ox_requirement_is_exact(OX_SLICE("a")));
	assert_false(ox_requirement_is_exact(OX_SLICE("a>=1")));
	assert_false(ox_requirement_is_exact(OX_SLICE("a==1.*")));
	assert_false(ox_requirement_is_exact(OX_SLICE("a ; os_name == 'x'")));
	assert_false(ox_requirement_is_exact(OX_SLICE("")));
}

static void a_record_is_freed_of_what_is_left_out(void **state)
{
	(void)state;
	struct ox_buf out = {0};
	ox_pip_clean_record(OX_SLICE("../../bin/x,sha256=1,2\na/__init__.py,sha256=3,4\na/__pycache__/x.pyc,,\n"
				     "a-1.dist-info/INSTALLER,,\na-1.dist-info/RECORD,,"),
			    &out);
	assert_string_equal(ox_buf_text(&out), "a/__init__.py,sha256=3,4\na-1.dist-info/RECORD,,");
	ox_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		TEST(a_wheel_becomes_resources_in_the_store),
		TEST(a_second_build_does_not_run_pip),
		TEST(a_changed_wheel_is_installed_again),
		TEST(an_unpinned_resolution_is_reused_until_refreshed),
		TEST(settings_that_appear_change_the_key),
		TEST(wheels_built_with_other_compiler_settings_are_not_taken),
		TEST(requirement_files_count_by_content),
		TEST(a_failing_pip_shows_its_output_and_one_line),
		TEST(a_package_that_cannot_be_built_fails_with_the_compiler_s_words),
		TEST(offline_without_a_record_is_refused),
		cmocka_unit_test(only_a_whole_version_is_exact),
		cmocka_unit_test(a_record_is_freed_of_what_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
