"""load() and the limits of evaluation, as a user of oxc meets them."""

import oxtest


class Load(oxtest.TestCase):
    def evaluate(self, files, code=0):
        for name, text in files.items():
            self.box.write(f"project/{name}", text)
        return self.assertExit(
            self.box.oxc("eval", "--no-daemon", self.box.path("project/pyoxidizer.bzl")), code)

    def place(self, name):
        return self.box.path(f"project/{name}")

    def test_a_file_beside_the_loading_one_comes_first_then_one_in_the_configurations_folder(self):
        result = self.evaluate({
            "pyoxidizer.bzl": 'load("sub/a.bzl", "found", "common")\nprint(found, common)\n',
            "sub/a.bzl": 'load("b.bzl", found_here = "found")\nload("common.bzl", common_here = "common")\n'
                         'found = found_here\ncommon = common_here\n',
            "sub/b.bzl": 'found = "beside"\n',
            "b.bzl": 'found = "configuration"\n',
            "common.bzl": 'common = "common"\n',
        })
        self.assertEqual(result.stdout, "beside common\n")

    def test_a_missing_file_says_where_it_was_looked_for(self):
        result = self.evaluate({"pyoxidizer.bzl": 'load("sub/a.bzl", "x")\n', "sub/a.bzl": 'load("none.bzl", "x")\n'}, 2)
        self.assertIn(f'{self.place("sub/a.bzl")}:1:6: error: cannot load "none.bzl": there is neither '
                      f'{self.place("sub/none.bzl")} nor {self.place("none.bzl")}\n', result.stderr)
        result = self.evaluate({"pyoxidizer.bzl": 'load("none.bzl", "x")\n'}, 2)
        self.assertIn(f'cannot load "none.bzl": there is no {self.place("none.bzl")}\n', result.stderr)

    def test_a_cycle_is_told_with_its_whole_chain(self):
        result = self.evaluate({
            "pyoxidizer.bzl": 'load("a.bzl", "x")\n',
            "a.bzl": 'load("sub/b.bzl", "x")\n',
            "sub/b.bzl": 'load("c.bzl", "x")\n',
            "sub/c.bzl": 'load("../a.bzl", "x")\n',
        }, 2)
        chain = " -> ".join(self.place(name) for name in ("a.bzl", "sub/b.bzl", "sub/c.bzl", "a.bzl"))
        self.assertIn(f'{self.place("sub/c.bzl")}:1:6: error: files load each other: {chain}\n', result.stderr)
        result = self.evaluate({"pyoxidizer.bzl": 'load("pyoxidizer.bzl", "x")\n'}, 2)
        self.assertIn(" -> ".join([self.place("pyoxidizer.bzl")] * 2), result.stderr)

    def test_what_was_loaded_is_frozen(self):
        lib = 'items = [1]\ninner = {"list": [1]}\ndef add(): items.append(2)\n'
        for change, message in {
                "items.append(2)": "cannot append to a frozen list",
                'inner["list"].append(2)': "cannot append to a frozen list",
                "inner.pop(1)": "cannot pop from a frozen dict",
                "add()": "cannot append to a frozen list"}.items():
            with self.subTest(change=change):
                config = f'load("lib.bzl", "add", "inner", "items")\n{change}\n'
                self.assertIn(message, self.evaluate({"pyoxidizer.bzl": config, "lib.bzl": lib}, 2).stderr)

    def test_errors_in_a_loaded_file_are_told_at_their_place_and_who_loads_it(self):
        result = self.evaluate({"pyoxidizer.bzl": 'load("lib.bzl", "x")\n', "lib.bzl": "x =\ny = = 1\n"}, 2)
        self.assertIn(f'{self.place("lib.bzl")}:1:4: error: ', result.stderr)
        self.assertIn(f'{self.place("lib.bzl")}:2:5: error: ', result.stderr)
        self.assertIn(f'{self.place("pyoxidizer.bzl")}:1:6: error: cannot load {self.place("lib.bzl")}: it has errors\n',
                      result.stderr)


class Limits(oxtest.TestCase):
    LOOP = "[0 for x in range(1 << 50) if 0]"

    def evaluate(self, limits, expression, code):
        result = self.box.oxc("eval", "--no-daemon", "-e", expression, env={"OXIDIZER_CONFIG_LIMITS": limits})
        return self.assertExit(result, code).stderr

    def test_the_environment_sets_them(self):
        self.assertIn("the program needs more than 1 second\n",
                      self.evaluate("time=1,steps=1000000000000", self.LOOP, 6))
        self.assertIn("the program needs more than 100000 steps", self.evaluate("steps=100000", self.LOOP, 8))
        self.assertIn("the program needs more than 5 MiB of memory",
                      self.evaluate("memory=5", "len([0 for x in range(1 << 50)])", 8))
        self.assertIn("calls are nested too deeply (limit 2)",
                      self.evaluate("depth=2", "(lambda x: (lambda y: (lambda z: z)(y))(x))(1)", 8))

    def test_what_is_wrong_in_them_is_said(self):
        self.assertIn("'tim=5' is none of time=N, steps=N, memory=N, depth=N", self.evaluate("tim=5", "1", 2))
        for bad in ("time=0", "time=", "time=1x", "steps=99999999999999999999", "depth=10001"):
            with self.subTest(bad=bad):
                self.assertIn(f"'{bad}': ", self.evaluate(bad, "1", 2))


if __name__ == "__main__":
    oxtest.main()
