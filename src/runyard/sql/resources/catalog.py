"""Every resource: its columns are those of its local table, its methods the operations of the dialects."""

from __future__ import annotations

from runyard.sql.catalog import Catalog
from runyard.sql.resources import databricks, dremio, glue, ledger
from runyard.sql.views.registry import ALIASES, VIEWS


def catalog() -> Catalog:
    """Return all there is to ask."""
    ledgers = ledger.resources()
    views = (one.resource for one in VIEWS.values())
    known = (*ledgers, *databricks.resources(), *glue.resources(), *dremio.resources(), *views)
    bare = {one.name: one.path for one in ledgers}  # as PostgreSQL finds what stands in a schema of the search_path
    return Catalog(resources=known, aliases={**bare, **ALIASES})
