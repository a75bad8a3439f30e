"""CPython's own tests, served by the finder inside one file (tests/data/cpython).

ImportSuite: the tests of importing and of what builds on it. All cases but those in excluded-3.X.txt, each of which has its
reason there and which are at most one in twenty of each module's (in 3.13 not of test_import's, in which 13 cases know only
importlib's own loaders), pass; and as many cases are met as the plain interpreter meets.
WholeSuite: a hundred other modules give what they give in the plain interpreter, case by case.
"""
import os
import shutil
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import oxtest

DATA = os.path.join(oxtest.SRCDIR, "tests", "data", "cpython")
IMPORT_TESTS = ("test_import", "test_importlib", "test_inspect", "test_linecache", "test_pkgutil", "test_runpy",
                "test_threading", "test_traceback")
AT_ONCE = (("test_threading",), tuple(name for name in IMPORT_TESTS if name != "test_threading"))


def setUpModule():
    global BOX, STDLIB, SUITE
    if os.environ.get("OX_AGAIN"):
        raise unittest.SkipTest("these have run before, with the same executable")
    probe = subprocess.run([oxtest.HOST_PYTHON, "-c", "import test.test_import"], capture_output=True, check=False)
    if probe.returncode:
        why = f"{oxtest.HOST_PYTHON} lacks CPython's tests (libpython{oxtest.HOST_VERSION}-testsuite)"
        print(f"\nSKIPPING {why}", file=sys.stderr, flush=True)
        raise unittest.SkipTest(why)
    STDLIB = oxtest.ask_python("import sysconfig; print(sysconfig.get_path('stdlib'))")
    BOX = oxtest.Sandbox(shared_store=True)
    unittest.addModuleCleanup(BOX.close)
    shutil.copytree(DATA, BOX.path("project"))
    built = BOX.oxc("build", "--path", BOX.path("project"))
    if built.returncode:
        raise AssertionError(built.stderr)
    [SUITE] = [os.path.join(folder, "suite") for folder, _, files in os.walk(BOX.path("project", "build"))
               if "suite" in files]


def excluded():
    path = os.path.join(DATA, f"excluded-{oxtest.HOST_VERSION}.txt")
    if not os.path.exists(path):
        print(f"\nSKIPPING CPython {oxtest.HOST_VERSION}'s tests of importing: there is no {path}", file=sys.stderr, flush=True)
        raise unittest.SkipTest("nobody has looked at this version's cases")
    with open(path, encoding="utf-8") as lines:
        return dict(line.rstrip("\n").split("  ", 1) for line in lines if not line.startswith("#"))


def is_there(name):
    """Versions lack what was taken out of the library."""
    tests = os.path.join(STDLIB, "test", name)
    return os.path.isdir(tests) or os.path.exists(tests + ".py")


def start(python, name, *args):
    """`python -m test ARGS` in a folder of its own, its output in name.log. What fails is run once more by itself: some of
    CPython's cases measure times, and the machine may be busy."""
    folder = BOX.path(name)
    os.mkdir(folder)
    with open(BOX.path(name + ".log"), "wb") as log:
        return subprocess.Popen([python, "-m", "test", "-w", "--junit-xml", BOX.path(name + ".xml"), *args], cwd=folder,
                                env=BOX.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def cases(name):
    """What each case came to at last: its name -> "completed", "skipped", or what went wrong."""
    results = {}
    for case in xml.etree.ElementTree.parse(BOX.path(name + ".xml")).getroot().iter("testcase"):
        wrong = [part.tag for part in case if part.tag in ("failure", "error", "skipped")]
        results[case.get("name")] = wrong[0] if wrong else case.get("result")
    return results


def end(process, name):
    if process.wait(timeout=6 * oxtest.PATIENCE):
        raise AssertionError(BOX.read(name + ".log")[-6000:])


class ImportSuite(unittest.TestCase):
    def run_both(self, python, name, *args):
        runs = [(start(python, f"{name}{i}", *args, *tests), f"{name}{i}") for i, tests in enumerate(AT_ONCE)]
        for process, run in runs:
            end(process, run)
        return {case: what for _, run in runs for case, what in cases(run).items()}

    def test_all_but_the_excluded_cases_pass(self):
        reasons = excluded()
        without = BOX.write("excluded", "".join(f"{name}\n" for name in reasons))
        ours = self.run_both(SUITE, "ours", "--ignorefile", without)
        plain = self.run_both(oxtest.HOST_PYTHON, "plain")
        self.assertEqual([name for name in reasons if name not in plain], [], "excluded cases that do not exist")
        self.assertEqual(sorted(set(plain) - set(ours)), sorted(reasons))
        self.assertLessEqual(len(reasons) * 20, len(plain))
        for module in IMPORT_TESTS[oxtest.HOST_VERSION == "3.13":]:
            left_out, all_of_it = ([n for n in names if n.startswith(f"test.{module}.")] for names in (reasons, plain))
            self.assertLessEqual(len(left_out) * 20, len(all_of_it), module)
        self.assertGreater(len(plain), 2000)


class WholeSuite(unittest.TestCase):
    def test_a_hundred_modules_give_the_plain_interpreters_results(self):
        with open(os.path.join(DATA, "modules.txt"), encoding="utf-8") as names:
            modules = [name for name in names.read().split() if is_there(name)]
        self.assertGreaterEqual(len(modules), 100)
        runs = [(start(python, name, *modules), name) for python, name in ((SUITE, "file"), (oxtest.HOST_PYTHON, "host"))]
        for process, name in runs:
            end(process, name)
        self.assertEqual(cases("file"), cases("host"))
        self.assertGreater(len(cases("host")), 2000)


if __name__ == "__main__":
    oxtest.main()
