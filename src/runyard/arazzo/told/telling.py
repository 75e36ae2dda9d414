"""What became of a step in words: in one line, and explained with the values that were seen and what was exchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from runyard.arazzo.http.exchange import Exchange
from runyard.arazzo.language.values import MISSING, as_text
from runyard.arazzo.running.progress import Judged, StepPlace, StepReport

SHOWN = 200
LONGEST_WORD = 40
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def place_text(place: StepPlace) -> str:
    """Name a step by the way to it; the outermost workflow goes without saying."""
    return "/".join((*place.workflows[1:], place.step))


def shortened(text: str, limit: int = SHOWN) -> str:
    """Return the beginning of a text, on one line, without what would steer a terminal."""
    flat = CONTROL.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def shown(value: Any) -> str:
    """Spell a value that a condition saw."""
    return "nothing" if value is MISSING else shortened(repr(value) if isinstance(value, str) else as_text(value))


def newest_word(criteria: Sequence[Judged]) -> str:
    """Return the newest short text that the criteria saw, such as the state of what is waited for; else a number."""
    number = ""
    for judged in reversed(criteria):
        for text, value in reversed([*judged.saw.items()]):
            if "statusCode" in text:
                continue
            if isinstance(value, str) and 0 < len(value) <= LONGEST_WORD and value.isprintable():
                return value
            if not number and isinstance(value, int | float) and not isinstance(value, bool):
                number = as_text(value)
    return number


def length(seconds: float) -> str:
    """Say how long something took: 1m12s."""
    seconds = round(seconds, 3 if seconds < 1 else 1)
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    if minutes:
        return f"{minutes}m{rest:02}s"
    return f"{seconds:.1f}s" if seconds >= 1 else f"{seconds * 1000:.0f}ms"


def ended_it(report: StepReport) -> bool:
    """Tell whether a step failed, and its workflow with it."""
    return not report.succeeded and report.follows.partition(" ")[0] not in ("goto", "retry")


def explanation(report: StepReport) -> list[str]:
    """Say why a step failed: what was to hold, the values seen, the request and the response in short."""
    lines = [report.message] if report.message else []
    lines += [line for judged in report.criteria if not judged.holds for line in _criterion(judged)]
    if report.exchange is not None:
        lines += exchange_lines(report.exchange)
    return lines


def _criterion(judged: Judged) -> Iterator[str]:
    kind = "" if judged.type == "simple" else f" ({judged.type})"
    yield f"condition  {shortened(judged.condition)}{kind}"
    for text, value in judged.saw.items():
        yield f"saw        {text} = {shown(value)}"
    if judged.error:
        yield f"error      {judged.error}"


def exchange_lines(exchange: Exchange) -> list[str]:
    """Tell a request and its response in short."""
    request, response = exchange.request, exchange.response
    lines = [f"request    {request.method} {shortened(request.url)}"]
    if request.body:
        lines.append(f"           {_beginning(request.body)}")
    if response is None:
        return [*lines, f"response   none: {exchange.error or 'it never came'}"]
    body = f"  {_beginning(response.body)}" if response.body else ""
    return [*lines, f"response   {response.status} {response.reason}".rstrip() + body]


def _beginning(body: bytes) -> str:
    return shortened(body[: 4 * SHOWN].decode("utf-8", "replace"))
