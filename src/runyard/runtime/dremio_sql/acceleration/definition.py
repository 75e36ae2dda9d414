"""What a reflection is asked to hold: its fields, in the words of Dremio's API, checked against its dataset.

Standard library only: the server checks what its API is told, a query's process what a statement says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

RAW, AGGREGATION = "RAW", "AGGREGATION"
DATE_GRANULARITY, NORMAL = "DATE", "NORMAL"
GRANULARITIES = (DATE_GRANULARITY, NORMAL)
STRATEGIES = ("CONSOLIDATED", "STRIPED")
LISTS = (
    "displayFields", "dimensionFields", "measureFields", "distributionFields", "partitionFields", "sortFields"
)  # fmt: skip
LAID_OUT: Mapping[str, str] = {
    "distributionFields": "distribution", "partitionFields": "partition", "sortFields": "sort"
}  # fmt: skip
CALLED: Mapping[str, str] = {
    **LAID_OUT, "displayFields": "display", "dimensionFields": "dimension", "measureFields": "measure"
}  # fmt: skip
NUMBERS = frozenset({"INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL"})
OF_ANY = ("COUNT", "APPROX_COUNT_DISTINCT", "MIN", "MAX")
OF_NUMBERS = ("SUM", *OF_ANY)
NESTED = frozenset({"LIST", "STRUCT", "MAP", "UNION"})
TRANSFORMS: Mapping[str, str] = {
    "IDENTITY": "", "YEAR": "", "MONTH": "", "DAY": "", "HOUR": "",
    "BUCKET": "bucketTransform.bucketCount", "TRUNCATE": "truncateTransform.truncateLength",
}  # fmt: skip
"""Each transform of a partition, and where its number stands."""
OF_MOMENTS = frozenset({"YEAR", "MONTH", "DAY", "HOUR"})

Fields = Sequence[Mapping[str, Any]]
Types = Mapping[str, str]  # of a dataset: its columns as they are written, with the names of their types


class WrongDefinition(ValueError):
    """A reflection that cannot be; the message is Dremio's where it has one."""


def checked(kind: str, told: Mapping[str, Any], columns: Types) -> dict[str, Any]:
    """Return a reflection's fields as they are kept, with the names that the dataset writes; refuse wrong ones."""
    if kind not in (RAW, AGGREGATION):
        raise WrongDefinition(f"Invalid value for type: {kind!r} is neither {RAW} nor {AGGREGATION}.")
    fields = {name: _named(name, told.get(name) or (), columns) for name in LISTS}
    (_check_raw if kind == RAW else _check_aggregation)(fields)
    fields["dimensionFields"] = [_dimension(each, columns) for each in fields["dimensionFields"]]
    fields["measureFields"] = [_measure(each, columns) for each in fields["measureFields"]]
    fields["partitionFields"] = [_partition(each, columns) for each in fields["partitionFields"]]
    _check_layout(fields, "displayFields" if kind == RAW else "dimensionFields")
    strategy = told.get("partitionDistributionStrategy") or STRATEGIES[0]
    if strategy not in STRATEGIES:
        raise WrongDefinition(f"partitionDistributionStrategy is {strategy!r}; it is one of {', '.join(STRATEGIES)}.")
    return {**fields, "partitionDistributionStrategy": strategy}


def _named(name: str, fields: Fields, columns: Types) -> list[dict[str, Any]]:
    known = {column.lower(): column for column in columns}
    found: dict[str, dict[str, Any]] = {}
    for each in fields:
        said = str(each.get("name", "")) if isinstance(each, Mapping) else str(each)
        if said.lower() not in known:
            raise WrongDefinition(
                f"{CALLED[name]} field contains a field name [{said}] that does not exist in the dataset"
            )
        if said.lower() in found:
            raise WrongDefinition(f"{CALLED[name]} fields contain the field name [{said}] twice")
        found[said.lower()] = {**(each if isinstance(each, Mapping) else {}), "name": known[said.lower()]}
    return list(found.values())


def _check_raw(fields: Mapping[str, Fields]) -> None:
    if not fields["displayFields"]:
        raise WrongDefinition("raw reflection must have at least one display field configured")
    for name in ("dimensionFields", "measureFields"):
        if fields[name]:
            raise WrongDefinition(f"raw reflection can not contain {CALLED[name]} fields")


def _check_aggregation(fields: Mapping[str, Fields]) -> None:
    if fields["displayFields"]:
        raise WrongDefinition("aggregate reflection can not contain display fields")
    if not fields["dimensionFields"] and not fields["measureFields"]:
        raise WrongDefinition("aggregate reflection must have at least one non-empty field list")


def _check_layout(fields: Mapping[str, Fields], held: str) -> None:
    holds = {each["name"] for each in fields[held]}
    for name, called in LAID_OUT.items():
        for each in fields[name]:
            if each["name"] not in holds:
                raise WrongDefinition(f"{called} field [{each['name']}] must also be a {CALLED[held]} field")
    partitioned = {each["name"] for each in fields["partitionFields"]}
    for each in fields["sortFields"]:
        if each["name"] in partitioned:
            raise WrongDefinition(f"field [{each['name']}] cannot be both a sort and a partition")


def _dimension(field: Mapping[str, Any], columns: Types) -> dict[str, Any]:
    name = field["name"]
    if columns[name] in NESTED:
        raise WrongDefinition(f"dimension field [{name}] is a {columns[name]}; only plain values can be dimensions")
    granularity = field.get("granularity") or DATE_GRANULARITY
    if granularity not in GRANULARITIES:
        raise WrongDefinition(f"dimension field [{name}] has the granularity {granularity!r}; it is DATE or NORMAL")
    return {"name": name, "granularity": granularity}


def _measure(field: Mapping[str, Any], columns: Types) -> dict[str, Any]:
    name, kind = field["name"], columns[field["name"]]
    allowed = allowed_measures(kind)
    # dbt-dremio parts "SUM, COUNT" at the comma alone.
    wanted = list(dict.fromkeys(str(each).strip() for each in field.get("measureTypeList") or default_measures(kind)))
    if not allowed:
        raise WrongDefinition(f"measure field [{name}] is a {kind}, of which nothing can be measured")
    for each in wanted:
        if each not in allowed:
            raise WrongDefinition(
                f"measure field [{name}] of type {kind} can not have the measure type [{each}]; "
                f"it can have {', '.join(allowed)}"
            )
    return {"name": name, "measureTypeList": wanted}


def allowed_measures(kind: str) -> tuple[str, ...]:
    """Return what can be measured of a type."""
    return () if kind in NESTED else OF_NUMBERS if kind in NUMBERS else OF_ANY


def default_measures(kind: str) -> list[str]:
    """Return what is measured of a type where nothing is said."""
    return ["COUNT", "SUM"] if kind in NUMBERS else ["COUNT"]


def _partition(field: Mapping[str, Any], columns: Types) -> dict[str, Any]:
    transform = field.get("transform") or {"type": "IDENTITY"}
    kind = str(transform.get("type", "")).upper()
    if kind not in TRANSFORMS:
        raise WrongDefinition(
            f"partition field [{field['name']}] has the transform {kind!r}; known are {', '.join(TRANSFORMS)}"
        )
    if kind in OF_MOMENTS and columns[field["name"]] not in {"DATE", "TIMESTAMP"}:
        raise WrongDefinition(f"partition field [{field['name']}] is no date or timestamp, which {kind} needs")
    return {"name": field["name"], "transform": _transform(field["name"], kind, transform)}


def _transform(name: str, kind: str, told: Mapping[str, Any]) -> dict[str, Any]:
    place = TRANSFORMS[kind]
    if not place:
        return {"type": kind}
    holder, member = place.split(".")
    number = (told.get(holder) or {}).get(member)
    if not isinstance(number, int) or number < 1:
        raise WrongDefinition(f"partition field [{name}]: {place} is {number!r}; it must be a whole number above 0")
    return {"type": kind, holder: {member: number}}


def number_of(transform: Mapping[str, Any]) -> int:
    """Return the number of a transform that has one."""
    holder, member = TRANSFORMS[transform["type"]].split(".")
    return int(transform[holder][member])


def recommended(kind: str, columns: Types) -> dict[str, Any]:
    """Return the reflection that is made where nobody says which fields it holds."""
    return checked(kind, {RAW: _all, AGGREGATION: _by_type}[kind](columns), columns)


def _all(columns: Types) -> dict[str, Any]:
    return {"displayFields": [{"name": name} for name, kind in columns.items() if not kind.startswith("INTERVAL")]}


MEASURED = frozenset({"FLOAT", "DOUBLE", "DECIMAL", "INTEGER", "BIGINT"})


def _by_type(columns: Types) -> dict[str, Any]:
    """Return what can be grouped by as dimensions and what can be added up as measures."""
    plain = {name: kind for name, kind in columns.items() if kind not in NESTED and not kind.startswith("INTERVAL")}
    return {
        "dimensionFields": [{"name": name} for name, kind in plain.items() if kind not in MEASURED],
        "measureFields": [{"name": name} for name, kind in plain.items() if kind in MEASURED],
    }
