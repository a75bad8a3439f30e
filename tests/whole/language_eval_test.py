"""oxc eval: values, output, mistakes, limits; the same with the daemon and without."""
import signal
import subprocess

import oxtest

CONFIG = """
def make():
    fail("a target is not built")
register_target("exe", make, default = True)
register_target("files", make)
answer = 6 * 7
print("folder", CWD.split("/")[-1], VARS.get("A"))
"""


class Eval(oxtest.TestCase):
    def evaluate(self, *args, code=0, **options):
        """Both ways must give the same; gives back one of the results."""
        with_daemon = self.assertExit(self.box.oxc("eval", *args, **options), code)
        alone = self.assertExit(self.box.oxc("eval", "--no-daemon", *args, **options), code)
        if "--json" not in args:
            self.assertEqual((with_daemon.stdout, with_daemon.stderr), (alone.stdout, alone.stderr))
        return with_daemon

    def test_each_expression_shows_its_value_and_none_nothing(self):
        result = self.evaluate("-e", "1 + 1", "-e", '"a\\n" * 2', "-e", 'print("said")', "-e", "{1: [None]}")
        self.assertEqual(result.stdout, '2\n"a\\na\\n"\nsaid\n{1: [None]}\n')
        self.assertEqual(result.stderr, "")

    def test_a_file_registers_targets_and_builds_none(self):
        path = self.box.write("project/pyoxidizer.bzl", CONFIG)
        result = self.evaluate(path, "--var", "A", "b")
        self.assertEqual(result.stdout, "folder project b\n")
        self.assertIn("targets: exe (default), files", result.stderr)
        self.assertEqual(self.evaluate(path, "-q").stderr, "")
        self.assertEqual(self.evaluate("--path", "project").stdout, "folder project None\n")

    def test_expressions_see_the_names_of_the_file(self):
        path = self.box.write("project/pyoxidizer.bzl", CONFIG)
        result = self.evaluate(path, "-q", "-e", "answer + 1", "-e", "CONFIG_PATH[-14:]")
        self.assertEqual(result.stdout, 'folder project None\n43\n"pyoxidizer.bzl"\n')

    def test_standard_input_is_a_file(self):
        with open(self.box.write("in", "x = [1]\n"), encoding="utf-8") as text:
            result = subprocess.run([oxtest.OXC, "eval", "-", "-e", "x"], stdin=text, env=self.box.env, text=True,
                                    cwd=self.box.root, capture_output=True, timeout=oxtest.PATIENCE, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, "[1]\n"))

    def test_the_dialect_is_there(self):
        result = self.evaluate("-e", 'FileManifest().paths()', "-e", "BUILD_TARGET_TRIPLE", "-e", "CWD")
        self.assertIn("-unknown-linux-gnu", result.stdout)
        self.assertIn(self.box.root, result.stdout)

    def test_json_tells_everything_in_objects(self):
        path = self.box.write("project/pyoxidizer.bzl", CONFIG)
        objects = oxtest.events(self.evaluate(path, "--json", "-e", "[answer]").stdout)
        self.assertEqual([o["type"] for o in objects], ["log", "target", "target", "text", "result"])
        self.assertEqual((objects[3]["text"], objects[3]["value"]), ("[42]", [42]))

    def test_json_has_values_as_far_as_they_have_a_form_in_json(self):
        objects = oxtest.events(self.evaluate("--json", "-e", '{"a": [1.5, True, "é"], "b": (1 << 70, None)}', "-e", "len",
                                              "-e", "{1: 2}").stdout)
        self.assertEqual(objects[0]["value"], {"a": [1.5, True, "é"], "b": [1 << 70, None]})
        self.assertEqual([o.get("value") for o in objects[1:-1]], [None, None])
        self.assertEqual(objects[1]["text"], "<built-in function len>")

    def test_mistakes_are_shown_where_they_are(self):
        result = self.evaluate("-e", "1 +", "-e", "2", code=2)
        self.assertIn("<expression>:1:4: error:", result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertIn("did you mean 'sorted'", self.evaluate("-e", "sortd([])", code=2).stderr)
        path = self.box.write("project/pyoxidizer.bzl", "def f():\n    return 1 // 0\nf()\n")
        self.assertIn("pyoxidizer.bzl:2:14: error:", self.evaluate(path, code=2).stderr)
        self.assertIn("one file at a time", self.evaluate(path, path, code=2).stderr)
        self.assertIn("cannot find absent.bzl: No such file", self.evaluate("absent.bzl", code=2).stderr)

    def test_a_loop_that_never_ends_is_cancelled(self):
        for how in ([], ["--no-daemon"]):
            with self.subTest(how=how):
                oxc = self.box.start("eval", *how, "--json", "-e", 'print("up")', "-e",
                                     "[1 for _ in range(1 << 40) for _ in range(1 << 40) if False]",
                                     env={"OXIDIZER_CONFIG_LIMITS": "steps=1000000000000"})
                self.assertIn("up", oxc.stdout.readline())
                oxc.send_signal(signal.SIGINT)
                out, _ = oxc.communicate(timeout=oxtest.PATIENCE)
                self.assertEqual(oxc.returncode, 130)
                self.assertEqual(oxtest.events(out)[-1]["category"], "cancelled")

    def test_limits_end_what_never_ends(self):
        loop = "[1 for _ in range(1 << 40) if False]"
        result = self.evaluate("-e", loop, code=8, env={"OXIDIZER_CONFIG_LIMITS": "steps=100000"})
        self.assertIn("steps", result.stderr)
        result = self.evaluate("-e", '"a" * (1 << 40)', code=8)
        self.assertEqual(result.stderr.count("too large"), 1)

    def test_a_value_too_large_to_tell_is_an_error(self):
        result = self.evaluate("-e", '"a" * (20 << 20)', code=8)
        self.assertIn("too large", result.stderr)
        self.assertEqual(result.stdout, "")
        result = self.evaluate("-e", '"a" * (20 << 20)', code=8, env={"OXIDIZER_CONFIG_LIMITS": "memory=32"})
        self.assertEqual(result.stderr.count("more than 32 MiB"), 1)


if __name__ == "__main__":
    oxtest.main()
