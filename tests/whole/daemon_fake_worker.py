#!/usr/bin/env python3
"""A worker that only pretends: the configuration file it is given says what to do.

Each line of the file is a command: `log TEXT`, `fifo PATH` (read it to its end), `progress N`,
`crash` (killed by its own KILL), `garbage`, `exit N` (without a result), `runaway PIDFILE` (a
descendant in another session that ignores TERM), `hang` (until cancelled), `stubborn` (hang, deaf to
CANCEL and the socket's end), `linger SECONDS PATH` (go on running for that long after the result, then add a line "ends"
to the file), `write PATH LINE` (add it to the file), `result N TEXT`. Without `result` the result is success.
"""
import os
import select
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oxproto as ox  # noqa: E402 (after the path)

RUNAWAY = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.setsid()
if os.fork():
    time.sleep(1000)
open(sys.argv[1] + ".new", "w").write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(1000)
"""


class Worker:
    def __init__(self, conversation):
        self.to = conversation
        self.request = 0
        self.number = 0
        self.linger = None

    def event(self, body):
        self.number += 1
        self.to.send(ox.EVENT, {1: self.number, **body}, self.request)

    def cancelled(self, seconds):
        """Waits; whether CANCEL or the socket's end came meanwhile."""
        ready, _, _ = select.select([self.to.sock], [], [], seconds)
        if not ready:
            return False
        try:
            return self.to.receive().kind == ox.CANCEL
        except EOFError:
            os._exit(1)

    def finish(self, code, text=""):
        self.event(ox.result_event(code, "ok" if code == 0 else "build-failed", text))
        if self.linger:
            seconds, _, path = self.linger.partition(" ")
            time.sleep(float(seconds))
            self.write(path, "ends")
        sys.exit(0)

    @staticmethod
    def write(path, line):
        with open(path, "a", encoding="utf-8") as out:
            out.write(line + "\n")

    def hang(self):
        while not self.cancelled(10):
            pass
        self.finish(130, "cancelled")

    def fifo(self, path):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        while True:
            if self.cancelled(0.02):
                self.finish(130, "cancelled")
            try:
                if os.read(fd, 100):
                    return
            except BlockingIOError:
                pass

    def runaway(self, path):
        pid = os.fork()
        if pid == 0:
            if os.fork() == 0:
                os.execv(sys.executable, [sys.executable, "-c", RUNAWAY, path])
            os._exit(0)
        os.waitpid(pid, 0)
        while not os.path.exists(path):
            time.sleep(0.01)

    def perform(self, line):
        command, _, rest = line.partition(" ")
        if command == "log":
            self.event(ox.log_event(rest))
        elif command == "progress":
            for done in range(int(rest)):
                self.event({2: ox.PROGRESS, 3: {1: "compiling", 2: done, 3: int(rest), 4: "modules"}})
        elif command == "fifo":
            self.fifo(rest)
        elif command == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        elif command == "garbage":
            self.to.sock.sendall(b"\xff" * 64)
            time.sleep(1000)
        elif command == "exit":
            os._exit(int(rest))
        elif command == "runaway":
            self.runaway(rest)
        elif command == "hang":
            self.hang()
        elif command == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(1000)
        elif command == "linger":
            self.linger = rest
        elif command == "write":
            self.write(*rest.split(" "))
        elif command == "result":
            code, _, text = rest.partition(" ")
            self.finish(int(code), text)

    def run(self):
        while True:
            message = self.to.receive()
            self.request = message.request
            if message.kind == ox.HELLO:
                self.to.send(ox.HELLO, {1: 1, 10: "0.1.0", 11: os.getpid()})
            elif message.kind in (ox.BUILD, ox.LANGUAGE):
                path = ox.one(message.body, 2)
                if message.kind == ox.LANGUAGE:
                    path = ox.one(ox.decode(path), 1)
                with open(path, encoding="utf-8") as script:
                    for line in script.read().splitlines():
                        self.perform(line)
                self.finish(0)
            elif message.kind == ox.STORE:
                self.to.send(ox.REPORT, {1: [{1: "objects", 3: 7}, {1: "folder", 2: ox.one(message.body, 5)}]},
                             self.request)
                self.finish(0)


if __name__ == "__main__":
    Worker(ox.Connection(socket.socket(fileno=int(sys.argv[sys.argv.index("--fd") + 1])))).run()
