"""The Data Catalog in the ledger: databases, the tables in them, and the partitions of tables, each a document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from runyard.core.document import Document
from runyard.core.errors import AlreadyExists, InvalidRequest, NotFound
from runyard.dialects.glue.tagged import Tags, content_of, tags_of
from runyard.engine.documents import Shelves

DATABASES, TABLES, PARTITIONS = "glue.databases", "glue.tables", "glue.partitions"
SEPARATOR = "\n"
Content = Mapping[str, Any]


def folded(name: str) -> str:
    """Return a name as the catalog keeps it: "folded to lowercase when it is stored"."""
    return name.lower()


def database(shelves: Shelves, name: str) -> Document:
    """Return a database by name."""
    found = shelves.named(DATABASES, folded(name))
    if found is None:
        raise NotFound("database", name)
    return found


def table(shelves: Shelves, database_name: str, name: str) -> Document:
    """Return a table by name."""
    of = database(shelves, database_name)
    found = shelves.named(TABLES, _within(of, folded(name)))
    if found is None:
        raise NotFound("table", name)
    return found


def partition(shelves: Shelves, of: Document, values: Sequence[str]) -> Document:
    """Return a partition by its values."""
    found = shelves.named(PARTITIONS, _within(of, _spelled(values)))
    if found is None:
        raise NotFound("partition", list(values))
    return found


def add_database(shelves: Shelves, content: Content, tags: Tags) -> Document:
    """Add a database."""
    return shelves.add(DATABASES, "database", folded(content["Name"]), content=content_of(content, tags))


def add_table(shelves: Shelves, database_name: str, content: Content) -> Document:
    """Add a table to a database."""
    of, name = database(shelves, database_name), folded(content["Name"])
    if shelves.named(TABLES, _within(of, name)) is not None:
        raise AlreadyExists("table", content["Name"])
    return shelves.add(TABLES, "table", _within(of, name), parent_id=of.id, content=content_of(content, {}))


def add_partition(shelves: Shelves, of: Document, content: Content) -> Document:
    """Add a partition to a table."""
    keys, values = of.content.get("PartitionKeys", []), content.get("Values", [])
    if len(keys) != len(values):
        names = [one["Name"] for one in keys]
        raise InvalidRequest(
            "The number of partition keys do not match the number of partition values: the table has the keys "
            f"{names}, and the values are {values}."
        )
    name = _within(of, _spelled(values))
    if shelves.named(PARTITIONS, name) is not None:
        raise AlreadyExists("partition", values)
    return shelves.add(PARTITIONS, "partition", name, parent_id=of.id, content={**content, "Values": values})


def replaced_partition(shelves: Shelves, of: Document, values: Sequence[str], content: Content) -> Document:
    """Write what is said of a partition anew; with other values it is another one, which must not be there yet."""
    seen, wanted = partition(shelves, of, values), content.get("Values") or list(values)
    if list(wanted) == list(values):
        return shelves.save(seen, {**content, "Values": list(values)})
    shelves.remove(seen)
    return add_partition(shelves, of, content)


def databases(shelves: Shelves) -> list[Document]:
    """Return every database, by name."""
    return sorted(shelves.every(DATABASES), key=lambda one: one.name)


def tables(shelves: Shelves, of: Document, pattern: str | None) -> list[Document]:
    """Return the tables of a database whose names fit a pattern, by name."""
    is_wanted = re.compile(_translated(pattern)).fullmatch if pattern else lambda _: True
    found = [one for one in shelves.ledger.documents_in(of) if is_wanted(own_name(one))]
    return sorted(found, key=lambda one: one.name)


def partitions(shelves: Shelves, of: Document) -> list[Document]:
    """Return the partitions of a table, the oldest first."""
    return shelves.ledger.documents_in(of)


def own_name(one: Document) -> str:
    """Return the name of a table in its database."""
    return one.name.rpartition(SEPARATOR)[2]


def replaced(shelves: Shelves, seen: Document, content: Content) -> Document:
    """Write what is said of a database or table anew; its name and its tags stay."""
    return shelves.save(seen, content_of(content, tags_of(seen)))


def _within(of: Document, name: str) -> str:
    return f"{of.id}{SEPARATOR}{name}"  # by id: one that is made anew under the same name is another


def _spelled(values: Sequence[str]) -> str:
    return msgspec.json.encode(list(values)).decode()


def _translated(pattern: str) -> str:
    """Return a pattern of names as a regular expression: Hive's `*` and `|`, of which AWS's tools make use."""
    if not re.fullmatch(r"[\w\-.*|]+", pattern):
        raise InvalidRequest(f"Expression {pattern!r} is no pattern of names here; it may hold names, '*' and '|'.")
    options = pattern.lower().replace(".*", "*").split("|")
    return "|".join(re.escape(one).replace(r"\*", ".*") for one in options)
