"""OxidizedResourceCollector: what it takes, where that goes, and oxidize()."""
import importerkit  # noqa: F401
import importlib.machinery
import importlib.util
import marshal
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import oxidized_importer
from oxidized_importer import OxidizedResourceCollector, find_resources_in_path

TAG = sys.implementation.cache_tag
SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]
HEADER = importlib.util.MAGIC_NUMBER + b"\1\0\0\0"


class Collecting(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def scan_files(self, files):
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return find_resources_in_path(self.root)

    def collect(self, files, prefix=None, **kwargs):
        collector = OxidizedResourceCollector(allowed_locations=["in-memory", "filesystem-relative"])
        for r in self.scan_files(files):
            if prefix is None:
                collector.add_in_memory(r)
            else:
                collector.add_filesystem_relative(prefix, r)
        resources, installs = collector.oxidize(**kwargs)
        return {r.name: r for r in resources}, installs


class Construction(unittest.TestCase):
    def test_locations(self):
        for given in (["in-memory"], ("filesystem-relative",), ["in-memory", "filesystem-relative"], []):
            collector = OxidizedResourceCollector(allowed_locations=given)
            self.assertEqual(collector.allowed_locations, list(given))
            self.assertIsNone(collector.policy)
        self.assertEqual(OxidizedResourceCollector(["in-memory"]).allowed_locations, ["in-memory"])

    def test_policies(self):
        both = ["in-memory", "filesystem-relative"]
        for policy, locations in (("in-memory-only", both[:1]), ("filesystem-relative-only:lib", both[1:]),
                                  ("filesystem-relative-only:", both[1:]),
                                  ("prefer-in-memory-fallback-filesystem-relative:lib", both),
                                  ("prefer-in-memory-fallback-filesystem-relative:", both)):
            collector = OxidizedResourceCollector(policy=policy)
            self.assertEqual((collector.policy, collector.allowed_locations), (policy, locations))

    def test_wrong_ones(self):
        with self.assertRaisesRegex(ValueError, "^disk is not a valid resource location$"):
            OxidizedResourceCollector(allowed_locations=["disk"])
        for policy in ("", "in-memory", "in-memory-only:lib", "filesystem-relative-only"):
            with self.assertRaisesRegex(ValueError, "is not a valid resources policy"):
                OxidizedResourceCollector(policy=policy)
        for wrong in ("in-memory", 1, None, [1], {"in-memory"}):
            with self.assertRaises(TypeError):
                OxidizedResourceCollector(allowed_locations=wrong)
        with self.assertRaisesRegex(TypeError, r"^OxidizedResourceCollector\(\) missing 1 required positional argument: 'a"):
            OxidizedResourceCollector()
        with self.assertRaisesRegex(TypeError, "not both"):
            OxidizedResourceCollector(["in-memory"], policy="in-memory-only")
        with self.assertRaisesRegex(TypeError, "unexpected keyword argument 'x'"):
            OxidizedResourceCollector(["in-memory"], x=1)

    def test_properties_are_read_only_copies(self):
        collector = OxidizedResourceCollector(["in-memory"])
        collector.allowed_locations.append("x")
        self.assertEqual(collector.allowed_locations, ["in-memory"])
        for name in ("policy", "allowed_locations"):
            with self.assertRaises(AttributeError):
                setattr(collector, name, [])
        self.assertEqual(repr(collector), "<OxidizedResourceCollector>")


class Adding(Collecting):
    def test_a_location_that_is_not_allowed(self):
        r, = self.scan_files({"foo.py": b""})
        text = 'adding <PythonModuleSource module="foo">: resource collector does not allow resources in '
        with self.assertRaisesRegex(ValueError, text + "in-memory"):
            OxidizedResourceCollector(["filesystem-relative"]).add_in_memory(r)
        with self.assertRaisesRegex(ValueError, text + "filesystem-relative"):
            OxidizedResourceCollector(["in-memory"]).add_filesystem_relative("lib", r)

    def test_other_objects(self):
        collector = OxidizedResourceCollector(["in-memory", "filesystem-relative"])
        for value in (None, 1, "x", object(), oxidized_importer.OxidizedResource()):
            with self.assertRaisesRegex(TypeError, "^cannot operate on .* values$"):
                collector.add_in_memory(value)
            with self.assertRaisesRegex(TypeError, "^cannot operate on .* values$"):
                collector.add_filesystem_relative("lib", value)
        r, = self.scan_files({"foo.py": b""})
        for prefix in (None, 1, b"lib", pathlib.Path("lib")):
            with self.assertRaises(TypeError):
                collector.add_filesystem_relative(prefix, r)
        collector.add_filesystem_relative(prefix="lib", resource=r)
        collector.add_in_memory(resource=r)

    def test_content_that_is_gone(self):
        r, = self.scan_files({"foo.py": b""})
        (self.root / "foo.py").unlink()
        with self.assertRaisesRegex(ValueError, 'adding <PythonModuleSource .*: error resolving source code'):
            OxidizedResourceCollector(["in-memory"]).add_in_memory(r)

    def test_what_was_changed_is_what_is_added(self):
        r, = self.scan_files({"foo.py": b"old"})
        r.module, r.source, r.is_package = "bar", b"new", True
        collector = OxidizedResourceCollector(["in-memory"])
        collector.add_in_memory(r)
        r.source = b"later"
        (resource,), _ = collector.oxidize()
        self.assertEqual((resource.name, resource.in_memory_source, resource.is_package), ("bar", b"new", True))


class InMemory(Collecting):
    def test_a_module(self):
        found, installs = self.collect({"foo.py": b"x", f"__pycache__/foo.{TAG}.opt-1.pyc": b"h" * 16 + b"code"})
        r = found["foo"]
        self.assertEqual((r.is_module, r.is_package, r.in_memory_source, r.in_memory_bytecode, r.in_memory_bytecode_opt1),
                         (True, False, b"x", None, b"code"))
        self.assertEqual(installs, [])

    def test_a_package_with_resources_and_metadata(self):
        found, _ = self.collect({"p/__init__.py": b"", "p/b.txt": b"b", "p/a/c.txt": b"c",
                                 "D-1.dist-info/METADATA": b"Name: D\nVersion: 1\n"})
        self.assertEqual(found["p"].in_memory_package_resources, {"a/c.txt": b"c", "b.txt": b"b"})
        self.assertEqual(list(found["D"].in_memory_distribution_resources), ["METADATA"])
        self.assertEqual((found["D"].is_module, found["D"].is_package), (True, True))

    def test_an_extension_module(self):
        found, _ = self.collect({"p/__init__.py": b"", "p/x" + SUFFIX: b"elf"})
        r = found["p.x"]
        self.assertEqual((r.is_extension_module, r.is_module, r.is_package), (True, False, False))
        self.assertEqual(r.in_memory_extension_module_shared_library, b"elf")
        self.assertEqual(r.shared_library_dependency_names, [])

    def test_resources_come_by_name(self):
        files = {name: b"" for name in ("z.py", "a.py", "m/__init__.py", "m/b.py", "B.py")}
        self.assertEqual(list(self.collect(files)[0]), ["B", "a", "m", "m.b", "z"])

    def test_bytecode_of_no_package_unsets_the_flag(self):
        source, = self.scan_files({"p/__init__.py": b""})
        collector = OxidizedResourceCollector(["in-memory"])
        collector.add_in_memory(source)
        source.is_package = False
        collector.add_in_memory(source)
        self.assertFalse(collector.oxidize()[0][0].is_package)


class Relative(Collecting):
    FILES = {"p/__init__.py": b"init", "p/q/m.py": b"mod", "p/q/__init__.py": b"", "top.py": b"top", "p/d/x.txt": b"data",
             f"p/__pycache__/__init__.{TAG}.pyc": b"h" * 16 + b"c0", f"__pycache__/top.{TAG}.opt-2.pyc": b"h" * 16 + b"c2",
             "p/q/e" + SUFFIX: b"elf", "My-D.dist-info/METADATA": b"Name: My-D\nVersion: 1.2\n",
             "e.egg-info/PKG-INFO": b"Name: e\nVersion: 3\n"}

    def test_where_files_go(self):
        found, installs = self.collect(self.FILES, "lib")
        self.assertEqual([(str(path), executable) for path, _, executable in installs], [
            ("lib/my_d-1.2.dist-info/METADATA", False), ("lib/e-3.egg-info/PKG-INFO", False),
            ("lib/p/__init__.py", False), (f"lib/p/__pycache__/__init__.{TAG}.pyc", False), ("lib/p/d/x.txt", False),
            ("lib/p/q/__init__.py", False), ("lib/p/q/e" + SUFFIX, True), ("lib/p/q/m.py", False),
            ("lib/top.py", False), (f"lib/__pycache__/top.{TAG}.opt-2.pyc", False)])
        contents = {str(path): content for path, content, _ in installs}
        self.assertTrue(all(isinstance(path, pathlib.Path) for path, _, _ in installs))
        self.assertEqual(contents["lib/p/q/m.py"], b"mod")
        self.assertEqual(contents[f"lib/p/__pycache__/__init__.{TAG}.pyc"], HEADER + bytes(8) + b"c0")

    def test_what_resources_say(self):
        found, _ = self.collect(self.FILES, "lib")
        self.assertEqual(found["p"].relative_path_module_source, pathlib.Path("lib/p/__init__.py"))
        self.assertEqual(found["p"].relative_path_module_bytecode, pathlib.Path(f"lib/p/__pycache__/__init__.{TAG}.pyc"))
        self.assertEqual(found["top"].relative_path_module_bytecode_opt2,
                         pathlib.Path(f"lib/__pycache__/top.{TAG}.opt-2.pyc"))
        self.assertEqual(found["p"].relative_path_package_resources, {"d/x.txt": pathlib.Path("lib/p/d/x.txt")})
        self.assertEqual(found["My-D"].relative_path_distribution_resources,
                         {"METADATA": pathlib.Path("lib/my_d-1.2.dist-info/METADATA")})
        self.assertEqual(found["p.q.e"].relative_path_extension_module_shared_library,
                         pathlib.Path("lib/p/q/e" + SUFFIX))
        self.assertIsNone(found["p"].in_memory_source)

    def test_prefixes(self):
        for prefix, path in (("", "top.py"), ("a/b", "a/b/top.py"), ("a/", "a/top.py"), (".", "top.py")):
            _, installs = self.collect({"top.py": b""}, prefix)
            self.assertEqual(str(installs[0][0]), path)

    def test_both_locations_at_once(self):
        r, = self.scan_files({"top.py": b"text"})
        collector = OxidizedResourceCollector(policy="prefer-in-memory-fallback-filesystem-relative:lib")
        collector.add_in_memory(r)
        collector.add_filesystem_relative("lib", r)
        (resource,), installs = collector.oxidize()
        self.assertEqual((resource.in_memory_source, str(resource.relative_path_module_source)), (b"text", "lib/top.py"))
        self.assertEqual(installs, [(pathlib.Path("lib/top.py"), b"text", False)])


class Parents(Collecting):
    def test_are_created(self):
        found, _ = self.collect({"a/b/c.py": b""})
        for name in ("a", "a.b"):
            r = found[name]
            self.assertEqual((r.is_module, r.is_package, r.in_memory_source, r.in_memory_bytecode),
                             (True, True, b"", None))

    def test_get_the_bytecode_levels_of_their_children(self):
        found, _ = self.collect({f"a/__pycache__/m.{TAG}.pyc": b"h" * 16, f"a/__pycache__/m.{TAG}.opt-2.pyc": b"h" * 16})
        r = found["a"]
        self.assertIsNone(r.in_memory_source)
        self.assertIsNone(r.in_memory_bytecode_opt1)
        for code in (r.in_memory_bytecode, r.in_memory_bytecode_opt2):
            self.assertEqual(marshal.loads(code).co_filename, "a")

    def test_are_compiled_from_their_own_source(self):
        found, _ = self.collect({"a/__init__.py": b'"doc"\nassert 0\nx = 1\n',
                                 f"a/b/__pycache__/m.{TAG}.opt-2.pyc": b"h" * 16})
        scope = {}
        exec(marshal.loads(found["a"].in_memory_bytecode_opt2), scope)
        self.assertEqual((scope["x"], scope.get("__doc__")), (1, None))

    def test_keep_what_they_have(self):
        found, _ = self.collect({"a/__init__.py": b"own", f"a/__pycache__/__init__.{TAG}.pyc": b"h" * 16 + b"own",
                                 "a/m.py": b"", f"a/__pycache__/m.{TAG}.pyc": b"h" * 16})
        self.assertEqual((found["a"].in_memory_source, found["a"].in_memory_bytecode), (b"own", b"own"))

    def test_in_files(self):
        found, installs = self.collect({"a/m.py": b"", f"a/__pycache__/m.{TAG}.opt-1.pyc": b"h" * 16}, "lib")
        paths = [str(path) for path, _, _ in installs]
        self.assertEqual(paths[:2], ["lib/a/__init__.py", f"lib/a/__pycache__/__init__.{TAG}.opt-1.pyc"])
        self.assertEqual(installs[0][1], b"")
        made = installs[1][1]
        self.assertEqual(made[:16], HEADER + importlib.util.source_hash(b""))
        self.assertEqual(marshal.loads(made[16:]).co_filename, "a")
        self.assertEqual(found["a"].relative_path_module_bytecode_opt1, pathlib.Path(paths[1]))

    def test_of_extension_modules(self):
        found, _ = self.collect({"a/x" + SUFFIX: b""})
        self.assertEqual((found["a"].is_module, found["a"].is_package, found["a"].in_memory_source), (True, True, None))

    def test_with_a_syntax_error(self):
        files = {"a/__init__.py": b"x = (", f"a/__pycache__/m.{TAG}.pyc": b"h" * 16}
        for exe in (None, other_python(self.root)):
            with self.assertRaisesRegex(ValueError, "^error oxidizing: a: "):
                self.collect(files, python_exe=exe)


def other_python(folder):
    """A path of this interpreter that is not sys.executable."""
    path = folder / "bin" / "other"
    if not path.exists():
        path.parent.mkdir()
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        path.chmod(0o755)
    return path


class Interpreters(Collecting):
    FILES = {"a/m.py": b"", f"a/b/__pycache__/m.{TAG}.pyc": b"h" * 16, "a/__init__.py": "x = '\u00e9'\n".encode()}

    def test_another_gives_the_same(self):
        for prefix in (None, "lib"):
            here, installs = self.collect(self.FILES, prefix)
            there, other_installs = self.collect(self.FILES, prefix, python_exe=other_python(self.root))
            self.assertEqual(installs, other_installs)
            for name in here:
                self.assertEqual(here[name].in_memory_bytecode, there[name].in_memory_bytecode)

    def test_our_own_path_needs_no_other_process(self):
        with mock.patch("subprocess.run", side_effect=AssertionError):
            for exe in (None, sys.executable):
                self.collect(self.FILES, python_exe=exe)

    def test_what_is_no_interpreter(self):
        for exe in ("/nonexistent/python", "/bin/false", "/bin/echo", str(self.root)):
            with self.assertRaisesRegex(ValueError, "^error constructing bytecode compiler: "):
                self.collect(self.FILES, python_exe=exe)
        for exe in (1, [], object()):
            with self.assertRaises(TypeError):
                self.collect(self.FILES, python_exe=exe)

    def test_what_answers_something_else(self):
        for answer in (1, (1, 2), ("x", TAG, [], None), (b"magi", TAG, [1], None)):
            exe = self.root / "answers"
            exe.write_text(f"#!{sys.executable}\nimport marshal, sys\n"
                           f"sys.stdout.buffer.write(b'oxidizer bytecode\\n' + marshal.dumps({answer!r}))\n")
            exe.chmod(0o755)
            with self.assertRaisesRegex(ValueError, "^error constructing bytecode compiler: its answer is not understood$"):
                self.collect(self.FILES, python_exe=exe)

    def test_another_version_takes_sources_and_no_bytecode_of_ours(self):
        exe = other_version()
        if not exe:
            self.skipTest("no other version of CPython on PATH, in /usr/bin or of pyenv")
        with self.assertRaisesRegex(ValueError, "bytecode that was collected is not for"):
            self.collect(self.FILES, python_exe=exe)
        (self.root / f"a/b/__pycache__/m.{TAG}.pyc").unlink()
        bytecode, = (r for r in self.scan_files({"a/m.py": b"", f"a/__pycache__/m.{TAG}.pyc": b"h" * 16})
                     if type(r).__name__ == "PythonModuleBytecode")
        bytecode.bytecode = b"made by whoever says so"
        collector = OxidizedResourceCollector(["filesystem-relative"])
        collector.add_filesystem_relative("", bytecode)
        _, installs = collector.oxidize(python_exe=exe)
        for path, content, _ in installs:
            self.assertIn(tag_of(exe), str(path))
            self.assertNotEqual(content[:4], importlib.util.MAGIC_NUMBER)


def other_version():
    found = [shutil.which(f"python3.{minor}") for minor in range(8, 16)] + ["/usr/bin/python3"]
    found += sorted(map(str, pathlib.Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser().glob("versions/3.*/bin/python3")))
    return next((exe for exe in found if exe and os.path.exists(exe) and re.match("cpython-3([89]|1.)$", tag_of(exe))
                 and tag_of(exe) != TAG), None)


def tag_of(exe):
    done = subprocess.run([exe, "-c", "import sys; print(sys.implementation.cache_tag)"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, universal_newlines=True)
    return done.stdout.strip()


class TemporaryFolder(Collecting):
    def setUp(self):
        super().setUp()
        self.made, self.cleaned = [], []
        test = self

        class Watched(tempfile.TemporaryDirectory):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                test.made.append(self.name)

            def cleanup(self):
                test.cleaned.append(self.name)
                super().cleanup()
                if test.error:
                    raise test.error

        self.error = None
        patch = mock.patch("tempfile.TemporaryDirectory", Watched)
        patch.start()
        self.addCleanup(patch.stop)

    def test_is_cleaned_up_once(self):
        self.collect({"a.py": b""})
        self.collect({"a.py": b""}, python_exe=other_python(self.root))
        with self.assertRaises(ValueError):
            self.collect({"a.py": b""}, python_exe="/bin/false")
        self.assertEqual(len(self.made), 3)
        self.assertEqual(self.made, self.cleaned)
        self.assertFalse([name for name in self.made if os.path.exists(name)])

    def test_what_goes_wrong_there_is_unraisable(self):
        self.error = RuntimeError("cleanup")
        seen = []
        with mock.patch("sys.unraisablehook", seen.append):
            found, _ = self.collect({"a.py": b""})
            self.assertEqual(list(found), ["a"])
            with self.assertRaisesRegex(ValueError, "constructing"):
                self.collect({"a.py": b""}, python_exe="/bin/false")
        self.assertEqual([(u.exc_value, u.object.__func__.__name__) for u in seen], [(self.error, "cleanup")] * 2)
        self.assertEqual(len(self.cleaned), 2)

    def test_that_cannot_be_made(self):
        with mock.patch("tempfile.TemporaryDirectory", side_effect=OSError("full")):
            with self.assertRaisesRegex(ValueError, "^error oxidizing: full$"):
                self.collect({"a.py": b""})

    def test_the_collector_can_be_used_again(self):
        collector = OxidizedResourceCollector(["in-memory"])
        for r in self.scan_files({"a/m.py": b"", f"a/__pycache__/m.{TAG}.pyc": b"h" * 16}):
            collector.add_in_memory(r)
        first, second = collector.oxidize()[0], collector.oxidize()[0]
        self.assertEqual([(r.name, r.in_memory_bytecode) for r in first], [(r.name, r.in_memory_bytecode) for r in second])


if __name__ == "__main__":
    unittest.main()
