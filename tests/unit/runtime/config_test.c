#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/pack/config.h"

struct fixture {
	struct ox_arena arena;
	struct ox_pack_config *config;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->config = ox_pack_config_new(&f->arena);
	*state = f;
	return f->config ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	ox_arena_free(&f->arena);
	free(f);
	return 0;
}

static struct ox_pack_config *round_trip(struct fixture *f)
{
	struct ox_buf text = {0};
	struct ox_pack_config *back = NULL;
	struct ox_err err = {0};
	ox_pack_config_write(f->config, &text);
	assert_int_equal(ox_pack_config_read(ox_buf_view(&text), &f->arena, &back, &err), 0);
	ox_buf_free(&text);
	return back;
}

static void defaults_are_those_of_generated_applications(void **state)
{
	struct fixture *f = *state;
	struct ox_slice text;
	bool flag = false;
	assert_true(ox_pack_config_str(f->config, "config_profile", &text));
	assert_true(ox_slice_eq_str(text, "isolated"));
	assert_true(ox_pack_config_str(f->config, "allocator_backend", &text));
	assert_true(ox_slice_eq_str(text, "default"));
	assert_true(ox_pack_config_bool(f->config, "configure_locale", &flag));
	assert_true(flag);
	assert_false(ox_pack_config_bool(f->config, "isolated", &flag));
	assert_false(ox_pack_config_str(f->config, "run_command", &text));
}

static void values_survive_writing_and_reading(void **state)
{
	struct fixture *f = *state;
	struct ox_slice odd = ox_slice("a,b\\\n\0\x7f=\xc3\xa9", 9);
	struct ox_slice items[] = {odd, OX_SLICE(""), OX_SLICE("$ORIGIN/lib")};
	assert_int_equal(ox_pack_config_set_str(f->config, "run_command", odd, NULL), 0);
	assert_int_equal(ox_pack_config_set_list(f->config, "module_search_paths", items, 3, NULL), 0);
	assert_int_equal(ox_pack_config_set_list(f->config, "x_options", NULL, 0, NULL), 0);
	assert_int_equal(ox_pack_config_set_int(f->config, "hash_seed", 4294967295, NULL), 0);
	assert_int_equal(ox_pack_config_set_bool(f->config, "sys_frozen", false, NULL), 0);

	struct ox_pack_config *back = round_trip(f);
	struct ox_slice text;
	const struct ox_slice *list;
	size_t count;
	int64_t number;
	bool flag;
	assert_true(ox_pack_config_str(back, "run_command", &text) && ox_slice_eq(text, odd));
	assert_true(ox_pack_config_list(back, "module_search_paths", &list, &count));
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
		assert_true(ox_slice_eq(list[i], items[i]));
	assert_true(ox_pack_config_list(back, "x_options", &list, &count));
	assert_int_equal(count, 0);
	assert_true(ox_pack_config_int(back, "hash_seed", &number) && number == 4294967295);
	assert_true(ox_pack_config_bool(back, "sys_frozen", &flag) && !flag);
	assert_false(ox_pack_config_list(back, "warn_options", &list, &count));
}

static void a_field_that_was_unset_stays_unset(void **state)
{
	struct fixture *f = *state;
	bool flag;
	assert_int_equal(ox_pack_config_unset(f->config, "configure_locale", NULL), 0);
	assert_false(ox_pack_config_bool(round_trip(f), "configure_locale", &flag));
}

static void wrong_names_types_and_choices_are_refused(void **state)
{
	struct fixture *f = *state;
	struct ox_err err = {0};
	assert_int_equal(ox_pack_config_set_bool(f->config, "isolate", true, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "no attribute isolate"));
	assert_int_equal(ox_pack_config_set_bool(f->config, "run_command", true, &err), OX_EUSAGE);
	assert_string_equal(err.text, "run_command takes a string, not a bool");
	assert_int_equal(ox_pack_config_set_str(f->config, "bytes_warning", OX_SLICE("warning"), &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "none|warn|raise"));
	assert_int_equal(ox_pack_config_set_int(f->config, "optimization_level", 3, &err), OX_EUSAGE);
	assert_int_equal(ox_pack_config_set_str(f->config, "terminfo_resolution", OX_SLICE("static:/x"), &err), 0);
	assert_int_equal(ox_pack_config_set_str(f->config, "terminfo_resolution", OX_SLICE("stat"), &err), OX_EUSAGE);
}

static void a_copy_does_not_follow_the_original(void **state)
{
	struct fixture *f = *state;
	struct ox_arena other = {0};
	struct ox_slice text;
	ox_pack_config_set_str(f->config, "run_module", OX_SLICE("one"), NULL);
	struct ox_pack_config *copy = ox_pack_config_copy(&other, f->config);
	ox_pack_config_set_str(f->config, "run_module", OX_SLICE("two"), NULL);
	assert_true(ox_pack_config_str(copy, "run_module", &text) && ox_slice_eq_str(text, "one"));
	ox_arena_free(&other);
}

static void reading_skips_unknown_names_and_refuses_damage(void **state)
{
	struct fixture *f = *state;
	struct ox_pack_config *c = NULL;
	struct ox_err err = {0};
	assert_int_equal(ox_pack_config_read(OX_SLICE("later_field=1\n"), &f->arena, &c, &err), 0);
	static const char *const damaged[] = {"quiet",         "quiet=1\n",          "quiet=true",
					      "hash_seed=x\n", "x_options=a,b\n",    "run_command=\\\n",
					      "run_command=\\xg0\n", "bytes_warning=no\n", "hash_seed=\n"};
	for (size_t i = 0; i < OX_COUNT(damaged); i++)
		assert_int_equal(ox_pack_config_read(ox_slice_str(damaged[i]), &f->arena, &c, &err), OX_ECORRUPT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_those_of_generated_applications),
		TEST(values_survive_writing_and_reading),
		TEST(a_field_that_was_unset_stays_unset),
		TEST(wrong_names_types_and_choices_are_refused),
		TEST(a_copy_does_not_follow_the_original),
		TEST(reading_skips_unknown_names_and_refuses_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
