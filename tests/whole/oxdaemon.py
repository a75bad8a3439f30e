"""A real oxidizerd with a pretended worker, each test with its own runtime folder."""
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import oxproto as ox
from oxtest import OXIDIZERD, PATIENCE, SRCDIR

FAKE_WORKER = os.path.join(SRCDIR, "tests", "whole", "daemon_fake_worker.py")
PASSED = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")


def alive(pid):
    """Whether the process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {PATIENCE} s")
        time.sleep(0.01)


class DaemonTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="oxdaemon-")
        self.run_dir = os.path.join(self.root, "run")
        self.daemons = []
        self.connections = []
        self.addCleanup(self.clean_up)

    def clean_up(self):
        for connection in self.connections:
            connection.close()
        for daemon in self.daemons:
            if daemon.poll() is None:
                daemon.kill()
            daemon.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def environment(self, **changes):
        env = {name: os.environ[name] for name in PASSED if name in os.environ}
        env.update(HOME=self.root, OXIDIZER_STORE=os.path.join(self.root, "store"), OXIDIZER_WORKER=FAKE_WORKER,
                   OXIDIZER_RUNTIME_DIR=self.run_dir)
        env.update(changes)
        return {name: value for name, value in env.items() if value is not None}

    def launch(self, *options, env=None, **popen):
        """Starts oxidizerd in the foreground; does not wait for anything."""
        daemon = subprocess.Popen([OXIDIZERD, "--foreground", *options], env=self.environment(**(env or {})),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, **popen)
        self.daemons.append(daemon)
        return daemon

    def start(self, *options, env=None):
        """Starts oxidizerd and waits until it is ready."""
        reader, writer = os.pipe()
        daemon = self.launch("--ready-fd", str(writer), *options, env=env, pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader, "rb") as ready:
            self.assertEqual(ready.readline(), b"READY=1\n")
        return daemon

    def refused(self, *options, env=None, **popen):
        """Runs an oxidizerd that must not start; gives back (exit status, message)."""
        result = subprocess.run([OXIDIZERD, *options], env=self.environment(**(env or {})), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                timeout=PATIENCE, check=False,
                                **popen)
        return result.returncode, result.stderr

    @property
    def socket_path(self):
        return os.path.join(self.run_dir, "oxidizerd.sock")

    def connect(self, greet=True):
        connection = ox.connect(self.socket_path)
        self.connections.append(connection)
        if greet:
            connection.hello()
        return connection

    def script(self, *lines):
        """A configuration file for the pretended worker; gives back its path."""
        fd, path = tempfile.mkstemp(dir=self.root)
        with os.fdopen(fd, "w", encoding="utf-8") as out:
            out.write("\n".join(lines))
        return path

    def build(self, connection, *lines, request=1, detach=False):
        """Sends BUILD; gives back the build's number."""
        connection.send(ox.BUILD, {2: self.script(*lines), 3: os.getcwd(), 15: detach}, request)
        accepted = connection.receive()
        self.assertEqual(accepted.kind, ox.ACCEPTED, accepted.body)
        return ox.one(accepted.body, 1)

    def status(self):
        with ox.connect(self.socket_path) as connection:
            connection.hello()
            connection.send(ox.STATUS, request=1)
            return connection.until_result()[0].report()

    def log(self):
        with open(os.path.join(self.run_dir, "oxidizerd.log"), encoding="utf-8") as log:
            return log.read()

    def end(self, daemon):
        """Ends the daemon in good order; its exit status must be 0."""
        daemon.send_signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(PATIENCE), 0)
