"""Bringing the texts of documents and API descriptions: files, and addresses that anybody may read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from runyard.arazzo.http.exchange import HttpRequest, HttpResponse, Unreachable
from runyard.arazzo.http.limits import Limits

if TYPE_CHECKING:
    from runyard.arazzo.http.transport import Transport

TIMEOUT_S = 60.0
OK = 200
TEXTS = (("Accept", "application/yaml, application/json, text/plain, */*"),)


def url_of(named: str) -> str:
    """Return the URL of what somebody typed: an address as it is, or the file of that path."""
    return named if is_remote(named) or named.startswith("file:") else Path(named).expanduser().absolute().as_uri()


def is_remote(url: str) -> bool:
    """Whether a URL is an address of the network."""
    return url.lower().startswith(("http://", "https://"))


class Fetch:
    """Fetches texts; each once, and without any credentials."""

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        transport: Transport | None = None,
        files: bool = True,
        named: Iterable[str] = (),
    ) -> None:
        self._limits = transport.limits if transport else limits or Limits()
        self._transport = transport  # None: one of its own, if an address has to be fetched
        self._files = files  # False for a document from elsewhere, whose author does not choose files of this machine
        self._named = frozenset(named)  # those that the caller chose
        self._known: dict[str, str] = {}

    def __call__(self, url: str) -> str:
        """Return the text at a URL; raise Unreachable if there is none."""
        if url not in self._known:
            self._known[url] = _decoded(self._bytes(url), url)
        return self._known[url]

    def _bytes(self, url: str) -> bytes:
        if is_remote(url):
            return self._downloaded(url)
        parts = urlsplit(url)
        if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
            raise Unreachable(f"{url!r} is neither a file nor an address that begins with http:// or https://.")
        if not self._files and url not in self._named:
            raise Unreachable(f"{url!r} is a file of this machine, which a document from elsewhere may not name.")
        return self._read(Path(unquote(parts.path)))

    def _read(self, file: Path) -> bytes:
        largest = self._limits.response_bytes
        try:
            with file.open("rb") as opened:
                data = opened.read(largest + 1)
        except OSError as error:
            raise Unreachable(f"{file} cannot be read: {error.strerror}.") from error
        except ValueError as error:  # it has a character that no name of a file has
            raise Unreachable(f"{str(file)!r} is no name of a file.") from error
        if len(data) > largest:
            raise Unreachable(f"{file} is larger than {largest:,} bytes.")
        return data

    def _downloaded(self, url: str) -> bytes:
        """Follow redirects wherever they lead: nothing goes along that others must not see."""
        from runyard.arazzo.http.transport import Transport, redirected  # noqa: PLC0415  # 30 ms that a file does not need

        if self._transport is None:
            self._transport = Transport(self._limits)
        request = HttpRequest(method="GET", url=url, headers=TEXTS)
        for _ in range(self._limits.redirects + 1):
            response = self._transport(request, timeout_s=TIMEOUT_S)
            goal = redirected(request, response)
            if goal is None:
                return _found(response, request.url)
            request = HttpRequest(method="GET", url=goal, headers=TEXTS)
        raise Unreachable(f"{url} is redirected more than {self._limits.redirects} times.")


def _found(response: HttpResponse, url: str) -> bytes:
    if response.status != OK:
        raise Unreachable(f"{url} answers {response.status} {response.reason}".rstrip() + ".")
    return response.body


def _decoded(data: bytes, url: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreachable(f"{url} is no text in UTF-8 ({error.reason} at byte {error.start}).") from error
