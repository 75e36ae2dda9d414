"""Every resource: its columns are those of its local table, its methods the operations of the dialects."""

from __future__ import annotations

from runyard.sql.catalog import Catalog
from runyard.sql.resources import databricks, glue, ledger


def catalog() -> Catalog:
    """Return all there is to ask."""
    return Catalog(resources=(*ledger.resources(), *databricks.resources(), *glue.resources()))
