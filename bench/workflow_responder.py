"""A process that answers the requests of the workflows that are measured: the standard library's, from memory.

Run as `python bench/workflow_responder.py`. Prints its URL. A run that was started is running for three polls.
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

THING = b'{"id": 7, "state": "RUNNING", "items": [1, 2, 3], "name": "a thing"}'
JOB = b'{"job_id": 5, "settings": {"name": "nightly"}}'
STARTED = b'{"run_id": 7, "number_in_job": 7}'
RUNNING = b'{"run_id": 7, "state": {"life_cycle_state": "RUNNING"}, "run_page_url": "http://localhost/7"}'
ENDED = RUNNING.replace(b'"RUNNING"', b'"TERMINATED", "result_state": "SUCCESS"')
POLLS = 3


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


def main() -> None:
    """Answer until told to end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
