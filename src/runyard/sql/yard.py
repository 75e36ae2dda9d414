"""What the sessions of one process share: the ledger, what there is to ask, and the plans of statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from runyard.client.connections import Connections, Here, read_connections
from runyard.core.errors import InvalidRequest
from runyard.sql.catalog import Catalog
from runyard.sql.conversation import Conversation
from runyard.sql.local import functions as local_functions
from runyard.sql.local.reading import Ledger, SqliteLedger
from runyard.sql.local.registry import TABLES
from runyard.sql.planning import Surroundings
from runyard.sql.resources.catalog import catalog

SQLITE = "sqlite:///"


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who asks, and with which keys this server is asked for changes."""

    name: str
    workspace: str = "default"
    here: Here | None = None
    sees_everything: bool = False  # may read the ledger's own tables, of all workspaces


@dataclass(kw_only=True)
class Yard:
    """What sessions share. Make one a process, with open_yard."""

    home: Path
    ledger: Ledger
    catalog: Catalog
    given: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # connections, of settings.toml
    environment: Mapping[str, str] = field(default_factory=dict)

    def session(self, person: Person) -> Conversation:
        """Begin a conversation."""
        connections = Connections(self.given, environment=self.environment, here=person.here)
        around = Surroundings(catalog=self.catalog, tables=TABLES)
        workspace = self.ledger.workspace(person.workspace)
        return Conversation(ledger=self.ledger, around=around, connections=connections, workspace=workspace or 0)

    def close(self) -> None:
        """Let go of the ledger."""
        self.ledger.close()


def open_yard(*, home: Path, store_url: str | None = None, environment: Mapping[str, str] | None = None) -> Yard:
    """Open the ledger of a home, or the one of a URL, to be asked; `environment` may hold keys of services."""
    return Yard(
        home=home,
        ledger=_ledger(store_url or f"{SQLITE}{home / 'ledger.db'}"),
        catalog=catalog(),
        given=read_connections(home / "settings.toml"),
        environment=environment or {},
    )


def _ledger(url: str) -> Ledger:
    if url.startswith(SQLITE):
        return SqliteLedger(Path(url.removeprefix(SQLITE)), prepare=_prepared)
    scheme = url.partition("://")[0]  # what follows may hold a password
    raise InvalidRequest(f"--store {scheme!r} is not a ledger; use sqlite:///PATH or postgresql://USER@HOST/NAME.")


def _prepared(connection: apsw.Connection) -> None:
    local_functions.register(connection)
