/* Which extension modules of an archive a filter leaves, and which variant of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/python/license.h"
#include "daemon/python/variants.h"
#include "proto/base/buf.h"

#define TEXTS(...)                                                                                                     \
	{                                                                                                              \
		(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)        \
	}
#define LINKS(...)                                                                                                     \
	{                                                                                                              \
		(const struct ox_python_link[]){__VA_ARGS__},                                                          \
			sizeof((const struct ox_python_link[]){__VA_ARGS__}) / sizeof(struct ox_python_link)           \
	}
#define STATIC(library) {.name = library, .path_static = "build/lib/lib" library ".a"}
#define SYSTEM(library) {.name = library, .system = true}
#define MODULE(text)                                                                                                   \
	.module = {text, sizeof(text) - 1}, .variant = "default", .objects = TEXTS("build/Modules/" text ".o")

/* One of each kind, by name as in an archive. */
static const struct ox_python_variant modules[] = {
	{MODULE("_bz2"), .links = LINKS(STATIC("bz2")), .licenses = TEXTS("bzip2-1.0.6")},
	{MODULE("_crypt"), .links = LINKS(SYSTEM("crypt"))},
	{MODULE("_dbm"), .links = LINKS(STATIC("db")), .licenses = TEXTS("Sleepycat")},
	{MODULE("_gdbm"), .links = LINKS(STATIC("gdbm")), .licenses = TEXTS("GPL-3.0-or-later")},
	{MODULE("_io"), .required = true},
	{MODULE("_json")},
	{MODULE("_odd"), .links = LINKS(STATIC("odd")), .licenses = TEXTS("Odd-1.0")},
	{MODULE("_sqlite3"), .links = LINKS(STATIC("sqlite3"), SYSTEM("m")), .public_domain = true},
	{MODULE("_tkinter"), .links = LINKS({.name = "tcl8.6", .path_dynamic = "lib/libtcl8.6.so"})},
	{MODULE("atexit"), .required = true},
	{.module = {"builtins", 8}, .variant = "default", .in_core = true},
	{MODULE("math"), .links = LINKS(SYSTEM("m"))},
	{MODULE("nis"), .links = LINKS(SYSTEM("nsl"))},
	{MODULE("readline"), .links = LINKS(STATIC("readline")), .licenses = TEXTS("MIT", "GPL-3.0-only")},
	{.module = {"readline", 8},
	 .variant = "libedit",
	 .objects = TEXTS("build/Modules/VARIANT-readline-libedit-readline.o"),
	 .links = LINKS(STATIC("edit")),
	 .licenses = TEXTS("BSD-3-Clause")},
};

static const struct ox_python_json json = {
	.variants = modules,
	.variant_count = OX_COUNT(modules),
	.licenses = TEXTS("Python-2.0", "CNRI-Python"),
};

/* The chosen ones: names, with the variant where it is another than the default. */
static const char *chosen(enum ox_extension_filter filter, const struct ox_preferred_variant *preferred,
			  struct ox_buf *out)
{
	ox_buf_clear(out);
	for (size_t at = 0; at < json.variant_count;) {
		struct ox_variants of = ox_variants_at(&json, at);
		const struct ox_python_variant *v = ox_variants_choose(&of, filter, preferred);
		if (v)
			ox_buf_printf(out, "%s%.*s", out->len ? " " : "", OX_SLICE_ARG(v->module));
		if (v && strcmp(v->variant, "default") != 0)
			ox_buf_printf(out, "/%s", v->variant);
		at += of.count;
	}
	return ox_buf_text(out);
}

static void each_filter_leaves_its_modules(void **state)
{
	(void)state;
	static const struct {
		enum ox_extension_filter filter;
		const char *modules;
	} cases[] = {
		{OX_FILTER_ALL, "_bz2 _dbm _gdbm _io _json _odd _sqlite3 atexit builtins math readline"},
		{OX_FILTER_MINIMAL, "_io atexit builtins"},
		{OX_FILTER_NO_LIBRARIES, "_io _json atexit builtins"},
		{OX_FILTER_NO_COPYLEFT, "_bz2 _dbm _io _json _sqlite3 atexit builtins math readline/libedit"},
	};
	struct ox_buf text = {0};
	for (size_t i = 0; i < OX_COUNT(cases); i++)
		assert_string_equal(chosen(cases[i].filter, NULL, &text), cases[i].modules);
	ox_buf_free(&text);
}

static void a_preferred_variant_is_taken_where_the_filter_leaves_it(void **state)
{
	(void)state;
	const struct ox_preferred_variant earlier = {OX_SLICE("readline"), OX_SLICE("default"), NULL};
	const struct ox_preferred_variant libedit = {OX_SLICE("readline"), OX_SLICE("libedit"), &earlier};
	struct ox_buf text = {0};
	assert_non_null(strstr(chosen(OX_FILTER_ALL, &libedit, &text), "readline/libedit"));
	assert_non_null(strstr(chosen(OX_FILTER_NO_COPYLEFT, &earlier, &text), "readline/libedit"));
	ox_buf_free(&text);
}

static void an_unknown_variant_is_refused_with_those_that_there_are(void **state)
{
	(void)state;
	struct ox_err err = {0};
	struct ox_preferred_variant wish = {OX_SLICE("readline"), OX_SLICE("gnu"), NULL};
	assert_int_equal(ox_variants_check_preferred(&json, &wish, &err), OX_EUSAGE);
	assert_string_equal(err.text,
			    "the extension module readline has no variant \"gnu\": there are \"default\", \"libedit\"");
	wish.variant = OX_SLICE("libedit");
	assert_int_equal(ox_variants_check_preferred(&json, &wish, &err), 0);
	wish.module = OX_SLICE("_elsewhere"); /* a policy may be meant for several archives */
	assert_int_equal(ox_variants_check_preferred(&json, &wish, &err), 0);
}

static void what_needs_a_shared_library_of_the_archive_is_not_linked(void **state)
{
	(void)state;
	size_t linkable = 0;
	for (size_t i = 0; i < OX_COUNT(modules); i++)
		linkable += ox_variant_is_linkable(&modules[i]);
	assert_int_equal(linkable, OX_COUNT(modules) - 1);
}

static void one_copyleft_licence_is_enough_and_unknown_ones_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *expression;
		enum ox_license is;
	} cases[] = {
		{"MIT", OX_LICENSE_PERMISSIVE},
		{"0BSD", OX_LICENSE_PERMISSIVE},
		{"xpp", OX_LICENSE_PERMISSIVE},
		{"Apache-2.0 WITH LLVM-exception", OX_LICENSE_PERMISSIVE},
		{"(MIT OR Zlib) AND Python-2.0", OX_LICENSE_PERMISSIVE},
		{"MIT OR LGPL-2.1-or-later", OX_LICENSE_COPYLEFT},
		{"GPL-2.0+", OX_LICENSE_COPYLEFT},
		{"MPL-2.0", OX_LICENSE_COPYLEFT},
		{"MS-PL", OX_LICENSE_COPYLEFT},
		{"LicenseRef-own", OX_LICENSE_UNKNOWN},
		{"GPL-3.0-only AND mine", OX_LICENSE_UNKNOWN},
		{"", OX_LICENSE_UNKNOWN},
	};
	for (size_t i = 0; i < OX_COUNT(cases); i++)
		assert_int_equal(ox_license_judge(ox_slice_str(cases[i].expression)), cases[i].is);
}

static void filters_have_names_and_an_old_one(void **state)
{
	(void)state;
	enum ox_extension_filter filter = OX_FILTER_ALL;
	assert_true(ox_extension_filter_parse(OX_SLICE("no-gpl"), &filter));
	assert_string_equal(ox_extension_filter_name(filter), "no-copyleft");
	assert_false(ox_extension_filter_parse(OX_SLICE("none"), &filter));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_filter_leaves_its_modules),
		cmocka_unit_test(a_preferred_variant_is_taken_where_the_filter_leaves_it),
		cmocka_unit_test(an_unknown_variant_is_refused_with_those_that_there_are),
		cmocka_unit_test(what_needs_a_shared_library_of_the_archive_is_not_linked),
		cmocka_unit_test(one_copyleft_licence_is_enough_and_unknown_ones_are_told_apart),
		cmocka_unit_test(filters_have_names_and_an_old_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
