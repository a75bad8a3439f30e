"""What is wrong in a program is said once, at its place, with what to do: on the terminal and in JSON alike."""
import oxtest


class Messages(oxtest.TestCase):
    def evaluate(self, text, code=2):
        """The messages as text, with FILE for the path, and the diagnostics of the same run in JSON."""
        path = self.box.write("project/pyoxidizer.bzl", text)
        shown = self.assertExit(self.box.oxc("eval", "--no-daemon", path), code).stderr
        events = oxtest.events(self.assertExit(self.box.oxc("eval", "--no-daemon", "--json", path), code).stdout)
        found = [event for event in events if event["type"] == "diagnostic"]
        for event in found:
            self.assertIn("{file}:{line}:{column}: {severity}: {message}".format(**event), shown)
            self.assertTrue(event["code"])
            self.assertEqual(event["source_line"], text.split("\n")[event["line"] - 1])
        return shown.replace(path, "FILE"), found

    def test_a_misspelt_name_that_is_reached_is_told_once(self):
        shown, found = self.evaluate("x = 1\nprnt(x)\n")
        self.assertEqual(shown, "FILE:2:1: error: unknown name 'prnt'\n    2 | prnt(x)\n      | ^~~~\n"
                                "  hint: did you mean 'print'?\n")
        self.assertEqual([(d["severity"], d["code"]) for d in found], [("error", "unknown-name")])

    def test_one_that_is_not_reached_is_a_warning(self):
        shown, found = self.evaluate("if False:\n    sys.exit()\nprnt()\n")
        self.assertEqual([(d["severity"], d["line"]) for d in found], [("error", 3), ("warning", 2)])
        self.assertEqual(shown.count("'sys'"), 1)
        _, found = self.evaluate("if False:\n    sys.exit()\n", code=0)
        self.assertEqual([(d["severity"], d["line"]) for d in found], [("warning", 2)])

    def test_a_misspelt_keyword_argument_is_marked_itself(self):
        shown, found = self.evaluate("def f(name, value = 1):\n    return name\nf(\n    1,\n    valeu = 2,\n)\n")
        self.assertIn("FILE:5:5: error: f() has no parameter 'valeu'\n    5 |     valeu = 2,\n      |     ^~~~~~~~~\n", shown)
        self.assertEqual(found[0]["hint"], "did you mean 'value'?")
        shown, found = self.evaluate("x = sorted([1], revers = True)\n")
        self.assertEqual((found[0]["column"], found[0]["end_column"], found[0]["hint"]),
                         (17, 30, "did you mean 'reverse'?"))
        _, found = self.evaluate('x = int("1", base = "x")\n')
        self.assertEqual((found[0]["column"], found[0]["code"]), (14, "type"))
        _, found = self.evaluate("def f(a): pass\nf(1, a = 2)\n")
        self.assertEqual((found[0]["column"], found[0]["message"]), (6, "f() got parameter 'a' twice"))

    def test_a_misspelt_attribute_and_key(self):
        self.assertIn("  hint: did you mean 'upper'?\n", self.evaluate('"a".uper()\n')[0])
        self.assertIn("  hint: did you mean 'alpha'?\n", self.evaluate('{"alpha": 1}["alhpa"]\n')[0])

    def test_several_syntax_errors_in_one_run_and_none_twice(self):
        shown, found = self.evaluate("x =\ny = = 1\ndef f(:\n    pass\nz = (1\n")
        self.assertEqual([(d["line"], d["code"]) for d in found],
                         [(1, "syntax"), (2, "syntax"), (3, "syntax"), (5, "syntax")])
        self.assertEqual(shown.count("error: "), 4, shown)

    def test_a_missing_closer_names_its_opener(self):
        self.assertIn("FILE:3:1: error: got 'y' where ',' or ']' should be, to close the '[' on line 1\n",
                      self.evaluate("x = [1,\n    2\ny = 3\n")[0])
        self.assertIn("FILE:1:6: error: '(' is never closed: ')' is missing\n", self.evaluate("print(1,\n")[0])

    def test_a_failure_tells_how_the_program_came_there(self):
        shown, found = self.evaluate("def f(x):\n    return g(x)\ndef g(x):\n    return 1 // x\nf(0)\n")
        stack = ["FILE:5: in <toplevel>", "FILE:2: in f", "FILE:4: in g"]
        self.assertIn("".join(f"  {line}\n" for line in stack), shown)
        self.assertEqual(found[0]["notes"].replace(found[0]["file"], "FILE"), "\n".join(stack))


if __name__ == "__main__":
    oxtest.main()
