"""A process that answers the requests of the workflows that are measured: the least that any server could do.

Run as `python bench/workflow_responder.py`. Prints its URL. A run that was started is running for three polls.
"""

from __future__ import annotations

import asyncio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
THING = b'{"id": 7, "state": "RUNNING", "items": [1, 2, 3], "name": "a thing"}'
JOB = b'{"job_id": 5, "settings": {"name": "nightly"}}'
STARTED = b'{"run_id": 7, "number_in_job": 7}'
RUNNING = b'{"run_id": 7, "state": {"life_cycle_state": "RUNNING"}, "run_page_url": "http://localhost/7"}'
ENDED = RUNNING.replace(b'"RUNNING"', b'"TERMINATED", "result_state": "SUCCESS"')
POLLS = 3


class Answer(asyncio.Protocol):
    """One client's connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._read = b""
        self._polls = 0

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end]
            length = _length(head)
            if len(self._read) < end + 4 + length:
                return
            self._read = self._read[end + 4 + length :]
            body = self._body(head.split(b" ", 2)[1])
            self._transport.write(HEAD % len(body) + body)

    def _body(self, target: bytes) -> bytes:
        if target.startswith(b"/things"):
            return THING
        if b"/jobs/get" in target:
            return JOB
        if b"/run-now" in target:
            self._polls = 0
            return STARTED
        self._polls += 1
        return RUNNING if self._polls <= POLLS else ENDED


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def serve() -> None:
    """Answer until told to end."""
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
