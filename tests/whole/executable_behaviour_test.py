"""A produced executable behaves as python3 does, case by case, in one run with python3."""
import os
import re
import signal
import subprocess
import unittest

import oxtest
from oxdaemon import wait_until

CONFIG = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_module = "behaviour"
    exe = dist.to_python_executable(name="behaviour", config=config)
    exe.add_python_resources(exe.read_package_root(path=".", packages=["behaviour"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
DATA = os.path.join(oxtest.SRCDIR, "tests", "data", "behaviour")
RUNPY_FRAME = re.compile(r'^ *(?:\| *)?File "<frozen runpy>", line \d+, in \w+\n', re.M)
PLACE = re.compile(r'(File "|^)(?:/[^":\n]*/|[\w.]+\.)?(\w+?)(?:\.py)?(", line \d+|:\d+: \w+:)', re.M)


def normal(text):
    """Text with what is meant to differ made equal: ours names modules where python3 names files,
    and shows no frames of runpy."""
    return PLACE.sub(r"\1\2\3", RUNPY_FRAME.sub("", text))


def wait_until_asleep(pid):
    """A process that has said that it is ready may not have come to the line behind that yet."""
    def is_asleep():
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "S"

    wait_until(is_asleep)


class Behaviour(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = oxtest.Sandbox(shared_store=True)
        cls.addClassCleanup(cls.box.close)
        subprocess.run(["cp", "-r", DATA, cls.box.path("project")], check=True)
        subprocess.run(["chmod", "-R", "u+w", cls.box.path("project")], check=True)
        cls.box.write("project/pyoxidizer.bzl", CONFIG)
        result = cls.box.oxc("build", "--path", cls.box.path("project"))
        if result.returncode:
            raise AssertionError(result.stdout + result.stderr)
        output = [os.path.join(folder, "behaviour")
                  for folder, _, files in os.walk(cls.box.path("project", "build")) if "behaviour" in files]
        cls.ours = [output[0]]
        cls.python = [oxtest.HOST_PYTHON, "-m", "behaviour"]

    def run_both(self, *args, env=None, **options):
        results = []
        for command, extra in ((self.python, {"PYTHONPATH": DATA, "PYTHONNOUSERSITE": "1"}), (self.ours, {})):
            result = subprocess.run([*command, *args], capture_output=True, text=True,
                                    timeout=oxtest.PATIENCE, cwd=self.box.root,
                                    env={"PATH": os.environ["PATH"], **(env or {}), **extra}, check=False, **options)
            results.append((result.returncode, normal(result.stdout), normal(result.stderr)))
        return results

    def assert_same(self, *args, **options):
        theirs, ours = self.run_both(*args, **options)
        self.assertEqual(theirs, ours)
        return ours

    def test_standard_cases_are_as_in_python3(self):
        for name in ("uncaught", "chained", "group", "syntax", "thread", "finaliser", "at_exit", "daemon_thread",
                     "waits_for_thread", "exit_number", "exit_text", "exit_none", "exit_large", "exit_float",
                     "leave_at_once", "killed_by_signal", "warns", "recursion", "imports_missing",
                     "text_of_source", "child_interpreter_pool"):
            with self.subTest(name):
                self.assert_same(name)

    def test_the_standard_library_works_as_in_python3(self):
        for name in ("spawned_functions", "data_of_package", "debugger", "logs", "kept_log", "time_zone", "pickled",
                     "weak_finaliser"):
            with self.subTest(name):
                self.assertEqual(self.assert_same(name)[0], 0)

    def test_an_uncaught_exception_shows_source_lines(self):
        _, _, error = self.assert_same("uncaught")
        self.assertIn("return 1 / value  # the line that must be shown", error)

    def test_arguments_arrive(self):
        status, output, _ = self.assert_same("arguments", "a b", "", "\u00e9")
        self.assertEqual(status, 0)
        self.assertIn("'a b', ''", output)

    def test_accents_print_in_every_locale(self):
        for env in ({"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LANG": "C.UTF-8"}, {}):
            with self.subTest(env):
                status, output, _ = self.assert_same("accents", env=env)
                self.assertEqual(status, 0)
                self.assertIn("\u00e9", output)

    def test_a_file_written_and_never_closed_is_complete(self):
        for name, size in (("unclosed", 100000), ("unclosed_in_cycle", 8)):
            path = self.box.path(name)
            self.assert_same(name, path)
            self.assertEqual(os.path.getsize(path), size)

    def test_standard_input_is_read(self):
        self.assertEqual(self.assert_same("reads_input", input="abc\n"), (0, "ABC\n", ""))

    def test_ctrl_c_raises_keyboard_interrupt(self):
        for name in ("interrupted", "handles_interrupt"):
            seen = []
            for command, env in ((self.python, {"PYTHONPATH": DATA}), (self.ours, {})):
                child = subprocess.Popen([*command, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                         env={"PATH": os.environ["PATH"], **env})
                self.assertEqual(child.stdout.readline(), "ready\n")
                wait_until_asleep(child.pid)
                child.send_signal(signal.SIGINT)
                output, error = child.communicate(timeout=oxtest.PATIENCE)
                seen.append((child.returncode, output, normal(error)))
            self.assertEqual(*seen)
        self.assertEqual(seen[1][0], 4)

    def test_a_broken_pipe_ends_as_in_python3(self):
        seen = []
        for command, env in ((self.python, {"PYTHONPATH": DATA}), (self.ours, {})):
            child = subprocess.Popen([*command, "broken_pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], **env})
            self.assertEqual(child.stdout.readline(), "ready\n")
            child.stdout.close()
            child.stdin.close()
            error = child.stderr.read()
            child.stderr.close()
            seen.append((child.wait(timeout=oxtest.PATIENCE), normal(error)))
        self.assertEqual(*seen)
        self.assertNotEqual(seen[0][0], 0)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_output_to_a_full_device_fails_as_in_python3(self):
        seen = []
        for command, env in ((self.python, {"PYTHONPATH": DATA}), (self.ours, {})):
            with open("/dev/full", "w", encoding="ascii") as full:
                result = subprocess.run([*command, "full_output"], stdout=full, stderr=subprocess.PIPE, text=True,
                                        env={"PATH": os.environ["PATH"], **env}, check=False)
            seen.append((result.returncode, normal(result.stderr)))
        self.assertEqual(*seen)
        self.assertNotEqual(seen[0][0], 0)


if __name__ == "__main__":
    oxtest.main()
