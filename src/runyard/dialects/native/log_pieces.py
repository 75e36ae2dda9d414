"""What a run printed, piece by piece, for readers that follow it while it grows."""

from __future__ import annotations

import codecs
import time
from collections.abc import Sequence
from dataclasses import dataclass

from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.graph import newest
from runyard.core.job import Workspace
from runyard.core.run import Attempt, Run, State
from runyard.dialects.native.parameters import Logs
from runyard.engine.engine import Engine
from runyard.engine.logs import STREAMS

PAUSE_S = 0.1  # how often a growing file is looked at; the end of the attempt is heard at once


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some whole characters of one stream."""

    stream: str
    offset: int
    next_offset: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """What there is to read now, and whether the attempt will print no more."""

    attempt: Attempt
    pieces: Sequence[Piece]
    complete: bool

    @property
    def next_offset(self) -> str:
        """What to ask for next: one number a stream."""
        return ",".join(str(piece.next_offset) for piece in self.pieces)


def follow(engine: Engine, workspace: Workspace, asked: Logs) -> Pieces:
    """Return what is to be read, once there is something, the attempt has ended, or the time is up."""
    deadline = time.monotonic() + asked.wait_s
    run = engine.run(workspace, asked.run)
    attempt = _attempt(engine.attempts(run), run, asked)
    with engine.watch(run.id) as changed:
        while True:
            attempt = engine.attempt_now(attempt)  # before the files: what has ended prints no more
            found = _pieces(engine, attempt, asked)
            left = deadline - time.monotonic()
            if found.complete or any(piece.text for piece in found.pieces) or left <= 0 or engine.is_leaving:
                return found
            changed.wait(min(PAUSE_S, left))
            changed.clear()


def _pieces(engine: Engine, attempt: Attempt, asked: Logs) -> Pieces:
    streams = STREAMS if asked.stream == "both" else (asked.stream,)
    offsets = _offsets(asked.offset, streams)
    has_ended = attempt.state is State.ENDED
    logs = [engine.log(attempt, stream) for stream in streams]
    pieces = [
        _piece(stream, offset, log.read(offset, asked.limit), is_last=has_ended and log.size <= offset + asked.limit)
        for stream, offset, log in zip(streams, offsets, logs, strict=True)
    ]
    is_read = all(piece.next_offset >= log.size for piece, log in zip(pieces, logs, strict=True))
    return Pieces(attempt=attempt, pieces=pieces, complete=has_ended and is_read)


def _attempt(attempts: Sequence[Attempt], run: Run, asked: Logs) -> Attempt:
    key = asked.task or run.tasks[0].key
    if asked.attempt is None:
        latest = newest(attempts).get(key)
        if latest is None:
            raise NotFound("task", f"{key} of run {run.id}")
        return latest
    for attempt in attempts:
        if attempt.task_key == key and attempt.number == asked.attempt:
            return attempt
    raise NotFound("attempt", f"{asked.attempt} of task {key} of run {run.id}")


def _offsets(text: str, streams: Sequence[str]) -> list[int]:
    offsets = [int(part) for part in text.split(",")]
    if offsets == [0]:
        return [0] * len(streams)
    if len(offsets) != len(streams):
        raise InvalidRequest(
            f"Parameter offset: {text!r} is not of {' and '.join(streams)}; begin with 0 and go on with next_offset."
        )
    return offsets


def _piece(stream: str, offset: int, raw: bytes, *, is_last: bool) -> Piece:
    """Decode whole characters; one that is cut in the middle is left for the next piece."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(raw, final=is_last)
    rest = len(decoder.getstate()[0])
    return Piece(stream=stream, offset=offset, next_offset=offset + len(raw) - rest, text=text)
