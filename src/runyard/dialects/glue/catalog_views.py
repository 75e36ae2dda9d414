"""Databases, tables and partitions of the Data Catalog as Glue's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from runyard.core.document import Document
from runyard.dialects.glue.capacity import epoch_seconds, from_epoch_seconds
from runyard.dialects.view import View, field, kept, shown

LAKE_FORMATION = "Lake Formation's permissions, views and federation are services of an AWS account"


class Entry(NamedTuple):
    """A document of the catalog, and the names of what it stands in."""

    document: Document
    database: str = ""
    table: str = ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What its maker said of it."""
        return self.document.content


DATABASE = View(
    (
        shown("Name", lambda one: one.document.name),
        kept("Description"),
        kept("LocationUri"),
        kept("Parameters"),
        field("CreateTime", "document.created_at", epoch_seconds, from_epoch_seconds),
        kept("TargetDatabase"),
    ),
    not_shown={
        "CreateTableDefaultPermissions": LAKE_FORMATION,
        "CatalogId": "there is one catalog, of the workspace",
        "FederatedDatabase": LAKE_FORMATION,
    },
)

TABLE = View(
    (
        shown("Name", lambda one: one.table),
        shown("DatabaseName", lambda one: one.database),
        kept("Description"),
        kept("Owner"),
        field("CreateTime", "document.created_at", epoch_seconds, from_epoch_seconds),
        field("UpdateTime", "document.updated_at", epoch_seconds, from_epoch_seconds),
        kept("LastAccessTime"),
        kept("LastAnalyzedTime"),
        kept("Retention", lambda _: 0),
        kept("StorageDescriptor"),
        kept("PartitionKeys", lambda _: []),  # clients read it without looking
        kept("ViewOriginalText"),
        kept("ViewExpandedText"),
        kept("TableType"),
        kept("Parameters"),
        kept("TargetTable"),
        shown("VersionId", lambda one: str(one.document.version)),
    ),
    not_shown={
        "CreatedBy": "the catalog does not note who made a table",
        "IsRegisteredWithLakeFormation": LAKE_FORMATION,
        "CatalogId": "there is one catalog, of the workspace",
        "FederatedTable": LAKE_FORMATION,
        "ViewDefinition": LAKE_FORMATION,
        "IsMultiDialectView": LAKE_FORMATION,
        "IsMaterializedView": LAKE_FORMATION,
        "IcebergTableMetadata": "Iceberg's metadata lie with its files",
        "Status": "a table is there once it is made",
        "RLSProperties": LAKE_FORMATION,
    },
)

PARTITION = View(
    (
        kept("Values"),
        shown("DatabaseName", lambda one: one.database),
        shown("TableName", lambda one: one.table),
        field("CreationTime", "document.created_at", epoch_seconds, from_epoch_seconds),
        kept("LastAccessTime"),
        kept("StorageDescriptor"),
        kept("Parameters"),
        kept("LastAnalyzedTime"),
    ),
    not_shown={"CatalogId": "there is one catalog, of the workspace"},
)
