/* Extension modules of an archive: linked, or shared libraries; and what is told of their licences. */
#include "tests/unit/daemon/python/fixture.h"

#include "daemon/bundle/linked.h"

#define NAMED(text) .module = {text, sizeof(text) - 1}, .variant = "default", .init_fn = "PyInit_" text
#define OBJECTS .objects = {(const char *const[]){"build/Modules/m.o"}, 1}
#define LICENSED(...)                                                                                                  \
	.licenses = {(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)}

enum { ATEXIT, BOTH, OBJECTS_ONLY, SHARED_ONLY, UNWANTED };

static const struct ox_python_variant modules[] = {
	[ATEXIT] = {NAMED("atexit"), OBJECTS, .required = true},
	[BOTH] = {NAMED("both"), OBJECTS, .shared_lib = "both.so", LICENSED("MIT", "GPL-3.0-only")},
	[OBJECTS_ONLY] = {NAMED("objects"), OBJECTS, LICENSED("Zlib")},
	[SHARED_ONLY] = {NAMED("shared"), .shared_lib = "shared.so", LICENSED("LGPL-2.1-only")},
	[UNWANTED] = {NAMED("unwanted"), OBJECTS},
};
static const struct ox_python_json json = {.variants = modules, .variant_count = OX_COUNT(modules)};
static const struct ox_dist_archive archive = {.root = "/a", .json = &json};
static const struct ox_distribution python = {.version = "3.11.2", .archive = &archive};

/* The three that are packaged, below `prefix` or in memory. */
static void find(struct fixture *f, const char *prefix, struct ox_tiers *tiers, struct ox_stub_options *linked)
{
	static const struct ox_variants any;
	static const struct ox_tier_rules rules;
	struct ox_resource resources[UNWANTED];
	struct ox_bundle_item items[UNWANTED];
	struct ox_bundle_set set;
	struct ox_err err = {0};
	for (size_t i = BOTH; i < UNWANTED; i++) {
		const struct ox_python_variant *v = &modules[i];
		resources[i] = (struct ox_resource){.kind = OX_RES_EXTENSION,
						    .origin = OX_ORIGIN_STDLIB,
						    .name = v->module,
						    .is_builtin = !v->shared_lib,
						    .variants = &any,
						    .variant = v};
		if (v->shared_lib) {
			resources[i].blob.path = fixture_file(f, v->shared_lib, "no ELF file");
			resources[i].blob.size = 11;
		}
		items[i] = (struct ox_bundle_item){.resource = &resources[i], .prefix = prefix};
	}
	*linked = (struct ox_stub_options){0};
	fixture_ok(ox_bundle_collect(&f->arena, items + BOTH, UNWANTED - BOTH, &set, &err), &err);
	fixture_ok(ox_linked_choose(&f->ctx, &python, &set, linked, &err), &err);
	fixture_ok(ox_tiers_find(&f->ctx, &set, &rules, tiers, &err), &err);
	fixture_ok(ox_linked_tell_licenses(&f->ctx, linked, &err), &err);
}

static enum ox_tier tier(const struct ox_tiers *tiers, size_t module)
{
	const struct ox_extension_tier *t = ox_map_get(&tiers->extensions, modules[module].module);
	assert_non_null(t);
	return t->tier;
}

static void what_has_objects_is_linked_with_what_is_required(void **state)
{
	struct fixture *f = *state;
	struct ox_tiers tiers;
	struct ox_stub_options linked;
	find(f, NULL, &tiers, &linked);
	assert_int_equal(tier(&tiers, BOTH), OX_TIER_LINKED);
	assert_int_equal(tier(&tiers, OBJECTS_ONLY), OX_TIER_LINKED);
	assert_int_equal(tier(&tiers, SHARED_ONLY), OX_TIER_MEMORY);
	assert_int_equal(linked.variant_count, 3);
	assert_ptr_equal(linked.variants[0], &modules[ATEXIT]);
	assert_ptr_equal(linked.variants[1], &modules[BOTH]);
	assert_ptr_equal(linked.variants[2], &modules[OBJECTS_ONLY]);
	ox_tiers_free(&tiers);
}

static void asked_for_as_a_file_it_is_one_where_there_is_one(void **state)
{
	struct fixture *f = *state;
	struct ox_tiers tiers;
	struct ox_stub_options linked;
	find(f, "lib", &tiers, &linked);
	assert_int_equal(tier(&tiers, BOTH), OX_TIER_BESIDE);
	assert_int_equal(tier(&tiers, OBJECTS_ONLY), OX_TIER_LINKED);
	assert_int_equal(linked.variant_count, 2);
	ox_tiers_free(&tiers);
}

static void licences_of_what_is_linked_are_told(void **state)
{
	struct fixture *f = *state;
	struct ox_tiers tiers;
	struct ox_stub_options linked;
	find(f, NULL, &tiers, &linked);
	assert_non_null(strstr(ox_buf_text(&f->log), "are under: GPL-3.0-only, MIT, Zlib\n"));
	assert_non_null(strstr(ox_buf_text(&f->log), "both is linked with libraries under GPL-3.0-only, a copyleft"));
	assert_null(strstr(ox_buf_text(&f->log), "LGPL"));
	ox_tiers_free(&tiers);
}

#define LINKED_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINKED_TEST(what_has_objects_is_linked_with_what_is_required),
		LINKED_TEST(asked_for_as_a_file_it_is_one_where_there_is_one),
		LINKED_TEST(licences_of_what_is_linked_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
