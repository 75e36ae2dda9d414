"""A document with what it refers to: descriptions of APIs and other documents, each fetched when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin

from runyard.arazzo.apis.operations import Operation
from runyard.arazzo.apis.sources import Api, FetchText, kind_of, read_api
from runyard.arazzo.documents.assembly import assemble
from runyard.arazzo.documents.document import SourceDescription
from runyard.arazzo.documents.reading import read
from runyard.arazzo.language.expressions import Version
from runyard.core.errors import InvalidRequest, NotFound, NotSupported, RunyardError

PREFIX = "$sourceDescriptions."


class SourceUnavailable(RunyardError):
    """A source could not be fetched; it names itself, so that a caller may know another place for it."""

    def __init__(self, name: str, url: str, why: object) -> None:
        super().__init__(
            f"The source {name} cannot be read from {url}: {why} Say where it is: --source {name}=URL|FILE."
        )
        self.name = name
        self.url = url


class Loaded:
    """A document, where it stands, and its sources."""

    def __init__(self, text: str, url: str, library: _Library) -> None:
        data = read(text)
        self.data: Mapping[str, Any] = data
        self.document = assemble(data)
        self.url = url
        self.base = urljoin(url, self.document.self_uri or "")
        self.version = Version(self.document.minor)
        self.operations: dict[str, tuple[str, Operation]] = {}  # those found, by the id or path that steps say
        self._library = library
        self._sources = {source.name: library.placed(source, self) for source in self.document.sources}
        library.keep(self)

    @property
    def sources(self) -> Mapping[str, SourceDescription]:
        """The sources by name, each with the URL that it is really fetched from."""
        return self._sources

    @property
    def servers(self) -> Mapping[str, str]:
        """By source name: the server to call instead of the described ones."""
        return self._library.servers if self._library.is_first(self) else {}

    def source(self, name: str) -> Api | Loaded:
        """What a source is, fetched once; a kind that is not said is known by its text."""
        if name not in self._sources:
            raise NotFound("source", f"{name!r}; known are {', '.join(self._sources) or 'none'}")
        source = self._sources[name]
        if source.type == "asyncapi":
            raise NotSupported(f"The source {name} is an AsyncAPI description; steps on channels cannot be run here.")
        return self._library.opened(source)

    def other_document(self, name: str) -> Loaded | None:
        """The document that a source is, if it is one and was asked for."""
        found = self._library.known(self._sources[name])
        return found if isinstance(found, Loaded) else None

    def fetch(self, url: str) -> str:
        """The text at a URL that is relative to this document."""
        return self._library.fetch(urljoin(self.base, url))


class _Library:
    """All that belongs to one opened document, so that nothing is fetched or read twice."""

    def __init__(self, fetch: FetchText, sources: Mapping[str, str], servers: Mapping[str, str]) -> None:
        self.fetch = fetch
        self.servers = servers
        self._overrides = sources
        self._first: Loaded | None = None
        self._opened: dict[str, Api | Loaded] = {}

    def keep(self, loaded: Loaded) -> None:
        """Know a document by where it stands and by what it calls itself."""
        self._first = self._first or loaded
        for url in (loaded.url, loaded.base):
            self._opened.setdefault(urldefrag(url)[0], loaded)

    def is_first(self, loaded: Loaded) -> bool:
        """Whether the document is the one that was opened, whose sources a caller may place elsewhere."""
        return self._first is None or self._first is loaded

    def placed(self, source: SourceDescription, loaded: Loaded) -> SourceDescription:
        """The source with the URL that it is fetched from."""
        override = self._overrides.get(source.name) if self.is_first(loaded) else None
        return source.but(url=override or urljoin(loaded.base, source.url))

    def known(self, source: SourceDescription) -> Api | Loaded | None:
        """The source, if it was fetched before."""
        return self._opened.get(urldefrag(source.url)[0])

    def opened(self, source: SourceDescription) -> Api | Loaded:
        """The source itself."""
        url = urldefrag(source.url)[0]
        if url not in self._opened:
            try:
                text = self.fetch(url)
            except (OSError, RunyardError) as error:
                raise SourceUnavailable(source.name, url, _sentence(error)) from error
            self._opened[url] = self._read(text, url, source)
        return self._opened[url]

    def _read(self, text: str, url: str, source: SourceDescription) -> Api | Loaded:
        try:
            kind = source.type or kind_of(read(text))
            return Loaded(text, url, self) if kind == "arazzo" else read_api(text, url, self.fetch)
        except (InvalidRequest, NotSupported) as error:
            raise type(error)(f"The source {source.name} at {url}: {error}") from error


def _sentence(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text if text.endswith(".") else f"{text}."


def open_document(
    text: str,
    *,
    url: str,
    fetch: FetchText,
    sources: Mapping[str, str] | None = None,
    servers: Mapping[str, str] | None = None,
) -> Loaded:
    """Read a document that stands at `url`; `sources` and `servers` say by source name where to look instead."""
    loaded = Loaded(text, url, _Library(fetch, sources or {}, servers or {}))
    for given in (sources or {}, servers or {}):
        for name in given:
            if name not in loaded.sources:
                known = ", ".join(loaded.sources) or "none"
                raise InvalidRequest(f"The document has no source {name!r}; it has {known}.")
    return loaded
