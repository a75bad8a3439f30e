"""The module in an ordinary Python: what it is outside an executable, several interpreters, and that nothing leaks.

Leaks are looked for by calling everything with all kinds of arguments, right and wrong, again and again, and counting:
references where the interpreter is a debug build, otherwise allocated blocks and the references to objects that
everything shares.
"""
import gc
import io
import itertools
import os
import pathlib
import sys
import tempfile
import types as types_module
import unittest
import warnings
import weakref
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import importerkit  # noqa: E402
import oxidized_importer as ox  # noqa: E402

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

WITHOUT_CONSTRUCTOR = ("OxidizedDistribution", "OxidizedPathEntryFinder", "OxidizedResourceReader",
                       "PythonExtensionModule", "PythonModuleBytecode", "PythonModuleSource",
                       "PythonPackageDistributionResource", "PythonPackageResource")
NAMES = [
    "OxidizedDistribution", "OxidizedFinder", "OxidizedPathEntryFinder", "OxidizedPkgResourcesProvider", "OxidizedResource",
    "OxidizedResourceCollector", "OxidizedResourceReader", "OxidizedZipFinder", "PythonExtensionModule",
    "PythonModuleBytecode", "PythonModuleSource", "PythonPackageDistributionResource", "PythonPackageResource",
    "decode_source", "find_resources_in_path", "pkg_resources_find_distributions", "register_pkg_resources"]
UNDERSCORED = {"_package", "_normalized_name"}  # what PyOxidizer's types have
ROUNDS = 30
# Free-threaded CPython never frees types and functions once there was a second thread, nor constants of code.
KEEPS = "t" in sys.abiflags
COUNTS = sys.getallocatedblocks() != 0 and not KEEPS
SLOW = {"oxidize"}  # starts a process


def types():
    return [value for name, value in sorted(vars(ox).items()) if isinstance(value, type)]


class Module(unittest.TestCase):
    def test_a_finder_knows_nothing_by_itself(self):
        finder = ox.OxidizedFinder()
        self.assertIsNone(finder.find_spec("os", None))
        self.assertEqual(finder.iter_modules(), [])
        self.assertEqual(list(finder.find_distributions()), [])

    def test_nothing_but_the_interface_has_a_name(self):
        self.assertEqual([name for name in dir(ox) if not name.startswith("__")], NAMES)
        for type_ in types():
            own = {name for name in dir(type_) if name.startswith("_")} - set(dir(object)) - {"__module__"}
            self.assertLessEqual(own, UNDERSCORED, type_)

    def test_instances_are_bare(self):
        for value in (ox.OxidizedFinder(), ox.OxidizedResource(), ox.OxidizedResourceCollector([])):
            self.assertFalse(hasattr(value, "__dict__"))
            with self.assertRaises(AttributeError):
                value.other = 1
            with self.assertRaises(TypeError):
                weakref.ref(value)
            self.assertEqual((value == value, value == type(value), hash(value)), (True, False, object.__hash__(value)))

    def test_types_say_where_they_come_from(self):
        for type_ in types():
            self.assertEqual(type_.__module__, "oxidized_importer")
            self.assertFalse(type_.__flags__ & 1 << 10, f"{type_} can be subclassed")

    def test_what_has_no_constructor_says_so(self):
        for name in WITHOUT_CONSTRUCTOR:
            type_ = getattr(ox, name)
            with self.assertRaisesRegex(TypeError, "^No constructor defined$"):
                type_()
            with self.assertRaises(TypeError):
                object.__new__(type_)

    @unittest.skipIf(KEEPS, "this CPython keeps types")
    def test_a_module_that_is_dropped_takes_its_types_along(self):
        dropped = []
        for i in range(3):
            module = self.fresh_module()
            self.assertIsNot(module.OxidizedFinder, ox.OxidizedFinder)
            module.OxidizedFinder().find_spec("x", None)
            dropped += [weakref.ref(value) for value in vars(module).values() if isinstance(value, type)]
            del module
        gc.collect()
        self.assertEqual([ref() for ref in dropped if ref()], [])

    @staticmethod
    def fresh_module():
        kept = sys.modules.pop("oxidized_importer")
        try:
            import oxidized_importer
            return oxidized_importer
        finally:
            sys.modules["oxidized_importer"] = kept

    def test_a_finder_outlives_its_module(self):
        finder = self.fresh_module().OxidizedFinder()
        gc.collect()
        self.assertIsNone(finder.find_spec("x", None))


class Interpreters(unittest.TestCase):
    KINDS = [False] if sys.version_info < (3, 9) else [False, True]

    @staticmethod
    def run_in_new(isolated, code):
        if sys.version_info >= (3, 13):
            id_ = interpreters.create("isolated" if isolated else "legacy")
        else:
            id_ = interpreters.create(isolated=isolated) if sys.version_info >= (3, 9) else interpreters.create()
        try:
            problem = interpreters.run_string(id_, code)
            if problem:
                raise AssertionError(problem)
        finally:
            interpreters.destroy(id_)

    def test_each_has_its_own_types(self):
        code = f"import sys; sys.path[:0] = {sys.path!r}\nimport oxidized_importer as ox\n" \
               f"assert id(ox.OxidizedFinder) != {id(ox.OxidizedFinder)}\n" \
               "f = ox.OxidizedFinder()\nassert f.find_spec('x', None) is None\nsys.meta_path.insert(0, f)\nimport json\n"
        for isolated in self.KINDS:
            for i in range(5):
                self.run_in_new(isolated, code)


def make_tree(folder):
    package = pathlib.Path(folder, "pkg")
    (package / "sub").mkdir(parents=True)
    (package / "__init__.py").write_text("x = 1\n")
    (package / "mod.py").write_text("y = 2\n")
    (package / "data.txt").write_text("data")
    (package / "sub" / "more.txt").write_text("more")
    info = pathlib.Path(folder, "pkg-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\nRequires-Dist: other\n")
    (info / "entry_points.txt").write_text("[console_scripts]\npkg = pkg:main\n")


def zip_of(folder):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("pkg/__init__.py", "pkg/mod.py"):
            archive.write(str(pathlib.Path(folder, name)), name)
    return out.getvalue()


class Leaks(unittest.TestCase):
    """Each test makes its objects anew, so that what a call leaves behind in them goes with them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ox-alone-")
        make_tree(cls.folder.name)
        cls.blob = cls.make_blob()
        cls.zip = zip_of(cls.folder.name)
        spec = cls.finder().find_spec("pkg.mod", None) or ox.OxidizedFinder.__class__
        resource = ox.OxidizedResource()
        resource.name = "added"
        base = cls.finder().path_hook_base_str
        values = ox.find_resources_in_path(cls.folder.name)
        cls.many = ["pkg", "pkg.mod", "absent", "", "data.txt", base, base + "/pkg", base + "/pkg/data.txt", "\ud800",
                    b"bytes", None, True, 7, -1, 2 ** 70, 1.5, [], ["a"], [1], {}, {"k": b"v"}, {1: 2}, (), object(),
                    sys, io, spec, resource, [resource], ox.OxidizedFinder, cls.blob, values[0]]
        cls.few = ["pkg", "data.txt", base, b"bytes", None, 7, ["a"], io, values[0]]
        cls.shared = [None, True, False, (), "", *types(), ox, io]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def collector(cls):
        return ox.OxidizedResourceCollector(allowed_locations=["in-memory", "filesystem-relative"])

    @classmethod
    def make_blob(cls):
        collector = cls.collector()
        for value in ox.find_resources_in_path(cls.folder.name):
            collector.add_in_memory(value)
        finder = ox.OxidizedFinder()
        finder.add_resources(collector.oxidize()[0])
        return finder.serialize_indexed_resources()

    @classmethod
    def finder(cls):
        finder = ox.OxidizedFinder()
        finder.index_bytes(cls.blob)
        return finder

    def count(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecated, and the only way
            sys._clear_type_cache()  # holds names that were looked up
        gc.collect()
        if hasattr(sys, "gettotalrefcount"):
            return sys.gettotalrefcount()
        return sys.getallocatedblocks() + sum(map(sys.getrefcount, self.shared))

    def assert_no_growth(self, operation):
        """Without a way to count (under sanitizers) the operation is done once, for them to see."""
        for attempt in range(3 if COUNTS else 0):  # caches and free lists fill up first
            operation()
            before = self.count()
            for i in range(ROUNDS):
                operation()
            grown = self.count() - before
            if grown < ROUNDS - 5:
                return
        if COUNTS:
            self.fail(f"{grown} more after {ROUNDS} rounds")
        operation()

    @staticmethod
    def attempt(function, *args, **kwargs):
        try:
            result = function(*args, **kwargs)
            if hasattr(result, "__next__"):
                list(itertools.islice(result, 100))
        except BaseException as error:
            error.__traceback__ = None

    def call_with_everything(self, function):
        self.attempt(function)
        for value in self.many:
            self.attempt(function, value)
            self.attempt(function, name=value)
        for pair in itertools.product(self.few, repeat=2):
            self.attempt(function, *pair)
        self.attempt(function, "pkg", None, None)
        self.attempt(function, "pkg", None, None, 4)

    def set_to_everything(self, object_, name):
        for value in self.many:
            self.attempt(setattr, object_, name, value)
            self.attempt(getattr, object_, name)
        self.attempt(delattr, object_, name)

    def check(self, make):
        """Every attribute of what make() gives: called if it can be, set if not."""
        self.assert_no_growth(make)
        for name in dir(make()):
            if name in SLOW or (name.startswith("__") and name not in ("__init__", "__repr__", "__truediv__")):
                continue
            with self.subTest(attribute=name):
                if callable(getattr(type(make()), name)):
                    self.assert_no_growth(lambda: self.call_with_everything(getattr(make(), name)))
                else:
                    self.assert_no_growth(lambda: self.set_to_everything(make(), name))

    def test_a_leak_would_be_noticed(self):
        kept = []
        if not COUNTS:
            self.skipTest("malloc stands in the place of CPython's allocator and counts nothing")
        with self.assertRaises(AssertionError):
            self.assert_no_growth(lambda: kept.append([]))
        with self.assertRaises(AssertionError):
            self.assert_no_growth(lambda: kept.append(ox.OxidizedFinder))

    def test_functions(self):
        for name, function in sorted(vars(ox).items()):
            if callable(function):
                with self.subTest(function=name):
                    self.assert_no_growth(lambda: self.call_with_everything(function))

    def test_scan(self):
        self.assert_no_growth(lambda: [getattr(r, a) for r in ox.find_resources_in_path(self.folder.name) for a in dir(r)])

    def test_finder(self):
        self.check(self.finder)

    def test_path_entry_finder(self):
        self.check(lambda: (lambda f: f.path_hook(f.path_hook_base_str + "/pkg"))(self.finder()))

    def test_resource_reader(self):
        self.check(lambda: self.finder().get_resource_reader("pkg"))

    def test_traversable(self):
        self.check(lambda: self.finder().get_resource_reader("pkg").files())

    def test_distribution(self):
        self.check(lambda: next(iter(self.finder().find_distributions())))

    def test_resource(self):
        self.check(ox.OxidizedResource)

    def test_values(self):
        for index, value in enumerate(ox.find_resources_in_path(self.folder.name)):
            with self.subTest(value=value):
                self.check(lambda: ox.find_resources_in_path(self.folder.name)[index])

    def test_collector(self):
        self.check(self.collector)

    def test_oxidize(self):
        def operation():
            collector = self.collector()
            for value in ox.find_resources_in_path(self.folder.name):
                collector.add_in_memory(value)
                collector.add_filesystem_relative("lib", value)
            collector.oxidize()
            self.attempt(collector.oxidize, python_exe="/nonexistent")
            self.attempt(collector.oxidize, python_exe=5)
        self.assert_no_growth(operation)

    def test_pkg_resources_provider(self):
        module = types_module.ModuleType("pkg")
        module.__loader__, module.__package__ = self.finder(), "pkg"
        self.check(lambda: ox.OxidizedPkgResourcesProvider(module))

    def test_zip_finder(self):
        self.check(lambda: ox.OxidizedZipFinder.from_zip_data(self.zip))

    def test_import(self):
        finder = self.finder()

        def load():
            sys.meta_path.insert(0, finder)
            try:
                import pkg.mod
                self.assertEqual(pkg.mod.y, 2)
            finally:
                sys.meta_path.remove(finder)
                del sys.modules["pkg"], sys.modules["pkg.mod"]
        self.assert_no_growth(load)


if __name__ == "__main__":
    unittest.main()
