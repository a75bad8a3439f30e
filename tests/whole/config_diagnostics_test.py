"""What is wrong in a configuration is said with its place, and what to do."""
import os

import oxtest

EXE = """
def make_exe():
    dist = default_python_distribution()
    return dist.to_python_executable(name="app")

register_target("exe", make_exe)
resolve_targets()
"""


class Diagnostics(oxtest.TestCase):
    shared_store = True

    def fail_build(self, config, *args, code=2, **options):
        self.box.write("project/pyoxidizer.bzl", config)
        return self.assertExit(
            self.box.oxc("build", "--no-daemon", "--path", self.box.path("project"), *args, **options), code)

    def test_a_misspelt_name_has_its_place_a_caret_and_a_hint(self):
        result = self.fail_build("def f():\n    return defualt_python_distribution()\n"
                                 "register_target('exe', f)\nresolve_targets()\n")
        self.assertIn("pyoxidizer.bzl:2:12", result.stderr)
        self.assertIn("    return defualt_python_distribution()", result.stderr)
        self.assertIn("^", result.stderr)
        self.assertEqual(result.stderr.count("error:"), 1, result.stderr)
        self.assertIn("default_python_distribution", result.stderr.replace("defualt_python_distribution", ""))

    def test_a_misspelt_name_in_json(self):
        result = self.fail_build(EXE.replace("to_python_executable", "to_python_executabel"), "--json")
        events = oxtest.events(result.stdout)
        found = [event for event in events if event["type"] == "diagnostic" and event["severity"] == "error"]
        self.assertEqual(len(found), 1, events)
        self.assertEqual((found[0]["line"], found[0]["source_line"].strip()),
                         (4, 'return dist.to_python_executabel(name="app")'))
        self.assertIn("to_python_executable", found[0]["hint"])
        self.assertEqual(events[-1]["type"], "result")
        self.assertEqual((events[-1]["exit_code"], events[-1]["category"]), (2, "configuration"))

    def test_json_says_of_every_state_which_target_is_the_default(self):
        result = self.build("def a():\n    return FileManifest()\nregister_target('a', a)\n"
                            "register_target('b', a, default=True)\n", "--no-daemon", "--json", "a", "b")
        told = {(event["name"], event["state"]): event["default"]
                for event in oxtest.events(result.stdout) if event["type"] == "target"}
        states = ("started", "resolved", "built")
        self.assertEqual(told, {(name, state): name == "b" for name in "ab" for state in states})

    def test_a_misspelt_keyword_and_attribute(self):
        result = self.fail_build(EXE.replace("name=", "nam="))
        self.assertIn("name", result.stderr)
        result = self.fail_build(EXE.replace("return", "dist.make_python_packaging_policy().include_tests = True\n    return"))
        self.assertIn("include_test", result.stderr.replace("include_tests", ""))

    def test_a_syntax_error(self):
        result = self.fail_build("def f(:\n    pass\n")
        self.assertIn("pyoxidizer.bzl:1:7", result.stderr)

    def test_a_missing_configuration(self):
        os.mkdir(self.box.path("empty"))
        result = self.assertExit(self.box.oxc("build", "--no-daemon", "--path", self.box.path("empty")), 2)
        self.assertIn("pyoxidizer.bzl", result.stderr)
        self.assertIn("init-config-file", result.stderr)

    def test_an_unknown_target_names_those_there_are(self):
        result = self.fail_build(EXE, "exx")
        self.assertIn("there is no target 'exx'", result.stderr)
        self.assertIn("did you mean 'exe'", result.stderr)

    def test_a_target_that_gives_nothing_buildable(self):
        result = self.fail_build("def f():\n    return [1]\nregister_target('exe', f)\nresolve_targets()\n")
        self.assertIn("target 'exe' gives nothing that can be built (a list)", result.stderr)

    def test_a_file_that_registers_nothing(self):
        self.assertIn("registers no target", self.fail_build("x = 1\n").stderr)

    def test_targets_that_depend_on_each_other(self):
        result = self.fail_build("def f(x):\n    return x\nregister_target('a', f, depends=['b'])\n"
                                 "register_target('b', f, depends=['a'])\nresolve_targets()\n")
        self.assertIn("a -> b -> a", result.stderr)

    def test_another_machines_triple(self):
        result = self.fail_build(EXE, "--target-triple", "riscv64gc-unknown-linux-gnu")
        self.assertIn("riscv64gc-unknown-linux-gnu", result.stderr)

    def test_pip_failing_shows_its_output_and_one_line(self):
        config = EXE.replace("return dist.to_python_executable(name=\"app\")",
                             "exe = dist.to_python_executable(name=\"app\")\n"
                             "    exe.add_python_resources(exe.pip_install([\"--no-index\", \"no-such-package-here\"]))\n"
                             "    return exe")
        result = self.fail_build(config, code=1)
        self.assertIn("No matching distribution found for no-such-package-here", result.stderr)
        self.assertIn("pip", result.stderr.strip().splitlines()[-1])
        self.assertFalse(os.path.exists(self.box.path("project", "build")))

    def test_list_targets(self):
        self.box.write("project/pyoxidizer.bzl", EXE + "register_target('other', make_exe)\n")
        result = self.assertExit(
            self.box.oxc("list-targets", "--no-daemon", "--json", "--path", self.box.path("project")), 0)
        targets = [(e["name"], e["default"]) for e in oxtest.events(result.stdout) if e["type"] == "target"]
        self.assertEqual(targets, [("exe", True), ("other", False)])

    def test_a_variable_that_is_missing(self):
        result = self.fail_build("x = VARS[\"flavor\"]\n")
        self.assertIn("flavor", result.stderr)
        self.assertIn("pyoxidizer.bzl:1", result.stderr)


if __name__ == "__main__":
    oxtest.main()
