"""pip inside an executable, started as libraries start it: [sys.executable, "-m", "pip", ...]. It builds from source in
isolation, by a backend of the package's own and by one that it downloads, and installs into virtual environments."""
import glob
import os
import subprocess
import unittest

import oxtest

CONFIG = """
def make_exe():
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.include_distribution_resources = True
    config = dist.make_python_interpreter_config()
    config.run_module = "app"
    exe = dist.to_python_executable(name="app", packaging_policy=policy, config=config)
    exe.add_python_resources(exe.pip_install(["pip"]))
    exe.add_python_resources(exe.read_package_root(path=".", packages=["app"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
APP = """
import subprocess, sys
sys.exit(subprocess.run([sys.executable, *sys.argv[2:]]).returncode if sys.argv[1] == "--start" else "application again")
"""
BACKEND = """
import os, subprocess, sys, zipfile
def build_wheel(folder, settings=None, metadata=None):
    answer = subprocess.check_output([sys.executable, "-c", "print(6 * 7)"], text=True)
    name, info = "own-1-py3-none-any.whl", "own-1.dist-info/"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("own.py", f"ANSWER = {answer}")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: own\\nVersion: 1\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""


@unittest.skipUnless(oxtest.pypi_available(), "needs a package index: pip itself comes from there")
class Pip(oxtest.TestCase):
    def setUp(self):
        super().setUp()
        self.box.write("project/app.py", APP)
        self.build(CONFIG)
        self.exe = glob.glob(self.box.path("project/build/*/*/exe/app"))[0]
        self.box.write("own/pyproject.toml", '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
                       '[project]\nname = "own"\nversion = "1"\n')
        self.box.write("own/backend.py", BACKEND)
        self.box.write("classic/pyproject.toml", '[build-system]\nrequires = ["setuptools"]\n')
        self.box.write("classic/setup.py", "from distutils.core import setup\n"
                       "setup(name='classic', version='1', py_modules=['classic'])\n")
        self.box.write("classic/classic.py", "ANSWER = 43\n")

    def run_program(self, *command):
        env = {name: value for name, value in os.environ.items() if name in oxtest.KEEP or name.startswith("PIP_")}
        return subprocess.run(command, env={**env, "HOME": self.box.path("home")}, cwd=self.box.path("."),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=oxtest.PATIENCE, check=False)

    def test_packages_are_built_from_source_and_installed(self):
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
        result = self.run_program(self.exe, "--start", *install, "--target", self.box.path("target"), "./own", "./classic")
        self.assertExit(result, 0)
        code = "import own, classic; print(own.ANSWER, classic.ANSWER)"
        path = f"import sys; sys.path.insert(0, {self.box.path('target')!r}); "
        self.assertEqual(self.assertExit(self.run_program(self.exe, "--start", "-c", path + code), 0).stdout, "42 43\n")

        self.assertExit(self.run_program(self.exe, "--start", "-m", "venv", "--without-pip", "environment"), 0)
        python = self.box.path("environment/bin/python")
        self.assertExit(self.run_program(python, *install, "./own"), 0)
        result = self.assertExit(self.run_program(python, "-c", "import own; print(own.ANSWER, own.__file__)"), 0)
        self.assertRegex(result.stdout, r"^42 .*/environment/lib/python3\.\d+/site-packages/own\.py\n$")
        self.assertTrue(os.path.exists(self.box.path("environment/bin/activate")))


if __name__ == "__main__":
    oxtest.main()
