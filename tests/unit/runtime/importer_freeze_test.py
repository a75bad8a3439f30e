"""Freezing: scan, collect, oxidize, serialize in one process; index and import in another. As the documentation's
scripts do it, in both generations' spelling, with the standard library and with packages of several kinds."""
import importerkit  # noqa: F401
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import unittest

import oxidized_importer

TAG = sys.implementation.cache_tag

# The build script of the documentation; ROOTS, COLLECTOR and the name of its file are put in.
FREEZE = """
import os
import stat
import sys

import oxidized_importer

collector = oxidized_importer.OxidizedResourceCollector({collector})

for path in {roots}:
    # Only directories can be scanned by oxidized_importer.
    if os.path.isdir(path):
        for resource in oxidized_importer.find_resources_in_path(path):
            {add}

resources, file_installs = collector.oxidize()

finder = oxidized_importer.OxidizedFinder()
finder.add_resources(resources)
packed_data = finder.serialize_indexed_resources()

with open("oxidized_resources", "wb") as fh:
    fh.write(packed_data)

for (path, data, executable) in file_installs:
    path.parent.mkdir(parents=True, exist_ok=True)

    with path.open("wb") as fh:
        fh.write(data)

    if executable:
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
"""
IN_MEMORY = "collector.add_in_memory(resource)"
EXTENSIONS_IN_FILES = """if isinstance(resource, oxidized_importer.PythonExtensionModule):
                collector.add_filesystem_relative("lib", resource)
            else:
                collector.add_in_memory(resource)"""
IN_FILES = 'collector.add_filesystem_relative("lib", resource)'

# The application: nothing but the resources and what is built into the interpreter.
LOAD = """
import os
import sys

import oxidized_importer

{finder}
sys.meta_path.insert(0, finder)
sys.path[:] = []
del sys.meta_path[1:]
sys.path_hooks.insert(0, finder.path_hook)
{program}
"""
BY_BYTES = """
with open("oxidized_resources", "rb") as fh:
    packed_data = fh.read()
finder = oxidized_importer.OxidizedFinder({keyword}=packed_data, relative_path_origin=os.getcwd())
"""
BY_FILE = """
finder = oxidized_importer.OxidizedFinder(resources_file="oxidized_resources", relative_path_origin=os.getcwd())
"""
BY_METHOD = """
finder = oxidized_importer.OxidizedFinder(relative_path_origin=os.getcwd())
finder.{method}
"""
WITH_INTERPRETER = "finder.index_interpreter_builtins()\n"

PACKAGE = {
    "app/__init__.py": b"from .text import shout\n", "app/text.py": b"def shout(s):\n    '''doc'''\n    return s.upper()\n",
    "app/data/words.txt": b"w\xc3\xb6rds", "app/deep/er/mod.py": b"name = __name__\n",
    "app/__main__.py": b"import app, sys\nprint(app.shout('main'), sys.argv[1:])\n",
    "App-1.5.dist-info/METADATA": b"Metadata-Version: 2.1\nName: App\nVersion: 1.5\n",
    "App-1.5.dist-info/entry_points.txt": b"[console_scripts]\napp = app:shout\n",
}
USE = """
import app, app.deep.er.mod, importlib.metadata, pkgutil
assert app.shout("x") == "X"
assert app.__loader__ is finder and app.text.__spec__.loader is finder, app.__loader__
assert app.deep.er.mod.name == "app.deep.er.mod"
assert importlib.metadata.version("app") == "1.5"
reader = finder.get_resource_reader("app")
assert reader.open_resource("data/words.txt").read() == b"w\\xc3\\xb6rds"
assert "text" in [m.name for m in pkgutil.iter_modules(app.__path__)]
print("used")
"""


class Freezing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.out = self.root / "out"
        self.out.mkdir()

    def run_python(self, program, *flags):
        env = {**os.environ, "PYTHONPATH": ":".join(p for p in sys.path if p), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([sys.executable, *flags, "-c", program], env=env, cwd=str(self.out), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stderr)
        return done.stdout

    def write(self, files):
        for name, content in files.items():
            path = self.root / "src" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return str(self.root / "src")

    def freeze(self, collector, add=IN_MEMORY, roots=None):
        roots = roots or repr([self.write(PACKAGE)])
        self.run_python(FREEZE.format(collector=collector, add=add, roots=roots))

    def load(self, program, finder=BY_FILE, *flags):
        return self.run_python(LOAD.format(finder=finder, program=program), *flags)


class Spellings(Freezing):
    """The package is frozen, the standard library comes from the interpreter's own finders."""

    def use(self, finder):
        program = LOAD.format(finder=finder, program=USE).replace("sys.path[:] = []\ndel sys.meta_path[1:]\n", "")
        shutil.rmtree(str(self.root / "src"))
        self.assertEqual(self.run_python(program), "used\n")

    def test_policy_and_a_file(self):
        self.freeze('policy="in-memory-only"')
        self.use(BY_FILE)

    def test_policy_and_bytes(self):
        self.freeze('policy="in-memory-only"')
        self.use(BY_BYTES.format(keyword="resources"))

    def test_bytes_under_their_other_name(self):
        self.freeze('policy="in-memory-only"')
        self.use(BY_BYTES.format(keyword="resources_data"))

    def test_locations_and_methods(self):
        self.freeze('allowed_locations=["in-memory"]')
        self.use(BY_METHOD.format(method='index_file_memory_mapped("oxidized_resources")'))

    def test_locations_and_bytes_by_method(self):
        self.freeze('allowed_locations=["in-memory"]')
        self.use(BY_METHOD.format(method='index_bytes(open("oxidized_resources", "rb").read())').replace(
            "finder.index_bytes(open", "with open").replace(', "rb").read())', ', "rb") as fh:\n    finder.index_bytes(fh.read())'))

    def test_files(self):
        for collector in ('policy="filesystem-relative-only:lib"', 'allowed_locations=["filesystem-relative"]'):
            self.freeze(collector, IN_FILES)
            self.assertTrue((self.out / "lib/app/__init__.py").exists())
        self.use(BY_FILE)

    def test_memory_with_extensions_in_files(self):
        for collector in ('policy="prefer-in-memory-fallback-filesystem-relative:"',
                          'allowed_locations=["in-memory", "filesystem-relative"]'):
            self.freeze(collector, EXTENSIONS_IN_FILES)
        self.use(BY_FILE)

    def test_two_runs_give_the_same_bytes(self):
        self.freeze('policy="in-memory-only"')
        first = (self.out / "oxidized_resources").read_bytes()
        self.freeze('policy="in-memory-only"')
        self.assertEqual((self.out / "oxidized_resources").read_bytes(), first)


class Readme(Freezing):
    """Its programs do what it says."""

    def test_what_it_shows_runs(self):
        text = (importerkit.ROOT / "runtime/importer/README.md").read_text()
        pack, load, use = (textwrap.dedent(p) for p in re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.M) if "import" in p)
        src = self.write({"package/__init__.py": b"x = 1\n", "package/data.txt": b"data", "package/m.py": b"y = 2",
                          "distribution-1.5.dist-info/METADATA": b"Name: distribution\nVersion: 1.5\n"})
        self.assertIn("/path/to/site-packages", pack)
        self.run_python(pack.replace("/path/to/site-packages", src))
        shutil.rmtree(src)
        more = "import package.m, pkgutil\nprint([m.name for m in pkgutil.iter_modules(package.__path__)], package.m.y)\n"
        if sys.version_info < (3, 10):
            use = use.replace('importlib.resources.files("package").joinpath', "finder.get_resource_reader('package').files().joinpath")
        self.assertEqual(self.run_python(load + use + more), "data\n1.5\n['data.txt']\n['m'] 2\n")


class WholeLibrary(Freezing):
    """All that the interpreter finds on its sys.path is frozen, and everything is imported from that."""

    PROGRAM = WITH_INTERPRETER + """
assert not [f for f in sys.meta_path if f is not finder]
for name in [n for n in sys.modules if n.split(".")[0] in ("json", "decimal", "csv", "email", "sqlite3", "ctypes")]:
    del sys.modules[name]
import json, csv, email.message, {extension}, xml.dom.minidom, concurrent.futures, asyncio
for module in (json, json.decoder, email.message, asyncio, {extension}):
    assert module.__loader__ is finder, module
print(json.dumps({{"x": [1, 2]}}), xml.dom.minidom.parseString("<a/>").documentElement.tagName)
"""

    def extension(self):
        for name in ("_json", "_csv", "_decimal", "audioop", "_elementtree", "_crypt", "_testcapi"):
            spec = importlib.util.find_spec(name)
            if spec and isinstance(spec.loader, importlib.machinery.ExtensionFileLoader):
                return name
        self.skipTest("every extension module is built in")

    def test_extensions_in_files(self):
        self.freeze('policy="prefer-in-memory-fallback-filesystem-relative:"', EXTENSIONS_IN_FILES, "sys.path")
        self.assertEqual(self.load(self.PROGRAM.format(extension=self.extension())), '{"x": [1, 2]} a\n')

    def test_extensions_in_memory(self):
        self.freeze('policy="in-memory-only"', IN_MEMORY, "sys.path")
        for flags in ((), ("-O",)):
            self.assertEqual(self.load(self.PROGRAM.format(extension=self.extension()), BY_FILE, *flags), '{"x": [1, 2]} a\n')


IMPORT_ALL = """
import importlib, json, os, sys, warnings
warnings.simplefilter("ignore")
with open("names") as file:
    names = file.read().split()
failed = {}
for name in names:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = "%s: %s" % (type(error).__name__, error)
own = [n for n in names if n in sys.modules and getattr(sys.modules[n], "__loader__", None) is globals().get("finder")]
with open("result", "w") as file:
    json.dump([failed, own], file)
"""
SKIPPED = {"test", "tests", "idlelib", "turtledemo", "__main__", "antigravity", "this", "sitecustomize", "lib-dynload"}


class EveryModule(Freezing):
    """Every module of the standard library is imported, in one process, from memory and by the plain interpreter."""

    def import_all(self, program, *flags):
        self.run_python(program, *flags)
        return json.loads((self.out / "result").read_text())

    def test_every_module_is_imported_from_memory(self):
        stdlib = sysconfig.get_path("stdlib")
        roots = [stdlib, os.path.join(stdlib, "lib-dynload")]
        names = {getattr(r, "module", None) or r.name for root in roots
                 for r in oxidized_importer.find_resources_in_path(root)
                 if isinstance(r, (oxidized_importer.PythonModuleSource, oxidized_importer.PythonExtensionModule))}
        names = sorted(n for n in names if not SKIPPED & set(n.split(".")) and n.replace(".", "_").isidentifier())
        self.assertGreater(len(names), 500)
        (self.out / "names").write_text("\n".join(names))
        plain, _ = self.import_all(IMPORT_ALL, "-S")
        self.freeze('policy="in-memory-only"', roots=repr(roots))
        ours, own = self.import_all(LOAD.format(finder=BY_FILE, program=WITH_INTERPRETER + IMPORT_ALL), "-S")
        only_here = {name: why for name, why in ours.items() if name not in plain}
        # The one package that reads files beside its own __file__, and so has to be left in files.
        self.assertEqual({name: why for name, why in only_here.items() if not name.startswith("lib2to3.")}, {})
        self.assertEqual(sorted(set(plain) - set(ours)), [])
        self.assertGreater(len(own), len(names) * 3 // 4)


@unittest.skipUnless(importlib.util.find_spec("pip"), "pip is not installed for this Python")
class InstalledPackages(Freezing):
    """What pip really installs: pip itself, with vendored packages, data files and metadata."""

    OWN_LIBRARY = "sys.path[:] = []\ndel sys.meta_path[1:]\n"

    def copy(self):
        where = os.path.dirname(importlib.util.find_spec("pip").submodule_search_locations[0])
        src = self.root / "src"
        src.mkdir()
        for name in os.listdir(where):
            if name == "pip" or name.startswith("pip-"):
                shutil.copytree(os.path.join(where, name), str(src / name))
        return repr([str(src)])

    def run_it(self, program):
        shutil.rmtree(str(self.root / "src"))
        return self.run_python(LOAD.format(finder=BY_FILE, program=program).replace(self.OWN_LIBRARY, ""))

    def test_pip_is_in_memory(self):
        self.freeze('policy="in-memory-only"', roots=self.copy())
        self.assertEqual(self.run_it("""
import importlib.metadata, pip
assert pip.__loader__ is finder and not hasattr(pip, "__file__")
assert importlib.metadata.version("pip") == pip.__version__
print("def main" in finder.get_source("pip"))
"""), "True\n")

    def test_pip_runs_from_files(self):
        """It reads its own __file__ and certificates beside it, so it has to have files."""
        self.freeze('policy="filesystem-relative-only:lib"', IN_FILES, self.copy())
        self.assertRegex(self.run_it("""
from pip._internal.cli.main import main
from pip._vendor import certifi
assert certifi.__loader__ is finder and os.path.exists(certifi.where())
main(["--version"])
"""), r"^pip [0-9.]+ from .*/out/lib/pip ")


if __name__ == "__main__":
    unittest.main()
