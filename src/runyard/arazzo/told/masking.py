"""Knows the secrets of a run, and keeps them out of texts and values; veils.py does so for all that is told."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus, urlencode, urlsplit

from runyard.arazzo.documents.assembly import mapping
from runyard.arazzo.http.exchange import Exchange, Headers, HttpRequest, HttpResponse
from runyard.arazzo.language.values import as_text
from runyard.arazzo.told.secret_names import is_secret_name

MASK = "***"
SHORTEST = 4
"""A shorter secret is masked where it stands alone: masked wherever its letters occur it would spoil other words."""
MOST_HEARD = 1_000
SHORTEST_HEARD = 8
"""What a response calls a token and is shorter is masked where it has that name, but not wherever it occurs."""
HINTS = ("token", "secret", "passw", "passphrase", "pwd", "credential", "cookie", "auth", "bearer", "jwt")
KEY = "key"
KEYS = re.compile(r"(?:api|access|private|signing|encryption|account|subscription|master)[-_. ]?key")
SHORTEST_CREDENTIALS = 22
"""The characters of `Basic`, a space, and the sixteen that the pattern below wants at least."""
SCHEME = re.compile(r"(?i)\b(bearer|basic)(\s+)([\w.~+/=-]{16,})")
USER = re.compile(r"(?<=://)[^/\s@?#\"'<>]+@")
IN_QUERY = re.compile(r"([?&])([^=&?#\s\"']+)=([^&#\s\"'<>]+)")
FORM = "application/x-www-form-urlencoded"
CREDENTIALS = frozenset({"authorization", "proxy-authorization"})
COOKIES = frozenset({"cookie", "set-cookie"})


class Masking:
    """Knows the secrets of a run: those it was given, and those that its responses brought."""

    def __init__(self) -> None:
        self._alone: set[str] = set()
        self._parts: list[str] = []  # the longest first: one secret may be the beginning of another
        self._heard: deque[str] = deque()
        self._names: set[str] = set()
        self._hints: tuple[str, ...] = HINTS
        self._learned: set[tuple[str, str]] = set()  # headers whose secrets are known

    # learning

    def learn(self, value: Any) -> None:
        """Mask this value from now on, and if it has parts, each of them."""
        for text in _leaves(value):
            self._alone.add(text)
            if len(text) >= SHORTEST:
                self._add(text)

    def _add(self, text: str) -> None:
        for spelling in _spellings(text):
            place = bisect_left(self._parts, -len(spelling), key=_shortness)
            if spelling not in self._parts[place : bisect_right(self._parts, -len(spelling), key=_shortness)]:
                self._parts.insert(place, spelling)

    def _forget(self, text: str) -> None:
        self._alone.discard(text)
        spellings = _spellings(text)
        self._parts = [part for part in self._parts if part not in spellings]

    def learn_names(self, names: Iterable[str]) -> None:
        """Mask whatever has one of these names, such as the parameter that an API takes its key in."""
        self._names.update(name.lower() for name in names)
        self._hints = (*HINTS, *sorted(self._names))
        self._learned.clear()

    def learn_inputs(self, inputs: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
        """Mask the inputs that their schema or their name calls secret."""
        self.learn_names(name for name, rule in properties.items() if is_secret_rule(rule))
        for name, value in inputs.items():
            rule = properties.get(name)
            if self.is_secret(name):
                self.learn(value)
            elif isinstance(rule, dict) and isinstance(value, Mapping):
                self.learn_inputs(value, mapping(rule, "properties"))

    def learn_exchange(self, exchange: Exchange) -> None:
        """Mask the secrets that a request and its response hold by the names of their members."""
        for message in (exchange.request, exchange.response):
            if message is not None:
                for header in message.headers:
                    if header not in self._learned:  # most are the same in each request
                        self._learn_header(header)
                if message.body and self._is_hinted(text := _decoded(message.body)):
                    self._hear(self._in_body(text, _content_type(message.headers)))
        self._learn_url(exchange.request.url)

    def _learn_url(self, url: str) -> None:
        before, _, query = url.partition("?")
        if "@" in before:
            self._hear([urlsplit(before).password or ""])
        if query and any(self.is_secret(unquote_plus(pair.partition("=")[0])) for pair in query.split("&")):
            self._hear(self._named(parse_qsl(query.partition("#")[0])))

    def _is_hinted(self, text: str) -> bool:
        """Whether a body may name a secret."""
        lower = text.lower()
        for hint in self._hints:
            if hint in lower:
                return True
        return KEY in lower and KEYS.search(lower) is not None

    def _learn_header(self, header: tuple[str, str]) -> None:
        name, value = header[0].lower(), header[1]
        if name in COOKIES:
            pairs = value.split(";") if name == "cookie" else value.split(";")[:1]
            self._hear(pair.partition("=")[2].strip() for pair in pairs)
        elif name in CREDENTIALS or self.is_secret(name):
            self._hear([value.partition(" ")[2] or value, _password(value)])
        if len(self._learned) >= MOST_HEARD:
            self._learned.clear()
        self._learned.add(header)

    def _hear(self, values: Iterable[Any]) -> None:
        """Learn what a message calls secret; of very many the oldest are no longer known by their value alone."""
        for text in (text for value in values for text in _leaves(value)):
            if len(text) >= SHORTEST_HEARD and not text.isdigit() and text not in self._alone:
                self.learn(text)
                self._heard.append(text)
                if len(self._heard) > MOST_HEARD:
                    self._forget(self._heard.popleft())
                    self._learned.clear()

    def _in_body(self, text: str, content_type: str) -> Iterable[Any]:
        if content_type == FORM:
            return self._named(parse_qsl(text))
        try:
            return list(self._secrets_in(json.loads(text)))
        except (ValueError, RecursionError):
            return ()

    def _named(self, pairs: Iterable[tuple[str, str]]) -> list[str]:
        return [value for name, value in pairs if self.is_secret(name)]

    def _secrets_in(self, value: Any) -> Iterator[Any]:
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                yield from (inner for name, inner in one.items() if self.is_secret(name))
                waiting.extend(one.values())
            elif isinstance(one, list):
                waiting.extend(one)

    def is_secret(self, name: str) -> bool:
        """Tell whether what has this name is to be masked."""
        return is_secret_name(name) or name.lower() in self._names

    # masking

    def text(self, text: str) -> str:
        """Return a text in which no secret can be read."""
        if text in self._alone:
            return MASK
        for part in self._parts:
            if part in text:
                text = text.replace(part, MASK)
        if "://" in text:
            text = USER.sub(f"{MASK}@", text)
        if "=" in text:
            text = IN_QUERY.sub(self._query, text)
        return SCHEME.sub(rf"\1\2{MASK}", text) if len(text) >= SHORTEST_CREDENTIALS and " " in text else text

    def _query(self, found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}={MASK}" if self.is_secret(found[2]) else found[0]

    def value(self, value: Any) -> Any:
        """Return a value with its secrets masked, by their names and by what they are."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self._member(name, inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        if isinstance(value, Mapping):
            return self.value(dict(value))
        return MASK if self._alone and not _says_little(value) and as_text(value) in self._alone else value

    def _member(self, name: str, value: Any) -> Any:
        return MASK if self.is_secret(name) and not _says_little(value) else self.value(value)

    def texts(self, value: Any) -> Any:
        """Return a document of ours with all texts in it masked; its members' names say nothing of secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.texts(inner) for name, inner in value.items()}
        return [self.texts(inner) for inner in value] if isinstance(value, list) else value

    def headers(self, headers: Headers) -> Headers:
        """Return headers with their secrets masked."""
        return tuple((name, self._header(name.lower(), value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        if name in CREDENTIALS:
            scheme, space, _ = value.partition(" ")
            return f"{scheme} {MASK}" if space else MASK
        return MASK if name in COOKIES or self.is_secret(name) else self.text(value)

    def body(self, message: HttpRequest | HttpResponse) -> bytes | None:
        """Return a body with its secrets masked, in its own form as far as that is known here."""
        if not message.body:
            return message.body
        text = _decoded(message.body)
        if self._is_hinted(text):
            text = self._by_names(text, _content_type(message.headers))
        return self.text(text).encode("utf-8", "surrogateescape")

    def _by_names(self, text: str, content_type: str) -> str:
        """Mask what has the name of a secret; a body without any stays as it was written."""
        if content_type == FORM:
            pairs = parse_qsl(text, keep_blank_values=True)
            return urlencode([(name, MASK if self.is_secret(name) else value) for name, value in pairs], safe="*")
        try:
            data = json.loads(text)
            is_told = all(map(_says_little, self._secrets_in(data)))
            return text if is_told else json.dumps(self.value(data), ensure_ascii=False)
        except (ValueError, RecursionError):
            return text


def _shortness(text: str) -> int:
    return -len(text)


def is_secret_rule(rule: Any) -> bool:
    """Whether the schema of an input says that nobody is to read it."""
    return isinstance(rule, dict) and (rule.get("format") == "password" or rule.get("writeOnly") is True)


def _password(credentials: str) -> str:
    """The password of basic credentials."""
    scheme, _, encoded = credentials.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(encoded, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _decoded(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def _leaves(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)
        elif not _says_little(one):
            yield as_text(one)


def _says_little(value: Any) -> bool:
    """Whether a value is none that could be kept secret."""
    return value is None or isinstance(value, bool) or value in ("", MASK)


def _spellings(text: str) -> set[str]:
    """How a text stands in addresses, forms, JSON and XML."""
    return {
        text,
        quote(text),
        quote(text, safe=""),
        quote_plus(text),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    }


def _content_type(headers: Headers) -> str:
    found = next((value for name, value in headers if name.lower() == "content-type"), "")
    return found.partition(";")[0].strip().lower()
