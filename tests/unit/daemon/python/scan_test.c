#include "tests/unit/daemon/python/fixture.h"

#include "daemon/python/classify.h"

#include <sys/stat.h>
#include <unistd.h>

static const struct ox_distribution made_up = {.ext_suffix = ".cpython-311-x86_64-linux-gnu.so"};

static void scan(struct fixture *f, const char *dir, struct ox_resources *out)
{
	struct ox_err err = {0};
	const char *root = ox_arena_printf(&f->arena, "%s/%s", f->dir, dir);
	fixture_ok(ox_scan_folder(&f->ctx, &made_up, root, OX_ORIGIN_PACKAGE, out, &err), &err);
}

static void modules_packages_and_their_files_are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	fixture_file(f, "t/single.py", "a = 1\n");
	fixture_file(f, "t/pkg/__init__.py", "");
	fixture_file(f, "t/pkg/sub/__init__.py", "");
	fixture_file(f, "t/pkg/sub/mod.py", "b = 2\n");
	fixture_file(f, "t/pkg/data/a.txt", "text");
	fixture_file(f, "t/pkg/py.typed", "");
	fixture_file(f, "t/pkg/__pycache__/mod.cpython-311.pyc", "no");
	fixture_file(f, "t/pkg/old.pyc", "no");
	fixture_file(f, "t/easy.pth", "no");
	fixture_file(f, "t/README", "loose");
	scan(f, "t", &r);
	assert_int_equal(r.v.len, 7);
	assert_false(fixture_find(&r, OX_RES_MODULE, "single", NULL)->is_package);
	assert_true(fixture_find(&r, OX_RES_MODULE, "pkg.sub", NULL)->is_package);
	const struct ox_resource *mod = fixture_find(&r, OX_RES_MODULE, "pkg.sub.mod", NULL);
	assert_int_equal(mod->blob.size, 6);
	assert_non_null(fixture_find(&r, OX_RES_PACKAGE_FILE, "pkg", "data/a.txt"));
	assert_non_null(fixture_find(&r, OX_RES_PACKAGE_FILE, "pkg", "py.typed"));
	assert_non_null(fixture_find(&r, OX_RES_FILE, "", "README"));
	ox_vec_free(&r.v);
}

static void folders_without_init_are_namespaces_when_they_lead_to_modules(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	fixture_file(f, "t/ns/inner/mod.py", "");
	fixture_file(f, "t/ns/inner/x.txt", "");
	fixture_file(f, "t/just-data/mod.py", "");
	fixture_file(f, "t/pkg/__init__.py", "");
	fixture_file(f, "t/pkg/templates/tool.py", "");
	fixture_file(f, "t/pkg/templates/page.html", "");
	scan(f, "t", &r);
	assert_true(fixture_find(&r, OX_RES_MODULE, "ns", NULL)->is_namespace);
	assert_true(fixture_find(&r, OX_RES_MODULE, "ns.inner", NULL)->is_namespace);
	assert_non_null(fixture_find(&r, OX_RES_MODULE, "ns.inner.mod", NULL));
	assert_non_null(fixture_find(&r, OX_RES_PACKAGE_FILE, "ns.inner", "x.txt"));
	assert_non_null(fixture_find(&r, OX_RES_FILE, "", "just-data/mod.py"));
	assert_non_null(fixture_find(&r, OX_RES_MODULE, "pkg.templates.tool", NULL));
	assert_non_null(fixture_find(&r, OX_RES_PACKAGE_FILE, "pkg", "templates/page.html"));
	ox_vec_free(&r.v);
}

static void what_belongs_below_a_prefix_is_told_from_what_lies_about(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	fixture_file(f, "t/share/app/words.txt", "");
	fixture_file(f, "t/etc/app/hook.py", "");
	fixture_file(f, "t/etc/app/near.txt", "");
	fixture_file(f, "t/share/man/man1/app.1", "");
	fixture_file(f, "t/etc/app.conf", "");
	fixture_file(f, "t/bin/__init__.py", "");
	fixture_file(f, "t/bin/own.txt", "");
	fixture_file(f, "t/lib/app.txt", "");
	scan(f, "t", &r);
	assert_true(fixture_find(&r, OX_RES_PACKAGE_FILE, "share", "app/words.txt")->is_installed);
	assert_true(fixture_find(&r, OX_RES_PACKAGE_FILE, "etc", "app/near.txt")->is_installed);
	assert_true(fixture_find(&r, OX_RES_PACKAGE_FILE, "etc", "app.conf")->is_installed);
	assert_non_null(fixture_find(&r, OX_RES_MODULE, "etc.app.hook", NULL));
	assert_non_null(fixture_find(&r, OX_RES_FILE, "", "share/man/man1/app.1"));
	assert_false(fixture_find(&r, OX_RES_PACKAGE_FILE, "bin", "own.txt")->is_installed);
	assert_non_null(fixture_find(&r, OX_RES_FILE, "", "lib/app.txt"));
	ox_vec_free(&r.v);
}

static void extensions_are_named_without_their_suffix(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	fixture_file(f, "t/pkg/__init__.cpython-311-x86_64-linux-gnu.so", "x");
	fixture_file(f, "t/pkg/__init__.py", "");
	fixture_file(f, "t/pkg/fast.cpython-311-x86_64-linux-gnu.so", "x");
	fixture_file(f, "t/pkg/stable.abi3.so", "x");
	fixture_file(f, "t/pkg/other.cpython-310-x86_64-linux-gnu.so", "x");
	fixture_file(f, "t/pkg/libfoo.so", "no module in it");
	fixture_file(f, "t/pkg.libs/libbar-123.so.4", "x");
	scan(f, "t", &r);
	assert_true(fixture_find(&r, OX_RES_EXTENSION, "pkg", NULL)->is_package);
	assert_true(fixture_find(&r, OX_RES_MODULE, "pkg", NULL)->is_package);
	assert_non_null(fixture_find(&r, OX_RES_EXTENSION, "pkg.fast", NULL));
	assert_non_null(fixture_find(&r, OX_RES_EXTENSION, "pkg.stable", NULL));
	assert_null(fixture_find(&r, OX_RES_EXTENSION, "pkg.other", NULL));
	assert_null(fixture_find(&r, OX_RES_EXTENSION, "pkg.libfoo", NULL));
	assert_non_null(fixture_find(&r, OX_RES_LIBRARY, "pkg", "pkg/libfoo.so"));
	assert_non_null(fixture_find(&r, OX_RES_LIBRARY, "", "pkg.libs/libbar-123.so.4"));
	ox_vec_free(&r.v);
}

static void metadata_belongs_to_the_distribution_that_it_names(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	fixture_file(f, "t/my_dist-1.0.dist-info/METADATA",
		     "Metadata-Version: 2.1\nName: My.Dist\nVersion: 1.0\n\nName: not this\n");
	fixture_file(f, "t/my_dist-1.0.dist-info/licenses/LICENSE", "free");
	fixture_file(f, "t/my_dist-1.0.dist-info/direct_url.json", "{}");
	fixture_file(f, "t/my_dist-1.0.dist-info/INSTALLER", "pip");
	fixture_file(f, "t/nothing.dist-info/RECORD", "");
	scan(f, "t", &r);
	assert_int_equal(r.v.len, 2);
	const struct ox_resource *file = fixture_find(&r, OX_RES_DIST_FILE, "My.Dist", "licenses/LICENSE");
	assert_true(ox_slice_eq_str(file->version, "1.0"));
	ox_vec_free(&r.v);
}

static void site_packages_is_a_root_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	fixture_file(f, "t/lib/site-packages/mod.py", "");
	scan(f, "t", &r);
	assert_non_null(fixture_find(&r, OX_RES_MODULE, "mod", NULL));
	ox_vec_free(&r.v);
}

static void a_scan_may_be_restricted_to_packages(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	const struct ox_slice wanted[] = {OX_SLICE("app"), OX_SLICE("lib.one")};
	fixture_file(f, "t/app/__init__.py", "");
	fixture_file(f, "t/application.py", "");
	fixture_file(f, "t/lib/__init__.py", "");
	fixture_file(f, "t/lib/one.py", "");
	fixture_file(f, "t/lib/two.py", "");
	const char *root = ox_arena_printf(&f->arena, "%s/t", f->dir);
	fixture_ok(ox_scan_packages(&f->ctx, &made_up, root, wanted, 2, OX_ORIGIN_APPLICATION, &r, &err), &err);
	assert_int_equal(r.v.len, 2);
	assert_non_null(fixture_find(&r, OX_RES_MODULE, "app", NULL));
	assert_non_null(fixture_find(&r, OX_RES_MODULE, "lib.one", NULL));
	const struct ox_slice absent[] = {OX_SLICE("nope")};
	assert_int_equal(ox_scan_packages(&f->ctx, &made_up, root, absent, 1, OX_ORIGIN_APPLICATION, &r, &err),
			 OX_ENOENT);
	assert_int_equal(r.v.len, 2);
	ox_vec_free(&r.v);
}

static void links_to_an_ancestor_end(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	fixture_file(f, "t/pkg/__init__.py", "");
	assert_int_equal(symlink("..", ox_arena_printf(&f->arena, "%s/t/pkg/loop", f->dir)), 0);
	assert_int_equal(symlink("nowhere", ox_arena_printf(&f->arena, "%s/t/broken.py", f->dir)), 0);
	assert_int_equal(mkfifo(ox_arena_printf(&f->arena, "%s/t/pipe.py", f->dir), 0600), 0);
	scan(f, "t", &r);
	assert_int_equal(r.v.len, 1);
	ox_vec_free(&r.v);
}

static void a_blob_whose_file_changed_is_refused(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	struct ox_view view;
	fixture_file(f, "t/mod.py", "one");
	scan(f, "t", &r);
	fixture_ok(ox_blob_view(f->store, &r.v.items[0].blob, &view, &err), &err);
	assert_memory_equal(view.data, "one", 3);
	ox_view_release(&view);
	fixture_file(f, "t/mod.py", "two");
	assert_int_equal(ox_blob_view(f->store, &r.v.items[0].blob, &view, &err), OX_EBUILD);
	ox_vec_free(&r.v);
}

static void the_standard_library_is_told_with_its_tests_marked(void **state)
{
	struct fixture *f = *state;
	struct ox_resources r = {0};
	struct ox_err err = {0};
	const struct ox_distribution *dist = fixture_python(f);
	fixture_ok(ox_scan_stdlib(&f->ctx, dist, true, &r, &err), &err);
	assert_true(fixture_find(&r, OX_RES_MODULE, "json", NULL)->is_package);
	assert_false(fixture_find(&r, OX_RES_MODULE, "os", NULL)->is_test);
	assert_true(fixture_find(&r, OX_RES_EXTENSION, "sys", NULL)->is_builtin);
	assert_non_null(fixture_find(&r, OX_RES_EXTENSION, "_ssl", NULL)->blob.path);
	assert_null(fixture_find(&r, OX_RES_MODULE, "sitecustomize", NULL));
	for (size_t i = 0; i < r.v.len; i++) {
		const struct ox_resource *x = &r.v.items[i];
		assert_int_equal(x->origin, OX_ORIGIN_STDLIB);
		if (x->blob.path)
			assert_null(strstr(x->blob.path, "-packages/"));
		if (ox_slice_starts(x->name, OX_SLICE("json.tests")) || ox_slice_eq_str(x->name, "_testcapi"))
			assert_true(x->is_test);
	}
	size_t count = r.v.len;
	ox_vec_free(&r.v);
	fixture_next_build(f);
	dist = fixture_python(f);
	fixture_ok(ox_scan_stdlib(&f->ctx, dist, true, &r, &err), &err);
	assert_int_equal(r.v.len, count);
	assert_string_equal(ox_buf_text(&f->missed), "");
	ox_vec_free(&r.v);
}

static const char *no_variable(void *ctx, const char *name)
{
	(void)ctx, (void)name;
	return NULL;
}

/* Scans a library of three files and says whether a build that did so is done again once `changed` is another one. */
static bool change_is_noticed(struct fixture *f, bool tests, const char *changed)
{
	static const struct ox_env env = {no_variable, NULL};
	fixture_next_build(f);
	struct ox_distribution dist = {.stdlib = ox_arena_printf(&f->arena, "%s/lib", f->dir)};
	struct ox_digest key = {{(unsigned char)tests}};
	struct ox_resources r = {0};
	struct ox_err err = {0};
	fixture_file(f, "lib/json/__init__.py", "");
	fixture_file(f, "lib/json/tests/__init__.py", "");
	fixture_file(f, "lib/json/tests/x.py", "1");
	fixture_file(f, "lib/json/test/data", "1");
	fixture_ok(ox_scan_stdlib(&f->ctx, &dist, tests, &r, &err), &err);
	assert_int_equal(fixture_find(&r, OX_RES_MODULE, "json.tests.x", NULL) != NULL, tests);
	assert_non_null(fixture_find(&r, OX_RES_PACKAGE_FILE, "json", "test/data"));
	ox_vec_free(&r.v);
	fixture_ok(ox_memo_commit(f->ctx.memo, f->store, &key, &env, &err), &err);
	assert_int_equal(ox_memo_check(f->store, &key, &env, &f->sink, NULL, &err), 1);
	fixture_file(f, changed, "2");
	return ox_memo_check(f->store, &key, &env, &f->sink, NULL, &err) == 0;
}

static void what_is_packed_of_the_standard_library_counts(void **state)
{
	struct fixture *f = *state;
	assert_true(change_is_noticed(f, false, "lib/json/__init__.py"));
	assert_true(change_is_noticed(f, false, "lib/json/test/data"));
	assert_true(change_is_noticed(f, false, "lib/json/test/__init__.py"));
}

static void tests_of_the_standard_library_count_where_they_are_wanted(void **state)
{
	struct fixture *f = *state;
	assert_false(change_is_noticed(f, false, "lib/json/tests/x.py"));
	assert_false(change_is_noticed(f, false, "lib/json/tests/y.py"));
	assert_true(change_is_noticed(f, true, "lib/json/tests/x.py"));
	assert_true(change_is_noticed(f, true, "lib/json/tests/z.py"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		TEST(modules_packages_and_their_files_are_told_apart),
		TEST(what_belongs_below_a_prefix_is_told_from_what_lies_about),
		TEST(folders_without_init_are_namespaces_when_they_lead_to_modules),
		TEST(extensions_are_named_without_their_suffix),
		TEST(metadata_belongs_to_the_distribution_that_it_names),
		TEST(site_packages_is_a_root_of_its_own),
		TEST(a_scan_may_be_restricted_to_packages),
		TEST(links_to_an_ancestor_end),
		TEST(a_blob_whose_file_changed_is_refused),
		TEST(the_standard_library_is_told_with_its_tests_marked),
		TEST(what_is_packed_of_the_standard_library_counts),
		TEST(tests_of_the_standard_library_count_where_they_are_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
