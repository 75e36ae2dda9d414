"""One page for every address of the console, with what it will ask for first named ahead of its code."""

from __future__ import annotations

import hashlib
import html
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct, field

from runyard.dialects.exchange import Reply
from runyard.web.console.files import MODULES, Files

ENTRY = "ui/main.js"
SIGN_IN = "ui/login.js"
LOOKS = "style.css"
_IMPORTS = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
_POLICY = (
    "default-src 'none'; script-src 'self' 'sha256-{proof}'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PLACE = re.compile(r"\$(\d)")
_PART = re.compile(r"\$(?:ahead|modules|told)")


class Page(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of static/pages.json, which the pages themselves read too."""

    at: str  # a pattern of addresses
    title: str
    module: str
    part: str  # what of the module is the page
    style: str | None = None  # beside the one that all have
    asks: tuple[str, ...] = field(default=())  # what it asks for first where the address has no query


@dataclass(frozen=True, kw_only=True)
class Place:
    """An address of the console."""

    page: Page
    asks: tuple[str, ...]


NOWHERE = Place(page=Page(at="", title="Nothing here", module=SIGN_IN, part=""), asks=())


class Pages:
    """The frame of all pages, filled for an address and for whoever comes."""

    def __init__(self, files: Files) -> None:
        self._root = files.root
        self._rows = msgspec.json.decode(files.text("pages.json"), type=list[Page])
        self._patterns = [re.compile(row.at, re.ASCII) for row in self._rows]
        imports = ",\n".join(f'    "{name}": "{files.root}/{file}"' for name, file in MODULES.items())
        self._frame = files.text("index.html").replace("$root", files.root).replace("$imports", imports)
        self._modules = {name: _modules(files, name) for name in (SIGN_IN, *(row.module for row in self._rows))}
        found = _IMPORTS.search(self._frame)
        assert found is not None, "index.html has no import map"  # noqa: S101 - a file of ours
        proof = b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        self._headers = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": _POLICY.format(proof=proof),
            "cache-control": "no-store",  # it says who is signed in
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }

    def at(self, path: str, query: bytes) -> Place | None:
        """Return which page stands at an address, if one of the console does."""
        for pattern, row in zip(self._patterns, self._rows, strict=True):
            if found := pattern.fullmatch(path):
                asks = (_PLACE.sub(lambda place: found[int(place[1])], ask) for ask in row.asks if not query)
                return Place(page=row, asks=tuple(asks))
        return None

    def shown(self, place: Place, session: Mapping[str, Any] | None, *, last: int) -> Reply:
        """Send the page of an address; it tells who is there, if that is known, and the last event before it."""
        is_known = bool(session and session["user"])
        told = {"session": session, "last": str(last), "pages": self._rows}
        parts = {
            "$ahead": "\n".join((*_asks(place.asks if is_known else ()), *self._looks(place.page))),
            "$modules": self._modules[place.page.module if is_known else SIGN_IN],
            "$told": msgspec.json.encode(told).decode().replace("<", "\\u003c"),
        }
        body = _PART.sub(lambda part: parts[part[0]], self._frame)
        return Reply(headers=self._headers, body=body.encode())

    def _looks(self, page: Page) -> Iterator[str]:
        for style in (LOOKS, page.style):
            if style is not None:
                yield f'<link rel="stylesheet" href="{self._root}/{style}">'


def _asks(paths: Iterable[str]) -> Iterator[str]:
    """Name what is asked for first, in the very words in which the page's code asks for it later."""
    for path in paths:
        yield f'<link rel="preload" as="fetch" crossorigin href="{html.escape(path)}">'


def _modules(files: Files, module: str) -> str:
    """Name modules; these stand behind the map of imports, without which a browser could not read theirs."""
    return "\n".join(f'<link rel="modulepreload" href="{files.root}/{name}">' for name in files.needed(ENTRY, module))
