"""What the bodies of changes to the catalog say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runyard.core.document import Document
from runyard.dialects import reading
from runyard.dialects.dremio.catalog import BESIDE, FOLDER, FUNCTION, HOME, SOURCE, SPACE, TABLE, VIEW
from runyard.dialects.dremio.database_sources import POSTGRES
from runyard.dialects.dremio.entities import OF_FUNCTION
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.reflections.policies import check_policies
from runyard.dialects.dremio.source_files import NAS, S3, path_in
from runyard.dialects.dremio.source_secrets import restored

Members = Mapping[str, Any]
VIRTUAL, PHYSICAL = "VIRTUAL_DATASET", "PHYSICAL_DATASET"
OF_SOURCE = (
    "type",
    "config",
    "description",
    "metadataPolicy",
    "accelerationRefreshPeriodMs",
    "accelerationGracePeriodMs",
    "accelerationNeverExpire",
    "accelerationNeverRefresh",
    "accelerationActivePolicyType",
    "accelerationRefreshSchedule",
)
OF_VIEW = ("sql", "sqlContext")
OF_TABLE = ("format", "accelerationRefreshPolicy")
KEPT: Mapping[str, Sequence[str]] = {
    SOURCE: OF_SOURCE, VIEW: OF_VIEW, TABLE: OF_TABLE, FUNCTION: OF_FUNCTION, SPACE: (), FOLDER: (), HOME: (),
}  # fmt: skip
"""Members of each kind that are kept as they come."""


def body_of(members: Members) -> tuple[str, list[str], dict[str, Any]]:
    """Return the kind, the path and the content of something new."""
    entity = members["entityType"]
    if entity not in NEW:
        raise wrong(f"Entities of entityType {entity!r} cannot be made so; known are {', '.join(NEW)}.")
    return NEW[entity](members)


def changed_body(seen: Document, members: Members) -> dict[str, Any]:
    """Return the content of something that is changed; what it says not is as if it had never been said."""
    stays = (*NOT_IN_BODIES, *OF_FILES) if seen.kind == TABLE else NOT_IN_BODIES
    content = {name: seen.content[name] for name in stays if name in seen.content}
    new = _kept(members, KEPT[seen.kind])
    check_policies(new)
    if seen.kind == SOURCE and new.get("type", "") != seen.content["type"]:
        _check_source_type(new.get("type", ""))
    if "config" in new:
        new["config"] = restored(new["config"], seen.content.get("config"))
    if seen.kind == VIEW and not new.get("sql"):
        raise wrong("The member sql is missing; a view is what its sql gives.")
    return {**content, **new}


def check_still(seen: Document, members: Members) -> None:
    """Refuse a change that would make something else of an entity, or put it elsewhere: nothing of that is done."""
    own = {"name": seen.content["path"][-1], "path": list(seen.content["path"])}
    for word, text in IMMUTABLE[seen.kind].items():
        if word in members and members[word] != own[word]:
            raise wrong(text)
    entity = "dataset" if seen.kind in TYPES else seen.kind
    is_other = members.get("entityType", entity) != entity
    if is_other or (seen.kind in TYPES and members.get("type", TYPES[seen.kind]) != TYPES[seen.kind]):
        raise wrong(f"{entity.capitalize()} type can not be modified")
    if unfit := next((name for name in UNFIT.get(seen.kind, ()) if name in members), None):
        raise wrong(f"{'Virtual' if seen.kind == VIEW else 'Physical'} dataset can not have {unfit} defined.")


TYPES: Mapping[str, str] = {VIEW: VIRTUAL, TABLE: PHYSICAL}
UNFIT: Mapping[str, Sequence[str]] = {VIEW: ("format",), TABLE: OF_VIEW}
IMMUTABLE: Mapping[str, Mapping[str, str]] = {
    SPACE: {"name": "Space name is immutable."},
    SOURCE: {"name": "Source name is immutable."},
    HOME: {"name": "Home name is immutable."},
    FOLDER: {"path": "Folder path is immutable."},
    FUNCTION: {"path": "Function path is immutable."},
    VIEW: {"path": "Dataset path can not be modified."},
    TABLE: {"path": "Dataset path can not be modified."},
}
"""What of each kind no change may change, and how that is said."""


def promoted_body(identifier: str, members: Members) -> tuple[list[str], dict[str, Any]]:
    """Return the path of something that becomes a table, and the table's content."""
    if members.get("type", PHYSICAL) != PHYSICAL:
        raise wrong("Promoting can only create physical datasets.")
    path = _path(members)
    if path_in(identifier) not in (path, None):
        raise wrong("Entity id does not match the path specified in the dataset.")
    if not members.get("format"):
        raise wrong("To promote a dataset, format settings are required.")
    kind = reading.text(members["format"].get("type", ""), "format.type")
    if kind.lower() not in FORMATS:
        raise wrong(f"Invalid value for format.type: {kind!r} is none of {', '.join(FORMATS.values())}.")
    content = _kept(members, OF_TABLE)
    check_policies(content)
    return path, content


FORMATS: Mapping[str, str] = {
    word.lower(): word for word in ("Parquet", "Text", "CSV", "JSON", "Arrow", "Iceberg", "Delta")
}
"""What files can be read as, by its word in small letters."""


NOT_IN_BODIES = ("path", "folder", "rows", *BESIDE)
"""What of a content is no member of the bodies that change it; the fields of a view follow from its new sql."""
OF_FILES = ("fields", "format")
"""What a table's files say, whatever a body says of the table."""


def _space(members: Members) -> tuple[str, list[str], dict[str, Any]]:
    return SPACE, [_name(members)], {}


def _folder(members: Members) -> tuple[str, list[str], dict[str, Any]]:
    path = _path(members)
    return FOLDER if len(path) > 1 else SPACE, path, {}  # in the cloud a folder may stand in nothing


def _source(members: Members) -> tuple[str, list[str], dict[str, Any]]:
    if not members.get("type"):
        raise wrong("The member type is missing; give the type of the source, as NAS or S3.")
    _check_source_type(members["type"])
    kept = _kept(members, OF_SOURCE)
    check_policies(kept)
    return SOURCE, [_name(members)], kept


def _check_source_type(told: str) -> None:
    if told not in SOURCE_TYPES:
        raise wrong(f"Invalid value for type: {told!r} is none of {', '.join(SOURCE_TYPES)}.")


SOURCE_TYPES = (NAS, S3, POSTGRES)
"""What sources can be read here."""


def _dataset(members: Members) -> tuple[str, list[str], dict[str, Any]]:
    if members.get("type") != VIRTUAL:
        raise wrong(f"The member type must be {VIRTUAL}; tables are made of files (POST /catalog/ID) or by SQL.")
    if not members.get("sql"):
        raise wrong("The member sql is missing; a view is what its sql gives.")
    path = _path(members)
    if len(path) == 1:
        raise wrong("Dataset path should be fully qualified.")
    return VIEW, path, _kept(members, OF_VIEW)


def _function(members: Members) -> tuple[str, list[str], dict[str, Any]]:
    path = _path(members)
    if len(path) == 1:
        raise wrong(f"The path of a function begins with the space or source it is in; {path[0]!r} alone is none.")
    return FUNCTION, path, _kept(members, OF_FUNCTION)


NEW: Mapping[str, Callable[[Members], tuple[str, list[str], dict[str, Any]]]] = {
    "space": _space,
    "folder": _folder,
    "source": _source,
    "dataset": _dataset,
    "function": _function,
}
"""What can be made, by entityType."""


def _kept(members: Members, names: Sequence[str]) -> dict[str, Any]:
    return {name: members[name] for name in names if name in members}


def _name(members: Members) -> str:
    name = str(members.get("name", ""))
    _check_part(name)
    return name


def _path(members: Members) -> list[str]:
    path = reading.texts(members.get("path"), "path")
    if not path:
        raise wrong("The member path is missing; give it as an array of names.")
    for part in path:
        _check_part(part)
    return path


def _check_part(part: str) -> None:
    """Refuse a name that none can be: a line's end parts the names in our own."""
    if not part.strip() or "\n" in part or "\0" in part:
        raise wrong(f"{part!r} is no name that something in the catalog can have.")
