"""Real builds that run code which will not go away: it is gone after the client, the worker or the daemon is."""
import os
import signal

import oxtest
from oxdaemon import alive, wait_until

SETUP = """
import os, signal, sys, time
pid_file = {pid_file!r}
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        with open(pid_file + ".new", "w") as out:
            out.write(str(os.getpid()))
        os.rename(pid_file + ".new", pid_file)
    time.sleep(1000)
time.sleep(1000)
"""
CONFIG = """
def make_exe():
    dist = default_python_distribution()
    exe = dist.to_python_executable(name="never")
    exe.add_python_resources(exe.pip_install(["--no-build-isolation", "--no-index", "{package}"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""


class Runaway(oxtest.TestCase):
    def setUp(self):
        super().setUp()
        self.pid_file = self.box.path("pid")
        self.box.write("package/setup.py", SETUP.format(pid_file=self.pid_file))
        self.box.write("project/pyoxidizer.bzl", CONFIG.format(package=self.box.path("package")))

    def start_build(self, *options):
        """A build whose setup.py has put a descendant out of reach; gives back (client, descendant's pid)."""
        client = self.box.start("build", "--path", self.box.path("project"), *options)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.stderr.close)
        wait_until(lambda: os.path.exists(self.pid_file) or client.poll() is not None)
        self.assertIsNone(client.poll(), "the build ended too early")
        pid = int(self.box.read("pid"))
        self.assertTrue(alive(pid))
        return client, pid

    def worker_of(self, parent):
        with open(f"/proc/{parent}/task/{parent}/children", encoding="utf-8") as children:
            return int(children.read().split()[0])

    def daemon_pid(self):
        return int(self.box.read("run/oxidizerd.lock"))

    def assert_gone(self, *pids):
        for pid in pids:
            wait_until(lambda pid=pid: not alive(pid))

    def test_interrupting_the_client(self):
        client, pid = self.start_build()
        client.send_signal(signal.SIGINT)
        self.assertEqual(client.wait(oxtest.PATIENCE), 130)
        self.assert_gone(pid)

    def test_nothing_of_pip_s_is_left_in_the_folder_for_temporary_files(self):
        os.mkdir(self.box.path("tmp"))
        self.box.env["TMPDIR"] = self.box.path("tmp")
        client, pid = self.start_build()
        client.send_signal(signal.SIGINT)
        self.assertEqual(client.wait(oxtest.PATIENCE), 130)
        self.assert_gone(pid)
        self.assertEqual(os.listdir(self.box.path("tmp")), [])

    def test_killing_the_client(self):
        client, pid = self.start_build()
        worker = self.worker_of(self.daemon_pid())
        client.kill()
        self.assert_gone(pid, worker)
        self.assertEqual(client.wait(oxtest.PATIENCE), -signal.SIGKILL)

    def test_killing_the_worker(self):
        client, pid = self.start_build()
        os.kill(self.worker_of(self.daemon_pid()), signal.SIGKILL)
        self.assertEqual(client.wait(oxtest.PATIENCE), 3)
        self.assertFalse(alive(pid))
        self.assertTrue(alive(self.daemon_pid()))

    def test_killing_the_daemon(self):
        client, pid = self.start_build()
        worker = self.worker_of(self.daemon_pid())
        os.kill(self.daemon_pid(), signal.SIGKILL)
        self.assert_gone(pid, worker)
        self.assertNotEqual(client.wait(oxtest.PATIENCE), 0)

    def test_without_a_daemon_interrupting_the_client(self):
        client, pid = self.start_build("--no-daemon")
        client.send_signal(signal.SIGINT)
        self.assertEqual(client.wait(oxtest.PATIENCE), 130)
        self.assert_gone(pid)

    def test_without_a_daemon_killing_the_client(self):
        client, pid = self.start_build("--no-daemon")
        worker = self.worker_of(client.pid)
        client.kill()
        self.assert_gone(pid, worker)
        client.wait(oxtest.PATIENCE)

    def test_without_a_daemon_killing_the_worker(self):
        client, pid = self.start_build("--no-daemon")
        os.kill(self.worker_of(client.pid), signal.SIGKILL)
        self.assertEqual(client.wait(oxtest.PATIENCE), 3)
        self.assert_gone(pid)


class Recall(oxtest.TestCase):
    CONFIG = """
def make_files():
    files = FileManifest()
    print("made")
    return files

register_target("files", make_files)
resolve_targets()
"""

    def test_the_second_build_needs_no_worker(self):
        self.build(self.CONFIG)
        # Not written again: a file that is touched while the worker remembers the build is not remembered.
        self.assertExit(self.box.oxc("build", "--path", self.box.path("project")), 0)
        status = self.box.oxc("daemon", "status").stdout.split("\n")
        self.assertIn("builds recalled: 1", [" ".join(line.split()) for line in status])


if __name__ == "__main__":
    oxtest.main()
