"""Search by words over what is in the catalog: names, columns, labels and wikis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runyard.core.document import Document
from runyard.dialects import reading
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.catalog import FOLDER, FUNCTION, HOME, SOURCE, SPACE, TABLE, VIEW, path_of
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.views import moment
from runyard.dialects.tokens import read_token, write_token

PAGE, MOST = 50, 100
CATEGORIES: Mapping[str, str] = {
    SPACE: "SPACE", HOME: "SPACE", FOLDER: "FOLDER", SOURCE: "SOURCE", VIEW: "VIEW", TABLE: "TABLE", FUNCTION: "UDF",
}  # fmt: skip
"""A kind of entity to the category that filters know."""
_FILTER = re.compile(r"\s*category\s+in\s+\[(?P<listed>[^\]]*)\]\s*", re.IGNORECASE)
_WORD = re.compile(r"\s*(?:\"([A-Z]+)\"|'([A-Z]+)')\s*")
FORM = 'category in ["TABLE", "VIEW"]'


def search(call: Call) -> dict[str, Any]:
    """Return what every word of a query is found in, the newest first, page by page."""
    words = reading.text(call.members.get("query", ""), "query").casefold().split()
    wanted = _categories(call.text("filter"))
    size = min(max(call.members.get("maxResults", PAGE), 1), MOST)
    scope = f"dremio search {words} {sorted(wanted)}"
    after = read_token(scope, call.text("pageToken"), size=1)[0] if call.text("pageToken") else None
    known = sorted(catalog.read(call, catalog.every), key=lambda one: -one.id)
    fitting = [one for one in known if CATEGORIES[one.kind] in wanted and _fits(one, words)]
    rest = [one for one in fitting if after is None or one.id < after]
    more = {"nextPageToken": write_token(scope, [rest[size - 1].id])} if len(rest) > size else {}
    return {"results": [{"catalogObject": _object(one)} for one in rest[:size]], **more}


def _categories(text: str) -> frozenset[str]:
    """Return the categories that a filter lets through; without one, all."""
    if not text.strip():
        return frozenset(CATEGORIES.values())
    found = _FILTER.fullmatch(text)
    named = [_WORD.fullmatch(each) for each in found["listed"].split(",")] if found else [None]
    listed = {match[1] or match[2] for match in named if match}
    if None in named or not listed <= set(CATEGORIES.values()):
        known = ", ".join(sorted(set(CATEGORIES.values())))
        raise wrong(
            f"Invalid value for filter: {text!r}. It is of the form {FORM}; known are {known}. Jobs and reflections "
            "are found by SQL, in sys.project.jobs and sys.project.reflections."
        )
    return frozenset(listed)


def _fits(one: Document, words: list[str]) -> bool:
    text = " ".join((*path_of(one), *_columns(one), *_labels(one), _wiki(one))).casefold()
    return all(word in text for word in words)


def _object(one: Document) -> dict[str, Any]:
    columns = {"columns": _columns(one)} if one.kind in catalog.DATASETS else {}
    return {
        "path": path_of(one),
        "type": CATEGORIES[one.kind],
        "labels": _labels(one),
        "wiki": _wiki(one),
        "createdAt": moment(one.created_at or None),
        "modifiedAt": moment(one.updated_at or None),
        **columns,
    }


def _columns(one: Document) -> list[str]:
    return [each["name"] for each in one.content.get("fields", ())]


def _labels(one: Document) -> list[str]:
    return list(one.content.get("tags", {}).get("tags", ()))


def _wiki(one: Document) -> str:
    return str(one.content.get("wiki", {}).get("text", ""))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="search",
        method="POST",
        path="search",
        handle=search,
        summary="Find entities of the catalog by words",
        takes={"query": "string", "filter": "string", "pageToken": "string", "maxResults": "int"},
        gives={"results": "array!", "nextPageToken": "string"},
    ),
)
