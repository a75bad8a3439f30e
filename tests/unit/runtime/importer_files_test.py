"""Path hook and path entry finder; resource reader, Traversables, importlib.resources and pkgutil."""
from importerkit import finder, resource
import importlib
import io
import os
import pathlib
import pkgutil
import sys
import tempfile
import types
import unittest

from oxidized_importer import OxidizedPathEntryFinder, OxidizedResourceReader

try:
    import importlib.resources as resources
    import importlib.abc
except ImportError:
    resources = None

VERSION = sys.version_info[:2]
EXE = os.readlink("/proc/self/exe")


def tree():
    """resfiles: a.txt, sub/b.txt; resfiles.inner: c.txt, a module beside them."""
    package = ("module", "package")
    return finder(resource("resfiles", *package, in_memory_source=b"", in_memory_package_resources={
        "a.txt": b"a\r\n\xc3\xa9", "sub/b.txt": b"b", "sub/deep/d": b"d"}),
        resource("resfiles.inner", *package, in_memory_source=b"", in_memory_package_resources={"c.txt": b"c"}),
        resource("resfiles.mod", "module", in_memory_source=b""))


class PathHook(unittest.TestCase):
    def setUp(self):
        self.f = tree()

    def test_paths_below_the_executable(self):
        for path, package in ((EXE, None), (EXE + "/", None), (EXE + "\\", None), (EXE + "/a", "a"),
                              (EXE + "/a/b", "a.b"), (EXE + "\\a\\b", "a.b"), (EXE + "/foo.bar/baz", "foo.bar.baz")):
            entry = self.f.path_hook(path)
            self.assertIs(type(entry), OxidizedPathEntryFinder)
            self.assertEqual(entry._package, package)
            with self.assertRaises(AttributeError):
                entry._package = "x"

    def refused(self, path, cause, text):
        with self.assertRaises(ImportError) as caught:
            self.f.path_hook(path)
        self.assertEqual(str(caught.exception), "error running OxidizedFinder.path_hook")
        self.assertIsInstance(caught.exception.__cause__, cause)
        self.assertEqual(str(caught.exception.__cause__), text)
        self.assertTrue(caught.exception.__suppress_context__)

    def test_other_paths(self):
        for path in ("/", "", "/nonexistent", EXE + "x", EXE[:-1], "\udcff"):
            self.refused(path, ValueError, "the path is not below the executable")
        for path in ("//a", "/a//b", "/a/", "/.a", "/a.", "/a/.b", "/a./b", "/a..b", "/.."):
            self.refused(EXE + path, ValueError, "the path is not that of a package")

    def test_other_types(self):
        for path in (EXE.encode(), pathlib.Path(EXE), None, 1):
            self.refused(path, TypeError, "the path is not a str")

    def test_text_that_is_no_utf8(self):
        self.assertEqual(self.f.path_hook(EXE + "/a\udcff")._package, "a?")

    def test_it_works_as_a_hook(self):
        sys.path_hooks.insert(0, self.f.path_hook)
        self.addCleanup(sys.path_hooks.remove, self.f.path_hook)
        self.addCleanup(sys.path_importer_cache.clear)
        self.assertEqual(sorted(m.name for m in pkgutil.iter_modules([EXE + "/resfiles"])), ["inner", "mod"])
        sys.meta_path.insert(0, self.f)
        self.addCleanup(sys.meta_path.remove, self.f)
        self.addCleanup(lambda: [sys.modules.pop(n) for n in list(sys.modules) if n.startswith("resfiles")])
        package = importlib.import_module("resfiles")
        self.assertEqual(sorted(m.name for m in pkgutil.walk_packages(package.__path__, "resfiles.")),
                         ["resfiles.inner", "resfiles.mod"])


class Folders(unittest.TestCase):
    """Folders without modules, and modules' sources, are there as they are on disk."""

    def setUp(self):
        self.f = tree()
        sys.meta_path.append(self.f)
        self.addCleanup(sys.meta_path.remove, self.f)
        self.addCleanup(lambda: [sys.modules.pop(n) for n in list(sys.modules) if n.startswith("resfiles")])
        self.addCleanup(sys.path_importer_cache.clear)

    def test_a_folder_of_data_is_a_namespace_package(self):
        deep = importlib.import_module("resfiles.sub.deep")
        self.assertEqual(list(deep.__path__), [EXE + "/resfiles/sub/deep"])
        with self.assertRaises(ImportError):
            importlib.import_module("resfiles.sub.none")
        with self.assertRaises(ImportError):
            importlib.import_module("resfiles.a")
        self.assertEqual(self.f.path_hook(EXE + "/resfiles").iter_modules(), [("inner", True), ("mod", False)])
        for reader in map(self.f.get_resource_reader, ("resfiles.sub", "resfiles.sub.deep")):
            self.assertEqual(sorted(p.name for p in reader.files().iterdir()),
                             ["b.txt", "deep"] if "deep" not in repr(reader.files()) else ["d"])
        self.assertEqual(self.f.get_resource_reader("resfiles.sub").files().joinpath("deep", "d").read_bytes(), b"d")
        self.assertEqual(self.f.get_resource_reader("resfiles.sub").open_resource("b.txt").read(), b"b")

    def test_resources_of_a_module_are_those_of_its_package(self):
        importlib.import_module("resfiles.mod")
        if VERSION < (3, 12):  # importlib.resources takes packages only
            self.assertIsNone(self.f.get_resource_reader("resfiles.mod"))
            return
        from importlib import resources
        self.assertEqual(resources.files("resfiles.mod"), resources.files("resfiles"))
        self.assertEqual(resources.files("resfiles.mod").joinpath("sub", "b.txt").read_bytes(), b"b")
        self.f.add_resource(resource("resmod", "module", in_memory_source=b""))
        for name in ("resmod", "absent", "resfiles.absent", "absent.mod"):
            self.assertIsNone(self.f.get_resource_reader(name))

    def test_nodes_are_compared_as_paths_are(self):
        top = self.f.get_resource_reader("resfiles").files()
        sub = self.f.get_resource_reader("resfiles.sub").files()
        self.assertEqual(top / "sub", sub)
        self.assertEqual(len({top / "sub", sub, top}), 2)
        self.assertNotEqual(top, sub)
        self.assertNotEqual(top, "resfiles")
        self.assertEqual([n.name for n in sorted([top / "z", top / "a", sub])], ["a", "sub", "z"])
        self.assertEqual(str(sub / "b.txt"), EXE + "/resfiles/sub/b.txt")
        with self.assertRaises(TypeError):
            top < "resfiles"

    def test_nodes_have_what_paths_tell_of_their_names(self):
        top = self.f.get_resource_reader("resfiles").files()
        node = top / "sub" / "b.tar.gz"
        self.assertEqual((node.name, node.stem, node.suffix, node.suffixes), ("b.tar.gz", "b.tar", ".gz", [".tar", ".gz"]))
        self.assertEqual((node.parent, node.parent.parent), (top / "sub", top))
        self.assertEqual(self.f.get_resource_reader("resfiles.inner").files().parent, top)
        self.assertEqual([n.exists() for n in (top, top / "a.txt", top / "sub", node)], [True, True, True, False])

    def test_sources_can_be_read_but_are_not_listed(self):
        self.f.add_resource(resource("resfiles.code", "module", in_memory_source=b"x = 1"))
        files = self.f.get_resource_reader("resfiles").files()
        self.assertEqual(files.joinpath("code.py").read_text(), "x = 1")
        self.assertTrue(files.joinpath("inner/__init__.py").is_file())
        for name in ("code", "code.pyc", "inner.py", "code/__init__.py", "absent.py", ".py", "inner/.py"):
            self.assertFalse(files.joinpath(name).is_file(), name)
        self.assertEqual(sorted(p.name for p in files.iterdir()), ["a.txt", "inner", "sub"])
        self.assertEqual(self.f.get_data(EXE + "/resfiles/code.py"), b"x = 1")


class PathEntryFinder(unittest.TestCase):
    def setUp(self):
        self.f = tree()

    def test_direct_members_by_the_last_component_of_a_name(self):
        top, package = self.f.path_hook(EXE), self.f.path_hook(EXE + "/resfiles")
        self.assertEqual(top.find_spec("resfiles").name, "resfiles")
        self.assertIsNone(top.find_spec("resfiles.mod"))
        self.assertEqual(package.find_spec("resfiles.mod").name, "resfiles.mod")
        self.assertEqual(package.find_spec(fullname="resfiles.inner", target=None).name, "resfiles.inner")
        for name in ("mod", "other.mod"):
            spec = package.find_spec(name)
            self.assertEqual((spec.name, spec.loader_state), (name, "resfiles.mod"))
        for name in ("resfiles", "resfiles.inner.x", "resfiles.unknown", "", "resfiles."):
            self.assertIsNone(package.find_spec(name), name)

    def test_arguments(self):
        e = self.f.path_hook(EXE)
        with self.assertRaisesRegex(TypeError, r"OxidizedPathEntryFinder.find_spec\(\) takes from 1 to 2 positional "
                                               "arguments but 3 were given"):
            e.find_spec("a", None, None)
        with self.assertRaisesRegex(TypeError, r"OxidizedPathEntryFinder.find_spec\(\) got an unexpected keyword "
                                               "argument 'path'"):
            e.find_spec("a", path=None)
        with self.assertRaisesRegex(TypeError, "missing 1 required positional argument: 'fullname'"):
            e.find_spec()
        for wrong in (1, "m", []):
            with self.assertRaisesRegex(TypeError, "^argument 'target': '.*' object cannot be converted to 'PyModule'$"):
                e.find_spec("a", wrong)
        self.assertIsNotNone(e.find_spec("resfiles", types.ModuleType("m")))
        for wrong in (None, 1, b"x"):
            with self.assertRaises(TypeError):
                e.find_spec(wrong)
            with self.assertRaises(TypeError):
                e.iter_modules(wrong)

    def test_iter_modules(self):
        self.assertEqual(self.f.path_hook(EXE).iter_modules(), [("resfiles", True)])
        self.assertEqual(self.f.path_hook(EXE + "/resfiles").iter_modules("x."), [("x.inner", True), ("x.mod", False)])
        self.assertEqual(self.f.path_hook(EXE + "/unknown").iter_modules(prefix=""), [])
        self.f.add_resources([resource(n, "module", in_memory_source=b"") for n in ("resfilesx", "resfiles-y", "resfiles2.z")])
        self.assertEqual(self.f.path_hook(EXE + "/resfiles").iter_modules(), [("inner", True), ("mod", False)])

    def test_what_there_is(self):
        e = self.f.path_hook(EXE)
        self.assertIsNone(e.invalidate_caches())
        for name in ("find_loader", "find_module"):
            self.assertFalse(hasattr(e, name))
        with self.assertRaisesRegex(TypeError, "No constructor defined"):
            OxidizedPathEntryFinder()


class Reader(unittest.TestCase):
    def setUp(self):
        self.r = tree().get_resource_reader("resfiles")

    def test_who_has_one(self):
        f = tree()
        self.assertIsInstance(f.get_resource_reader("resfiles"), OxidizedResourceReader)
        self.assertIsNone(f.get_resource_reader("unknown"))
        with self.assertRaisesRegex(TypeError, "No constructor defined"):
            OxidizedResourceReader()

    def test_open_resource(self):
        stream = self.r.open_resource("a.txt")
        self.assertIs(type(stream), io.BytesIO)
        self.assertEqual(stream.read(), b"a\r\n\xc3\xa9")
        self.assertEqual(self.r.open_resource(resource="sub/b.txt").read(), b"b")
        with self.assertRaisesRegex(FileNotFoundError, "resource not found"):
            self.r.open_resource("missing")
        with self.assertRaisesRegex(FileNotFoundError, "resource not found"):
            self.r.open_resource("sub")

    def test_paths_and_names(self):
        for name in ("a.txt", "missing"):
            with self.assertRaisesRegex(FileNotFoundError, "in-memory resources do not have filesystem paths"):
                self.r.resource_path(name)
        self.assertIs(self.r.is_resource("a.txt"), True)
        for name in ("missing", "sub"):
            with self.assertRaisesRegex(FileNotFoundError, "resource not found"):
                self.r.is_resource(name)
        self.assertEqual(self.r.contents(), ["a.txt", "sub/b.txt", "sub/deep/d"])

    def test_arguments(self):
        for method in (self.r.open_resource, self.r.is_resource):
            for wrong in (None, 1, b"a.txt"):
                with self.assertRaises(TypeError):
                    method(wrong)
            with self.assertRaises(TypeError):
                method()

    def test_files_on_disk_and_in_memory(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "disk").write_bytes(b"d")
            pathlib.Path(folder, "both").write_bytes(b"d")
            r = finder(resource("p", "module", "package", in_memory_package_resources={"m": b"m", "both": b"m"},
                                relative_path_package_resources={"d": "disk", "both": "both", "gone": "gone"}),
                       relative_path_origin=folder).get_resource_reader("p")
            self.assertEqual(r.contents(), ["both", "d", "gone", "m"])
            with r.open_resource("d") as stream:
                self.assertIs(type(stream), io.FileIO)
                self.assertEqual(stream.read(), b"d")
            self.assertEqual(r.open_resource("both").read(), b"m")
            self.assertEqual((r.files() / "d").read_text(), "d")
            self.assertEqual(sorted(n.name for n in r.files().iterdir()), ["both", "d", "gone", "m"])
            with self.assertRaises(FileNotFoundError):
                r.open_resource("gone")
            with self.assertRaises(FileNotFoundError):
                (r.files() / "gone").read_bytes()
            with self.assertRaises(FileNotFoundError):
                r.resource_path("d")


class Traversable(unittest.TestCase):
    def setUp(self):
        self.root = tree().get_resource_reader("resfiles").files()

    def names(self, node):
        return [n.name for n in node.iterdir()]

    def test_names_and_kinds(self):
        self.assertEqual(self.names(self.root), ["a.txt", "inner", "sub"])
        self.assertEqual(self.names(self.root / "sub"), ["b.txt", "deep"])
        self.assertEqual(self.names(self.root / "inner"), ["c.txt"])
        for path, is_dir, is_file in (("", True, False), ("a.txt", False, True), ("sub", True, False),
                                      ("sub/b.txt", False, True), ("inner", True, False), ("inner/c.txt", False, True),
                                      ("missing", False, False), ("sub/missing", False, False), ("mod", False, False)):
            node = self.root.joinpath(path)
            self.assertEqual((node.is_dir(), node.is_file()), (is_dir, is_file), path)
            self.assertEqual(node.name, path.split("/")[-1] or "resfiles")

    def test_joining(self):
        for node in (self.root / "sub" / "b.txt", self.root / "sub/b.txt", self.root.joinpath("sub", "b.txt"),
                     self.root.joinpath("./sub//b.txt"), self.root / pathlib.PurePosixPath("sub/b.txt")):
            self.assertEqual(node.read_bytes(), b"b")
        self.assertEqual(self.names(self.root.joinpath()), self.names(self.root))
        for wrong in (1, None, b"sub"):
            with self.assertRaisesRegex(TypeError, "PathLike|^argument 'descendant': 'bytes' object cannot"):
                self.root / wrong
            with self.assertRaises(TypeError):
                self.root.joinpath(wrong)
        with self.assertRaises(TypeError):
            "text" / self.root

    def test_reading(self):
        node = self.root / "a.txt"
        self.assertEqual(node.read_bytes(), b"a\r\n\xc3\xa9")
        self.assertEqual(node.read_text("utf-8"), "a\n\u00e9")
        self.assertEqual(node.read_text(encoding="ascii", errors="replace"), "a\n\ufffd\ufffd")
        self.assertEqual(node.open("rb").read(), b"a\r\n\xc3\xa9")
        self.assertEqual(node.open("r", encoding="latin-1", newline="").read(), "a\r\n\xc3\xa9")
        self.assertEqual(node.open(mode="rb").read(1), b"a")
        for mode in ("w", "a", "r+", "x", ""):
            with self.assertRaisesRegex(ValueError, f"^mode '{mode[:1]}.*: resources can be opened with 'r' and 'rb' only$"):
                node.open(mode)
        with self.assertRaisesRegex(TypeError, "^argument 'mode': 'int' object cannot be converted to 'PyString'$"):
            node.open(1)

    def test_what_is_not_there(self):
        for path, error in (("missing", FileNotFoundError), ("sub", IsADirectoryError)):
            for method in ("read_bytes", "read_text", "open"):
                with self.assertRaises(error):
                    getattr(self.root / path, method)()
        with self.assertRaises(FileNotFoundError):
            list((self.root / "missing").iterdir())
        with self.assertRaises(NotADirectoryError):
            list((self.root / "a.txt").iterdir())

    def test_a_folder_that_is_a_package_and_has_the_parents_files(self):
        package = ("module", "package")
        root = finder(resource("p", *package, in_memory_package_resources={"q/x": b"1", "q/y": b"2"}),
                      resource("p.q", *package, in_memory_source=b"", in_memory_package_resources={"y": b"3"})
                      ).get_resource_reader("p").files()
        self.assertEqual(self.names(root / "q"), ["x", "y"])
        self.assertEqual((root / "q/x").read_bytes(), b"1")
        self.assertEqual((root / "q/y").read_bytes(), b"3")


    @unittest.skipIf(VERSION < (3, 9), "a protocol since 3.9")
    def test_it_has_all_that_a_traversable_has(self):
        try:
            from importlib.resources.abc import Traversable
        except ImportError:
            from importlib.abc import Traversable
        self.assertIsInstance(self.root, Traversable)
        self.assertIsInstance(self.root / "a.txt", Traversable)


class ImportlibResources(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.f = tree()
        sys.meta_path.insert(0, cls.f)
        cls.p = importlib.import_module("resfiles")

    @classmethod
    def tearDownClass(cls):
        sys.meta_path.remove(cls.f)
        for name in [n for n in sys.modules if n.startswith("resfiles")]:
            del sys.modules[name]

    @unittest.skipUnless(hasattr(resources, "open_binary"), "not in this version")
    def test_the_functions_by_name(self):
        self.assertEqual(resources.open_binary(self.p, "a.txt").read(), b"a\r\n\xc3\xa9")
        self.assertEqual(resources.read_binary("resfiles", "a.txt"), b"a\r\n\xc3\xa9")
        self.assertEqual(resources.read_text(self.p, "a.txt", encoding="utf-8").replace("\r", ""), "a\n\u00e9")
        self.assertIn("a.txt", list(resources.contents(self.p)))
        self.assertTrue(resources.is_resource(self.p, "a.txt"))
        with resources.path(self.p, "a.txt") as path:
            self.assertEqual(path.read_bytes(), b"a\r\n\xc3\xa9")
        if VERSION >= (3, 11):
            self.assertFalse(resources.is_resource(self.p, "missing"))
        if VERSION >= (3, 13):
            self.assertEqual(resources.open_binary(self.p, "sub/b.txt").read(), b"b")

    @unittest.skipUnless(VERSION >= (3, 10), "files() does not ask the loader before 3.10")
    def test_files(self):
        files = resources.files(self.p)
        self.assertEqual(sorted(n.name for n in files.iterdir()), ["a.txt", "inner", "sub"])
        self.assertEqual((files / "sub" / "b.txt").read_bytes(), b"b")
        self.assertEqual(resources.files("resfiles.inner").joinpath("c.txt").read_text(), "c")
        with resources.as_file(files / "sub" / "b.txt") as path:
            self.assertEqual(path.read_bytes(), b"b")

    @unittest.skipUnless(VERSION >= (3, 12), "folders as files since 3.12")
    def test_a_folder_as_a_real_one(self):
        with resources.as_file(resources.files(self.p) / "sub") as path:
            self.assertEqual((path / "deep/d").read_bytes(), b"d")

    def test_pkgutil(self):
        self.assertIn(pkgutil.get_data("resfiles", "a.txt"), (None, b"a\r\n\xc3\xa9"))


if __name__ == "__main__":
    unittest.main()
