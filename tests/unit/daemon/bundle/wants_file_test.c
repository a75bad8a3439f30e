#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/bundle/wants_file.h"

static bool uses(const char *source)
{
	return ox_source_uses_file(ox_slice_str(source));
}

static void a_name_in_code_counts(void **state)
{
	(void)state;
	assert_true(uses("import os\nHERE = os.path.dirname(__file__)\n"));
	assert_true(uses("x = 'it''s' + __file__"));
	assert_true(uses("x = '\\'' + __file__ # '"));
	assert_true(uses("\"\"\"doc \" ' \"\"\"\n__file__"));
	assert_true(uses("x = 1.0\n__file__"));
}

static void strings_comments_attributes_and_longer_names_do_not(void **state)
{
	(void)state;
	assert_false(uses("GLOBALS = ['__file__', \"__file__\"]"));
	assert_false(uses("# dirname(__file__)\nx = 1"));
	assert_false(uses("'''\n__file__\n'''"));
	assert_false(uses("r'\\' __file__'"));
	assert_false(uses("print(module.__file__, module. __file__)"));
	assert_false(uses("x__file__ = __file__s"));
	assert_false(uses("'__file__"));
	assert_false(uses(""));
}

static void the_whole_top_level_package_is_marked(void **state)
{
	(void)state;
	struct ox_pack_resource r[] = {
		{.name = OX_SLICE("a"), .flags = OX_PACK_MODULE},
		{.name = OX_SLICE("a.b"), .flags = OX_PACK_MODULE},
		{.name = OX_SLICE("ab"), .flags = OX_PACK_MODULE},
		{.name = OX_SLICE("0123__mypyc"), .flags = OX_PACK_EXTENSION},
	};
	struct ox_map users = {0};
	struct ox_buf names = {0};
	assert_non_null(ox_map_put(&users, OX_SLICE("a"), NULL));
	ox_mark_wants_file(r, OX_COUNT(r), &users, true, &names);
	assert_false(r[0].flags & OX_PACK_WANTS_FILE);
	ox_mark_wants_file(r, OX_COUNT(r), &users, false, &names);
	assert_true(r[0].flags & OX_PACK_WANTS_FILE);
	assert_true(r[1].flags & OX_PACK_WANTS_FILE);
	assert_false(r[2].flags & OX_PACK_WANTS_FILE);
	assert_true(r[3].flags & OX_PACK_WANTS_FILE);
	assert_string_equal(names.data, "a");
	ox_buf_free(&names);
	ox_map_free(&users);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_in_code_counts),
		cmocka_unit_test(strings_comments_attributes_and_longer_names_do_not),
		cmocka_unit_test(the_whole_top_level_package_is_marked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
