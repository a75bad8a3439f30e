"""What the whole-program tests share: the real programs, each test in its own folder.

A Sandbox is a temporary folder with a HOME, a runtime folder and (unless `shared_store`)
a store of its own. Its daemon is stopped at the end. Nothing of the machine's
configuration except PATH, pip's settings and certificates reaches the programs.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

BUILDDIR = os.environ.get("OX_BUILDDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SRCDIR = os.environ.get("OX_SRCDIR") or BUILDDIR
OXC = os.path.join(BUILDDIR, "client", "oxc")
OXIDIZERD = os.path.join(BUILDDIR, "daemon", "oxidizerd")
WORKER = os.path.join(BUILDDIR, "daemon", "oxidizer-worker")
HOST_PYTHON = os.path.realpath("/usr/bin/python3")  # of Debian's package python3
HOST_VERSION = HOST_PYTHON.rpartition("python")[2]  # 3.11
# Seconds after which something is taken to hang. No test fails because a machine is slow.
PATIENCE = 600
KEEP = ("PATH", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy", "HTTP_PROXY",
        "HTTPS_PROXY", "no_proxy", "NO_PROXY", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
# An executable that prints app.VALUE of the package or module app beside the configuration.
APP_CONFIG = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "import app; print(app.VALUE)"
    exe = dist.to_python_executable(name="app", config=config)
    exe.add_python_resources(exe.read_package_root(path=".", packages=["app"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""


def ask_python(code):
    """What the host's interpreter prints for it."""
    return subprocess.run([HOST_PYTHON, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


class Sandbox:
    def __init__(self, shared_store=False):
        self.root = tempfile.mkdtemp(prefix="oxtest-")
        self.env = {name: os.environ[name] for name in KEEP if name in os.environ}
        self.env.update({name: value for name, value in os.environ.items() if name.startswith("PIP_")})
        store = os.path.join(BUILDDIR, "tests", "store") if shared_store else self.path("store")
        self.env.update(HOME=self.path("home"), OXIDIZER_STORE=store, OXIDIZER_RUNTIME_DIR=self.path("run"),
                        OXIDIZER_PYTHON=HOST_PYTHON, PIP_ROOT_USER_ACTION="ignore")
        os.mkdir(self.env["HOME"])

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as text:
            return text.read()

    def oxc(self, *args, env=None, cwd=None, timeout=PATIENCE, **options):
        """Runs oxc to its end; gives back the CompletedProcess with text output."""
        return subprocess.run([OXC, *args], env={**self.env, **(env or {})}, cwd=cwd or self.root, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout, check=False, **options)

    def start(self, *args, env=None, cwd=None, **options):
        """Starts oxc and gives back the Popen."""
        return subprocess.Popen([OXC, *args], env={**self.env, **(env or {})}, cwd=cwd or self.root, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def close(self):
        if os.path.exists(self.path("run", "oxidizerd.sock")):
            subprocess.run([OXC, "daemon", "stop"], env=self.env, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False)
        shutil.rmtree(self.root, ignore_errors=True)


def events(text):
    """The objects of `oxc --json` output; a line that is not JSON fails."""
    return [json.loads(line) for line in text.splitlines()]


class TestCase(unittest.TestCase):
    shared_store = False

    def setUp(self):
        self.box = Sandbox(self.shared_store)
        self.addCleanup(self.box.close)

    def assertExit(self, result, code):
        if result.returncode != code:
            self.fail(f"exit status {result.returncode}, expected {code}\n--- stdout\n{result.stdout}"
                      f"\n--- stderr\n{result.stderr}")
        return result

    def build(self, config, *args, folder="project", **options):
        """Writes config as folder/pyoxidizer.bzl and builds it; fails unless that works."""
        self.box.write(f"{folder}/pyoxidizer.bzl", config)
        return self.assertExit(self.box.oxc("build", "--path", self.box.path(folder), *args, **options), 0)


def pypi_available():
    """Whether pip can reach an index as the tests' programs see it; says so loudly when not."""
    with tempfile.TemporaryDirectory(prefix="oxtest-") as folder:
        env = {name: value for name, value in os.environ.items() if name in KEEP or name.startswith("PIP_")}
        probe = subprocess.run([HOST_PYTHON, "-m", "pip", "download", "-q", "--no-deps", "--no-cache-dir", "--retries",
                                "1", "--timeout", "10", "-d", folder, "pyflakes==3.2.0"], env={**env, "HOME": folder},
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if probe.returncode:
        print(f"SKIPPING what needs a package index: pip cannot reach one: {probe.stderr.strip()[-300:]}",
              file=sys.stderr, flush=True)
    return probe.returncode == 0


def main():
    """Runs the tests of the calling module; exit status 77 (skipped) when every one was skipped."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.skipped and len(result.skipped) >= result.testsRun else 0)
