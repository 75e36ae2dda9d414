"""CREATE, REFRESH and DROP VIEW; tables are not made here."""

from __future__ import annotations

from runyard.sql.errors import NOT_SUPPORTED
from runyard.sql.grammar.cursor import Cursor
from runyard.sql.grammar.queries import query
from runyard.sql.statements import CreateView, OfView

KEPT = "Only views are kept here: CREATE [OR REPLACE] [MATERIALIZED] VIEW name AS SELECT …."


def create(cursor: Cursor) -> CreateView:
    """CREATE [OR REPLACE] [MATERIALIZED] VIEW name AS query."""
    cursor.needs("CREATE")
    replaces = cursor.takes("OR", "REPLACE")
    cursor.takes_one("TEMPORARY", "TEMP")
    is_materialized = cursor.takes("MATERIALIZED")
    if not cursor.takes("VIEW"):
        raise cursor.wrong("VIEW is expected", code=NOT_SUPPORTED, hint=KEPT)
    name = cursor.name("The view")
    cursor.needs("AS")
    tree = query(cursor, cursor.rest())
    return CreateView(name=name, tree=tree, replaces=replaces, is_materialized=is_materialized)


def refresh(cursor: Cursor) -> OfView:
    """REFRESH MATERIALIZED VIEW name."""
    cursor.needs("REFRESH", "MATERIALIZED", "VIEW")
    cursor.takes("CONCURRENTLY")
    return OfView(verb="refresh", name=cursor.name("The view"))


def drop(cursor: Cursor) -> OfView:
    """DROP [MATERIALIZED] VIEW [IF EXISTS] name."""
    cursor.needs("DROP")
    cursor.takes("MATERIALIZED")
    if not cursor.takes("VIEW"):
        raise cursor.wrong("VIEW is expected", code=NOT_SUPPORTED, hint=KEPT)
    if_exists = cursor.takes("IF", "EXISTS")
    return OfView(verb="drop", name=cursor.name("The view"), if_exists=if_exists)
