"""oxc and who it talks to: finding and starting the daemon, peers that are not what they should be."""
import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import unittest

import fakepeer
import oxtest
from oxdaemon import wait_until

NOBODY = 65534


class Folder(oxtest.TestCase):
    """The runtime folder is ours alone, or nothing is done."""

    def refused(self, says):
        result = self.assertExit(self.box.oxc("daemon", "start"), 4)
        self.assertIn(says, result.stderr)
        self.assertIn(self.box.env["OXIDIZER_RUNTIME_DIR"], result.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_a_folder_of_someone_else_is_refused_with_its_owner(self):
        os.mkdir(self.box.path("run"), 0o700)
        os.chown(self.box.path("run"), NOBODY, NOBODY)
        self.refused("nobody (user 65534)")

    def test_a_folder_that_others_can_enter_is_refused(self):
        os.mkdir(self.box.path("run"))
        os.chmod(self.box.path("run"), 0o755)
        self.refused("chmod 700")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_a_listener_of_another_user_is_refused(self):
        os.mkdir(self.box.path("run"), 0o700)
        script = ("import os, socket, sys; s = socket.socket(socket.AF_UNIX); os.chdir(sys.argv[1]);"
                  "s.bind('oxidizerd.sock'); os.setuid(65534); s.listen(); print('ready', flush=True); s.accept()")
        with subprocess.Popen([sys.executable, "-c", script, self.box.path("run")], stdout=subprocess.PIPE) as other:
            other.stdout.readline()
            self.refused("user 65534")
            other.kill()


def oxc_elsewhere(test, *args):
    """oxc in a PID namespace of its own."""
    result = subprocess.run(["unshare", "--pid", "--fork", oxtest.OXC, *args], env=test.box.env, cwd=test.box.root,
                            capture_output=True, text=True, timeout=oxtest.PATIENCE, check=False)
    if "unshare failed" in result.stderr:
        test.skipTest("no PID namespace can be made here: " + result.stderr)
    return result


class Strangers(oxtest.TestCase):
    """A peer that is not a daemon of ours gets one sentence and an exit code."""

    def setUp(self):
        super().setUp()
        self.box.write("pyoxidizer.bzl", "")

    def build_with(self, serve, code, says, *args):
        daemon = fakepeer.FakeDaemon(self.box, serve)
        try:
            result = self.assertExit(self.box.oxc("build", "--json", *args), code)
            self.assertIn(says, result.stderr)
            self.assertEqual(oxtest.events(result.stdout)[-1]["exit_code"], code)
        finally:
            daemon.close()
        return result

    def greeted(self, *frames):
        def serve(sock):
            fakepeer.read_frame(sock)
            sock.sendall(b"".join(frames))
            sock.shutdown(1)
            sock.recv(1)
        return serve

    def test_another_protocol(self):
        self.build_with(self.greeted(fakepeer.hello(protocol=2)), 5, "oxc daemon stop")

    def test_another_version(self):
        self.build_with(self.greeted(fakepeer.hello(version="9.9.9")), 5, "the daemon is version 9.9.9")

    def test_another_root_folder(self):
        self.build_with(self.greeted(fakepeer.hello(root=(1, 1))), 5, "use --no-daemon")

    def test_an_unknown_required_feature(self):
        self.build_with(self.greeted(fakepeer.hello(required=["telepathy"])), 5, "telepathy")

    def test_a_frame_that_is_too_long(self):
        self.build_with(self.greeted(b"\xff\xff\xff\x7f"), 3, "a frame of 2147483647 bytes")
        self.build_with(self.greeted(fakepeer.hello(), b"\xff\xff\xff\x7f"), 3, "a frame of 2147483647 bytes")

    def test_an_empty_frame(self):
        self.build_with(self.greeted(b"\0\0\0\0"), 3, "empty frame")

    def test_a_truncated_frame(self):
        self.build_with(self.greeted(fakepeer.hello()[:20]), 3, "middle of a frame")
        self.build_with(self.greeted(fakepeer.hello(), fakepeer.log(1, "x")[:9]), 3, "middle of a frame")

    def test_garbage(self):
        self.build_with(self.greeted(b"\x10\0\0\0" + bytes(range(200, 216))), 3, "oxc does not understand")
        self.build_with(self.greeted(fakepeer.hello(), b"\x03\0\0\0\xff\xff\xff"), 3, "oxc does not understand")
        self.build_with(self.greeted(fakepeer.hello(), fakepeer.frame(77)), 3, "unknown kind 77")

    def test_one_that_hangs_up(self):
        self.build_with(lambda sock: None, 5, "closed the connection")
        self.build_with(self.greeted(fakepeer.hello()), 5, "closed the connection")

    def test_one_that_ends_just_then_is_not_the_last(self):
        """As a daemon that has had nothing to do for long."""
        clients = []

        def serve(sock):
            clients.append(sock)
            if len(clients) < 3:
                return
            fakepeer.read_frame(sock)
            sock.sendall(fakepeer.hello())
            fakepeer.read_frame(sock)
            sock.sendall(fakepeer.result(1))
            sock.recv(1)
        self.build_with(serve, 0, "")
        self.assertEqual(len(clients), 3)

    def test_a_build_goes_on_after_a_lost_connection(self):
        seen = []

        def serve(sock):
            fakepeer.read_frame(sock)
            sock.sendall(fakepeer.hello())
            kind, body = fakepeer.read_frame(sock)
            seen.append((kind, body))
            if kind == fakepeer.BUILD:
                sock.sendall(fakepeer.frame(fakepeer.ACCEPTED, 1, fakepeer.number(1, 42)) + fakepeer.log(1, "one"))
            else:
                sock.sendall(fakepeer.log(1, "one") + fakepeer.log(2, "two") + fakepeer.result(3))
                sock.recv(1)
        result = self.build_with(serve, 0, "")
        self.assertEqual([kind for kind, _ in seen], [fakepeer.BUILD, fakepeer.RESUME])
        self.assertEqual(seen[1][1], {1: [42], 2: [1]})
        self.assertEqual([e["text"] for e in oxtest.events(result.stdout) if e["type"] == "log"], ["one", "two"])

    def test_a_build_goes_on_with_a_daemon_whose_processes_are_not_ours(self):
        """A container that shares the runtime folder: the daemon's pid means nothing in it."""
        seen = []

        def serve(sock):
            fakepeer.read_frame(sock)
            sock.sendall(fakepeer.hello())
            seen.append(fakepeer.read_frame(sock)[0])
            if len(seen) == 1:
                sock.sendall(fakepeer.frame(fakepeer.ACCEPTED, 1, fakepeer.number(1, 42)))
            else:
                sock.sendall(fakepeer.result(1))
                sock.recv(1)
        daemon = fakepeer.FakeDaemon(self.box, serve)
        self.addCleanup(daemon.close)
        self.assertExit(oxc_elsewhere(self, "build"), 0)
        self.assertEqual(seen, [fakepeer.BUILD, fakepeer.RESUME])

    def test_the_request_carries_what_the_build_needs(self):
        seen = []

        def serve(sock):
            fakepeer.read_frame(sock)
            sock.sendall(fakepeer.hello())
            seen.append(fakepeer.read_frame(sock)[1])
            sock.sendall(fakepeer.result(1))
            sock.recv(1)
        self.build_with(serve, 0, "", "exe", "--release", "--var", "A", "b", "--var-env", "C", "UNSET", "--offline",
                        "--target-triple", "x86_64-unknown-linux-gnu")
        body = seen[0]
        self.assertEqual(body[2], [self.box.path("pyoxidizer.bzl").encode()])
        self.assertEqual(body[3], [self.box.root.encode()])
        self.assertEqual(body[4], [b"exe"])
        self.assertEqual(body[5], [b"x86_64-unknown-linux-gnu"])
        self.assertEqual((body[6], body[9]), ([1], [1]))
        self.assertEqual([fakepeer.fields(var) for var in body[7]], [{1: [b"A"], 2: [b"b"]}, {1: [b"C"], 3: [1]}])
        environment = {f[1][0]: f.get(2, [b""])[0] for f in map(fakepeer.fields, body[8])}
        self.assertEqual(environment[b"HOME"], self.box.env["HOME"].encode())
        self.assertEqual(body[16], [self.box.env["OXIDIZER_STORE"].encode()])


class Interrupts(oxtest.TestCase):
    def setUp(self):
        super().setUp()
        self.box.write("pyoxidizer.bzl", "")
        self.cancelled = threading.Event()

    def start_build(self, answer_cancel):
        def serve(sock):
            fakepeer.read_frame(sock)
            sock.sendall(fakepeer.hello())
            fakepeer.read_frame(sock)
            sock.sendall(fakepeer.frame(fakepeer.ACCEPTED, 1, fakepeer.number(1, 42)) + fakepeer.log(1, "going"))
            self.cancel = fakepeer.read_frame(sock)
            self.cancelled.set()
            if answer_cancel:
                sock.sendall(fakepeer.result(2, 130, "cancelled", "cancelled"))
            sock.recv(1)
        daemon = fakepeer.FakeDaemon(self.box, serve)
        self.addCleanup(daemon.close)
        build = self.box.start("build")
        self.assertTrue(any("going" in line for line in iter(build.stderr.readline, "")))
        return build

    def test_the_first_cancels_and_waits_for_the_result(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                build = self.start_build(True)
                build.send_signal(number)
                _, err = build.communicate(timeout=oxtest.PATIENCE)
                self.assertEqual(build.returncode, 128 + number)
                self.assertIn("cancelled", err)
                self.assertEqual(self.cancel, (fakepeer.CANCEL, {1: [42]}))
                self.doCleanups()
                self.setUp()

    def test_the_second_leaves_at_once(self):
        build = self.start_build(False)
        build.send_signal(signal.SIGINT)
        self.assertTrue(self.cancelled.wait(oxtest.PATIENCE))
        self.assertIsNone(build.poll())
        build.send_signal(signal.SIGINT)
        build.communicate(timeout=oxtest.PATIENCE)
        self.assertEqual(build.returncode, 130)


class Worker(oxtest.TestCase):
    """--no-daemon, with a worker that does as told."""

    def setUp(self):
        super().setUp()
        self.box.write("pyoxidizer.bzl", "")
        script = self.box.write("worker", f"#!/bin/sh\nexec {sys.executable} {fakepeer.__file__}\n")
        os.chmod(script, 0o755)
        self.box.env["OXIDIZER_WORKER"] = script

    def script(self, *steps):
        return {"FAKE_WORKER": json.dumps(steps)}

    def test_speaks_to_a_worker_and_starts_no_daemon(self):
        env = self.script(("log", "hello"), ("result", 1))
        result = self.assertExit(self.box.oxc("build", "--no-daemon", env=env), 1)
        self.assertIn("hello", result.stderr)
        self.assertFalse(os.path.exists(self.box.path("run")))

    def test_a_worker_that_crashes_is_an_error_that_names_the_signal(self):
        result = self.assertExit(self.box.oxc("build", "--no-daemon", env=self.script(("kill", 9))), 3)
        self.assertIn("killed by signal 9", result.stderr)
        result = self.assertExit(self.box.oxc("build", "--no-daemon", env=self.script(("exit", 7))), 3)
        self.assertIn("status 7", result.stderr)

    def test_nothing_is_left_of_a_worker_that_crashed(self):
        note = self.box.path("pid")
        self.assertExit(self.box.oxc("build", "--no-daemon", env=self.script(("spawn", note), ("kill", 9))), 3)
        with self.assertRaises(ProcessLookupError):
            os.kill(int(self.box.read("pid")), 0)

    def test_an_interrupt_reaches_the_worker_as_a_message(self):
        build = self.box.start("build", "--no-daemon", env=self.script(("log", "waiting"), ("wait-cancel", 0)),
                               start_new_session=True)
        self.assertIn("waiting", build.stderr.readline())
        os.killpg(build.pid, signal.SIGINT)  # as a terminal does
        build.communicate(timeout=oxtest.PATIENCE)
        self.assertEqual(build.returncode, 130)

    def test_run_becomes_the_program(self):
        program = self.box.write("program", "#!/bin/sh\necho \"$# $1 $PWD\"\nexit 7\n")
        os.chmod(program, 0o755)
        env = self.script(("log", "building"), ("artifact", program), ("result", 0))
        result = self.assertExit(self.box.oxc("run", "--no-daemon", "--", "a b", "--json", env=env), 7)
        self.assertEqual(result.stdout, f"2 a b {self.box.root}\n")
        signalled = self.box.write("program", "#!/bin/sh\nkill -TERM $$\n")
        os.chmod(signalled, 0o755)
        self.assertEqual(self.box.oxc("run", "--no-daemon", env=env).returncode, -signal.SIGTERM)

    def test_run_says_when_there_is_nothing_to_run(self):
        result = self.assertExit(self.box.oxc("run", "--no-daemon", env=self.script(("result", 0))), 0)
        self.assertIn("nothing that can be run", result.stderr)

    def test_a_worker_that_is_not_there(self):
        result = self.assertExit(self.box.oxc("build", "--no-daemon", env={"OXIDIZER_WORKER": "/absent"}), 5)
        self.assertIn("/absent", result.stderr)


class Start(oxtest.TestCase):
    """Starting the real daemon."""

    def status(self, **options):
        result = self.assertExit(self.box.oxc("daemon", "status", "--json", **options), 0)
        report = oxtest.events(result.stdout)[0]
        return {item["name"]: item.get("text", item.get("number")) for item in report["items"]}

    def stop(self, **options):
        self.assertExit(self.box.oxc("daemon", "stop", **options), 0)

    def test_starts_once_however_many_ask(self):
        clients = [self.box.start("daemon", "start") for _ in range(20)]
        answers = {client.communicate(timeout=oxtest.PATIENCE)[0] for client in clients}
        self.assertEqual({client.returncode for client in clients}, {0})
        self.assertEqual(len(answers), 1, answers)
        self.assertIn(str(self.status()["pid"]), answers.pop())

    def test_folder_and_socket_are_ours_alone(self):
        self.assertExit(self.box.oxc("daemon", "start"), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.box.path("run")).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(self.box.path("run", "oxidizerd.sock")).st_mode), 0o600)

    def test_the_daemon_keeps_nothing_of_its_client(self):
        script = f'"{oxtest.OXC}" daemon start | cat; echo done'
        result = subprocess.run(["sh", "-c", script], env=self.box.env, stdout=subprocess.PIPE,
                                timeout=oxtest.PATIENCE, check=True)
        self.assertIn(b"done", result.stdout)
        pid = self.status()["pid"]
        for fd in os.listdir(f"/proc/{pid}/fd"):
            self.assertNotIn("/dev/pts", os.readlink(f"/proc/{pid}/fd/{fd}"))
        self.assertNotEqual(os.getsid(pid), os.getsid(0))

    def test_a_socket_that_a_dead_daemon_left_is_replaced(self):
        self.assertExit(self.box.oxc("daemon", "start"), 0)
        os.kill(self.status()["pid"], signal.SIGKILL)
        wait_until(lambda: self.box.oxc("daemon", "status").returncode != 0)
        self.assertTrue(os.path.exists(self.box.path("run", "oxidizerd.sock")))
        self.assertExit(self.box.oxc("daemon", "start"), 0)

    def test_a_folder_name_of_200_characters(self):
        folder = self.box.path("x" * 200)
        env = {"OXIDIZER_RUNTIME_DIR": folder}
        self.assertExit(self.box.oxc("daemon", "start", env=env), 0)
        self.assertEqual(self.status(env=env)["runtime folder"], folder)
        self.stop(env=env)

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_neither_home_nor_runtime_folder_in_the_environment(self):
        """The folder is everybody's who is this user: here it hides behind one that nobody else sees."""
        fallback = f"/tmp/oxidizer-{os.geteuid()}"
        script = (f'mkdir -m 700 -p {fallback} && mount -t tmpfs -o mode=700 tmpfs {fallback} || exit 77; '
                  f'"{oxtest.OXC}" daemon start && "{oxtest.OXC}" daemon status --json; "{oxtest.OXC}" daemon stop >&2')
        for name in ("HOME", "OXIDIZER_RUNTIME_DIR"):
            del self.box.env[name]
        result = subprocess.run(["unshare", "--mount", "sh", "-c", script], env=self.box.env, capture_output=True,
                                text=True, timeout=oxtest.PATIENCE, check=False)
        if "unshare failed" in result.stderr or result.returncode == 77:
            self.skipTest("this root may not mount: " + result.stderr)
        self.assertExit(result, 0)
        self.assertIn(json.dumps(fallback), result.stdout)
        with contextlib.suppress(OSError):
            os.rmdir(fallback)

    def test_one_whose_processes_are_not_ours_is_stopped(self):
        self.assertExit(self.box.oxc("daemon", "start"), 0)
        self.assertExit(oxc_elsewhere(self, "daemon", "stop"), 0)
        self.assertIn("no daemon is running", self.box.oxc("daemon", "stop").stdout)

    def test_xdg_runtime_folder(self):
        os.mkdir(self.box.path("xdg"), 0o700)
        env = {"OXIDIZER_RUNTIME_DIR": "", "XDG_RUNTIME_DIR": self.box.path("xdg")}
        self.assertExit(self.box.oxc("daemon", "start", env=env), 0)
        self.assertEqual(self.status(env=env)["runtime folder"], self.box.path("xdg", "oxidizer"))
        self.stop(env=env)

    def test_a_daemon_that_cannot_start_shows_the_end_of_its_log(self):
        broken = self.box.write("broken", "#!/bin/sh\necho the disk is on fire >&2\nexit 1\n")
        os.chmod(broken, 0o755)
        result = self.assertExit(self.box.oxc("daemon", "start", env={"OXIDIZER_DAEMON": broken}), 5)
        self.assertIn("the disk is on fire", result.stderr)
        self.assertIn("--no-daemon", result.stderr)
        result = self.assertExit(self.box.oxc("daemon", "start", env={"OXIDIZER_DAEMON": "/absent"}), 5)
        self.assertIn("/absent", result.stderr)

    def test_status_and_stop_without_a_daemon(self):
        self.assertIn("no daemon is running", self.assertExit(self.box.oxc("daemon", "status"), 5).stderr)
        self.assertIn("no daemon is running", self.assertExit(self.box.oxc("daemon", "stop"), 0).stdout)

    def test_log_is_shown(self):
        self.assertExit(self.box.oxc("daemon", "start"), 0)
        self.stop()
        self.assertIn("oxidizerd", self.assertExit(self.box.oxc("daemon", "log"), 0).stdout)

    def test_a_daemon_that_does_not_answer_can_be_ended(self):
        self.assertExit(self.box.oxc("daemon", "start"), 0)
        pid = self.status()["pid"]
        os.kill(pid, signal.SIGSTOP)
        self.assertExit(self.box.oxc("daemon", "stop", "--now"), 0)
        self.assertIn("no daemon", self.box.oxc("daemon", "status").stderr)


if __name__ == "__main__":
    oxtest.main()
