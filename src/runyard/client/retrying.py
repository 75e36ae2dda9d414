"""Making a call until it is answered: what may be repeated is, with growing pauses, within a bounded time."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from runyard.client.errors import BrokenAnswer, Unreachable
from runyard.client.stop import Stop
from runyard.client.transport import Answer, Message, NothingSent, Transport

BUSY = frozenset({
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
})  # fmt: skip
"""Answers that another try may better."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a call may take, and how often it is tried."""

    try_s: float = 60.0
    total_s: float = 180.0
    tries: int = 6
    first_pause_s: float = 0.25
    longest_pause_s: float = 20.0


@dataclass(frozen=True, kw_only=True)
class Attempting:
    """One call: how its request is made anew for each try, and what may be done about a failure."""

    make: Callable[[], Message]
    repeatable: bool  # carrying it out twice does what carrying it out once does
    was_turned_away: Callable[[Answer], bool]  # the service says that it has not even looked at it
    place: str  # for messages


def send(transport: Transport, call: Attempting, *, patience: Patience, stop: Stop) -> Answer:
    """Return the answer to a call, be it the last of several refusals; raise Unreachable if none came."""
    deadline = time.monotonic() + patience.total_s
    number = 0
    while True:
        number += 1
        outcome = _tried(transport, call, timeout_s=min(patience.try_s, deadline - time.monotonic()), stop=stop)
        if isinstance(outcome, Answer) and not _may_better(call, outcome):
            return outcome
        if isinstance(outcome, Exception) and not (call.repeatable or isinstance(outcome, NothingSent)):
            raise _unreachable(call, outcome) from outcome
        pause = _pause(outcome, patience, number)
        if number >= patience.tries or time.monotonic() + pause >= deadline:
            if isinstance(outcome, Answer):
                return outcome
            raise _unreachable(call, outcome) from outcome
        stop.pause(pause)


def _tried(transport: Transport, call: Attempting, *, timeout_s: float, stop: Stop) -> Answer | Exception:
    try:
        return transport.exchange(call.make(), timeout_s=timeout_s, stop=stop)
    except (OSError, http.client.HTTPException) as error:
        return error


def _may_better(call: Attempting, answer: Answer) -> bool:
    return call.was_turned_away(answer) or (call.repeatable and answer.status in BUSY)


def _pause(outcome: Answer | Exception, patience: Patience, number: int) -> float:
    """Return how long to wait: what the service asks for, else twice as long each time, less a part by chance."""
    asked = retry_after(outcome.headers.get("retry-after", "")) if isinstance(outcome, Answer) else None
    if asked is not None:
        return asked
    most: float = min(patience.longest_pause_s, patience.first_pause_s * 2 ** (number - 1))
    return random.uniform(most / 2, most)  # noqa: S311 - it keeps clients apart, not secrets


def retry_after(text: str) -> float | None:
    """Return the seconds that a Retry-After asks for, as a number or as a date; None if it says nothing."""
    if text.strip().isdecimal() and text.isascii():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _unreachable(call: Attempting, error: Exception) -> Unreachable | BrokenAnswer:
    why = str(error) or type(error).__name__
    if isinstance(error, http.client.IncompleteRead):
        return BrokenAnswer(f"{call.place} broke off in the middle of its answer, each time it was asked.")
    if call.repeatable or isinstance(error, NothingSent):
        return Unreachable(f"{call.place} does not answer ({why}).")
    advice = "It may have been carried out all the same: look before you ask again."
    return Unreachable(f"{call.place} did not answer ({why}). {advice}")
