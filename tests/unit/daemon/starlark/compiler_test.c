/* What code is made of chosen programs. No machine is linked: nothing runs. */
#include "daemon/starlark/compile.h"
#include "daemon/starlark/dump.h"
#include "tests/unit/daemon/starlark/parsed.h"

static bool predeclared(void *user, struct ox_slice name)
{
	return ox_star_ok(ox_predeclared_get(user, name));
}

static void each(void *user, struct ox_nearest *near)
{
	(void)user, (void)near;
}

static void check(const char *text, bool expression, const char *want)
{
	static const struct ox_machine none = {0};
	struct parsed p;
	struct ox_globals globals = {0};
	struct ox_resolution names;
	struct ox_buf dump = {0};
	struct ox_star *s = ox_thread_new(NULL, &none);
	assert_non_null(s);
	struct ox_resolve_options options = {
	    .unknown = OX_UNKNOWN_LATER, .predeclared = predeclared, .each = each, .user = s};
	parse(&p, text, expression);
	assert_int_equal(0, p.status);
	assert_int_equal(0, ox_resolve(p.tree, expression, &globals, &p.arena, &p.report, &options, &names));
	const struct ox_proto *code = ox_compile_module(s, &names, p.tree, expression, &p.source, &p.report);
	assert_non_null(code);
	assert_int_equal(0, ox_code_dump(s, code, &dump));
	assert_string_equal(want, ox_buf_text(&dump));
	ox_buf_free(&dump);
	ox_resolution_free(&names);
	ox_globals_free(&globals);
	ox_star_free(s);
	release(&p);
}

static void operators_work_on_registers(void **state)
{
	(void)state;
	check("1 + 2 * 3", true,
	      "<toplevel>:\n"
	      "   0  SMALL        #1 = 1\n"
	      "   1  SMALL        #3 = 2\n"
	      "   2  SMALL        #4 = 3\n"
	      "   3  MUL          #2 = #3 * #4\n"
	      "   4  ADD          #0 = #1 + #2\n"
	      "   5  RETURN       #0\n");
	check("-x if x else ~x", true,
	      "<toplevel>:\n"
	      "   0  UNKNOWN      name \"x\"\n"
	      "   1  JUMP_IF_NOT  unless #1 to 5\n"
	      "   2  UNKNOWN      name \"x\"\n"
	      "   3  NEGATE       #0 = -#1\n"
	      "   4  JUMP         to 7\n"
	      "   5  UNKNOWN      name \"x\"\n"
	      "   6  INVERT       #0 = ~#1\n"
	      "   7  RETURN       #0\n");
}

static void small_numbers_are_in_the_instruction(void **state)
{
	(void)state;
	check("def f(a): return [a + 1, a - 2, 1 - a, 123456789012, -7]\n", false,
	      "<toplevel>:\n"
	      "   0  FUNCTION     #1 = function f\n"
	      "   1  MOVE         #0 = #1\n"
	      "   2  SET_GLOBAL   global 0 = #0\n"
	      "   3  CONST        #0 = None\n"
	      "   4  RETURN       #0\n"
	      "f(a):\n"
	      "   0  ADD_SMALL    #2 = a + 1\n"
	      "   1  ADD_SMALL    #3 = a + -2, written as a subtraction\n"
	      "   2  SMALL        #5 = 1\n"
	      "   3  SUB          #4 = #5 - a\n"
	      "   4  CONST        #5 = 123456789012\n"
	      "   5  SMALL        #6 = -7\n"
	      "   6  LIST         #1 = list of 5 from #2\n"
	      "   7  RETURN       #1\n"
	      "   8  CONST        #1 = None\n"
	      "   9  RETURN       #1\n");
}

static void locals_are_used_where_they_stand(void **state)
{
	(void)state;
	check("def f(a, b):\n"
	      "  c = a * b\n"
	      "  c += a\n"
	      "  return c\n",
	      false,
	      "<toplevel>:\n"
	      "   0  FUNCTION     #1 = function f\n"
	      "   1  MOVE         #0 = #1\n"
	      "   2  SET_GLOBAL   global 0 = #0\n"
	      "   3  CONST        #0 = None\n"
	      "   4  RETURN       #0\n"
	      "f(a, b):\n"
	      "   0  MUL          c = a * b\n"
	      "   1  INPLACE      c = c += a\n"
	      "   2  RETURN       c\n"
	      "   3  CONST        #3 = None\n"
	      "   4  RETURN       #3\n");
}

static void comparisons_and_jumps_are_pairs(void **state)
{
	(void)state;
	check("def f(a, b):\n"
	      "  if a < b and not b: return a\n"
	      "  elif a in b or a: pass\n"
	      "  else: a = 1\n",
	      false,
	      "<toplevel>:\n"
	      "   0  FUNCTION     #1 = function f\n"
	      "   1  MOVE         #0 = #1\n"
	      "   2  SET_GLOBAL   global 0 = #0\n"
	      "   3  CONST        #0 = None\n"
	      "   4  RETURN       #0\n"
	      "f(a, b):\n"
	      "   0  LT           #2 = a < b, jumps\n"
	      "   1  JUMP_IF_NOT  unless #2 to 5\n"
	      "   2  JUMP_IF      if b to 5\n"
	      "   3  RETURN       a\n"
	      "   4  JUMP         to 10\n"
	      "   5  IN           #2 = a in b\n"
	      "   6  JUMP_IF      if #2 to 8\n"
	      "   7  JUMP_IF_NOT  unless a to 9\n"
	      "   8  JUMP         to 10\n"
	      "   9  SMALL        a = 1\n"
	      "  10  CONST        #2 = None\n"
	      "  11  RETURN       #2\n");
	check("def f(a, b): return a and b or not a\n", false,
	      "<toplevel>:\n"
	      "   0  FUNCTION     #1 = function f\n"
	      "   1  MOVE         #0 = #1\n"
	      "   2  SET_GLOBAL   global 0 = #0\n"
	      "   3  CONST        #0 = None\n"
	      "   4  RETURN       #0\n"
	      "f(a, b):\n"
	      "   0  MOVE         #2 = a\n"
	      "   1  JUMP_IF_NOT  unless #2 to 3\n"
	      "   2  MOVE         #2 = b\n"
	      "   3  JUMP_IF      if #2 to 5\n"
	      "   4  NOT          #2 = not a\n"
	      "   5  RETURN       #2\n"
	      "   6  CONST        #2 = None\n"
	      "   7  RETURN       #2\n");
}

static void loops_keep_their_state_in_two_registers(void **state)
{
	(void)state;
	check("def f(x):\n"
	      "  for a, b in x:\n"
	      "    if a: break\n"
	      "    if b: continue\n"
	      "    f(b)\n",
	      false,
	      "<toplevel>:\n"
	      "   0  FUNCTION     #1 = function f\n"
	      "   1  MOVE         #0 = #1\n"
	      "   2  SET_GLOBAL   global 0 = #0\n"
	      "   3  CONST        #0 = None\n"
	      "   4  RETURN       #0\n"
	      "f(x):\n"
	      "   0  ITER         #3 over x\n"
	      "   1  NEXT         #5 = next of #3\n"
	      "   2  JUMP         to 15\n"
	      "   3  UNPACK       2 from #6 = #5\n"
	      "   4  MOVE         a = #6\n"
	      "   5  MOVE         b = #7\n"
	      "   6  JUMP_IF_NOT  unless a to 9\n"
	      "   7  ITER_END\n"
	      "   8  JUMP         to 15\n"
	      "   9  JUMP_IF_NOT  unless b to 11\n"
	      "  10  JUMP         to 1\n"
	      "  11  GLOBAL       #6 = global 0\n"
	      "  12  MOVE         #7 = b\n"
	      "  13  CALL         #5 = #6(1)\n"
	      "  14  JUMP         to 1\n"
	      "  15  CONST        #3 = None\n"
	      "  16  RETURN       #3\n");
}

static void comprehensions_are_loops(void **state)
{
	(void)state;
	check("[x for x in range(3) if x]", true,
	      "<toplevel>:\n"
	      "   0  LIST         #1 = list of 0 from x\n"
	      "   1  CONST        #5 = <built-in function range>\n"
	      "   2  SMALL        #6 = 3\n"
	      "   3  CALL         #4 = #5(1)\n"
	      "   4  ITER         #2 over #4\n"
	      "   5  NEXT         x = next of #2\n"
	      "   6  JUMP         to 10\n"
	      "   7  JUMP_IF_NOT  unless x to 9\n"
	      "   8  APPEND       #1 gets 1 from x\n"
	      "   9  JUMP         to 5\n"
	      "  10  RETURN       #1\n");
	check("{k: v for k, v in print}", true,
	      "<toplevel>:\n"
	      "   0  DICT         #2 = dict for 0\n"
	      "   1  CONST        #5 = <built-in function print>\n"
	      "   2  ITER         #3 over #5\n"
	      "   3  NEXT         #5 = next of #3\n"
	      "   4  JUMP         to 10\n"
	      "   5  UNPACK       2 from #6 = #5\n"
	      "   6  MOVE         k = #6\n"
	      "   7  MOVE         v = #7\n"
	      "   8  DICT_PUT     #2[k] = v\n"
	      "   9  JUMP         to 3\n"
	      "  10  RETURN       #2\n");
}

static void calls_have_shapes(void **state)
{
	(void)state;
	check("print(1, sep = 2, *[3], **{})", true,
	      "<toplevel>:\n"
	      "   0  CONST        #1 = <built-in function print>\n"
	      "   1  SMALL        #2 = 1\n"
	      "   2  SMALL        #3 = 2\n"
	      "   3  SMALL        #5 = 3\n"
	      "   4  LIST         #4 = list of 1 from #5\n"
	      "   5  DICT         #5 = dict for 0\n"
	      "   6  CALL_SHAPE   #0 = #1(1, sep=, *, **)\n"
	      "   7  RETURN       #0\n");
	check("'a'.join([])", true,
	      "<toplevel>:\n"
	      "   0  CONST        #3 = \"a\"\n"
	      "   1  METHOD       #1 = #3.join\n"
	      "   2  LIST         #3 = list of 0 from #4\n"
	      "   3  CALL_METHOD  #0 = #1(self, 1)\n"
	      "   4  RETURN       #0\n");
	check("'a'.replace('b', new = 'c')", true,
	      "<toplevel>:\n"
	      "   0  CONST        #3 = \"a\"\n"
	      "   1  METHOD       #1 = #3.replace\n"
	      "   2  CONST        #3 = \"b\"\n"
	      "   3  CONST        #4 = \"c\"\n"
	      "   4  CALL_SHAPE   #0 = #1(1, new=) with self\n"
	      "   5  RETURN       #0\n");
}

static void captured_variables_are_cells(void **state)
{
	(void)state;
	check("def f(a):\n"
	      "  b = a\n"
	      "  def g(c = 1): return a + b + c\n"
	      "  return lambda: g\n",
	      false,
	      "<toplevel>:\n"
	      "   0  FUNCTION     #1 = function f\n"
	      "   1  MOVE         #0 = #1\n"
	      "   2  SET_GLOBAL   global 0 = #0\n"
	      "   3  CONST        #0 = None\n"
	      "   4  RETURN       #0\n"
	      "f(a):\n"
	      "   0  MAKE_CELL    cell a\n"
	      "   1  MAKE_CELL    cell b\n"
	      "   2  MAKE_CELL    cell g\n"
	      "   3  CELL_GET     #3 = cell a\n"
	      "   4  CELL_SET     cell b = #3\n"
	      "   5  SMALL        #4 = 1\n"
	      "   6  FUNCTION     #4 = function g\n"
	      "   7  MOVE         #3 = #4\n"
	      "   8  CELL_SET     cell g = #3\n"
	      "   9  FUNCTION     #4 = function lambda\n"
	      "  10  MOVE         #3 = #4\n"
	      "  11  RETURN       #3\n"
	      "  12  CONST        #3 = None\n"
	      "  13  RETURN       #3\n"
	      "g(c):\n"
	      "   0  FREE_GET     #3 = free a\n"
	      "   1  FREE_GET     #4 = free b\n"
	      "   2  ADD          #2 = #3 + #4\n"
	      "   3  ADD          #1 = #2 + c\n"
	      "   4  RETURN       #1\n"
	      "   5  CONST        #1 = None\n"
	      "   6  RETURN       #1\n"
	      "lambda:\n"
	      "   0  FREE_GET     #0 = free g\n"
	      "   1  RETURN       #0\n");
}

static void targets_of_every_kind(void **state)
{
	(void)state;
	check("x = [1]\n"
	      "x[0] = 2\n"
	      "x[0] += 3\n"
	      "a, (b, c) = x\n"
	      "x.y = a\n"
	      "x.y += 1\n",
	      false,
	      "<toplevel>:\n"
	      "   0  SMALL        #1 = 1\n"
	      "   1  LIST         #0 = list of 1 from #1\n"
	      "   2  SET_GLOBAL   global 0 = #0\n"
	      "   3  SMALL        #0 = 2\n"
	      "   4  GLOBAL       #1 = global 0\n"
	      "   5  SMALL        #2 = 0\n"
	      "   6  SET_INDEX    #1[#2] = #0\n"
	      "   7  GLOBAL       #0 = global 0\n"
	      "   8  SMALL        #2 = 0\n"
	      "   9  INDEX        #1 = #0[#2]\n"
	      "  10  SMALL        #3 = 3\n"
	      "  11  INPLACE      #1 = #1 += #3\n"
	      "  12  SET_INDEX    #0[#2] = #1\n"
	      "  13  GLOBAL       #0 = global 0\n"
	      "  14  UNPACK       2 from #1 = #0\n"
	      "  15  SET_GLOBAL   global 1 = #1\n"
	      "  16  UNPACK       2 from #3 = #2\n"
	      "  17  SET_GLOBAL   global 2 = #3\n"
	      "  18  SET_GLOBAL   global 3 = #4\n"
	      "  19  GLOBAL       #0 = global 1\n"
	      "  20  GLOBAL       #1 = global 0\n"
	      "  21  SET_ATTR     #1.y = #0\n"
	      "  22  GLOBAL       #0 = global 0\n"
	      "  23  ATTR         #1 = #0.y\n"
	      "  24  SMALL        #2 = 1\n"
	      "  25  INPLACE      #1 = #1 += #2\n"
	      "  26  SET_ATTR     #0.y = #1\n"
	      "  27  CONST        #0 = None\n"
	      "  28  RETURN       #0\n");
}

static void slices_dicts_and_tuples(void **state)
{
	(void)state;
	check("{1: (2, 3), 'a': [x[1:], x[::2]]}", true,
	      "<toplevel>:\n"
	      "   0  DICT         #0 = dict for 2\n"
	      "   1  SMALL        #1 = 1\n"
	      "   2  SMALL        #3 = 2\n"
	      "   3  SMALL        #4 = 3\n"
	      "   4  TUPLE        #2 = tuple of 2 from #3\n"
	      "   5  DICT_PUT     #0[#1] = #2, new\n"
	      "   6  CONST        #1 = \"a\"\n"
	      "   7  UNKNOWN      name \"x\"\n"
	      "   8  SMALL        #5 = 1\n"
	      "   9  CONST        #6 = None\n"
	      "  10  CONST        #7 = None\n"
	      "  11  SLICE        #3 = #4[#5:#6:#7]\n"
	      "  12  UNKNOWN      name \"x\"\n"
	      "  13  CONST        #6 = None\n"
	      "  14  CONST        #7 = None\n"
	      "  15  SMALL        #8 = 2\n"
	      "  16  SLICE        #4 = #5[#6:#7:#8]\n"
	      "  17  LIST         #2 = list of 2 from #3\n"
	      "  18  DICT_PUT     #0[#1] = #2, new\n"
	      "  19  RETURN       #0\n");
}

static void loads_and_unknown_names(void **state)
{
	(void)state;
	check("load('a.bzl', 'x', z = 'y')\n"
	      "unknown(x)\n",
	      false,
	      "<toplevel>:\n"
	      "   0  LOAD         #0 = module \"a.bzl\"\n"
	      "   1  LOAD_NAME    #1 = #0.x\n"
	      "   2  SET_GLOBAL   global 0 = #1\n"
	      "   3  LOAD_NAME    #1 = #0.y\n"
	      "   4  SET_GLOBAL   global 1 = #1\n"
	      "   5  UNKNOWN      name \"unknown\"\n"
	      "   6  GLOBAL       #2 = global 0\n"
	      "   7  CALL         #0 = #1(1)\n"
	      "   8  CONST        #0 = None\n"
	      "   9  RETURN       #0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(operators_work_on_registers),
	    cmocka_unit_test(small_numbers_are_in_the_instruction),
	    cmocka_unit_test(locals_are_used_where_they_stand),
	    cmocka_unit_test(comparisons_and_jumps_are_pairs),
	    cmocka_unit_test(loops_keep_their_state_in_two_registers),
	    cmocka_unit_test(comprehensions_are_loops),
	    cmocka_unit_test(calls_have_shapes),
	    cmocka_unit_test(captured_variables_are_cells),
	    cmocka_unit_test(targets_of_every_kind),
	    cmocka_unit_test(slices_dicts_and_tuples),
	    cmocka_unit_test(loads_and_unknown_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
