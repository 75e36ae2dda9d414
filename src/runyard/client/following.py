"""Reading what a run prints: what there is, or all of it as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runyard.client.errors import CallFailed
from runyard.client.native import LONGEST_WAIT_S, NativeClient, Record


@dataclass(frozen=True, kw_only=True)
class Printed:
    """Some text that an attempt printed."""

    stream: str
    text: str
    attempt: int


def read_log(client: NativeClient, run_id: int, *, stream: str, attempt: int | None) -> Iterator[Printed]:
    """Yield what an attempt (None: the newest) has printed so far."""
    offset = "0"
    while True:
        page = client.log(run_id, stream=stream, offset=offset, attempt=attempt)
        yield from _printed(page)
        if page["next_offset"] == offset or page["complete"]:
            return
        attempt, offset = page["attempt"]["number"], page["next_offset"]


def follow_log(client: NativeClient, run_id: int, *, stream: str, attempt: int | None) -> Iterator[Printed]:
    """Yield what an attempt (None: each in turn) prints, until there is nothing more to come."""
    number, offset = attempt or 0, "0"
    while True:
        try:
            page = client.log(run_id, stream=stream, offset=offset, attempt=number, wait_s=LONGEST_WAIT_S)
        except CallFailed as error:
            if error.code == "not_found" and attempt is None and client.run(run_id)["state"] == "ended":
                return  # it was skipped, and never had an attempt
            raise
        yield from _printed(page)
        offset = page["next_offset"]
        if page["complete"]:
            # The next attempt is recorded together with the end of the one before it.
            if attempt is not None or client.run(run_id)["attempt"] <= number:
                return
            number, offset = number + 1, "0"


def _printed(page: Record) -> Iterator[Printed]:
    for piece in page["pieces"]:
        if piece["text"]:
            yield Printed(stream=piece["stream"], text=piece["text"], attempt=page["attempt"]["number"])
