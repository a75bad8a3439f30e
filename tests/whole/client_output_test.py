"""What oxc makes of events: text, JSON, terminals. The other end is a fake that sends them."""
import os
import pty
import subprocess

import fakepeer as peer
import oxtest

DIGEST = bytes(range(32))


class Output(oxtest.TestCase):
    def setUp(self):
        super().setUp()
        self.box.write("pyoxidizer.bzl", "")

    def serve(self, *frames):
        def answer(sock):
            peer.read_frame(sock)
            sock.sendall(peer.hello())
            peer.read_frame(sock)
            sock.sendall(b"".join(frames))
            sock.recv(1)
        daemon = peer.FakeDaemon(self.box, answer)
        self.addCleanup(daemon.close)

    def test_json_is_one_object_per_line_for_every_kind_of_event(self):
        self.serve(
            peer.log(1, b"caf\xc3\xa9 \xff \x1b[31m \"quoted\"\\"),
            peer.event(2, peer.PROGRESS, peer.text(1, "compiling") + peer.number(2, 1) + peer.number(3, 4)),
            peer.event(3, peer.DIAGNOSTIC, peer.number(1, 1) + peer.text(2, "unknown-name") + peer.text(3, "what?")
                       + peer.text(4, "a.bzl") + peer.number(5, 2) + peer.number(6, 1) + peer.text(9, "foo()")),
            peer.event(4, peer.TARGET, peer.text(1, "exe") + peer.number(2, 2) + peer.number(3, 1)),
            peer.event(5, peer.STEP, peer.text(1, "bytecode") + peer.text(2, "app") + peer.text(4, "edited")
                       + peer.text(5, "source") + peer.text(6, DIGEST) + peer.text(7, DIGEST[::-1])
                       + peer.number(8, 1500000)),
            peer.event(6, peer.STEP, peer.text(1, "scan") + peer.text(2, "app") + peer.number(3, 1)),
            peer.artifact(7, "/build/app"),
            peer.result(8, 1, "build-failed", "it broke"))
        result = self.assertExit(self.box.oxc("build", "--json", "--explain", errors="replace"), 1)
        events = oxtest.events(result.stdout)
        self.assertEqual([e["type"] for e in events],
                         ["log", "progress", "diagnostic", "target", "step", "artifact", "result"])
        self.assertEqual({e["schema"] for e in events}, {1})
        self.assertEqual(events[0]["text"], 'caf\u00e9 \ufffd \x1b[31m "quoted"\\')
        self.assertEqual((events[2]["file"], events[2]["line"], events[2]["column"]), ("a.bzl", 2, 1))
        self.assertEqual((events[4]["old_digest"], events[4]["hit"]), (DIGEST.hex(), False))
        self.assertEqual(events[4]["seconds"], 0.0015)
        self.assertEqual((events[6]["exit_code"], events[6]["message"]), (1, "it broke"))
        self.assertIn("a.bzl:2:1: error: what?", result.stderr)
        self.assertIn("error: it broke", result.stderr)

    def test_steps_are_told_only_when_asked_for(self):
        self.serve(peer.event(1, peer.STEP, peer.text(1, "scan") + peer.text(2, "app") + peer.number(3, 1)),
                   peer.result(2))
        self.assertNotIn("scan", self.box.oxc("build").stderr)
        self.assertNotIn("scan", self.box.oxc("build", "--explain").stderr)
        self.assertIn("reused scan app", self.box.oxc("build", "--explain", "-v").stderr)

    def test_text_for_people(self):
        self.serve(peer.log(1, "building"), peer.log(2, "odd", level=2), peer.log(3, "detail", level=4),
                   peer.artifact(4, "/build/app"), peer.result(5))
        result = self.assertExit(self.box.oxc("build"), 0)
        self.assertEqual(result.stdout, "/build/app (7 bytes)\n")
        self.assertIn("building\nwarning: odd\n", result.stderr)
        self.assertNotIn("detail", result.stderr)
        self.assertNotIn("\x1b", result.stderr)
        quiet = self.assertExit(self.box.oxc("build", "-q"), 0)
        self.assertEqual(quiet.stdout, "")
        self.assertNotIn("building", quiet.stderr)
        self.assertIn("odd", quiet.stderr)
        self.assertIn("detail", self.box.oxc("-v", "build").stderr)

    def test_targets_are_listed_in_order(self):
        target = lambda count, name, default: peer.event(
            count, peer.TARGET, peer.text(1, name) + peer.number(2, 1) + peer.number(3, default))
        self.serve(target(1, "resources", 0), target(2, "exe", 1), peer.result(3))
        self.assertEqual(self.box.oxc("list-targets").stdout, "*exe\nresources\n")
        self.assertEqual(len(oxtest.events(self.box.oxc("list-targets", "--json").stdout)), 3)

    def test_no_targets(self):
        self.serve(peer.result(1))
        self.assertEqual(self.box.oxc("list-targets").stdout, "(no targets defined)\n")

    def on_terminal(self, *args, output=False, **env):
        ours, theirs = pty.openpty()
        with subprocess.Popen([oxtest.OXC, "build", *args], cwd=self.box.root,
                              env={**self.box.env, "TERM": "xterm", **env}, stdin=subprocess.DEVNULL,
                              stdout=theirs if output else subprocess.DEVNULL, stderr=theirs):
            os.close(theirs)
            text = b""
            try:
                while more := os.read(ours, 4096):
                    text += more
            except OSError:  # the terminal's end
                pass
        os.close(ours)
        return text

    def test_a_terminal_gets_colours_and_a_line_that_is_redrawn(self):
        self.serve(peer.event(1, peer.PROGRESS, peer.text(1, "compiling") + peer.number(2, 1) + peer.number(3, 4)),
                   peer.log(2, "odd", level=2), peer.result(3))
        self.assertIn(b"\r\x1b[Kcompiling: 1 of 4\r\x1b[K\x1b[1;33mwarning:\x1b[0m odd", self.on_terminal())
        self.assertIn(b"\r\x1b[Kwarning: odd", self.on_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\x1b", self.on_terminal(TERM="dumb"))

    def test_a_terminal_gets_the_first_of_many_files_and_their_number(self):
        self.serve(*(peer.artifact(count, f"/build/data{count}", 0) for count in range(1, 31)),
                   peer.artifact(31, "/build/app"), peer.result(32))
        short = self.on_terminal(output=True)
        self.assertEqual(short.count(b"/build/data"), 20)
        self.assertIn(b"/build/app", short)
        self.assertIn(b"and 10 more files; -v lists them", short)
        self.assertEqual(self.on_terminal("-v", output=True).count(b"/build/data"), 30)
        self.assertEqual(self.box.oxc("build").stdout.count("/build/data"), 30)

    def test_output_that_cannot_be_written_is_no_success(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([oxtest.OXC, "--help"], env=self.box.env, stdout=full, check=False)
        self.assertEqual(done.returncode, 3)


if __name__ == "__main__":
    oxtest.main()
