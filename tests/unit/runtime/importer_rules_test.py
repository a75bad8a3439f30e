"""Rules that hold for the whole interface: what functions take and how they refuse it, what types are, what goes away
with whom."""
import importerkit
from importerkit import finder, resource
import ast
import gc
import importlib
import inspect
import io
import marshal
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import types
import unittest
import weakref
import zipfile

import oxidized_importer as ox

EXE = os.readlink("/proc/self/exe")
BYTECODE = "in_memory_bytecode", "in_memory_bytecode_opt1", "in_memory_bytecode_opt2"
CODE = marshal.dumps(compile("x = 1", "m", "exec"))


def package():
    return resource("p", "module", "package", in_memory_source=b"", in_memory_package_resources={"a": b"1"},
                    in_memory_distribution_resources={"METADATA": b"Name: p\nVersion: 1\n", "d/x": b"y"})


def blob():
    finder = ox.OxidizedFinder()
    finder.add_resources([package(), resource("p.m", "module", in_memory_source=b"")])
    return finder.serialize_indexed_resources()


def zip_bytes():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as z:
        z.writestr("p.py", "x = 1")
    return stream.getvalue()


def module_of(finder):
    module = types.ModuleType("p")
    module.__loader__, module.__package__ = finder, "p"
    return module


# One of each type that refers to a finder, made of that finder.
OF_FINDER = {
    "OxidizedPathEntryFinder": lambda f: f.path_hook(EXE + "/p"),
    "OxidizedResourceReader": lambda f: f.get_resource_reader("p"),
    "OxidizedTraversable": lambda f: f.get_resource_reader("p").files(),
    "OxidizedDistribution": lambda f: next(f.find_distributions()),
    "OxidizedPkgResourcesProvider": lambda f: ox.OxidizedPkgResourcesProvider(module_of(f)),
    "PackedPath": lambda f: next(f.find_distributions()).locate_file("p/a"),
}


def scanned():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "m.py").write_bytes(b"")
        return ox.find_resources_in_path(folder)[0]


def make(name):
    if name == "oxidized_importer":
        return ox
    finder = ox.OxidizedFinder(resources=blob())
    plain = {"OxidizedFinder": finder, "OxidizedZipFinder": ox.OxidizedZipFinder}
    if name in plain:
        return plain[name]
    return OF_FINDER[name](finder) if name in OF_FINDER else ox.OxidizedResourceCollector(["in-memory"])


# type or module: function: its parameters; those behind a "?" may be left out.
FUNCTIONS = {
    "oxidized_importer": {
        "decode_source": "io_module source_bytes", "find_resources_in_path": "path",
        "pkg_resources_find_distributions": "importer path_item ?only"},
    "OxidizedFinder": {
        "index_bytes": "data", "index_file_memory_mapped": "path", "add_resource": "resource", "add_resources": "resources",
        "serialize_indexed_resources": "?ignore_builtin ?ignore_frozen", "find_spec": "fullname path ?target",
        "find_module": "fullname path", "create_module": "spec", "exec_module": "module", "get_data": "path",
        "get_code": "fullname", "get_source": "fullname", "get_filename": "fullname", "is_package": "fullname",
        "get_resource_reader": "fullname", "find_distributions": "?context", "iter_modules": "?prefix", "path_hook": "path"},
    "OxidizedPathEntryFinder": {"find_spec": "fullname ?target", "iter_modules": "?prefix"},
    "OxidizedResourceReader": {"open_resource": "resource", "resource_path": "resource", "is_resource": "name"},
    "OxidizedTraversable": {"read_text": "?encoding ?errors"},
    "OxidizedDistribution": {"from_name": "name", "read_text": "filename"},
    "OxidizedPkgResourcesProvider": {
        "has_metadata": "name", "get_metadata": "name", "get_metadata_lines": "name", "metadata_isdir": "name",
        "metadata_listdir": "name", "run_script": "script_name namespace",
        "get_resource_filename": "manager resource_name", "get_resource_stream": "manager resource_name",
        "get_resource_string": "manager resource_name", "has_resource": "resource_name",
        "resource_isdir": "resource_name", "resource_listdir": "resource_name"},
    "OxidizedResourceCollector": {
        "add_in_memory": "resource", "add_filesystem_relative": "prefix resource", "oxidize": "?python_exe"},
    "OxidizedZipFinder": {"from_path": "path", "from_zip_data": "source ?path"},
}
WITHOUT = {  # those that take nothing
    "oxidized_importer": "register_pkg_resources",
    "OxidizedFinder": "index_interpreter_builtins index_interpreter_builtin_extension_modules "
                      "index_interpreter_frozen_modules indexed_resources invalidate_caches",
    "OxidizedPathEntryFinder": "invalidate_caches", "OxidizedResourceReader": "files contents",
    "OxidizedTraversable": "iterdir is_dir is_file exists read_bytes",
}
TEXTS = {"fullname", "name", "filename", "resource_name", "path_item", "prefix"}
NO_TEXT_NEEDED = {"find_spec", "find_module"}  # importlib asks them for names of files, which may be any


def functions():
    for owner, rows in FUNCTIONS.items():
        for name, parameters in rows.items():
            yield owner, name, parameters.split()


class Arguments(unittest.TestCase):
    """Every function of the interface by the same rules."""

    def function(self, owner, name):
        return getattr(make(owner), name)

    def refused(self, text, function, *args, **kwargs):
        with self.assertRaises(TypeError) as caught:
            function(*args, **kwargs)
        self.assertTrue(str(caught.exception).endswith(text), f"{caught.exception}\n{text}")

    def test_no_function_is_left_out_here(self):
        for owner in FUNCTIONS:
            named = {*FUNCTIONS[owner], *WITHOUT.get(owner, "").split()}
            value = make(owner)
            found = {n for n in dir(value) if not n.startswith("_") and callable(getattr(value, n))
                     and not isinstance(getattr(value, n), type)}
            others = {"OxidizedTraversable": {"joinpath", "open"}, "OxidizedDistribution": {"discover", "locate_file"},
                      "OxidizedZipFinder": {n for n in dir(ox.OxidizedZipFinder) if not n.startswith(("_", "from"))}}
            self.assertEqual(found - others.get(owner, set()), named)

    def test_signatures_say_what_they_take(self):
        for owner, name, parameters in functions():
            told = inspect.signature(self.function(owner, name)).parameters.values()
            self.assertEqual(["?" * (p.default is not p.empty) + p.name for p in told], parameters, f"{owner}.{name}")
            self.assertEqual({p.kind for p in told}, {inspect.Parameter.POSITIONAL_OR_KEYWORD})
        for owner, names in WITHOUT.items():
            for name in names.split():
                self.assertEqual(str(inspect.signature(self.function(owner, name))), "()")

    def test_every_parameter_can_be_passed_by_name(self):
        for owner, name, parameters in functions():
            given = {p.strip("?"): object() for p in parameters}
            with self.subTest(owner=owner, function=name):
                try:
                    self.function(owner, name)(**given)
                except TypeError as error:
                    self.assertNotRegex(str(error), "keyword|missing|positional")
                except (ImportError, AttributeError, OSError, NotImplementedError):  # it was understood
                    pass

    def test_what_is_missing_is_named(self):
        for owner, name, parameters in functions():
            needed = [p for p in parameters if p[0] != "?"]
            if needed and owner != "OxidizedTraversable":
                which = " and ".join(f"'{p}'" for p in needed)
                many = "s" if len(needed) > 1 else ""
                full = name if owner == "oxidized_importer" else f"{owner}.{name}"
                self.refused(f"{full}() missing {len(needed)} required positional argument{many}: {which}",
                             self.function(owner, name))

    def test_too_many_are_counted(self):
        for owner, name, parameters in functions():
            if owner == "OxidizedTraversable":
                continue
            most, least = len(parameters), len([p for p in parameters if p[0] != "?"])
            many = "s" if most > 1 or most > least else ""
            count = f"from {least} to {most}" if most > least else str(most)
            self.refused(f"{name}() takes {count} positional argument{many} but {most + 1} were given",
                         self.function(owner, name), *range(most + 1))

    def test_other_names_are_refused(self):
        for owner, name, parameters in functions():
            if owner != "OxidizedTraversable":
                self.refused(f"{name}() got an unexpected keyword argument 'other'", self.function(owner, name), other=1)

    def test_functions_without_parameters_take_none(self):
        for owner, names in WITHOUT.items():
            for name in names.split():
                for args, kwargs in (((1,), {}), ((), {"x": 1})):
                    with self.assertRaises(TypeError):
                        self.function(owner, name)(*args, **kwargs)

    def text_parameters(self):
        for owner, name, parameters in functions():
            for parameter in TEXTS.intersection(p.strip("?") for p in parameters):
                values = {p.strip("?"): scanned() if p == "resource" else None for p in parameters if p[0] != "?"}

                def call(value, function=self.function(owner, name), values=values, parameter=parameter):
                    return function(**dict(values, **{parameter: value}))
                yield name, parameter, call

    def test_a_text_is_a_str(self):
        for name, parameter, call in self.text_parameters():
            for wrong, kind in ((b"p", "bytes"), (1, "int"), (pathlib.Path("p"), "PosixPath"), (["p"], "list")):
                with self.subTest(function=name, value=wrong):
                    self.refused(f"argument '{parameter}': '{kind}' object cannot be converted to 'PyString'", call, wrong)

    def test_a_text_may_be_of_a_subclass(self):
        class Text(str):
            pass
        for name, _, call in self.text_parameters():
            try:
                call(Text("p"))
            except (ImportError, OSError, NotImplementedError, ValueError):  # there is nothing of that name
                pass

    def test_a_text_has_to_be_unicode(self):
        for name, _, call in self.text_parameters():
            with self.subTest(function=name):
                if name in NO_TEXT_NEEDED:
                    self.assertIsNone(call("\udc80"))
                else:
                    with self.assertRaises(UnicodeEncodeError):
                        call("\udc80")

    def test_a_name_may_run_code_when_it_is_shown(self):
        class Name(str):
            def __repr__(self):
                return "-".join(c for c in self)

        class Refusing(str):
            def __repr__(self):
                raise LookupError("no name")
        f = finder(resource("spam", "module", **{n: b"\xe3" for n in BYTECODE}))
        with self.assertRaisesRegex(ImportError, "^bytecode of s-p-a-m is damaged"):
            f.get_code(Name("spam"))
        with self.assertRaises((EOFError, LookupError)):
            f.get_code(Refusing("spam"))

    def test_names_of_modules_that_are_no_text(self):
        finder = ox.OxidizedFinder()
        odd = types.ModuleType("odd")
        odd.__name__ = 4
        for call, value in ((finder.create_module, types.SimpleNamespace(name=3)), (finder.exec_module, odd)):
            self.refused("'int' object cannot be converted to 'PyString'", call, value)

    def test_a_sequence_of_texts(self):
        for value in (range(0), (), [], "ab"[:0].split()):
            self.assertEqual(ox.OxidizedResourceCollector(value).allowed_locations, [])
        for wrong in (b"in-memory", {"in-memory": 1}, iter(["in-memory"]), "in-memory"):
            with self.assertRaises(TypeError):
                ox.OxidizedResourceCollector(wrong)


class Types(unittest.TestCase):
    def values(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder, "p")
            (root / "__pycache__").mkdir(parents=True)
            for name in ("__init__.py", f"__pycache__/m.{sys.implementation.cache_tag}.pyc", "x.txt",
                         "e" + importlib.machinery.EXTENSION_SUFFIXES[0]):
                (root / name).write_bytes(bytes(16))
            info = pathlib.Path(folder, "d.dist-info")
            info.mkdir()
            (info / "METADATA").write_text("Name: d\nVersion: 1\n")
            yield from ox.find_resources_in_path(folder)
        yield from (make(name) for name in OF_FINDER if name != "PackedPath")
        yield from (ox.OxidizedFinder(), ox.OxidizedResource(), ox.OxidizedResourceCollector([]),
                    ox.OxidizedZipFinder.from_zip_data(zip_bytes()))

    def test_every_type_is_bare_and_final(self):
        values = list(self.values())
        public = {value for value in vars(ox).values() if isinstance(value, type)}
        self.assertLessEqual(public, set(map(type, values)))
        for value in values:
            kind = type(value)
            with self.subTest(type=kind):
                self.assertEqual((kind.__module__, kind.__qualname__), ("oxidized_importer", kind.__name__))
                self.assertEqual((hasattr(value, "__dict__"), kind.__weakrefoffset__), (False, 0))
                self.assertTrue(gc.is_tracked(value))
                with self.assertRaises(TypeError):
                    type("Sub", (kind,), {})
                if kind.__name__ != "OxidizedTraversable":  # compared as paths are
                    self.assertEqual((kind.__eq__, kind.__hash__), (object.__eq__, object.__hash__))

    def test_object_makes_none_whatever_becomes_of_a_type(self):
        """A type whose __new__ a program replaced, or deleted, gets object's: what that made would hold nothing."""
        program = textwrap.dedent("""
            import sys, oxidized_importer as ox
            for name in [n for n in dir(ox) if isinstance(getattr(ox, n), type)]:
                kind = getattr(ox, name)
                kind.__new__ = lambda cls: object.__new__(cls)
                for make in (object.__new__, kind.__new__):
                    try:
                        made = make(kind)
                    except TypeError:
                        continue
                    sys.exit(f"{name}: {[getattr(made, n, None) for n in dir(made)]}")
            """)
        done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_everything_is_described(self):
        undocumented = [f"{type(value).__name__}.{name}" for value in self.values() for name in ("__doc__", *dir(type(value)))
                        if not name.startswith("__") and not getattr(type(value), name).__doc__]
        self.assertEqual(undocumented, [])

    def test_the_stubs_tell_of_the_same(self):
        """Names and parameters; mypy's stubtest (contrib/importer-matrix --types) compares more."""
        stubs = ast.parse((importerkit.ROOT / "runtime/importer/stubs/__init__.pyi").read_text())
        told = {node.name: node for node in stubs.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
        self.assertEqual(sorted(told), [n for n in dir(ox) if not n.startswith("_")])
        for name, node in told.items():
            has = {name: getattr(ox, name)} if isinstance(node, ast.FunctionDef) else {
                n: getattr(getattr(ox, name), n) for n in dir(getattr(ox, name)) if not n.startswith("__")}
            said = {n.name if hasattr(n, "name") else n.target.id: n for n in getattr(node, "body", [])
                    if not isinstance(n, ast.Expr) and getattr(n, "name", "") != "__new__"}
            if isinstance(node, ast.FunctionDef):
                said = {name: node}
            self.assertEqual(sorted(said), sorted(has), name)
            for attribute, stub in said.items():
                if not callable(has[attribute]) or isinstance(has[attribute], property):
                    continue
                of_class = any(getattr(d, "id", "") == "classmethod" for d in stub.decorator_list)
                args = stub.args
                names = [a.arg for a in getattr(args, "posonlyargs", []) + args.args]
                names += [a.arg for a in (args.vararg, args.kwarg) if a]
                real = list(inspect.signature(has[attribute]).parameters)
                self.assertEqual(names[1:] if of_class else names, real, f"{name}.{attribute}")

    def test_reading_a_property_twice_gives_two_objects(self):
        r = package()
        r.shared_library_dependency_names = ["a"]
        for name in ("in_memory_package_resources", "in_memory_distribution_resources", "shared_library_dependency_names"):
            self.assertIsNot(getattr(r, name), getattr(r, name))


class Lifetimes(unittest.TestCase):
    class Data(bytearray):
        pass

    def test_each_object_goes_with_the_circle_that_it_is_part_of(self):
        for name, of_finder in {**OF_FINDER, "OxidizedFinder": lambda f: f}.items():
            data = self.Data(blob())
            data.back = of_finder(ox.OxidizedFinder(resources=data))
            self.assertIn(name, (type(data.back).__name__,))
            gone = weakref.ref(data)
            del data
            gc.collect()
            self.assertIsNone(gone(), name)

    def test_each_object_keeps_what_it_needs(self):
        for name, of_finder in OF_FINDER.items():
            data = self.Data(blob())
            there, value = weakref.ref(data), of_finder(ox.OxidizedFinder(resources=data))
            del data
            gc.collect()
            self.assertIsNotNone(there(), name)
            del value
            gc.collect()
            self.assertIsNone(there(), name)

    def test_threads_share_a_finder(self):
        names = [f"p{i}.m{k}" for i in range(3) for k in range(9)]
        data = finder(*[resource(n, "module", "package", in_memory_source=b"x", in_memory_package_resources={n: b""})
                        for n in names]).serialize_indexed_resources()
        shared, failures, end = ox.OxidizedFinder(), [], time.monotonic() + 0.5

        def work():
            try:
                while time.monotonic() < end:
                    shared.index_bytes(data)
                    for name in names:
                        shared.add_resource(resource(name, "module", "package", in_memory_source=b"yy"))
                        self.assertIn(shared.get_source(name), ("x", "yy"))
                        list(shared.get_resource_reader(name).files().iterdir())
                    self.assertEqual([r.name for r in shared.indexed_resources()], names)
                    self.assertEqual(shared.iter_modules(), [("p0", True), ("p1", True), ("p2", True)])
            except BaseException as error:
                failures.append(error)
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        self.addCleanup(sys.setswitchinterval, interval)
        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_a_reload_changes_nothing(self):
        before = dict(vars(ox))
        self.assertIs(importlib.reload(ox), ox)
        self.assertEqual({n: v for n, v in vars(ox).items() if n[0] != "_"}, {n: v for n, v in before.items() if n[0] != "_"})


class Processes(unittest.TestCase):
    """What depends on how the interpreter was started."""

    def run_python(self, code, *flags):
        env = dict(os.environ, OX_IMPORTER=os.path.dirname(ox.__file__))
        done = subprocess.run([sys.executable, *flags, "-c", "import importerkit, oxidized_importer as ox\n" + code], env=env,
                              cwd=os.path.dirname(os.path.abspath(importerkit.__file__)), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True)
        return (done.stdout or done.stderr.splitlines()[-1] + "\n").rstrip("\n")

    def test_there_are_three_levels(self):
        self.assertEqual(self.run_python("ox.OxidizedFinder()", "-OOO"),
                         "ValueError: unexpected value for sys.flags.optimize")

    def test_code_of_the_active_level_is_run(self):
        code = ("import marshal, sys\nr, f = ox.OxidizedResource(), ox.OxidizedFinder(relative_path_origin='/o')\n"
                "r.name, r.is_module = 'm', True\n"
                "for level, suffix in enumerate(('', '_opt1', '_opt2')):\n"
                "    code = marshal.dumps(compile('x = %d' % level, 'm', 'exec'))\n"
                "    setattr(r, 'in_memory_bytecode' + suffix, code)\n"
                "    setattr(r, 'relative_path_module_bytecode' + suffix, 'p%d' % level)\n"
                "f.add_resource(r)\nsys.meta_path.insert(0, f)\nimport m\nprint(m.x, m.__spec__.cached)")
        for level in range(3):
            self.assertEqual(self.run_python(code, *["-" + "O" * level] * (level > 0)), f"{level} /o/p{level}")

    @unittest.skipIf(sys.version_info < (3, 11), "frozen modules can be switched off since 3.11")
    def test_a_frozen_module_that_is_switched_off_is_the_packed_one(self):
        code = ("r, f = ox.OxidizedResource(), ox.OxidizedFinder()\nr.name, r.is_module = 'codecs', True\n"
                "r.is_frozen_module, r.in_memory_source = True, b'x = 1'\nf.add_resource(r)\n"
                "spec = f.find_spec('codecs', None)\n"
                "print(spec.loader is f, f.get_code('codecs').co_names, f.get_source('codecs'), f.is_package('codecs'))")
        self.assertEqual(self.run_python(code, "-X", "frozen_modules=off"), "True ('x',) x = 1 False")
        self.assertTrue(self.run_python(code, "-X", "frozen_modules=on").startswith("False ("))
        self.assertTrue(self.run_python(code, "-X", "frozen_modules=on").endswith(" None False"))


if __name__ == "__main__":
    unittest.main()
