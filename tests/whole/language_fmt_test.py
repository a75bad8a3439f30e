"""oxc fmt: files, standard input, --check, JSON, and what happens to files that are special."""
import glob
import os
import subprocess

import oxtest

CONFIGS = sorted(glob.glob(os.path.join(oxtest.SRCDIR, "tests", "data", "configs", "*.bzl")))
UGLY, PRETTY = "x=[1 ,2]# c\n", "x = [1, 2]  # c\n"


class Fmt(oxtest.TestCase):
    def pipe(self, text, *args):
        return subprocess.run([oxtest.OXC, "fmt", *args], input=text, env=self.box.env, text=True, cwd=self.box.root,
                              capture_output=True, timeout=oxtest.PATIENCE, check=False)

    def test_files_are_rewritten_once_and_keep_their_mode(self):
        path = self.box.write("a.bzl", UGLY)
        os.chmod(path, 0o640)
        result = self.assertExit(self.box.oxc("fmt", "a.bzl"), 0)
        self.assertEqual((result.stdout, result.stderr), ("", "note: formatted a.bzl\n"))
        self.assertEqual(self.box.read("a.bzl"), PRETTY)
        before = os.stat(path)
        self.assertEqual(before.st_mode & 0o7777, 0o640)
        for how in ([], ["--no-daemon"]):
            result = self.assertExit(self.box.oxc("fmt", "a.bzl", *how), 0)
            self.assertEqual((result.stdout, result.stderr), ("", ""))
        after = os.stat(path)
        self.assertEqual((before.st_ino, before.st_ctime_ns), (after.st_ino, after.st_ctime_ns))
        self.assertEqual([name for name in os.listdir(self.box.root) if name.startswith("a.bzl")], ["a.bzl"])

    def test_check_lists_what_would_change_and_changes_nothing(self):
        self.box.write("a.bzl", UGLY)
        self.box.write("b.bzl", PRETTY)
        result = self.assertExit(self.box.oxc("fmt", "--check", "a.bzl", "b.bzl"), 1)
        self.assertEqual((result.stdout, result.stderr), ("a.bzl\n", "error: 1 file would change\n"))
        self.assertEqual(self.box.read("a.bzl"), UGLY)
        self.assertExit(self.box.oxc("fmt", "--check", "b.bzl"), 0)

    def test_committed_configurations_and_new_ones_have_the_form_already(self):
        self.assertExit(self.box.oxc("init-config-file", "plain"), 0)
        self.assertExit(self.box.oxc("init-config-file", "full", "--python-code", "import a; a.b('\"c\"')\nd",
                                     "--pip-install", "x==1.0"), 0)
        longest = "p" * (120 - len('    exe.add_python_resources(exe.pip_install(["", "q"]))'))
        self.assertExit(self.box.oxc("init-config-file", "wide", "--pip-install", longest, "--pip-install", "q"), 0)
        self.assertIn(f'["{longest}", "q"]', self.box.read("wide/pyoxidizer.bzl"))
        self.assertExit(self.box.oxc("init-config-file", "wider", "--pip-install", longest + "p",
                                     "--pip-install", "q"), 0)
        self.assertIn('[\n        "p', self.box.read("wider/pyoxidizer.bzl"))
        result = self.box.oxc("fmt", "--check", "plain", "full", "wide", "wider", *CONFIGS)
        self.assertEqual((result.stdout, result.returncode), ("", 0))
        self.assertGreaterEqual(len(CONFIGS), 8)

    def test_the_configuration_that_a_build_would_take_is_the_default(self):
        self.box.write("app/pyoxidizer.bzl", UGLY)
        self.assertExit(self.box.oxc("fmt", cwd=self.box.path("app")), 0)
        self.assertEqual(self.box.read("app/pyoxidizer.bzl"), PRETTY)
        self.assertExit(self.box.oxc("fmt", "--check", "--path", "app"), 0)

    def test_standard_input_goes_to_standard_output(self):
        for how in ([], ["--no-daemon"]):
            result = self.pipe(UGLY, "-", *how)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, PRETTY, ""))
        self.assertEqual(self.pipe("", "-").stdout, "")
        self.assertEqual(self.pipe("x = '''a\n\n'''\n\n", "-").stdout, 'x = """a\n\n"""\n')
        self.assertEqual(self.pipe(PRETTY, "-", "--check").returncode, 0)
        result = self.pipe(UGLY, "-", "--check")
        self.assertEqual((result.returncode, result.stdout), (1, "<stdin>\n"))

    def test_a_syntax_error_leaves_its_file_and_not_the_others(self):
        self.box.write("bad.bzl", "x = [1\ny = 2\n")
        self.box.write("a.bzl", UGLY)
        result = self.assertExit(self.box.oxc("fmt", "bad.bzl", "a.bzl"), 2)
        self.assertIn("bad.bzl:2:1: error: got 'y' where ',' or ']' should be", result.stderr)
        self.assertEqual(self.box.read("bad.bzl"), "x = [1\ny = 2\n")
        self.assertEqual(self.box.read("a.bzl"), PRETTY)
        self.assertEqual(self.pipe("x = ", "-").stdout, "")

    def test_json_tells_texts_and_the_result(self):
        path = self.box.write("a.bzl", UGLY)
        told = oxtest.events(self.assertExit(self.box.oxc("fmt", "--json", "a.bzl"), 0).stdout)
        self.assertEqual([(o["type"], o.get("file"), o.get("text"), o.get("changed")) for o in told[:-1]],
                         [("text", os.path.realpath(path), PRETTY, True)])
        self.assertEqual((told[-1]["type"], told[-1]["exit_code"]), ("result", 0))
        told = oxtest.events(self.assertExit(self.box.oxc("fmt", "--json", "--check", "a.bzl"), 0).stdout)
        self.assertEqual((told[0]["changed"], told[0]["text"]), (False, ""))

    def test_a_link_stays_a_link_and_a_file_named_twice_is_written_once(self):
        self.box.write("real/a.bzl", UGLY)
        os.symlink("real/a.bzl", self.box.path("link.bzl"))
        self.assertExit(self.box.oxc("fmt", "link.bzl", "real/a.bzl", "link.bzl"), 0)
        self.assertTrue(os.path.islink(self.box.path("link.bzl")))
        self.assertEqual(self.box.read("real/a.bzl"), PRETTY)

    def test_what_cannot_be_replaced_is_refused_before_anything_is_written(self):
        self.box.write("a.bzl", UGLY)
        os.link(self.box.write("twice.bzl", UGLY), self.box.path("other.bzl"))
        result = self.assertExit(self.box.oxc("fmt", "a.bzl", "twice.bzl"), 2)
        self.assertIn("2 names (hard links)", result.stderr)
        self.assertEqual(self.box.read("a.bzl"), UGLY)
        self.assertExit(self.box.oxc("fmt", "absent.bzl"), 2)


if __name__ == "__main__":
    oxtest.main()
