"""What packages do that expect to be files, in one executable: a small wheel for each way that was met in the wild
(contrib/packages-try tries the real ones)."""
import glob
import os
import subprocess
import zipfile

import oxtest

CONFIG = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_module = "app"
    exe = dist.to_python_executable(name="app", config=config)
    exe.add_python_resources(exe.pip_install(["--no-index", "--find-links", CWD + "/wheels", "odd==1.0"]))
    exe.add_python_resources(exe.read_package_root(path=".", packages=["app"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
PLUGINS = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_module = "app"
    {setting}
    policy = dist.make_python_packaging_policy()
    {policy}
    exe = dist.to_python_executable(name="app", packaging_policy=policy, config=config)
    exe.add_python_resources(exe.read_package_root(path=".", packages=["app", "runner"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
WHEEL = {
    # Known by another name than its own, with copies of others inside; wants no file.
    "renamed/__init__.py": "import sys\nsys.modules['other'] = sys.modules[__name__]\n"
                           "sys.path.append(__path__[0] + '/_vendor')\n",
    "renamed/core.py": "WHO = __name__\n",
    "renamed/_vendor/carried.py": "WHO = __name__\n",
    # Holds data only; nothing in it reads __file__, the application does.
    "quiet/__init__.py": "",
    "quiet/lists/words.txt": "words\n",
    "quiet/sub/__init__.py": "",
    "quiet/sub/more.txt": "more\n",
    # Lists its own folder, and that of a package which is not imported yet.
    "lister/__init__.py": "import os\nHERE = os.path.dirname(__file__)\n"
                          "FOUND = sorted(n for n in os.listdir(os.path.join(HERE, 'commands')) if n[0] != '_')\n",
    "lister/commands/__init__.py": "",
    "lister/commands/one.py": "",
    "lister/commands/text/data.txt": "",
    # Takes a module's file for granted; runs a program that it brings.
    "lazy/__init__.py": "import sys\nfrom ._lazy import place\nPLACE = place(sys.modules[__name__])\n",
    "lazy/_lazy.py": "def place(module):\n    return module.__file__ or ''\n",
    "lazy/bin/tool": "#!/bin/sh\necho tool $1\n",
    # Works its module's name out of the file and sys.path, as pylint does for its plugins.
    "mapped/__init__.py": "",
    "mapped/name.py": "import os, sys\nTOLD = [os.path.relpath(__file__, p) for p in sys.path if __file__.startswith(p)]\n",
    # Looks below sys.prefix, as jupyter does; runs a program that pip put beside scripts; asks where Python is.
    "installed/__init__.py": "import os, subprocess, sys, sysconfig, threading\n"
                             "SHARE = os.path.join(sys.prefix, 'share')\n"
                             "TOLD = sorted(os.listdir(SHARE)), open(SHARE + '/odd/word.txt').read()\n"
                             "TOOL = os.path.join(sysconfig.get_path('scripts'), 'oddtool')\n"
                             "TOLD += subprocess.check_output([TOOL, 'said'], text=True).strip(),\n"
                             "TOLD += os.path.basename(threading.__file__),\n",
    # Runs a program of its own, found through its distribution, as cmake does.
    "located/__init__.py": "import importlib.metadata, subprocess\n"
                           "files = importlib.metadata.distribution('odd').files\n"
                           "tool, = [f for f in files if str(f) == 'located/bin/tool']\n"
                           "TOLD = subprocess.check_output([tool.locate().resolve(strict=True)], text=True).strip()\n",
    "located/bin/tool": "#!/bin/sh\necho located\n",
    # Reads the library's sources, of which the build warns.
    "astroid/__init__.py": "",
    "ring/__init__.py": "from ._ring import told\n",
    # Loads a library of its own by its path, which needs one from beside the packages, as xgboost does.
    "inner/__init__.py": "import ctypes, os\nTOLD = ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'lib/libinner.so')).inner()\n",
    # Extension modules that need each other as files of one folder, as pysam's do.
    "twins/__init__.py": "",
    # Gives itself a loader and has a path in files only, as mypyc's modules do.
    "solo/__init__.py": "import importlib.machinery, os\n__path__ = [os.path.dirname(__file__)]\n"
                        "LOADER = importlib.machinery.SourceFileLoader(__name__, __file__)\n"
                        "__spec__ = importlib.machinery.ModuleSpec(__name__, LOADER, is_package=True)\n"
                        "from .first import told\n",
    # Makes paths of resources, and hands them to what is not Python, as sentencepiece does.
    "paths/__init__.py": "import importlib.resources, os\nHERE = importlib.resources.files('paths')\n"
                         "TOLD = open(HERE / 'data/a.txt').read(), os.listdir(str(HERE.joinpath('data')))\n",
    "paths/data/a.txt": "a path's",
    "odd-1.0.data/data/share/odd/word.txt": "word",
    "odd-1.0.data/data/share/man/man1/odd.1": "read by people",
    "odd-1.0.data/scripts/oddscript": "#!python\nprint('never packed')\n",
    "odd-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n",
    "odd-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
APP = """
import importlib.metadata, importlib.resources, os, pkgutil, subprocess, sys
import renamed, other.core, carried
print(other.core.WHO, carried.WHO, "renamed._vendor.carried" in sys.modules)
import quiet
here = os.path.dirname(quiet.__file__)
print(sorted(os.listdir(here)), open(here + "/sub/more.txt").read().strip())
print(importlib.resources.files("quiet.lists").joinpath("words.txt").read_text().strip())
import lister, lister.commands
print(lister.FOUND, [m.name for m in pkgutil.iter_modules([lister.HERE + "/commands"])])
print(pkgutil.get_data("lister", "commands/text/data.txt"), pkgutil.get_data("lister", "commands/one.py"))
import lazy
tool = os.path.join(os.path.dirname(lazy.PLACE), "bin", "tool")
print(subprocess.run([tool, "runs"], capture_output=True, text=True).stdout.strip())
import mapped.name
print(mapped.name.TOLD)
import ring
import located
print(ring.told, located.TOLD)
import inner, paths
import twins.second, twins.first
print(twins.second.told, twins.first.told, os.path.basename(twins.first.__file__))
class Other:
    def find_spec(self, name, path=None, target=None):
        pass
sys.meta_path.insert(0, Other())
import solo
del sys.meta_path[0]
print(solo.told)
print(inner.TOLD, paths.TOLD, hasattr(paths, "__file__"))
import installed
print(installed.TOLD, os.path.exists(os.path.join(sys.prefix, "bin/oddscript")))
files = {str(f): f for f in importlib.metadata.files("odd")}
print(files["renamed/core.py"].read_text().strip(), files["odd-1.0.dist-info/METADATA"].read_text().split()[1])
print("os has a file:", hasattr(os, "__file__"), "renamed has one:", hasattr(renamed, "__file__"))
if not sys.argv[1:]:
    print(os.__file__)
"""
EXPECTED = ["other.core carried False", "['__init__.py', 'lists', 'sub'] more", "words", "['one.py', 'text'] ['one']",
            "b'' b''", "tool runs", "['mapped/name.py']", "4 located", "3 5 first.abi3.so", "3", "8 (\"a path's\", ['a.txt']) False",
            "(['odd'], 'word', 'said', 'threading.py') False", "WHO = __name__ 2.1", "os has a file: False renamed has one: False"]


# Two libraries that need each other, and each a third that does not, as Pillow's freetype and harfbuzz do.
RING = {
    "plain.c": "int plain(void) { return 1; }",
    "outer.c": "int outer(void) { return 7; }",
    "inner.c": "int outer(void); int inner(void) { return outer() + 1; }",
    "left.c": "int plain(void), right(void); int left(void) { return plain() + 1; } int ask(void) { return right(); }",
    "right.c": "int plain(void), left(void); int right(void) { return left() + plain() + 1; }",
    "_ring.c": "#include <Python.h>\nint ask(void);\n"
               "static PyModuleDef def = {PyModuleDef_HEAD_INIT, \"_ring\", NULL, 0, NULL, NULL, NULL, NULL, NULL};\n"
               "PyObject *PyInit__ring(void) { PyObject *m = PyModule_Create(&def);\n"
               "PyModule_AddIntConstant(m, \"told\", ask()); return m; }",
}
# What the first counts the second sees, since there is one of it.
TWIN = """#include <Python.h>
int count(void);
#ifdef FIRST
static int times;
int count(void) { return times += 2; }
#endif
static PyModuleDef def = {PyModuleDef_HEAD_INIT, NAME, NULL, 0, NULL, NULL, NULL, NULL, NULL};
PyObject *INIT(void) { PyObject *m = PyModule_Create(&def); PyModule_AddIntConstant(m, "told", count() + 1); return m; }
"""
RING_LIBRARIES = (("plain", ""), ("left", ""), ("right", "-l:libleft.so -l:libplain.so"),
                  ("left", "-l:libright.so -l:libplain.so"), ("_ring", "-l:libleft.so"),
                  ("outer", ""), ("inner", "-l:libouter.so"))


class Packages(oxtest.TestCase):
    shared_store = True

    def write_libraries(self, wheel):
        """The second "left" knows the "right" that was linked with the first."""
        for name, text in RING.items():
            self.box.write(f"ring/{name}", text)
        include = subprocess.check_output([oxtest.HOST_PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('include'))"],
                                          text=True).strip()
        for name, flags in RING_LIBRARIES:
            out = "_ring.so" if name == "_ring" else f"lib{name}.so"
            place = {"left": "$ORIGIN", "_ring": "$ORIGIN/../odd.libs"}.get(name, "/absent")  # pygame's right has none
            subprocess.run(["cc", "-shared", "-fPIC", f"-I{include}", "-o", out, f"{name}.c", "-L.", f"-Wl,-soname,{out}",
                            "-Wl,--allow-shlib-undefined", f"-Wl,-rpath,{place}", *flags.split()],
                           cwd=self.box.path("ring"), check=True)
        self.write_twins(wheel, include)
        wheel.write(self.box.path("ring/libinner.so"), "inner/lib/libinner.so")
        for name in ("plain", "left", "right", "outer"):
            wheel.write(self.box.path(f"ring/lib{name}.so"), f"odd.libs/lib{name}.so")
        wheel.write(self.box.path("ring/_ring.so"), "ring/_ring.so")

    def write_twins(self, wheel, include):
        """The second is imported first."""
        self.box.write("twins/twin.c", TWIN)
        for name, flags in (("first", ["-DFIRST"]), ("second", ["-L.", "-l:first.abi3.so", "-Wl,-rpath,$ORIGIN"])):
            subprocess.run(["cc", "-shared", "-fPIC", f"-I{include}", f'-DNAME="{name}"', f"-DINIT=PyInit_{name}", "-o",
                            f"{name}.abi3.so", "twin.c", *flags], cwd=self.box.path("twins"), check=True)
            wheel.write(self.box.path(f"twins/{name}.abi3.so"), f"twins/{name}.abi3.so")
        wheel.write(self.box.path("twins/first.abi3.so"), "solo/first.abi3.so")

    def write_wheel(self):
        os.makedirs(self.box.path("project", "wheels"))
        record = "odd-1.0.dist-info/RECORD"
        with zipfile.ZipFile(self.box.path("project", "wheels", "odd-1.0-py3-none-any.whl"), "w") as wheel:
            for name, text in {**WHEEL, record: "".join(f"{name},,\n" for name in [*WHEEL, record])}.items():
                wheel.writestr(name, text)
            self.write_libraries(wheel)
            wheel.write("/bin/echo", "odd-1.0.data/scripts/oddtool")

    def run_program(self):
        program, = glob.glob(self.box.path("project/build/*/debug/exe/app"))
        result = subprocess.run([program, "x"], env={"PATH": "/usr/bin:/bin", "HOME": self.box.env["HOME"]}, text=True,
                                capture_output=True, timeout=oxtest.PATIENCE, check=False)
        return self.assertExit(result, 0).stdout.splitlines()

    def test_each_finds_what_it_looks_for(self):
        self.write_wheel()
        self.box.write("project/app.py", APP)
        self.assertIn('config.module_search_paths = ["$ORIGIN/lib"]\n', self.build(CONFIG).stderr)
        self.assertEqual(self.run_program(), EXPECTED)
        kept = {path: os.stat(path).st_ctime_ns
                for path in glob.glob(self.box.path("home/.cache/oxidizer/extracted/**"), recursive=True)}
        self.assertGreater(len(kept), 10)
        self.assertEqual(self.run_program(), EXPECTED)  # now from what was extracted
        self.assertEqual({path: os.stat(path).st_ctime_ns for path in kept if not os.path.isdir(path)},
                         {path: when for path, when in kept.items() if not os.path.isdir(path)})

    def build_plugins(self, setting):
        """A program that loads plugins from folders, one itself and one through a package."""
        self.box.write("plugins/helper.py", "import json, runner\nWHO = __file__\n")
        self.box.write("project/runner/__init__.py", "")
        self.box.write("project/runner/load.py", "import importlib, sys\ndef load(folder, name):\n    sys.path.insert(0, folder)\n"
                                                 "    return importlib.import_module(name)\n")
        self.box.write("project/app.py", "import sys, runner.load\nprint(sys.path)\n"
                                         "print(runner.load.load(sys.argv[1], 'helper').WHO)\n")
        return self.build(PLUGINS.replace("{setting}", setting).replace("{policy}", "")).stderr

    def load_plugin(self):
        program, = glob.glob(self.box.path("project/build/*/debug/exe/app"))
        return subprocess.run([program, self.box.path("plugins")], env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "/none"},
                              cwd=self.box.path("plugins"), text=True, capture_output=True, timeout=oxtest.PATIENCE,
                              check=False)

    def test_a_package_that_adds_to_the_search_path_imports_from_there(self):
        said = self.build_plugins("")
        self.assertIn("modules are imported from the folders that these add to sys.path: runner\n", said)
        result = self.assertExit(self.load_plugin(), 0)
        self.assertEqual(result.stdout, f"[]\n{self.box.path('plugins/helper.py')}\n")

    def test_a_library_in_files_has_files_for_frozen_modules_too(self):
        self.box.write("project/app.py", "import os\nprint(getattr(os.path, '__file__', ''))\n")
        self.box.write("project/runner/__init__.py", "")
        self.build(PLUGINS.replace("{setting}", 'config.module_search_paths = ["$ORIGIN/lib"]')
                   .replace("{policy}", 'policy.resources_location = "filesystem-relative:lib"'))
        program, = glob.glob(self.box.path("project/build/*/debug/exe/app"))
        told = subprocess.check_output([program], text=True).strip()
        self.assertEqual(told, os.path.dirname(program) + "/lib/posixpath.py")

    def test_of_the_library_all_that_is_wanted_in_files_is_there_before_it_is_imported(self):
        self.box.write("project/app.py", "import colorsys, os, sys\nroot = os.path.dirname(colorsys.__file__)\n"
                       "print(root in sys.path, 'wsgiref' in sys.modules, sorted(n for n in os.listdir(root) if n[0] != '.'))\n"
                       "print(os.path.isfile(root + '/wsgiref/util.py'))\nimport wsgiref.util\n"
                       "print(wsgiref.util.__file__ == root + '/wsgiref/util.py')\n")
        self.box.write("project/runner/__init__.py", "")
        self.build(PLUGINS.replace("{setting}", "").replace("{policy}", "for name in ['colorsys', 'wsgiref', 'runner']:\n"
                                                            "        policy.set_package_files(name, True)"))
        wanted = ["True False ['colorsys.py', 'wsgiref']", "True", "True"]
        self.assertEqual(self.run_program(), wanted)
        util, = glob.glob(self.box.path("home/.cache/oxidizer/extracted/*/wsgiref/util.py"))
        os.unlink(util)
        self.assertEqual(self.run_program(), wanted)
        self.assertTrue(os.path.isfile(util))

    def test_no_folder_is_imported_from_where_the_configuration_says_so(self):
        for setting in "filesystem_importer", "import_added_folders":
            with self.subTest(setting):
                said = self.build_plugins(f"config.{setting} = False")
                self.assertIn("config.import_added_folders = True changes that", said)
                self.assertIn("No module named 'helper'", self.assertExit(self.load_plugin(), 1).stderr)


if __name__ == "__main__":
    oxtest.main()
