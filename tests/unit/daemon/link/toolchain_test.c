/* A compiler made of shell scripts, so that what is missing or replaced can be chosen. */
#include "tests/unit/daemon/python/fixture.h"

#include "daemon/link/libraries.h"
#include "daemon/link/linked_modules.h"
#include "daemon/link/toolchain.h"

#include <sys/stat.h>

static const char *const needed[] = {"m", "z", "expat"};

static const struct ox_texts names = {needed, OX_COUNT(needed)};

static const struct ox_distribution python = {.version = "3.11.2"};

static void script(struct fixture *f, const char *path, const char *text)
{
	chmod(fixture_file(f, path, text), 0700);
}

/* bin/cc, which finds libraries in lib/ and programs in bin/. */
static void install_compiler(struct fixture *f)
{
	script(f, "bin/cc",
	       ox_arena_printf(&f->arena,
			       "#!/bin/sh\necho run >>'%s/runs'\necho 'install: /'\necho 'programs: =%s/bin/'\n"
			       "echo 'libraries: =%s/lib/:/nowhere/'\n",
			       f->dir, f->dir, f->dir));
	script(f, "bin/ld", "#!/bin/sh\n");
	fixture_file(f, "lib/libz.a", "z");
	f->environ[0] = ox_arena_printf(&f->arena, "PATH=%s/bin:/usr/bin:/bin", f->dir);
}

static struct ox_toolchain find(struct fixture *f)
{
	struct ox_toolchain t;
	struct ox_err err = {0};
	fixture_ok(ox_toolchain_find(&f->ctx, NULL, &t, &err), &err);
	return t;
}

static const struct ox_link_input *part(const struct ox_toolchain *t, const char *name)
{
	for (size_t i = 0; i < t->part_count; i++)
		if (strcmp(t->parts[i].name, name) == 0)
			return &t->parts[i];
	return NULL;
}

/* The archive that a module which asks for -lz is linked with; NULL: it is left out. */
static const char *archive_for(struct fixture *f, const struct ox_toolchain *t, const char *beside)
{
	struct ox_err err = {0};
	struct ox_linked_set set;
	struct ox_capture_library library = {.name = "z", .archive = beside};
	struct ox_captured captured = {.record = {.libraries = &library, .library_count = 1}};
	struct ox_stub_module module = {.name = OX_SLICE("a"), .captured = &captured};
	fixture_ok(ox_linked_set_find(&f->ctx, t, &python, &module, 1, &set, &err), &err);
	const char *path = set.items.len ? set.items.items[0].libraries[0].argument : NULL;
	ox_linked_set_free(&set);
	return path;
}

static void a_module_gets_the_library_that_it_was_linked_with(void **state)
{
	struct fixture *f = *state;
	install_compiler(f);
	script(f, "bin/objcopy", "#!/bin/sh\n");
	struct ox_toolchain t = find(f);
	const char *own = fixture_file(f, "own/libz.a", "another version");
	assert_string_equal(archive_for(f, &t, own), own);
	assert_string_equal(archive_for(f, &t, NULL), ox_arena_printf(&f->arena, "%s/lib/libz.a", f->dir));
	assert_null(archive_for(f, &t, ox_arena_printf(&f->arena, "%s/gone/libz.a", f->dir)));
}

static void an_archive_s_own_c_library_is_compiled_for(void **state)
{
	struct fixture *f = *state;
	struct ox_toolchain t;
	struct ox_err err = {0};
	struct ox_dist_archive archive = {.sysroot = "/archive/build/sysroot"};
	struct ox_distribution dist = {.version = "3.11.2", .archive = &archive};
	install_compiler(f);
	f->environ[1] = "CC=cc -m64";
	fixture_ok(ox_toolchain_find(&f->ctx, &dist, &t, &err), &err);
	assert_int_equal(t.argc, 4);
	assert_string_equal(t.argv[2], "--sysroot=/archive/build/sysroot");
	assert_string_equal(t.argv[3], "-B/archive/build/sysroot/usr/lib/");
	assert_int_equal(t.named, 2);
	assert_ptr_equal(t.sysroot, &archive.tree);
	archive.sysroot = NULL;
	fixture_ok(ox_toolchain_find(&f->ctx, &dist, &t, &err), &err);
	assert_int_equal(t.argc, 2);
	assert_null(t.sysroot);
}

static void static_executables_without_a_sysroot_need_a_compiler_for_musl(void **state)
{
	struct fixture *f = *state;
	struct ox_toolchain t;
	struct ox_err err = {0};
	struct ox_dist_archive archive = {0};
	struct ox_distribution dist = {.version = "3.11.2", .archive = &archive, .is_static = true};
	install_compiler(f);
	f->environ[0] = ox_arena_printf(&f->arena, "PATH=%s/bin", f->dir);
	f->environ[1] = "CC=cc";
	assert_int_equal(ox_toolchain_find(&f->ctx, &dist, &t, &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "no C compiler for musl found (musl-gcc, x86_64-linux-musl-gcc): install the "
					 "package musl-tools, or name one with CC_x86_64_unknown_linux_musl"));
	const char *folder = ox_arena_printf(&f->arena, "%s/musl", f->dir);
	fixture_file(f, "musl/libc.a", "musl's");
	fixture_file(f, "musl/libm.a", "");
	script(f, "bin/musl-gcc", ox_arena_printf(&f->arena, "#!/bin/sh\n"
						  "[ $1 = '-###' ] && echo ' collect2 -static \"-L%s\" -Lx -o a' >&2\n"
						  "[ $1 = '-###' ] || echo 'libraries: =/usr/lib'\n", folder));
	fixture_ok(ox_toolchain_find(&f->ctx, &dist, &t, &err), &err);
	struct ox_link_input found;
	fixture_ok(ox_toolchain_library(&f->ctx, &t, "libm.a", &found, &err), &err);
	assert_string_equal(found.path, ox_arena_printf(&f->arena, "%s/libm.a", folder));
	assert_non_null(part(&t, "libc.a"));
	archive.sysroot = "/archive/build/sysroot";
	fixture_ok(ox_toolchain_find(&f->ctx, &dist, &t, &err), &err);
	assert_string_equal(t.argv[1], "--sysroot=/archive/build/sysroot");
}

static void without_a_compiler_the_package_is_named(void **state)
{
	struct fixture *f = *state;
	struct ox_toolchain t;
	struct ox_err err = {0};
	f->environ[0] = "PATH=/nowhere";
	assert_int_equal(ox_toolchain_find(&f->ctx, NULL, &t, &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "install the package gcc"));
	f->environ[1] = "CC=nosuchcc -m64";
	assert_int_equal(ox_toolchain_find(&f->ctx, NULL, &t, &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "CC, nosuchcc,"));
}

static void cc_of_the_client_may_carry_arguments(void **state)
{
	struct fixture *f = *state;
	install_compiler(f);
	f->environ[1] = "CC=cc -m64 -B/x";
	struct ox_toolchain t = find(f);
	assert_int_equal(t.argc, 3);
	assert_string_equal(t.argv[2], "-B/x");
}

static void a_missing_archive_is_an_error_that_names_its_package(void **state)
{
	struct fixture *f = *state;
	struct ox_link_libraries libraries;
	struct ox_err err = {0};
	install_compiler(f);
	struct ox_toolchain t = find(f);
	assert_int_equal(ox_link_libraries_find(&f->ctx, &t, &python, names, "jemalloc", &libraries, &err), OX_EBUILD);
	assert_null(strstr(err.text, "libz.a"));
	assert_null(strstr(err.text, "libm.a"));
	assert_non_null(strstr(err.text, "libexpat.a (install the package libexpat1-dev)"));
	assert_non_null(strstr(err.text, "libjemalloc.a (install the package libjemalloc-dev)"));
}

static void glibc_stays_dynamic_and_everything_else_is_static(void **state)
{
	struct fixture *f = *state;
	struct ox_link_libraries libraries;
	struct ox_err err = {0};
	install_compiler(f);
	fixture_file(f, "lib/libexpat.a", "expat");
	struct ox_toolchain t = find(f);
	fixture_ok(ox_link_libraries_find(&f->ctx, &t, &python, names, "default", &libraries, &err), &err);
	assert_string_equal(libraries.items[0].argument, "-lm");
	assert_true(libraries.items[1].is_static);
	assert_true(libraries.items[2].is_static);
}

static void an_unknown_allocator_is_refused(void **state)
{
	struct fixture *f = *state;
	struct ox_link_libraries libraries;
	install_compiler(f);
	struct ox_toolchain t = find(f);
	assert_int_equal(ox_link_libraries_find(&f->ctx, &t, &python, names, "snmalloc", &libraries, NULL), OX_EUSAGE);
}

static void a_replaced_pass_or_archive_has_another_digest(void **state)
{
	struct fixture *f = *state;
	struct ox_link_input before, after;
	struct ox_err err = {0};
	install_compiler(f);
	struct ox_toolchain t = find(f);
	fixture_ok(ox_toolchain_library(&f->ctx, &t, "libz.a", &before, &err), &err);
	struct ox_digest ld = part(&t, "ld")->digest;
	fixture_file(f, "lib/libz.a", "another z");
	script(f, "bin/ld", "#!/bin/sh\n# another\n");
	t = find(f);
	fixture_ok(ox_toolchain_library(&f->ctx, &t, "libz.a", &after, &err), &err);
	assert_false(ox_digest_eq(&before.digest, &after.digest));
	assert_false(ox_digest_eq(&ld, &part(&t, "ld")->digest));
}

static void the_compiler_is_asked_for_its_folders_once(void **state)
{
	struct fixture *f = *state;
	struct stat once, twice;
	install_compiler(f);
	const char *runs = ox_arena_printf(&f->arena, "%s/runs", f->dir);
	find(f);
	assert_int_equal(stat(runs, &once), 0);
	find(f);
	assert_int_equal(stat(runs, &twice), 0);
	assert_int_equal(once.st_size, twice.st_size);
}

static void a_compiler_that_does_not_work_is_said_to_be_none(void **state)
{
	struct fixture *f = *state;
	struct ox_toolchain t;
	struct ox_err err = {0};
	script(f, "bin/cc", "#!/bin/sh\nexit 1\n");
	f->environ[0] = ox_arena_printf(&f->arena, "PATH=%s/bin:/usr/bin:/bin", f->dir);
	assert_int_equal(ox_toolchain_find(&f->ctx, NULL, &t, &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "not a C compiler that works"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(static_executables_without_a_sysroot_need_a_compiler_for_musl,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(without_a_compiler_the_package_is_named, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_module_gets_the_library_that_it_was_linked_with, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(an_archive_s_own_c_library_is_compiled_for, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(cc_of_the_client_may_carry_arguments, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_missing_archive_is_an_error_that_names_its_package, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(glibc_stays_dynamic_and_everything_else_is_static, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(an_unknown_allocator_is_refused, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_replaced_pass_or_archive_has_another_digest, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(the_compiler_is_asked_for_its_folders_once, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_compiler_that_does_not_work_is_said_to_be_none, fixture_setup,
						fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
