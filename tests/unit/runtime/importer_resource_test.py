"""OxidizedResource: every property, what it takes and gives."""
import importerkit  # noqa: F401
import gc
import pathlib
import unittest

from oxidized_importer import OxidizedResource

FLAGS = ("is_module", "is_builtin_extension_module", "is_frozen_module", "is_extension_module", "is_shared_library",
         "is_package", "is_namespace_package")
BYTES = ("in_memory_source", "in_memory_bytecode", "in_memory_bytecode_opt1", "in_memory_bytecode_opt2",
         "in_memory_extension_module_shared_library", "in_memory_shared_library")
DICTS = ("in_memory_package_resources", "in_memory_distribution_resources")
PATHS = ("relative_path_module_source", "relative_path_module_bytecode", "relative_path_module_bytecode_opt1",
         "relative_path_module_bytecode_opt2", "relative_path_extension_module_shared_library")
PATH_DICTS = ("relative_path_package_resources", "relative_path_distribution_resources")
NEEDS = "shared_library_dependency_names"
FLAVORS = {"none": None, "module": "is_module", "built-in": "is_builtin_extension_module",
           "frozen": "is_frozen_module", "extension": "is_extension_module", "shared_library": "is_shared_library"}


class Fresh(unittest.TestCase):
    def test_nothing_is_set(self):
        r = OxidizedResource()
        self.assertEqual((r.name, r.flavor), ("", "none"))
        for flag in FLAGS:
            self.assertIs(getattr(r, flag), False)
        for name in BYTES + DICTS + PATHS + PATH_DICTS + (NEEDS,):
            self.assertIsNone(getattr(r, name))

    def test_there_are_no_arguments(self):
        with self.assertRaises(TypeError):
            OxidizedResource("name")
        with self.assertRaises(TypeError):
            OxidizedResource(name="name")

    def test_repr_has_the_name(self):
        r = OxidizedResource()
        self.assertEqual(repr(r), '<OxidizedResource name="">')
        r.name = "f\u00f6.bar"
        self.assertEqual(repr(r), '<OxidizedResource name="f\u00f6.bar">')

    def test_the_type_is_closed(self):
        with self.assertRaises(TypeError):
            type("Sub", (OxidizedResource,), {})
        with self.assertRaises(AttributeError):
            OxidizedResource().other = 1
        self.assertEqual(OxidizedResource.__module__, "oxidized_importer")
        extra = set(dir(OxidizedResource)) - set(dir(object)) - {"__module__"}
        self.assertEqual(extra, {"name", "flavor", NEEDS, *FLAGS, *BYTES, *DICTS, *PATHS, *PATH_DICTS})

    def test_resources_are_equal_to_themselves_only(self):
        a = OxidizedResource()
        self.assertEqual(a, a)
        self.assertNotEqual(a, OxidizedResource())
        hash(a)


class Properties(unittest.TestCase):
    def setUp(self):
        self.r = OxidizedResource()

    def refuses(self, name, *values, error=TypeError, wanted=""):
        before = getattr(self.r, name)
        for value in values:
            with self.subTest(name=name, value=value), self.assertRaises(error) as caught:
                setattr(self.r, name, value)
            self.assertNotIn("argument '", str(caught.exception))
            self.assertTrue(not wanted or str(caught.exception).endswith(f"object cannot be converted to '{wanted}'"))
        self.assertEqual(getattr(self.r, name), before)

    def test_name(self):
        self.r.name = "a.b"
        self.assertEqual(self.r.name, "a.b")

        class Text(str):
            pass
        self.r.name = Text("c")
        self.assertIs(type(self.r.name), str)
        self.refuses("name", None, b"x", 1, ["x"])
        self.refuses("name", "\ud800", error=UnicodeEncodeError)

    def test_flags(self):
        for flag in FLAGS:
            setattr(self.r, flag, True)
            self.assertIs(getattr(self.r, flag), True)
            self.assertEqual([f for f in FLAGS if getattr(self.r, f)], [flag])
            self.refuses(flag, None, "", 1, 0, wanted="PyBool")
            setattr(self.r, flag, False)

    def test_bytes(self):
        for name in BYTES:
            for value in (b"x", bytearray(b"x"), memoryview(b"x"), memoryview(b"axb")[1:2]):
                setattr(self.r, name, value)
                self.assertEqual(getattr(self.r, name), b"x")
                self.assertIs(type(getattr(self.r, name)), bytes)
            self.refuses(name, "", True, 1, [], object())
            self.refuses(name, memoryview(b"abcd").cast("I"), error=BufferError)
            with self.assertRaisesRegex(BufferError, "^buffer of 'memoryview' has items that are not unsigned bytes$"):
                setattr(self.r, name, memoryview(b"abcd").cast("b"))
            setattr(self.r, name, b"")
            self.assertEqual(getattr(self.r, name), b"")
            setattr(self.r, name, None)
            self.assertIsNone(getattr(self.r, name))

    def test_bytes_are_copied(self):
        data = bytearray(b"abc")
        self.r.in_memory_source = data
        data[:] = b"xyz"
        self.assertEqual(self.r.in_memory_source, b"abc")

    def test_dicts_of_bytes(self):
        for name in DICTS:
            setattr(self.r, name, {"a": b"1", "b/c": bytearray(b"2"), "": b""})
            self.assertEqual(getattr(self.r, name), {"a": b"1", "b/c": b"2", "": b""})
            self.refuses(name, [], True, b"", "", wanted="PyDict")
            self.refuses(name, {"a": None}, {"a": "1"}, wanted="PyBuffer")
            self.refuses(name, {b"a": b"1"}, {1: b""}, wanted="PyString")
            setattr(self.r, name, {})
            self.assertEqual(getattr(self.r, name), {})
            setattr(self.r, name, None)
            self.assertIsNone(getattr(self.r, name))

    def test_changes_of_what_was_read_stay_outside(self):
        for name, value in ((DICTS[0], {"a": b"1"}), (PATH_DICTS[0], {"a": "p"}), (NEEDS, ["z"])):
            setattr(self.r, name, value)
            read = getattr(self.r, name)
            read.clear()
            self.assertEqual(len(getattr(self.r, name)), 1)
            value.clear()
            self.assertEqual(len(getattr(self.r, name)), 1)

    def test_a_dict_that_changes_while_it_is_read(self):
        items = {}

        class Path:
            def __fspath__(self):
                items.clear()
                gc.collect()
                return "p"
        items.update({str(i): Path() for i in range(100)})
        self.r.relative_path_package_resources = items
        self.assertEqual(len(self.r.relative_path_package_resources), 100)

    def test_names_of_libraries(self):
        for value in (["a", "b"], ("a", "b")):
            setattr(self.r, NEEDS, value)
            self.assertEqual(getattr(self.r, NEEDS), ["a", "b"])
        self.refuses(NEEDS, "ab", 1, True, {"a"}, wanted="Sequence")
        self.refuses(NEEDS, [b"a"], [None], wanted="PyString")
        setattr(self.r, NEEDS, [])
        self.assertEqual(getattr(self.r, NEEDS), [])
        setattr(self.r, NEEDS, None)
        self.assertIsNone(getattr(self.r, NEEDS))

    def test_paths(self):
        for name in PATHS:
            for value in ("lib/a.py", b"lib/a.py", pathlib.PurePosixPath("lib/a.py")):
                setattr(self.r, name, value)
                self.assertEqual(getattr(self.r, name), pathlib.Path("lib/a.py"))
            self.refuses(name, True, 1, [])
            self.refuses(name, "a\0b", error=ValueError)
            setattr(self.r, name, b"\xff")
            self.assertEqual(getattr(self.r, name), pathlib.Path("\udcff"))
            setattr(self.r, name, None)
            self.assertIsNone(getattr(self.r, name))

    def test_dicts_of_paths(self):
        for name in PATH_DICTS:
            setattr(self.r, name, {"a": "p/a", "b": b"p/b", "c": pathlib.Path("p/c")})
            self.assertEqual(getattr(self.r, name), {k: pathlib.Path("p", k) for k in "abc"})
            self.refuses(name, [], True, b"", {b"a": "p"}, {"a": None}, {"a": 1})
            setattr(self.r, name, None)
            self.assertIsNone(getattr(self.r, name))

    def test_nothing_can_be_deleted(self):
        for name in FLAGS + BYTES + DICTS + PATHS + PATH_DICTS + (NEEDS, "name", "flavor"):
            with self.assertRaisesRegex(AttributeError, "^can't delete attribute$"):
                delattr(self.r, name)


class Flavor(unittest.TestCase):
    def test_setting_it_sets_the_flag(self):
        r = OxidizedResource()
        for flavor, flag in FLAVORS.items():
            r.flavor = flavor
            self.assertEqual(r.flavor, flavor)
            self.assertEqual([f for f in FLAGS if getattr(r, f)], [flag] if flag else [])

    def test_setting_a_flag_sets_it(self):
        for flavor, flag in FLAVORS.items():
            r = OxidizedResource()
            if flag:
                setattr(r, flag, True)
            self.assertEqual(r.flavor, flavor)

    def test_packages_stay_packages(self):
        r = OxidizedResource()
        r.is_package = r.is_namespace_package = True
        r.flavor = "module"
        self.assertTrue(r.is_package and r.is_namespace_package)

    def test_of_several_kinds_it_is_the_one_that_is_imported(self):
        r = OxidizedResource()
        for flavor in ("shared_library", "module", "extension", "frozen", "built-in"):
            setattr(r, FLAVORS[flavor], True)
            self.assertEqual(r.flavor, flavor)

    def test_unknown_text(self):
        r = OxidizedResource()
        r.flavor = "module"
        for value in ("", "Module", "builtin", "\ud800"):
            with self.assertRaisesRegex(ValueError, "^unknown flavor .*: none, module, built-in, frozen, extension, shared_l"):
                r.flavor = value
        for value in (None, b"module", 1):
            with self.assertRaises(TypeError):
                r.flavor = value
        self.assertEqual(r.flavor, "module")


if __name__ == "__main__":
    unittest.main()
