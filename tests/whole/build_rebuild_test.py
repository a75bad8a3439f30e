"""What changes between two builds decides what is done in the second.

Every test builds twice or more, and looks at the steps that `--explain --json` tells, at
whether the whole build was remembered, and at what the program says in the end. The store
is shared, so that the standard library is packed once: words that no other test has keep the rest apart.
"""
import os
import shutil
import subprocess

import oxtest

CONFIG = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "import app.main"
    exe = dist.to_python_executable(name="app", config=config)
    exe.add_python_resources(exe.read_package_root(path="src", packages=["app"]))
    return exe

def make_install(exe):
    files = FileManifest()
    files.add_python_resource(".", exe)
    files.add_manifest(glob(["share/*"]))
    return files

register_target("exe", make_exe)
register_target("install", make_install, depends=["exe"])
resolve_targets()
"""
PIP_CONFIG = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "import local; print(local.VALUE)"
    exe = dist.to_python_executable(name="app", config=config)
    exe.add_python_resources(exe.pip_install(["--no-index", "--no-build-isolation", "--no-deps", "./local"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
SETUP = "from setuptools import setup\nsetup(name='local', version='1.0', py_modules=['local'])\n"


class Outcome:
    def __init__(self, result):
        self.events = oxtest.events(result.stdout)
        self.memoised = self.events[-1]["memoised"]
        self.ran = [e for e in self.events if e["type"] == "step" and not e["hit"]]
        self.artifacts = [e for e in self.events if e["type"] == "artifact"]

    def kinds(self):
        return sorted(step["action"] for step in self.ran)

    def path(self):
        return next(e["path"] for e in self.artifacts if e["runnable"])

    def said(self):
        return subprocess.run([self.path()], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=oxtest.PATIENCE,
                              check=True).stdout


class Rebuild(oxtest.TestCase):
    config = CONFIG
    shared_store = True

    def setUp(self):
        super().setUp()
        self.word = os.path.basename(self.box.root)
        self.box.write("project/src/app/__init__.py", "")
        self.main = self.box.write("project/src/app/main.py", "from app.text import TEXT\nprint(TEXT)\n")
        self.text = self.box.write("project/src/app/text.py", f"TEXT = '{self.word} one'\n")
        self.box.write("project/share/a.txt", "a\n")
        self.box.write("project/pyoxidizer.bzl", self.config)

    def make(self, *targets, **options):
        result = self.box.oxc("build", "--no-daemon", "--explain", "--json", "--path", self.box.path("project"),
                              *targets, **options)
        return Outcome(self.assertExit(result, 0))

    def test_nothing_changed_is_remembered_whole(self):
        self.assertFalse(self.make().memoised)
        again = self.make()
        self.assertTrue(again.memoised)
        self.assertEqual(again.ran, [])
        self.assertEqual(again.said(), f"{self.word} one\n")

    def test_one_edited_module_costs_one_compile_one_segment_one_assembly(self):
        self.make()
        old = os.stat(self.text)
        self.box.write("project/src/app/text.py", f"TEXT = '{self.word} two'\n")
        os.utime(self.text, ns=(old.st_atime_ns, old.st_mtime_ns))
        second = self.make()
        self.assertEqual(second.kinds(), ["assemble", "bytecode", "segment"])
        for step in second.ran:
            self.assertTrue(step["changed_input"], step)
            self.assertNotEqual(step["old_digest"], step["new_digest"], step)
        self.assertEqual(second.said(), f"{self.word} two\n")

    def test_an_edit_that_is_taken_back_needs_no_step(self):
        self.make()
        self.box.write("project/src/app/text.py", f"TEXT = '{self.word} two'\n")
        self.make()
        self.box.write("project/src/app/text.py", f"TEXT = '{self.word} one'\n")
        third = self.make()
        self.assertEqual(third.kinds(), [])
        self.assertEqual(third.said(), f"{self.word} one\n")

    def test_a_file_added_to_a_globbed_folder(self):
        first = self.make("install")
        self.box.write("project/share/b.txt", "b\n")
        second = self.make("install")
        self.assertFalse(second.memoised)
        folder = os.path.dirname(second.path())
        self.assertEqual(sorted(os.listdir(os.path.join(folder, "share"))), ["a.txt", "b.txt"])
        os.unlink(self.box.path("project", "share", "a.txt"))
        self.make("install")
        self.assertEqual(os.listdir(os.path.join(folder, "share")), ["b.txt"])
        self.assertEqual(first.path(), second.path())

    def test_a_module_added_to_a_scanned_package(self):
        self.make()
        self.box.write("project/src/app/more.py", "X = 1\n")
        self.box.write("project/src/app/text.py", f"import app.more\nTEXT = app.more.X, '{self.word}'\n")
        self.assertEqual(self.make().said(), f"(1, '{self.word}')\n")

    def test_what_an_interpreter_leaves_beside_modules_changes_nothing(self):
        self.make()
        self.box.write("project/src/app/__pycache__/text.cpython-311.pyc", "not read")
        self.assertTrue(self.make().memoised)

    def test_metadata_that_appears_beside_a_chosen_package(self):
        self.box.write("project/src/app/main.py", "from importlib.metadata import distributions\n"
                       "print(sorted(d.metadata['Name'] for d in distributions()))\n")
        self.assertEqual(self.make().said(), "[]\n")
        self.box.write("project/src/unrelated.txt", "")
        self.assertTrue(self.make().memoised)
        self.box.write("project/src/app-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: app\nVersion: 1.0\n")
        second = self.make()
        self.assertFalse(second.memoised)
        self.assertEqual(second.said(), "['app']\n")

    def test_an_edited_configuration(self):
        self.make()
        self.box.write("project/pyoxidizer.bzl", CONFIG.replace("import app.main", "import app.main; print(2)"))
        second = self.make()
        self.assertEqual(second.kinds(), ["assemble"])
        self.assertEqual(second.said(), f"{self.word} one\n2\n")

    def test_an_output_altered_or_deleted_is_put_back(self):
        first = self.make()
        path = first.path()
        digest = first.artifacts[0]["digest"]
        with open(path, "rb") as file:
            content = file.read()
        for damage in ("alter", "delete", "mode"):
            if damage == "alter":
                with open(path + ".new", "wb") as file:
                    file.write(content[:-1] + bytes([content[-1] ^ 1]))
                os.chmod(path + ".new", 0o755)
                os.rename(path + ".new", path)
            elif damage == "delete":
                shutil.rmtree(self.box.path("project", "build"))
            else:
                os.chmod(path, 0o644)
            again = self.make()
            self.assertEqual(again.artifacts[0]["digest"], digest)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), content, damage)
            self.assertEqual(again.said(), f"{self.word} one\n")

    def test_another_compiler_of_the_same_name(self):
        """A wrapper stands for the compiler; replacing it links anew, and the result runs."""
        compiler = self.box.write("bin/cc", '#!/bin/sh\nexec /usr/bin/cc "$@"\n')
        os.chmod(compiler, 0o755)
        path = {"PATH": self.box.path("bin") + ":" + os.environ["PATH"]}
        self.make(env=path)
        self.assertTrue(self.make(env=path).memoised)
        self.box.write("bin/cc", f'#!/bin/sh\n# {self.word}\nexec /usr/bin/cc "$@"\n')
        second = self.make(env=path)
        self.assertIn("stub", second.kinds())
        self.assertEqual(second.said(), f"{self.word} one\n")

    def test_another_static_library(self):
        """A copy of libz.a stands before the real one; one more member in it links anew."""
        found = subprocess.run(["cc", "-print-file-name=libz.a"], capture_output=True, text=True, check=True)
        library = self.box.path("lib", "libz.a")
        os.mkdir(self.box.path("lib"))
        shutil.copy(found.stdout.strip(), library)
        path = {"LIBRARY_PATH": self.box.path("lib")}
        self.make(env=path)
        self.assertTrue(self.make(env=path).memoised)
        member = self.box.write("member.c", "int %s;\n" % self.word.replace("-", "_"))
        subprocess.run(["cc", "-c", member, "-o", self.box.path("member.o")], check=True)
        subprocess.run(["ar", "q", library, self.box.path("member.o")], check=True)
        second = self.make(env=path)
        self.assertIn("stub", second.kinds())
        changed = [step.get("changed_input", "") for step in second.ran if step["action"] == "stub"]
        self.assertIn("libz.a", changed[0])
        self.assertEqual(second.said(), f"{self.word} one\n")

    def test_print_is_told_again(self):
        self.box.write("project/pyoxidizer.bzl", "print('hello')\n" + CONFIG)
        for _ in range(2):
            self.assertIn("hello", [e["text"] for e in self.make().events if e.get("source") == "config"])


class RebuildWithPip(Rebuild):
    config = PIP_CONFIG

    def setUp(self):
        super().setUp()
        self.box.write("project/local/setup.py", SETUP)
        self.box.write("project/local/local.py", f"VALUE = '{self.word} first'\n")

    def settle(self):
        """The build of a local project leaves folders in it, which is seen once and changes nothing."""
        self.assertEqual(self.make().kinds(), [])
        self.assertTrue(self.make().memoised)

    def test_an_edited_package_source(self):
        self.assertEqual(self.make().said(), f"{self.word} first\n")
        self.settle()
        self.box.write("project/local/local.py", f"VALUE = '{self.word} second'\n")
        second = self.make()
        self.assertIn("pip", second.kinds())
        self.assertEqual(second.said(), f"{self.word} second\n")

    def test_another_index(self):
        self.make(env={"PIP_INDEX_URL": "http://127.0.0.1:1/a"})
        second = self.make(env={"PIP_INDEX_URL": "http://127.0.0.1:1/b"})
        self.assertEqual(second.kinds()[:1], ["pip"])
        self.assertIn("PIP_INDEX_URL", second.ran[0]["changed_input"])

    def test_a_configuration_of_pip_that_appears(self):
        self.make()
        self.settle()
        self.box.write("home/.config/pip/pip.conf", "[global]\ntimeout = 7\n")
        second = self.make()
        self.assertFalse(second.memoised)
        self.assertIn("pip", second.kinds())
        self.assertIn("pip.conf", second.ran[0]["changed_input"])


# The tests that RebuildWithPip inherits are about another configuration.
for name in list(vars(Rebuild)):
    if name.startswith("test_"):
        setattr(RebuildWithPip, name, None)

if __name__ == "__main__":
    oxtest.main()
