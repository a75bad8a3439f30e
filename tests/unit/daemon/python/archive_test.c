/* Archives as distributions: small ones, made by archives.py, one for each rule. */
#include "tests/unit/daemon/python/fixture.h"

#include "daemon/python/archive.h"
#include "store/digest/digest.h"

static int read_as(struct fixture *f, const char *name, const char *triple, const struct ox_distribution **dist,
		   struct ox_err *err)
{
	struct ox_archive which = {.triple = triple, .reason = "the test names it"};
	which.location = ox_arena_printf(&f->arena, "%s/%s.tar.gz", fixture_archives, name);
	fixture_ok(ox_digest_file(which.location, &which.sha256, NULL, err), err);
	return ox_distribution_archive(&f->ctx, &which, dist, err);
}

static const struct ox_distribution *read_archive(struct fixture *f, const char *name)
{
	struct ox_err err = {0};
	const struct ox_distribution *dist = NULL;
	fixture_ok(read_as(f, name, NULL, &dist, &err), &err);
	return dist;
}

static const struct ox_python_variant *variant(const struct ox_distribution *dist, const char *module, size_t index)
{
	const struct ox_python_json *json = dist->archive->json;
	for (size_t i = 0; i < json->variant_count; i++)
		if (ox_slice_eq_str(json->variants[i].module, module))
			return &json->variants[i + index];
	return NULL;
}

static void versions_5_to_8_tell_the_same(void **state)
{
	static const char *const names[] = {"v5", "v6", "v7", "v8"};
	struct fixture *f = *state;
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		const struct ox_distribution *dist = read_archive(f, names[i]);
		assert_string_equal(dist->flavor, "standalone");
		assert_string_equal(dist->triple, "x86_64-unknown-linux-gnu");
		assert_int_equal(dist->archive->json->format, 5 + i);
		assert_string_equal(dist->archive->json->options, "pgo");
		assert_int_equal(dist->archive->json->variant_count, 8);
		assert_null(dist->libpython); /* named, and not there */
		assert_true(dist->position_independent);
		assert_non_null(strstr(dist->origin, "the test names it"));
	}
}

static void extension_variants_are_described(void **state)
{
	const struct ox_distribution *dist = read_archive(*state, "v8");
	const struct ox_python_variant *v = variant(dist, "readline", 0);
	assert_string_equal(v->variant, "default");
	assert_string_equal(variant(dist, "readline", 1)->variant, "libedit");
	assert_string_equal(v->licenses.items[0], "GPL-3.0-only");
	v = variant(dist, "_ssl", 0);
	assert_int_equal(v->links.count, 3);
	assert_string_equal(v->links.items[1].path_static, "build/lib/libcrypto.a");
	assert_true(v->links.items[2].system);
	assert_string_equal(v->init_fn, "PyInit__ssl");
	assert_true(variant(dist, "_sqlite3", 0)->public_domain);
	assert_true(variant(dist, "_io", 0)->required);
	assert_int_equal(variant(dist, "_io", 0)->objects.count, 2);
	assert_true(variant(dist, "builtins", 0)->in_core);
	assert_null(variant(dist, "builtins", 0)->init_fn);
}

static void what_the_core_cannot_be_linked_without_is_required(void **state)
{
	static const struct {
		const char *archive;
		bool atexit, time;
	} cases[] = {{"minor9", false, false}, {"minor11", true, false}, {"minor12", true, true}};
	struct fixture *f = *state;
	for (size_t i = 0; i < OX_COUNT(cases); i++) {
		const struct ox_distribution *dist = read_archive(f, cases[i].archive);
		assert_int_equal(variant(dist, "atexit", 0)->required, cases[i].atexit);
		assert_int_equal(variant(dist, "time", 0)->required, cases[i].time);
		assert_false(variant(dist, "_ssl", 0)->required);
	}
}

static void core_and_features_are_described(void **state)
{
	const struct ox_python_json *json = read_archive(*state, "v8")->archive->json;
	assert_int_equal(json->core_objects.count, 3);
	assert_string_equal(json->inittab_object, "build/Modules/config.o");
	assert_string_equal(json->inittab_cflags.items[2], "-DPy_BUILD_CORE");
	assert_string_equal(json->core_links.items[0].name, "dl");
	assert_string_equal(json->crt_features.items[1], "glibc-max-symbol-version:2.17");
	assert_true(json->loads_shared);
	assert_false(json->libpython_shared);
	assert_string_equal(json->licenses.items[1], "CNRI-Python");
	assert_string_equal(json->tcl_library_paths.items[0], "tcl8.6");
	assert_string_equal(json->test_packages.items[0], "json.tests");
}

static void its_library_is_scanned_like_any(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	struct ox_resources all = {0};
	const struct ox_distribution *dist = read_archive(f, "v8");
	fixture_ok(ox_scan_stdlib(&f->ctx, dist, true, &all, &err), &err);
	assert_non_null(fixture_find(&all, OX_RES_MODULE, "os", NULL));
	assert_false(fixture_find(&all, OX_RES_MODULE, "json", NULL)->is_test);
	assert_true(fixture_find(&all, OX_RES_MODULE, "json.tests", NULL)->is_test);
	assert_true(fixture_find(&all, OX_RES_EXTENSION, "_ssl", NULL)->is_builtin);
	assert_false(fixture_find(&all, OX_RES_EXTENSION, "_crypt", NULL)->is_builtin);
	ox_vec_free(&all.v);
}

static void it_is_unpacked_once(void **state)
{
	struct fixture *f = *state;
	read_archive(f, "v8");
	assert_non_null(strstr(ox_buf_text(&f->missed), "extract v8.tar.gz"));
	fixture_next_build(f);
	read_archive(f, "v8");
	assert_null(strstr(ox_buf_text(&f->missed), "extract"));
	assert_null(strstr(ox_buf_text(&f->missed), "probe"));
}

static void other_cpus_of_the_triple_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *dist = NULL;
	fixture_ok(read_as(f, "v3-cpu", "x86_64-unknown-linux-gnu", &dist, &err), &err);
	assert_int_equal(read_as(f, "arm", "x86_64-unknown-linux-gnu", &dist, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "is for aarch64-unknown-linux-gnu, and this build is for x86_64"));
	assert_int_equal(read_as(f, "v8", "x86_64-unknown-linux-musl", &dist, &err), OX_EUSAGE);
	fixture_ok(read_as(f, "musl", "x86_64-unknown-linux-musl", &dist, &err), &err);
	assert_false(dist->archive->json->loads_shared);
}

static void what_cannot_be_used_says_what_to_use(void **state)
{
	static const struct {
		const char *name, *words;
	} cases[] = {
		{"v4", "version 4, and 5 to 8 are read: use an archive from April 2020 or later"},
		{"v9", "use an older archive, or a newer oxidizer"},
		{"no-version", "has no version"},
		{"version-number", "has no version"},
		{"lto", "LLVM bitcode (built with pgo+lto)"},
		{"mach-o", "executables are built for Linux"},
		{"install-only", "named ...-full.tar.zst"},
		{"py37", "it is CPython 3.7.9: use one of 3.9 to 3.15"},
		{"free-threaded", "use one without freethreaded"},
		{"pypy", "it is pypy: use one of CPython"},
		{"no-triple", "target_triple of the archive is missing"},
		{"link-mode", "neither \"static\" nor \"shared\""},
		{"shared-without", "shared_lib of build_info.core is missing"},
		{"path-out", "inittab_source of build_info is no path inside the archive"},
		{"extensions-list", "extensions of build_info is no map"},
		{"no-variants", "_io of build_info is no list of variants"},
		{"empty-licenses", "licenses of _ssl is empty"},
		{"missing-object", "names build/Modules/gone.o, which it does not have"},
		{"objs-numbers", "objs of _ssl has what is no path inside the archive"},
		{"foreign-file", "it has setup.exe"},
		{"bad-magic", "is not 8 hex digits"},
		{"not-json", "PYTHON.json, line 2"},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < OX_COUNT(cases); i++) {
		struct ox_err err = {0};
		const struct ox_distribution *dist = NULL;
		int rc = read_as(f, cases[i].name, NULL, &dist, &err);
		if (rc != OX_EUSAGE || !strstr(err.text, cases[i].words))
			print_error("%s: %d %s\n", cases[i].name, rc, err.text);
		assert_int_equal(rc, OX_EUSAGE);
		assert_non_null(strstr(err.text, cases[i].words));
		assert_non_null(strstr(err.text, ".tar.gz cannot be used"));
		assert_null(dist);
	}
}

/* The interpreter that made the archives writes the same bytecode. */
static void a_python_that_does_not_run_is_stood_in_for(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *dist = NULL;
	const char *path = getenv("PATH");
	f->environ[0] = ox_arena_printf(&f->arena, "PATH=%s", path ? path : "/usr/bin");
	int rc = read_as(f, "broken-python", NULL, &dist, &err);
	if (rc == OX_EUSAGE && strstr(err.text, "no installed one writes the same bytecode")) {
		print_message("SKIPPED: the Python that runs the tests is not on PATH\n");
		skip();
	}
	fixture_ok(rc, &err);
	assert_null(strstr(dist->python_exe, "/trees/"));
	assert_non_null(strstr(ox_buf_text(&f->log), "libcrypt.so.1"));
	assert_int_equal(read_as(f, "foreign-magic", NULL, &dist, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "libcrypt.so.1"));
	assert_non_null(strstr(err.text, "install CPython"));
}

#define ARCHIVE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARCHIVE_TEST(versions_5_to_8_tell_the_same),
		ARCHIVE_TEST(extension_variants_are_described),
		ARCHIVE_TEST(what_the_core_cannot_be_linked_without_is_required),
		ARCHIVE_TEST(core_and_features_are_described),
		ARCHIVE_TEST(its_library_is_scanned_like_any),
		ARCHIVE_TEST(it_is_unpacked_once),
		ARCHIVE_TEST(other_cpus_of_the_triple_are_told_apart),
		ARCHIVE_TEST(what_cannot_be_used_says_what_to_use),
		ARCHIVE_TEST(a_python_that_does_not_run_is_stood_in_for),
	};
	return cmocka_run_group_tests(tests, fixture_make_archives, fixture_remove_archives);
}
