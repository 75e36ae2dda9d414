"""The session of `runyard sql`: over the ledger of a home, or over a server elsewhere by the services it speaks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runyard.cli.target import Target
from runyard.cli.variables import NAMED, USER, WORKSPACE, variables
from runyard.client.home import Keys, find_place, read_keys
from runyard.dialects.dremio_ids import project_id

if TYPE_CHECKING:
    from runyard.client.connections import Here
    from runyard.sql.catalog import Catalog
    from runyard.sql.session import Session
    from runyard.sql.yard import Yard

NO_SERVER = "http://127.0.0.1:9"  # the port where nothing is: changes are refused, the ledger is read


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A session, and what a shell says of it."""

    session: Session
    catalog: Catalog
    home: Path
    advice: str = ""  # what to do if a change or a resource is out of reach


@contextmanager
def opened(target: Target, *, store: str | None) -> Iterator[Opened]:
    """Open a session, and close it again."""
    from runyard.core.access import Role  # noqa: PLC0415 - see main.py
    from runyard.sql.yard import Person  # noqa: PLC0415 - see main.py

    yard, here, advice = _elsewhere(target) if target.address is not None else _at_home(target, store)
    try:
        workspace = here.token.removeprefix(NAMED) if here and here.token.startswith(NAMED) else WORKSPACE
        # Whoever reads the files of a home needs no leave; for changes the server is asked, with a key.
        person = Person(name=USER, workspace=workspace, here=here, sees_everything=True, role=lambda: Role.ADMIN)
        session = yard.session(person)
        try:
            yield Opened(session=session, catalog=yard.catalog, home=target.folder, advice=advice)
        finally:
            session.close()
    finally:
        yard.close()


def _at_home(target: Target, store: str | None) -> tuple[Yard, Here, str]:
    from runyard.client.connections import Here  # noqa: PLC0415 - see main.py
    from runyard.sql.yard import open_yard  # noqa: PLC0415 - see main.py

    home = target.folder
    if store is None and not (home / "ledger.db").exists():
        raise click.ClickException(
            f"There is no ledger in {home}. `runyard serve --home {home}` makes one; "
            "name another with --home or --store."
        )
    place = find_place(home)
    keys = read_keys(home) if place is not None else Keys(access_key="", secret_key="", token="", password="")
    here = Here(
        url=place.url if place is not None else NO_SERVER,
        token=keys.token,
        access_key=keys.access_key,
        secret_key=keys.secret_key,
        project_id=project_id(WORKSPACE),
    )
    advice = "" if place is not None else f"No server runs for {home}: start one with `runyard serve --home {home}`."
    return open_yard(home=home, store_url=store, environment=dict(os.environ)), here, advice


def _elsewhere(target: Target) -> tuple[Yard, None, str]:
    """Ask a server by the languages it speaks; its ledger is not here."""
    from runyard.client.connections import read_connections  # noqa: PLC0415 - see main.py
    from runyard.sql.local.functions import register  # noqa: PLC0415 - see main.py
    from runyard.sql.local.reading import SqliteLedger  # noqa: PLC0415 - see main.py
    from runyard.sql.resources.catalog import catalog  # noqa: PLC0415 - see main.py
    from runyard.sql.yard import Yard  # noqa: PLC0415 - see main.py

    class NoLedger(SqliteLedger):
        """No tables at all; connections in which those of services are made."""

        def workspace(self, name: str) -> None:
            """Know none."""
            del name

    found = variables(target)
    environment = {
        **os.environ,
        **found,
        "RUNYARD_URL": target.address or "",
        "RUNYARD_TOKEN": found["DATABRICKS_TOKEN"],
    }
    yard = Yard(
        home=target.folder,
        ledger=NoLedger(Path(":memory:"), prepare=register),
        catalog=catalog(),
        given=read_connections(target.folder / "settings.toml"),
        environment=environment,
    )
    advice = "With --url the resources of services are asked; the ledger itself is read with --home or --store."
    return yard, None, advice
