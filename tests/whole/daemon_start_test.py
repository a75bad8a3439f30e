"""Starting oxidizerd, who may talk to it, what it says to those who talk nonsense, and its end."""
import os
import signal
import socket
import stat
import struct
import subprocess
import time
import unittest

import oxproto as ox
import oxtest
from oxdaemon import DaemonTest, wait_until

NOBODY = 65534


class Starting(DaemonTest):
    def test_folder_socket_and_log_are_for_us_only(self):
        daemon = self.start()
        modes = {name: stat.S_IMODE(os.stat(os.path.join(self.run_dir, name)).st_mode)
                 for name in (".", "oxidizerd.sock", "oxidizerd.log", "oxidizerd.lock")}
        self.assertEqual(modes, {".": 0o700, "oxidizerd.sock": 0o600, "oxidizerd.log": 0o600,
                                 "oxidizerd.lock": 0o600})
        self.assertIn("serves", self.log())
        self.end(daemon)
        self.assertFalse(os.path.exists(self.socket_path))

    def test_a_second_daemon_for_the_folder_is_refused(self):
        first = self.start()
        code, text = self.refused()
        self.assertEqual(code, 7)
        self.assertIn(f"pid {first.pid}", text)
        self.assertIn(self.run_dir, text)
        self.assertEqual(self.status()["pid"], first.pid)

    def test_a_socket_left_by_a_killed_daemon_is_replaced(self):
        first = self.start()
        first.kill()
        first.wait()
        self.assertTrue(os.path.exists(self.socket_path))
        second = self.start()
        self.assertEqual(self.status()["pid"], second.pid)

    def test_in_the_background_it_keeps_nothing_of_its_starter(self):
        result = subprocess.run([oxtest.OXIDIZERD], env=self.environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=oxtest.PATIENCE, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, b""))
        pid = self.status()["pid"]
        self.addCleanup(os.kill, pid, signal.SIGKILL)
        links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in ("0", "1", "2")]
        self.assertEqual(links, ["/dev/null", "/dev/null", os.path.join(self.run_dir, "oxidizerd.log")])
        self.assertEqual(os.getsid(pid), os.getpgid(pid))
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")

    def test_a_folder_name_of_200_characters(self):
        self.run_dir = os.path.join(self.root, "d" * 200)
        daemon = self.start()
        self.assertEqual(self.status()["pid"], daemon.pid)

    def test_without_home_and_with_xdg_runtime_dir(self):
        self.run_dir = os.path.join(self.root, "oxidizer")
        self.start(env={"HOME": None, "OXIDIZER_RUNTIME_DIR": None, "XDG_RUNTIME_DIR": self.root,
                        "OXIDIZER_STORE": None})
        self.assertEqual(self.status()["runtime folder"], self.run_dir)

    def test_a_folder_open_to_others_is_refused(self):
        os.mkdir(self.run_dir)
        os.chmod(self.run_dir, 0o755)
        code, text = self.refused()
        self.assertEqual(code, 4)
        self.assertIn("chmod 700", text)

    @unittest.skipUnless(os.getuid() == 0, "only root can make a folder of somebody else")
    def test_a_folder_of_somebody_else_is_refused(self):
        os.mkdir(self.run_dir, 0o700)
        os.chown(self.run_dir, NOBODY, NOBODY)
        code, text = self.refused()
        self.assertEqual(code, 4)
        self.assertIn(f"belongs to user {NOBODY}", text)
        self.assertIn("OXIDIZER_RUNTIME_DIR", text)

    def test_bad_options_say_what_is_wrong(self):
        for options in (["--idle-seconds", "soon"], ["--ready-fd", "x"], ["--store", "here"], ["--nonsense"], ["word"]):
            code, text = self.refused(*options)
            self.assertEqual(code, 2, options)
            self.assertTrue(text)

    def test_a_large_log_is_rotated(self):
        os.mkdir(self.run_dir, 0o700)
        with open(os.path.join(self.run_dir, "oxidizerd.log"), "w", encoding="utf-8") as log:
            log.write("x" * (5 << 20))
        self.start()
        self.assertLess(len(self.log()), 10000)
        self.assertTrue(os.path.exists(os.path.join(self.run_dir, "oxidizerd.log.1")))


class Managers(DaemonTest):
    def test_a_passed_socket_is_used_and_left_in_place(self):
        path = os.path.join(self.root, "passed.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(path)
            listener.listen()

            def pass_on():
                os.dup2(listener.fileno(), 3)
                os.set_inheritable(3, True)
                os.environ["LISTEN_PID"] = str(os.getpid())
                os.execvpe(oxtest.OXIDIZERD, ["oxidizerd"], os.environ)

            pid = os.fork()
            if pid == 0:
                os.environ.clear()
                os.environ.update(self.environment(LISTEN_FDS="1"))
                try:
                    pass_on()
                finally:
                    os._exit(127)
        with ox.connect(path) as client:
            client.hello()
            client.send(ox.STATUS, request=1)
            self.assertEqual(client.until_result()[0].report()["pid"], pid)
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertTrue(os.path.exists(path))

    def test_a_service_manager_is_notified(self):
        path = os.path.join(self.root, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(oxtest.PATIENCE)
            daemon = self.start(env={"NOTIFY_SOCKET": path})
            self.assertEqual(manager.recv(100), b"READY=1\n")
            self.end(daemon)
            self.assertEqual(manager.recv(100), b"STOPPING=1")


class Manners(DaemonTest):
    """What the daemon answers to those who do not speak as they should."""

    def refusal(self, data, words, exit_code):
        client = self.connect(greet=False)
        client.sock.sendall(data)
        result = client.until_result()[-1]
        self.assertEqual(result.exit_code, exit_code)
        for word in words:
            self.assertIn(word, result.text)
        with self.assertRaises(EOFError):
            client.receive()

    def test_nonsense_is_answered_with_a_sentence(self):
        self.start()
        self.refusal(struct.pack("<I", 1 << 30), ["frame", str(1 << 30)], 3)
        self.refusal(struct.pack("<I", 0), ["empty frame"], 3)
        self.refusal(struct.pack("<I", 8) + b"\xff" * 8, ["language"], 3)
        self.refusal(b"GET / HTTP/1.1\r\n\r\n", ["frame"], 3)
        self.refusal(ox.frame(99), ["99"], 3)
        self.assertEqual(self.status()["state"], "serving")

    def test_a_truncated_frame_harms_nobody(self):
        self.start()
        client = self.connect()
        client.sock.sendall(struct.pack("<I", 100) + b"half")
        client.close()
        wait_until(lambda: "middle of a frame" in self.log())
        self.assertEqual(self.status()["state"], "serving")

    def test_requests_out_of_order_are_refused(self):
        self.start()
        hello = ox.frame(ox.HELLO, {1: 1})
        self.refusal(ox.frame(ox.STATUS, request=1), ["before HELLO"], 5)
        self.refusal(ox.frame(ox.HELLO, {1: 2}), ["protocol 2", "protocol 1"], 5)
        self.refusal(hello + hello, ["once"], 5)
        self.refusal(hello + ox.frame(ox.STATUS), ["request number"], 5)
        self.refusal(hello + ox.frame(ox.REPORT, request=1), ["does not send REPORT"], 5)

    def test_an_unknown_required_feature_is_named(self):
        self.start()
        self.refusal(ox.frame(ox.HELLO, {1: 1, 4: ["events", "time-travel"]}), ["time-travel", "--no-daemon"], 5)

    def test_a_client_of_another_root_is_sent_away(self):
        self.start()
        self.refusal(ox.frame(ox.HELLO, {1: 1, 6: 1, 7: 999999}), ["root folder", "--no-daemon"], 5)

    def test_a_client_that_sees_another_folder_is_told(self):
        self.start()
        client = self.connect(greet=False)
        client.hello(_9=12345)
        client.send(ox.BUILD, {2: self.script("log no"), 3: os.getcwd()}, 1)
        result = client.until_result()[-1]
        self.assertEqual(result.exit_code, 5)
        self.assertIn("--no-daemon", result.text)

    def test_a_relative_configuration_path_is_refused(self):
        self.start()
        client = self.connect()
        client.send(ox.BUILD, {2: "pyoxidizer.bzl", 3: os.getcwd()}, 1)
        self.assertEqual(client.until_result()[-1].exit_code, 2)

    @unittest.skipUnless(os.getuid() == 0, "only root can become a second user")
    def test_a_second_user_is_refused_with_a_sentence(self):
        self.start()
        os.chmod(self.root, 0o755)
        os.chmod(self.run_dir, 0o755)
        os.chmod(self.socket_path, 0o666)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setresuid(NOBODY, NOBODY, NOBODY)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.connect(self.socket_path)
                result = ox.Connection(sock).receive()
                os.write(writer, f"{result.exit_code} {result.text}".encode())
            os._exit(0)
        os.waitpid(pid, 0)
        os.close(writer)
        with os.fdopen(reader) as answer:
            text = answer.read()
        self.assertTrue(text.startswith("4 "), text)
        self.assertIn(f"you are user {NOBODY}", text)
        self.assertIn(f"refused a connection of user {NOBODY}", self.log())


class Crowds(DaemonTest):
    def test_a_thousand_clients_at_once_are_all_served(self):
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 1100:
            self.skipTest(f"no more than {hard} files may be open here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if soft < 1100 else soft, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        self.start()
        clients = [self.connect(greet=False) for _ in range(1000)]
        root = os.stat("/")
        for client in clients:
            client.send(ox.HELLO, {1: 1, 6: root.st_dev, 7: root.st_ino})
            client.send(ox.STATUS, request=1)
        for client in clients:
            self.assertEqual(client.receive().kind, ox.HELLO)
            self.assertEqual(client.until_result()[-1].exit_code, 0)
        self.assertEqual(self.status()["clients served"], 1001)


class Idling(DaemonTest):
    def test_an_idle_daemon_ends_by_itself(self):
        client, seconds = None, 1
        while not client:  # who gets to connect later than that finds no daemon
            daemon = self.start("--idle-seconds", str(seconds))
            try:
                client = self.connect()
            except (OSError, EOFError):
                self.assertEqual(daemon.wait(oxtest.PATIENCE), 0)
                seconds *= 3
        time.sleep(seconds + 0.5)
        self.assertIsNone(daemon.poll())
        client.close()
        self.assertEqual(daemon.wait(oxtest.PATIENCE), 0)
        self.assertFalse(os.path.exists(self.socket_path))

    def test_the_environment_sets_the_idle_time(self):
        self.assertEqual(self.start(env={"OXIDIZER_IDLE_SECONDS": "1"}).wait(oxtest.PATIENCE), 0)

    def test_an_idle_daemon_sleeps_and_is_small(self):
        daemon = self.start()
        client = self.connect()
        self.build(client, "log one")
        client.until_result()
        client.close()

        def switches():
            with open(f"/proc/{daemon.pid}/status", encoding="utf-8") as status:
                fields = dict(line.split(":", 1) for line in status)
            return int(fields["voluntary_ctxt_switches"]), int(fields["VmRSS"].split()[0])

        def sleeps():
            before, _ = switches()
            time.sleep(2)
            return switches()[0] == before

        wait_until(sleeps)  # it has given memory back by then
        _, resident = switches()
        if "ASAN_OPTIONS" not in os.environ:
            self.assertLess(resident, 20 * 1024)


if __name__ == "__main__":
    oxtest.main()
