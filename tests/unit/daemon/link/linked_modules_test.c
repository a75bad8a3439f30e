/* Which modules a linker's complaint is about, and what the runtime is told of the others. */
#include "daemon/link/linked_modules.h"
#include "daemon/link/linked_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
	struct ox_arena arena;
	struct ox_build_context ctx;
	struct ox_stub_module modules[3];
	struct ox_link_library library;
	struct ox_linked_set set;
};

/* "a", "a.b" with a library, and "c" with constructors. */
static int set_up(void **state)
{
	static const char *const names[] = {"a", "a.b", "c"};
	static const char *const symbols[] = {"ox_linked_a", "ox_linked_a_db", "ox_linked_c"};
	static const char *const paths[] = {"/t/module-0000.o", "/t/module-0001.o", "/t/module-0002.o"};
	struct fixture *f = calloc(1, sizeof *f);
	if (!f)
		return -1;
	f->ctx.arena = &f->arena;
	f->set.ctx = &f->ctx;
	f->library = (struct ox_link_library){.argument = "/usr/lib/libx.a", .is_static = true};
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		struct ox_linked_item *item = ox_vec_push(&f->set.items);
		if (!item)
			return -1;
		f->modules[i].name = ox_slice_str(names[i]);
		*item = (struct ox_linked_item){.module = &f->modules[i], .symbol = symbols[i], .path = paths[i]};
	}
	f->set.items.items[1].libraries = &f->library;
	f->set.items.items[1].library_count = 1;
	f->set.items.items[2].has_constructors = true;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	ox_linked_set_free(&f->set);
	ox_arena_free(&f->arena);
	free(f);
	return 0;
}

static void an_object_that_is_complained_about_is_left_out_with_the_symbol(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "ld: /t/module-0002.o: in function `f':\n"
				   "undefined reference to `missing'\n";
	assert_int_equal(ox_linked_set_blame(&f->set, OX_SLICE(text), NULL), 1);
	assert_null(f->modules[0].left_out);
	assert_null(f->modules[1].left_out);
	assert_string_equal(f->modules[2].left_out, "linking it leaves symbols undefined, missing for one");
	assert_int_equal(ox_linked_set_blame(&f->set, OX_SLICE(text), NULL), 0);
}

static void a_library_s_users_are_to_blame_for_it(void **state)
{
	struct fixture *f = *state;
	struct ox_slice text = OX_SLICE("ld: /usr/lib/libx.a(x.o): relocation R_X86_64_32");
	assert_int_equal(ox_linked_set_blame(&f->set, text, NULL), 1);
	assert_string_equal(f->modules[1].left_out, "the linker refuses its objects");
}

static void a_name_is_not_taken_for_the_beginning_of_another(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(ox_linked_set_blame(&f->set, OX_SLICE("undefined reference to `ox_linked_a_db'\n"), NULL), 1);
	assert_null(f->modules[0].left_out);
	assert_non_null(f->modules[1].left_out);
	assert_int_equal(ox_linked_set_blame(&f->set, OX_SLICE("main.o: undefined reference to `main'\n"), NULL), 0);
}

static void what_was_left_out_is_remembered(void **state)
{
	struct fixture *f = *state;
	struct ox_buf text = {0};
	f->modules[1].left_out = "of a reason: so";
	ox_linked_set_describe(&f->set, &text);
	f->modules[1].left_out = NULL;
	assert_int_equal(ox_linked_set_recall(&f->set, ox_buf_view(&text), NULL), 0);
	assert_null(f->modules[0].left_out);
	assert_string_equal(f->modules[1].left_out, "of a reason: so");
	assert_null(f->modules[2].left_out);
	ox_buf_free(&text);
}

static void the_table_names_those_that_are_in(void **state)
{
	struct fixture *f = *state;
	struct ox_buf text = {0};
	f->modules[0].left_out = "it is out";
	ox_linked_table_write(&f->set, &text);
	assert_null(strstr(ox_buf_text(&text), "\"a\""));
	assert_non_null(strstr(ox_buf_text(&text), "{\"a.b\", ox_linked_a_db, enter_1, NULL}"));
	assert_non_null(strstr(ox_buf_text(&text), "{\"c\", ox_linked_c, enter_2, &start_2}"));
	assert_non_null(strstr(ox_buf_text(&text), "enter_2(void)\n{\n\treturn ox_linked_enter(&ox_linked"
						   "_modules[1])"));
	ox_buf_free(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_object_that_is_complained_about_is_left_out_with_the_symbol),
		TEST(a_library_s_users_are_to_blame_for_it),
		TEST(a_name_is_not_taken_for_the_beginning_of_another),
		TEST(what_was_left_out_is_remembered),
		TEST(the_table_names_those_that_are_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
