"""OxidizedZipFinder: modules out of a zip archive, in a file and in memory."""
import importerkit  # noqa: F401
import gc
import importlib
import importlib.abc
import importlib.util
import io
import marshal
import mmap
import os
import pathlib
import struct
import sys
import tempfile
import unittest
import weakref
import zipfile

from oxidized_importer import OxidizedZipFinder

HEADER = importlib.util.MAGIC_NUMBER + bytes(12)


def code(text, name="made"):
    return HEADER + marshal.dumps(compile(text, name, "exec"))


def archive(files, method=zipfile.ZIP_DEFLATED, comment=b""):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as z:
        for name, content in files.items():
            z.writestr(name, content)
        z.comment = comment
    return stream.getvalue()


FILES = {"m.py": "x = __name__\r\ny = '''a\rb'''\n", "p/__init__.py": "z = 1\n", "p/q.py": "from . import z\n",
         "c.pyc": code("v = 'bytecode'"), "both.py": "v = 'source'\n", "both.pyc": code("v = 'bytecode'"),
         "n/inner.py": "", "p2/__init__.pyc": code("w = 2"), "p2.py": "w = 'module'"}


class Archives(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def install(self, finder):
        before = set(sys.modules)
        sys.meta_path.insert(0, finder)

        def remove():
            sys.meta_path.remove(finder)
            for name in set(sys.modules) - before:
                del sys.modules[name]
        self.addCleanup(remove)
        return finder


class Opening(Archives):
    def test_a_file(self):
        path = self.root / "a.zip"
        path.write_bytes(archive(FILES))
        for given in (path, str(path), os.fsencode(path)):
            finder = OxidizedZipFinder.from_path(given)
            path_of_m = finder.find_spec("m", None).origin
            self.assertEqual(path_of_m, os.path.join(str(path), "m.py"))
        path.unlink()  # stays open
        self.assertEqual(finder.get_source("p"), "z = 1\n")

    def test_files_that_cannot_be_opened(self):
        os.mkfifo(str(self.root / "pipe"))
        for name, why in (("missing", "No such file"), ("", "is not a file"), ("pipe", "is not a file")):
            with self.assertRaisesRegex(ValueError, "^failed to open path: .*" + why):
                OxidizedZipFinder.from_path(self.root / name)
        (self.root / "text").write_bytes(b"no archive")
        with self.assertRaisesRegex(ValueError, "^error indexing zip data: "):
            OxidizedZipFinder.from_path(self.root / "text")
        for wrong in (None, 1, object()):
            with self.assertRaises(TypeError):
                OxidizedZipFinder.from_path(wrong)

    def test_memory(self):
        data = archive(FILES)
        for given in (data, bytearray(data), memoryview(data)):
            finder = OxidizedZipFinder.from_zip_data(given)
            self.assertEqual(finder.find_spec("m", None).origin, os.path.join(sys.executable, "m.py"))
        finder = OxidizedZipFinder.from_zip_data(source=data, path=pathlib.Path("/some/where.zip"))
        self.assertEqual(finder.find_spec("m", path=None).origin, "/some/where.zip/m.py")

    def test_memory_is_held_and_not_copied(self):
        data = bytearray(archive(FILES))
        finder = OxidizedZipFinder.from_zip_data(data)
        with self.assertRaises(BufferError):
            data.clear()
        del finder
        gc.collect()
        data.clear()

    def test_a_mapping_may_lose_its_file(self):
        with tempfile.TemporaryFile() as file:
            file.write(archive({"m.py": "x = %r" % os.urandom(100000)}))
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                finder = OxidizedZipFinder.from_zip_data(mapped)
                file.truncate(0)
                self.assertGreater(len(finder.get_source("m")), 100000)
                with self.assertRaisesRegex(ValueError, "cannot be read"):
                    OxidizedZipFinder.from_zip_data(mapped)

    def test_memory_that_is_no_archive(self):
        whole = archive(FILES)
        for data in (b"", b"x" * 100, whole[:-10], whole[40:-30]):
            with self.assertRaisesRegex(ValueError, "^error indexing zip data: "):
                OxidizedZipFinder.from_zip_data(data)
        for wrong in (None, "text", 1):
            with self.assertRaisesRegex(TypeError, "^argument 'source': '.*' object cannot be converted to 'PyBuffer'$"):
                OxidizedZipFinder.from_zip_data(wrong)
        with self.assertRaises((BufferError, TypeError)):
            OxidizedZipFinder.from_zip_data(memoryview(b"ab" * 50)[::2])
        with self.assertRaises(TypeError):
            OxidizedZipFinder.from_zip_data(whole, path=1)

    def test_there_is_no_constructor(self):
        with self.assertRaisesRegex(TypeError, "^No constructor defined$"):
            OxidizedZipFinder()

    def test_stored_members_comments_and_junk_in_front(self):
        for data in (archive(FILES, zipfile.ZIP_STORED), archive(FILES, comment=b"PK\5\6 is no end" * 9),
                     b"#!/usr/bin/python\n" * 3 + archive(FILES)):
            self.assertEqual(OxidizedZipFinder.from_zip_data(data).get_source("p"), "z = 1\n")

    def test_many_members(self):
        data = archive({f"m{n}.py": "" for n in range(66000)}, zipfile.ZIP_STORED)  # needs the 64-bit end record
        finder = OxidizedZipFinder.from_zip_data(data)
        self.assertEqual(finder.get_source("m65999"), "")


class Finding(Archives):
    def setUp(self):
        super().setUp()
        self.finder = OxidizedZipFinder.from_zip_data(archive(FILES), path="/a.zip")

    def test_a_module(self):
        spec = self.finder.find_spec("m", None)
        self.assertEqual((spec.name, spec.origin, spec.has_location, spec.submodule_search_locations, spec.loader_state),
                         ("m", "/a.zip/m.py", True, None, None))
        self.assertIs(spec.loader, self.finder)
        self.assertEqual(spec.cached, importlib.util.cache_from_source("/a.zip/m.py"))

    def test_a_package(self):
        spec = self.finder.find_spec("p", None, None)
        self.assertEqual((spec.origin, spec.submodule_search_locations), ("/a.zip/p/__init__.py", ["/a.zip/p"]))
        self.assertEqual(self.finder.find_spec("p2", None).origin, "/a.zip/p2/__init__.pyc")
        self.assertEqual([self.finder.is_package(n) for n in ("p", "p2", "p.q", "m")], [True, True, False, False])

    def test_the_source_gives_the_name(self):
        self.assertEqual(self.finder.find_spec("both", None).origin, "/a.zip/both.py")
        self.assertEqual(self.finder.find_spec("c", None).origin, "/a.zip/c.pyc")

    def test_what_is_not_there(self):
        for name in ("", "x", "p.x", "n", "p/q", "p.q.", ".m", "m\0", "p.__init__.x"):
            self.assertIsNone(self.finder.find_spec(name, None), name)
            self.assertIsNone(self.finder.find_module(name))
            for method in (self.finder.get_code, self.finder.get_source, self.finder.is_package):
                with self.assertRaises(ImportError) as caught:
                    method(name)
                self.assertEqual((caught.exception.msg, caught.exception.name), ("module not found in zip archive", name))

    def test_find_module(self):
        self.assertIs(self.finder.find_module("m"), self.finder)
        self.assertIs(self.finder.find_module(fullname="p.q", path=None), self.finder)

    def test_small_methods(self):
        self.assertIsNone(self.finder.invalidate_caches())
        self.assertIsNone(self.finder.create_module(self.finder.find_spec("m", None)))
        names = {n for n in dir(OxidizedZipFinder) if not n.startswith("_")}
        self.assertEqual(names, {"create_module", "exec_module", "find_module", "find_spec", "from_path", "from_zip_data",
                                 "get_code", "get_source", "invalidate_caches", "is_package"})

    def test_arguments(self):
        with self.assertRaisesRegex(TypeError, r"^OxidizedZipFinder.find_spec\(\) missing 1 .*: 'path'$"):
            self.finder.find_spec("m")
        for method in (self.finder.get_code, self.finder.get_source, self.finder.is_package, self.finder.find_module):
            for wrong in (None, 1, b"m", []):
                with self.assertRaisesRegex(TypeError, "^argument 'fullname': .* converted to 'PyString'$"):
                    method(wrong)
            with self.assertRaises(UnicodeEncodeError):
                method("\ud800")

    def test_unsafe_names_are_left_out(self):
        finder = OxidizedZipFinder.from_zip_data(archive({"/m.py": "", "../m.py": "", "a/../m.py": "", "ok.py": ""}))
        self.assertEqual([finder.find_module(n) for n in ("m", "..m", "a...m", ".m")], [None] * 4)
        self.assertEqual(finder.get_source("ok"), "")

    def test_the_last_of_several_members_counts(self):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as z, self.assertWarns(UserWarning):
            z.writestr("m.py", "1")
            z.writestr("m.py", "2")
        self.assertEqual(OxidizedZipFinder.from_zip_data(stream.getvalue()).get_source("m"), "2")


class Loading(Archives):
    def setUp(self):
        super().setUp()
        self.finder = self.install(OxidizedZipFinder.from_zip_data(archive(FILES), path="/a.zip"))

    def test_modules_are_imported(self):
        m, q, p2, c = map(importlib.import_module, ("m", "p.q", "p2", "c"))
        self.assertEqual((m.x, m.y, m.__file__, m.__loader__), ("m", "a\nb", "/a.zip/m.py", self.finder))
        self.assertEqual((q.z, q.__package__, sys.modules["p"].__path__), (1, "p", ["/a.zip/p"]))
        self.assertEqual((p2.w, c.v), (2, "bytecode"))
        self.assertTrue(m.__spec__.cached)

    def test_bytecode_is_preferred(self):
        self.assertEqual(importlib.import_module("both").v, "bytecode")
        self.assertEqual(self.finder.get_source("both"), "v = 'source'\n")
        self.assertIsNone(self.finder.get_source("c"))

    def test_source_is_compiled_as_the_member(self):
        self.assertEqual(self.finder.get_code("p.q").co_filename, "p/q.py")

    def test_source_is_decoded(self):
        finder = OxidizedZipFinder.from_zip_data(archive({"l.py": b"# coding: latin-1\r\nx = '\xe9'\r\n"}))
        self.assertEqual(finder.get_source("l"), "# coding: latin-1\nx = '\u00e9'\n")
        scope = {}
        exec(finder.get_code("l"), scope)
        self.assertEqual(scope["x"], "\u00e9")

    def test_what_fails_fails_as_an_import(self):
        with self.assertRaises(ModuleNotFoundError):
            importlib.import_module("p.missing")
        finder = self.install(OxidizedZipFinder.from_zip_data(archive({"bad.py": "x = (", "raises.py": "1/0"})))
        with self.assertRaises(SyntaxError):
            importlib.import_module("bad")
        with self.assertRaises(ZeroDivisionError):
            importlib.import_module("raises")
        self.assertNotIn("raises", sys.modules)
        with self.assertRaises(ImportError):
            finder.exec_module(unittest)
        for wrong in (None, 1, "m"):
            with self.assertRaises((AttributeError, TypeError)):
                finder.exec_module(wrong)


class Damage(Archives):
    def read(self, data, name="m", kind="get_source"):
        return getattr(OxidizedZipFinder.from_zip_data(data), kind)(name)

    def fails(self, data, text, name="m", kind="get_source"):
        with self.assertRaisesRegex(ImportError, text) as caught:
            self.read(data, name, kind)
        self.assertEqual(caught.exception.name, name)

    def test_bytecode(self):
        text = "^error reading module bytecode from zip: "
        self.fails(archive({"m.pyc": HEADER[:15]}), text + "bytecode file does not contain enough data", kind="get_code")
        self.fails(archive({"m.pyc": HEADER + marshal.dumps(1)}), text + "it is no code object", kind="get_code")
        other = b"\x16\x0d\r\n" + bytes(12) + marshal.dumps(compile("", "", "exec"))
        self.fails(archive({"m.pyc": other}), text + "it is for another version of Python", kind="get_code")
        with self.assertRaises((EOFError, ValueError)):
            self.read(archive({"m.pyc": HEADER}), kind="get_code")

    def test_every_byte_altered(self):
        data = archive({"m.py": "x = 1\n" * 9, "p/__init__.pyc": code("")})
        for at in range(len(data)):
            for flip in (1, 0x80, 0xff):
                damaged = bytearray(data)
                damaged[at] ^= flip
                try:
                    finder = OxidizedZipFinder.from_zip_data(damaged)
                except ValueError:
                    continue
                try:
                    self.assertEqual(finder.get_source("m"), "x = 1\n" * 9)
                except ImportError as e:
                    self.assertRegex(e.msg, "^(error reading module source from zip|module not found in zip archive)")

    def test_every_truncation(self):
        data = archive({"m.py": "x = 1\n" * 9})
        for size in range(len(data)):
            with self.assertRaises(ValueError):
                OxidizedZipFinder.from_zip_data(data[:size])

    def patched(self, offset, form, *values):
        """An archive with one stored member, whose directory entry is patched at this offset."""
        data = bytearray(archive({"m.py": "x = 1"}, zipfile.ZIP_STORED))
        struct.pack_into(form, data, data.index(b"PK\1\2") + offset, *values)
        return bytes(data)

    def test_claims_of_the_directory(self):
        text = "^error reading module source from zip: "
        self.fails(self.patched(8, "<H", 1), text + "it is encrypted")
        self.fails(self.patched(10, "<H", 12), text + "its compression method 12 is not supported")
        self.fails(self.patched(16, "<I", 0), text + "it is damaged")
        self.fails(self.patched(20, "<II", 4, 5), text + "its size cannot be right")
        self.fails(self.patched(20, "<II", 2**31, 2**31), text + "it is cut short")
        self.fails(self.patched(42, "<I", 2**31), text + "something lies outside of the archive")
        self.fails(self.patched(42, "<I", 5), text + "it is not where the directory says")

    def test_sizes_of_64_bits(self):
        data = archive({"m.py": "x = 1"}, zipfile.ZIP_STORED)
        end, at = data.index(b"PK\5\6"), data.index(b"PK\1\2")

        def refused(data, why):
            with self.assertRaisesRegex(ValueError, "^error indexing zip data: " + why):
                OxidizedZipFinder.from_zip_data(data)
        refused(data[:end + 10] + b"\xff\xff" + data[end + 12:], "the 64-bit end record is missing")
        refused(data[:end + 12] + b"\xff\xff" + data[end + 14:], "the central directory lies outside of the archive")
        refused(b"\0" * 99 + data[end:end + 10] + b"\xff\xff" + data[end + 12:], "the 64-bit end record is missing")
        extra = struct.pack("<HH", 1, 4) + b"\xff" * 4  # too short for the size that it stands for
        wide = bytearray(data[:at + 50] + extra + data[at + 50:])
        struct.pack_into("<I", wide, at + 24, 2**32 - 1)
        struct.pack_into("<H", wide, at + 30, len(extra))
        struct.pack_into("<I", wide, end + len(extra) + 12, end - at + len(extra))
        refused(wide, "a 64-bit size is missing")
        extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
        wide = bytearray(b"#!" + data[:at + 50] + extra + data[at + 50:])  # what lies in front is added to the offset
        struct.pack_into("<I", wide, 2 + at + 42, 2**32 - 1)
        struct.pack_into("<H", wide, 2 + at + 30, len(extra))
        struct.pack_into("<I", wide, 2 + end + len(extra) + 12, end - at + len(extra))
        refused(wide, "a member lies outside of the archive")

    def test_a_bomb_is_not_believed(self):
        data = bytearray(archive({"m.py": b"\0" * 100000}))
        at = data.index(b"PK\1\2")
        struct.pack_into("<I", data, at + 24, 2**31)
        self.fails(data, "its size cannot be right")
        struct.pack_into("<I", data, at + 24, 99999)
        self.fails(data, "it is damaged")

    def test_a_file_that_becomes_shorter(self):
        path = self.root / "a.zip"
        path.write_bytes(archive({"a.py": "1", "m.py": "x = 1\n"}))
        finder = OxidizedZipFinder.from_path(path)
        with path.open("r+b") as f:
            f.truncate(20)
        with self.assertRaisesRegex(ImportError, "^error reading module source from zip: the archive has become shorter"):
            finder.get_source("m")


class Lifetime(Archives):
    def test_cycles_are_collected(self):
        class Data(bytearray):
            pass
        data = Data(archive(FILES))
        data.finder = OxidizedZipFinder.from_zip_data(data)
        gone = weakref.ref(data)
        del data
        gc.collect()
        self.assertIsNone(gone())

    def test_descriptors_are_closed(self):
        path = self.root / "a.zip"
        path.write_bytes(archive(FILES))
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            OxidizedZipFinder.from_path(path).get_code("m")
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


if __name__ == "__main__":
    unittest.main()
