"""Executables linked from a real archive: which modules are in them, what they export, that they work."""
import copy
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import oxdist
import oxtest

CONFIG = """
def make_exe():
    dist = PythonDistribution(sha256 = "{sha256}", local_path = "{path}")
    policy = dist.make_python_packaging_policy()
    policy.include_distribution_sources = False
    {policy}
    config = dist.make_python_interpreter_config()
    config.run_command = {program}
    exe = dist.to_python_executable(name = "app", packaging_policy = policy, config = config)
    {more}
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
# What an interpreter of PyOxidizer's filter "minimal" has, with what its core cannot be linked without.
REQUIRED = {"_codecs", "_io", "_signal", "_thread", "_tracemalloc", "_weakref", "atexit", "faulthandler", "posix"}
NAMES = "import sys; print(*sorted(sys.builtin_module_names))"
OWN = "oxidized_importer"
# What executables do is the same when the programs that make them are sanitized.
has_run = unittest.skipIf(os.environ.get("OX_AGAIN"), "has run before")
SUFFIX = oxtest.ask_python("import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))")

EVERYTHING = """
import importlib, json, sys
failed = {}
for name in sys.builtin_module_names:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = repr(error)
import bz2, ctypes, curses, decimal, hashlib, lzma, readline, sqlite3, ssl, uuid, zlib
import xml.etree.ElementTree
Compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
numbers = (ctypes.c_int * 3)(3, 1, 2)
ctypes.CDLL(None).qsort(numbers, 3, 4, Compare(lambda a, b: a[0] - b[0]))
ctypes.pythonapi.Py_GetVersion.restype = ctypes.c_char_p
print(json.dumps({
    "failed": failed,
    "sorted": list(numbers),
    "api": ctypes.pythonapi.Py_GetVersion().decode() == sys.version,
    "sqlite": sqlite3.connect(":memory:").execute("select count(*) from pragma_compile_options").fetchone()[0] > 0,
    "ssl": ssl.create_default_context().minimum_version.name,
    "sha": hashlib.new("sha3_256", b"").hexdigest()[:8],
    "packed": [m.decompress(m.compress(b"x")).decode() for m in (bz2, lzma, zlib)],
    "root": str(decimal.Decimal(2).sqrt())[:5],
    "xml": xml.etree.ElementTree.fromstring("<a b='1'/>").get("b"),
    "libedit": "libedit" in (readline.__doc__ or ""),
}))
"""


def chosen(extensions, filter_name):
    """Names of what a filter leaves, by its definition: none of these archives has a copyleft library."""
    first = {name: variants[0] for name, variants in extensions.items()}
    always = {name for name, v in first.items() if v["in_core"] or v["required"]}
    more = {"all": set(first), "minimal": set(), "no-copyleft": set(first),
            "no-libraries": {name for name, v in first.items() if not v["links"]}}[filter_name]
    return always | more


class Again:
    """What is told of an archive that a test makes."""

    def __init__(self, folder):
        self.path, self.sha256 = os.path.join(folder, "changed.tar.zst"), None


class Base(oxtest.TestCase):
    shared_store = True

    @classmethod
    def setUpClass(cls):
        cls.archive = oxdist.archive(oxtest.HOST_VERSION)

    def make(self, program, policy="", more="", folder="project", **options):
        """The executable's path, and what the build said."""
        result = self.build(CONFIG.format(sha256=self.archive.sha256, path=self.archive.path, policy=policy, more=more,
                                          program=json.dumps(program)), "--json", "--no-daemon", "--release",
                            folder=folder, timeout=oxtest.PATIENCE, **options)
        path = next(e["path"] for e in oxtest.events(result.stdout) if e["type"] == "artifact")
        return path, result.stderr

    def run_program(self, path):
        result = subprocess.run([path], env={"HOME": self.box.path("home")}, stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=oxtest.PATIENCE, check=False)
        return self.assertExit(result, 0).stdout


class Linked(Base):
    def test_every_module_is_there_and_works(self):
        path, _ = self.make(EVERYTHING)
        told = json.loads(self.run_program(path))
        self.assertEqual(told, {"failed": {}, "sorted": [1, 2, 3], "api": True, "sqlite": True, "ssl": "TLSv1_2",
                                "sha": "a7ffc6f8", "packed": ["x", "x", "x"], "root": "1.414", "xml": "1", "libedit": True})

    @has_run
    def test_classes_have_the_slots_that_the_hosts_interpreter_gives_them(self):
        program = os.path.join(oxtest.SRCDIR, "tests/whole/class_slots.py")
        plain = subprocess.run([oxtest.HOST_PYTHON, "-I", program], capture_output=True, text=True, check=True).stdout
        self.assertRegex(plain, r"^2\d{4} classes, \d{3} functions, [0-9a-f]{64}$")
        with open(program, encoding="utf-8") as file:
            path, _ = self.make(file.read())
        self.assertEqual(self.run_program(path), plain)

    def test_nothing_but_pythons_interface_is_exported(self):
        path, _ = self.make("pass")
        lines = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
        names = [line.split()[-1] for line in lines.splitlines()]
        others = [name for name in names if not name.startswith(("Py", "_Py")) and "@GLIBC" not in name]
        self.assertEqual(others, [])
        self.assertGreater(len(names), 1600)
        needed = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
        self.assertEqual(sorted(line.split("[")[1].rstrip("]") for line in needed.splitlines() if "(NEEDED)" in line),
                         ["libc.so.6", "libm.so.6"])

    @has_run
    def test_each_filter_links_its_modules_and_no_others(self):
        sizes = {}
        for name in ("all", "minimal", "no-libraries", "no-copyleft"):
            path, _ = self.make(NAMES, f'policy.extension_module_filter = "{name}"')
            self.assertLess(REQUIRED, set(self.run_program(path).split()))
            self.assertEqual(set(self.run_program(path).split()) - {OWN},
                             chosen(self.archive.json["build_info"]["extensions"], name), name)
            sizes[name] = os.stat(path).st_size
        self.assertLess(sizes["minimal"] + (8 << 20), sizes["all"])
        self.assertLess(sizes["no-libraries"] + (4 << 20), sizes["all"])

    @has_run
    def test_callbacks_and_additions_decide_too(self):
        policy = ('policy.extension_module_filter = "minimal"\n'
                  "    policy.register_resource_callback(choose)")
        more = ("for r in dist.python_resources():\n"
                '        if type(r) == "PythonExtensionModule" and r.name == "math":\n'
                "            exe.add_python_resource(r)\n"
                "    return exe\n\n"
                "def choose(policy, resource):\n"
                '    if type(resource) == "PythonExtensionModule" and resource.name in ["_sha1", "_io"]:\n'
                '        resource.add_include = resource.name == "_sha1"\n'
                "def unused(exe):")
        path, _ = self.make(NAMES, policy, more)
        self.assertEqual(set(self.run_program(path).split()) - {OWN},
                         chosen(self.archive.json["build_info"]["extensions"], "minimal") | {"math", "_sha1"})

    @has_run
    def test_two_stores_give_the_same_bytes_and_a_second_build_does_nothing(self):
        programs = []
        for folder, store in (("here", self.box.env["OXIDIZER_STORE"]), ("over/there", self.box.path("another/store"))):
            path, _ = self.make("print('hello')", folder=folder, env={"OXIDIZER_STORE": store})
            with open(path, "rb") as file:
                programs.append(file.read())
        self.assertEqual(programs[0] == programs[1], True)
        result = self.assertExit(self.box.oxc("build", "--no-daemon", "--release", "--path", self.box.path("here")), 0)
        self.assertIn("nothing had to be done", result.stderr)
        self.assertEqual(self.run_program(path), "hello\n")

    @has_run
    def test_wheels_shared_libraries_find_the_interpreter(self):
        if not oxtest.pypi_available():
            self.skipTest("no package index")
        more = 'exe.add_python_resources(exe.pip_install(["markupsafe==2.1.5", "cffi==1.17.1"]))'
        program = ("import _cffi_backend, markupsafe._speedups as s; from cffi import FFI; ffi = FFI();"
                   "ffi.cdef('size_t strlen(const char *);');"
                   "print(s.escape('<'), ffi.dlopen(None).strlen(b'four'), _cffi_backend.__version__)")
        path, log = self.make(program, more=more)
        self.assertIn("2 loaded from memory", log)
        self.assertEqual(self.run_program(path), "&lt; 4 1.17.1\n")


class Changed(Base):
    """The same archive, in which one module is only a shared library, and one has a variant under another licence."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="oxdist-")
        cls.addClassCleanup(folder.cleanup)
        real, cls.archive = cls.archive, Again(folder.name)
        subprocess.run(["tar", "-xf", real.path, "-C", folder.name], check=True)
        description = copy.deepcopy(real.json)
        extensions = description["build_info"]["extensions"]
        shared = description["python_paths"]["stdlib"] + "/lib-dynload/_queue" + SUFFIX
        extensions["_queue"][0].update(shared_lib=shared, objs=[])
        shutil.copy(f"/usr/lib/python{oxtest.HOST_VERSION}/lib-dynload/_queue" + SUFFIX,
                    os.path.join(folder.name, "python", shared))
        cls.others = len(extensions) - 1
        extensions["_csv"].append(dict(extensions["_csv"][0], variant="other", links=[{"name": "m", "system": True}],
                                       licenses=["GPL-3.0-only"]))
        with open(os.path.join(folder.name, "python", "PYTHON.json"), "w", encoding="utf-8") as file:
            json.dump(description, file)
        subprocess.run(["tar", "-I", "zstd -q -1", "-cf", cls.archive.path, "python"], cwd=folder.name, check=True)
        cls.archive.sha256 = oxdist.sha256_of(cls.archive.path)

    def test_what_is_only_a_shared_library_stays_one(self):
        path, log = self.make("import _queue, sys; print(_queue.SimpleQueue().empty(), '_queue' in sys.builtin_module_names)")
        self.assertIn(f"{self.others} linked in, 1 loaded from memory", log)
        self.assertEqual(self.run_program(path), "True False\n")
        prefix = 'policy.resources_location_fallback = "filesystem-relative:lib"; policy.resources_location = ' \
                 '"filesystem-relative:lib"; policy.include_distribution_sources = True'
        path, log = self.make("import _queue; print(_queue.__file__)", prefix)
        self.assertIn(f"{self.others} linked in, 0 loaded from memory, 0 extracted at run time, 1 beside", log)
        self.assertTrue(os.path.samefile(self.run_program(path).strip(),
                                         os.path.join(os.path.dirname(path), "lib", "_queue" + SUFFIX)))

    def test_a_preferred_variant_is_linked_where_the_filter_leaves_it(self):
        choose = 'policy.set_preferred_extension_module_variant("_csv", "other")'
        path, log = self.make("import _csv; print(_csv.__name__)", choose)
        self.assertIn("_csv is linked with libraries under GPL-3.0-only, a copyleft licence", log)
        self.assertEqual(self.run_program(path), "_csv\n")
        path, log = self.make("import _csv; print(_csv.__name__)",
                              choose + '; policy.extension_module_filter = "no-copyleft"')
        self.assertNotIn("GPL-3.0-only", log)
        self.assertEqual(self.run_program(path), "_csv\n")


if __name__ == "__main__":
    oxtest.main()
