"""A process that answers GetJobRuns with recorded pages: the least that any server could do for a client.

Run as `python -m bench.static_responder PAGES.json`, a table of NextToken (empty for the first page) →
body. Prints its URL.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {length}\r\n\r\n"


class StaticResponder(ThreadingTCPServer):
    """Listens on a free port of this machine only."""

    daemon_threads = True

    def __init__(self, answers: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.answers = answers


class Answer(StreamRequestHandler):
    """One client's connection."""

    server: StaticResponder
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the client hangs up."""
        while body := self._read_body():
            self.wfile.write(self.server.answers[json.loads(body).get("NextToken", "")])

    def _read_body(self) -> bytes:
        length = 0
        while (line := self.rfile.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return self.rfile.read(length)


def main() -> None:
    """Read the pages and serve them until told to end."""
    pages = {token: body.encode() for token, body in json.loads(Path(sys.argv[1]).read_text()).items()}
    answers = {token: HEAD.format(length=len(body)).encode() + body for token, body in pages.items()}
    with StaticResponder(answers) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
