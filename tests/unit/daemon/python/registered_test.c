/* Archives that are registered in the store: kept, found by name, and taken before any other. */
#include "tests/unit/daemon/python/fixture.h"

#include "daemon/python/registered.h"
#include "store/cas/tree.h"
#include "store/digest/digest.h"
#include "store/index/gc.h"

#define GNU  "x86_64-unknown-linux-gnu"
#define MUSL "x86_64-unknown-linux-musl"

static int add(struct fixture *f, const char *archive, const char **name, struct ox_err *err)
{
	struct ox_archive which = {.location = ox_arena_printf(&f->arena, "%s/%s.tar.gz", fixture_archives, archive)};
	assert_int_equal(ox_digest_file(which.location, &which.sha256, NULL, NULL), 0);
	return ox_registered_add(&f->ctx, &which, name, err);
}

static void add_ok(struct fixture *f, const char *archive)
{
	struct ox_err err = {0};
	const char *name;
	fixture_ok(add(f, archive, &name, &err), &err);
	assert_string_equal(name, archive);
}

static void with(struct fixture *f, const char *name,
		 int (*change)(struct ox_build_context *, const struct ox_registered *, struct ox_err *))
{
	struct ox_registered_list list = {0};
	const struct ox_registered *which = NULL;
	struct ox_err err = {0};
	fixture_ok(ox_registered_read(&f->ctx, &list, &err), &err);
	fixture_ok(ox_registered_find(&list, name, &which, &err), &err);
	fixture_ok(change(&f->ctx, which, &err), &err);
	ox_vec_free(&list.v);
}

static const struct ox_distribution *choose(struct fixture *f, enum ox_dist_flavor flavor, const char *triple)
{
	struct ox_dist_wanted wanted = {.triple = triple, .flavor = flavor};
	const struct ox_distribution *dist = NULL;
	struct ox_err err = {0};
	fixture_next_build(f);
	fixture_ok(ox_distribution_choose(&f->ctx, &wanted, &dist, &err), &err);
	return dist;
}

static void what_is_registered_is_taken_first(void **state)
{
	struct fixture *f = *state;
	add_ok(f, "v8");
	add_ok(f, "musl");
	assert_string_equal(choose(f, OX_DIST_STANDALONE, GNU)->triple, GNU);
	assert_non_null(strstr(ox_buf_text(&f->log), "from v8: the newest registered for " GNU));
	assert_string_equal(choose(f, OX_DIST_STATIC, MUSL)->triple, MUSL);
}

static void a_default_comes_before_the_others_of_its_platform(void **state)
{
	struct fixture *f = *state;
	add_ok(f, "v8");
	add_ok(f, "v3-cpu");
	with(f, "v3", ox_registered_set_default);
	choose(f, OX_DIST_STANDALONE, "x86_64_v3-unknown-linux-gnu");
	assert_non_null(strstr(ox_buf_text(&f->log), "from v3-cpu: the registered default"));
	with(f, "v8", ox_registered_set_default);
	choose(f, OX_DIST_DYNAMIC, GNU);
	assert_non_null(strstr(ox_buf_text(&f->log), "from v8: the registered default for " GNU));
	with(f, "v8", ox_registered_remove);
	choose(f, OX_DIST_STANDALONE, GNU);
	assert_non_null(strstr(ox_buf_text(&f->log), "from v3-cpu: the"));
}

static void the_same_archive_keeps_its_name_and_another_cannot_take_it(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const char *name = NULL;
	add_ok(f, "v8");
	struct ox_archive again = {.location = ox_arena_printf(&f->arena, "%s/copy+1.tar.gz", f->dir)};
	char *command = ox_arena_printf(&f->arena, "cp %s/v8.tar.gz %s", fixture_archives, again.location);
	assert_int_equal(system(command), 0);
	assert_int_equal(ox_digest_file(again.location, &again.sha256, NULL, NULL), 0);
	fixture_ok(ox_registered_add(&f->ctx, &again, &name, &err), &err);
	assert_string_equal(name, "v8");
	with(f, "v8", ox_registered_remove);
	fixture_ok(ox_registered_add(&f->ctx, &again, &name, &err), &err);
	assert_string_equal(name, "copy-1");
	command = ox_arena_printf(&f->arena, "cp %s/v7.tar.gz %s", fixture_archives, again.location);
	assert_int_equal(system(command), 0);
	assert_int_equal(ox_digest_file(again.location, &again.sha256, NULL, NULL), 0);
	assert_int_equal(ox_registered_add(&f->ctx, &again, &name, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "another archive is registered as copy-1"));
}

static void what_cannot_be_built_with_is_not_registered(void **state)
{
	struct fixture *f = *state;
	struct ox_registered_list list = {0};
	struct ox_err err = {0};
	const char *name = NULL;
	assert_int_equal(add(f, "lto", &name, &err), OX_EUSAGE);
	assert_int_equal(add(f, "install-only", &name, &err), OX_EUSAGE);
	fixture_ok(ox_registered_read(&f->ctx, &list, &err), &err);
	assert_int_equal(list.v.len, 0);
	ox_vec_free(&list.v);
}

static void names_that_do_not_fit_are_told_with_those_there_are(void **state)
{
	struct fixture *f = *state;
	struct ox_registered_list list = {0};
	const struct ox_registered *which = NULL;
	struct ox_err err = {0};
	assert_int_equal(ox_registered_find(&list, "v8", &which, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "no distribution is registered: `oxc python-distribution add FILE`"));
	add_ok(f, "v7");
	add_ok(f, "v8");
	fixture_ok(ox_registered_read(&f->ctx, &list, &err), &err);
	assert_int_equal(ox_registered_find(&list, "v", &which, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "more than one distribution is registered as \"v\"; there are v7, v8"));
	assert_int_equal(ox_registered_find(&list, "", &which, &err), OX_EUSAGE);
	assert_int_equal(ox_registered_find(&list, "v9", &which, &err), OX_EUSAGE);
	fixture_ok(ox_registered_find(&list, "v7", &which, &err), &err);
	assert_string_equal(which->name, "v7");
	ox_vec_free(&list.v);
}

static void gc_keeps_a_registered_tree_and_removes_one_that_is_not(void **state)
{
	struct fixture *f = *state;
	struct ox_gc_report report;
	struct ox_registered_list list = {0};
	struct ox_err err = {0};
	const struct ox_gc_options everything = {0};
	add_ok(f, "v8");
	fixture_ok(ox_registered_read(&f->ctx, &list, &err), &err);
	struct ox_digest tree = list.v.items[0].tree;
	fixture_next_build(f);
	fixture_ok(ox_store_gc(f->store, &everything, &report, &err), &err);
	assert_int_equal(ox_tree_find(f->store, &tree, NULL, &err), 1);
	with(f, "v8", ox_registered_remove);
	fixture_next_build(f);
	fixture_ok(ox_store_gc(f->store, &everything, &report, &err), &err);
	assert_int_equal(ox_tree_find(f->store, &tree, NULL, &err), 0);
	ox_vec_free(&list.v);
}

static void one_without_its_files_is_warned_about_and_not_taken(void **state)
{
	struct fixture *f = *state;
	struct ox_registered_list list = {0};
	struct ox_err err = {0};
	add_ok(f, "v8");
	fixture_ok(ox_registered_read(&f->ctx, &list, &err), &err);
	fixture_ok(ox_tree_remove(f->store, &list.v.items[0].tree, &err), &err);
	list.v.len = 0;
	fixture_ok(ox_registered_read(&f->ctx, &list, &err), &err);
	assert_null(list.v.items[0].json);
	assert_int_equal(ox_registered_set_default(&f->ctx, &list.v.items[0], &err), OX_EUSAGE);
	if (fixture_python(f)) {
		assert_string_equal(choose(f, OX_DIST_STANDALONE, GNU)->flavor, "host");
		assert_non_null(strstr(ox_buf_text(&f->log), "the files of the registered distribution v8 are gone"));
	}
	with(f, "v8", ox_registered_remove);
	ox_vec_free(&list.v);
}

#define REGISTERED_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REGISTERED_TEST(what_is_registered_is_taken_first),
		REGISTERED_TEST(a_default_comes_before_the_others_of_its_platform),
		REGISTERED_TEST(the_same_archive_keeps_its_name_and_another_cannot_take_it),
		REGISTERED_TEST(what_cannot_be_built_with_is_not_registered),
		REGISTERED_TEST(names_that_do_not_fit_are_told_with_those_there_are),
		REGISTERED_TEST(gc_keeps_a_registered_tree_and_removes_one_that_is_not),
		REGISTERED_TEST(one_without_its_files_is_warned_about_and_not_taken),
	};
	return cmocka_run_group_tests(tests, fixture_make_archives, fixture_remove_archives);
}
