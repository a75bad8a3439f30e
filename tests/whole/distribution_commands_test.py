"""`oxc python-distribution add|list|remove|default` and `oxc find-resources`, with small archives that the test makes."""
import os
import sys
import zipfile

import oxtest

sys.path.insert(0, os.path.join(oxtest.SRCDIR, "tests", "unit", "daemon", "python"))
import archives  # noqa: E402

CONFIG = """
def make():
    dist = default_python_distribution()
    print("modules", sorted([r.name for r in dist.source_modules()]))
    return FileManifest()

register_target("list", make)
resolve_targets()
"""


class Base(oxtest.TestCase):
    def archive(self, change="v8", name="small.tar.gz"):
        archive = archives.Archive()
        archives.changes()[change](archive)
        archive.write(self.box.path(name))
        return name

    def oxc(self, *args, code=0):
        return self.assertExit(self.box.oxc(*args), code)

    def values(self, *args):
        return [e["value"] for e in oxtest.events(self.oxc(*args, "--json").stdout) if "value" in e]


class Registered(Base):
    def command(self, *args, code=0):
        return self.oxc("python-distribution", *args, code=code)

    def test_what_is_added_is_listed_until_it_is_removed(self):
        self.assertIn("no distribution is registered", self.command("list").stderr)
        self.assertIn("registered as small\n", self.command("add", self.archive()).stderr)
        self.command("add", self.archive("musl", "other.tar.gz"))
        lines = self.command("list").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["other", "small"])
        self.assertIn("x86_64-unknown-linux-musl", lines[0])
        small = self.values("python-distribution", "list")[1]
        self.assertEqual((small["name"], small["default"], small["loads_shared_libraries"]), ("small", False, True))
        self.assertTrue(os.path.exists(os.path.join(small["path"], "PYTHON.json")))
        with open(self.box.path("store/roots/python-distribution.small"), encoding="ascii") as root:
            self.assertEqual(root.read(), small["tree"] + "\n")
        self.command("remove", "small")
        self.assertEqual([v["name"] for v in self.values("python-distribution", "list")], ["other"])

    def test_a_default_is_set_and_shown(self):
        self.command("add", self.archive())
        self.assertIn("none is a default", self.command("default").stderr)
        self.assertIn("small is the default for x86_64-unknown-linux-gnu", self.command("default", "sm").stderr)
        self.assertTrue(self.command("default").stdout.startswith("* small "))
        self.assertTrue(self.values("python-distribution", "list")[0]["default"])
        self.command("remove", "small")
        self.assertEqual(self.command("default").stdout, "")
        self.assertEqual(os.listdir(self.box.path("store/roots")), [])

    def test_a_build_takes_it_and_notices_when_it_is_gone(self):
        before = self.build(CONFIG)
        self.assertIn('"argparse"', before.stderr)
        self.command("add", self.archive())
        taken = self.build(CONFIG).stderr
        self.assertIn('modules ["json", "json.tests", "os", "test"]', taken)
        self.assertIn("from small: the newest registered for x86_64-unknown-linux-gnu", taken)
        again = self.oxc("build", "--path", self.box.path("project"), "--json")
        self.assertTrue([e for e in oxtest.events(again.stdout) if e["type"] == "result"][0]["memoised"])
        self.command("remove", "small")
        self.assertIn('"argparse"', self.build(CONFIG).stderr)

    def test_mistakes_are_told(self):
        for args, words in (((), "add, list, remove or default"), (("drop",), "add, list, remove or default"),
                            (("add",), "add FILE"), (("add", "nowhere.tar.zst"), "there is no file"),
                            (("list", "x"), "takes no name"), (("remove",), "name the one to remove"),
                            (("remove", "x"), "no distribution is registered"),
                            (("default", "a", "b"), "name one"),
                            (("add", self.archive("lto", "lto.tar.gz")), "LLVM bitcode")):
            self.assertIn(words, self.command(*args, code=2).stderr)

    def test_the_store_counts_unpacked_folders(self):
        self.command("add", self.archive())
        for more in ((), ("--no-daemon",)):
            report = [e for e in oxtest.events(self.oxc("store", "stats", "--json", *more).stdout)
                      if e["type"] == "report"][0]
            items = {item["name"]: item.get("number") for item in report["items"]}
            self.assertEqual(items["unpacked folders"], 1)
            self.assertGreater(items["unpacked folder bytes"], 1000)


class FindResources(Base):
    FILES = {"pkg/__init__.py": "", "pkg/data.txt": "x", "pkg/__pycache__/__init__.cpython-311.opt-1.pyc": "",
             "pkg/sub/mod.py": "", "pkg/sub/__pycache__/mod.cpython-311.pyc": "", "old.egg": "", "more.pth": "",
             "pkg-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n", "run.sh": "#!/bin/sh\n"}
    MEANING = [
        "PythonModuleSource { name: pkg, is_package: true, is_stdlib: false, is_test: false }",
        "PythonModuleBytecode { name: pkg, is_package: true, is_stdlib: false, is_test: false, bytecode_level: 1 }",
        "PythonModuleBytecode { name: pkg.sub.mod, is_package: false, is_stdlib: false, is_test: false, "
        "bytecode_level: 0 }",
        "PythonModuleSource { name: pkg.sub.mod, is_package: false, is_stdlib: false, is_test: false }",
        "PythonPackageResource { package: pkg, name: data.txt, is_stdlib: false, is_test: false }",
        "PythonPackageDistributionResource { package: pkg, version: 1.0, name: METADATA }",
        "PythonEggFile { path: old.egg }",
        "PythonPathExtension",
    ]

    def folder(self):
        for name, text in self.FILES.items():
            self.box.write("tree/" + name, text)
        os.chmod(self.box.path("tree/run.sh"), 0o755)

    def find(self, *args):
        return self.oxc("find-resources", *args).stdout.splitlines()

    def test_a_folder_is_told_in_pyoxidizers_lines(self):
        self.folder()
        files = ["File { path: %s, is_executable: %s }" % (name, "true" if name == "run.sh" else "false")
                 for name in self.FILES]
        self.assertCountEqual(self.find("tree"), files + self.MEANING)
        self.assertCountEqual(self.find("tree", "--no-classify-files"), files)
        self.assertCountEqual(self.find("tree", "--no-emit-files", "--distributions-dir", "anything"), self.MEANING)

    def test_the_same_is_there_as_json(self):
        self.folder()
        values = self.values("find-resources", "tree", "--no-emit-files")
        self.assertEqual(len(values), len(self.MEANING))
        self.assertIn({"kind": "PythonModuleBytecode", "name": "pkg", "is_package": True, "is_stdlib": False,
                       "is_test": False, "bytecode_level": 1}, values)

    def test_a_wheel_is_looked_into(self):
        with zipfile.ZipFile(self.box.path("pkg-1.0-py3-none-any.whl"), "w") as wheel:
            for name in ("pkg/__init__.py", "pkg/data.txt", "pkg-1.0.dist-info/METADATA"):
                wheel.writestr(name, self.FILES[name])
        self.assertCountEqual(self.find("pkg-1.0-py3-none-any.whl", "--no-emit-files"),
                              [self.MEANING[i] for i in (0, 4, 5)])
        with zipfile.ZipFile(self.box.path("evil.whl"), "w") as wheel:
            wheel.writestr("../evil.py", "")
        self.assertIn("evil.py", self.oxc("find-resources", "evil.whl", code=4).stderr)
        with open(self.box.path("broken.whl"), "w", encoding="ascii") as out:
            out.write("no zip")
        self.assertIn("no zip archive", self.oxc("find-resources", "broken.whl", code=2).stderr)

    def test_the_distribution_itself_is_told(self):
        self.oxc("python-distribution", "add", self.archive())
        lines = self.find("--scan-distribution")
        self.assertIn("PythonModuleSource { name: json.tests, is_package: true, is_stdlib: true, is_test: true }", lines)
        at = lines.index("    name: _ssl")
        self.assertEqual(lines[at - 1:at + 6],
                         ["PythonExtensionModule {", "    name: _ssl", "    is_builtin: true",
                          "    has_shared_library: false", "    has_object_files: true",
                          '    link_libraries: ["ssl", "crypto", "dl"]', "}"])
        at = lines.index("    name: _crypt")
        self.assertEqual(lines[at + 1:at + 4],
                         ["    is_builtin: false", "    has_shared_library: true", "    has_object_files: false"])

    def test_anything_else_is_not_known(self):
        path = self.box.write("notes.txt", "x")
        result = self.oxc("find-resources", path)
        self.assertEqual(result.stdout, "")
        self.assertIn("do not know how to find resources in " + path, result.stderr)
        for args, words in (([], "name one folder or wheel"), (["nowhere"], "there is no"),
                            (["tree", "--no-classify-files", "--no-emit-files"], "together leave nothing")):
            self.assertIn(words, self.oxc("find-resources", *args, code=2).stderr)


if __name__ == "__main__":
    oxtest.main()
