#include "tests/unit/daemon/python/fixture.h"

#include "daemon/bundle/beside.h"
#include "daemon/bundle/runs_on.h"
#include "daemon/bundle/tree.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(struct fixture *f, struct ox_tree *t, const char *path, const char *text, unsigned mode)
{
	struct ox_err err = {0};
	struct ox_blob blob = {.size = strlen(text)};
	fixture_ok(ox_store_put(f->store, ox_slice_str(text), &blob.digest, &err), &err);
	fixture_ok(ox_tree_add(t, &f->arena, path, &blob, mode, &err), &err);
}

static const char *in_dir(struct fixture *f, const char *path)
{
	return ox_arena_printf(&f->arena, "%s/%s", f->dir, path);
}

static void assert_file(struct fixture *f, const char *path, const char *text)
{
	char got[64] = {0};
	FILE *in = fopen(in_dir(f, path), "r");
	assert_non_null(in);
	assert_true(fread(got, 1, sizeof(got) - 1, in) == strlen(text));
	assert_string_equal(got, text);
	fclose(in);
}

static void paths_that_leave_the_tree_are_refused(void **state)
{
	static const char *const bad[] = {"", "/a", "..", "a/../b", "a//b", "a/", ".", "./a"};
	struct fixture *f = *state;
	struct ox_tree t = {0};
	struct ox_blob blob = {0};
	for (size_t i = 0; i < OX_COUNT(bad); i++)
		assert_int_equal(ox_tree_add(&t, &f->arena, bad[i], &blob, 0644, NULL), OX_EUSAGE);
	assert_int_equal(t.v.len, 0);
}

static void the_later_of_two_files_with_one_path_counts(void **state)
{
	struct fixture *f = *state;
	struct ox_tree t = {0};
	add(f, &t, "b", "first", 0644);
	add(f, &t, "a", "alone", 0644);
	add(f, &t, "b", "second", 0755);
	assert_int_equal(ox_tree_sort(&t, NULL), 0);
	assert_int_equal(t.v.len, 2);
	assert_string_equal(t.v.items[0].path, "a");
	assert_int_equal(t.v.items[1].mode, 0755);
	ox_vec_free(&t.v);
}

static void a_file_where_another_needs_a_folder_is_named(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	struct ox_tree t = {0};
	add(f, &t, "app", "program", 0755);
	add(f, &t, "app-data", "data", 0644);
	add(f, &t, "app/sub/data", "data", 0644);
	assert_int_equal(ox_tree_sort(&t, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "'app' is to be a file, and a folder for 'app/sub/data'"));
	ox_vec_free(&t.v);
}

static void publishing_replaces_the_whole_folder(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	struct ox_tree t = {0};
	struct stat st;
	add(f, &t, "bin/app", "one", 0755);
	add(f, &t, "old/data", "data", 0644);
	fixture_ok(ox_tree_publish(&f->ctx, &t, in_dir(f, "out/x/app"), &err), &err);
	assert_file(f, "out/x/app/bin/app", "one");
	assert_int_equal(stat(in_dir(f, "out/x/app/bin/app"), &st), 0);
	assert_true(st.st_mode & 0100);
	t.v.len = 0;
	add(f, &t, "bin/app", "two", 0755);
	fixture_ok(ox_tree_publish(&f->ctx, &t, in_dir(f, "out/x/app"), &err), &err);
	assert_file(f, "out/x/app/bin/app", "two");
	assert_int_equal(stat(in_dir(f, "out/x/app/old"), &st), -1);
	assert_int_equal(stat(in_dir(f, "out/x/.app.new"), &st), -1);
	assert_int_equal(stat(in_dir(f, "out/x/.oxidizer.lock"), &st), -1);
	ox_vec_free(&t.v);
}

static void a_running_program_may_be_replaced(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	struct ox_tree t = {0};
	char got[8] = {0};
	add(f, &t, "app", "one", 0755);
	fixture_ok(ox_tree_publish(&f->ctx, &t, in_dir(f, "app"), &err), &err);
	FILE *open_file = fopen(in_dir(f, "app/app"), "r");
	assert_non_null(open_file);
	t.v.len = 0;
	add(f, &t, "app", "two", 0755);
	fixture_ok(ox_tree_publish(&f->ctx, &t, in_dir(f, "app"), &err), &err);
	assert_int_equal(fread(got, 1, 7, open_file), 3);
	assert_string_equal(got, "one");
	fclose(open_file);
	ox_vec_free(&t.v);
}

static void a_failure_leaves_what_was_there(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	struct ox_tree t = {0};
	add(f, &t, "app", "one", 0755);
	fixture_ok(ox_tree_publish(&f->ctx, &t, in_dir(f, "app"), &err), &err);
	add(f, &t, "app/below", "a file in the way", 0644);
	assert_true(ox_tree_publish(&f->ctx, &t, in_dir(f, "app"), &err) < 0);
	assert_file(f, "app/app", "one");
	struct stat st;
	assert_int_equal(stat(in_dir(f, ".app.new"), &st), -1);
	ox_vec_free(&t.v);
}

static void a_source_that_changed_meanwhile_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	struct ox_tree t = {0};
	struct ox_blob blob = {.size = 5, .path = fixture_file(f, "data", "older")};
	fixture_ok(ox_store_put_file(f->store, blob.path, &blob.digest, &blob.size, &err), &err);
	fixture_file(f, "data", "newer");
	fixture_ok(ox_tree_add(&t, &f->arena, "data", &blob, 0644, &err), &err);
	assert_int_equal(ox_tree_publish(&f->ctx, &t, in_dir(f, "app"), &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "was changed during the build"));
	ox_vec_free(&t.v);
}

static void a_file_in_the_place_of_the_folder_is_kept(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	struct ox_tree t = {0};
	fixture_file(f, "app", "precious");
	add(f, &t, "app", "one", 0755);
	assert_int_equal(ox_tree_publish(&f->ctx, &t, in_dir(f, "app"), &err), OX_EUSAGE);
	assert_file(f, "app", "precious");
	ox_vec_free(&t.v);
}

static void systems_are_named_by_their_first_release_that_is_new_enough(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(ox_runs_on(&f->arena, (struct ox_glibc_version){2, 36}),
			    "needs glibc 2.36 or later (Debian 12, Ubuntu 23.04, Fedora 37, RHEL 10, ...)");
	assert_string_equal(ox_runs_on(&f->arena, (struct ox_glibc_version){2, 99}), "needs glibc 2.99 or later");
}

static void resources_beside_lie_where_importlib_looks(void **state)
{
	struct fixture *f = *state;
	struct ox_distribution dist = {.ext_suffix = ".cpython-311-x86_64-linux-gnu.so"};
	struct ox_resource r = {.kind = OX_RES_MODULE, .name = OX_SLICE("a.b"), .is_package = true};
	struct ox_bundle_item item = {.resource = &r, .prefix = "lib", .add_source = true};
	assert_string_equal(ox_beside_path(&f->arena, &dist, &item).data, "lib/a/b/__init__.py");
	r.is_package = false;
	item.add_source = false;
	assert_string_equal(ox_beside_path(&f->arena, &dist, &item).data, "lib/a/b.pyc");
	r.kind = OX_RES_EXTENSION;
	assert_string_equal(ox_beside_path(&f->arena, &dist, &item).data, "lib/a/b.cpython-311-x86_64-linux-gnu.so");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(paths_that_leave_the_tree_are_refused, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(the_later_of_two_files_with_one_path_counts, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_file_where_another_needs_a_folder_is_named, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(publishing_replaces_the_whole_folder, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_running_program_may_be_replaced, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_failure_leaves_what_was_there, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_source_that_changed_meanwhile_is_noticed, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_file_in_the_place_of_the_folder_is_kept, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(systems_are_named_by_their_first_release_that_is_new_enough,
						fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(resources_beside_lie_where_importlib_looks, fixture_setup,
						fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
