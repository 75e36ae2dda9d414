"""Tables of the system about reflections, filled from what the documents say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from runyard.core.document import Document
from runyard.core.job import Workspace
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.reflections import shown, telling
from runyard.dialects.dremio.reflections.shelves import RUNNING, Reflection
from runyard.dialects.dremio.reflections.telling import Standing
from runyard.dialects.dremio_ids import entity_id
from runyard.engine.engine import Engine

VARCHAR, BIGINT, INTEGER, TIMESTAMP, BOOLEAN = "VARCHAR", "BIGINT", "INTEGER", "TIMESTAMP", "BOOLEAN"
Row = Mapping[str, Any]
Column = tuple[str, str, Callable[[Any], Any]]


def _names(field: str) -> Callable[[Row], str]:
    return lambda row: ", ".join(each["name"] for each in row["one"].fields[field])


def _partitions(row: Row) -> str:
    return ", ".join(
        each["name"] if each["transform"]["type"] == "IDENTITY" else f"{each['transform']['type']}({each['name']})"
        for each in row["one"].fields["partitionFields"]
    )


def _fetched(row: Row) -> int | None:
    held = row["one"].current
    return held.content["facts"]["fetched_at"] if held is not None else None


REFLECTIONS: Sequence[Column] = (
    ("reflection_id", VARCHAR, lambda row: row["one"].id),
    ("reflection_name", VARCHAR, lambda row: row["one"].name),
    ("type", VARCHAR, lambda row: row["one"].kind),
    ("created_at", TIMESTAMP, lambda row: row["one"].document.created_at),
    ("updated_at", TIMESTAMP, lambda row: row["one"].document.updated_at),
    ("status", VARCHAR, lambda row: row["status"]["combinedStatus"]),
    ("dataset_id", VARCHAR, lambda row: entity_id(row["one"].dataset.id)),
    ("dataset_name", VARCHAR, lambda row: shown.dotted(row["one"])),
    ("dataset_type", VARCHAR, lambda row: shown.dataset_type(row["one"])),
    ("sort_columns", VARCHAR, _names("sortFields")),
    ("partition_columns", VARCHAR, _partitions),
    ("distribution_columns", VARCHAR, _names("distributionFields")),
    ("dimensions", VARCHAR, _names("dimensionFields")),
    ("measures", VARCHAR, _names("measureFields")),
    ("display_columns", VARCHAR, _names("displayFields")),
    ("external_reflection", VARCHAR, lambda _: None),
    ("num_failures", BIGINT, lambda row: row["status"]["failureCount"]),
    ("last_failure_message", VARCHAR, lambda row: row["status"].get("lastFailureMessage")),
    ("last_failure_stack", VARCHAR, lambda _: None),
    ("arrow_cache", BOOLEAN, lambda row: row["one"].document.content["arrowCachingEnabled"]),
    ("refresh_status", VARCHAR, lambda row: row["status"]["refresh"]),
    ("acceleration_status", VARCHAR, lambda row: row["status"]["availability"]),
    ("record_count", BIGINT, lambda row: row["sizes"]["recordCount"]),
    ("current_footprint_bytes", BIGINT, lambda row: row["sizes"]["currentSizeBytes"]),
    ("total_footprint_bytes", BIGINT, lambda row: row["sizes"]["totalSizeBytes"]),
    ("last_refresh_duration_millis", BIGINT, lambda row: row["one"].state.get("duration_ms")),
    ("last_refresh_from_table", TIMESTAMP, _fetched),
    ("refresh_method", VARCHAR, lambda row: row["status"]["refreshMethod"]),
    ("available_until", TIMESTAMP, lambda row: shown.shown_expiry(row["one"], row["found"])),
    ("considered_count", INTEGER, lambda row: row["one"].counts.get("considered", 0)),
    ("matched_count", INTEGER, lambda row: row["one"].counts.get("matched", 0)),
    ("accelerated_count", INTEGER, lambda row: row["one"].counts.get("chosen", 0)),
    ("reflection_mode", VARCHAR, lambda _: "Manual"),
    ("last_refresh_finished", TIMESTAMP, lambda row: row["one"].state.get("finished_at")),
)
MATERIALIZATIONS: Sequence[Column] = (
    ("reflection_id", VARCHAR, lambda row: row["one"].id),
    ("materialization_id", VARCHAR, lambda row: row["made"].name),
    ("created", TIMESTAMP, lambda row: row["made"].created_at),
    ("expires", TIMESTAMP, lambda row: row["expires"]),
    ("size_bytes", BIGINT, lambda row: row["facts"].get("bytes")),
    ("series_id", BIGINT, lambda row: row["made"].created_at),
    ("init_refresh_job_id", VARCHAR, lambda row: row["made"].content.get("job_id")),
    ("series_ordinal", INTEGER, lambda _: 0),
    ("join_analysis", VARCHAR, lambda _: None),
    ("state", VARCHAR, lambda row: row["made"].kind),
    ("failure_msg", VARCHAR, lambda row: row["made"].content.get("message") or "NONE"),
    ("data_partitions", VARCHAR, lambda _: None),
    ("last_refresh_from_pds", TIMESTAMP, lambda row: row["facts"].get("fetched_at")),
    ("last_refresh_finished", TIMESTAMP, lambda row: row["made"].content.get("finished_at")),
    ("last_refresh_duration_millis", BIGINT, lambda row: _duration(row["made"])),
)
REFRESHES: Sequence[Column] = (
    ("id", VARCHAR, lambda row: row["made"].name),
    ("reflection_id", VARCHAR, lambda row: row["one"].id),
    ("series_id", BIGINT, lambda row: row["made"].created_at),
    ("created_at", TIMESTAMP, lambda row: row["made"].created_at),
    ("modified_at", TIMESTAMP, lambda row: row["made"].updated_at),
    ("path", VARCHAR, lambda row: f"[{row['one'].id}, {row['made'].name}]"),
    ("job_id", VARCHAR, lambda row: row["made"].content.get("job_id")),
    ("job_start", TIMESTAMP, lambda row: row["made"].created_at),
    ("job_end", TIMESTAMP, lambda row: row["made"].content.get("finished_at")),
    ("output_records", BIGINT, lambda row: row["facts"].get("rows")),
    ("footprint", BIGINT, lambda row: row["facts"].get("bytes")),
    ("refresh_method", VARCHAR, lambda row: row["facts"].get("method")),
)
DEPENDENCIES: Sequence[Column] = (
    ("reflection_id", VARCHAR, lambda row: row["reflection"]),
    ("dependency_id", VARCHAR, lambda row: row["id"]),
    ("dependency_type", VARCHAR, lambda row: row["type"]),
    ("dependency_path", VARCHAR, lambda row: f"[{', '.join(row['path'])}]"),
)


def _duration(made: Document) -> int | None:
    finished = made.content.get("finished_at")
    return None if made.kind == RUNNING or finished is None else finished - made.created_at


def _of_reflections(found: Standing, now: int) -> Iterable[Row]:
    for one in found.reflections:
        yield {"one": one, "found": found, "status": shown.status(one, found, now), "sizes": shown.sizes(one)}


def _of_materializations(found: Standing, _: int) -> Iterable[Row]:
    for one in found.reflections:
        for made in one.materializations:
            facts = made.content.get("facts", {})
            expires = shown.shown_expiry(one, found) if made.name == one.state.get("current") else None
            yield {"one": one, "made": made, "facts": facts, "expires": expires}


def _of_dependencies(found: Standing, _: int) -> Iterable[Row]:
    for one in found.reflections:
        yield from _dependencies(one, found)


def _dependencies(one: Reflection, found: Standing) -> Iterable[Row]:
    """Yield what a reflection was made from: other reflections, or else the tables themselves."""
    held = one.current
    if held is None:
        return
    facts = held.content["facts"]
    for used in facts["used"]:
        yield {"reflection": one.id, "id": used["reflection"], "type": "REFLECTION", "path": []}
    for base in facts["bases"] if not facts["used"] else ():
        document = found.documents.get(catalog.name_of(base["path"]))
        identifier = entity_id(document.id) if document is not None else None
        yield {"reflection": one.id, "id": identifier, "type": "DATASET", "path": base["path"]}


TABLES: Mapping[str, tuple[Sequence[Column], Callable[[Standing, int], Iterable[Row]]]] = {
    "reflections": (REFLECTIONS, _of_reflections),
    "materializations": (MATERIALIZATIONS, _of_materializations),
    "refreshes": (REFRESHES, _of_materializations),
    "reflection_dependencies": (DEPENDENCIES, _of_dependencies),
}
"""Each table, its columns, and what makes its rows."""


def table(engine: Engine, workspace: Workspace, name: str) -> dict[str, Any]:
    """Return a table as the process of a job reads it."""
    columns, rows = TABLES[name]
    found = engine.documents.read(workspace, telling.standing)
    return {
        "columns": [{"name": column, "type": {"name": kind}} for column, kind, _ in columns],
        "rows": [[value(row) for _, _, value in columns] for row in rows(found, engine.now())],
    }
