#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/dialect/layout.h"
#include "daemon/dialect/path.h"
#include "daemon/dialect/rules.h"

static struct ox_resource resource(enum ox_resource_kind kind, enum ox_resource_origin origin, const char *name)
{
	return (struct ox_resource){.kind = kind, .origin = origin, .name = ox_slice_str(name)};
}

static void test_default_policy_includes_modules_with_source_and_plain_bytecode(void **state)
{
	(void)state;
	struct ox_policy policy;
	struct ox_options options;
	struct ox_resource module = resource(OX_RES_MODULE, OX_ORIGIN_PACKAGE, "pkg.mod");
	ox_policy_init(&policy);
	ox_policy_apply(&policy, &module, &options);
	assert_true(options.include && options.source);
	assert_true(options.bytecode[0] && !options.bytecode[1] && !options.bytecode[2]);
	assert_null(options.location.prefix);
	assert_false(options.has_fallback);
}

static void test_tests_and_data_of_the_standard_library_stay_out_until_asked_for(void **state)
{
	(void)state;
	struct ox_policy policy;
	struct ox_options options;
	struct ox_resource test = resource(OX_RES_MODULE, OX_ORIGIN_STDLIB, "test.support");
	struct ox_resource data = resource(OX_RES_PACKAGE_FILE, OX_ORIGIN_STDLIB, "ensurepip");
	test.is_test = true;
	ox_policy_init(&policy);
	ox_policy_apply(&policy, &test, &options);
	assert_false(options.include);
	ox_policy_apply(&policy, &data, &options);
	assert_false(options.include);
	policy.include_test = policy.include_distribution_resources = true;
	ox_policy_apply(&policy, &test, &options);
	assert_true(options.include);
	ox_policy_apply(&policy, &data, &options);
	assert_true(options.include);
}

static void test_sources_of_library_and_packages_are_separate_settings(void **state)
{
	(void)state;
	struct ox_policy policy;
	struct ox_options options;
	struct ox_resource ours = resource(OX_RES_MODULE, OX_ORIGIN_APPLICATION, "app");
	struct ox_resource theirs = resource(OX_RES_MODULE, OX_ORIGIN_STDLIB, "json");
	ox_policy_init(&policy);
	policy.include_distribution_sources = false;
	ox_policy_apply(&policy, &theirs, &options);
	assert_true(options.include && !options.source);
	ox_policy_apply(&policy, &ours, &options);
	assert_true(options.include && options.source);
}

static void test_samples_of_broken_source_get_no_bytecode(void **state)
{
	(void)state;
	struct ox_policy policy;
	struct ox_options options;
	struct ox_resource sample = resource(OX_RES_MODULE, OX_ORIGIN_STDLIB, "lib2to3.tests.data.py3_test_grammar");
	ox_policy_init(&policy);
	ox_policy_apply(&policy, &sample, &options);
	assert_false(options.bytecode[0]);
}

static void test_extension_filter_knows_libraries_and_licences(void **state)
{
	(void)state;
	struct ox_policy policy;
	struct ox_resource readline = resource(OX_RES_EXTENSION, OX_ORIGIN_STDLIB, "readline");
	struct ox_resource ssl = resource(OX_RES_EXTENSION, OX_ORIGIN_STDLIB, "_ssl");
	struct ox_resource json = resource(OX_RES_EXTENSION, OX_ORIGIN_STDLIB, "_json");
	ox_policy_init(&policy);
	assert_true(ox_policy_allows_extension(&policy, &readline));
	assert_int_equal(ox_policy_set_extension_filter(&policy, OX_SLICE("no-gpl"), NULL), 0);
	assert_false(ox_policy_allows_extension(&policy, &readline));
	assert_true(ox_policy_allows_extension(&policy, &ssl));
	assert_int_equal(ox_policy_set_extension_filter(&policy, OX_SLICE("no-libraries"), NULL), 0);
	assert_false(ox_policy_allows_extension(&policy, &ssl));
	assert_true(ox_policy_allows_extension(&policy, &json));
	assert_int_equal(ox_policy_set_extension_filter(&policy, OX_SLICE("minimal"), NULL), 0);
	assert_false(ox_policy_allows_extension(&policy, &json));
	json.is_builtin = true;
	assert_true(ox_policy_allows_extension(&policy, &json));
	assert_int_equal(ox_policy_set_extension_filter(&policy, OX_SLICE("some"), NULL), OX_EUSAGE);
}

static void test_nis_is_left_out_unless_it_is_built_in(void **state)
{
	(void)state;
	struct ox_policy policy;
	struct ox_resource nis = resource(OX_RES_EXTENSION, OX_ORIGIN_STDLIB, "nis");
	struct ox_resource crypt = resource(OX_RES_EXTENSION, OX_ORIGIN_STDLIB, "_crypt");
	ox_policy_init(&policy);
	assert_false(ox_policy_allows_extension(&policy, &nis));
	assert_true(ox_policy_allows_extension(&policy, &crypt));
	nis.is_builtin = true;
	assert_true(ox_policy_allows_extension(&policy, &nis));
}

static void test_locations_are_memory_or_a_folder_beside_the_executable(void **state)
{
	(void)state;
	struct ox_arena arena = {0};
	struct ox_location place = {0};
	struct ox_err err;
	assert_int_equal(ox_location_parse(OX_SLICE("filesystem-relative:lib/"), &arena, &place, &err), 0);
	assert_string_equal(place.prefix, "lib");
	assert_string_equal(ox_location_text(&place, &arena), "filesystem-relative:lib");
	assert_int_equal(ox_location_parse(OX_SLICE("in-memory"), &arena, &place, &err), 0);
	assert_null(place.prefix);
	assert_int_equal(ox_location_parse(OX_SLICE("memory"), &arena, &place, &err), OX_EUSAGE);
	assert_int_equal(ox_location_parse(OX_SLICE("filesystem-relative:"), &arena, &place, &err), OX_EUSAGE);
	assert_int_equal(ox_location_parse(OX_SLICE("filesystem-relative:/lib"), &arena, &place, &err), OX_EUSAGE);
	assert_int_equal(ox_location_parse(OX_SLICE("filesystem-relative:a/../../b"), &arena, &place, &err), OX_EUSAGE);
	ox_arena_free(&arena);
}

static void test_old_resources_policies_become_location_and_fallback(void **state)
{
	(void)state;
	struct ox_arena arena = {0};
	struct ox_policy policy;
	struct ox_err err;
	ox_policy_init(&policy);
	assert_int_equal(ox_policy_set_resources_policy(
				 &policy, OX_SLICE("prefer-in-memory-fallback-filesystem-relative:lib"), &arena, &err),
			 0);
	assert_null(policy.location.prefix);
	assert_true(policy.has_fallback);
	assert_string_equal(policy.fallback.prefix, "lib");
	assert_int_equal(ox_policy_set_resources_policy(&policy, OX_SLICE("filesystem-relative-only:x"), &arena, &err),
			 0);
	assert_string_equal(policy.location.prefix, "x");
	assert_false(policy.has_fallback);
	assert_int_equal(ox_policy_set_resources_policy(&policy, OX_SLICE("in-memory-only"), &arena, &err), 0);
	assert_null(policy.location.prefix);
	assert_int_equal(ox_policy_set_resources_policy(&policy, OX_SLICE("in-memory"), &arena, &err), OX_EUSAGE);
	ox_arena_free(&arena);
}

static void test_paths_are_resolved_against_the_folder_of_the_configuration(void **state)
{
	(void)state;
	struct ox_arena arena = {0};
	assert_string_equal(ox_path_absolute(&arena, "/a/b", OX_SLICE("../c//./d")), "/a/c/d");
	assert_string_equal(ox_path_absolute(&arena, "/a/b", OX_SLICE("/x/../../y")), "/y");
	assert_string_equal(ox_path_absolute(&arena, "/a", OX_SLICE("..")), "/");
	assert_string_equal(ox_path_below("/a/b/c", "/a/"), "b/c");
	assert_null(ox_path_below("/ab/c", "/a"));
	assert_null(ox_path_below("/a", "/a"));
	assert_string_equal(ox_path_join(&arena, OX_SLICE("."), OX_SLICE("x")), "x");
	assert_string_equal(ox_path_join(&arena, OX_SLICE("./lib/"), OX_SLICE("x")), "lib/x");
	ox_arena_free(&arena);
}

static void test_resources_have_the_paths_that_python_expects(void **state)
{
	(void)state;
	struct ox_arena arena = {0};
	struct ox_distribution dist = {.cache_tag = "cpython-311", .ext_suffix = ".cpython-311-x86_64-linux-gnu.so"};
	struct ox_resource package = resource(OX_RES_MODULE, OX_ORIGIN_PACKAGE, "a.b");
	struct ox_resource data = resource(OX_RES_PACKAGE_FILE, OX_ORIGIN_PACKAGE, "a.b");
	struct ox_resource meta = resource(OX_RES_DIST_FILE, OX_ORIGIN_PACKAGE, "A");
	struct ox_resource extension = resource(OX_RES_EXTENSION, OX_ORIGIN_PACKAGE, "a._x");
	package.is_package = true;
	data.file = OX_SLICE("t/x.txt");
	meta.file = OX_SLICE("METADATA");
	meta.version = OX_SLICE("1.0");
	assert_string_equal(ox_resource_path(&arena, &dist, &package), "a/b/__init__.py");
	assert_string_equal(ox_bytecode_path(&arena, &dist, &package, 0), "a/b/__pycache__/__init__.cpython-311.pyc");
	package.is_package = false;
	assert_string_equal(ox_resource_path(&arena, &dist, &package), "a/b.py");
	assert_string_equal(ox_bytecode_path(&arena, &dist, &package, 2), "a/__pycache__/b.cpython-311.opt-2.pyc");
	assert_string_equal(ox_resource_path(&arena, &dist, &data), "a/b/t/x.txt");
	assert_string_equal(ox_resource_path(&arena, &dist, &meta), "A-1.0.dist-info/METADATA");
	assert_string_equal(ox_resource_path(&arena, &dist, &extension), "a/_x.cpython-311-x86_64-linux-gnu.so");
	extension.is_builtin = true;
	assert_null(ox_resource_path(&arena, &dist, &extension));
	ox_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_policy_includes_modules_with_source_and_plain_bytecode),
		cmocka_unit_test(test_tests_and_data_of_the_standard_library_stay_out_until_asked_for),
		cmocka_unit_test(test_sources_of_library_and_packages_are_separate_settings),
		cmocka_unit_test(test_samples_of_broken_source_get_no_bytecode),
		cmocka_unit_test(test_extension_filter_knows_libraries_and_licences),
		cmocka_unit_test(test_nis_is_left_out_unless_it_is_built_in),
		cmocka_unit_test(test_locations_are_memory_or_a_folder_beside_the_executable),
		cmocka_unit_test(test_old_resources_policies_become_location_and_fallback),
		cmocka_unit_test(test_paths_are_resolved_against_the_folder_of_the_configuration),
		cmocka_unit_test(test_resources_have_the_paths_that_python_expects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
