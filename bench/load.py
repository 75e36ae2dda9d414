"""A process that sends one request over and over on many keep-alive connections, and tells how fast it was answered.

One thread and as little Python as possible, because it shares the machine with the server. Reads the
request's bytes from standard input; prints one JSON object. Run as `python -m bench.load --connections 16
(--calls N | --seconds S) HOST PORT`.
"""

from __future__ import annotations

import argparse
import json
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
ACCEPTED = b"HTTP/1.1 200"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNK = 65536


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a generator measured; `began_at` is in nanoseconds of the wall clock."""

    answered: int
    seconds: float
    began_at: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def start_load(url: str, message: bytes, *, connections: int, until: tuple[str, float]) -> subprocess.Popen[bytes]:
    """Start a generator that stops after `until`, as in ("--calls", 400); read_load waits for what it says."""
    place = urlsplit(url)
    options = ["--connections", str(connections), until[0], str(until[1]), str(place.hostname), str(place.port)]
    command = [sys.executable, "-m", "bench.load", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(message)
    process.stdin.close()
    return process


def read_load(process: subprocess.Popen[bytes]) -> Load:
    """Return what a generator measured, once it has finished."""
    assert process.stdout is not None
    with process:
        said = process.stdout.read()
    if process.returncode:
        raise RuntimeError("the load generator failed; its message stands above")
    return Load(**json.loads(said))


class Line:
    """One connection; its next request goes out when the answer to the last is whole."""

    def __init__(self, place: tuple[str, int], message: bytes) -> None:
        self.socket = socket.create_connection(place)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._message = message
        self._came = b""

    def send(self) -> None:
        """Ask again."""
        self._came = b""
        self.socket.sendall(self._message)

    def is_answered(self) -> bool:
        """Take in what came, and say whether the answer is whole."""
        piece = self.socket.recv(CHUNK)
        self._came += piece
        head, gap, body = self._came.partition(b"\r\n\r\n")
        length = LENGTH.search(head) if gap else None
        is_whole = length is not None and len(body) >= int(length[1])
        if not piece or (is_whole and not head.startswith(ACCEPTED)):
            raise RuntimeError(f"not accepted: {self._came.decode(errors='replace')}")
        return is_whole


def run_load(lines: list[Line], *, goes_on: Callable[[int], bool]) -> Load:
    """Keep every line busy while `goes_on` says so of the number sent, then take in the last answers."""
    selector = selectors.DefaultSelector()
    for line in lines:
        selector.register(line.socket, selectors.EVENT_READ, line)
    began_at, began = time.time_ns(), time.perf_counter()
    for line in lines:
        line.send()
    sent, answered = len(lines), 0
    while answered < sent:
        for key, _ in selector.select():
            if key.data.is_answered():
                answered += 1
                if goes_on(sent):
                    key.data.send()
                    sent += 1
    return Load(answered=answered, seconds=time.perf_counter() - began, began_at=began_at)


def main() -> None:
    """Read the options and the request, send, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--calls", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    options = parser.parse_args()
    message = sys.stdin.buffer.read()
    count = min(options.connections, options.calls or options.connections)
    lines = [Line((options.host, options.port), message) for _ in range(count)]
    deadline = time.perf_counter() + options.seconds
    by_calls = options.calls is not None
    load = run_load(lines, goes_on=lambda sent: sent < options.calls if by_calls else time.perf_counter() < deadline)
    print(json.dumps({"answered": load.answered, "seconds": load.seconds, "began_at": load.began_at}))


if __name__ == "__main__":
    main()
