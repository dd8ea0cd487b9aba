import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    """A webhook receiver: keeps `bodies` and `keys`, answers with `statuses` in turn, then 200."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = self.server.statuses.pop(0) if self.server.statuses else 200
            if status == 200:
                self.server.bodies.append(json.loads(body))
                self.server.keys.append(self.headers["Idempotency-Key"])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"so\n it is" if status != 200 else b"")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.bodies, server.keys, server.statuses = [], [], []
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    with running(server):
        yield server


@pytest.fixture
def mail_server() -> Iterator[socketserver.TCPServer]:
    """A mail server: keeps the raw `mails`; refuses recipients that are in `refused`."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.say("220 here")
            for line in self.rfile:
                verb = line.split(maxsplit=1)[0].upper()
                if verb == b"DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    self.server.mails.append(b"".join(lines).decode())
                if verb == b"RCPT" and any(each in line.decode() for each in self.server.refused):
                    self.say("550 not here")
                else:
                    self.say("221 bye" if verb == b"QUIT" else "250 fine")

        def say(self, text):
            self.wfile.write(f"{text}\r\n".encode())

    class Server(socketserver.TCPServer):
        def handle_error(self, request, client_address):
            """A client that hangs up is no news here."""

    server = Server(("127.0.0.1", 0), Handler)
    server.mails, server.refused = [], set()
    server.url = f"smtp://127.0.0.1:{server.server_address[1]}"
    with running(server):
        yield server
