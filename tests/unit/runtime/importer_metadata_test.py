"""OxidizedDistribution, and importlib.metadata over a finder."""
from importerkit import finder
import importlib.metadata as metadata
import os
import pathlib
import pickle
import sys
import tempfile
import unittest

from oxidized_importer import OxidizedDistribution, OxidizedResource

VERSION = sys.version_info[:2]
EXE = os.readlink("/proc/self/exe")
METADATA = (b"Metadata-Version: 2.1\nName: My.Pkg\nVersion: 1.2\nRequires-Dist: one (>=1)\n"
            b"Requires-Dist: two; extra == 'x'\n\nText\r\nmore \xc3\xa9\n")
ENTRY_POINTS = b"[console_scripts]\nrun = my_pkg.cli:main\n[group]\na = b\n"
RECORD = b'my_pkg/__init__.py,sha256=abc,12\n"my_pkg/a,b.txt",,\nmy_pkg.dist-info/RECORD,,\n'


def distribution(name, files=None, paths=None, package=True):
    r = OxidizedResource()
    r.name = name
    r.is_module = True
    r.is_package = package
    r.in_memory_distribution_resources = files
    r.relative_path_distribution_resources = paths
    return r


def whole():
    return distribution("My.Pkg", {"METADATA": METADATA, "entry_points.txt": ENTRY_POINTS, "RECORD": RECORD,
                                   "top_level.txt": b"my_pkg\n", "lines.txt": b"a\r\nb\rc\n", "bad.txt": b"\xff"})


class Finding(unittest.TestCase):
    def names(self, f, **context):
        found = f.find_distributions(metadata.DistributionFinder.Context(**context))
        self.assertIs(iter(found), found)
        return [d.name for d in found]

    def test_all(self):
        f = finder(distribution("b", {"METADATA": b"Name: b\n"}), distribution("a", {"METADATA": b"Name: a\n"}),
                   distribution("none"), distribution("empty", {}),
                   distribution("module", {"METADATA": b"Name: m\n"}, package=False))
        self.assertEqual(self.names(f), ["a", "b"])
        self.assertEqual([d.name for d in f.find_distributions()], ["a", "b"])
        self.assertEqual([d.name for d in f.find_distributions(None)], ["a", "b"])
        self.assertEqual(self.names(f, name=None), ["a", "b"])

    def test_names_are_compared_in_normal_form(self):
        f = finder(whole())
        for name in ("My.Pkg", "my.pkg", "my-pkg", "MY_PKG", "my-._pkg"):
            self.assertEqual(self.names(f, name=name), ["My.Pkg"])
        for name in ("mypkg", "my-pkg-", ""):
            self.assertEqual(self.names(f, name=name), [])

    def test_the_path_is_ignored(self):
        self.assertEqual(self.names(finder(whole()), path=["/nonexistent"]), ["My.Pkg"])

    def test_wrong_contexts(self):
        for wrong in (1, "name", object()):
            with self.assertRaises(AttributeError):
                finder(whole()).find_distributions(wrong)

        class Wrong:
            name, path = 1, []
        with self.assertRaises((AttributeError, TypeError)):
            finder(whole()).find_distributions(Wrong)


class Distribution(unittest.TestCase):
    def setUp(self):
        self.d, = finder(whole()).find_distributions()

    def test_read_text(self):
        self.assertEqual(self.d.read_text("lines.txt"), "a\nb\nc\n")
        self.assertEqual(self.d.read_text(filename="top_level.txt"), "my_pkg\n")
        self.assertIsNone(self.d.read_text("missing"))
        with self.assertRaises(UnicodeDecodeError):
            self.d.read_text("bad.txt")
        for wrong in (None, 1, b"METADATA"):
            with self.assertRaises(TypeError):
                self.d.read_text(wrong)
        with self.assertRaises(TypeError):
            self.d.read_text()

    def test_metadata(self):
        m = self.d.metadata
        self.assertEqual((m["Name"], m["Version"], m.get_all("Requires-Dist")),
                         ("My.Pkg", "1.2", ["one (>=1)", "two; extra == 'x'"]))
        if VERSION >= (3, 10):
            from importlib.metadata import _adapters
            self.assertIsInstance(m, _adapters.Message)
            self.assertEqual(m.json["name"], "My.Pkg")
        self.assertEqual((self.d.name, self.d.version), ("My.Pkg", "1.2"))
        self.assertEqual(self.d._normalized_name, "my_pkg")

    def test_metadata_of_eggs(self):
        d, = finder(distribution("e", {"PKG-INFO": b"Name: e\nVersion: 3\n", "SOURCES.txt": b"a,b.py\nc.py\n",
                                       "requires.txt": b"one\n[x]\ntwo\n"})).find_distributions()
        self.assertEqual((d.name, d.version), ("e", "3"))
        self.assertEqual([str(f) for f in d.files], ["a,b.py", "c.py"])
        self.assertEqual(d.requires[0], "one")
        self.assertIn("two", d.requires[1])

    def test_without_metadata(self):
        d, = finder(distribution("e", {"x": b""})).find_distributions()
        for name in ("metadata", "name", "version", "_normalized_name"):
            with self.assertRaisesRegex(OSError, "package metadata not found"):
                getattr(d, name)
        self.assertIsNone(d.files)
        self.assertEqual(list(d.entry_points), [])

    def test_entry_points(self):
        points = self.d.entry_points
        if VERSION >= (3, 10):
            self.assertIsInstance(points, metadata.EntryPoints)
            self.assertEqual(points.select(group="group")["a"].value, "b")
        else:
            self.assertIsInstance(points, list)
        self.assertEqual({(p.group, p.name, p.value) for p in points},
                         {("console_scripts", "run", "my_pkg.cli:main"), ("group", "a", "b")})

    def test_requires(self):
        self.assertEqual(self.d.requires, ["one (>=1)", "two; extra == 'x'"])
        d, = finder(distribution("e", {"METADATA": b"Name: e\n"})).find_distributions()
        self.assertIsNone(d.requires)

    def test_files(self):
        files = self.d.files
        self.assertIsInstance(files, list)
        self.assertEqual([str(f) for f in files], ["my_pkg/__init__.py", "my_pkg/a,b.txt", "my_pkg.dist-info/RECORD"])
        self.assertIsInstance(files[0], metadata.PackagePath)
        self.assertEqual((files[0].hash.mode, files[0].hash.value, files[0].size), ("sha256", "abc", 12))
        self.assertEqual((files[1].hash, files[1].size), (None, None))
        self.assertEqual(files[0].locate(), pathlib.Path(EXE, "my_pkg/__init__.py"))
        self.assertIs(files[0].dist, self.d)

    def test_files_can_be_read_through_their_places(self):
        r = distribution("my_pkg", {"METADATA": METADATA, "RECORD": b"my_pkg/__init__.py,,\nmy_pkg/sub/d.txt,,\n"
                                    b"My_Pkg-1.2.dist-info/METADATA,,\nmy_pkg/gone.py,,\n"})
        r.in_memory_source, r.in_memory_package_resources = b"x = '\xc3\xa9'\n", {"sub/d.txt": b"data\r\n"}
        d, = finder(r).find_distributions()
        init, data, info, gone = d.files
        self.assertEqual(init.read_text(encoding="utf-8"), "x = '\xe9'\n")
        self.assertEqual((data.read_text(), data.read_binary()), ("data\n", b"data\r\n"))
        self.assertEqual(info.read_binary(), METADATA)
        with self.assertRaises(OSError):
            gone.read_text()
        place = data.locate()
        self.assertEqual((place.exists(), place.is_file(), gone.locate().exists()), (True, True, False))
        self.assertEqual((place.parent / "d.txt").read_text(), "data\n")
        self.assertEqual(place.open("rb").read(2), b"da")
        with self.assertRaises(OSError):
            place.open("w")
        self.assertEqual(pickle.loads(pickle.dumps(place)), place)
        with tempfile.TemporaryDirectory() as folder:
            beside = type(place)(folder, "real.txt")
            beside.write_text("on disk")
            self.assertEqual((beside.read_text(), beside.exists()), ("on disk", True))

    def test_folders_of_metadata_by_every_name(self):
        r = distribution("My.Pkg", {"METADATA": METADATA, "RECORD": b"", "sub/x": b"x"})
        d, = finder(r).find_distributions()
        for folder in ("My_Pkg-1.2.dist-info", "my_pkg.dist-info", "my_pkg.egg-info", "My.Pkg-0.egg-info"):
            self.assertEqual(d.locate_file(folder + "/METADATA").read_bytes(), METADATA, folder)
            self.assertEqual(d.locate_file(folder + "/sub/x").read_bytes(), b"x")
        for path in ("my_pkg.dist-info", "my_pkg-info/METADATA", "other.dist-info/METADATA", "my_pkg.dist-info/absent"):
            self.assertFalse(d.locate_file(path).exists(), path)

    def test_locate_file(self):
        self.assertEqual(self.d.locate_file("a/b"), pathlib.Path(EXE, "a/b"))

    def test_the_type(self):
        with self.assertRaisesRegex(TypeError, "No constructor defined"):
            OxidizedDistribution()
        for name in ("from_name", "discover", "read_text", "metadata", "name", "version", "_normalized_name",
                     "entry_points", "requires", "files"):
            self.assertIn(name, dir(OxidizedDistribution))
        with self.assertRaisesRegex(AttributeError, "^'OxidizedDistribution' object has no attribute 'nonsense'$"):
            self.d.nonsense
        with self.assertRaises(AttributeError):
            self.d.name = "x"

    def test_files_on_disk(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "meta").write_bytes(b"Name: disk\r\nVersion: 9\r\n")
            d, = finder(distribution("disk", None, {"METADATA": "meta", "gone": "gone"}),
                        relative_path_origin=folder).find_distributions()
            self.assertEqual(d.version, "9")
            self.assertEqual(d.read_text("METADATA"), "Name: disk\nVersion: 9\n")
            with self.assertRaises(OSError):
                d.read_text("gone")


class ImportlibMetadata(unittest.TestCase):
    def setUp(self):
        f = finder(whole())
        sys.meta_path.insert(0, f)
        self.addCleanup(sys.meta_path.remove, f)

    def test_functions(self):
        self.assertEqual(metadata.version("my-pkg"), "1.2")
        self.assertEqual(metadata.metadata("my_pkg")["Name"], "My.Pkg")
        self.assertEqual(len(metadata.requires("my.pkg")), 2)
        self.assertEqual(len(metadata.files("my.pkg")), 3)
        self.assertIsInstance(metadata.distribution("My.Pkg"), OxidizedDistribution)
        self.assertIn("My.Pkg", [d.metadata["Name"] for d in metadata.distributions()])
        with self.assertRaises(metadata.PackageNotFoundError):
            metadata.version("my-other-pkg")

    def test_entry_points(self):
        if VERSION >= (3, 10):
            self.assertEqual([p.value for p in metadata.entry_points(group="group") if p.name == "a"], ["b"])
        else:
            self.assertIn("b", [p.value for p in metadata.entry_points()["group"]])

    @unittest.skipIf(VERSION < (3, 10), "not before 3.10")
    def test_packages_distributions(self):
        self.assertIn("My.Pkg", metadata.packages_distributions()["my_pkg"])

    def test_from_name(self):
        self.assertEqual(OxidizedDistribution.from_name("my-pkg").version, "1.2")
        self.assertEqual(OxidizedDistribution.from_name(name="my-pkg").version, "1.2")
        with self.assertRaises(metadata.PackageNotFoundError) as caught:
            OxidizedDistribution.from_name("missing")
        self.assertEqual(caught.exception.args, ("missing",))
        for wrong in (None, 1, b"x"):
            with self.assertRaises(TypeError):
                OxidizedDistribution.from_name(wrong)

    def test_discover(self):
        Context = metadata.DistributionFinder.Context
        for found in (OxidizedDistribution.discover(name="my-pkg"), OxidizedDistribution.discover("x", name="my-pkg"),
                      OxidizedDistribution.discover(context=Context(name="my-pkg"))):
            self.assertEqual(type(found), type(iter([])))
            self.assertEqual([d.metadata["Name"] for d in found], ["My.Pkg"])
        self.assertIn("My.Pkg", [d.metadata["Name"] for d in OxidizedDistribution.discover()])
        with self.assertRaisesRegex(ValueError, "cannot accept context and kwargs"):
            OxidizedDistribution.discover(context=Context(), name="x")

    def test_a_finder_that_fails(self):
        class Broken:
            def find_distributions(self, context=None):
                raise ZeroDivisionError
            find_spec = None
        sys.meta_path.insert(0, Broken())
        self.addCleanup(sys.meta_path.pop, 0)
        with self.assertRaises(ZeroDivisionError):
            OxidizedDistribution.from_name("x")


if __name__ == "__main__":
    unittest.main()
