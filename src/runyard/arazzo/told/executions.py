"""The executions of steps as later readers of the ledger get them: what was sent, what came back, what was judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.arazzo.http.exchange import Exchange, Headers
from runyard.arazzo.running.progress import Judged, StepPlace, StepReport
from runyard.arazzo.told.telling import newest_word, shown

Executed = dict[str, Any]

MS = 1000
LONGEST_BODY = 4_000  # characters of a request's or a response's
LONGEST_VALUE = 2_000  # of an output
MOST_HEADERS = 40
MOST_CRITERIA = 20
FIRST_POLLS = 3  # that are kept whatever they say; later ones only if they say something new
MOST_KEPT = 60  # executions of one step that are kept


class Executions:
    """Keeps the executions of steps; of what is polled again and again only those that say something new."""

    def __init__(self) -> None:
        self._words: dict[StepPlace, tuple[Any, ...]] = {}
        self._kept: dict[StepPlace, int] = {}
        self._left_out: dict[StepPlace, int] = {}

    def take(self, report: StepReport) -> Executed | None:
        """Return an execution as it is kept; None if it is not. What it hears is masked before."""
        place, word = report.place, _word(report)
        polls = report.follows in (f"goto {place.step}", f"retry {place.step}")
        count = self._kept.get(place, 0)
        says_nothing = count >= FIRST_POLLS and self._words.get(place) == word
        self._words[place] = word
        if polls and (says_nothing or count >= MOST_KEPT):
            self._left_out[place] = self._left_out.get(place, 0) + 1
            return None
        self._kept[place] = count + 1
        left_out = self._left_out.pop(place, 0)
        told = _executed(report)
        return {**told, "left_out": left_out} if left_out else told


def _word(report: StepReport) -> tuple[Any, ...]:
    response = report.exchange.response if report.exchange is not None else None
    return report.succeeded, response.status if response else None, newest_word((*report.criteria, *report.asked))


def _executed(report: StepReport) -> Executed:
    return {
        "workflows": list(report.place.workflows),
        "step": report.place.step,
        "execution": report.tries,
        "succeeded": report.succeeded,
        "word": newest_word((*report.criteria, *report.asked)),
        "message": report.message,
        "follows": report.follows,
        "began_at": round(report.began_at * MS),
        "took_ms": round(report.took_s * MS, 3),
        "outputs": {name: _bounded(value) for name, value in report.outputs.items()},
        "criteria": _judged(report.criteria),
        "asked": _judged(report.asked),
        **(_exchanged(report.exchange) if report.exchange is not None else {}),
    }


def _judged(criteria: Sequence[Judged]) -> list[Executed]:
    return [
        {
            "condition": one.condition,
            "type": one.type,
            "holds": one.holds,
            "saw": {text: shown(value) for text, value in one.saw.items()},
            **({"error": one.error} if one.error else {}),
        }
        for one in criteria[:MOST_CRITERIA]
    ]


def _exchanged(exchange: Exchange) -> Executed:
    request, response = exchange.request, exchange.response
    asked = {"method": request.method, "url": request.url, **_message(request.headers, request.body or b"")}
    if response is None:
        return {"request": asked, "error": exchange.error or "no response came"}
    answered = {"status": response.status, "reason": response.reason, **_message(response.headers, response.body)}
    return {"request": asked, "response": answered}


def _message(headers: Headers, body: bytes) -> Executed:
    text = body[: 4 * LONGEST_BODY].decode("utf-8", "replace")
    cut = {"size": len(body)} if len(text) > LONGEST_BODY or len(body) > 4 * LONGEST_BODY else {}
    return {"headers": [list(header) for header in headers[:MOST_HEADERS]], "body": text[:LONGEST_BODY], **cut}


def _bounded(value: Any) -> Any:
    """Return a value, of one that is long its beginning as text."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"
    if isinstance(value, Mapping | list | tuple):
        text = shown(value)
        return value if len(text) < LONGEST_VALUE // 10 else text
    return value
