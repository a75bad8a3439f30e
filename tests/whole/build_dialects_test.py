"""Configurations of both generations, built and run (tests/data/configs)."""
import os
import subprocess
import unittest
import zipfile

import oxtest

PYPI = oxtest.pypi_available()
CONFIGS = os.path.join(oxtest.SRCDIR, "tests", "data", "configs")
UNUSED = "import os\nimport sys\nprint(sys)\n"
APP = """
import sys, importlib.resources

def main():
    import beside, made
    print("app", importlib.resources.read_text("app", "data.txt").strip(), beside.VALUE, made.VALUE)
    print("frozen", getattr(sys, "frozen", None), "beside", "__file__" in vars(beside))
"""
OLD_APP = """
import importlib.resources, sys
import beside, code_only
data = importlib.resources.read_text("app", "data.txt").strip()
print("app", data, beside.VALUE, code_only.VALUE, getattr(sys, "frozen", None))
"""

# What a wheel called "weigh" holds: a module, data, and the description that pip asks for.
WHEEL = {
    "weigh/__init__.py": "",
    "weigh/__main__.py": """
import importlib.metadata, importlib.resources, subprocess, sys

if sys.argv[1:] == ["child"]:
    sys.exit(3)
print(importlib.metadata.version("weigh"), importlib.resources.files("weigh").joinpath("unit.txt").read_text())
print([entry.value for entry in importlib.metadata.entry_points(group="console_scripts", name="weigh")])
print(subprocess.run([sys.executable, "child"]).returncode)
""",
    "weigh/unit.txt": "gram",
    "weigh-2.5.dist-info/METADATA": "Metadata-Version: 2.1\nName: weigh\nVersion: 2.5\n",
    "weigh-2.5.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "weigh-2.5.dist-info/entry_points.txt": "[console_scripts]\nweigh = weigh.__main__:main\n",
}
LOCAL_WHEELS = """
def make_exe():
    dist = default_python_distribution()
    settings = dist.make_python_interpreter_config()
    settings.run_module = "weigh"
    exe = dist.to_python_executable(name="weigh", config=settings)
    exe.add_python_resources(exe.pip_install(["--no-index", "--find-links", CWD + "/wheels", "weigh==2.5"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""


class Dialects(oxtest.TestCase):
    shared_store = True

    def config(self, name):
        with open(os.path.join(CONFIGS, name), encoding="utf-8") as text:
            return text.read()

    def artifact(self, result):
        paths = [event["path"] for event in oxtest.events(result.stdout)
                 if event["type"] == "artifact" and event["runnable"]]
        self.assertEqual(len(paths), 1, result.stdout)
        return paths[0]

    def build_config(self, name, *args):
        """The path of the built program."""
        return self.artifact(self.build(self.config(name), "--no-daemon", "--json", *args))

    def run_program(self, path, *args, code=0):
        result = subprocess.run([path, *args], env={"PATH": "/usr/bin:/bin"}, cwd=self.box.root, text=True,
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=oxtest.PATIENCE, check=False)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout

    def test_the_generated_template_builds_and_runs(self):
        self.assertExit(self.box.oxc("init-config-file", "app", "--python-code", "print('from the template')"), 0)
        result = self.assertExit(self.box.oxc("build", "--no-daemon", "--json", "--path", "app"), 0)
        path = self.artifact(result)
        self.assertEqual(path, self.box.path("app", "build", self.triple(), "debug", "exe", "app"))
        self.assertEqual(self.run_program(path), "from the template\n")
        result = self.assertExit(self.box.oxc("build", "--no-daemon", "--json", "--path", "app", "install"), 0)
        self.assertEqual(self.run_program(self.artifact(result)), "from the template\n")

    def triple(self):
        return f"{os.uname().machine}-unknown-linux-gnu"

    def test_old_parts_go_where_each_call_says(self):
        self.box.write("project/src/app/__init__.py", "")
        self.box.write("project/src/app/__main__.py", OLD_APP)
        self.box.write("project/src/app/data.txt", "data\n")
        self.box.write("project/src/beside.py", "VALUE = 1\n")
        self.box.write("project/src/code_only.py", "assert False\nVALUE = 2\n")
        config = self.config("parts_old.bzl").replace('"code"', '"code_only"')
        path = self.artifact(self.build(config, "--no-daemon", "--json"))
        self.assertTrue(os.path.exists(os.path.join(os.path.dirname(path), "site-packages", "beside.py")))
        self.assertEqual(self.run_program(path), "app data 1 2 True\n")

    def test_what_old_documents_show(self):
        self.box.write("project/templates/a/b.html", "b\n")
        self.box.write("project/keep.txt", "# needed to start\n\n")
        names = subprocess.run([oxtest.HOST_PYTHON, "-I", "-c", "import sys; print('\\n'.join(sys.modules))"],
                               capture_output=True, text=True, check=True).stdout
        self.box.write("project/keep/names.txt", names + "encodings.ascii\nencodings.latin_1\nio\nos\nabc\ncodecs\n")
        config = self.config("walkthrough_old.bzl")
        path = self.artifact(self.build(config, "--no-daemon", "--json"))
        result = subprocess.run([path], input="print(6 * 7)\n", capture_output=True, text=True,
                                timeout=oxtest.PATIENCE, check=True)
        self.assertEqual(result.stdout, "42\n")
        path = self.artifact(self.build(config, "--no-daemon", "--json", "filtered"))
        self.assertEqual(self.run_program(path), "True\n")
        self.build(config, "--no-daemon", "policies")
        self.build(config, "--no-daemon", "files")
        files = self.box.path("project", "build", self.triple(), "debug", "files")
        self.assertEqual(sorted(os.listdir(files)), ["__pycache__", "again", "json", "templates", "this.py"])
        self.assertEqual(sorted(os.listdir(os.path.join(files, "again", "json"))),
                         ["__init__.py", "__pycache__", "decoder.py"])
        result = self.assertExit(self.box.oxc("build", "--no-daemon", "--path", self.box.path("project"), "embedded"), 2)
        self.assertIn("build the target that gives the executable", result.stderr)

    def test_callbacks_and_manifests_of_today(self):
        self.box.write("project/src/app/__init__.py", APP)
        self.box.write("project/src/app/data.txt", "data\n")
        self.box.write("project/src/beside/__init__.py", "VALUE = 1\n")
        self.box.write("project/share/doc/readme.txt", "read me\n")
        self.box.write("project/share/x.tmp", "")
        result = self.build(self.config("callbacks_new.bzl"), "--no-daemon", "--json", "--var", "VERSION", "1.2")
        self.assertIn("modules seen: True library: True",
                      [event["text"] for event in oxtest.events(result.stdout) if event.get("source") == "config"])
        path = self.artifact(result)
        root = os.path.dirname(os.path.dirname(path))
        self.assertEqual(sorted(os.listdir(root)), ["VERSION", "app", "bin", "share"])
        with open(os.path.join(root, "VERSION"), encoding="utf-8") as text:
            self.assertEqual(text.read(), "1.2")
        self.assertEqual(os.listdir(os.path.join(root, "share")), ["doc"])
        self.assertTrue(os.path.isdir(os.path.join(root, "bin", "lib", "beside")))
        self.assertEqual(self.run_program(path), "app data 1 5\nfrozen True beside True\n")

    def test_files_beside_the_executable(self):
        self.box.write("project/src/beside.py", "VALUE = 3\n")
        result = self.build(self.config("files_new.bzl"), "--no-daemon", "--json")
        path = self.artifact(result)
        self.assertTrue(os.path.exists(os.path.join(os.path.dirname(path), "lib", "beside.py")))
        self.assertEqual(self.run_program(path), "3 True\n")
        warnings = [e["text"] for e in oxtest.events(result.stdout) if e.get("level") == "warning"]
        self.assertTrue(any("Python 3.8" in text for text in warnings), warnings)
        self.assertTrue(any("mimalloc" in text for text in warnings), warnings)
        result = self.assertExit(self.box.oxc("build", "--no-daemon", "--path", self.box.path("project"), "msi"), 2)
        self.assertIn("Windows installers are not available", result.stderr)

    def write_wheel(self, folder):
        os.makedirs(folder)
        record = "".join(f"{name},,\n" for name in [*WHEEL, "weigh-2.5.dist-info/RECORD"])
        with zipfile.ZipFile(os.path.join(folder, "weigh-2.5-py3-none-any.whl"), "w") as wheel:
            for name, text in {**WHEEL, "weigh-2.5.dist-info/RECORD": record}.items():
                wheel.writestr(name, text)

    def test_a_folder_of_wheels_serves_pip_without_an_index(self):
        wheels = self.box.path("project", "wheels")
        self.write_wheel(wheels)
        unreachable = {"PIP_INDEX_URL": "http://127.0.0.1:9/"}
        path = self.artifact(self.build(LOCAL_WHEELS, "--no-daemon", "--json", env=unreachable))
        self.assertEqual(self.run_program(path), "2.5 gram\n['weigh.__main__:main']\n3\n")
        os.remove(os.path.join(wheels, "weigh-2.5-py3-none-any.whl"))
        result = self.assertExit(self.box.oxc("build", "--no-daemon", "--path", self.box.path("project"),
                                              env=unreachable), 1)
        self.assertIn("No matching distribution found for weigh==2.5", result.stderr)

    def check_pyflakes(self, name):
        path = self.build_config(name)
        self.assertIn("3.2.0", self.run_program(path, "--version"))
        checked = self.box.write("checked.py", UNUSED)
        self.assertIn("'os' imported but unused", self.run_program(path, checked, code=1))

    @unittest.skipUnless(PYPI, "no package index")
    def test_pyflakes_in_the_old_generation(self):
        self.check_pyflakes("pyflakes_old.bzl")

    @unittest.skipUnless(PYPI, "no package index")
    def test_pyflakes_in_todays_generation(self):
        self.check_pyflakes("pyflakes_new.bzl")

    @unittest.skipUnless(PYPI, "no package index")
    def test_black_in_one_file(self):
        path = self.build_config("black_new.bzl")
        self.assertEqual(os.listdir(os.path.dirname(path)), ["black"])
        self.assertIn("24.4.2", self.run_program(path, "--version"))
        self.assertIn("compiled: yes", self.run_program(path, "--version"))
        source = self.box.write("source.py", "x = {  'a':1 }\n")
        self.run_program(path, source)
        self.assertEqual(self.box.read("source.py"), 'x = {"a": 1}\n')
        self.box.write("source.py", "x = {\n")
        self.run_program(path, source, code=123)

    @unittest.skipUnless(PYPI, "no package index")
    def test_black_beside_the_executable(self):
        path = self.build_config("black_files_old.bzl")
        lib = os.path.join(os.path.dirname(path), "lib")
        self.assertTrue(os.path.exists(os.path.join(lib, "black", "__init__.py")))
        self.assertTrue(os.path.isdir(os.path.join(lib, "black", "__pycache__")))
        self.assertIn("24.4.2", self.run_program(path, "--version"))


if __name__ == "__main__":
    oxtest.main()
