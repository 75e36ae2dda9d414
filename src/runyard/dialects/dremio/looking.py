"""The catalog as a job would read it, opened in the server for who asks what a name or a text means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runyard.core.job import Workspace
from runyard.dialects.dremio import catalog, system_tables
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.places import home_of
from runyard.dialects.dremio.snapshot import snapshot
from runyard.engine.engine import Engine

if TYPE_CHECKING:
    from runyard.runtime.dremio_sql.catalog import LiveCatalog


@contextmanager
def live_catalog(engine: Engine, workspace: Workspace) -> Iterator[LiveCatalog]:
    """Give the catalog with a database of its own; what is wrong with the SQL that is looked at is 400."""
    import duckdb  # noqa: PLC0415 - of who asks, as is all below

    from runyard.runtime.dremio_sql.catalog import LiveCatalog, Snapshot  # noqa: PLC0415 - a parser of SQL, of who asks
    from runyard.runtime.dremio_sql.database import new_connection  # noqa: PLC0415 - as above
    from runyard.runtime.dremio_sql.errors import DremioError, from_duckdb  # noqa: PLC0415 - as above
    from runyard.runtime.dremio_sql.translation.translate import Session  # noqa: PLC0415 - as above

    documents = catalog.opened(engine, workspace)
    told = snapshot(documents.read(workspace, catalog.every), engine.mounts, home_of(engine, workspace))
    with new_connection(threads=1) as connection:
        session = Session(user="", now_ms=engine.now())
        try:
            known = Snapshot.of({**told, "system": system_tables.empty()})
            yield LiveCatalog(snapshot=known, connection=connection, session=session)
        except DremioError as error:
            raise wrong(error.message) from error
        except duckdb.Error as error:
            raise wrong(from_duckdb(error).message) from error
