"""The same inputs give the same bytes: in another folder, for another user, at another time."""
import os
import time

import oxtest

CONFIG = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "import app"
    exe = dist.to_python_executable(name="app", config=config)
    exe.add_python_resources(exe.read_package_root(path="src", packages=["app"]))
    exe.add_python_resources(exe.pip_install(["--no-index", "--no-build-isolation", "--no-deps", "./local"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
SETUP = "from setuptools import setup\nsetup(name='local', version='1.0', py_modules=['local'])\n"
APP = "NAMES = frozenset(['a', 'b', 'c', 'd'])\ndef f(x):\n    return x in {'one', 'two', 'three'}\n"


class Reproducible(oxtest.TestCase):
    def build_in(self, folder, env):
        """Builds with a store of its own; the executable's bytes."""
        self.box.write(f"{folder}/src/app/__init__.py", APP)
        self.box.write(f"{folder}/src/app/data.txt", "data\n")
        self.box.write(f"{folder}/local/setup.py", SETUP)
        self.box.write(f"{folder}/local/local.py", "VALUE = 1\n")
        self.box.write(f"{folder}/pyoxidizer.bzl", CONFIG)
        for root, _, files in os.walk(self.box.path(folder)):
            for name in files:
                os.utime(os.path.join(root, name), (env["time"], env["time"]))
        os.makedirs(env["HOME"])
        result = self.box.oxc("build", "--no-daemon", "--json", "--path", self.box.path(folder),
                              env={name: value for name, value in env.items() if name != "time"},
                              timeout=oxtest.PATIENCE)
        events = oxtest.events(self.assertExit(result, 0).stdout)
        path = next(e["path"] for e in events if e["type"] == "artifact")
        with open(path, "rb") as file:
            return file.read()

    def test_two_builds_are_identical(self):
        first = self.build_in("one", {"HOME": self.box.path("home1"), "LANG": "C", "TZ": "UTC", "time": 1000000000,
                                      "OXIDIZER_STORE": self.box.path("store1")})
        time.sleep(1.1)
        second = self.build_in("a/much longer/folder é", {
            "HOME": self.box.path("home2"), "LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo",
            "PYTHONHASHSEED": "7", "time": int(time.time()), "OXIDIZER_STORE": self.box.path("store2")})
        if first != second:
            at = next((i for i, (a, b) in enumerate(zip(first, second)) if a != b), min(len(first), len(second)))
            self.fail(f"sizes {len(first)} and {len(second)}; first difference at {at}: "
                      f"{first[at - 64:at + 64]!r} and {second[at - 64:at + 64]!r}")


if __name__ == "__main__":
    oxtest.main()
