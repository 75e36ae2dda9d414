"""Every resource: its columns are those of its local table, its methods the operations of the dialects."""

from __future__ import annotations

from runyard.sql.catalog import Catalog, Column, Resource
from runyard.sql.local.registry import TABLES


def catalog() -> Catalog:
    """Return all there is to ask."""
    return Catalog(resources=tuple(_of_ledger(path) for path in TABLES))


def _of_ledger(path: str) -> Resource:
    table = TABLES[path]
    provider, service, name = path.split(".")
    columns = tuple(Column(name=one.name, type=one.type, description=one.description) for one in table.shown)
    return Resource(
        provider=provider,
        service=service,
        name=name,
        columns=columns,
        methods=(),
        description=table.description,
    )
