"""Imports inside an executable, and the same programs under the interpreter that it holds: output, errors and
exit status are equal."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stubkit  # noqa: E402
from import_scenarios import SCENARIOS  # noqa: E402
if os.path.realpath(sys.executable) != os.path.realpath(stubkit.PYTHON):
    os.execv(stubkit.PYTHON, [stubkit.PYTHON, *sys.argv])  # bytecode is made by the interpreter that is linked

# Runs a module's code as the program, in both the same way.
START = """
import sys, importlib.util
n = sys.argv[-1]
exec(importlib.util.find_spec(n).loader.get_code(n), {'__name__': '__main__', '__builtins__': __builtins__})
"""


def prefix(scenario):
    return re.sub(r"\W", "_", scenario) + "_"


def setUpModule():
    global KIT, FOLDER, SOURCES
    FOLDER = tempfile.TemporaryDirectory(prefix="ox-import-")
    SOURCES = pathlib.Path(FOLDER.name, "sources")
    for scenario, modules in SCENARIOS.items():
        for name, source in modules.items():
            path = SOURCES / (prefix(scenario) + name + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(source).replace("@", prefix(scenario)))
    KIT = stubkit.Kit(FOLDER.name)


def tearDownModule():
    FOLDER.cleanup()


def plain(text):
    """Files as modules; without the frames of importlib, the times, and the addresses."""
    text = re.sub(re.escape(str(SOURCES)) + r"/([\w/]*)\.py",
                  lambda m: re.sub("/__init__$", "", m[1]).replace("/", "."), text)
    text = re.sub(r'  File "(<frozen importlib\.\w+>|[^"]*/importlib/__init__\.py)".*\n(    .*\n)*', "", text)
    text = re.sub(r'  File "importlib", .*\n(    .*\n)*', "", text)
    text = re.sub(r" \((unknown location|[\w.]+)\)", "", text)
    text = re.sub(r"<module '([\w.]+)' (from '[^']*'|\(<.*?>\))>", r"<module '\1'>", text)
    text = re.sub(r"import time: +\d+ \| +\d+ \|", "import time:", text)
    # CPython says the rest only of modules that have a file.
    text = re.sub(r"partially initialized module ('[\w.]+') \(most likely due to a circular import\)", r"\1", text)
    return re.sub("0x[0-9a-f]+|at [0-9]{6,}", "0x", text)


class Differential(unittest.TestCase):
    def result(self, *command):
        p = subprocess.run(command, capture_output=True, text=True, errors="backslashreplace", cwd=FOLDER.name,
                           timeout=600, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
                                            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")})
        return p.returncode, plain(p.stdout), plain(p.stderr)

    def importlibs(self, *command):
        """Of importlib itself, which now and then sees a deadlock where there is none (4 of 150 runs of "crowd")."""
        for _ in range(8):
            result = self.result(*command)
            if "_DeadlockError(" not in result[1]:
                break
        return result

    def expected(self, scenario, *options):
        start = f"import sys; sys.path.insert(0, {str(SOURCES)!r})\n" + START.lstrip()
        return self.importlibs(stubkit.PYTHON, "-E", "-s", "-S", *options, "-c", start, prefix(scenario) + "main")

    def compare(self, executable, run):
        for scenario in SCENARIOS:
            with self.subTest(scenario=scenario):
                self.assertEqual(run(executable, prefix(scenario) + "main"), self.expected(scenario))

    def test_imports_are_those_of_importlib(self):
        self.compare(KIT.build(SOURCES, with_libraries=False, run_command=START), self.result)

    def test_without_the_fast_path_they_are_as_well(self):
        self.compare(KIT.build(SOURCES, with_libraries=False, run_command=START, fast_import="false"), self.importlibs)

    def test_collection_is_held_back_only_where_the_setting_says_so(self):
        (SOURCES / "asks_gc.py").write_text("import gc\nown = type(gc.get_threshold.__self__).__name__ == 'module'\n"
                                            "first = gc.get_threshold()[0]\n")
        look = "import gc, asks_gc\nprint(asks_gc.own, asks_gc.first == gc.get_threshold()[0])"
        for setting, told in (("true", "False True\n"), ("false", "True True\n")):
            exe = KIT.build(SOURCES, with_libraries=False, run_command=look, deferred_collection=setting)
            self.assertEqual(self.result(exe), (0, told, ""))

    def test_import_times_are_told_with_the_same_nesting(self):
        exe = KIT.build(SOURCES, with_libraries=False, run_command=START, import_time="true")
        for scenario in ("plain", "failing"):
            told = []
            for status, out, err in (self.result(exe, prefix(scenario) + "main"),
                                     self.expected(scenario, "-X", "importtime")):
                told.append([line for line in err.splitlines() if prefix(scenario) in line])
            self.assertEqual(*told)
            self.assertGreater(len(told[0]), 5)


if __name__ == "__main__":
    unittest.main()
