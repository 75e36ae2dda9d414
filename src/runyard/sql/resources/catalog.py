"""Every resource: its columns are those of its local table, its methods the operations of the dialects."""

from __future__ import annotations

from runyard.sql.catalog import Catalog
from runyard.sql.resources import databricks, glue, ledger
from runyard.sql.views.registry import ALIASES, VIEWS


def catalog() -> Catalog:
    """Return all there is to ask."""
    views = (one.resource for one in VIEWS.values())
    known = (*ledger.resources(), *databricks.resources(), *glue.resources(), *views)
    return Catalog(resources=known, aliases=ALIASES)
