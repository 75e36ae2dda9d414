"""The requests of a run and their responses as a HAR 1.2 archive, as browsers and proxies read it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from runyard.arazzo.http.exchange import Exchange, Headers, HttpRequest, HttpResponse
from runyard.arazzo.running.progress import StepPlace, StepReport, WorkflowReport

Entry = dict[str, Any]

UNKNOWN = -1  # as the format says that something was not measured
LARGEST_TEXT = 1024 * 1024
MOST_TEXT = 64 * 1024 * 1024
FORM = "application/x-www-form-urlencoded"


class HarArchive:
    """Hears of a run, and gives its archive; what it hears is masked before."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._left = MOST_TEXT

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        """Keep one more entry; when there are very many bodies, without its own."""
        kept = entry(place, exchange)
        bodies = [part for part in (kept["request"].get("postData"), kept["response"]["content"]) if part]
        for body in bodies:
            self._left -= len(body.get("text", ""))
            if self._left < 0 and "text" in body:
                body |= {"text": "", "comment": "left out: the archive has enough bodies"}
                body.pop("encoding", None)
        self._entries.append(kept)

    def archive(self, *, version: str) -> dict[str, Any]:
        """Return the archive as it stands in a file."""
        creator = {"name": "runyard arazzo", "version": version}
        return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": self._entries}}

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        """Nothing is sent yet."""

    def step_began(self, place: StepPlace) -> None:
        """Nothing is sent yet."""

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        """Nothing is sent meanwhile."""

    def step_ended(self, report: StepReport) -> None:
        """What it sent is known."""

    def workflow_ended(self, report: WorkflowReport) -> None:
        """What it sent is known."""


def entry(place: StepPlace, exchange: Exchange) -> Entry:
    """Return one request with its response; one that never came has the status 0, as browsers write it."""
    took_ms = round(exchange.took_s * 1000, 3)
    comment = "/".join((*place.workflows, place.step))
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.began_at, UTC).isoformat(timespec="milliseconds"),
        "time": took_ms,
        "request": _request(exchange.request),
        "response": _response(exchange.response or HttpResponse(status=0)),
        "cache": {},
        "timings": {"blocked": UNKNOWN, "dns": UNKNOWN, "connect": UNKNOWN, "send": 0, "wait": took_ms, "receive": 0},
        "comment": f"{comment}: {exchange.error}" if exchange.error else comment,
    }


def _request(request: HttpRequest) -> dict[str, Any]:
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    return {
        "method": request.method,
        "url": request.url,
        "httpVersion": "HTTP/1.1",
        "cookies": _cookies(request.headers, "cookie"),
        "headers": _pairs(request.headers),
        "queryString": _pairs(query),
        **({"postData": _posted(request)} if request.body else {}),
        "headersSize": UNKNOWN,
        "bodySize": len(request.body or b""),
    }


def _posted(request: HttpRequest) -> dict[str, Any]:
    kind = _value(request.headers, "content-type")
    told = _told(request.body or b"")
    if kind.partition(";")[0].strip().lower() == FORM and "encoding" not in told:
        return {"mimeType": kind, "params": _pairs(parse_qsl(told["text"], keep_blank_values=True))}
    # The format has an encoding only for what came back, none for what was sent.
    encoded = {"comment": "the text is in base64"} if told.pop("encoding", None) else {}
    return {"mimeType": kind, **told, **encoded}


def _response(response: HttpResponse) -> dict[str, Any]:
    return {
        "status": response.status,
        "statusText": response.reason or _usual_reason(response.status),
        "httpVersion": "HTTP/1.1",
        "cookies": _cookies(response.headers, "set-cookie"),
        "headers": _pairs(response.headers),
        "content": {
            "size": len(response.body),
            "mimeType": _value(response.headers, "content-type"),
            **_told(response.body),
        },
        "redirectURL": _value(response.headers, "location"),
        "headersSize": UNKNOWN,
        "bodySize": len(response.body),
    }


def _told(body: bytes) -> dict[str, Any]:
    """Return a body as text; of a large one the beginning, and one that is no text in base64."""
    cut = {"comment": f"the first {LARGEST_TEXT:,} of {len(body):,} bytes"} if len(body) > LARGEST_TEXT else {}
    shown = body[:LARGEST_TEXT]
    try:
        text = shown.decode("utf-8", "ignore" if cut else "strict")
    except UnicodeDecodeError:
        return {"text": b64encode(shown).decode(), "encoding": "base64", **cut}
    return {"text": text, **cut}


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _cookies(headers: Headers, header: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for name, value in headers:
        if name.lower() == header:
            try:
                found += [{"name": one.key, "value": one.value} for one in SimpleCookie(value).values()]
            except CookieError:
                continue  # the header itself is there
    return found


def _value(headers: Headers, wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")


def _usual_reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
