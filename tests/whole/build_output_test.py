"""Outputs: full disks, missing permission, two builds into one folder, a program that runs while it is rebuilt."""
import os
import subprocess
import unittest

import oxtest

NOBODY = 65534
CONFIG = """
def make():
    m = FileManifest()
    for i in range(200):
        m.add_file(FileContent(filename = "f%d" % i, content = VARS["TEXT"]))
    return m

register_target("files", make)
resolve_targets()
"""


class Output(oxtest.TestCase):
    shared_store = True

    def order(self, text, *args):
        return ("build", "--no-daemon", "--path", self.box.path("project"), "--var", "TEXT", text, *args)

    def folder(self):
        return self.box.path("project", "build", f"{os.uname().machine}-unknown-linux-gnu", "debug", "files")

    def test_two_builds_into_one_folder_do_not_mix(self):
        self.box.write("project/pyoxidizer.bzl", CONFIG)
        for _ in range(5):
            running = [self.box.start(*self.order(text)) for text in ("a", "b")]
            for process in running:
                out, err = process.communicate(timeout=oxtest.PATIENCE)
                self.assertEqual(process.returncode, 0, out + err)
            contents = set()
            for name in os.listdir(self.folder()):
                with open(os.path.join(self.folder(), name), encoding="utf-8") as file:
                    contents.add(file.read())
            self.assertEqual(len(contents), 1)
            self.assertEqual(len(os.listdir(self.folder())), 200)

    def test_a_failed_build_leaves_what_was_there(self):
        self.box.write("project/pyoxidizer.bzl", CONFIG)
        self.assertExit(self.box.oxc(*self.order("a")), 0)
        self.box.write("project/pyoxidizer.bzl", CONFIG.replace("return m", "return m.path()"))
        self.assertExit(self.box.oxc(*self.order("b")), 2)
        self.assertEqual(len(os.listdir(self.folder())), 200)

    def test_no_permission(self):
        """As somebody else when we are root, who may write everywhere."""
        self.box.write("project/pyoxidizer.bzl", CONFIG)
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        os.chmod(self.box.root, 0o755)
        os.chmod(self.box.path("project"), 0o555)
        self.addCleanup(os.chmod, self.box.path("project"), 0o755)
        os.mkdir(self.box.path("theirs"))
        os.chmod(self.box.path("theirs"), 0o777)
        env = {"HOME": self.box.path("theirs"), "OXIDIZER_STORE": self.box.path("theirs", "store")}
        try:
            self.assertExit(self.box.oxc("--version", **user), 0)
        except PermissionError:
            self.skipTest("the programs are in a folder that is closed to others")
        result = self.assertExit(self.box.oxc(*self.order("a"), env=env, **user), 2)
        self.assertIn("Permission denied", result.stderr)
        self.assertFalse(os.path.exists(self.box.path("project", "build")))
        os.chmod(self.box.path("project"), 0o755)
        os.chmod(self.box.path("project", "pyoxidizer.bzl"), 0)
        result = self.assertExit(self.box.oxc(*self.order("a"), env=env, **user), 2)
        self.assertIn("Permission denied", result.stderr)

    def test_a_file_in_the_way(self):
        self.box.write("project/pyoxidizer.bzl", CONFIG)
        self.box.write("project/build", "a file\n")
        result = self.box.oxc(*self.order("a"))
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("build", result.stderr)
        self.assertEqual(self.box.read("project/build"), "a file\n")

    @unittest.skipUnless(os.getuid() == 0, "needs to mount a small file system")
    def test_a_full_disk(self):
        self.box.write("project/pyoxidizer.bzl", CONFIG)
        mounted = self.box.path("project", "build")
        os.mkdir(mounted)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", mounted], capture_output=True,
                               check=False)
        if mount.returncode:
            self.skipTest("cannot mount here")
        self.addCleanup(subprocess.run, ["umount", mounted], check=False)
        result = self.assertExit(self.box.oxc(*self.order("x" * 4000)), 8)
        self.assertIn("No space left on device", result.stderr)
        self.assertFalse(os.path.exists(self.folder()))

    def test_a_running_program_can_be_rebuilt(self):
        script = "#!/bin/sh\\necho %s\\nread x\\necho $x\\n"
        config = ("def make():\n    m = FileManifest()\n"
                  f"    m.add_file(FileContent(filename='run', content='{script}' % VARS['TEXT'], executable=True))\n"
                  "    return m\nregister_target('files', make)\nresolve_targets()\n")
        self.box.write("project/pyoxidizer.bzl", config)
        self.assertExit(self.box.oxc(*self.order("old")), 0)
        with subprocess.Popen([os.path.join(self.folder(), "run")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as process:
            self.assertEqual(process.stdout.readline(), "old\n")
            self.assertExit(self.box.oxc(*self.order("new")), 0)
            out, _ = process.communicate("still here\n", timeout=oxtest.PATIENCE)
            self.assertEqual(out, "still here\n")


if __name__ == "__main__":
    oxtest.main()
