"""What the sessions of one process share: the ledger, what there is to ask, and the plans of statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlglot import exp

from runyard.client.connections import Connections, Here, read_connections
from runyard.core.access import Role
from runyard.core.errors import InvalidRequest
from runyard.dialects.aws.account import DEFAULT_REGION
from runyard.dialects.dremio_ids import project_id
from runyard.sql.callables import functions
from runyard.sql.catalog import Catalog
from runyard.sql.errors import SqlError
from runyard.sql.grammar.parsing import parse
from runyard.sql.local import functions as local_functions
from runyard.sql.local.reading import Ledger, Reader, SqliteLedger
from runyard.sql.local.registry import TABLES
from runyard.sql.local.tables import LocalTable
from runyard.sql.planning.called import Called, by_name
from runyard.sql.planning.planning import Plan, Surroundings, plan
from runyard.sql.resources.catalog import catalog
from runyard.sql.talking.conversation import Conversation
from runyard.sql.talking.keeping import Keeping
from runyard.sql.talking.remembering import Remembered
from runyard.sql.talking.running import Runner
from runyard.sql.talking.talk import Means, Planning
from runyard.sql.talking.troubles import placed
from runyard.sql.views.registry import VIEWS as KNOWN_VIEWS
from runyard.sql.views.registry import known

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
VIEWS = "views"  # of HOME/sql
MOST_STATEMENTS, MOST_PLANS = 1024, 1024


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who asks, and with which keys this server is asked for changes."""

    name: str
    workspace: str = "default"
    here: Here | None = None
    sees_everything: bool = False  # may read the ledger's own tables, of all workspaces
    role: Callable[[], Role | None] = lambda: Role.VIEWER  # at this moment; None: the credential is no longer good


@dataclass(kw_only=True)
class Yard:
    """What sessions share. Make one a process, with open_yard."""

    home: Path
    ledger: Ledger
    catalog: Catalog
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # connections, of settings.toml
    environment: Mapping[str, str] = field(default_factory=dict)
    _plans: Remembered[tuple[object, ...], Plan] = field(default_factory=lambda: Remembered(MOST_PLANS))
    _keepings: dict[str, Keeping] = field(default_factory=dict)

    def session(self, person: Person) -> Conversation:
        """Begin a conversation."""
        connections = Connections(self.given, environment=self.environment, here=_here(person))
        keeping = self.keeping(person.workspace)
        runner = Runner(
            ledger=self.ledger,
            catalog=self.catalog,
            connections=connections,
            kept=keeping.file,
            prepare=_introducing(person),
        )
        return Conversation(
            Means(
                runner=runner,
                parse=_parsed,
                plan=self._planning(person, connections, keeping, runner),
                catalog=self.catalog,
                connections=connections,
                keeping=keeping,
                workspace=self._finding(person.workspace),
                told=_told(person),
                sees_everything=person.sees_everything,
                role=person.role,
            )
        )

    def close(self) -> None:
        """Let go of the ledger."""
        self.ledger.close()

    def keeping(self, workspace: str) -> Keeping:
        """Return the views of a workspace."""
        name = workspace.encode().hex()  # whatever its name is, its file has one
        return self._keepings.setdefault(workspace, Keeping(self.home / "sql" / VIEWS / f"{name}.db"))

    def _planning(self, person: Person, connections: Connections, keeping: Keeping, runner: Runner) -> Planning:
        """Return what plans the queries of a session; those of one text are planned once for all sessions alike."""
        around = Surroundings(
            catalog=self.catalog,
            tables=TABLES,
            view=lambda name: _tree_of(keeping, name),
            kept=lambda name: _rows_of(keeping, name),
            is_here=connections.is_here,
            counts_phases=isinstance(self.ledger, SqliteLedger),
            region=_told(person)["region"],
        )
        alike = (person.workspace, _told(person)["region"], person.here.aliases if person.here is not None else None)

        def made(tree: exp.Expr, text: str, called: Sequence[Called]) -> Plan:
            try:
                fresh = plan(tree, replace(around, called=by_name(called)) if called else around)
            except SqlError as error:
                raise placed(error, text, [*TABLES, *KNOWN_VIEWS, *keeping.all()]) from error
            runner.check(fresh, text)
            return fresh

        def planned(tree: exp.Expr, text: str, called: Sequence[Called] = ()) -> Plan:
            if not text:
                return made(tree, text, called)
            return self._plans.get((text, keeping.version, *alike), lambda: made(tree, text, called))

        return planned

    def _finding(self, workspace: str) -> Callable[[], int]:
        """Return what finds a workspace's id; one that nobody has used yet may be used later."""
        found: list[int] = []

        def find() -> int:
            if not found and (known := self.ledger.workspace(workspace)) is not None:
                found.append(known)
            return found[0] if found else 0

        return find


def open_yard(*, home: Path, store_url: str | None = None, environment: Mapping[str, str] | None = None) -> Yard:
    """Open the ledger of a home, or the one of a URL, to be asked; `environment` may hold keys of services."""
    return Yard(
        home=home,
        ledger=_ledger(store_url or f"{SQLITE}{home / 'ledger.db'}"),
        catalog=catalog(),
        given=read_connections(home / "settings.toml"),
        environment=environment or {},
    )


_parsed = lru_cache(MOST_STATEMENTS)(parse)


def _ledger(url: str) -> Ledger:
    if url.startswith(SQLITE):
        return SqliteLedger(Path(url.removeprefix(SQLITE)), prepare=local_functions.register)
    if url.startswith(POSTGRES):
        from runyard.sql.local.postgres_reading import PostgresLedger  # noqa: PLC0415 - an extra; most never need it

        return PostgresLedger(url, prepare=local_functions.register)
    scheme = url.partition("://")[0]  # what follows may hold a password
    raise InvalidRequest(f"--store {scheme!r} is not a ledger; use sqlite:///PATH or postgresql://USER@HOST/NAME.")


def _tree_of(keeping: Keeping, name: str) -> exp.Expr | None:
    kept = keeping.find(name)
    if kept is not None:
        return None if kept.is_materialized else kept.tree
    view = known(name)
    return view.tree if view is not None else None


def _here(person: Person) -> Here | None:
    """Return this server as the person's workspace knows it: its project has an id of its own."""
    return None if person.here is None else replace(person.here, project_id=project_id(person.workspace))


def _told(person: Person) -> Mapping[str, str]:
    """Return what local tables are told of the session, beside its workspace."""
    if person.here is None:
        return {"url": "", "region": DEFAULT_REGION}
    return {"url": person.here.url, "region": person.here.region}


def _rows_of(keeping: Keeping, name: str) -> LocalTable | None:
    kept = keeping.find(name)
    return kept.table if kept is not None and kept.is_materialized else None


def _introducing(person: Person) -> Callable[[Reader], None]:
    """Return what tells a connection who asks, unless it knows."""
    told = (person.name, person.workspace)

    def introduce(connection: Reader) -> None:
        if connection.told != told:
            functions.register(connection, user=person.name, database=person.workspace)
            connection.told = told

    return introduce
