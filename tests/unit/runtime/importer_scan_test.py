"""find_resources_in_path, the types that it finds, and decode_source."""
import importerkit  # noqa: F401
import array
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import sys
import sysconfig
import tempfile
import unittest

import oxidized_importer
from oxidized_importer import decode_source, find_resources_in_path

TAG = sys.implementation.cache_tag
SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, content=b""):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def scan(self):
        return find_resources_in_path(self.root)

    def found(self):
        return [repr(r) for r in self.scan()]

    def only(self):
        found, = self.scan()
        return found


class Modules(Tree):
    def test_a_source_is_a_module(self):
        self.write("foo.py", b"x = 1\n")
        r = self.only()
        self.assertIs(type(r), oxidized_importer.PythonModuleSource)
        self.assertEqual((r.module, r.source, r.is_package), ("foo", b"x = 1\n", False))
        self.assertEqual(repr(r), '<PythonModuleSource module="foo">')

    def test_init_is_the_package(self):
        self.write("a/__init__.py")
        self.write("a/b/__init__.py")
        self.write("a/b/c.py")
        self.assertEqual([(r.module, r.is_package) for r in self.scan()],
                         [("a", True), ("a.b", True), ("a.b.c", False)])

    def test_an_init_of_the_scanned_folder_is_nothing(self):
        self.write("__init__.py")
        self.assertEqual(self.scan(), [])

    def test_the_order_is_that_of_a_walk_by_names(self):
        for name in ("b.py", "a/z.py", "a.py", "a/y/x.py", "B.py"):
            self.write(name)
        self.assertEqual([r.module for r in self.scan()], ["B", "a.y.x", "a.z", "a", "b"])

    def test_bytecode_has_no_header(self):
        for opt, level in (("", 0), (".opt-1", 1), (".opt-2", 2)):
            path = self.write(f"p/__pycache__/m.{TAG}{opt}.pyc", b"h" * 16 + b"code")
            r = self.only()
            self.assertIs(type(r), oxidized_importer.PythonModuleBytecode)
            self.assertEqual((r.module, r.bytecode, r.optimize_level, r.is_package), ("p.m", b"code", level, False))
            self.assertEqual(repr(r), '<PythonModuleBytecode module="p.m">')
            path.unlink()

    def test_bytecode_of_a_package(self):
        self.write(f"p/__pycache__/__init__.{TAG}.pyc", b"h" * 16)
        r = self.only()
        self.assertEqual((r.module, r.is_package), ("p", True))

    def test_other_bytecode_is_left_out(self):
        for name in ("m.pyc", f"m.{TAG}.pyc", "p/__pycache__/m.cpython-27.pyc", "p/__pycache__/m.pyc",
                     f"p/__pycache__/m.{TAG}.opt-3.pyc", f"__pycache__/.{TAG}.pyc", f"__pycache__/m{TAG}.pyc"):
            self.write(name, b"h" * 16)
        self.assertEqual(self.scan(), [])

    def test_an_extension_module(self):
        self.write("a/ext" + SUFFIX, b"\x7fELF")
        r = self.only()
        self.assertIs(type(r), oxidized_importer.PythonExtensionModule)
        self.assertEqual((r.name, repr(r)), ("a.ext", '<PythonExtensionModule module="a.ext">'))

    def test_every_suffix_of_extensions(self):
        for number, suffix in enumerate(importlib.machinery.EXTENSION_SUFFIXES):
            self.write(f"m{number}{suffix}")
        self.write("p/__init__" + SUFFIX)
        self.assertEqual([r.name for r in self.scan()],
                         [f"m{n}" for n in range(len(importlib.machinery.EXTENSION_SUFFIXES))] + ["p"])

    def test_what_cannot_be_imported_is_no_module(self):
        self.write("p/__init__.py")
        for name in ("p/v-1.0/x.py", "p/a.b.py", "p/lib.foreign-tag.so", "p.libs/libz.so"):
            self.write(name)
        self.assertEqual(self.found(), ['<PythonModuleSource module="p">'] + [
            f'<PythonPackageResource package="p", path="{n}">' for n in ("a.b.py", "lib.foreign-tag.so", "v-1.0/x.py")])

    def test_the_standard_library(self):
        found = find_resources_in_path(sysconfig.get_paths()["stdlib"])
        sources = {r.module: r for r in found if type(r).__name__ == "PythonModuleSource"}
        self.assertEqual(sources["json.decoder"].source, pathlib.Path(importlib.util.find_spec("json.decoder").origin
                                                                      ).read_bytes())
        self.assertTrue(sources["json"].is_package)
        self.assertFalse([name for name in sources if "packages" in name and name.startswith(("site-", "dist-"))])


class Resources(Tree):
    def test_a_file_belongs_to_the_deepest_package_around_it(self):
        self.write("a/__init__.py")
        self.write("a/b/__init__.py")
        self.write("a/x.txt")
        self.write("a/b/c/d/y.txt", b"content")
        self.write("lost.txt")
        self.write("nowhere/z.txt")
        found = [r for r in self.scan() if type(r) is oxidized_importer.PythonPackageResource]
        self.assertEqual([(r.package, r.name, r.data) for r in found],
                         [("a.b", "c/d/y.txt", b"content"), ("a", "x.txt", b"")])
        self.assertEqual(repr(found[1]), '<PythonPackageResource package="a", path="x.txt">')

    def test_resources_come_last(self):
        self.write("a/__init__.py")
        self.write("a/0.txt")
        self.write("b/__init__.py")
        self.assertEqual([type(r).__name__ for r in self.scan()],
                         ["PythonModuleSource", "PythonModuleSource", "PythonPackageResource"])

    def test_a_folder_with_modules_is_a_package_without_init(self):
        self.write("ns/mod.py")
        self.write("ns/x.txt")
        self.assertEqual(self.found()[1], '<PythonPackageResource package="ns", path="x.txt">')

    def test_pth_and_egg_files_are_left_out(self):
        for name in ("p/__init__.py", "p/x.pth", "p/y.egg", "z.pth"):
            self.write(name)
        self.assertEqual(len(self.scan()), 1)


class Metadata(Tree):
    def test_dist_info(self):
        self.write("My_Pkg-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: My-Pkg\nVersion: 1.0\n\nVersion: 2\n")
        self.write("My_Pkg-1.0.dist-info/licenses/COPYING", b"text")
        first, second = self.scan()
        self.assertIs(type(first), oxidized_importer.PythonPackageDistributionResource)
        self.assertEqual((first.package, first.version, first.name), ("My-Pkg", "1.0", "METADATA"))
        self.assertEqual((second.package, second.version, second.name, second.data),
                         ("My-Pkg", "1.0", "licenses/COPYING", b"text"))
        self.assertEqual(repr(second), '<PythonPackageDistributionResource package="My-Pkg", path="licenses/COPYING">')

    def test_egg_info(self):
        self.write("a.egg-info/PKG-INFO", b"name: a\r\nVERSION:   3\r\n")
        self.assertEqual((self.only().package, self.only().version), ("a", "3"))

    def test_incomplete_metadata_is_left_out(self):
        for number, text in enumerate((b"", b"Name: x\n", b"Version: 1\n", b"Name: x\n\nVersion: 1\n", b"\xff\0",
                                       b"Name: \xff\nVersion: 1\n", b"Name:\nVersion: 1\n")):
            self.write(f"p{number}.dist-info/METADATA", text)
            self.write(f"p{number}.dist-info/RECORD")
        self.write("none.dist-info/RECORD")
        self.write("old.egg-info")
        self.assertEqual(self.scan(), [])

    def test_modules_below_metadata_are_metadata(self):
        self.write("a.dist-info/METADATA", b"Name: a\nVersion: 1\n")
        self.write("a.dist-info/x.py")
        self.assertEqual([r.name for r in self.scan()], ["METADATA", "x.py"])


class Folders(Tree):
    def test_site_packages_are_roots_of_their_own(self):
        self.write("site-packages/a.py")
        self.write("dist-packages/b.py")
        self.assertEqual(self.scan(), [])
        self.assertEqual(len(find_resources_in_path(self.root / "site-packages")), 1)

    def test_eggs_are_looked_into(self):
        self.write("pkg-1.0-py3.egg/pkg/__init__.py")
        self.write("pkg-1.0-py3.egg/pkg/x.txt")
        self.write("pkg-1.0-py3.egg/EGG-INFO/PKG-INFO", b"Name: a\nVersion: 1\n")
        self.assertEqual(self.found(), ['<PythonModuleSource module="pkg">',
                                        '<PythonPackageResource package="pkg", path="x.txt">'])

    def test_links_to_folders_are_not_followed_and_links_to_files_are(self):
        self.write("a/m.py", b"1")
        (self.root / "b").symlink_to("a")
        (self.root / "loop").symlink_to(".")
        (self.root / "link.py").symlink_to("a/m.py")
        (self.root / "dangling.py").symlink_to("nothing")
        self.assertEqual([r.module for r in self.scan()], ["a.m", "link"])

    def test_what_is_no_file_is_left_out(self):
        os.mkfifo(str(self.root / "pipe.py"))
        self.assertEqual(self.scan(), [])

    def test_names_that_are_not_utf8_are_left_out(self):
        (self.root / "p").mkdir()
        with open(os.fsencode(self.root) + b"/p/\xff.py", "w"), open(os.fsencode(self.root) + b"/p/\xff", "w"):
            pass
        self.write("p/x.py")
        self.assertEqual(self.found(), ['<PythonModuleSource module="p.x">'])

    def test_text_bytes_and_paths_are_taken(self):
        self.write("x.py")
        for path in (str(self.root), os.fsencode(self.root), self.root, str(self.root) + "//"):
            self.assertEqual(len(find_resources_in_path(path)), 1)
        self.assertEqual(len(find_resources_in_path(path=self.root)), 1)

    def test_a_deep_tree(self):
        name = "d/" * 60
        self.write(name + "m.py")
        self.assertEqual(self.only().module, name.replace("/", ".") + "m")


class Errors(Tree):
    def test_what_is_no_folder(self):
        for path in (self.root / "missing", self.write("file"), ""):
            with self.assertRaisesRegex(ValueError, "^path is not a directory: "):
                find_resources_in_path(path)

    def test_what_is_no_path(self):
        for value in (None, 1, [], object()):
            with self.assertRaises(TypeError):
                find_resources_in_path(value)
        with self.assertRaises(ValueError):
            find_resources_in_path("a\0b")
        with self.assertRaisesRegex(TypeError, r"find_resources_in_path\(\) missing 1 required .* 'path'"):
            find_resources_in_path()

    def test_a_folder_that_cannot_be_walked(self):
        name = "x" * 200  # deeper than the kernel takes a path
        start, deep = os.getcwd(), self.root
        self.addCleanup(os.chdir, start)
        os.chdir(str(deep))
        for _ in range(25):
            os.mkdir(name)
            os.chdir(name)
        with self.assertRaisesRegex(ValueError, "^error scanning filesystem: .*name too long"):
            self.scan()


class Values(Tree):
    """The rules that all five types share."""

    def setUp(self):
        super().setUp()
        self.write("p/__init__.py", b"src")
        self.write(f"p/__pycache__/m.{TAG}.pyc", b"h" * 16 + b"code")
        self.write("p/x" + SUFFIX)
        self.write("p/data.txt", b"data")
        self.write("d.dist-info/METADATA", b"Name: d\nVersion: 1\n")
        self.by_type = {type(r).__name__: r for r in self.scan()}
        self.assertEqual(len(self.by_type), 5)

    TEXT = {"PythonModuleSource": ("module",), "PythonModuleBytecode": ("module",),
            "PythonPackageResource": ("package", "name"),
            "PythonPackageDistributionResource": ("package", "version", "name")}
    DATA = {"PythonModuleSource": "source", "PythonModuleBytecode": "bytecode", "PythonPackageResource": "data",
            "PythonPackageDistributionResource": "data"}

    def test_text_is_readable_and_writable(self):
        for type_name, names in self.TEXT.items():
            r = self.by_type[type_name]
            for name in names:
                setattr(r, name, "f\u00f6\u00f6")
                self.assertEqual(getattr(r, name), "f\u00f6\u00f6")
                for wrong in (1, b"x", True, []):
                    with self.assertRaisesRegex(TypeError, "^'.*' object cannot be converted to 'PyString'$"):
                        setattr(r, name, wrong)
                with self.assertRaises(UnicodeEncodeError):
                    setattr(r, name, "\ud800")
                with self.assertRaisesRegex(TypeError, f"^cannot delete {name}$"):
                    setattr(r, name, None)
                with self.assertRaisesRegex(AttributeError, "^can't delete attribute$"):
                    delattr(r, name)
                self.assertEqual(getattr(r, name), "f\u00f6\u00f6")

    def test_content_is_readable_and_writable(self):
        for type_name, name in self.DATA.items():
            r = self.by_type[type_name]
            for value in (b"new", bytearray(b"new"), memoryview(b"new")):
                setattr(r, name, value)
                self.assertEqual(getattr(r, name), b"new")
                self.assertIs(type(getattr(r, name)), bytes)
            for wrong in ("x", 1, True, ["x"]):
                with self.assertRaises(TypeError):
                    setattr(r, name, wrong)
            for wrong in (array.array("i", [1]), memoryview(b"abcd")[::2], memoryview(b"abcd").cast("H")):
                with self.assertRaises(BufferError):
                    setattr(r, name, wrong)
            with self.assertRaisesRegex(TypeError, f"^cannot delete {name}$"):
                setattr(r, name, None)
            with self.assertRaises(AttributeError):
                delattr(r, name)

    def test_flags_and_levels(self):
        for type_name in ("PythonModuleSource", "PythonModuleBytecode"):
            r = self.by_type[type_name]
            r.is_package = True
            self.assertIs(r.is_package, True)
            for wrong in (1, 0, "x"):
                with self.assertRaises(TypeError):
                    r.is_package = wrong
            with self.assertRaisesRegex(TypeError, "^cannot delete is_package$"):
                r.is_package = None
        r = self.by_type["PythonModuleBytecode"]
        for level in (0, 1, 2):
            r.optimize_level = level
            self.assertEqual(r.optimize_level, level)
        for wrong in (-1, 3, 2**100, -2**100):
            with self.assertRaisesRegex(ValueError, "^invalid bytecode optimization level$"):
                r.optimize_level = wrong
        for wrong in ("1", [], None):
            with self.assertRaises(TypeError):
                r.optimize_level = wrong
        self.assertEqual(r.optimize_level, 2)

    def test_the_name_of_an_extension_module_is_read_only(self):
        with self.assertRaises(AttributeError):
            self.by_type["PythonExtensionModule"].name = "x"

    def test_content_is_read_when_asked_for_and_kept(self):
        r = self.by_type["PythonPackageResource"]
        path = self.write("p/data.txt", b"changed")
        self.assertEqual(r.data, b"changed")
        path.unlink()
        self.assertEqual(r.data, b"changed")

    def test_content_that_cannot_be_read(self):
        texts = {"PythonModuleSource": "source code", "PythonModuleBytecode": "bytecode",
                 "PythonPackageResource": "data", "PythonPackageDistributionResource": "data"}
        for path in self.root.rglob("*"):
            if path.is_file():
                path.unlink()
        for type_name, name in self.DATA.items():
            with self.assertRaisesRegex(ValueError, f"^error resolving {texts[type_name]}$") as caught:
                getattr(self.by_type[type_name], name)
            self.assertIsInstance(caught.exception.__cause__, FileNotFoundError)

    def test_bytecode_shorter_than_its_header(self):
        self.write(f"p/__pycache__/m.{TAG}.pyc", b"h" * 15)
        with self.assertRaisesRegex(ValueError, "^error resolving bytecode$"):
            self.by_type["PythonModuleBytecode"].bytecode

    def test_the_types(self):
        for r in self.by_type.values():
            kind = type(r)
            self.assertEqual(kind.__module__, "oxidized_importer")
            self.assertIs(getattr(oxidized_importer, kind.__name__), kind)
            for args in ((), (1,)):
                with self.assertRaisesRegex(TypeError, "^No constructor defined$"):
                    kind(*args)
            with self.assertRaises(TypeError):
                type("Sub", (kind,), {})
            with self.assertRaises(AttributeError):
                r.other = 1
            self.assertFalse(hasattr(r, "__dict__"))
            names = set(dir(kind)) - set(dir(object)) - {"__module__", "__doc__"}
            self.assertFalse([name for name in names if name.startswith("_")], names)
            self.assertEqual((r == r, r != r, r == object(), hash(r) == hash(r)), (True, False, False, True))


class DecodeSource(unittest.TestCase):
    def test_as_importlib_does(self):
        for source in (b"", b"x = 1\n", b"a\r\nb\rc\n", "\u00e9".encode(), b"\xef\xbb\xbfx\r\n",
                       b"# coding: latin-1\nx = '\xe9'\n", b"#!/bin/sh\n# -*- coding: cp1252 -*-\n\x80",
                       b"# coding: utf-8-sig\nx", b"# coding=utf8\nx", b"x\n\n# coding: latin-1\n",
                       b"# coding, or coding: latin-1\n\xe9", b"# coding= :coding=latin-1\n\xe9", b"#coding", b"# coding:",
                       "# vim: fileencoding=utf-8\n\u00e9".encode()):
            self.assertEqual(decode_source(io, source), importlib.util.decode_source(source), source)

    def test_errors_as_importlib_has_them(self):
        for source in (b"# coding: foo\n", b"# coding: utf-80\n", b"\xff", b"\n\n\xff", b"# coding: ascii\n\xff",
                       b"\xef\xbb\xbf# coding: latin-1\n"):
            with self.assertRaises((SyntaxError, UnicodeDecodeError)) as theirs:
                importlib.util.decode_source(source)
            with self.assertRaises(type(theirs.exception)) as ours:
                decode_source(io, source)
            self.assertEqual(str(ours.exception), str(theirs.exception))

    def test_arguments(self):
        self.assertEqual(decode_source(io_module=io, source_bytes=bytearray(b"x")), "x")
        for wrong in ("io", None, io.BytesIO):
            with self.assertRaisesRegex(TypeError, "^argument 'io_module': '.*' object cannot be converted to 'PyModule'$"):
                decode_source(wrong, b"")
        for wrong in ("text", None, 1):
            with self.assertRaisesRegex(TypeError, "^argument 'source_bytes': .* cannot be converted to 'PyBuffer'$"):
                decode_source(io, wrong)
        with self.assertRaisesRegex(TypeError, r"^decode_source\(\) takes 2 positional arguments but 3 were given$"):
            decode_source(io, b"", 1)
        with self.assertRaisesRegex(TypeError, r"^decode_source\(\) got an unexpected keyword argument 'x'$"):
            decode_source(io, b"", x=1)
        with self.assertRaisesRegex(TypeError, r"^decode_source\(\) got multiple values for argument 'io_module'$"):
            decode_source(io, io_module=io)


if __name__ == "__main__":
    unittest.main()
