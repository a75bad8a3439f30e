"""pkg_resources over packed packages: the provider, distributions of a path, registration."""
import importerkit  # noqa: F401
import gc
import importlib
import io
import os
import subprocess
import sys
import tempfile
import textwrap
import types
import unittest
import warnings

import oxidized_importer
from oxidized_importer import OxidizedFinder, OxidizedPkgResourcesProvider, OxidizedResource

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        import pkg_resources
    except ImportError:
        pkg_resources = None
        print(f"no pkg_resources for Python {sys.version.split()[0]}: its tests are skipped", file=sys.stderr)

METADATA = b"Metadata-Version: 2.1\nName: %s\nVersion: %s\n"


def add(finder, name, **properties):
    r = OxidizedResource()
    r.name, r.is_module, r.is_package = name, True, True
    r.in_memory_source = b"# " + name.encode()
    for key, value in properties.items():
        setattr(r, key, value)
    finder.add_resource(r)


def packed():
    finder = OxidizedFinder()
    add(finder, "p", in_memory_package_resources={"a.txt": b"a", "d/b.txt": b"b", "d/e/c.txt": b"c"},
        in_memory_distribution_resources={"METADATA": METADATA % (b"p-dist", b"1.0"), "lines.txt": b"# no\n\none\n two\n",
                                          "scripts/run": b"", "scripts/x/y": b"", "bad": b"\xff"})
    add(finder, "p.sub", in_memory_package_resources={"s.txt": b"s"},
        in_memory_distribution_resources={"PKG-INFO": METADATA % (b"sub", b"2")})
    add(finder, "q", in_memory_distribution_resources={"METADATA": METADATA % (b"q", b"3"), "entry_points.txt":
                                                       b"[console_scripts]\nq = q:main\n"})
    add(finder, "broken", in_memory_distribution_resources={"RECORD": b""})
    return finder


class Provider(unittest.TestCase):
    def setUp(self):
        self.finder = packed()
        self.provider = self.make("p")

    def make(self, package):
        module = types.ModuleType(package)
        module.__loader__, module.__package__ = self.finder, package
        return OxidizedPkgResourcesProvider(module)

    def test_what_it_is_made_of(self):
        module = types.ModuleType("m")
        for loader in (None, object(), unittest):
            module.__loader__ = loader
            with self.assertRaisesRegex(TypeError, "^__loader__ is not an OxidizedFinder$"):
                OxidizedPkgResourcesProvider(module)
        module.__loader__, module.__package__ = self.finder, None
        for wrong in (module, 1, "m"):
            with self.assertRaises((TypeError, AttributeError)):
                OxidizedPkgResourcesProvider(wrong)
        with self.assertRaises(TypeError):
            OxidizedPkgResourcesProvider()

    def test_metadata(self):
        p = self.provider
        self.assertEqual([p.has_metadata(n) for n in ("METADATA", "scripts/run", "scripts", "", "x")],
                         [True, True, False, False, False])
        self.assertEqual(p.get_metadata("METADATA"), (METADATA % (b"p-dist", b"1.0")).decode())
        with self.assertRaisesRegex(OSError, "^metadata does not exist$"):
            p.get_metadata("x")
        with self.assertRaises(UnicodeDecodeError):
            p.get_metadata("bad")

    def test_folders_of_metadata(self):
        p = self.provider
        self.assertEqual([p.metadata_isdir(n) for n in ("scripts", "scripts/", "scripts\\x", "scripts/run", "", "/", "s")],
                         [True, True, True, False, False, False, False])
        self.assertEqual(p.metadata_listdir(""), ["METADATA", "bad", "lines.txt"])
        self.assertEqual((p.metadata_listdir("scripts"), p.metadata_listdir("scripts\\x"), p.metadata_listdir("no")),
                         (["run"], ["y"], []))

    def test_resources(self):
        p = self.provider
        self.assertEqual([p.has_resource(n) for n in ("a.txt", "d/b.txt", "d", "", "sub/s.txt", "x")],
                         [True, True, False, False, True, False])
        self.assertEqual(p.get_resource_string(None, "d/b.txt"), b"b")
        stream = p.get_resource_stream(manager=None, resource_name="sub/s.txt")
        self.assertIsInstance(stream, io.BytesIO)
        self.assertEqual(stream.read(), b"s")
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "file"), "wb") as f:
                f.write(b"on disk")
            self.finder = OxidizedFinder(relative_path_origin=folder)
            add(self.finder, "r", relative_path_package_resources={"x": "file"})
            with self.make("r").get_resource_stream(None, "x") as stream:
                self.assertIsInstance(stream, io.FileIO)
                self.assertEqual(stream.read(), b"on disk")
            self.assertEqual(self.make("r").get_resource_string(None, "x"), b"on disk")
        for method in (p.get_resource_string, p.get_resource_stream):
            for name in ("x", "d", ""):
                with self.assertRaisesRegex(OSError, "^resource does not exist$"):
                    method(None, name)

    def test_folders_of_resources(self):
        p = self.provider
        self.assertEqual([p.resource_isdir(n) for n in ("d", "d/", "d\\e", "a.txt", "", "x")],
                         [True, True, True, False, False, False])
        self.assertEqual([p.resource_listdir(n) for n in ("", "d", "d/e/", "x", "a.txt")],
                         [["a.txt"], ["b.txt"], ["c.txt"], [], []])

    def test_what_there_is_not(self):
        with self.assertRaisesRegex(NotImplementedError, "^scripts of packed distributions cannot be run$"):
            self.provider.run_script("x", {})
        with self.assertRaisesRegex(NotImplementedError, r"^packed resources have no files: use .* or resource_string\(\)$"):
            self.provider.get_resource_filename(None, "a.txt")

    def test_arguments(self):
        p = self.provider
        for name in ("has_metadata", "get_metadata", "get_metadata_lines", "metadata_isdir", "metadata_listdir",
                     "has_resource", "resource_isdir", "resource_listdir"):
            for wrong in (None, 1, b"x"):
                with self.assertRaises(TypeError):
                    getattr(p, name)(wrong)
            with self.assertRaises(UnicodeEncodeError):
                getattr(p, name)("\ud800")
            with self.assertRaisesRegex(TypeError, r"^OxidizedPkgResourcesProvider\.%s\(\) missing 1" % name):
                getattr(p, name)()


@unittest.skipUnless(pkg_resources, "pkg_resources cannot be imported")
class Registered(unittest.TestCase):
    def setUp(self):
        oxidized_importer.register_pkg_resources()
        oxidized_importer.register_pkg_resources()
        self.finder = packed()
        self.base = self.finder.path_hook_base_str
        for target, item in ((sys.meta_path, self.finder), (sys.path_hooks, self.finder.path_hook)):
            target.insert(0, item)
            self.addCleanup(target.remove, item)
        self.addCleanup(sys.path_importer_cache.clear)
        self.addCleanup(lambda: [sys.modules.pop(n, None) for n in ("p", "p.sub")])

    def distributions(self, path, only=False):
        entry = self.finder.path_hook(path)
        return list(oxidized_importer.pkg_resources_find_distributions(entry, path, only))

    def test_distributions_of_a_path(self):
        found = self.distributions(self.base)
        self.assertEqual([(d.project_name, d.version, d.location) for d in found],
                         [("p-dist", "1.0", self.base + "/p"), ("sub", "2", self.base + "/p/sub"), ("q", "3", self.base + "/q")])
        entry = self.finder.path_hook(self.base)
        self.assertIs(type(oxidized_importer.pkg_resources_find_distributions(entry, self.base)), type(iter([])))
        self.assertEqual([d.project_name for d in self.distributions(self.base, True)], ["p-dist", "q"])
        self.assertEqual([d.project_name for d in self.distributions(self.base + "/p", True)], ["sub"])

    def test_a_name_that_begins_alike_is_not_below(self):
        for name in ("p2", "p-x", "p2.sub"):
            add(self.finder, name, in_memory_distribution_resources={"METADATA": METADATA % (name.encode(), b"1")})
        for only in (True, False):
            self.assertEqual([d.project_name for d in self.distributions(self.base + "/p", only)], ["sub"])

    def test_only_for_the_path_of_the_finder(self):
        entry = self.finder.path_hook(self.base)
        for importer, path in ((entry, self.base + "/"), (entry, "x"), (self.finder, self.base), (None, self.base)):
            self.assertEqual(oxidized_importer.pkg_resources_find_distributions(importer, path), [])
        for wrong in (None, 1, b"x"):
            with self.assertRaises(TypeError):
                oxidized_importer.pkg_resources_find_distributions(entry, wrong)
        with self.assertRaises(TypeError):
            oxidized_importer.pkg_resources_find_distributions(entry, self.base, 1)

    def test_working_sets(self):
        found = pkg_resources.WorkingSet([self.base])
        self.assertEqual(found.by_key["q"].version, "3")
        entry, = found.iter_entry_points("console_scripts", "q")
        self.assertEqual(entry.module_name, "q")

    def test_resources_by_package(self):
        importlib.import_module("p.sub")
        self.assertEqual(pkg_resources.resource_string("p", "d/b.txt"), b"b")
        self.assertEqual(pkg_resources.resource_stream("p.sub", "s.txt").read(), b"s")
        self.assertTrue(pkg_resources.resource_exists("p", "a.txt"))
        self.assertEqual(pkg_resources.resource_listdir("p", "d"), ["b.txt"])
        lines = OxidizedPkgResourcesProvider(sys.modules["p"]).get_metadata_lines("lines.txt")
        self.assertEqual(list(lines), ["one", "two"])

    def test_automatically(self):
        program = """
            import importlib.util, os, sys, warnings
            warnings.simplefilter("ignore")
            import oxidized_importer as o
            where = importlib.util.find_spec("pkg_resources").submodule_search_locations[0]
            c, finder = o.OxidizedResourceCollector(["in-memory"]), o.OxidizedFinder()
            for r in o.find_resources_in_path(os.path.dirname(where)):
                if getattr(r, "module", getattr(r, "package", "")).split(".")[0] == "pkg_resources":
                    c.add_in_memory(r)
            finder.add_resources(c.oxidize()[0])
            sys.meta_path.insert(0, finder)
            import pkg_resources
            assert pkg_resources.__loader__ is finder
            assert pkg_resources._distribution_finders[o.OxidizedPathEntryFinder] is o.pkg_resources_find_distributions
            assert pkg_resources._provider_factories[o.OxidizedFinder] is o.OxidizedPkgResourcesProvider
            print("registered")
        """
        env = {**os.environ, "PYTHONPATH": ":".join(p for p in sys.path if p)}
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True)
        if "name '__file__' is not defined" in done.stderr:
            self.skipTest("this pkg_resources wants to lie in a folder, to find setuptools beside it")
        self.assertEqual((done.stdout, done.stderr), ("registered\n", ""))


class Without(unittest.TestCase):
    def test_registering_needs_pkg_resources(self):
        before = sys.modules.get("pkg_resources")
        sys.modules["pkg_resources"] = None
        try:
            with self.assertRaises(ImportError):
                oxidized_importer.register_pkg_resources()
        finally:
            del sys.modules["pkg_resources"]
            if before:
                sys.modules["pkg_resources"] = before
        with self.assertRaises(TypeError):
            oxidized_importer.register_pkg_resources(1)

    def test_a_provider_and_its_finder_are_collected(self):
        finder = packed()
        module = types.ModuleType("p")
        module.__loader__, module.__package__ = finder, "p"
        module.provider = OxidizedPkgResourcesProvider(module)
        before = sys.getrefcount(OxidizedPkgResourcesProvider)
        del module, finder
        gc.collect()
        self.assertLess(sys.getrefcount(OxidizedPkgResourcesProvider), before)


if __name__ == "__main__":
    unittest.main()
