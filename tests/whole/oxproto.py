"""The conversation of proto/schema/oxidizer.proto, spoken by hand.

A message is a dict from field number to value (int, str, bytes, another such dict, or a
list of them); decoding gives back {number: [values]} with ints and bytes. For tests that
must say what the real programs never would, and for workers that only pretend.
"""
import os
import socket
import struct

HELLO, BUILD, ACCEPTED, EVENT, CANCEL, RESUME, STATUS, STORE, SHUTDOWN, REPORT, LANGUAGE = range(1, 12)
LOG, PROGRESS, DIAGNOSTIC, TARGET, STEP, ARTIFACT, RESULT, TEXT = range(1, 9)


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def encode(message):
    out = bytearray()
    for number, value in message.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, bool) or isinstance(item, int):
                out += varint(number << 3) + varint(int(item))
                continue
            data = encode(item) if isinstance(item, dict) else item.encode() if isinstance(item, str) else item
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return bytes(out)


def read_varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        at += 1
        n |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return n, at


def decode(data):
    fields, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 2:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {tag & 7}")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def one(fields, number, default=0):
    """The last value of a field, as a decoder of proto3 sees it."""
    return fields.get(number, [default])[-1]


def frame(kind, body=None, request=0):
    envelope = encode({1: kind, 2: request, 3: encode(body or {})})
    return struct.pack("<I", len(envelope)) + envelope


class Message:
    """A received frame."""

    def __init__(self, envelope):
        fields = decode(envelope)
        self.kind = one(fields, 1)
        self.request = one(fields, 2)
        self.body = decode(one(fields, 3, b""))
        if self.kind == EVENT:
            self.number = one(self.body, 1)
            self.type = one(self.body, 2)
            self.event = decode(one(self.body, 3, b""))

    @property
    def text(self):
        """Of a log line: its text; of a result: its message."""
        return one(self.event, 3, b"").decode()

    @property
    def exit_code(self):
        return one(self.event, 1)

    def is_result(self):
        return self.kind == EVENT and self.type == RESULT

    def report(self):
        items = [decode(item) for item in self.body.get(1, [])]
        return {one(item, 1).decode(): one(item, 2, b"").decode() or one(item, 3) for item in items}


class Connection:
    """One end of a conversation over a connected socket."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(600)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, kind, body=None, request=0):
        self.sock.sendall(frame(kind, body, request))

    def read_exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise EOFError(f"{len(data)} of {size} bytes")
            data += part
        return data

    def receive(self):
        """The next message; EOFError at the end."""
        (size,) = struct.unpack("<I", self.read_exactly(4))
        return Message(self.read_exactly(size))

    def until_result(self, request=None):
        """All messages up to the result (of the request)."""
        messages = []
        while True:
            message = self.receive()
            if request is not None and message.request != request:
                continue
            messages.append(message)
            if message.is_result():
                return messages

    def hello(self, protocol=1, **changes):
        root, cwd = os.stat("/"), os.stat(".")
        body = {1: protocol, 2: "0" * 64, 5: 1 << 24, 6: root.st_dev, 7: root.st_ino, 8: cwd.st_dev, 9: cwd.st_ino,
                10: "0.1.0", 11: os.getpid()}
        body.update({int(key[1:]): value for key, value in changes.items()})
        self.send(HELLO, body)
        return self.receive()


def connect(path):
    """A connection to the socket; works for paths of any length."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        sock.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    except OSError:
        sock.close()
        raise
    finally:
        os.close(folder)
    return Connection(sock)


def log_event(text, level=3, source="build"):
    return {2: LOG, 3: {1: level, 2: source, 3: text}}


def result_event(exit_code=0, category="ok", message=""):
    return {2: RESULT, 3: {1: exit_code, 2: category, 3: message}}
