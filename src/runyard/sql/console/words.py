"""What the console's editor offers while somebody types: resources with their columns and methods, and functions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import apsw

from runyard.sql.callables.functions import FUNCTIONS
from runyard.sql.catalog import Resource
from runyard.sql.forms.keywords import KEYWORDS, USUAL_FUNCTIONS
from runyard.sql.talking.keeping import Kept
from runyard.sql.yard import Yard

Answer = dict[str, Any]
_OPERATORS = frozenset({"->", "->>"})


def words(yard: Yard, workspace: str) -> Answer:
    """Return all that may be offered; the views of a workspace among it."""
    catalog = yard.catalog
    return {
        "keywords": KEYWORDS,
        "functions": _functions(),
        "usual": USUAL_FUNCTIONS,
        "resources": [_resource(one) for one in catalog.resources],
        "views": [_view(one) for one in yard.keeping(workspace).all().values()],
        "aliases": catalog.aliases,
        "connections": sorted({"local", *yard.given}),
    }


def _resource(resource: Resource) -> Answer:
    return {
        "path": resource.path,
        "description": resource.description,
        "columns": [[one.name, one.type] for one in resource.columns],
        "methods": [[one.name, one.verb, list(one.required)] for one in resource.methods],
    }


def _view(kept: Kept) -> Answer:
    return {"path": kept.name, "columns": [[one.name, one.type] for one in kept.headings or ()]}


@lru_cache(1)
def _functions() -> list[str]:
    return sorted({*FUNCTIONS, *_of_sqlite()})


def _of_sqlite() -> Iterator[str]:
    connection = apsw.Connection(":memory:")
    try:
        for (name,) in connection.execute("SELECT DISTINCT name FROM pragma_function_list"):
            if name not in _OPERATORS and not str(name).startswith("sqlite_"):
                yield str(name)
    finally:
        connection.close()
