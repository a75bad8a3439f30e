"""A daemon or worker that says exactly what a test wants: oxc's other end, in Python.

Only as much protobuf as the tests need, written by hand, so that it does not share the
mistakes of the code under test. As a program (a worker for OXIDIZER_WORKER) it serves
descriptor 3 with the script in FAKE_WORKER.
"""
import json
import os
import socket
import struct
import sys
import threading
import time

HELLO, BUILD, ACCEPTED, EVENT, CANCEL, RESUME, STATUS, STORE, SHUTDOWN, REPORT = range(1, 11)
LOG, PROGRESS, DIAGNOSTIC, TARGET, STEP, ARTIFACT, RESULT = range(1, 8)


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def frame(kind, request=0, body=b""):
    envelope = number(1, kind) + number(2, request) + text(3, body)
    return struct.pack("<I", len(envelope)) + envelope


def hello(protocol=1, version="0.1.0", root=None, required=()):
    stat = os.stat("/")
    device, inode = root or (stat.st_dev, stat.st_ino)
    return frame(HELLO, 0, number(1, protocol) + text(2, "fake") + b"".join(text(4, name) for name in required)
                 + number(5, 1 << 24) + number(6, device) + number(7, inode) + text(10, version)
                 + number(11, os.getpid()))


def event(count, kind, body=b""):
    return frame(EVENT, 1, number(1, count) + number(2, kind) + text(3, body))


def log(count, line, level=3):
    return event(count, LOG, number(1, level) + text(2, "build") + text(3, line))


def artifact(count, path, runnable=1):
    return event(count, ARTIFACT, text(1, "exe") + text(2, path) + number(4, 7) + number(5, runnable))


def result(count, code=0, category="ok", message=""):
    return event(count, RESULT, number(1, code) + text(2, category) + text(3, message))


def fields(body):
    """{field: [values]} of one message."""
    found, at = {}, 0

    def take():
        nonlocal at
        value = shift = 0
        while True:
            byte = body[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(body):
        key = take()
        if key & 7 == 2:
            size = take()
            value, at = body[at:at + size], at + size
        else:
            value = take()
        found.setdefault(key >> 3, []).append(value)
    return found


def read_frame(sock):
    """(kind, fields of the body), or None at the end."""
    header = b""
    while len(header) < 4:
        more = sock.recv(4 - len(header))
        if not more:
            return None
        header += more
    envelope = b""
    size, = struct.unpack("<I", header)
    while len(envelope) < size:
        envelope += sock.recv(size - len(envelope))
    envelope = fields(envelope)
    return envelope[1][0], fields(envelope.get(3, [b""])[0])


class FakeDaemon:
    """Listens in a sandbox's runtime folder; `serve(socket)` is called for each client in turn."""

    def __init__(self, box, serve):
        folder = box.env["OXIDIZER_RUNTIME_DIR"]
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self.serve, self.clients = serve, 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.path = os.path.join(folder, "oxidizerd.sock")
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.clients += 1
            with client:
                try:
                    self.serve(client)
                except OSError:
                    pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)


def worker(script):
    """One build of a fake worker: a list of steps."""
    sock = socket.socket(fileno=3)
    read_frame(sock)
    sock.sendall(hello())
    read_frame(sock)
    for count, (word, value) in enumerate(script, 1):
        if word == "log":
            sock.sendall(log(count, value))
        elif word == "artifact":
            sock.sendall(artifact(count, value))
        elif word == "result":
            sock.sendall(result(count, value))
        elif word == "kill":
            os.kill(os.getpid(), value)
        elif word == "exit":
            sys.exit(value)
        elif word == "spawn":
            if os.fork() == 0:  # a grandchild in a session of its own
                os.setsid()
                if os.fork():
                    os._exit(0)
                with open(value, "w", encoding="utf-8") as out:
                    out.write(str(os.getpid()))
                sock.close()
                os.close(1)
                os.close(2)
                time.sleep(1000)
            while not os.path.exists(value) or not os.path.getsize(value):
                time.sleep(0.01)
        elif word == "wait-cancel":
            kind, _ = read_frame(sock)
            assert kind == CANCEL, kind
            sock.sendall(result(count, 130, "cancelled", "cancelled"))


if __name__ == "__main__":
    worker(json.loads(os.environ["FAKE_WORKER"]))
