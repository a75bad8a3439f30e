#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/bundle/wants_file.h"

/* What code of "own" says of a package. */
static enum ox_wants_file says(const char *source, const char *of)
{
	struct ox_map users = {0};
	assert_int_equal(ox_note_file_users(&users, OX_SLICE("own"), ox_slice_str(source)), 0);
	enum ox_wants_file wants = ox_file_wanted(ox_map_get(&users, ox_slice_str(of)));
	ox_map_free(&users);
	return wants;
}

static bool uses(const char *source)
{
	return says(source, "own") == OX_WANTS_FILE;
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
	assert_false(uses("import module\nprint(module.__file__, module. __file__)"));
	assert_false(uses("def f(module):\n module.__file__ = 'x'; module.__file__= 1"));
	assert_false(uses("x__file__ = __file__s"));
	assert_false(uses("'__file__"));
	assert_false(uses(""));
}

static void a_package_whose_file_is_read_by_another_counts(void **state)
{
	(void)state;
	assert_int_equal(says("import pluggy\nd = Path(pluggy.__file__.rstrip('oc'))", "pluggy"), OX_WANTS_FILE);
	assert_int_equal(says("import a.b\na . b.__file__", "a"), OX_WANTS_FILE);
	assert_int_equal(says("import a.b, b\na.b.__file__", "b"), OX_WANTS_NO_FILE);
	assert_int_equal(says("import a\n# a.__file__\n'a.__file__'", "a"), OX_WANTS_NO_FILE);
	assert_int_equal(says("import a\na\nx.__file__", "a"), OX_WANTS_NO_FILE);
	assert_int_equal(says("import z, a.b as c, d\nc.__file__", "a"), OX_WANTS_FILE);
	assert_int_equal(says("import z, a.b as c, d\nd.__file__", "d"), OX_WANTS_FILE);
	assert_int_equal(says("from a.b import (x, # no\n  y as c)\nc.__file__", "a"), OX_WANTS_FILE);
	assert_int_equal(says("from a.b import x, \\\n  c; c.__file__", "a"), OX_WANTS_FILE);
	assert_int_equal(says("from a import __file__ as f", "a"), OX_WANTS_FILE);
	assert_int_equal(says("try: import a\nexcept E: a = None\na.__file__", "a"), OX_WANTS_FILE);
	assert_false(uses("import z, a.b as c, d\nc.__file__, d.__file__"));
	assert_false(uses("from a.b import (x,\n  y as c)\nc.__file__"));
}

static void a_file_of_a_module_that_was_not_imported_by_name_is_the_packages_own(void **state)
{
	(void)state;
	assert_true(uses("def source(module):\n    return module.__file__ or ''\n"));
	assert_true(uses("import sys\nsys.modules[__name__].__file__"));
	assert_true(uses("importlib.import_module(x).__file__"));
	assert_true(uses("from . import a\na.__file__"));
	assert_true(uses("from .a.b import c as d\nd.__file__ == 1"));
	assert_true(uses("from .. import __file__"));
	assert_int_equal(says("def f(m): return m.__file__", "m"), OX_WANTS_NO_FILE);
}

static void expressions_in_formatted_strings_are_code(void **state)
{
	(void)state;
	assert_int_equal(says("import a.b\nx = f'of {a.b.__file__}'\n", "a"), OX_WANTS_FILE);
	assert_int_equal(says("import a\nx = Rf\"\"\"{{no}}\n{a.__file__!r:>9} {\"\"\"", "a"), OX_WANTS_FILE);
	assert_int_equal(says("import a\nx = '{a.__file__}', rb'{a.__file__}', f'{{a.__file__}}', f'{'", "a"),
			 OX_WANTS_NO_FILE);
	assert_int_equal(says("import a\nx = f'{1}' + a.__file__", "a"), OX_WANTS_FILE);
}

static void names_that_answer_with_paths_count_where_there_is_data(void **state)
{
	(void)state;
	assert_int_equal(says("p = pkg_resources.resource_filename(__name__, 'x')", "own"),
			 OX_WANTS_FILE_WITH_DATA);
	assert_int_equal(says("app = Flask(__name__)", "own"), OX_WANTS_FILE);
	assert_int_equal(says("class Polls(apps.AppConfig): name = 'polls'", "own"), OX_WANTS_FILE_WITH_DATA);
	assert_int_equal(says("with resources.as_file(f) as p: pass", "own"), OX_WANTS_FILE_WITH_DATA);
	assert_int_equal(says("app = Flasks('PackageLoader')", "own"), OX_WANTS_NO_FILE);
	assert_true(uses("app = Flask(__file__)"));
}

static bool adds(const char *source)
{
	struct ox_map users = {0};
	assert_int_equal(ox_note_file_users(&users, OX_SLICE("own"), ox_slice_str(source)), 0);
	bool added = ox_adds_folders(ox_map_get(&users, OX_SLICE("own")));
	ox_map_free(&users);
	return added;
}

static void what_adds_to_the_search_path_imports_from_folders(void **state)
{
	(void)state;
	assert_true(adds("import sys\nsys.path.insert(0, folder)"));
	assert_true(adds("def f(p):\n\tsys.path.append(p)"));
	assert_true(adds("sys.path.extend([a, b])"));
	assert_true(adds("sys.path = [x] + sys.path"));
	assert_true(adds("sys.path[:0] = [x]"));
	assert_true(adds("sys.path[0] = x"));
	assert_true(adds("sys.path += [x]"));
	assert_true(adds("site.addsitedir(x)"));
	assert_true(adds("find = importlib.machinery.PathFinder.find_spec"));
	assert_true(adds("NAMES = ['_frozen_importlib_external.PathFinder']"));
	assert_true(adds("HERE = __file__\nsys.path.append(HERE)\nas_file(x)"));
}

static void each_name_of_the_table_is_found_by_itself(void **state)
{
	(void)state;
#define OX_ADDS(text) assert_true(adds(text "(x)"));
#define OX_SEEKS(text) assert_true(adds("'" text "'"));
#include "daemon/bundle/adds_folders.def"
#undef OX_ADDS
#undef OX_SEEKS
}

static void what_reads_the_search_path_or_speaks_of_it_does_not(void **state)
{
	(void)state;
	assert_false(adds("for p in sys.path: print(p, sys.path[0])"));
	assert_false(adds("sys.path[0] == x or sys.path == []"));
	assert_false(adds("# sys.path.insert(0, x)\n'sys.path.append(x)'"));
	assert_false(adds("sys.path.remove(x); sys.path.index(x)"));
	assert_false(adds("self.sys.path.insert(0, x); sys.paths.insert(0, x); _sys.path = 3"));
	assert_false(adds("class MetadataPathFinder: pass"));
	assert_false(adds("sys.path[0"));
	assert_false(adds("__file__"));
}

static struct ox_pack_file py_typed = {.name = OX_SLICE("py.typed")}, template = {.name = OX_SLICE("t/x.html")};

/* Which of a, ab, b, c and d are marked, as names with commas. */
static const char *marked(enum ox_wants_file a, bool is_stdlib, const struct ox_extract_rules *rules,
			  struct ox_buf *names)
{
	struct ox_pack_resource r[] = {
		{.name = OX_SLICE("0123__mypyc"), .flags = OX_PACK_EXTENSION},
		{.name = OX_SLICE("a"), .flags = OX_PACK_MODULE, .files = &py_typed, .file_count = 1},
		{.name = OX_SLICE("a.b"), .flags = OX_PACK_MODULE},
		{.name = OX_SLICE("ab"), .flags = OX_PACK_MODULE},
		{.name = OX_SLICE("b"), .flags = OX_PACK_MODULE, .files = &template, .file_count = 1},
	};
	struct ox_map users = {0};
	*ox_map_put(&users, OX_SLICE("a"), NULL) = (void *)(uintptr_t)a;
	*ox_map_put(&users, OX_SLICE("b"), NULL) = (void *)(uintptr_t)OX_WANTS_FILE_WITH_DATA;
	ox_buf_clear(names);
	assert_int_equal(ox_mark_wants_file(r, OX_COUNT(r), &users, is_stdlib, rules, names), 0);
	assert_int_equal(r[1].flags & OX_PACK_WANTS_FILE, r[2].flags & OX_PACK_WANTS_FILE);
	assert_int_equal(!!(r[0].flags & OX_PACK_WANTS_FILE), names->len > 0);
	ox_map_free(&users);
	return ox_buf_text(names);
}

static void whole_top_level_packages_are_marked(void **state)
{
	(void)state;
	struct ox_buf names = {0};
	static const struct ox_extract_choice choices[] = {
		{OX_SLICE("a"), false}, {OX_SLICE("b"), false}, {OX_SLICE("ab"), true}};
	struct ox_extract_rules none = {0}, rules = {.choices = choices, .choice_count = 2};
	assert_string_equal(marked(OX_WANTS_FILE, false, &none, &names), "a, b");
	assert_string_equal(marked(OX_WANTS_FILE, true, &none, &names), "b");
	assert_string_equal(marked(OX_WANTS_FILE_WITH_DATA, false, &none, &names), "b");
	assert_string_equal(marked(OX_WANTS_FILE, false, &rules, &names), "");
	rules.choice_count = 3;
	assert_string_equal(marked(OX_WANTS_FILE, false, &rules, &names), "ab");
	ox_buf_free(&names);
}

static void others_may_be_given_files_where_the_rules_allow_it(void **state)
{
	(void)state;
	static const struct ox_extract_choice no_a = {OX_SLICE("a"), false};
	static const struct ox_extract_rules rules[] = {
		{.never = false}, {.never = true}, {.choices = &no_a, .choice_count = 1}};
	static const bool may[] = {true, false, false};
	struct ox_map users = {0};
	struct ox_buf names = {0};
	for (size_t i = 0; i < OX_COUNT(rules); i++) {
		struct ox_pack_resource r[] = {{.name = OX_SLICE("a"), .flags = OX_PACK_MODULE},
					       {.name = OX_SLICE("a.b"), .flags = OX_PACK_MODULE}};
		assert_int_equal(ox_mark_wants_file(r, OX_COUNT(r), &users, false, &rules[i], &names), 0);
		assert_int_equal(names.len, 0);
		assert_int_equal(!!(r[0].flags & OX_PACK_MAY_BE_FILE), may[i]);
		assert_int_equal(!!(r[1].flags & OX_PACK_MAY_BE_FILE), may[i]);
	}
	ox_buf_free(&names);
}

static void packages_whose_compiled_code_reads_file_are_known_by_name(void **state)
{
	(void)state;
	struct ox_pack_resource r[] = {
		{.name = OX_SLICE("shiboken6"), .flags = OX_PACK_MODULE},
		{.name = OX_SLICE("shiboken6.Shiboken"), .flags = OX_PACK_EXTENSION},
	};
	struct ox_map users = {0};
	struct ox_buf names = {0};
	struct ox_extract_rules none = {0};
	assert_int_equal(ox_mark_wants_file(r, OX_COUNT(r), &users, false, &none, &names), 0);
	assert_string_equal(ox_buf_text(&names), "shiboken6");
	assert_true(r[0].flags & r[1].flags & OX_PACK_WANTS_FILE);
	ox_buf_free(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_in_code_counts),
		cmocka_unit_test(strings_comments_attributes_and_longer_names_do_not),
		cmocka_unit_test(a_package_whose_file_is_read_by_another_counts),
		cmocka_unit_test(a_file_of_a_module_that_was_not_imported_by_name_is_the_packages_own),
		cmocka_unit_test(expressions_in_formatted_strings_are_code),
		cmocka_unit_test(names_that_answer_with_paths_count_where_there_is_data),
		cmocka_unit_test(what_adds_to_the_search_path_imports_from_folders),
		cmocka_unit_test(each_name_of_the_table_is_found_by_itself),
		cmocka_unit_test(what_reads_the_search_path_or_speaks_of_it_does_not),
		cmocka_unit_test(packages_whose_compiled_code_reads_file_are_known_by_name),
		cmocka_unit_test(whole_top_level_packages_are_marked),
		cmocka_unit_test(others_may_be_given_files_where_the_rules_allow_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
