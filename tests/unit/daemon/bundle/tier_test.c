#include "tests/unit/daemon/python/fixture.h"

#include "daemon/bundle/tier.h"

/* Compiles a shared library lib/NAME, empty but for ROOM bytes when the flags say so, and gives its blob. */
static struct ox_blob library(struct fixture *f, const char *name, const char *flags)
{
	struct ox_err err = {0};
	struct ox_blob blob = {.path = ox_arena_printf(&f->arena, "%s/lib/%s", f->dir, name)};
	fixture_file(f, "lib/empty.c", "#ifdef ROOM\nchar room[ROOM] = {1};\n#endif\n");
	const char *command = ox_arena_printf(&f->arena,
					      "cd '%s/lib' && cc -shared -nostdlib -o '%s' empty.c -L. "
					      "-Wl,--no-as-needed -Wl,--allow-shlib-undefined %s",
					      f->dir, name, flags);
	assert_int_equal(system(command), 0);
	fixture_ok(ox_store_put_file(f->store, blob.path, &blob.digest, &blob.size, &err), &err);
	return blob;
}

struct wheel {
	struct ox_resource resources[4];
	struct ox_bundle_item items[4];
	size_t count;
};

static void add(struct wheel *w, struct ox_resource r)
{
	w->resources[w->count] = r;
	w->resources[w->count].origin = OX_ORIGIN_PACKAGE;
	w->items[w->count] = (struct ox_bundle_item){.resource = &w->resources[w->count]};
	w->count++;
}

static void find(struct fixture *f, struct wheel *w, struct ox_tiers *tiers)
{
	struct ox_bundle_set set;
	struct ox_err err = {0};
	fixture_ok(ox_bundle_collect(&f->arena, w->items, w->count, &set, &err), &err);
	fixture_ok(ox_tiers_find(&f->ctx, &set, &(struct ox_tier_rules){0}, tiers, &err), &err);
}

static const struct ox_extension_tier *tier_of(const struct ox_tiers *tiers, const char *name)
{
	const struct ox_extension_tier *t = ox_map_get(&tiers->extensions, ox_slice_str(name));
	assert_non_null(t);
	return t;
}

static const struct ox_packed_library *packed(const struct ox_tiers *tiers, const char *name)
{
	return ox_map_get(&tiers->libraries, ox_slice_str(name));
}

static void libraries_of_a_wheel_come_along_with_what_they_need(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	struct ox_blob b = library(f, "libb-1.so", "-Wl,-soname,libb-1.so");
	struct ox_blob a = library(f, "liba-1.so", "-Wl,-soname,liba-1.so -l:libb-1.so");
	add(&w, (struct ox_resource){.kind = OX_RES_LIBRARY, .file = OX_SLICE("x.libs/libb-1.so"), .blob = b});
	add(&w, (struct ox_resource){.kind = OX_RES_LIBRARY, .file = OX_SLICE("x.libs/liba-1.so"), .blob = a});
	struct ox_blob e = library(f, "e.so", "-l:liba-1.so");
	add(&w, (struct ox_resource){.kind = OX_RES_EXTENSION, .name = OX_SLICE("x._e"), .blob = e});
	find(f, &w, &tiers);
	assert_int_equal(tier_of(&tiers, "x._e")->tier, OX_TIER_MEMORY);
	assert_int_equal(tier_of(&tiers, "x._e")->needs.count, 1);
	assert_true(ox_slice_eq_str(tier_of(&tiers, "x._e")->needs.names[0], "liba-1.so"));
	assert_int_equal(packed(&tiers, "liba-1.so")->needs.count, 1);
	assert_int_equal(packed(&tiers, "libb-1.so")->needs.count, 0);
	assert_int_equal(packed(&tiers, "libb-1.so")->origin, OX_ORIGIN_PACKAGE);
	ox_tiers_free(&tiers);
}

static void libraries_that_need_each_other_are_files(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	library(f, "libb.so", "-Wl,-soname,libb.so");
	struct ox_blob a = library(f, "liba.so", "-Wl,-soname,liba.so -l:libb.so");
	struct ox_blob b = library(f, "libb.so", "-Wl,-soname,libb.so -l:liba.so");
	add(&w, (struct ox_resource){.kind = OX_RES_LIBRARY, .file = OX_SLICE("x.libs/liba.so"), .blob = a});
	add(&w, (struct ox_resource){.kind = OX_RES_LIBRARY, .file = OX_SLICE("x.libs/libb.so"), .blob = b});
	add(&w, (struct ox_resource){
			.kind = OX_RES_EXTENSION, .name = OX_SLICE("e"), .blob = library(f, "e.so", "-l:liba.so")});
	find(f, &w, &tiers);
	assert_int_equal(packed(&tiers, "liba.so")->needs.count + packed(&tiers, "libb.so")->needs.count, 2);
	assert_true(packed(&tiers, "liba.so")->needs_file && packed(&tiers, "libb.so")->needs_file);
	ox_tiers_free(&tiers);
}

static void a_library_that_is_nowhere_is_a_warning(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	library(f, "libgone-9.so", "-Wl,-soname,libgone-9.so");
	struct ox_blob e = library(f, "e.so", "-l:libgone-9.so");
	add(&w, (struct ox_resource){.kind = OX_RES_EXTENSION, .name = OX_SLICE("e"), .blob = e});
	find(f, &w, &tiers);
	assert_int_equal(tier_of(&tiers, "e")->needs.count, 0);
	assert_non_null(strstr(ox_buf_text(&f->log), "e needs the library libgone-9.so"));
	ox_tiers_free(&tiers);
}

static bool has_need(const struct ox_extension_tier *t, const char *name)
{
	for (size_t i = 0; i < t->needs.count; i++)
		if (ox_slice_eq_str(t->needs.names[i], name))
			return true;
	return false;
}

static void add_siblings(struct fixture *f, struct wheel *w)
{
	struct ox_blob a = library(f, "a.abi3.so", "");
	struct ox_blob e = library(f, "e.so", "-l:a.abi3.so");
	add(w, (struct ox_resource){.kind = OX_RES_EXTENSION, .name = OX_SLICE("x.y.a"), .blob = a});
	add(w, (struct ox_resource){.kind = OX_RES_EXTENSION, .name = OX_SLICE("x.y.e"), .blob = e});
	add(w, (struct ox_resource){.kind = OX_RES_EXTENSION, .name = OX_SLICE("x.a"), .blob = a});
}

/* As in pysam. */
static void extension_modules_that_need_each_other_are_extracted_under_the_names_that_they_ask_for(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	add_siblings(f, &w);
	find(f, &w, &tiers);
	assert_int_equal(tier_of(&tiers, "x.y.e")->tier, OX_TIER_EXTRACTED);
	assert_int_equal(tier_of(&tiers, "x.y.a")->tier, OX_TIER_EXTRACTED);
	assert_int_equal(tier_of(&tiers, "x.a")->tier, OX_TIER_MEMORY);
	assert_true(has_need(tier_of(&tiers, "x.y.e"), "x/y/a.abi3.so"));
	assert_true(has_need(tier_of(&tiers, "x.y.a"), "x/y/a.abi3.so"));
	assert_null(strstr(ox_buf_text(&f->log), "needs the"));
	ox_tiers_free(&tiers);
}

static void an_extension_module_that_another_needs_is_a_warning_where_only_one_lies_in_a_file(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	add_siblings(f, &w);
	w.items[0].prefix = w.items[1].prefix = "lib";
	find(f, &w, &tiers);
	assert_null(strstr(ox_buf_text(&f->log), "needs the"));
	ox_tiers_free(&tiers);
	w.items[1].prefix = NULL;
	find(f, &w, &tiers);
	assert_non_null(strstr(ox_buf_text(&f->log), "x.y.e needs the extension module x.y.a as a file"));
	ox_tiers_free(&tiers);
}

static void extension_modules_that_need_each_other_are_refused_where_nothing_may_be_extracted(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	struct ox_bundle_set set;
	struct ox_err err = {0};
	add_siblings(f, &w);
	fixture_ok(ox_bundle_collect(&f->arena, w.items, w.count, &set, &err), &err);
	assert_int_equal(ox_tiers_find(&f->ctx, &set, &(struct ox_tier_rules){.never_extract = true}, &tiers, &err),
			 OX_EBUILD);
	assert_non_null(strstr(err.text, "x.y.e needs x.y.a as a file beside it"));
}

static void a_library_in_a_package_needs_those_beside_packages_before(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	struct ox_blob beside = library(f, "libbeside-1.so", "-Wl,-soname,libbeside-1.so");
	struct ox_blob near = library(f, "libnear.so", "-Wl,-soname,libnear.so");
	struct ox_blob in = library(f, "libin.so", "-l:libbeside-1.so -l:libnear.so");
	add(&w, (struct ox_resource){
			.kind = OX_RES_LIBRARY, .file = OX_SLICE("x.libs/libbeside-1.so"), .blob = beside});
	add(&w, (struct ox_resource){
			.kind = OX_RES_LIBRARY, .name = OX_SLICE("x"), .file = OX_SLICE("x/libnear.so"), .blob = near});
	add(&w, (struct ox_resource){
			.kind = OX_RES_LIBRARY, .name = OX_SLICE("x"), .file = OX_SLICE("x/libin.so"), .blob = in});
	find(f, &w, &tiers);
	const struct ox_needs *needs = ox_map_get(&tiers.inner_needs, OX_SLICE("x"));
	assert_non_null(needs);
	assert_int_equal(needs->count, 1);
	assert_true(ox_slice_eq_str(needs->names[0], "libbeside-1.so"));
	assert_non_null(packed(&tiers, "libbeside-1.so"));
	assert_null(packed(&tiers, "libnear.so"));
	ox_tiers_free(&tiers);
}

static void glibc_and_libpython_are_left_out(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	library(f, "libpython3.11.so.1.0", "-Wl,-soname,libpython3.11.so.1.0");
	add(&w, (struct ox_resource){.kind = OX_RES_EXTENSION,
				     .name = OX_SLICE("e"),
				     .blob = library(f, "e.so", "-l:libpython3.11.so.1.0 -lc -lm")});
	find(f, &w, &tiers);
	assert_int_equal(tiers.libraries.len, 0);
	assert_null(strstr(ox_buf_text(&f->log), "needs the library"));
	ox_tiers_free(&tiers);
}

static void a_library_without_a_name_of_its_own_needs_a_file(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	struct ox_blob a = library(f, "libnameless.so", "");
	add(&w, (struct ox_resource){.kind = OX_RES_LIBRARY, .file = OX_SLICE("x.libs/libnameless.so"), .blob = a});
	add(&w, (struct ox_resource){.kind = OX_RES_EXTENSION,
				     .name = OX_SLICE("e"),
				     .blob = library(f, "e.so", "-l:libnameless.so")});
	find(f, &w, &tiers);
	assert_true(packed(&tiers, "libnameless.so")->needs_file);
	ox_tiers_free(&tiers);
}

/* libroomy.so with so many bytes of data, under one kind of rules. */
static bool prefers_file(struct fixture *f, int size, bool never_extract)
{
	struct wheel w = {0};
	struct ox_tiers tiers;
	struct ox_bundle_set set;
	struct ox_err err = {0};
	char flags[100];
	snprintf(flags, sizeof(flags), "-Wl,-soname,libroomy.so -DROOM=%d", size);
	struct ox_blob roomy = library(f, "libroomy.so", flags);
	add(&w, (struct ox_resource){.kind = OX_RES_LIBRARY, .file = OX_SLICE("x.libs/libroomy.so"), .blob = roomy});
	add(&w, (struct ox_resource){
			.kind = OX_RES_EXTENSION, .name = OX_SLICE("e"), .blob = library(f, "e.so", "-l:libroomy.so")});
	fixture_ok(ox_bundle_collect(&f->arena, w.items, w.count, &set, &err), &err);
	fixture_ok(ox_tiers_find(&f->ctx, &set, &(struct ox_tier_rules){.never_extract = never_extract}, &tiers, &err),
		   &err);
	assert_false(packed(&tiers, "libroomy.so")->needs_file);
	assert_int_equal(tier_of(&tiers, "e")->tier, OX_TIER_MEMORY);
	bool prefers = packed(&tiers, "libroomy.so")->prefers_file;
	ox_tiers_free(&tiers);
	return prefers;
}

static void a_large_library_is_better_a_file_where_files_may_be_made(void **state)
{
	struct fixture *f = *state;
	assert_false(prefers_file(f, 1, false));
	assert_true(prefers_file(f, 2 << 20, false));
	assert_false(prefers_file(f, 2 << 20, true));
}

static void what_is_no_elf_file_travels_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct wheel w = {0};
	struct ox_tiers tiers;
	struct ox_err err = {0};
	struct ox_blob blob = {.path = fixture_file(f, "e.so", "MZ something else")};
	fixture_ok(ox_store_put_file(f->store, blob.path, &blob.digest, &blob.size, &err), &err);
	add(&w, (struct ox_resource){.kind = OX_RES_EXTENSION, .name = OX_SLICE("e"), .blob = blob});
	find(f, &w, &tiers);
	assert_int_equal(tier_of(&tiers, "e")->tier, OX_TIER_MEMORY);
	assert_non_null(strstr(ox_buf_text(&f->log), "e cannot be examined and may not load: not an ELF file"));
	ox_tiers_free(&tiers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(libraries_of_a_wheel_come_along_with_what_they_need, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(libraries_that_need_each_other_are_files, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_library_that_is_nowhere_is_a_warning, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			extension_modules_that_need_each_other_are_extracted_under_the_names_that_they_ask_for,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			an_extension_module_that_another_needs_is_a_warning_where_only_one_lies_in_a_file,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			extension_modules_that_need_each_other_are_refused_where_nothing_may_be_extracted,
			fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_library_in_a_package_needs_those_beside_packages_before,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(glibc_and_libpython_are_left_out, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_library_without_a_name_of_its_own_needs_a_file, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_large_library_is_better_a_file_where_files_may_be_made,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_elf_file_travels_as_it_is, fixture_setup, fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
