"""No argument crashes the module: every callable and every property, given what they do not expect.

The calls are made in a process of their own, from a fixed seed. Each is noted before it is made, so that the one
which ends the process is known. Exceptions are fine, but for SystemError: that one means that a function broke the
rules of the C API.
"""
import importerkit  # noqa: F401
import os
import subprocess
import sys
import tempfile
import unittest

CALLS = int(os.environ.get("OX_FUZZ_CALLS", "25000"))  # in all
SEEDS = [int(seed) for seed in os.environ.get("OX_FUZZ_SEEDS", "1 2").split()]

PROGRAM = r'''
import array, faulthandler, gc, importlib.machinery, importlib.util, io, marshal, os, pathlib, random, sys, types, zipfile
import oxidized_importer as o

faulthandler.enable()
sys.setrecursionlimit(400)
rng = random.Random(int(sys.argv[1]))
note = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)


class Text(str):
    def __eq__(self, other):
        raise KeyError("eq")
    __hash__ = str.__hash__


class Bytes(bytes):
    pass


def evil(name, error):
    def method(self, *args, **kwargs):
        raise error("evil")
    return method


def make_evil(error):
    names = ("__fspath__", "__len__", "__iter__", "__getitem__", "__index__", "__int__", "__bool__", "__str__", "__repr__",
             "__eq__", "__hash__", "__next__", "__contains__", "__call__", "keys", "read", "__getattr__")
    return type("Evil", (), {n: evil(n, error) for n in names})


class Lying:
    """Says one thing and does another."""
    def __len__(self):
        return 2 ** 40

    def __getitem__(self, at):
        if at > 5:
            raise IndexError
        return self

    def __fspath__(self):
        return 5

    def __index__(self):
        return 2 ** 100


class Endless:
    """Calls back into the module from wherever it is asked."""
    def __fspath__(self):
        return o.find_resources_in_path(self)

    def __iter__(self):
        o.OxidizedFinder().add_resources(self)
        return iter(())

    def __eq__(self, other):
        return o.OxidizedFinder().find_spec(self, None)
    __hash__ = object.__hash__


class Changing(list):
    """Loses its items while it is walked."""
    def __iter__(self):
        for item in list.__iter__(self):
            self.clear()
            yield item


class Module(types.ModuleType):
    pass


def modules():
    plain, odd = types.ModuleType("plain"), types.ModuleType("odd")
    odd.__name__ = rng.choice([5, None, "\ud800", "", "p"])
    odd.__loader__, odd.__package__ = instance("OxidizedFinder"), rng.choice(["p", 5, None, "\ud800"])
    gone = types.ModuleType("gone")
    del gone.__name__
    return [plain, odd, gone, Module("p"), sys]


def zip_bytes():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice([0, 8])) as z:
        z.writestr("m.py", "x = 1")
        z.writestr("p/__init__.pyc", importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile("", "p", "exec")))
    data = bytearray(stream.getvalue())
    for _ in range(rng.choice([0, 0, 1, 3])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def released():
    view = memoryview(b"abc")
    view.release()
    return view


def packed():
    finder = o.OxidizedFinder()
    r = resource()
    finder.add_resource(r)
    data = bytearray(finder.serialize_indexed_resources())
    for _ in range(rng.choice([0, 0, 1, 3])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return rng.choice([bytes, bytearray])(data)


def resource():
    r = o.OxidizedResource()
    r.name = rng.choice(["p", "p.q", "m", "", "a.b.c"])
    r.is_module, r.is_package = True, rng.random() < .5
    r.in_memory_source = b"x = 1"
    r.in_memory_package_resources = {"a/b": b"1", "c": b"2"}
    r.in_memory_distribution_resources = {"METADATA": b"Name: p\nVersion: 1\n", "entry_points.txt": b"[a]\nb = c:d\n"}
    r.relative_path_package_resources = {"z": "nowhere"}
    return r


def finder():
    f = o.OxidizedFinder()
    for _ in range(3):
        f.add_resource(resource())
    return f


def provider():
    module = types.ModuleType("p")
    module.__loader__, module.__package__ = finder(), "p"
    return o.OxidizedPkgResourcesProvider(module)


def collector():
    c = o.OxidizedResourceCollector(["in-memory", "filesystem-relative"])
    for r in o.find_resources_in_path("."):
        c.add_in_memory(r)
    return c


def scanned(name):
    return lambda: rng.choice([r for r in o.find_resources_in_path(".") if type(r).__name__ == name])


def entry():
    f = finder()
    return f.path_hook(f.path_hook_base_str + rng.choice(["", "/p"]))


MAKERS = {
    "OxidizedFinder": finder, "OxidizedResource": resource, "OxidizedResourceCollector": collector,
    "OxidizedPathEntryFinder": entry, "OxidizedPkgResourcesProvider": provider,
    "OxidizedResourceReader": lambda: package_reader(), "OxidizedDistribution": lambda: next(finder_with_p().find_distributions()),
    "OxidizedZipFinder": lambda: o.OxidizedZipFinder.from_zip_data(zip_bytes()),
}
for kind in ("PythonModuleSource", "PythonModuleBytecode", "PythonPackageResource", "PythonPackageDistributionResource",
             "PythonExtensionModule"):
    MAKERS[kind] = scanned(kind)


def finder_with_p():
    f = finder()
    r = resource()
    r.name, r.is_package = "p", True
    f.add_resource(r)
    return f


def package_reader():
    return finder_with_p().get_resource_reader("p")


def instance(name):
    while True:
        try:
            return MAKERS[name]()
        except (ValueError, ImportError):
            pass


def loop():
    items = []
    items.append(items)
    return items


def deep():
    value = []
    for _ in range(1000):
        value = [value]
    return value


POOL = [
    lambda: None, lambda: True, lambda: 0, lambda: -1, lambda: 2 ** 63, lambda: -2 ** 200, lambda: 1.5, lambda: float("nan"),
    lambda: "", lambda: "p", lambda: "m", lambda: "p.q", lambda: "a.b.__init__", lambda: "\ud800", lambda: "x\0y", lambda: "x" * 5000,
    lambda: "\U0001f40d", lambda: Text("p"), lambda: "in-memory", lambda: "METADATA", lambda: "c", lambda: "a/b", lambda: "../..",
    lambda: ".__init__", lambda: "sys", lambda: "zipimport", lambda: "rb", lambda: "name",
    lambda: b"", lambda: b"x", lambda: b"\xff", lambda: Bytes(b"x"), lambda: bytearray(b"abc"), lambda: memoryview(b"abcd")[::2],
    released, lambda: array.array("i", [1, 2]), lambda: memoryview(b"abcd").cast("B", (2, 2)), packed, zip_bytes, lambda: ".",
    lambda: pathlib.Path("."), lambda: pathlib.Path("missing"), lambda: "archive.zip", lambda: "pipe",
    lambda: [], lambda: ["in-memory"], lambda: ("filesystem-relative",), loop, deep, lambda: [None], lambda: Changing([resource()] * 3),
    lambda: {}, lambda: {"a": b"b"}, lambda: {"a": 1}, lambda: {1: b"b"}, lambda: {"\ud800": b""}, lambda: {"x": "path"},
    lambda: (x for x in [resource()]), lambda: (1 / 0 for x in [1]), lambda: iter([1]), object, Lying, Endless,
    make_evil(ValueError), make_evil(KeyError), make_evil(AttributeError), make_evil(KeyboardInterrupt), make_evil(RecursionError),
    lambda: io, lambda: rng.choice(modules()), lambda: int, lambda: o.OxidizedFinder, lambda: print, lambda: ...,
    lambda: importlib.machinery.ModuleSpec("p", None), lambda: importlib.machinery.ModuleSpec(5, None),
    lambda: importlib.machinery.ModuleSpec("m", finder(), origin=5), lambda: compile("", "", "exec"),
] + [(lambda n: lambda: instance(n))(n) for n in MAKERS]


def values(count):
    return [rng.choice(POOL)() for _ in range(count)]


NAMES = ["fullname", "path", "target", "resource", "resources", "prefix", "data", "name", "context", "python_exe", "source",
         "module", "manager", "resource_name", "allowed_locations", "policy", "relative_path_origin", "resources_file", "spec",
         "ignore_builtin", "io_module", "source_bytes", "only", "importer", "path_item", "x", "\ud800"]


def arguments():
    count = rng.choice([0, 0, 1, 1, 1, 1, 2, 2, 3, 5])
    named = {rng.choice(NAMES): rng.choice(POOL)() for _ in range(rng.choice([0, 0, 0, 0, 0, 0, 1, 2]))}
    return values(count), named


def targets():
    """(text, function that makes the call)"""
    public = {n: getattr(o, n) for n in dir(o) if not n.startswith("__")}
    yield from ((n, v) for n, v in public.items() if callable(v))
    for kind in MAKERS:
        cls = public[kind]
        for name in sorted(set(dir(cls)) - {"__class__", "__init_subclass__", "__doc__", "__module__"}):
            yield f"{kind}.{name}", (lambda k, n: lambda *a, **kw: getattr(instance(k), n)(*a, **kw))(kind, name)
            yield f"{kind}.{name} unbound", (lambda c, n: lambda *a, **kw: getattr(c, n)(*a, **kw))(cls, name)
            yield f"{kind}.{name} = ", (lambda k, n: lambda *a, **kw: setattr(instance(k), n, *a[:1]))(kind, name)
            yield f"del {kind}.{name}", (lambda k, n: lambda *a, **kw: delattr(instance(k), n))(kind, name)
        yield f"{kind} other class", (lambda k: lambda *a, **kw: other_class(k))(kind)
    yield "Traversable", lambda *a, **kw: traverse(*a, **kw)


def other_class(kind):
    value = instance(kind)
    value.__class__ = getattr(o, rng.choice(list(MAKERS)))
    for name in dir(value):
        try:
            getattr(value, name)
        except Exception:
            pass
    repr(value), collector().add_in_memory(value)


def traverse(*args, **kwargs):
    node = package_reader().files()
    getattr(node, rng.choice([n for n in dir(node) if n != "__class__"]))(*args, **kwargs)


os.makedirs("p/__pycache__", exist_ok=True)
os.mkfifo("pipe")
tag = sys.implementation.cache_tag
for name, content in {"m.py": b"x = 1", "p/__init__.py": b"", f"p/__pycache__/__init__.{tag}.pyc": bytes(20), "p/data": b"d",
                      "p/e" + importlib.machinery.EXTENSION_SUFFIXES[0]: b"no library", "archive.zip": zip_bytes(),
                      "d.dist-info/METADATA": b"Name: d\nVersion: 1\n"}.items():
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "wb") as f:
        f.write(content)

# Nothing here may start a process: what is no interpreter is tested elsewhere.
import subprocess
subprocess.run = None
TARGETS = list(targets())
modules_before, meta_path = dict(sys.modules), list(sys.meta_path)
raised, errors = 0, set()
for number in range(int(sys.argv[3])):
    text, call = TARGETS[number % len(TARGETS)] if number < len(TARGETS) else rng.choice(TARGETS)
    os.pwrite(note, ("%-200s" % f"call {number}: {text}"[:200]).encode("utf-8", "replace"), 0)
    args, kwargs = arguments()
    try:
        result = call(*args, **kwargs)
        if isinstance(result, (type(iter([])), types.GeneratorType)):
            list(result)
        repr(result)
    except SystemError as e:
        errors.add(f"{text}: {e}")
    except BaseException:
        raised += 1
    if sys.modules != modules_before or sys.meta_path != meta_path:
        for name in set(sys.modules) - set(modules_before):
            if name in ("m", "p", "p.q", "a", "a.b", "a.b.c", "plain", "odd"):
                del sys.modules[name]
        sys.meta_path[:] = meta_path
    if number % 500 == 0:
        gc.collect()
del args, kwargs
gc.collect()
print(f"{len(TARGETS)} targets, {raised} exceptions")
print("\n".join(sorted(errors)))
'''


class AnyArguments(unittest.TestCase):
    def test_no_call_ends_the_process_or_breaks_the_rules(self):
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                os.mkdir(os.path.join(folder, "work"))
                note = os.path.join(folder, "note")
                env = {**os.environ, "PYTHONPATH": ":".join(p for p in sys.path if p), "PYTHONHASHSEED": "0"}
                done = subprocess.run(["timeout", "600", sys.executable, "-W", "ignore", "-c", PROGRAM, str(seed), note,
                                       str(CALLS // 2)], cwd=os.path.join(folder, "work"), env=env,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
                with open(note) as text:
                    last = text.read().strip()
            self.assertEqual(done.returncode, 0, f"seed {seed}, {last}\n{done.stderr[-3000:]}")
            summary, _, errors = done.stdout.partition("\n")
            self.assertEqual(errors.strip(), "", f"seed {seed}")
            self.assertRegex(summary, "^[0-9]{3,} targets, [0-9]{4,} exceptions$")


if __name__ == "__main__":
    unittest.main()
