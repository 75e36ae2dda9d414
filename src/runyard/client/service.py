"""What the clients of the three services have in common: how they are opened, call, list, wait and are closed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from runyard.client import resolving
from runyard.client.channel import Call, Channel
from runyard.client.connection import Connection
from runyard.client.connections import Here
from runyard.client.errors import WrongConnection
from runyard.client.home import read_keys, read_place
from runyard.client.paging import Paging, pages
from runyard.client.retrying import Patience
from runyard.client.runs import Run, read_run
from runyard.client.stop import Stop
from runyard.client.waiting import Progress, Waiting, wait
from runyard.dialects.dremio_ids import project_id

Record = dict[str, Any]

WORKSPACE = "default"
"""The one that the keys of a home are of."""


class Service:
    """A connection that is open; use it in a `with`, from as many threads as you like."""

    SERVICE = ""

    def __init__(self, connection: Connection, *, patience: Patience | None = None) -> None:
        self.connection = connection
        self._channel = Channel(connection, patience=patience)
        self._stop = Stop()

    @classmethod
    def connect(cls, *, home: Path | str | None = None, patience: Patience | None = None, **words: Any) -> Self:
        """Open a connection: to the server of a `home`, to what `words` name, or to what the environment names.

        The words are those of [connections.NAME] in settings.toml: url, token, profile, region, access_key …
        """
        return cls(_found(cls.SERVICE, home, words), patience=patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, and give up what other threads still wait for."""
        self._stop.set()
        self._channel.close()

    def wait(self, run: Run, *, timeout_s: float | None = None, on_progress: Progress | None = None) -> Run:
        """Return a run once it has ended, however that was; `on_progress` hears of every change of its state."""
        how = Waiting(timeout_s=timeout_s, on_progress=on_progress, stop=self._stop)
        return wait(lambda: self.refresh(run), self.connection, how)

    def refresh(self, run: Run) -> Run:
        """Return a run as it stands now."""
        raise NotImplementedError

    def _call(self, call: Call) -> Record:
        return self._channel.call(call, stop=self._stop)

    def _read(self, record: Mapping[str, Any]) -> Run:
        return read_run(self.SERVICE, record)

    def _listed(self, call: Call, *, rows: str, token: tuple[str, str]) -> Iterator[Record]:
        """Yield the records of a list, page by page as they are wanted."""
        paging = Paging(rows=rows, token=token, place=f"{call.operation} on {self.connection.name}")

        def ask(members: Mapping[str, Any]) -> Record:
            return self._call(
                Call(operation=call.operation, method=call.method, path=call.path, members=members, repeatable=True)
            )

        for page in pages(ask, call.members, paging):
            yield from page


def _found(service: str, home: Path | str | None, words: Mapping[str, Any]) -> Connection:
    given = {name: value for name, value in words.items() if value is not None}
    if home is not None:
        return _of_home(service, Path(home), given)
    resolving.checked(service, {**given, "service": service})
    return resolving.connection(service, service, given or resolving.of_surroundings(service, os.environ), os.environ)


def _of_home(service: str, home: Path, words: Mapping[str, Any]) -> Connection:
    """The way to the server of a home, whose own files say all there is to say of it."""
    if words:
        raise WrongConnection(
            f"A home says where its server is and has its keys; leave out {', '.join(sorted(words))}."
        )
    place, keys = read_place(home), read_keys(home)
    here = Here(
        url=place.url,
        token=keys.token,
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        project_id=project_id(WORKSPACE),
    )
    return here.connection(service)


def given(**members: Any) -> Record:
    """Return the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}
