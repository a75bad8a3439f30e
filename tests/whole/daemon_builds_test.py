"""Builds through oxidizerd: streams, several at once, crashes, cancelling, resuming."""
import os
import signal
import time

import oxproto as ox
import oxtest
from oxdaemon import DaemonTest, alive, wait_until


class Streams(DaemonTest):
    def test_events_are_numbered_and_end_with_the_result(self):
        self.start()
        client = self.connect()
        self.build(client, "log one", "log two", "result 1 it did not work", request=42)
        messages = client.until_result()
        self.assertEqual([m.number for m in messages], [1, 2, 3])
        self.assertEqual({m.request for m in messages}, {42})
        self.assertEqual([m.text for m in messages], ["one", "two", "it did not work"])
        self.assertEqual(messages[-1].exit_code, 1)

    def test_one_client_runs_builds_side_by_side(self):
        self.start()
        client = self.connect()
        for request in (1, 2):
            client.send(ox.BUILD, {2: self.script(f"log {request}"), 3: os.getcwd()}, request)
        texts, results = {}, 0
        while results < 2:
            message = client.receive()
            if message.is_result():
                results += 1
            elif message.kind == ox.EVENT:
                texts[message.request] = message.text
        self.assertEqual(texts, {1: "1", 2: "2"})

    def test_a_blocked_build_holds_up_neither_builds_nor_questions(self):
        self.start()
        fifo = os.path.join(self.root, "fifo")
        os.mkfifo(fifo)
        blocked = self.connect()
        self.build(blocked, "log first line", f"fifo {fifo}", "log after")
        self.assertEqual(blocked.receive().text, "first line")
        other = self.connect()
        self.build(other, "log quick")
        self.assertEqual(other.until_result()[-1].exit_code, 0)
        status = self.status()
        self.assertEqual((status["builds running"], status["builds done"]), (1, 1))
        with open(fifo, "wb", buffering=0) as out:
            out.write(b"go")
            self.assertEqual([m.text for m in blocked.until_result()], ["after", ""])

    def test_a_build_waits_for_the_worker_that_remembers_the_one_before(self):
        self.start()
        client = self.connect()
        diary = os.path.join(self.root, "diary")
        config = self.script(f"write {diary} begins", f"linger 0.5 {diary}")
        for request in (1, 2):
            client.send(ox.BUILD, {2: config, 3: os.getcwd()}, request)
            client.until_result(request)
        with open(diary, encoding="utf-8") as lines:
            self.assertEqual(lines.read().split()[:3], ["begins", "ends", "begins"])

    def test_more_builds_than_places_wait_their_turn_and_say_so(self):
        self.start()
        fifo = os.path.join(self.root, "fifo")
        os.mkfifo(fifo)
        places = os.cpu_count() + 1
        blocked = [self.connect() for _ in range(places)]
        for client in blocked:
            self.build(client, "log up", f"fifo {fifo}")
            self.assertEqual(client.receive().text, "up")
        waiting = self.connect()
        self.build(waiting, "log mine")
        self.assertIn("waiting", waiting.receive().text)
        listing = self.connect()
        listing.send(ox.BUILD, {1: 1, 2: self.script("log listed"), 3: os.getcwd()}, 5)
        self.assertEqual(listing.until_result(5)[-1].exit_code, 0)
        with open(fifo, "wb", buffering=0) as out:
            out.write(b"go" * places)
            self.assertEqual(waiting.until_result()[-1].exit_code, 0)

    def test_questions_about_the_language_never_wait_and_can_be_cancelled(self):
        self.start()
        for _ in range(os.cpu_count() + 1):
            client = self.connect()
            self.build(client, "log up", "hang")
            client.receive()
        client = self.connect()
        client.send(ox.LANGUAGE, {1: 2, 2: {1: self.script("log looked at")}, 5: os.getcwd()}, 5)
        self.assertEqual([m.text for m in client.until_result(5)[1:]], ["looked at", ""])
        client.send(ox.LANGUAGE, {2: {1: self.script("hang")}, 5: os.getcwd()}, 6)
        client.send(ox.CANCEL, {1: ox.one(client.receive().body, 1)}, 6)
        self.assertEqual(client.until_result(6)[-1].exit_code, 130)
        self.assertEqual(self.status()["builds waiting"], 0)

    def test_work_on_the_store_is_done_by_a_worker(self):
        self.start()
        client = self.connect()
        client.send(ox.STORE, {1: 1}, 9)
        messages = client.until_result(9)
        reports = [m for m in messages if m.kind == ox.REPORT]
        self.assertEqual(reports[0].report(), {"objects": 7, "folder": os.path.join(self.root, "store")})
        self.assertEqual(messages[-1].exit_code, 0)

    def test_what_the_store_holds_is_answered_while_all_places_are_taken(self):
        self.start()
        for _ in range(os.cpu_count() + 1):
            client = self.connect()
            self.build(client, "log up", "hang")
            client.receive()
        client = self.connect()
        client.send(ox.STORE, {1: 0}, 9)
        messages = client.until_result(9)
        report = [m for m in messages if m.kind == ox.REPORT][0].report()
        self.assertEqual((report["path"], report["objects"]), (os.path.join(self.root, "store"), 0))
        self.assertEqual(self.status()["builds waiting"], 0)

    def test_a_slow_client_loses_no_line(self):
        self.start()
        client = self.connect()
        line = "x" * 1000
        self.build(client, *[f"log {n} {line}" for n in range(5000)])
        time.sleep(0.5)
        messages = client.until_result()
        self.assertEqual([m.text.split()[0] for m in messages[:-1]], [str(n) for n in range(5000)])


class Crashes(DaemonTest):
    def assert_told(self, lines, *words):
        daemon = self.start()
        client = self.connect()
        self.build(client, *lines)
        result = client.until_result()[-1]
        self.assertEqual(result.exit_code, 3)
        for word in words:
            self.assertIn(word, result.text)
        self.build(client, "log fine", request=2)
        self.assertEqual(client.until_result(2)[-1].exit_code, 0)
        self.end(daemon)

    def test_a_killed_worker_is_an_error_of_its_build_only(self):
        self.assert_told(["log started", "crash"], "killed by signal 9", "oxc daemon log")

    def test_a_worker_that_leaves_without_a_result(self):
        self.assert_told(["exit 5"], "without a result", "exit status 5")

    def test_a_worker_that_sends_garbage_is_killed(self):
        self.assert_told(["garbage"], "killed by signal 9", "frame")

    def test_a_worker_that_cannot_be_started(self):
        self.start(env={"OXIDIZER_WORKER": "/no/such/worker"})
        client = self.connect()
        self.build(client, "log never")
        result = client.until_result()[-1]
        self.assertEqual(result.exit_code, 3)
        self.assertIn("/no/such/worker", result.text)

    def test_what_a_killed_worker_started_is_gone_when_the_client_hears_of_it(self):
        self.start()
        client = self.connect()
        pid_file = os.path.join(self.root, "pid")
        self.build(client, f"runaway {pid_file}", "crash")
        self.assertEqual(client.until_result()[-1].exit_code, 3)
        with open(pid_file, encoding="utf-8") as text:
            self.assertFalse(alive(int(text.read())))


class Cancelling(DaemonTest):
    def start_runaway(self, client, *lines, **options):
        pid_file = os.path.join(self.root, "pid")
        build = self.build(client, f"runaway {pid_file}", "log up", *lines, **options)
        self.assertEqual(client.receive().text, "up")
        with open(pid_file, encoding="utf-8") as text:
            pid = int(text.read())
        self.assertTrue(alive(pid))
        return build, pid

    def test_cancel_ends_the_build(self):
        self.start()
        client = self.connect()
        build = self.build(client, "log up", "hang")
        client.receive()
        client.send(ox.CANCEL, {1: build}, 2)
        self.assertEqual(client.until_result()[-1].exit_code, 130)

    def test_a_vanished_client_takes_its_build_and_all_below_with_it(self):
        self.start()
        client = self.connect()
        _, pid = self.start_runaway(client, "hang")
        client.close()
        wait_until(lambda: not alive(pid))
        wait_until(lambda: self.status()["builds running"] == 0)

    def test_a_worker_deaf_to_cancel_is_killed_with_all_below(self):
        self.start()
        client = self.connect()
        build, pid = self.start_runaway(client, "stubborn")
        client.send(ox.CANCEL, {1: build}, 2)
        self.assertEqual(client.until_result()[-1].exit_code, 130)
        self.assertFalse(alive(pid))

    def test_a_waiting_build_can_be_cancelled(self):
        self.start()
        blocked = [self.connect() for _ in range(os.cpu_count() + 1)]
        for client in blocked:
            self.build(client, "log up", "hang")
            client.receive()
        waiting = self.connect()
        build = self.build(waiting, "log never")
        waiting.send(ox.CANCEL, {1: build}, 2)
        self.assertEqual(waiting.until_result()[-1].exit_code, 130)


class Resuming(DaemonTest):
    def test_a_new_connection_resumes_after_the_last_event_seen(self):
        self.start()
        fifo = os.path.join(self.root, "fifo")
        os.mkfifo(fifo)
        first, second = self.connect(), self.connect()
        build = self.build(first, "log one", "log two", f"fifo {fifo}", "log three")
        self.assertEqual(first.receive().text, "one")
        first.close()  # the build is not kept for long
        second.send(ox.RESUME, {1: build, 2: 1}, 77)
        self.assertEqual(second.receive().kind, ox.ACCEPTED)
        two = second.receive()
        self.assertEqual((two.number, two.text, two.request), (2, "two", 77))
        with open(fifo, "wb", buffering=0) as out:
            out.write(b"go")
            self.assertEqual([m.number for m in second.until_result()], [3, 4])

    def test_a_detached_build_outlives_its_client_and_can_be_read_later(self):
        self.start()
        client = self.connect()
        mark = os.path.join(self.root, "fifo")
        os.mkfifo(mark)
        build = self.build(client, f"fifo {mark}", "log done", detach=True)
        client.close()
        time.sleep(1)
        with open(mark, "wb", buffering=0) as out:
            out.write(b"go")
            wait_until(lambda: self.status()["builds done"] == 1)
        later = self.connect()
        later.send(ox.RESUME, {1: build}, 3)
        self.assertEqual([m.text for m in later.until_result()[1:]], ["done", ""])

    def test_an_unknown_build_is_told_so(self):
        self.start()
        client = self.connect()
        client.send(ox.RESUME, {1: 12345}, 3)
        result = client.until_result()[-1]
        self.assertEqual(result.exit_code, 3)
        self.assertIn("12345", result.text)


class Ending(DaemonTest):
    def test_shutdown_lets_running_builds_end_and_refuses_new_ones(self):
        daemon = self.start()
        fifo = os.path.join(self.root, "fifo")
        os.mkfifo(fifo)
        running, other, stopper = self.connect(), self.connect(), self.connect()
        self.build(running, "log up", f"fifo {fifo}", "log end")
        running.receive()
        stopper.send(ox.SHUTDOWN, {}, 8)
        self.assertIn("1 builds", stopper.receive().text)
        other.send(ox.BUILD, {2: self.script("log no"), 3: os.getcwd()}, 4)
        result = other.until_result(4)[-1]
        self.assertEqual(result.exit_code, 7)
        self.assertIn("shutting down", result.text)
        with open(fifo, "wb", buffering=0) as out:
            out.write(b"go")
            self.assertEqual(running.until_result()[-1].exit_code, 0)
        self.assertEqual(stopper.until_result(8)[-1].exit_code, 0)
        self.assertFalse(os.path.exists(self.socket_path))
        self.assertEqual(daemon.wait(oxtest.PATIENCE), 0)

    def test_shutdown_now_cancels(self):
        daemon = self.start()
        running, stopper = self.connect(), self.connect()
        self.build(running, "log up", "hang")
        running.receive()
        stopper.send(ox.SHUTDOWN, {1: True}, 8)
        self.assertEqual(running.until_result()[-1].exit_code, 130)
        self.assertEqual(stopper.until_result(8)[-1].exit_code, 0)
        self.assertEqual(daemon.wait(oxtest.PATIENCE), 0)

    def test_term_drains_and_a_second_term_cancels(self):
        daemon = self.start()
        client = self.connect()
        self.build(client, "log up", "hang")
        client.receive()
        daemon.send_signal(signal.SIGTERM)
        wait_until(lambda: self.status()["state"] == "shutting down")
        daemon.send_signal(signal.SIGTERM)
        self.assertEqual(client.until_result()[-1].exit_code, 130)
        self.assertEqual(daemon.wait(oxtest.PATIENCE), 0)

    def test_a_killed_daemon_takes_a_worker_with_it(self):
        daemon = self.start()
        client = self.connect()
        self.build(client, "log up", "hang")
        client.receive()
        children = f"/proc/{daemon.pid}/task/{daemon.pid}/children"
        with open(children, encoding="utf-8") as text:
            worker = int(text.read().split()[0])
        daemon.kill()
        with self.assertRaises(EOFError):
            client.until_result()
        wait_until(lambda: not alive(worker))


if __name__ == "__main__":
    oxtest.main()
