"""A process that answers the requests of the workflows that are measured, from memory, at two addresses.

Run as `python bench/workflow_responder.py`. Prints the URL of the standard library's http.server, which answers all of
them (a run that was started is running for three polls), and then that of a loop that reads nothing of a request but
its end and always answers the same: what it takes is next to nothing, so that the clients differ by more.
"""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

THING = b'{"id": 7, "state": "RUNNING", "items": [1, 2, 3], "name": "a thing"}'
JOB = b'{"job_id": 5, "settings": {"name": "nightly"}}'
STARTED = b'{"run_id": 7, "number_in_job": 7}'
RUNNING = b'{"run_id": 7, "state": {"life_cycle_state": "RUNNING"}, "run_page_url": "http://localhost/7"}'
ENDED = RUNNING.replace(b'"RUNNING"', b'"TERMINATED", "result_state": "SUCCESS"')
POLLS = 3
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(THING)


class Answer(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    polls = 0

    def do_GET(self) -> None:
        """Answer one request."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = self._body()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that the standard library calls

    def _body(self) -> bytes:
        if self.path.startswith("/things"):
            return THING
        if "/jobs/get" in self.path:
            return JOB
        if "/run-now" in self.path:
            self.polls = 0
            return STARTED
        self.polls += 1
        return RUNNING if self.polls <= POLLS else ENDED

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def answer_alike(connection: socket.socket) -> None:
    """Answer each request on a connection with the same bytes."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ends = b""
    while piece := connection.recv(65536):
        ends = ends[-3:] + piece
        if ends.endswith(b"\r\n\r\n"):
            connection.sendall(HEAD + THING)


def accept(listener: socket.socket) -> None:
    """Take connections for ever."""
    while True:
        connection, _ = listener.accept()
        Thread(target=answer_alike, args=(connection,), daemon=True).start()


def main() -> None:
    """Answer until told to end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    listener = socket.create_server(("127.0.0.1", 0))
    Thread(target=accept, args=(listener,), daemon=True).start()
    for port in (server.server_address[1], listener.getsockname()[1]):
        print(f"http://127.0.0.1:{port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
