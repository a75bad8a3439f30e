"""sys.executable of an executable, called as libraries call python3: -c and -m are answered or belong to the
application, as the setting says, and the application never starts itself without end."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stubkit  # noqa: E402
from stubkit import run  # noqa: E402
if os.path.realpath(sys.executable) != os.path.realpath(stubkit.PYTHON):
    os.execv(stubkit.PYTHON, [stubkit.PYTHON, *sys.argv])  # bytecode is made by the interpreter that is linked

# Started by a user, the application runs the command line that it was given through sys.executable; when it is
# reached again it says so.
APPLICATION = """
import os, subprocess, sys
if __name__ == "__main__":
    if os.environ.get("STARTED"):
        print("application again:", sys.argv[1:])
    elif "--forward" in sys.argv:
        p = subprocess.run([sys.executable, *sys.argv[2:]], env={**os.environ, "STARTED": "1"})
        print("status", p.returncode)
    else:
        print("application:", sys.argv[1:])
"""
# Calls itself with -c, whatever it is asked.
LOOP = "import subprocess, sys\nprint('x', end='', flush=True)\n" \
       "sys.exit(subprocess.run([sys.executable, '-c', 'print(1)'], timeout=60).returncode)\n"
# What a library would do: through a shell that stays between.
WRAPPED_LOOP = "import subprocess, sys\nprint('x', end='', flush=True)\n" \
               "p = subprocess.run(['sh', '-c', '\"$0\" -c \"print(1)\"; exit $?', sys.executable], timeout=60)\n" \
               "sys.exit(p.returncode)\n"
MODULE = """
import argparse, sys
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("word")
    print(parser.parse_args().word, __name__, sys.argv[0].startswith(sys.executable + "/"), sys.flags.dont_write_bytecode)
"""


def setUpModule():
    global KIT, FOLDER, SOURCES
    FOLDER = tempfile.TemporaryDirectory(prefix="ox-call-")
    KIT = stubkit.Kit(FOLDER.name)
    SOURCES = pathlib.Path(FOLDER.name, "sources")
    SOURCES.mkdir()
    for name, text in {"application": APPLICATION, "loop": LOOP, "wrapped": WRAPPED_LOOP, "tool": MODULE}.items():
        (SOURCES / f"{name}.py").write_text(text)


def tearDownModule():
    FOLDER.cleanup()


def build(setting="child", module="application", **settings):
    return KIT.build(SOURCES, with_libraries=False, run_module=module, python_arguments=setting, **settings)


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.exe = build()

    def forward(self, *arguments, exe=None):
        p = run(exe or self.exe, "--forward", *arguments)
        self.assertEqual(p.stderr, "")
        return p.stdout

    def test_a_command_runs(self):
        self.assertEqual(self.forward("-c", "print(1)"), "1\nstatus 0\n")

    def test_a_command_has_pythons_argv_and_options(self):
        code = "import sys; print(sys.argv, sys.flags.optimize, sys._xoptions, sys.warnoptions, __name__)"
        self.assertEqual(self.forward("-OOX", "a=b", "-Wignore", "-c", code, "-x", "y"),
                         "['-c', '-x', 'y'] 2 {'a': 'b'} ['ignore'] __main__\nstatus 0\n")

    def test_options_may_be_joined(self):
        self.assertEqual(self.forward("-ISc", "print('joined')"), "joined\nstatus 0\n")
        self.assertEqual(self.forward("-cprint('joined')"), "joined\nstatus 0\n")

    def test_the_exit_status_is_the_codes(self):
        self.assertEqual(self.forward("-c", "import sys; sys.exit(7)"), "status 7\n")

    def test_a_packed_module_runs(self):
        self.assertEqual(self.forward("-B", "-m", "tool", "hello"), "hello __main__ True 1\nstatus 0\n")

    def test_a_module_of_the_standard_library_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "mod.py").write_text("x = 1\n")
            self.assertEqual(self.forward("-m", "compileall", "-q", folder), "status 0\n")
            self.assertEqual(len(list(pathlib.Path(folder, "__pycache__").iterdir())), 1)
        self.assertIn("usage: ", self.forward("-m", "json.tool", "--help"))

    def test_an_absent_module_is_named(self):
        p = run(self.exe, "--forward", "-m", "absent_module")
        self.assertEqual((p.stdout, p.stderr.strip().split(": ", 1)[1]), ("status 1\n", "No module named absent_module"))

    def test_files_are_importable_from_folders_that_the_code_names(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "plugin.py").write_text("print('plugin', __file__ is not None)\n")
            code = f"import runpy, sys; sys.path.insert(0, {folder!r}); runpy.run_module('plugin')"  # as ensurepip does
            self.assertEqual(self.forward("-W", "ignore", "-c", code), "plugin True\nstatus 0\n")

    def test_what_is_packed_comes_first(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "tool.py").write_text("print('wrong')\n")
            code = f"import sys; sys.path.insert(0, {folder!r}); import tool; print(tool.argparse.__name__)"
            self.assertEqual(self.forward("-c", code), "argparse\nstatus 0\n")

    def test_the_python_profile_finds_files_in_the_current_folder(self):
        exe = build(config_profile="python", parse_argv="false", site_import="false", filesystem_importer="true",
                    pathconfig_warnings="false")
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "local.py").write_text("print('local')\n")
            for arguments in (["-m", "local"], ["-c", "import local"]):
                p = run(exe, "--forward", *arguments, cwd=folder)
                self.assertEqual((p.stdout, p.stderr), ("local\nstatus 0\n", ""))

    def test_answers_call_themselves_again(self):
        inner = "import subprocess, sys; print(subprocess.check_output([sys.executable, '-c', 'print(2)']))"
        self.assertEqual(self.forward("-c", inner), "b'2\\n'\nstatus 0\n")

    def test_users_options_are_the_applications(self):
        for arguments in (["-c", "print(1)"], ["-m", "tool"], ["-Wignore", "-c", "x"]):
            self.assertEqual(run(self.exe, *arguments).stdout, f"application: {arguments}\n")

    def test_what_is_no_call_of_python_is_the_applications(self):
        for arguments in ([], ["run", "-c", "x"], ["-c"], ["-m"], ["-z", "-c", "x"], ["--", "-c", "x"], ["-", "-c", "x"],
                          ["-W"], ["--color", "-c", "x"]):
            self.assertEqual(self.forward(*arguments), f"application again: {arguments}\nstatus 0\n")

    def test_always_answers_users_too(self):
        exe = build("always")
        self.assertEqual(run(exe, "-c", "print(1)").stdout, "1\n")
        self.assertEqual(run(exe, "-x", "print(1)").stdout, "application: ['-x', 'print(1)']\n")

    def test_never_passes_everything_on(self):
        self.assertEqual(self.forward("-c", "print(1)", exe=build("never")),
                         "application again: ['-c', 'print(1)']\nstatus 0\n")

    def test_refuse_tells_its_own_processes(self):
        exe = build("refuse")
        p = run(exe, "--forward", "-c", "print(1)")
        self.assertEqual(p.stdout, "status 1\n")
        self.assertIn("is not a Python interpreter, but was started as one by its own process (-c print(1))", p.stderr)
        self.assertEqual(run(exe, "-c", "x").stdout, "application: ['-c', 'x']\n")


class Loops(unittest.TestCase):
    def test_an_application_that_calls_python_is_not_started_again(self):
        p = run(build(module="loop"))
        self.assertEqual((p.stdout, p.stderr, p.returncode), ("x1\n", "", 0))

    def test_a_loop_ends_where_the_application_is_started_again(self):
        for setting, module in (("never", "loop"), ("child", "wrapped"), ("refuse", "wrapped")):
            with self.subTest(setting=setting):
                p = run(build(setting, module))
                self.assertEqual((p.stdout, p.returncode), ("x" * 8, 1))
                self.assertIn("has started itself with -c more than 8 levels deep", p.stderr)

    def test_a_replaced_executable_is_still_the_same_one(self):
        exe = build()
        code = f"cp {exe} {exe}.new && mv {exe}.new {exe}"
        forward = f"import subprocess, sys; subprocess.run(['sh', '-c', {code!r}], check=True); " \
                  "subprocess.run([sys.executable, '-c', 'print(3)'])"
        p = subprocess.run([exe, "--forward", "-c", forward], capture_output=True, text=True, timeout=60)
        self.assertEqual((p.stdout, p.stderr), ("3\nstatus 0\n", ""))


if __name__ == "__main__":
    unittest.main()
