"""Connections to databases as Glue's records, with what is secret of them or without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from runyard.core.document import Document
from runyard.dialects.glue.capacity import epoch_seconds, from_epoch_seconds
from runyard.dialects.view import View, field, kept, shown

PROPERTIES = "ConnectionProperties"
SECRET = "PASSWORD"  # noqa: S105 - how the names of secret properties end
ENCRYPTED = "ENCRYPTED_"


class Entry(NamedTuple):
    """A connection, and whether what is secret of it is left out."""

    document: Document
    hides: bool

    @property
    def settings(self) -> Mapping[str, Any]:
        """What its maker said of it, as it may be shown."""
        content = self.document.content
        return {**content, PROPERTIES: without_secrets(content[PROPERTIES])} if self.hides else content


def without_secrets(properties: Mapping[str, str]) -> dict[str, str]:
    """Return a connection's properties without its passwords."""
    return {name: value for name, value in properties.items() if not is_secret(name)}


def is_secret(name: str) -> bool:
    """Tell whether a property is a password in clear."""
    return name.endswith(SECRET) and not name.startswith(ENCRYPTED)


CONNECTION = View(
    (
        shown("Name", lambda one: one.document.name),
        kept("Description"),
        kept("ConnectionType"),
        kept("MatchCriteria"),
        kept(PROPERTIES),
        kept("SparkProperties"),
        kept("AthenaProperties"),
        kept("PythonProperties"),
        kept("PhysicalConnectionRequirements"),
        field("CreationTime", "document.created_at", epoch_seconds, from_epoch_seconds),
        field("LastUpdatedTime", "document.updated_at", epoch_seconds, from_epoch_seconds),
    ),
    not_shown={
        "LastUpdatedBy": "the catalog does not note who made a connection",
        "Status": "a connection is kept as it was told, and tried by the jobs that use it",
        "StatusReason": "as Status",
        "LastConnectionValidationTime": "as Status",
        "AuthenticationConfiguration": "refused when it is given: secrets of other services are not reached from here",
        "ConnectionSchemaVersion": "there is one way to keep connections",
        "CompatibleComputeEnvironments": "jobs of every kind may use a connection",
    },
)
