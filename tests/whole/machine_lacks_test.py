"""What is missing on the machine is named with what to do about it; the exit status says whose fault it is."""
import os
import shutil
import subprocess

import oxtest

NOBODY = 65534
CONFIG = """
def make_exe():
    dist = default_python_distribution()
    return dist.to_python_executable(name="app")

register_target("exe", make_exe)
resolve_targets()
"""
LIBRARY = f"libpython{oxtest.HOST_VERSION}"


class Lacks(oxtest.TestCase):
    shared_store = True

    def setUp(self):
        super().setUp()
        self.box.write("project/pyoxidizer.bzl", CONFIG)

    def refused(self, code, *words, command=(), **options):
        order = ("build", "--json", "--path", self.box.path("project"))
        for how in ("--no-daemon",) if command else ("--no-daemon", None):
            result = self.run_one(command, *order, *filter(None, [how]), **options)
            self.assertExit(result, code)
            for word in words:
                self.assertIn(word, result.stderr)
            self.assertEqual(oxtest.events(result.stdout)[-1]["exit_code"], code)
        self.assertFalse(os.path.exists(self.box.path("project", "build")))

    def run_one(self, command, *args, env=None, **options):
        if not command:
            return self.box.oxc(*args, env=env, **options)
        return subprocess.run([*command, oxtest.OXC, *args], env={**self.box.env, **(env or {})}, text=True,
                              cwd=self.box.root, capture_output=True, timeout=oxtest.PATIENCE, check=False, **options)

    def test_no_compiler(self):
        """A PATH with what a build may need besides, and no compiler of any name."""
        os.mkdir(self.box.path("bin"))
        for name in ("sh", "ld", "as", "ar"):
            found = shutil.which(name)
            if found:
                os.symlink(found, self.box.path("bin", name))
        self.refused(1, "no C compiler", "install the package gcc", env={"PATH": self.box.path("bin")})

    def test_a_compiler_that_is_named_and_absent(self):
        self.refused(1, "named by CC, /absent/cc,", "correct CC", env={"CC": "/absent/cc -m64"})

    def test_a_compiler_that_does_not_work(self):
        self.refused(1, "/bin/false is not a C compiler that works", env={"CC": "/bin/false"})

    def test_no_development_package(self):
        """In a mount namespace where the static library and the headers are not to be seen."""
        hidden = oxtest.ask_python("import sysconfig; print(sysconfig.get_config_var('LIBPL'), sysconfig.get_path('include'))")
        if not all(os.path.isdir(path) for path in hidden.split()):
            self.skipTest(f"Debian's {LIBRARY}-dev is not installed")
        hide = " && ".join(f"mount -t tmpfs none {path}" for path in hidden.split())
        command = ("unshare", "-rm", "sh", "-c", hide + ' && exec "$@"', "sh")
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
            self.skipTest("neither root nor user namespaces")
        self.refused(1, f"lacks {LIBRARY}.a, Python.h (install {LIBRARY}-dev)", command=command)

    def test_an_interpreter_that_is_named_and_absent(self):
        self.refused(1, "OXIDIZER_PYTHON names /absent/python3", "unset it", env={"OXIDIZER_PYTHON": "/absent/python3"})

    def test_a_program_that_is_no_interpreter(self):
        self.refused(1, "cannot be linked into an executable", "unset OXIDIZER_PYTHON",
                     env={"OXIDIZER_PYTHON": "/bin/true"})

    def test_a_store_that_cannot_be_written(self):
        """As somebody else when we are root, who may write everywhere."""
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        locked = self.box.path("locked")
        os.mkdir(locked, 0o555)
        os.chmod(self.box.root, 0o755)
        env = {"OXIDIZER_STORE": os.path.join(locked, "store")}
        try:
            self.box.oxc("--version", **user)
        except PermissionError:
            self.skipTest("the programs are in a folder that is closed to others")
        result = self.assertExit(self.box.oxc("build", "--no-daemon", "--path", self.box.path("project"), env=env,
                                              **user), 2)
        self.assertIn(f"cannot open the store {locked}/store", result.stderr)
        self.assertIn("Permission denied", result.stderr)

    def test_a_store_that_is_a_file(self):
        self.box.write("file", "")
        result = self.assertExit(self.box.oxc("build", "--no-daemon", "--path", self.box.path("project"),
                                              env={"OXIDIZER_STORE": self.box.path("file")}), 2)
        self.assertIn("exists and is not a folder", result.stderr)


if __name__ == "__main__":
    oxtest.main()
