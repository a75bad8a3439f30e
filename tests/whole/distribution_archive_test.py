"""PythonDistribution(...) and the user's table of archives, from configuration to message. The archives are small ones
of tests/unit/daemon/python/archives.py: nothing can be linked from them."""
import functools
import glob
import hashlib
import http.server
import os
import runpy
import shutil
import subprocess
import sys
import threading

import oxtest

sys.path.insert(0, os.path.join(oxtest.SRCDIR, "tests", "unit", "daemon", "python"))
import archives  # noqa: E402

CONFIG = """
def make_list():
    dist = PythonDistribution(sha256 = "%s", %s)
    names = [r.name for r in dist.python_resources() if type(r) == "PythonModuleSource"]
    print("modules", sorted(names))
    return FileManifest()

def make_exe():
    dist = PythonDistribution(sha256 = "%s", %s)
    for filter in ["all", "minimal", "no-libraries", "no-copyleft"]:
        print(filter, [m.name for m in dist.extension_modules(filter = filter)])
    policy = dist.make_python_packaging_policy()
    policy.set_preferred_extension_module_variant("readline", VARS["variant"])
    print(policy.preferred_extension_module_variants)
    return dist.to_python_executable(name = "app", packaging_policy = policy)

register_target("list", make_list)
register_target("exe", make_exe)
resolve_targets()
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Base(oxtest.TestCase):
    def archive(self, change="v8", name="small.tar.gz"):
        """Writes one and gives back its path and digest."""
        archive = archives.Archive()
        archives.changes()[change](archive)
        path = self.box.path(name)
        archive.write(path)
        with open(path, "rb") as f:
            return path, hashlib.sha256(f.read()).hexdigest()

    def run_config(self, sha256, where, *args, target="list"):
        self.box.write("project/pyoxidizer.bzl", CONFIG % (sha256, where, sha256, where))
        return self.box.oxc("build", "--path", self.box.path("project"), *args, target)

    def serve(self, folder):
        handler = functools.partial(Quiet, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return "http://127.0.0.1:%d" % server.server_address[1]


class Archives(Base):
    def test_a_local_archive_is_looked_into(self):
        path, digest = self.archive()
        for where in ("local_path = %r" % path, 'local_path = "../small.tar.gz"', 'url = "file://%s"' % path):
            result = self.assertExit(self.run_config(digest, where.replace("'", '"')), 0)
            self.assertIn('modules ["json", "json.tests", "os", "test"]', result.stderr)
            self.assertIn("from small.tar.gz: the configuration names it", result.stderr)

    def test_its_extension_modules_are_filtered_and_their_variants_known(self):
        path, digest = self.archive()
        result = self.assertExit(self.run_config(digest, 'local_path = "%s"' % path, "--var", "variant", "gnu",
                                                 target="exe"), 2)
        for line in ('all ["_io", "_sqlite3", "_ssl", "builtins", "marshal", "readline"]',
                     'minimal ["_io", "builtins", "marshal"]', 'no-libraries ["_io", "builtins", "marshal"]',
                     'no-copyleft ["_io", "_sqlite3", "_ssl", "builtins", "marshal", "readline"]',
                     '{"readline": "gnu"}',
                     'readline has no variant "gnu": there are "default", "libedit"'):
            self.assertIn(line, result.stderr)

    def test_it_says_where_it_lies_and_not_where_it_was_built(self):
        archive = archives.Archive()
        library = archives.LIB
        values = {"INCLUDEPY": "/install/include", "CC": "gcc -I/install/include", "INSTALL": "/usr/bin/install -c",
                  "SHLIBS": "", "SIZE": 8, "srcdir": "./install-sh"}
        archive.add(library + "/_sysconfigdata__small.py", "build_time_vars = %r" % values)
        archive.add(library + "/config-small/Makefile",
                    "prefix=/install\ninclude=${prefix}/include\nprint:\n\t@echo $(include)")
        path = self.box.path("small.tar.gz")
        archive.write(path)
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        self.assertExit(self.run_config(digest, 'local_path = "%s"' % path), 0)
        (file,) = glob.glob(self.box.path("store", "trees", "*", "files", "python", library, "_sysconfigdata__small.py"))
        install = file[:file.index("/install/")] + "/install"
        self.assertEqual(runpy.run_path(file)["build_time_vars"],
                         {**values, "INCLUDEPY": install + "/include", "CC": "gcc -I%s/include" % install})
        if shutil.which("make"):
            made = subprocess.run(["make", "-s", "-f", os.path.dirname(file) + "/config-small/Makefile", "print"],
                                  stdout=subprocess.PIPE, text=True, check=True)
            self.assertEqual(made.stdout.strip(), install + "/include")

    def test_a_wrong_digest_is_refused_by_policy(self):
        path, _ = self.archive()
        result = self.assertExit(self.run_config("0" * 64, 'local_path = "%s"' % path), 4)
        self.assertIn("is not the file that was named", result.stderr)

    def test_a_download_happens_once_and_never_offline(self):
        path, digest = self.archive()
        url = 'url = "%s/small.tar.gz"' % self.serve(os.path.dirname(path))
        result = self.assertExit(self.run_config(digest, url, "--offline"), 1)
        self.assertIn("this build is offline", result.stderr)
        self.assertExit(self.run_config(digest, url), 0)
        os.unlink(path)
        self.assertExit(self.run_config(digest, url + " ", "--offline"), 0)

    def test_a_missing_download_says_so(self):
        path, digest = self.archive()
        url = 'url = "%s/other.tar.gz"' % self.serve(os.path.dirname(path))
        result = self.assertExit(self.run_config(digest, url), 1)
        self.assertIn("the server does not have it (404): check the address", result.stderr)

    def test_what_cannot_be_used_is_a_mistake_of_the_configuration(self):
        for change, words in (("lto", "LLVM bitcode"), ("install-only", "-full.tar.zst"), ("arm", "is for aarch64"),
                              ("v4", "version 4, and 5 to 8")):
            path, digest = self.archive(change, change + ".tar.gz")
            result = self.assertExit(self.run_config(digest, 'local_path = "%s"' % path), 2)
            self.assertIn(words, result.stderr)

    def test_arguments_are_checked_at_once(self):
        for where, words in (('local_path = "a", url = "b"', "not both"), ("flavor = \"standalone\"", "needs local_path"),
                             ('url = "x", flavor = "host"', "'host' is not a distribution flavor")):
            result = self.assertExit(self.run_config("0" * 64, where), 2)
            self.assertIn(words, result.stderr)
        result = self.assertExit(self.run_config("12", 'url = "x"'), 2)
        self.assertIn("64 hexadecimal digits", result.stderr)

    def test_the_users_table_is_part_of_the_build(self):
        config = ('def make():\n    dist = default_python_distribution()\n'
                  '    print("modules", len(dist.source_modules()))\n    return FileManifest()\n'
                  'register_target("list", make)\nresolve_targets()\n')
        self.build(config)
        path, digest = self.archive()
        table = self.box.write("home/.config/oxidizer/python-distributions",
                               "3.11 x86_64-unknown-linux-gnu %s %s\n" % (digest, path))
        result = self.build(config)
        self.assertIn("modules 4", result.stderr)
        self.assertIn("the newest for x86_64-unknown-linux-gnu in " + table, result.stderr)
        self.box.write("home/.config/oxidizer/python-distributions", "3.11\n")
        result = self.assertExit(self.box.oxc("build", "--path", self.box.path("project")), 2)
        self.assertIn("line 1 is not understood", result.stderr)


class Commands(Base):
    def both(self, *args, code=0):
        """With the daemon and without, which must tell the same."""
        first, second = (self.assertExit(self.box.oxc(*args, *more), code) for more in ((), ("--no-daemon",)))
        if "--json" not in args:
            self.assertEqual(first.stdout, second.stdout)
        return first

    def values(self, *args):
        return [e["value"] for e in oxtest.events(self.both(*args, "--json").stdout) if "value" in e]

    def test_licenses_are_told_as_pyoxidizer_does(self):
        self.archive()
        text = self.both("python-distribution-licenses", "small.tar.gz").stdout
        self.assertTrue(text.startswith("Python Distribution Licenses: Python-2.0, CNRI-Python\n"), text)
        self.assertIn("readline\n--------\n\nDependency: readline\nLink Type: library\n\n"
                      "Licenses: GPL-3.0-only\nLicense Info: https://spdx.org/licenses/GPL-3.0-only.html\n", text)
        self.assertIn("readline (libedit)\n------------------\n\nDependency: edit\n", text)
        self.assertIn("Dependency: dl\nLink Type: system\n\nLicenses: Apache-2.0\n", text)
        self.assertIn("Licenses: public domain\n", text)
        self.assertIn("Licenses: UNKNOWN\n", text)
        self.assertNotIn("marshal", text)
        values = self.values("python-distribution-licenses", "small.tar.gz")
        self.assertEqual(values[0], {"kind": "distribution", "licenses": ["Python-2.0", "CNRI-Python"]})
        ssl = [v for v in values if v.get("name") == "_ssl"][0]
        self.assertEqual(ssl["dependencies"][0], {"name": "ssl", "link_type": "library"})
        self.assertEqual((ssl["licenses"], ssl["public_domain"], ssl["variant"]), (["Apache-2.0"], False, "default"))

    def test_info_shows_what_there_is_whatever_the_platform(self):
        self.archive("arm")
        text = self.both("python-distribution-info", "small.tar.gz").stdout
        self.assertIn("Target triple: aarch64-unknown-linux-gnu\n", text)
        self.assertIn("_io\n---\n\nRequired: yes\nBuilt-in: yes\n", text)
        self.assertIn("Links: ssl (library), crypto (library), dl (system)\n", text)
        self.assertIn("Python Modules\n==============\n\n", text)
        self.assertIn("json.tests\n", text)
        values = {v["kind"]: v for v in self.values("python-distribution-info", "small.tar.gz")}
        self.assertEqual(values["modules"]["names"], ["json", "json.tests", "os", "test"])
        self.assertEqual(values["distribution"]["build_options"], "pgo")
        result = self.both("python-distribution-info", "nowhere.tar.gz", code=2)
        self.assertIn("there is no file", result.stderr)

    def test_extracting_writes_files_and_replaces_none(self):
        path, _ = self.archive()
        self.assertExit(self.box.oxc("python-distribution-extract", "out/here", "--archive-path", path), 0)
        self.assertEqual(os.listdir(self.box.path("out/here")), ["python"])
        exe = self.box.path("out/here/python", archives.EXE)
        self.assertTrue(os.access(exe, os.X_OK))
        self.assertEqual(os.stat(exe).st_mode & 0o777, 0o755)
        self.assertEqual(os.stat(self.box.path("out/here/python/PYTHON.json")).st_mode & 0o777, 0o644)
        result = self.assertExit(self.box.oxc("python-distribution-extract", "out/here", "--archive-path", path), 2)
        self.assertIn("python is there already", result.stderr)
        self.assertEqual(os.listdir(self.box.path("out/here")), ["python"])

    def test_what_is_no_archive_is_named(self):
        path = self.box.write("project/README", "of something else")
        for command in (("python-distribution-info", path), ("python-distribution", "add", path),
                        ("python-distribution-extract", "out", "--archive-path", path)):
            result = self.both(*command, code=2)
            self.assertRegex(result.stderr, "cannot unpack .*/README: it is truncated or no tar archive")
        self.assertFalse(os.path.exists(self.box.path("out")))

    def test_extracting_says_what_is_missing(self):
        for args, words in ((["out"], "say which archive"), ([], "name one folder"),
                            (["out", "--archive-path", "a", "--download-default"], "use one of")):
            result = self.assertExit(self.box.oxc("python-distribution-extract", *args), 2)
            self.assertIn(words, result.stderr)
        result = self.assertExit(self.box.oxc("python-distribution-extract", "out", "--download-default", "--offline"), 1)
        self.assertIn("this build is offline", result.stderr)
        self.assertFalse(os.path.exists(self.box.path("out")))


if __name__ == "__main__":
    oxtest.main()
