#include "tests/unit/daemon/python/fixture.h"

#include "daemon/python/archive_pic.h"
#include "daemon/python/host_describe.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

static void the_chosen_interpreter_is_described(void **state)
{
	struct fixture *f = *state;
	const struct ox_distribution *d = fixture_python(f);
	assert_int_equal(d->major, 3);
	assert_true(d->minor >= 9);
	assert_int_equal(access(d->libpython, R_OK), 0);
	assert_int_equal(access(ox_arena_printf(&f->arena, "%s/Python.h", d->include), R_OK), 0);
	assert_int_equal(access(ox_arena_printf(&f->arena, "%s/pyconfig.h", d->platinclude), R_OK), 0);
	assert_int_equal(access(ox_arena_printf(&f->arena, "%s/os.py", d->stdlib), R_OK), 0);
	assert_true(d->builtin_count > 10);
	assert_true(d->extension_count > 10);
	assert_true(d->link_library_count > 0);
	assert_int_equal(d->magic >> 16, 0x0a0d); /* "\r\n" */
	assert_non_null(strstr(d->triple, "-unknown-linux-"));
	assert_false(ox_digest_is_zero(&d->digest));
	assert_non_null(strstr(ox_buf_text(&f->log), "python: CPython 3."));
}

static void a_second_build_asks_nobody(void **state)
{
	struct fixture *f = *state;
	struct ox_digest first = fixture_python(f)->digest;
	assert_non_null(strstr(ox_buf_text(&f->missed), "probe /"));
	fixture_next_build(f);
	assert_true(ox_digest_eq(&first, &fixture_python(f)->digest));
	assert_string_equal(ox_buf_text(&f->missed), "");
}

static void an_absent_version_warns_and_maps_to_the_nearest(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *d;
	fixture_python(f);
	fixture_ok(ox_distribution_host(&f->ctx, "3.99", &d, &err), &err);
	assert_non_null(strstr(ox_buf_text(&f->log), "Python 3.99 is not installed: taking the nearest"));
	assert_int_equal(ox_distribution_host(&f->ctx, "three", &d, &err), OX_EUSAGE);
}

/* A program that answers as an interpreter whose parts are elsewhere. */
static const char *fake_python(struct fixture *f, const char *libpl)
{
	char text[2048];
	snprintf(text, sizeof text,
		 "#!/bin/sh\ncase \"$*\" in *write\\(sys.executable*) printf %%s \"$0\";; *) cat <<'X'\n"
		 "{\"implementation\":\"cpython\",\"version\":\"3.12.1\",\"hexversion\":%d,\"cache_tag\":\"c\","
		 "\"magic\":1,\"multiarch\":\"\",\"gnu_type\":\"\",\"prefix\":\"/nowhere\",\"stdlib\":\"/nowhere\","
		 "\"dynload\":\"\",\"include\":\"/nowhere\",\"confinclude\":\"/nowhere\",\"libpl\":\"%s\","
		 "\"library\":\"libpython3.12.a\",\"ext_suffix\":\".so\",\"libs\":\"\",\"builtins\":[]}\nX\nesac\n",
		 0x030c01f0, libpl);
	const char *path = fixture_file(f, "bin/python3", text);
	chmod(path, 0700);
	return path;
}

static void an_interpreter_without_its_parts_says_what_it_lacks(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *d;
	f->environ[1] = ox_arena_printf(&f->arena, "OXIDIZER_PYTHON=%s", fake_python(f, "/nowhere"));
	assert_int_equal(ox_distribution_host(&f->ctx, NULL, &d, &err), OX_ENOENT);
	assert_non_null(strstr(err.text, "bin/python3 (3.12.1) lacks libpython3.12.a, Python.h, pyconfig.h"));
}

static void the_package_to_install_is_named(void **state)
{
	(void)state;
	struct ox_buf text = {0};
	struct ox_probe p = {.python_exe = "/usr/bin/python3.11",
			     .implementation = "cpython",
			     .library = "libpython3.11.a",
			     .hexversion = 0x030b02f0};
	struct ox_host_files files = {.include = "/usr/include/python3.11", .platinclude = "/x"};
	ox_host_judge(&p, &files, &text);
	assert_string_equal(ox_buf_text(&text), "lacks libpython3.11.a (install libpython3.11-dev)");
	ox_buf_free(&text);
}

static void a_named_program_that_is_absent_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *d;
	f->environ[1] = "OXIDIZER_PYTHON=/nowhere/python3";
	assert_int_equal(ox_distribution_host(&f->ctx, NULL, &d, &err), OX_ENOENT);
	assert_non_null(strstr(err.text, "OXIDIZER_PYTHON"));
}

static void an_answer_without_a_field_is_refused(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	struct ox_probe p = {0};
	assert_int_equal(ox_probe_parse(&f->arena, OX_SLICE("{}"), &p, &err), OX_ECORRUPT);
	assert_int_equal(ox_probe_parse(&f->arena, OX_SLICE("[1"), &p, &err), OX_ECORRUPT);
	assert_int_equal(ox_probe_parse(&f->arena, OX_SLICE(""), &p, &err), OX_ECORRUPT);
}

static void no_archive_is_no_static_library(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	bool pic;
	assert_int_equal(ox_archive_is_pic(fixture_file(f, "x.a", "text"), &pic, &err), OX_ECORRUPT);
}

static void code_for_a_fixed_address_is_told_from_position_independent(void **state)
{
	(void)state;
	static const char suffix[] = "-pic.a";
	struct ox_err err = {0};
	glob_t found;
	bool pic;
	if (glob("/usr/lib/python3.*/config-3.*/libpython3.*-pic.a", 0, NULL, &found) != 0) {
		print_message("SKIPPED: Debian's libpython3-dev is not installed\n");
		skip();
	}
	const char *independent = found.gl_pathv[0];
	char fixed[256];
	snprintf(fixed, sizeof fixed, "%.*s.a", (int)(strlen(independent) - strlen(suffix)), independent);
	fixture_ok(ox_archive_is_pic(fixed, &pic, &err), &err);
	assert_false(pic);
	fixture_ok(ox_archive_is_pic(independent, &pic, &err), &err);
	assert_true(pic);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		TEST(the_chosen_interpreter_is_described),
		TEST(a_second_build_asks_nobody),
		TEST(an_absent_version_warns_and_maps_to_the_nearest),
		TEST(an_interpreter_without_its_parts_says_what_it_lacks),
		TEST(a_named_program_that_is_absent_is_an_error),
		TEST(an_answer_without_a_field_is_refused),
		TEST(no_archive_is_no_static_library),
		cmocka_unit_test(the_package_to_install_is_named),
		cmocka_unit_test(code_for_a_fixed_address_is_told_from_position_independent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
