"""Documents as the commands are given them, and what is told of those that are wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runyard.arazzo.http.fetching import Fetch, is_remote, url_of
from runyard.arazzo.records import Record
from runyard.cli.exits import REFUSED
from runyard.core.errors import InvalidRequest, NotSupported, RunyardError

if TYPE_CHECKING:
    from runyard.arazzo.running.loading import Loaded
    from runyard.arazzo.told.masking import Masking


class Refused(click.ClickException):
    """The call or the document is wrong; nothing was sent to any API."""

    exit_code = REFUSED


@contextmanager
def refusing(masking: Masking | None = None) -> Iterator[None]:
    """Tell what is wrong with a document or with what was typed, without the secrets in it, and exit with 2."""
    try:
        yield
    except RunyardError as error:
        from runyard.arazzo.told.masking import Masking  # noqa: PLC0415 - see main.py

        raise Refused((masking or Masking()).text(str(error))) from error


class Text(Record):
    """A document's text, where it stands, what it was called, and what fetches the texts it refers to."""

    text: str
    url: str
    named: str
    fetch: Fetch


def document_text(named: str, sources: Mapping[str, str], **how: Any) -> Text:
    """Return the text of a file, of an address, or of standard input (-); `how` is for what fetches."""
    if named == "-":
        url = (Path.cwd() / "standard-input").as_uri()
        return Text(text=sys.stdin.read(), url=url, named="standard input", fetch=Fetch(**how))
    url = url_of(named)
    chosen = [url_of(place) for place in sources.values()]
    fetch = Fetch(files=not is_remote(url), named=chosen, **how)
    return Text(text=fetch(url), url=url, named=named, fetch=fetch)


def opened(text: Text, sources: Mapping[str, str], servers: Mapping[str, str] | None = None) -> Loaded:
    """Read a document; what is wrong with it names it."""
    from runyard.arazzo.running.loading import open_document  # noqa: PLC0415 - see main.py

    try:
        return open_document(text.text, url=text.url, fetch=text.fetch, sources=sources, servers=servers)
    except (InvalidRequest, NotSupported) as error:
        kind = InvalidRequest if isinstance(error, InvalidRequest) else NotSupported  # some take more than a message
        raise kind(f"{text.named}: {error}") from error


def tell(line: str) -> None:
    """Say something to the person, beside what the command prints."""
    click.echo(line, err=True)
