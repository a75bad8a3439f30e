/* What is linked of an archive: which objects, libraries, built-in modules. Nothing is compiled. */
#include "tests/unit/daemon/python/fixture.h"

#include "daemon/link/inittab.h"
#include "daemon/link/parts.h"

#define TEXTS(...)                                                                                                     \
	{                                                                                                              \
		(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)        \
	}
#define LINKS(...)                                                                                                     \
	{                                                                                                              \
		(const struct ox_python_link[]){__VA_ARGS__},                                                          \
			sizeof((const struct ox_python_link[]){__VA_ARGS__}) / sizeof(struct ox_python_link)           \
	}

static const struct ox_python_json json = {
	.inittab_object = "build/Modules/config.o",
	.core_objects = TEXTS("build/Modules/config.o", "build/Modules/getpath.o", "build/Modules/getpath_noop.o",
			      "build/Programs/python.o", "build/Python/context.o"),
	.core_links = LINKS({.name = "dl", .system = true}, {.name = "util", .system = true}),
};
static const struct ox_dist_archive archive = {.root = "/a", .json = &json};
static const struct ox_distribution python = {.version = "3.11.2", .archive = &archive};

static const struct ox_python_variant decimal = {
	.module = {"_decimal", 8},
	.variant = "default",
	.init_fn = "PyInit__decimal",
	.objects = TEXTS("build/Modules/_decimal/_decimal.o", "build/Modules/_decimal/libmpdec/context.o"),
	.links = LINKS({.name = "m", .system = true}),
};
static const struct ox_python_variant hashes = {
	.module = {"_hashlib", 8},
	.variant = "default",
	.init_fn = "PyInit__hashlib",
	.objects = TEXTS("build/Modules/_hashopenssl.o"),
	.links = LINKS({.name = "crypto", .path_static = "build/lib/libcrypto.a"}),
};
static const struct ox_python_variant ssl = {
	.module = {"_ssl", 4},
	.variant = "default",
	.init_fn = "PyInit__ssl",
	.objects = TEXTS("build/Modules/_ssl.o", "build/Modules/_hashopenssl.o"), /* as HACL's are shared since 3.12 */
	.links = LINKS({.name = "crypto", .path_static = "build/lib/libcrypto.a"},
		       {.name = "ssl", .path_static = "build/lib/libssl.a"}),
};
static const struct ox_python_variant sys = {.module = {"sys", 3}, .variant = "default", .in_core = true};

static struct ox_link_parts find(struct fixture *f, const struct ox_python_variant *const *variants, size_t count)
{
	struct ox_toolchain t = {0};
	struct ox_stub_options options = {.allocator = "default", .variants = variants, .variant_count = count};
	struct ox_link_parts parts;
	struct ox_err err = {0};
	fixture_ok(ox_link_parts_find(&f->ctx, &t, &python, &options, &parts, &err), &err);
	return parts;
}

static void assert_texts(struct ox_texts are, const char *expected)
{
	struct ox_buf text = {0};
	for (size_t i = 0; i < are.count; i++)
		ox_buf_printf(&text, "%s%s", i ? " " : "", are.items[i]);
	assert_string_equal(ox_buf_text(&text), expected);
	ox_buf_free(&text);
}

static void objects_are_taken_whole_each_once_by_path(void **state)
{
	const struct ox_python_variant *const all[] = {&decimal, &hashes, &ssl, &sys};
	struct ox_link_parts parts = find(*state, all, OX_COUNT(all));
	assert_texts(parts.whole,
		     "/a/build/Modules/getpath.o /a/build/Python/context.o /a/build/Modules/_decimal/_decimal.o "
		     "/a/build/Modules/_decimal/libmpdec/context.o /a/build/Modules/_hashopenssl.o "
		     "/a/build/Modules/_ssl.o");
	assert_texts(parts.archives, "/a/build/lib/libcrypto.a /a/build/lib/libssl.a");
}

static void libraries_of_the_system_are_glibcs_and_libm_is_always_there(void **state)
{
	const struct ox_python_variant *const none[] = {&sys};
	struct ox_link_parts parts = find(*state, none, 1);
	struct ox_buf text = {0};
	for (size_t i = 0; i < parts.libraries.count; i++)
		ox_buf_printf(&text, " %s", parts.libraries.items[i].argument);
	assert_non_null(strstr(ox_buf_text(&text), " -ldl -lutil"));
	assert_non_null(strstr(ox_buf_text(&text), " -lm"));
	ox_buf_free(&text);
}

static void the_table_names_each_module_and_its_function(void **state)
{
	const struct ox_python_variant *const some[] = {&ssl, &sys};
	struct ox_link_parts parts = find(*state, some, OX_COUNT(some));
	assert_string_equal(parts.inittab, "#include \"Python.h\"\n\n"
					   "extern PyObject *PyInit__ssl(void);\n\n"
					   "struct _inittab _PyImport_Inittab[] = {\n"
					   "\t{\"_ssl\", PyInit__ssl},\n"
					   "\t{\"sys\", NULL},\n"
					   "\t{NULL, NULL},\n};\n");
}

static void names_that_c_does_not_understand_are_refused(void **state)
{
	(void)state;
	static const struct ox_python_variant wrong[] = {
		{.module = {"a\"b", 3}, .init_fn = "PyInit_a"},
		{.module = {"a", 1}, .init_fn = "f();"},
		{.module = {"", 0}, .init_fn = "PyInit_"},
	};
	for (size_t i = 0; i < OX_COUNT(wrong); i++) {
		struct ox_buf out = {0};
		const struct ox_python_variant *const one[] = {&wrong[i]};
		assert_int_equal(ox_inittab_write(one, 1, &out, NULL), OX_EUSAGE);
		ox_buf_free(&out);
	}
}

#define PARTS_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PARTS_TEST(objects_are_taken_whole_each_once_by_path),
		PARTS_TEST(libraries_of_the_system_are_glibcs_and_libm_is_always_there),
		PARTS_TEST(the_table_names_each_module_and_its_function),
		cmocka_unit_test(names_that_c_does_not_understand_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
