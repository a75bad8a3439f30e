"""oxc lint: what is found in every committed configuration, exit codes, JSON, standard input."""
import glob
import os
import subprocess

import oxtest

DATA = os.path.join(oxtest.SRCDIR, "tests", "data")


class Lint(oxtest.TestCase):
    def test_committed_configurations_have_the_findings_of_the_list(self):
        files = sorted(glob.glob(os.path.join(DATA, "configs", "*.bzl")))
        result = self.assertExit(self.box.oxc("lint", "--json", *files), 1)
        found = [f"{os.path.basename(o['file'])}:{o['line']}:{o['column']} {o['code']}"
                 for o in oxtest.events(result.stdout) if o["type"] == "diagnostic"]
        with open(os.path.join(DATA, "lint", "configs.txt"), encoding="utf-8") as expected:
            self.assertEqual(found, expected.read().splitlines())
        last = oxtest.events(result.stdout)[-1]
        self.assertEqual((last["category"], last["message"]), ("findings", f"{len(found)} findings"))

    def test_a_new_configuration_is_clean(self):
        self.assertExit(self.box.oxc("init-config-file", "app", "--python-code", "pass", "--pip-install", "x"), 0)
        for how in ([], ["--no-daemon"]):
            result = self.assertExit(self.box.oxc("lint", "--path", "app", *how), 0)
            self.assertEqual((result.stdout, result.stderr), ("", ""))

    def test_findings_are_shown_where_they_are(self):
        self.box.write("x.bzl", "def f():\n    dist = default_python_distribution()\n    dist.pip_instal([])\n")
        result = self.assertExit(self.box.oxc("lint", "x.bzl"), 1)
        self.assertIn("x.bzl:3:10: warning:", result.stderr)
        self.assertIn("did you mean 'pip_install'", result.stderr)
        self.assertIn("1 finding\n", result.stderr)

    def test_a_file_that_is_no_program_does_not_hide_the_others(self):
        self.box.write("bad.bzl", "x = = 1\n")
        self.box.write("old.bzl", "c = PythonInterpreterConfig()\n")
        result = self.assertExit(self.box.oxc("lint", "bad.bzl", "old.bzl"), 2)
        self.assertIn("bad.bzl:1:5: error:", result.stderr)
        self.assertIn("older generation", result.stderr)
        self.assertExit(self.box.oxc("lint", "absent.bzl"), 2)

    def test_standard_input_and_silenced_remarks(self):
        def lint(text):
            return subprocess.run([oxtest.OXC, "lint", "-"], input=text, env=self.box.env, text=True,
                                  cwd=self.box.root, capture_output=True, timeout=oxtest.PATIENCE, check=False)
        result = lint("len = 1\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("<stdin>:1:1: warning:", result.stderr)
        self.assertEqual(lint("len = 1  # lint: disable=shadowed-name\n").returncode, 0)


if __name__ == "__main__":
    oxtest.main()
