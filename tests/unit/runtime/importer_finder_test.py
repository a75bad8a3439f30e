"""OxidizedFinder: construction, what it indexes, what it writes."""
from importerkit import finder, resource
import gc
import importlib.machinery
import mmap
import os
import pathlib
import sys
import tempfile
import unittest

from oxidized_importer import OxidizedFinder, OxidizedResource

EXE = os.readlink("/proc/self/exe")
IMPORTERS = importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter


class Construction(unittest.TestCase):
    def test_nothing_is_indexed(self):
        f = OxidizedFinder()
        self.assertEqual(f.indexed_resources(), [])
        self.assertIsNone(f.find_spec("sys", None))

    def test_properties(self):
        f = OxidizedFinder()
        self.assertIsNone(f.multiprocessing_set_start_method)
        self.assertEqual(f.path_hook_base_str, EXE)
        self.assertEqual(f.origin, os.path.dirname(EXE))
        self.assertIs(f.pkg_resources_import_auto_register, True)
        for name in ("multiprocessing_set_start_method", "path_hook_base_str", "origin",
                     "pkg_resources_import_auto_register"):
            with self.assertRaises(AttributeError):
                setattr(f, name, None)

    def test_origin(self):
        for value in ("/some/where", b"/some/where", pathlib.Path("/some/where")):
            self.assertEqual(OxidizedFinder(relative_path_origin=value).origin, "/some/where")
            self.assertEqual(OxidizedFinder(value).origin, "/some/where")
        self.assertEqual(OxidizedFinder(None).origin, os.path.dirname(EXE))
        for value in (True, 1, []):
            with self.assertRaises(TypeError):
                OxidizedFinder(relative_path_origin=value)

    def test_data_of_every_name(self):
        data = finder(resource("m", "module", in_memory_source=b"")).serialize_indexed_resources()
        for arguments in ({"resources": data}, {"resources_data": data}, {"resources_data": bytearray(data)}):
            self.assertEqual([r.name for r in OxidizedFinder(**arguments).indexed_resources()], ["m"])
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            for path in (file.name, file.name.encode(), pathlib.Path(file.name)):
                self.assertEqual(len(OxidizedFinder(resources_file=path).indexed_resources()), 1)
            other = finder(resource("n", "module")).serialize_indexed_resources()
            both = OxidizedFinder(resources_file=file.name, resources_data=other)
            self.assertEqual([r.name for r in both.indexed_resources()], ["m", "n"])

    def test_wrong_arguments(self):
        with self.assertRaises(TypeError):
            OxidizedFinder(resources=b"", resources_data=b"")
        for arguments in ({"resources": "text"}, {"resources_data": 1}, {"resources_file": 1}, {"nonsense": 1}):
            with self.assertRaises(TypeError):
                OxidizedFinder(**arguments)
        for arguments in ({"resources": b"short"}, {"resources_file": "/nonexistent"}, {"resources_file": "/"}):
            with self.assertRaises(ValueError):
                OxidizedFinder(**arguments)

    def test_it_can_replace_what_imports_itself(self):
        f = OxidizedFinder()
        before = sys.meta_path[:]
        try:
            sys.meta_path[:] = [f]
            g = OxidizedFinder()  # importers are not taken from sys.meta_path
            g.index_interpreter_builtins()
            self.assertIs(g.find_spec("sys", None).loader, IMPORTERS[0])
        finally:
            sys.meta_path[:] = before

    def test_the_type(self):
        self.assertEqual(OxidizedFinder.__module__, "oxidized_importer")
        with self.assertRaises(TypeError):
            type("Sub", (OxidizedFinder,), {})
        with self.assertRaises(AttributeError):
            OxidizedFinder().other = 1
        hook = OxidizedFinder().path_hook
        self.assertIn("built-in method path_hook of oxidized_importer.OxidizedFinder object", repr(hook))
        f = OxidizedFinder()
        self.assertEqual(f.path_hook, f.path_hook)
        members = {n for n in dir(OxidizedFinder) if not n.startswith("_")}
        self.assertEqual(members, set(
            "multiprocessing_set_start_method origin path_hook_base_str pkg_resources_import_auto_register index_bytes "
            "index_file_memory_mapped index_interpreter_builtins index_interpreter_builtin_extension_modules "
            "index_interpreter_frozen_modules indexed_resources add_resource add_resources "
            "serialize_indexed_resources find_spec find_module invalidate_caches create_module exec_module get_data "
            "get_code get_source get_filename get_resource_reader find_distributions iter_modules path_hook "
            "is_package".split()))


class Indexing(unittest.TestCase):
    def test_adding_copies(self):
        r = resource("m", "module", in_memory_source=b"old", in_memory_package_resources={"a": b"1"})
        f = finder(r)
        r.in_memory_source = b"new"
        r.name = "n"
        got, = f.indexed_resources()
        self.assertEqual((got.name, got.in_memory_source), ("m", b"old"))
        got.in_memory_source = b"other"
        self.assertEqual(f.get_source("m"), "old")

    def test_adding_replaces(self):
        f = finder(resource("m", "module", "package", in_memory_source=b"old", in_memory_bytecode=b"x"))
        f.add_resource(resource("m", "module", in_memory_source=b"new"))
        got, = f.indexed_resources()
        self.assertEqual((got.in_memory_source, got.in_memory_bytecode, got.is_package), (b"new", None, False))

    def test_adding_replaces_what_the_interpreter_has(self):
        f = OxidizedFinder()
        f.index_interpreter_builtins()
        f.add_resource(resource("_io", "module", in_memory_source=b"x = 1"))
        self.assertIs(f.find_spec("_io", None).loader, f)

    def test_adding_takes_resources_only(self):
        f = OxidizedFinder()
        for wrong in (None, "m", b"", [], object()):
            for add, value in ((f.add_resource, wrong), (f.add_resources, [wrong])):
                with self.assertRaisesRegex(TypeError, "^argument 'resource': .* cannot be converted to 'OxidizedResource'$"):
                    add(value)
        with self.assertRaises(TypeError):
            f.add_resources(None)
        with self.assertRaises(ZeroDivisionError):
            f.add_resources(1 / 0 for _ in "x")
        f.add_resources(r for r in (resource("a"), resource("b")))
        self.assertEqual([r.name for r in f.indexed_resources()], ["a", "b"])

    def test_results_are_sorted_by_name(self):
        f = finder(*[resource(n, "module") for n in ("b", "a.b", "a", "\u00e9", "B")])
        self.assertEqual([r.name for r in f.indexed_resources()], ["B", "a", "a.b", "b", "\u00e9"])

    def test_bytes_are_merged(self):
        f = finder(resource("m", "module", in_memory_source=b"s", in_memory_package_resources={"a": b"1"}))
        more = finder(resource("m", "package", in_memory_source=b"t", in_memory_package_resources={"b": b"2"},
                               in_memory_bytecode_opt2=b"2"))
        f.index_bytes(more.serialize_indexed_resources())
        got, = f.indexed_resources()
        self.assertTrue(got.is_module and got.is_package)
        self.assertEqual(got.in_memory_source, b"t")
        self.assertEqual(got.in_memory_bytecode_opt2, b"2")
        self.assertEqual(got.in_memory_package_resources, {"b": b"2"})

    def test_of_one_blob_the_same_name_twice_is_merged_too(self):
        a = finder(resource("m", "module", in_memory_source=b"s")).serialize_indexed_resources()
        b = finder(resource("m", "package", in_memory_bytecode=b"c")).serialize_indexed_resources()
        f = OxidizedFinder()
        f.index_bytes(a)
        f.index_bytes(b)
        f.index_bytes(a)
        got, = f.indexed_resources()
        self.assertEqual((got.is_package, got.in_memory_source, got.in_memory_bytecode), (True, b"s", b"c"))

    def test_data_is_used_in_place_and_kept(self):
        data = bytearray(finder(resource("m", "module", in_memory_source=b"abc")).serialize_indexed_resources())
        f = OxidizedFinder()
        f.index_bytes(data)
        with self.assertRaises(BufferError):
            data.append(0)
        data[data.index(b"abc"):] = b"xyz"
        self.assertEqual(f.get_source("m"), "xyz")
        del f
        gc.collect()
        data.append(0)

    def test_a_mapping_may_lose_its_file(self):
        data = finder(resource("m", "module", in_memory_source=b"x = 1\n" * 50000)).serialize_indexed_resources()
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                finders = []
                for given in (mapped, memoryview(mapped)):
                    f = OxidizedFinder()
                    f.index_bytes(given)
                    finders += [f, OxidizedFinder(resources_data=given)]
                    del given
                file.truncate(0)
                for f in finders:
                    self.assertEqual(len(f.get_source("m")), 300000)
                    with self.assertRaisesRegex(ValueError, "'mmap.mmap' cannot be read: the file behind it is shorter"):
                        f.index_bytes(mapped)
                r = OxidizedResource()
                with self.assertRaises(ValueError):
                    r.in_memory_source = mapped
                with self.assertRaises(ValueError):
                    OxidizedFinder(resources_data=memoryview(mapped)[1000:])

    def test_data_that_cannot_be_parsed_is_let_go(self):
        data = bytearray(b"pyembed\x03")
        for _ in range(3):
            with self.assertRaises(ValueError):
                OxidizedFinder().index_bytes(data)
        data.append(0)

    def test_wrong_data(self):
        f = OxidizedFinder()
        for wrong in ("text", None, 1, ["x"]):
            with self.assertRaises(TypeError):
                f.index_bytes(wrong)
        with self.assertRaisesRegex(ValueError, "reading 8 byte"):
            f.index_bytes(b"foo")
        with self.assertRaisesRegex(ValueError, "unrecognized file format"):
            f.index_bytes(b"\x00\x01\x02\x03\x04\x05\x06\x07")
        with self.assertRaises(BufferError):
            f.index_bytes(memoryview(bytes(64)).cast("I"))
        with self.assertRaises(BufferError):
            f.index_bytes(memoryview(bytes(64))[::2])
        self.assertEqual(f.indexed_resources(), [])

    def test_every_truncation_is_an_exception(self):
        whole = finder(resource("pkg", "module", "package", in_memory_source=b"s", in_memory_bytecode=b"c",
                                in_memory_package_resources={"a": b"1"})).serialize_indexed_resources()
        for end in range(len(whole)):
            with self.assertRaises(ValueError):
                OxidizedFinder(resources_data=whole[:end])

    def test_a_file_that_is_truncated_later(self):
        names = ["m%03d" % i for i in range(200)]
        data = finder(*[resource(n, "module", "package", in_memory_source=b"x = 1\n" * 1000,
                                 in_memory_package_resources={"a": n.encode() * 100},
                                 in_memory_distribution_resources={"METADATA": b"Name: " + n.encode()})
                        for n in names]).serialize_indexed_resources()
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            f = OxidizedFinder()
            f.index_file_memory_mapped(file.name)
            self.assertEqual(f.serialize_indexed_resources(), data)  # with every piece read
            f = OxidizedFinder(resources_file=file.name)
            self.assertEqual(len(f.get_source("m000")), 6000)
            self.assertEqual(f.get_resource_reader("m199").open_resource("a").read(), b"m199" * 100)
            file.truncate(0)
            self.assertEqual(len(f.get_source("m000")), 6000)  # was read
            with self.assertRaisesRegex(ImportError, "shorter than when it was indexed") as caught:
                f.get_source("m100")
            self.assertEqual(caught.exception.name, "m100")
            with self.assertRaises(ImportError):
                f.get_code("m100")
            for failing in (f.indexed_resources, f.serialize_indexed_resources):
                with self.assertRaisesRegex(OSError, "shorter than when it was indexed"):
                    failing()
            self.assertEqual(len(f.iter_modules()), 200)
            self.assertEqual(f.find_spec("m100", None).name, "m100")

    def test_earlier_versions_are_read(self):
        data = bytearray(finder(resource("m", "module", in_memory_source=b"x = 1")).serialize_indexed_resources())
        data[7] = 2
        self.assertEqual(OxidizedFinder(resources=data).get_source("m"), "x = 1")
        at = data.rindex(b"\x16\xff\0")
        data[7:8], data[17:18] = b"\1", bytes([data[17] + 1])
        data[at:at + 1] = b"\2\1"  # the flavor of modules, which that version has instead of flags
        r, = OxidizedFinder(resources=data).indexed_resources()
        self.assertEqual((r.flavor, r.is_module, r.in_memory_source), ("module", True, b"x = 1"))
        data[7] = 4
        with self.assertRaisesRegex(ValueError, "^unrecognized file format$"):
            OxidizedFinder(resources=data)

    def test_files(self):
        f = OxidizedFinder()
        for wrong in ("/nonexistent/file", "/", __file__):
            with self.assertRaises(ValueError):
                f.index_file_memory_mapped(wrong)
        for wrong in (1, None, ["x"]):
            with self.assertRaises(TypeError):
                f.index_file_memory_mapped(wrong)
        with tempfile.NamedTemporaryFile() as file, self.assertRaisesRegex(ValueError, "reading 8 byte"):
            f.index_file_memory_mapped(file.name)

    def test_a_pipe_is_not_waited_for(self):
        with tempfile.TemporaryDirectory() as folder:
            pipe = os.path.join(folder, "pipe")
            os.mkfifo(pipe)
            for wrong in (pipe, "/dev/null"):
                with self.assertRaisesRegex(ValueError, "cannot read packed resources from .*: Illegal seek"):
                    OxidizedFinder(resources_file=wrong)

    def test_interpreter_names(self):
        f = finder(resource("sys", "module", in_memory_source=b"s"))
        f.index_interpreter_builtin_extension_modules()
        all_of = {r.name: r for r in f.indexed_resources()}
        self.assertEqual(set(all_of), set(sys.builtin_module_names))
        self.assertTrue(all(r.is_builtin_extension_module and not r.is_frozen_module for r in all_of.values()))
        self.assertEqual(all_of["sys"].in_memory_source, b"s")
        f.index_interpreter_frozen_modules()
        frozen = [r for r in f.indexed_resources() if r.is_frozen_module]
        self.assertIn("_frozen_importlib", [r.name for r in frozen])
        g = OxidizedFinder()
        g.index_interpreter_builtins()
        self.assertEqual({r.name for r in g.indexed_resources()}, {r.name for r in f.indexed_resources()})


class Serializing(unittest.TestCase):
    def test_the_written_form(self):
        f = finder(resource("foo", "module", in_memory_source=b"x=1\n", in_memory_bytecode=b"BYTECODE"))
        expected = bytes.fromhex("7079656d62656403 03 28000000 01000000 11000000"
                                 "01020303 0300000000000000 ff 01020603 0400000000000000 ff"
                                 "01020703 0800000000000000 ff 00 01 030300 0604000000 0708000000 16 ff 00")
        self.assertEqual(f.serialize_indexed_resources(), expected + b"foox=1\nBYTECODE")
        self.assertEqual(OxidizedFinder().serialize_indexed_resources(),
                         bytes.fromhex("7079656d62656403 00 01000000 00000000 01000000 00 00"))

    def test_every_property_survives(self):
        r = resource("pkg\u00e9.m", "module", "package", "namespace_package", "extension_module", "shared_library",
                     in_memory_source=b"s", in_memory_bytecode=b"0", in_memory_bytecode_opt1=b"1",
                     in_memory_bytecode_opt2=b"2", in_memory_extension_module_shared_library=b"e",
                     in_memory_shared_library=b"l", in_memory_package_resources={"b": b"", "a/c": b"1"},
                     in_memory_distribution_resources={"METADATA": b"x"}, shared_library_dependency_names=["z", "y"],
                     relative_path_module_source="p/s", relative_path_module_bytecode="p/0",
                     relative_path_module_bytecode_opt1="p/1", relative_path_module_bytecode_opt2="p/2",
                     relative_path_extension_module_shared_library=b"p/\xff",
                     relative_path_package_resources={"r": "p/r"}, relative_path_distribution_resources={})
        data = finder(r).serialize_indexed_resources()
        f = OxidizedFinder(resources=data)
        got, = f.indexed_resources()
        for name in dir(r):
            if not name.startswith("__"):
                self.assertEqual(getattr(got, name), getattr(r, name), name)
        self.assertEqual(f.serialize_indexed_resources(), data)
        self.assertEqual(finder(got).serialize_indexed_resources(), data)

    def test_file_fields_survive(self):
        head = bytes.fromhex("7079656d62656403 03 28000000 01000000 16000000"
                             "01020303 0300000000000000 ff 01021d03 0400000000000000 ff"
                             "01021e03 0200000000000000 ff 00 01 030300 1b 1c 1d0400000000000000 1e02000000 ff 00")
        data = head + b"bindatap/"
        f = OxidizedFinder()
        f.index_bytes(data)
        self.assertEqual(f.serialize_indexed_resources(), data)
        self.assertEqual(finder(*f.indexed_resources()).serialize_indexed_resources(), data)

    def test_what_the_interpreter_has_is_left_out_unless_asked_for(self):
        f = finder(resource("m", "module"))
        f.index_interpreter_builtins()

        def names(**arguments):
            data = f.serialize_indexed_resources(**arguments)
            return {r.name for r in OxidizedFinder(resources=data).indexed_resources()}
        self.assertEqual(names(), {"m"})
        self.assertIn("sys", names(ignore_builtin=False))
        self.assertNotIn("_frozen_importlib", names(ignore_builtin=False))
        self.assertIn("_frozen_importlib", names(ignore_frozen=False))
        for wrong in (0, None, ""):
            with self.assertRaises(TypeError):
                f.serialize_indexed_resources(ignore_builtin=wrong)

    def test_names_that_do_not_fit(self):
        with self.assertRaisesRegex(ValueError, "error serializing: "):
            finder(resource("m" * 70000)).serialize_indexed_resources()

    def test_flags_of_the_interpreter_come_back(self):
        data = finder(resource("zlib", "builtin_extension_module")).serialize_indexed_resources(ignore_builtin=False)
        f = OxidizedFinder(resources=data)
        self.assertTrue(f.indexed_resources()[0].is_builtin_extension_module)


class Lifetimes(unittest.TestCase):
    def test_circles_are_collected(self):
        import weakref

        class Data(bytearray):
            pass
        data = Data(finder(resource("m", "module", in_memory_source=b"x")).serialize_indexed_resources())
        f = OxidizedFinder(resources_data=data)
        data.finder = f
        gone = weakref.ref(data)
        del data, f
        gc.collect()
        self.assertIsNone(gone())

    def test_a_finder_is_all_that_is_held(self):
        f = finder(resource("p", "module", "package", in_memory_source=b"", in_memory_package_resources={"a": b"1"}))
        reader, root = f.get_resource_reader("p"), f.get_resource_reader("p").files()
        entry = f.path_hook(EXE + "/p")
        del f
        gc.collect()
        self.assertEqual(reader.contents(), ["a"])
        self.assertEqual((root / "a").read_bytes(), b"1")
        self.assertEqual(entry.iter_modules(), [])

    def test_memory_of_what_is_replaced_is_let_go(self):
        import tracemalloc
        f = OxidizedFinder()
        r = resource("m", "module", in_memory_source=bytes(100000), in_memory_package_resources={"a": bytes(1000)})
        f.add_resource(r)
        tracemalloc.start()
        try:
            for _ in range(100):
                r.in_memory_source = bytes(100000)
                f.add_resource(r)
            self.assertLess(tracemalloc.get_traced_memory()[0], 400000)
        finally:
            tracemalloc.stop()


if __name__ == "__main__":
    unittest.main()
