"""Logs of any length, a window at a time: from either end, around a match, and as a file to keep."""

from __future__ import annotations

import re
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any, Literal

from msgspec import Meta

from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.ids import LARGEST
from runyard.core.run import Attempt, State
from runyard.dialects.exchange import Piece, Reply
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, OneRun
from runyard.engine.logs import LONGEST_LINE, Log

Answer = dict[str, Any]

LARGEST_WINDOW = 1024 * 1024
BLOCK = 1024 * 1024  # bytes looked through at once
AT_ONCE = 128 * 1024 * 1024  # bytes that one call looks through; the next goes on from there
MOST_MATCHES = 200
LONGEST_SHOWN = 400  # characters of a line that matches

Offset = Annotated[int, Meta(ge=0, le=LARGEST)]


class OneLog(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stream of an attempt."""

    attempt: Id
    stream: Literal["stdout", "stderr"] = "stdout"


class Window(OneLog, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part: the whole lines that begin at a byte, end before one, or stand at the end."""

    start: Offset | None = None
    end: Offset | None = None
    limit: Annotated[int, Meta(ge=1024, le=LARGEST_WINDOW)] = 128 * 1024


class Search(OneLog, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look for, and from which byte on."""

    text: Annotated[str, Meta(min_length=1, max_length=200)]
    start: Offset = 0


def read_window(call: Call, asked: Window) -> Answer:
    """Gives some whole lines of a log, and where they stand in it."""
    attempt, log = _log(call, asked)
    size = log.size
    if asked.start is not None:
        first, raw = asked.start, log.read(asked.start, asked.limit)
        raw = raw if first + len(raw) >= size else _without_end(raw)
    else:
        last = size if asked.end is None else min(asked.end, size)
        begin = max(0, last - asked.limit)
        first, raw = _without_beginning(begin, log.read(begin, last - begin))
    return {
        "start": first,
        "end": first + len(raw),
        "size": size,
        "text": raw.decode("utf-8", "replace"),
        "has_ended": attempt.state is State.ENDED,
    }


def search_log(call: Call, asked: Search) -> Answer:
    """Names the lines that hold a text, whatever its case, from a byte on."""
    _, log = _log(call, asked)
    wanted, position, size = in_any_case(asked.text), asked.start, log.size
    matches: list[Answer] = []
    stop = min(size, asked.start + AT_ONCE)
    while position < stop and len(matches) < MOST_MATCHES:
        raw = log.read(position, BLOCK)
        if not raw:
            break
        whole = raw if position + len(raw) >= size else _without_end(raw)
        matches += _matches(position, whole, wanted, MOST_MATCHES - len(matches))
        position = matches[-1]["end"] if len(matches) >= MOST_MATCHES else position + len(whole)
    return {"matches": matches, "searched_to": position, "size": size}


def send_file(call: Call, asked: OneLog) -> Reply:
    """Send a log as a file to keep, as long as it is now."""
    attempt, log = _log(call, asked)
    name = f"run-{asked.run}-{attempt.number}-{asked.stream}.log"
    headers = {
        "content-type": "text/plain; charset=utf-8",
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    path = call.engine.attempt_folder(attempt.id) / asked.stream
    with suppress(FileNotFoundError):
        return Reply(headers=headers, piece=Piece(file=path.open("rb"), offset=0, length=log.size))
    return Reply(status=HTTPStatus.OK, headers=headers)


def _log(call: Call, asked: OneLog) -> tuple[Attempt, Log]:
    run, attempt = call.engine.attempt(call.workspace, asked.attempt)
    if run.id != asked.run:
        raise NotFound("attempt", f"{asked.attempt} of run {asked.run}")
    if isinstance(asked, Window) and asked.start is not None and asked.end is not None:
        raise InvalidRequest(f"Parameters start {asked.start} and end {asked.end}: give one of them, or none.")
    return attempt, call.engine.log(attempt, asked.stream)


def _without_end(raw: bytes) -> bytes:
    """Leave out the line that is cut at the end; one longer than any window is given in pieces."""
    whole = raw.rpartition(b"\n")
    return whole[0] + whole[1] if whole[1] else raw


def _without_beginning(begin: int, raw: bytes) -> tuple[int, bytes]:
    """Leave out the line that is cut at the beginning."""
    cut = raw.find(b"\n", 0, LONGEST_LINE) + 1 if begin else 0
    return begin + cut, raw[cut:]


def in_any_case(text: str) -> re.Pattern[bytes]:
    """Return what finds a text whatever its case, also of letters that are several bytes long."""
    spelt = ({form.encode() for form in (one, one.lower(), one.upper())} for one in text)
    return re.compile(b"".join(b"(?:%b)" % b"|".join(map(re.escape, sorted(forms))) for forms in spelt))


def _matches(begin: int, raw: bytes, wanted: re.Pattern[bytes], limit: int) -> list[Answer]:
    position = 0
    found: list[Answer] = []
    while len(found) < limit and (match := wanted.search(raw, position)):
        start = raw.rfind(b"\n", 0, match.start()) + 1
        newline = raw.find(b"\n", match.start())
        end = len(raw) if newline < 0 else newline + 1
        text = raw[start:end].decode("utf-8", "replace").rstrip("\r\n")
        found.append({"start": begin + start, "end": begin + end, "text": text[:LONGEST_SHOWN]})
        position = end
    return found
