"""What the bodies of calls about reflections say, checked against their datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.core.document import Document
from runyard.core.job import Workspace
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.catalog import fields_of, path_of
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.looking import live_catalog
from runyard.dialects.dremio_ids import from_entity_id
from runyard.engine.documents import Shelves
from runyard.engine.engine import Engine
from runyard.runtime.dremio_sql.acceleration.definition import AGGREGATION, LISTS, RAW, Types, WrongDefinition, checked

Members = Mapping[str, Any]
NAMES: Mapping[str, str] = {RAW: "Raw Reflection", AGGREGATION: "Aggregation Reflection"}
"""What a reflection is called that nobody has named, as Dremio's command line does not."""
NO_DATASET = "datasetId must reference an existing dataset"


def content_of(kind: str, members: Members, types: Types) -> dict[str, Any]:
    """Return what is kept of a reflection that a body tells."""
    name = str(members.get("name") or NAMES[kind]).strip()
    if not name:
        raise wrong("The member name is missing; give the reflection a name.")
    try:
        fields = checked(kind, _told(members), types)
    except WrongDefinition as error:
        raise wrong(str(error)) from error
    return {
        "name": name,
        "fields": fields,
        "enabled": bool(members.get("enabled", True)),
        "arrowCachingEnabled": bool(members.get("arrowCachingEnabled", False)),
    }


def _told(members: Members) -> dict[str, Any]:
    for name in LISTS:
        if any(not isinstance(each, Mapping) for each in members.get(name) or ()):
            raise wrong(f"Invalid value for {name}: its elements are objects, as {{'name': 'a'}}.")
    return {name: members.get(name) for name in (*LISTS, "partitionDistributionStrategy")}


def kind_of(members: Members) -> str:
    """Return the kind of a reflection that a body tells."""
    kind = str(members.get("type") or "").upper()
    if kind not in {"RAW", "AGGREGATION"}:
        raise wrong(f"Invalid value for type: {members.get('type')!r} is neither RAW nor AGGREGATION.")
    return kind


def types_of(engine: Engine, workspace: Workspace, dataset: Document) -> dict[str, str]:
    """Return the columns of a dataset with the names of their types: as they are told, or else as its files have them.

    A view that was made by its text alone, and files that became a table, are looked at here and now.
    """
    fields = fields_of(dataset)
    if fields:
        return {field["name"]: field["type"]["name"] for field in fields}
    return _looked_at(engine, workspace, dataset)


def _looked_at(engine: Engine, workspace: Workspace, dataset: Document) -> dict[str, str]:
    from runyard.runtime.dremio_sql.errors import DremioError  # noqa: PLC0415 - a parser of SQL, of who asks

    with live_catalog(engine, workspace) as live:
        try:
            columns = live.columns(tuple(path_of(dataset)))
        except DremioError as error:
            raise wrong(f"[{'.'.join(path_of(dataset))}] cannot be read: {error.message}") from error
    return {column.name: column.type.name for column in columns}


def dataset_of(store: Shelves, identifier: str) -> Document:
    """Return the dataset that a body names by its id."""
    number = from_entity_id(identifier)
    found = store.get(number) if number else None
    if found is None or found.shelf != catalog.CATALOG or found.kind not in catalog.DATASETS:
        raise wrong(NO_DATASET)
    return found
