/* The tables of fixture_archives, and what is chosen when nothing more than a version is asked for. */
#include "tests/unit/daemon/python/fixture.h"

#include "daemon/python/archive.h"
#include "daemon/python/choose.h"
#include "daemon/python/known.h"
#include "store/digest/digest.h"

#define GNU  "x86_64-unknown-linux-gnu"
#define MUSL "x86_64-unknown-linux-musl"

/* Nothing answers there, and nothing else is asked. */
static const char dead_proxy[] = "https_proxy=http://127.0.0.1:9";

/* The user's table, with "%s" of each line replaced by the digest and path of the archive. */
static void user_table(struct fixture *f, const char *text)
{
	fixture_file(f, "config/oxidizer/python-distributions", text);
	f->environ[1] = ox_arena_printf(&f->arena, "XDG_CONFIG_HOME=%s/config", f->dir);
}

static const char *entry(struct fixture *f, const char *version, const char *triple, const char *name)
{
	struct ox_digest digest;
	char hex[OX_DIGEST_HEX + 1];
	const char *path = ox_arena_printf(&f->arena, "%s/%s.tar.gz", fixture_archives, name);
	assert_int_equal(ox_digest_file(path, &digest, NULL, NULL), 0);
	return ox_arena_printf(&f->arena, "%s %s %s %s\n", version, triple, ox_digest_hex(&digest, hex), path);
}

static int choose(struct fixture *f, const char *flavor, const char *triple, const char *version,
		  const struct ox_distribution **dist, struct ox_err *err)
{
	struct ox_dist_wanted wanted = {.triple = triple, .version = version};
	assert_true(ox_dist_flavor_parse(ox_slice_str(flavor), &wanted.flavor));
	return ox_distribution_choose(&f->ctx, &wanted, dist, err);
}

static void our_table_is_pyoxidizers(void **state)
{
	struct fixture *f = *state;
	struct ox_known_list list = {0};
	struct ox_err err = {0};
	size_t gnu = 0, fixed = 0;
	fixture_ok(ox_known_read(&f->ctx, &list, &err), &err);
	assert_int_equal(list.v.len, 16);
	for (size_t i = 0; i < list.v.len; i++) {
		const struct ox_known *k = &list.v.items[i];
		gnu += strcmp(k->triple, GNU) == 0;
		fixed += !k->loads_shared;
		assert_non_null(strstr(k->location, "/releases/download/20221220/cpython-3."));
		assert_non_null(strstr(k->location, "%2B20221220-"));
		assert_non_null(strstr(k->location, k->triple));
	}
	assert_int_equal(gnu, 3);
	assert_int_equal(fixed, 7);
	ox_vec_free(&list.v);
}

static void the_users_table_is_read(void **state)
{
	struct fixture *f = *state;
	struct ox_known_list list = {0};
	struct ox_err err = {0};
	user_table(f, ox_arena_printf(&f->arena, "# mine\n\n%s\t  3.9 " MUSL " %064d https://x/y.tar.zst dynamic\n",
				      entry(f, "3.11", GNU, "v8"), 0));
	fixture_ok(ox_known_read(&f->ctx, &list, &err), &err);
	assert_int_equal(list.v.len, 18);
	assert_true(list.v.items[0].is_users && list.v.items[0].loads_shared && list.v.items[0].minor == 11);
	assert_true(list.v.items[1].loads_shared);
	assert_string_equal(list.v.items[1].location, "https://x/y.tar.zst");
	ox_vec_free(&list.v);
}

static void a_line_that_is_wrong_is_named(void **state)
{
	static const char *const wrong[] = {
		"3.11 " GNU, "3.11 " GNU " 12 /x", "three " GNU " %s /x", "3.11 " GNU " %s relative/x",
		"3.11 " GNU " %s ftp://x/y", "3.11 " GNU " %s /x sometimes", "3.11 " GNU " %s /x static 6",
		"3.11x " GNU " %s /x", "3.11 a b c d e f g h",
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < OX_COUNT(wrong); i++) {
		struct ox_known_list list = {0};
		struct ox_err err = {0};
		char line[300], sha[65], *at;
		snprintf(sha, sizeof sha, "%064d", 7);
		snprintf(line, sizeof line, "%s", wrong[i]);
		if ((at = strstr(line, "%s")))
			snprintf(line, sizeof line, "%.*s%s%s", (int)(at - line), wrong[i], sha,
				 wrong[i] + (at - line) + 2);
		user_table(f, ox_arena_printf(&f->arena, "# first\n%s\n", line));
		assert_int_equal(ox_known_read(&f->ctx, &list, &err), OX_EUSAGE);
		assert_non_null(strstr(err.text, "python-distributions, line 2 is not understood"));
		ox_vec_free(&list.v);
	}
}

static void the_users_archive_comes_first(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *dist = NULL;
	user_table(f, entry(f, "3.11", GNU, "v8"));
	fixture_ok(choose(f, "standalone", GNU, NULL, &dist, &err), &err);
	assert_string_equal(dist->flavor, "standalone");
	assert_non_null(strstr(ox_buf_text(&f->log), "from v8.tar.gz: the newest for " GNU " in "));
	fixture_ok(choose(f, "standalone_dynamic", GNU, "3.11", &dist, &err), &err);
	assert_string_equal(dist->flavor, "standalone");
}

static void the_machine_is_taken_for_what_no_archive_is_known_for(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *dist = fixture_python(f);
	user_table(f, entry(f, "3.11", GNU, "v8"));
	fixture_ok(choose(f, "host", GNU, NULL, &dist, &err), &err);
	assert_string_equal(dist->flavor, "host");
	fixture_ok(choose(f, "standalone_static", GNU, NULL, &dist, &err), &err);
	assert_string_equal(dist->flavor, "host");
}

static void an_archive_that_cannot_be_had_is_explained(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *dist = fixture_python(f);
	user_table(f, ox_arena_printf(&f->arena, "3.11 " GNU " %064d /nowhere/archive.tar.zst\n", 1));
	f->environ[2] = dead_proxy;
	fixture_ok(choose(f, "standalone", GNU, NULL, &dist, &err), &err);
	assert_string_equal(dist->flavor, "host");
	assert_non_null(strstr(ox_buf_text(&f->log), "there is no file /nowhere/archive.tar.zst"));
	assert_non_null(strstr(ox_buf_text(&f->log), "looking for another distribution"));
}

static void without_outside_access_the_machine_serves_and_is_not_kept_waiting(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *dist = fixture_python(f);
	f->environ[1] = dead_proxy;
	fixture_ok(choose(f, "standalone", GNU, NULL, &dist, &err), &err);
	assert_string_equal(dist->flavor, "host");
	assert_non_null(strstr(ox_buf_text(&f->log), "not the archive of oxidizer's own table: it cannot be d"));
	assert_non_null(strstr(ox_buf_text(&f->missed), "reach https://"));
	fixture_next_build(f);
	fixture_ok(choose(f, "standalone", GNU, NULL, &dist, &err), &err);
	assert_null(strstr(ox_buf_text(&f->missed), "reach"));
	fixture_next_build(f);
	f->ctx.refresh = true;
	fixture_ok(choose(f, "standalone", GNU, NULL, &dist, &err), &err);
	assert_non_null(strstr(ox_buf_text(&f->missed), "reach"));
}

static void nothing_is_downloaded_that_is_not_wanted(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *dist = fixture_python(f);
	f->environ[1] = dead_proxy;
	f->ctx.offline = true;
	fixture_ok(choose(f, "standalone", GNU, NULL, &dist, &err), &err);
	assert_non_null(strstr(ox_buf_text(&f->log), "this build is offline"));
	f->ctx.offline = false;
	f->environ[2] = ox_arena_printf(&f->arena, "OXIDIZER_PYTHON=%s", dist->python_exe);
	fixture_ok(choose(f, "standalone", GNU, NULL, &dist, &err), &err);
	f->environ[2] = NULL;
	fixture_ok(choose(f, "standalone", GNU, "3.8", &dist, &err), &err); /* too old for us */
	fixture_ok(choose(f, "standalone_static", GNU, NULL, &dist, &err), &err); /* none is */
	assert_null(strstr(ox_buf_text(&f->missed), "reach"));
}

static void one_with_another_digest_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *dist = NULL;
	user_table(f, ox_arena_printf(&f->arena, "3.11 " GNU " %064d %s/v8.tar.gz\n", 1, fixture_archives));
	assert_int_equal(choose(f, "standalone", GNU, NULL, &dist, &err), OX_EPOLICY);
}

static void other_platforms_need_an_archive(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	const struct ox_distribution *dist = NULL;
	f->ctx.offline = true;
	assert_int_equal(choose(f, "standalone", MUSL, "3.10", &dist, &err), OX_EBUILD);
	assert_non_null(strstr(err.text, "cpython-3.10.9%2B20221220-x86_64-unknown-linux-musl-noopt-full.tar.zst"));
	assert_non_null(strstr(err.text, "offline"));
	assert_int_equal(choose(f, "standalone", MUSL, "3.13", &dist, &err), OX_ENOENT);
	assert_non_null(strstr(err.text, "no Python distribution of version 3.13 for " MUSL " is known"));
	assert_int_equal(choose(f, "host", MUSL, NULL, &dist, &err), OX_EUSAGE);
	assert_int_equal(choose(f, "standalone", MUSL, "eleven", &dist, &err), OX_EUSAGE);
	user_table(f, entry(f, "3.11", MUSL, "musl"));
	fixture_ok(choose(f, "standalone_static", MUSL, NULL, &dist, &err), &err);
	assert_string_equal(dist->triple, MUSL);
}

#define CHOOSE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHOOSE_TEST(our_table_is_pyoxidizers),
		CHOOSE_TEST(the_users_table_is_read),
		CHOOSE_TEST(a_line_that_is_wrong_is_named),
		CHOOSE_TEST(the_users_archive_comes_first),
		CHOOSE_TEST(the_machine_is_taken_for_what_no_archive_is_known_for),
		CHOOSE_TEST(an_archive_that_cannot_be_had_is_explained),
		CHOOSE_TEST(without_outside_access_the_machine_serves_and_is_not_kept_waiting),
		CHOOSE_TEST(nothing_is_downloaded_that_is_not_wanted),
		CHOOSE_TEST(one_with_another_digest_is_an_error),
		CHOOSE_TEST(other_platforms_need_an_archive),
	};
	return cmocka_run_group_tests(tests, fixture_make_archives, fixture_remove_archives);
}
