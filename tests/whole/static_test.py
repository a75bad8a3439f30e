"""Static executables: `--target-triple x86_64-unknown-linux-musl` with a real distribution for musl.

They run in root folders that hold nothing else. The distribution comes out of the cache of contrib/python-distribution, or
of $OX_DISTRIBUTION; where neither has it, building it takes minutes, so that is done with OX_BUILD_MUSL=1 only."""
import http.server
import json
import os
import ssl
import subprocess
import threading
import zipfile

import oxdist
import oxtest

TRIPLE = "x86_64-unknown-linux-musl"
CONFIG = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    {run}
    exe = dist.to_python_executable(name = "app", config = config)
    {more}
    return exe

print("for", BUILD_TARGET_TRIPLE)
register_target("exe", make_exe)
resolve_targets()
"""
EVERYTHING = """
import importlib, json, sys, threading
failed = []
for name in sys.builtin_module_names:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed.append([name, repr(error)])
import ctypes, decimal, lzma, multiprocessing, os, socket, sqlite3, ssl, subprocess, tempfile, zlib

def nested():
    value = []
    for _ in range(900):
        value = [value]
    return len(json.dumps(value)) + len(repr(value))

lengths = []
threads = [threading.Thread(target=lambda: lengths.append(nested())) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
database = sqlite3.connect(os.path.join(tempfile.mkdtemp(), "x.db"))
database.execute("create table t (a)")
database.execute("insert into t values (6 * 7)")
database.commit()
callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: n + 1)
try:
    ctypes.CDLL("libm.so.6")
except OSError as error:
    loading = str(error)
again = subprocess.run([sys.executable, "child"], capture_output=True, text=True).stdout if len(sys.argv) < 2 else ""
print(json.dumps({"failed": failed, "lengths": lengths, "sqlite": database.execute("select a from t").fetchone()[0],
                  "called": callback(41), "loading": loading, "ssl": ssl.OPENSSL_VERSION.split()[0],
                  "address": socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)[0][4][0],
                  "text": "\\u00e9", "child": bool(again)}))
"""
FETCH = """
import sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen(sys.argv[1]).read().decode())
except urllib.error.URLError as error:
    print(error.reason.__class__.__name__)
"""
EXTENSION = """
#include <Python.h>
#include <math.h>
static PyObject *root(PyObject *self, PyObject *x) {{ return PyFloat_FromDouble(sqrt(PyFloat_AsDouble(x))); }}
static PyMethodDef methods[] = {{{{"root", root, METH_O, ""}}, {{NULL}}}};
static PyModuleDef_Slot slots[] = {{{{0, NULL}}}};
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "{name}", "", 0, methods, slots}};
PyMODINIT_FUNC PyInit_{last}(void) {{ return PyModuleDef_Init(&module); }}
"""
SETUP = """
from setuptools import Extension, setup
setup(name="rooted", version="1", packages=["rooted"], ext_modules=[Extension("rooted._root", ["root.c"], libraries=["m"])])
"""


class Static(oxtest.TestCase):
    shared_store = True

    @classmethod
    def setUpClass(cls):
        cls.archive = oxdist.archive("3.11", "--target", TRIPLE, triple=TRIPLE, allowed_by="OX_BUILD_MUSL")

    def setUp(self):
        super().setUp()
        self.box.write("home/.config/oxidizer/python-distributions",
                       f"3.11 {TRIPLE} {self.archive.sha256} {self.archive.path}\n")

    def config(self, program, more=""):
        return CONFIG.format(run=f"config.run_command = {json.dumps(program)}", more=more)

    def make(self, program, more="", *args):
        result = self.build(self.config(program, more), "--json", "--no-daemon", "--release", "--target-triple", TRIPLE,
                            *args, timeout=oxtest.PATIENCE)
        artifact = next(e for e in oxtest.events(result.stdout) if e["type"] == "artifact")
        self.assertIn(f"/build/{TRIPLE}/release/exe/app", artifact["path"])
        self.assertEqual(artifact["runs_on"], "runs on any Linux of this architecture")
        return artifact["path"]

    def run_alone(self, program, *args, files=None):
        """In a root folder that has the program, /tmp, and `files` (path in it -> path here)."""
        root = self.box.path("root")
        for name, source in {"app": program, **(files or {})}.items():
            target = os.path.join(root, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.exists(target):
                os.unlink(target)
            subprocess.run(["cp", source, target], check=True)
        os.makedirs(os.path.join(root, "tmp"), exist_ok=True)
        unshare = ["unshare", "-m"] + ([] if os.geteuid() == 0 else ["-U", "-r"])
        return subprocess.run([*unshare, "chroot", root, "/app", *args], capture_output=True, text=True,
                              timeout=oxtest.PATIENCE,
                              env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL, check=False)

    def test_everything_works_in_an_empty_root(self):
        program = self.make(EVERYTHING)
        told = json.loads(self.assertExit(self.run_alone(program), 0).stdout)
        self.assertEqual(told, {"failed": [], "lengths": [3604] * 4, "sqlite": 42, "called": 42, "ssl": "OpenSSL",
                                "loading": "Dynamic loading not supported", "address": "127.0.0.1", "text": "\u00e9",
                                "child": True})

    def test_it_is_static(self):
        program = self.make("print('hello')")
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
        self.assertIn("not a dynamic executable", listed.stdout + listed.stderr)
        headers = subprocess.run(["readelf", "-lWd", program], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("INTERP", headers)
        self.assertNotIn("NEEDED", headers)
        stack, = [line.split() for line in headers.splitlines() if "GNU_STACK" in line]
        self.assertEqual(int(stack[5], 16), 8 << 20)
        self.assertEqual(subprocess.run([program], capture_output=True, text=True, check=True).stdout, "hello\n")
        stripped = self.box.path("stripped")
        subprocess.run(["strip", "-o", stripped, program], check=True)
        self.assertEqual(subprocess.run([stripped], capture_output=True, text=True, check=True).stdout, "hello\n")

    def test_an_https_client_trusts_the_certificates_of_the_system(self):
        certificate, key = self.box.path("certificate"), self.box.path("key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        program, url = self.make(FETCH), "https://127.0.0.1:%d/" % server.server_address[1]
        self.assertEqual(self.assertExit(self.run_alone(program, url), 0).stdout, "SSLCertVerificationError\n")
        for place in ("etc/pki/tls/certs/ca-bundle.crt", "etc/ssl/certs/ca-certificates.crt"):
            result = self.assertExit(self.run_alone(program, url, files={place: certificate}), 0)
            self.assertEqual(result.stdout, "answered\n")
            os.unlink(self.box.path("root", place))

    def test_pyflakes_from_pypi(self):
        if not oxtest.pypi_available():
            self.skipTest("no package index")
        self.box.write("project/bad.py", "import os\nprint(undefined)\n")
        program = self.make("from pyflakes.api import main; main()",
                            'exe.add_python_resources(exe.pip_install(["pyflakes==3.2.0"]))')
        result = self.assertExit(self.run_alone(program, "/bad.py", files={"bad.py": self.box.path("project/bad.py")}), 1)
        self.assertEqual(result.stdout, "/bad.py:1:1: 'os' imported but unused\n/bad.py:2:7: undefined name 'undefined'\n")

    def test_a_c_extension_is_built_from_source_and_linked_in(self):
        if not oxtest.pypi_available():
            self.skipTest("no package index: it has setuptools")
        self.box.write("project/rooted/setup.py", SETUP)
        self.box.write("project/rooted/pyproject.toml", '[build-system]\nrequires = ["setuptools"]\n')
        self.box.write("project/rooted/root.c", EXTENSION.format(name="rooted._root", last="_root"))
        self.box.write("project/rooted/rooted/__init__.py", "from rooted._root import root\n")
        program = self.make("import rooted, rooted._root as r; print(rooted.root(49.0), r.__name__)",
                            'exe.add_python_resources(exe.pip_install(["./rooted"]))')
        self.assertEqual(self.assertExit(self.run_alone(program), 0).stdout, "7.0 rooted._root\n")

    def test_a_wheel_with_a_shared_library_is_refused_with_what_to_do(self):
        wheel = self.box.path("fast-1-cp311-cp311-linux_x86_64.whl")
        module = self.box.path("fast.so")
        self.box.write("fast.c", "int PyInit_fast(void) { return 0; }\n")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", module, self.box.path("fast.c")], check=True)
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.write(module, "fast.cpython-311-x86_64-linux-gnu.so")
            archive.writestr("fast-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: fast\nVersion: 1\n")
            archive.writestr("fast-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
                             "Tag: cp311-cp311-linux_x86_64\n")
            archive.writestr("fast-1.dist-info/RECORD", "")
        for name, code, words in ((wheel, 2, ("fast.cpython-311-x86_64-linux-gnu.so is a shared library", "--no-binary", "-linux-gnu")),
                                  (wheel.replace("linux_x86_64", "manylinux_2_17_x86_64"), 1,
                                   ("not a supported wheel", "pure wheels and packages of C source"))):
            if name != wheel:
                os.rename(wheel, name)
            self.box.write("project/pyoxidizer.bzl",
                           self.config("pass", f'exe.add_python_resources(exe.pip_install(["--no-deps", "{name}"]))'))
            result = self.box.oxc("build", "--path", self.box.path("project"), "--target-triple", TRIPLE)
            self.assertExit(result, code)
            for word in words:
                self.assertIn(word, result.stderr)

    def test_the_allocator_gives_way(self):
        self.box.write("project/pyoxidizer.bzl", self.config("print('hello')").replace(
            "config.run_command", 'config.allocator_backend = "jemalloc"\n    config.run_command'))
        result = self.assertExit(self.box.oxc("build", "--path", self.box.path("project"), "--target-triple", TRIPLE), 0)
        self.assertIn("jemalloc is not available in static executables", result.stderr)
        self.assertIn("for " + TRIPLE, result.stderr)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"answered")

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    oxtest.main()
