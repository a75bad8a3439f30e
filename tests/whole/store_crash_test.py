"""kill -9 at any moment, and a full disk, leave no wrong object and no wrong executable.

OX_KILLS sets how many kills (100 of each kind make the 300 of a full run).
"""
import glob
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest

import oxtest

KILLS = int(os.environ.get("OX_KILLS", "300"))


def processes_of(box, word):
    """Processes whose command holds word and whose environment names this sandbox."""
    found = []
    for folder in glob.glob("/proc/[0-9]*"):
        try:
            with open(folder + "/cmdline", "rb") as command, open(folder + "/environ", "rb") as environment:
                if word.encode() in command.read().split(b"\0")[0] and box.root.encode() in environment.read():
                    found.append(int(os.path.basename(folder)))
        except OSError:
            pass
    return found


class Crash(oxtest.TestCase):
    def setUp(self):
        super().setUp()
        self.box.write("project/pyoxidizer.bzl", oxtest.APP_CONFIG)
        self.set_value(0)

    def set_value(self, value):
        self.box.write("project/app.py", f"VALUE = {value}\n")

    def value_of_output(self):
        for program in glob.glob(self.box.path("project/build/*/debug/exe/app")):
            result = subprocess.run([program], capture_output=True, text=True, timeout=oxtest.PATIENCE, check=False)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            return int(result.stdout)
        return None

    def assert_build_is_right(self, value):
        self.set_value(value)
        self.assertExit(self.box.oxc("build", "--path", self.box.path("project")), 0)
        self.assertEqual(self.value_of_output(), value)

    def kill_one(self, victim, client):
        """Whether there was something to kill: a build that has ended already has no worker."""
        killed = False
        if victim == "client":
            killed = client.poll() is None
            client.kill()
            return killed
        for pid in processes_of(self.box, {"worker": "oxidizer-worker", "daemon": "oxidizerd"}[victim]):
            try:
                os.kill(pid, signal.SIGKILL)
                killed = True
            except ProcessLookupError:
                pass
        return killed

    def test_killing_client_worker_or_daemon_never_leaves_anything_wrong(self):
        random.seed(7)
        self.assert_build_is_right(1)
        good = {0, 1}
        start = time.monotonic()
        self.assert_build_is_right(0)
        longest = time.monotonic() - start
        turn, kills = 1, {"client": 0, "worker": 0, "daemon": 0}
        while sum(kills.values()) < KILLS:
            turn += 1
            self.assertLess(turn, 10 * KILLS, kills)
            victim = min(kills, key=kills.get)
            self.set_value(turn)
            child = self.box.start("build", "--path", self.box.path("project"))
            start = time.monotonic()
            try:
                child.wait(random.uniform(0, longest))
                longest = time.monotonic() - start  # the machine has become quicker
            except subprocess.TimeoutExpired:
                kills[victim] += self.kill_one(victim, child)
                longest *= 1.02
            child.communicate(timeout=oxtest.PATIENCE)
            good.add(turn)
            self.assertIn(self.value_of_output(), good)
        print(f"{sum(kills.values())} kills that hit, in {turn - 1} builds: {kills}", file=sys.stderr)
        self.assert_build_is_right(turn + 5)
        self.assertExit(self.box.oxc("store", "verify"), 0)

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
    def test_a_full_disk_is_a_clear_error_and_nothing_wrong_stays(self):
        self.assert_build_is_right(1)
        small = self.box.path("small")
        os.mkdir(small)
        for size in (1, 4, 12, 24, 40):
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", small], check=True)
            try:
                result = self.box.oxc("build", "--no-daemon", "--path", self.box.path("project"),
                                      env={"OXIDIZER_STORE": os.path.join(small, "store")})
                if result.returncode:
                    self.assertEqual(result.returncode, 8, result.stderr)
                    self.assertIn("No space left on device", result.stderr)
                self.assertEqual(self.value_of_output(), 1)
            finally:
                subprocess.run(["umount", "-l", small], check=True)

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
    def test_an_output_folder_without_space_keeps_the_last_executable(self):
        project = self.box.path("small")
        os.mkdir(project)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", project], check=True)
        try:
            for name in ("pyoxidizer.bzl", "app.py"):
                shutil.copy(self.box.path("project", name), project)
            self.assertExit(self.box.oxc("build", "--path", project), 0)
            program, = glob.glob(project + "/build/*/debug/exe/app")
            with open(project + "/filler", "wb") as filler:
                try:
                    while True:
                        filler.write(bytes(1 << 20))
                        filler.flush()
                except OSError:
                    pass
            with open(project + "/app.py", "r+", encoding="utf-8") as source:
                source.write("VALUE = 9")
            result = self.box.oxc("build", "--path", project)
            self.assertExit(result, 8)
            self.assertIn("No space left on device", result.stderr)
            self.assertEqual(subprocess.run([program], capture_output=True, text=True, check=True).stdout, "0\n")
        finally:
            self.box.oxc("daemon", "stop")
            subprocess.run(["umount", "-l", project], check=True)


if __name__ == "__main__":
    oxtest.main()
