"""What a view is made of, and what is made of a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from runyard.core.document import Document
from runyard.dialects.dremio import catalog, entities
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.catalog import DATASETS, HOME, SOURCE, VIEW
from runyard.dialects.dremio.catalog_operations import entity
from runyard.dialects.dremio.errors import wrong
from runyard.engine.documents import Shelves

NO_DATASET = "[{id}] is no view or table, and only those are made of others."


def get_graph(call: Call) -> dict[str, Any]:
    """Show the datasets that one is made of, and those that are made of it."""

    def look(shelves: Shelves) -> dict[str, Any]:
        asked = entity(shelves, call.text("id"))
        if asked.kind not in DATASETS:
            raise wrong(NO_DATASET.format(id=call.text("id")))
        every = [one for one in catalog.every(shelves) if one.kind in DATASETS]
        by_name = {one.name: one for one in every}
        parents = [by_name[name] for name in _parents(asked) if name in by_name]
        children = [one for one in every if asked.name in _parents(one)]
        return {
            "id": call.text("id"),
            "sources": [entities.line(one) for one in _sources(shelves, [asked, *parents])],
            "parents": [entities.line(one) for one in parents],
            "children": [entities.line(one) for one in children],
        }

    return catalog.read(call, look)


def _sources(shelves: Shelves, datasets: Sequence[Document]) -> Sequence[Document]:
    """Return the sources and homes that datasets stand in; a space is none, and strict clients take no such."""
    roots = (catalog.root_of(shelves, catalog.path_of(one)) for one in datasets)
    return list({root.id: root for root in roots if root is not None and root.kind in {SOURCE, HOME}}.values())


def _parents(view: Document) -> list[str]:
    """Return the names of what a view is made of, as the statement that made it found, or else as its text says."""
    if view.kind != VIEW:
        return []
    if "parents" in view.content:
        return [catalog.name_of(path) for path in view.content["parents"]]
    context = view.content.get("sqlContext") or []
    return list(dict.fromkeys(name for path in _paths(view.content["sql"]) for name in _candidates(path, context)))


def _candidates(path: Sequence[str], context: Sequence[str]) -> Iterator[str]:
    """Yield what a path may mean: within the context of its view, or as it is."""
    if context:
        yield catalog.name_of([*context, *path])
    yield catalog.name_of(path)


def _paths(sql: str) -> list[list[str]]:
    """Return the paths of the tables that a text names; of one that cannot be read, none."""
    import sqlglot  # noqa: PLC0415 - 150 ms that only a server pays which is asked for a graph
    from sqlglot import exp  # noqa: PLC0415 - as above

    try:
        tree = sqlglot.parse_one(sql, read="dremio")
    except sqlglot.errors.SqlglotError:
        return []
    return [[part.name for part in table.parts] for table in tree.find_all(exp.Table)]


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getGraph",
        method="GET",
        path="catalog/{id}/graph",
        handle=get_graph,
        summary="Show what a dataset is made of, and what is made of it",
        gives={"id": "string!", "sources": "array!", "parents": "array!", "children": "array!"},
    ),
)
