"""Extension modules that pip builds from source are linked in: setuptools, Cython, meson-python; C and C++."""
import functools
import json
import os
import re
import shutil
import subprocess
import unittest

import oxtest
from oxdaemon import wait_until

CONFIG = """
def make_exe():
    dist = default_python_distribution(flavor = "host")
    policy = dist.make_python_packaging_policy()
    {policy}
    config = dist.make_python_interpreter_config()
    config.run_command = {program}
    exe = dist.to_python_executable(name = "app", packaging_policy = policy, config = config)
    exe.add_python_resources(exe.pip_install({arguments}))
    return exe

register_target("exe", make_exe, default = True)
resolve_targets()
"""
LOCAL = ["--no-build-isolation", "--no-deps", "./extensions"]
# What a program can see of its modules, but for where they come from.
FACTS = """
import importlib, json, sys, threading

def tell(name):
    module = importlib.import_module(name)
    return {"name": module.__name__, "package": module.__package__, "spec": module.__spec__.name,
            "parent": module.__spec__.parent, "function": module.call.__module__,
            "calls": [module.call(), module.call()],
            "bound": getattr(sys.modules[name.rpartition(".")[0]], name.rpartition(".")[2]) is module}

names = ["oxpkg._ext", "oxpkg.sub._ext", "oxpkg.plus", "oxpkg.shared", "oxpkg.stale"]
facts = {name: tell(name) for name in names}
import oxpkg.sub._ext, oxpkg.plus
facts["number"] = oxpkg.sub._ext.number
other = []
thread = threading.Thread(target=lambda: other.append(oxpkg.plus.call()[4]))
thread.start()
thread.join()
facts["in another thread"] = other
for name in names[:3]:
    before = sys.modules.pop(name)
    again = importlib.import_module(name)
    facts["again " + name] = [again is before, again.__name__, again.call() == before.call()]
import _xxsubinterpreters
interpreter = _xxsubinterpreters.create()
_xxsubinterpreters.run_string(interpreter, "import oxpkg._ext, oxpkg.sub._ext; assert oxpkg._ext.call() == 1;"
                                           "assert oxpkg.sub._ext.__name__ == 'oxpkg.sub._ext'")
_xxsubinterpreters.destroy(interpreter)
facts["builtin"] = [name for name in sys.builtin_module_names if "oxpkg" in name]
"""
PROGRAM = FACTS + """
from_files = sorted(name for name in names if hasattr(sys.modules[name], "__file__"))
mapped = {line.split("memfd:")[1].split()[0] for line in open("/proc/self/maps") if "memfd:oxpkg" in line}
print(json.dumps({"facts": facts, "files": from_files, "mapped": sorted(mapped)}))
"""


class Case(oxtest.TestCase):
    shared_store = True

    def project(self):
        os.mkdir(self.box.path("project"))
        subprocess.run(["cp", "-r", "--no-preserve=mode", os.path.join(oxtest.SRCDIR, "tests", "data", "extensions"),
                        self.box.path("project")], check=True)
        self.box.write("project/extensions/libraries.txt", self.libraries)

    def make(self, policy="pass", program=PROGRAM, arguments=None, **options):
        return self.build(CONFIG.format(policy=policy, program=repr(program), arguments=json.dumps(arguments or LOCAL)),
                          "-v", **options)

    def run_app(self):
        result = subprocess.run([self.executable()], env=self.box.env, text=True, capture_output=True,
                                timeout=oxtest.PATIENCE,
                                check=False)
        if result.returncode or result.stderr:
            self.fail(f"exit status {result.returncode}\n{result.stderr}")
        return json.loads(result.stdout)

    def executable(self):
        for folder, _, names in os.walk(self.box.path("project", "build")):
            if "app" in names:
                return os.path.join(folder, "app")
        return self.fail("no executable was built")

    @property
    def libraries(self):
        return self.box.path("libraries")

    def make_libraries(self):
        """One that is only there as a shared library, and one with an archive that lacks what the other has."""
        os.mkdir(self.libraries)
        for name in "shared", "stale":
            source = self.box.write(f"{name}.c", f"int ox_{name}(void);\nint ox_{name}(void)\n{{\n\treturn 40;\n}}\n")
            subprocess.run(["cc", "-shared", "-fPIC", f"-Wl,-soname,libox{name}.so", "-o",
                            f"{self.libraries}/libox{name}.so", source], check=True)
        other = self.box.write("other.c", "int other;\n")
        subprocess.run(["cc", "-c", "-o", self.box.path("other.o"), other], check=True)
        subprocess.run(["ar", "cr", f"{self.libraries}/liboxstale.a", self.box.path("other.o")], check=True)


def tiers(build):
    """Module -> (tier, reason), as the build tells."""
    lines = re.findall(r"extension module (\S+): tier (\d), [^:]*: (.*)", build.stdout + build.stderr)
    return {name: (int(tier), why) for name, tier, why in lines}


class Setuptools(Case):
    def setUp(self):
        super().setUp()
        self.project()
        self.make_libraries()

    def expected(self):
        """The facts under the interpreter itself."""
        target = self.box.path("target")
        subprocess.run([oxtest.HOST_PYTHON, "-m", "pip", "install", "-q", "--target", target, *LOCAL], check=True,
                       env=self.box.env, cwd=self.box.path("project"), capture_output=True)
        shutil.rmtree(self.box.path("project", "extensions", "build"), ignore_errors=True)
        result = subprocess.run([oxtest.HOST_PYTHON, "-c", FACTS + "print(json.dumps(facts))"], text=True, check=True,
                                env={**self.box.env, "PYTHONPATH": target}, capture_output=True)
        return json.loads(result.stdout)

    def test_modules_are_what_they_are_under_the_interpreter_and_not_in_files(self):
        build = self.make()
        # Builds for another target do not find this one's in the project.
        self.assertRegex(" ".join(os.listdir(self.box.path("project", "extensions", "build"))), r"^cpython-\d+-\S+$")
        found = self.run_app()
        self.assertEqual(found["facts"], self.expected())
        self.assertEqual(found["files"], [])
        self.assertEqual(found["mapped"], ["oxpkg.shared", "oxpkg.stale"])
        told = tiers(build)
        for name in "oxpkg._ext", "oxpkg.sub._ext", "oxpkg.plus":
            self.assertEqual(told[name], (1, "it was built from source"))
        self.assertEqual(told["oxpkg.shared"],
                         (2, "it needs the static library liboxshared.a, which is not on this machine"))
        self.assertEqual(told["oxpkg.stale"], (2, "linking it leaves symbols undefined, ox_stale for one"))
        exported = subprocess.run(["nm", "-D", "--defined-only", self.executable()], text=True, check=True,
                                  capture_output=True).stdout
        self.assertNotRegex(exported, "helper|PyInit__ext|ox_linked|crc32|_ZNS")
        needed = subprocess.run(["readelf", "-d", self.executable()], text=True, check=True, capture_output=True).stdout
        self.assertNotRegex(needed, r"libstdc\+\+|libgcc_s|libz")

    def test_a_build_again_does_nothing_and_an_edit_links_again(self):
        make = functools.partial(self.make, program="import oxpkg._ext; print([oxpkg._ext.call()])")
        make()

        def is_remembered():
            again = self.assertExit(self.box.oxc("build", "--path", self.box.path("project")), 0)
            return "nothing had to be done" in again.stdout + again.stderr

        # What pip left in the project's folder is new to the first of them.
        wait_until(is_remembered)
        path = self.box.path("project", "extensions", "single.c")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("PyLong_FromLong(helper())", "PyLong_FromLong(helper() + 3)"))
        edited = make()
        self.assertNotIn("nothing had to be done", edited.stdout + edited.stderr)
        self.assertEqual(tiers(edited)["oxpkg.plus"][0], 1)
        self.assertEqual(self.run_app(), [4])

    def test_the_policy_keeps_shared_libraries(self):
        told = tiers(self.make(policy="policy.link_extension_modules = False"))
        self.assertEqual(told["oxpkg._ext"], (2, "the policy keeps it a shared library"))
        self.assertIn("oxpkg._ext", self.run_app()["mapped"])
        told = tiers(self.make(policy='policy.resources_location = "filesystem-relative:lib"'))
        self.assertEqual(told["oxpkg._ext"][0], 4)
        self.assertIn("oxpkg._ext", self.run_app()["files"])

    def test_what_a_package_wants_as_files_is_there_when_its_modules_are_linked_in(self):
        self.box.write("project/pack/setup.py", "from setuptools import Extension, setup\n"
                       'setup(name="oxinit", version="1", packages=["oxinit"], package_data={"oxinit": ["data.txt"]},\n'
                       '      ext_modules=[Extension("oxinit.__init__", ["init.c"])])\n')
        self.box.write("project/pack/oxinit/data.txt", "data\n")
        self.box.write("project/pack/init.c", "#include <Python.h>\n"
                       'static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "oxinit", .m_size = -1};\n'
                       "PyMODINIT_FUNC PyInit_oxinit(void)\n{\n\treturn PyModule_Create(&module);\n}\n")
        program = ("import json, os, oxinit\n"
                   "folder = os.path.dirname(oxinit.__file__)\n"
                   "print(json.dumps([open(os.path.join(folder, 'data.txt')).read(), oxinit.__path__[0] == folder,\n"
                   "                  oxinit.__spec__.origin == oxinit.__file__]))\n")
        told = tiers(self.make(policy="policy.set_package_files('oxinit', True)", program=program,
                               arguments=["--no-build-isolation", "--no-deps", "./pack"]))
        self.assertEqual(told["oxinit"][0], 1)
        self.assertEqual(self.run_app(), ["data\n", True, True])


@unittest.skipUnless(oxtest.pypi_available(), "needs a package index")
class Index(Case):
    """Build backends that come from an index."""

    def test_cython_and_meson_python_and_a_package_of_the_index(self):
        self.box.write("project/cy/pyproject.toml", '[build-system]\nrequires = ["setuptools", "cython"]\n'
                       'build-backend = "setuptools.build_meta"\n[project]\nname = "oxcy"\nversion = "1"\n'
                       '[tool.setuptools]\npackages = ["oxcy"]\n')
        self.box.write("project/cy/setup.py", "from setuptools import setup\nfrom Cython.Build import cythonize\n"
                       'setup(ext_modules=cythonize(["oxcy/one.pyx", "oxcy/two.pyx"]))\n')
        self.box.write("project/cy/oxcy/__init__.py", "")
        for name in "one", "two":
            self.box.write(f"project/cy/oxcy/{name}.pyx", f"cdef class Thing:\n    cdef public int x\n"
                           f"    def __init__(self):\n        self.x = len('{name}')\n"
                           f"    def tell(self):\n        return [self.x, __name__, type(self).__module__]\n")
        self.box.write("project/me/pyproject.toml", '[build-system]\nrequires = ["meson-python"]\n'
                       'build-backend = "mesonpy"\n[project]\nname = "oxme"\nversion = "1"\n')
        self.box.write("project/me/meson.build", "project('oxme', 'c', 'cpp', version: '1')\n"
                       "py = import('python').find_installation(pure: false)\n"
                       "part = static_library('part', 'part.c', pic: true)\n"
                       "py.extension_module('_ext', 'ext.cc', dependencies: [py.dependency(), dependency('zlib')],\n"
                       "    link_with: part, subdir: 'oxme', install: true)\n"
                       "py.install_sources('oxme/__init__.py', subdir: 'oxme')\n")
        self.box.write("project/me/oxme/__init__.py", "from oxme._ext import call\n")
        self.box.write("project/me/part.c", "int part(void);\nint part(void)\n{\n\treturn 3;\n}\n")
        self.box.write("project/me/ext.cc", '#include <Python.h>\n#include <zlib.h>\n#include <string>\n'
                       'extern "C" int part(void);\n'
                       'static PyObject *call(PyObject *, PyObject *)\n{\n\tstd::string s(zlibVersion());\n'
                       '\treturn PyLong_FromLong(s.empty() ? 0 : part());\n}\n'
                       'static PyMethodDef methods[] = {{"call", call, METH_NOARGS, 0}, {0, 0, 0, 0}};\n'
                       'static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_ext", 0, 0, methods, 0, 0, 0, 0};\n'
                       'PyMODINIT_FUNC PyInit__ext(void)\n{\n\treturn PyModuleDef_Init(&module);\n}\n')
        program = ("import json, markupsafe._speedups, oxcy.one, oxcy.two, oxme\n"
                   "print(json.dumps([oxcy.one.Thing().tell(), oxcy.two.Thing().tell(), oxme.call(),\n"
                   "    oxme._ext.__name__, markupsafe.escape('<'), markupsafe._speedups.__name__]))\n")
        told = tiers(self.make(program=program, arguments=["./cy", "./me", "--no-binary", "markupsafe",
                                                           "markupsafe==2.1.5"], timeout=oxtest.PATIENCE))
        linked = {name for name, (tier, _) in told.items() if tier == 1}
        self.assertLessEqual({"oxcy.one", "oxcy.two", "oxme._ext", "markupsafe._speedups"}, linked)
        self.assertEqual(self.run_app(), [[3, "oxcy.one", "oxcy.one"], [3, "oxcy.two", "oxcy.two"], 3, "oxme._ext",
                                          "&lt;", "markupsafe._speedups"])
        # Another step of pip's finds the wheel built, and its objects are there still.
        again = self.make(program="import markupsafe._speedups", arguments=[
            "--no-deps", "--no-binary", "markupsafe", "markupsafe==2.1.5"])
        self.assertNotIn("Building wheel", again.stdout + again.stderr)
        self.assertEqual(tiers(again)["markupsafe._speedups"][0], 1)


if __name__ == "__main__":
    oxtest.main()
