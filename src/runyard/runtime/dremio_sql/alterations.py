"""ALTER TABLE on columns: what those of a table become, by Dremio's rules, and where the table is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .catalog import LiveCatalog
from .column_types import Column, ColumnType, columns_document
from .errors import DremioError, invalid, unsupported
from .functions import type_of
from .recording import not_carried_out
from .sources import Files
from .statements import Statement
from .tables import Manifest, Successor, read_manifest, turn, write_manifest
from .translation.scope import Path_, key_of

SUMMARIES = {
    "ADD_COLUMNS": "New columns added.",
    "DROP_COLUMN": "Column [{name}] dropped",
    "CHANGE_COLUMN": "Column [{name}] modified",
}
ALTERABLE = "ALTER TABLE changes the columns of tables that statements have made, and of Iceberg tables"
NULLABLE = re.compile(r"\s*\b(DROP NOT NULL|NOT NULL|NULL)$", re.IGNORECASE)
TRANSFORM = re.compile(r"\w+\((?:.*, )?(.*)\)")
WIDER = frozenset({("INTEGER", "BIGINT"), ("FLOAT", "DOUBLE")})
MOST_DIGITS = 38
TYPE_NAMES = {"LIST": "ARRAY", "STRUCT": "ROW"}


@dataclass(frozen=True, kw_only=True)
class Altered:
    """A table whose columns are to be changed; the names of columns by which it lies are in small letters."""

    path: Path_
    columns: tuple[Column, ...]
    partitions: frozenset[str]
    sorts: frozenset[str]

    @property
    def name(self) -> str:
        """Return the table's name as messages tell it."""
        return ".".join(self.path)

    def kept(self) -> list[Successor]:
        """Return its columns as they are."""
        return [Successor(column=column, origin=place) for place, column in enumerate(self.columns)]

    def place(self, name: str) -> int:
        """Return where a column stands; refuse what is none, and what the table is partitioned by."""
        found = [place for place, column in enumerate(self.columns) if column.name.lower() == name.lower()]
        if not found:
            raise invalid(f"Column [{name}] is not present in table [{self.name}]")
        return found[0]

    def check_free(self, column: Column) -> None:
        """Refuse to touch a column that the table is partitioned by."""
        if column.name.lower() in self.partitions:
            raise unsupported(f"[{column.name}] is a partition column. Partition spec change is not supported.")


def altered(statement: Statement, catalog: LiveCatalog) -> tuple[str, dict[str, Any]]:
    """Change the columns of a table; return the summary, and what the catalog's owner must record."""
    if "policy" in statement.options:
        raise unsupported(not_carried_out("MASKING_POLICY"))
    path, found = _found(statement.path, catalog)
    if isinstance(found, Path):
        told = _alter_own(statement, path, found)
    else:
        from .iceberg_schema import alter_iceberg  # noqa: PLC0415 of Iceberg tables alone

        alter_iceberg(path, found, lambda table: successors(statement, table))
        told = {}
    summary = SUMMARIES[statement.kind].format(name=statement.options.get("name"))
    return summary, {"change": "alter_table", "path": list(path), **told}


def _found(path: Sequence[str], catalog: LiveCatalog) -> tuple[Path_, Path | Files]:
    """Return the whole path of a table, and the folder of one that was made here, or the files of an Iceberg table."""
    snapshot = catalog.snapshot
    for candidate in ((*catalog.session.context, *path), tuple(path)):
        key, name = key_of(candidate), ".".join(candidate)
        if key in snapshot.tables:
            return snapshot.tables[key]
        if key in snapshot.views:
            raise invalid(f"[{name}] is a VIEW")
        if key in snapshot.system or key[0] == "information_schema":
            raise invalid(f"[{name}] is a SYSTEM_TABLE")
        if key[0] in snapshot.databases and len(key) > 1:
            raise unsupported(f"[{name}] is a table of the database '{candidate[0]}', which is read. {ALTERABLE}")
        files = catalog.files(candidate)
        if files is not None and files.format != "iceberg":
            raise unsupported(f"[{name}] is files of the format {files.format}, which say what they hold. {ALTERABLE}")
        if files is not None:
            return candidate, files
    raise invalid(f"Table [{'.'.join(path)}] not found")


def _alter_own(statement: Statement, path: Path_, folder: Path) -> dict[str, Any]:
    """Change the columns of a table that was made here: its files stay, and its manifest says how to read them."""
    with turn(folder):
        manifest = read_manifest(folder)
        table = Altered(
            path=path,
            columns=manifest.columns,
            partitions=_laid_out(manifest, "partition_by"),
            sorts=_laid_out(manifest, "sort_by"),
        )
        coming = successors(statement, table)
        if tuple(each.column for each in coming) != table.columns:
            manifest = manifest.reshaped(coming, _layout(manifest, coming))
            write_manifest(folder, manifest)
    return {"folder": str(folder), "columns": columns_document(manifest.columns)}


def _laid_out(manifest: Manifest, by: str) -> frozenset[str]:
    """Return the columns by which a table lies, without what is made of them, as in `month(d)`."""
    known = {each.name.lower() for each in manifest.columns}
    names = (name.lower() for name in manifest.layout.get(by, ()))
    return frozenset(name if name in known else TRANSFORM.sub(r"\1", name) for name in names)


def _layout(manifest: Manifest, coming: Sequence[Successor]) -> dict[str, Any]:
    """Return how a table lies, with the names that its columns have from now on."""
    renamed = {
        manifest.columns[each.origin].name.lower(): each.column.name for each in coming if each.origin is not None
    }
    return {by: [renamed.get(name.lower(), name) for name in names] for by, names in manifest.layout.items()}


def successors(statement: Statement, table: Altered) -> list[Successor]:
    """Return the columns of a table after a statement."""
    return STEPS[statement.kind](statement, table)


def _added(statement: Statement, table: Altered) -> list[Successor]:
    known, new = {each.name.lower() for each in table.columns}, set[str]()
    for told in statement.options["columns"]:
        name = told["name"]
        if name.lower() in known:
            raise _wrong(f"Column [{name}] already in the table.", told)
        if name.lower() in new:
            raise _wrong(f"Column [{name}] specified multiple times.", told)
        new.add(name.lower())
    return [*table.kept(), *(Successor(column=_declared(told), origin=None) for told in statement.options["columns"])]


def _dropped(statement: Statement, table: Altered) -> list[Successor]:
    place = table.place(statement.options["name"])
    column = table.columns[place]
    if len(table.columns) == 1:
        raise invalid("Cannot drop all columns of a table")
    table.check_free(column)
    if column.name.lower() in table.sorts:
        raise unsupported(f"[{column.name}] is a sort column. Sort order change is not supported.")
    return [each for each in table.kept() if each.origin != place]


def _changed(statement: Statement, table: Altered) -> list[Successor]:
    place, told = table.place(statement.options["name"]), statement.options["to"]
    old = table.columns[place]
    if told["name"].lower() in {each.name.lower() for each in table.columns if each is not old}:
        raise invalid(f"Column [{told['name']}] already present in table [{table.name}]")
    column = _declared(told)
    table.check_free(old)
    if not _holds(column.type, old.type):
        types = f"from {_type_name(old.type)} to {_type_name(column.type)}"
        raise invalid(f"Cannot change data type of column [{old.name}] {types}")
    changed = Successor(column=column, origin=place, optional=bool(NULLABLE.search(told["type"])))
    return [changed if each.origin == place else each for each in table.kept()]


STEPS: Mapping[str, Callable[[Statement, Altered], list[Successor]]] = {
    "ADD_COLUMNS": _added,
    "DROP_COLUMN": _dropped,
    "CHANGE_COLUMN": _changed,
}


def _holds(new: ColumnType, old: ColumnType) -> bool:
    """Tell whether a type is another one, or wider in a way that files of the old one can be read by."""
    if {new.name, old.name} == {"DECIMAL"}:
        return new.scale == old.scale and new.precision >= old.precision
    return new == old or (old.name, new.name) in WIDER


def _type_name(kind: ColumnType) -> str:
    if kind.name == "DECIMAL":
        return f"DECIMAL({kind.precision}, {kind.scale})"
    return TYPE_NAMES.get(kind.name, kind.name)


def _declared(told: Mapping[str, Any]) -> Column:
    """Return a column as a statement declares it."""
    text, name = NULLABLE.sub("", told["type"]), told["name"]
    if not text:
        raise _wrong("Column type not specified", told)
    if told["type"].upper().endswith("NOT NULL") and not told["type"].upper().endswith("DROP NOT NULL"):
        raise _wrong(f"NOT NULL of column [{name}] cannot be kept: every column may be NULL here", told, UNSUPPORTED)
    if text.upper().startswith("INTERVAL"):
        raise _wrong(f"The column [{name}] of the type {text} cannot be stored in a table", told, UNSUPPORTED)
    try:
        kind = type_of(text)
    except DremioError as error:
        wrong = f"Invalid column type [{text}] specified for column [{name}]."
        raise _wrong(wrong if error.kind == "PARSE" else error.message, told, error.kind) from error
    _check_digits(text, kind, told)
    return Column(name=name, type=kind)


def _check_digits(text: str, kind: ColumnType, told: Mapping[str, Any]) -> None:
    """Refuse a decimal, also within a list, of more digits than one can have."""
    while kind.name == "LIST":
        kind = kind.element
    digits = [int(each) for each in re.findall(r"\d+", text)] if kind.name == "DECIMAL" else []
    for what, number in zip(("Precision", "Scale"), digits, strict=False):
        if number > MOST_DIGITS:
            raise _wrong(f"{what} larger than {MOST_DIGITS} is not supported.", told)
    if digits and not kind.scale <= kind.precision > 0:
        raise _wrong(f"Invalid column type [{text}] specified for column [{told['name']}].", told)


UNSUPPORTED = "UNSUPPORTED_OPERATION"


def _wrong(message: str, told: Mapping[str, Any], kind: str = "PARSE") -> DremioError:
    line, column = told["place"]
    return DremioError(kind, message, line=line, column=column)
