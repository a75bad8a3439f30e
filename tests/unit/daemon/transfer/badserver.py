"""An HTTP server that misbehaves in the way that the path asks for. Prints its port, then serves until
its standard input ends. The file that it has is SIZE bytes, byte i being i * 31 % 251."""
import http.server
import os
import socket
import struct
import sys
import threading
import time

SIZE = 200000
DATA = bytes(i * 31 % 251 for i in range(SIZE))
counts = {}
over = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        name = self.path.strip("/").split("/")[-1].replace("-", "_").split(".")[0]
        self.turn = counts[name] = counts.get(name, 0) + 1
        self.close_connection = True
        self.offset = 0
        wanted = self.headers.get("Range")
        if wanted:
            self.offset = int(wanted[len("bytes="):].split("-")[0])
        try:
            getattr(self, name)()
        except OSError:
            pass

    def head(self, status, length=None, **fields):
        self.send_response(status)
        self.send_header("Connection", "close")  # or a redirection may be asked for on a connection that is closing
        if length is not None:
            self.send_header("Content-Length", str(length))
        for key, value in fields.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.flush()

    def rest(self, first=None, end=SIZE):
        """The file from what was asked for on."""
        first = self.offset if first is None else first
        if self.offset >= SIZE:
            return self.head(416, 0, Content_Range="bytes */%d" % SIZE)
        if self.offset:
            self.head(206, SIZE - first, Content_Range="bytes %d-%d/%d" % (first, SIZE - 1, SIZE))
        else:
            self.head(200, SIZE)
        self.wfile.write(DATA[first:end])

    def whole(self):
        self.rest()

    def truncated(self):
        self.rest(end=SIZE // 2 if self.turn == 1 else SIZE)

    def always_truncated(self):
        self.rest(end=self.offset)

    def ignored_range(self):
        self.head(200, SIZE)
        self.wfile.write(DATA[:SIZE // 2] if self.turn == 1 else DATA)

    def wrong_range(self):
        if self.turn == 2:
            self.head(206, SIZE - 5, Content_Range="bytes 5-%d/%d" % (SIZE - 1, SIZE))
            self.wfile.write(DATA[5:])
        else:
            self.rest(end=SIZE // 2 if self.turn == 1 else SIZE)

    def long_length(self):
        if self.offset:
            return self.rest()
        self.head(200, SIZE + 1000)
        self.wfile.write(DATA)

    def short_length(self):
        self.head(200, SIZE - 1000)
        self.wfile.write(DATA)

    def reset(self):
        self.rest(end=SIZE // 2 if self.turn == 1 else SIZE)
        if self.turn == 1:
            self.wfile.flush()
            time.sleep(0.1)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def stall(self):
        if self.turn == 1:
            self.rest(end=1000)
            self.wfile.flush()
            over.wait(600)
        else:
            self.rest()

    def slow(self):
        self.head(200, SIZE)
        for at in range(0, SIZE, SIZE // 20):
            self.wfile.write(DATA[at:at + SIZE // 20])
            self.wfile.flush()
            time.sleep(0.2)

    def endless(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while not over.is_set():
            self.wfile.write(DATA)

    def endless_error(self):
        self.send_response(404)
        self.send_header("Connection", "close")
        self.end_headers()
        while not over.is_set():
            self.wfile.write(DATA)

    def s403(self):
        self.head(403, 0)

    def s404(self):
        self.head(404, 9)
        self.wfile.write(b"not here\n")

    def s204(self):
        self.head(204)

    def s500(self):
        self.head(500, 0) if self.turn < 3 else self.rest()

    def s500_always(self):
        self.head(500, 0)

    def s503(self):
        self.head(503, 0, Retry_After="1") if self.turn == 1 else self.rest()

    def s503_long(self):
        self.head(503, 0, Retry_After="4000")

    def redirect(self):
        self.head(302, 0, Location="/whole")

    def loop(self):
        self.head(302, 0, Location="/loop")

    def to_file(self):
        self.head(302, 0, Location="file:///etc/passwd")

    def proxied(self):
        self.rest() if self.path.startswith("http://elsewhere.invalid/") else self.head(404, 0)

    def count(self):
        body = str(counts.get(self.path.split("/")[1].replace("-", "_"), 0)).encode()
        self.head(200, len(body))
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
over.set()
os._exit(0)
