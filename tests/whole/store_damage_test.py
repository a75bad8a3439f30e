"""One flipped byte in each kind of entry of the store is reported by verify and never served."""
import glob
import os
import shutil
import sqlite3
import subprocess

import oxtest

RECORDS = {1: "object", 2: "action result", 3: "last run", 4: "file digest", 5: "build"}


def flip(path, offset):
    os.chmod(path, 0o600)
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x20]))


class Damage(oxtest.TestCase):
    """The tests share one store: each leaves it sound."""

    @classmethod
    def setUpClass(cls):
        cls.shared = oxtest.Sandbox()
        cls.addClassCleanup(cls.shared.close)
        cls.shared.write("project/pyoxidizer.bzl", oxtest.APP_CONFIG)
        cls.shared.write("project/app.py", "VALUE = 42\n")

    def setUp(self):
        self.box = self.shared
        self.store = self.box.env["OXIDIZER_STORE"]
        self.assert_right_build()

    def oxc(self, *args):
        return self.box.oxc(*args, "--no-daemon")

    def assert_right_build(self):
        """Builds without what was built before; the executable is the right one."""
        shutil.rmtree(self.box.path("project", "build"), ignore_errors=True)
        self.assertExit(self.oxc("build", "--path", self.box.path("project")), 0)
        program, = glob.glob(self.box.path("project/build/*/debug/exe/app"))
        result = subprocess.run([program], capture_output=True, text=True, timeout=oxtest.PATIENCE, check=True)
        self.assertEqual(result.stdout, "42\n")

    def database(self, name):
        """The path of a database with everything in the file itself: its log has checksums, it has none."""
        path = os.path.join(self.store, name)
        connection = sqlite3.connect(path)
        self.assertEqual(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0], 0)
        connection.close()
        return path

    def flip_value(self, name, query):
        """Flips a byte near the beginning of a value that the query finds."""
        path = self.database(name)
        connection = sqlite3.connect(path)
        values = [row[0] for row in connection.execute(query)]
        connection.close()
        with open(path, "rb") as file:
            content = file.read()
        for value in values:
            piece = value[8:48]
            if len(piece) >= 24 and content.count(piece) == 1:
                flip(path, content.index(piece) + len(piece) // 2)
                return
        self.fail(f"nothing to damage was found by {query}")

    def assert_reported_and_cured(self, *words):
        result = self.oxc("store", "verify")
        self.assertExit(result, 1)
        for word in words:
            self.assertIn(word, result.stdout + result.stderr)
        self.assert_right_build()
        self.assertExit(self.oxc("store", "verify", "--repair"), 0)
        self.assertExit(self.oxc("store", "verify"), 0)
        self.assert_right_build()

    def test_a_large_object(self):
        for path in sorted(glob.glob(os.path.join(self.store, "objects", "*", "*")), key=os.path.getsize)[-3:]:
            flip(path, os.path.getsize(path) // 2)
            self.assert_reported_and_cured(os.path.basename(path))

    def test_a_small_object(self):
        self.flip_value("objects.db", "SELECT bytes FROM object ORDER BY size DESC")
        self.assert_reported_and_cured("object ")

    def test_each_kind_of_record(self):
        for space, kind in RECORDS.items():
            with self.subTest(kind=kind):
                self.flip_value("index.db", f"SELECT value FROM record WHERE space={space} ORDER BY used DESC")
                self.assert_reported_and_cured(f"record of {kind}")

    def test_whole_databases(self):
        for name in ("index.db", "objects.db"):
            for content in (b"x" * 50000, b""):
                with self.subTest(name=name, content=content[:1]):
                    with open(self.database(name), "wb") as file:
                        file.write(content)
                    if content:
                        self.assert_reported_and_cured(name)
                    self.assert_right_build()
                    self.assertExit(self.oxc("store", "verify"), 0)

    def test_deleted_databases(self):
        for name in ("index.db", "objects.db"):
            os.remove(self.database(name))
            self.assert_right_build()
            self.assertExit(self.oxc("store", "verify"), 0)


if __name__ == "__main__":
    oxtest.main()
