"""Search by words over entities of the catalog, reflections and jobs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from runyard.core.ids import LARGEST
from runyard.dialects import reading
from runyard.dialects.dremio import catalog, entities
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.found import (
    CATEGORIES,
    JOB,
    REFLECTION,
    entity_hit,
    job_hit,
    reflection_hit,
    text_of_entity,
    text_of_job,
    text_of_reflection,
)
from runyard.dialects.dremio.reflections import shelves
from runyard.dialects.dremio.system_tables import MOST as MOST_JOBS
from runyard.dialects.dremio.told import jobs_of
from runyard.dialects.dremio.views import LANGUAGE
from runyard.dialects.tokens import read_token, write_token
from runyard.store.ledger import Page

PAGE, MOST = 50, 100
AT_ONCE = 500  # jobs that are looked through together
SCRIPT = "SCRIPT"
KNOWN = frozenset({*CATEGORIES.values(), REFLECTION, JOB, SCRIPT})
"""What filters know; there are no scripts here to be found."""
_FILTER = re.compile(r"\s*category\s+in\s+\[(?P<listed>[^\]]*)\]\s*", re.IGNORECASE)
_WORD = re.compile(r"\s*(?:\"([A-Z]+)\"|'([A-Z]+)')\s*")
FORM = 'category in ["TABLE", "VIEW"]'

Hit = tuple[int, dict[str, Any]]  # with the id of what was found


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is searched for: words that are all in it, and the categories that it may have."""

    words: list[str]
    categories: frozenset[str]

    def fits(self, text: str) -> bool:
        """Tell whether every word is in a text."""
        plain = text.casefold()
        return all(word in plain for word in self.words)


def search(call: Call) -> dict[str, Any]:
    """Return what every word of a query is found in: entities, reflections, then jobs, the newest of each first."""
    words = reading.text(call.members.get("query", ""), "query").casefold().split()
    asked = Asked(words=words, categories=_categories(call.text("filter")))
    size = min(_at_least_one(call.members.get("maxResults", PAGE)), MOST)
    scope = f"dremio search {words} {sorted(asked.categories)}"
    token = call.text("pageToken")
    shelf, before = read_token(scope, token, size=2) if token else (0, LARGEST)
    found = list(islice(_found(call, asked, shelf, before), size + 1))
    more = {"nextPageToken": write_token(scope, found[size - 1][0])} if len(found) > size else {}
    return {"sessionId": str(uuid5(NAMESPACE_URL, scope)), "results": [hit for _, hit in found[:size]], **more}


def search_catalog(call: Call) -> dict[str, Any]:
    """Return the lines of the first entities that every word of a query is found in."""
    asked = Asked(words=call.text("query").casefold().split(), categories=KNOWN)
    known = sorted(catalog.read(call, catalog.every), key=lambda one: -one.id)
    fitting = (one for one in known if asked.fits(text_of_entity(one)))
    return {"data": [entities.line(one) for one in islice(fitting, PAGE)]}


def _found(call: Call, asked: Asked, shelf: int, before: int) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    """Yield what is found with its place, from a place on."""
    for number, look in enumerate(SHELVES):
        if number >= shelf:
            for identifier, hit in look(call, asked, before if number == shelf else LARGEST):
                yield (number, identifier), hit


def _entities(call: Call, asked: Asked, before: int) -> Iterator[Hit]:
    if asked.categories.isdisjoint(CATEGORIES.values()):
        return
    known = sorted(catalog.read(call, catalog.every), key=lambda one: -one.id)
    for one in known:
        if one.id < before and CATEGORIES[one.kind] in asked.categories and asked.fits(text_of_entity(one)):
            yield one.id, entity_hit(one)


def _reflections(call: Call, asked: Asked, before: int) -> Iterator[Hit]:
    if REFLECTION not in asked.categories:
        return
    for one in sorted(catalog.read(call, shelves.every), key=lambda one: -one.document.id):
        if one.document.id < before and asked.fits(text_of_reflection(one)):
            yield one.document.id, reflection_hit(one)


def _jobs(call: Call, asked: Asked, before: int) -> Iterator[Hit]:
    """Yield jobs, which are looked through some at a time."""
    if JOB not in asked.categories:
        return
    kinds = {one.name: one.kind for one in catalog.read(call, catalog.every)}
    for _ in range(MOST_JOBS // AT_ONCE):
        page = Page(limit=AT_ONCE, where={"language": LANGUAGE, "before": before})
        runs = call.engine.runs(call.workspace, page)
        for job in jobs_of(call.engine, runs):
            if asked.fits(text_of_job(job)):
                yield job.run.id, job_hit(job, kinds)
        if len(runs) < AT_ONCE:
            return
        before = runs[-1].id


SHELVES: tuple[Callable[[Call, Asked, int], Iterator[Hit]], ...] = (_entities, _reflections, _jobs)
"""Where is searched, one after the other."""


def _at_least_one(size: int) -> int:
    if size < 1:
        raise wrong(f"Invalid value for maxResults: {size} is less than 1.")
    return size


def _categories(text: str) -> frozenset[str]:
    """Return the categories that a filter lets through; without one, all."""
    if not text.strip():
        return KNOWN
    found = _FILTER.fullmatch(text)
    named = [_WORD.fullmatch(each) for each in found["listed"].split(",")] if found else [None]
    listed = {match[1] or match[2] for match in named if match}
    if None in named or not listed <= KNOWN:
        raise wrong(
            f"Invalid value for filter: {text!r}. It is of the form {FORM}; known are {', '.join(sorted(KNOWN))}."
        )
    return frozenset(listed)


_TAKES: Mapping[str, str] = {"query": "string", "filter": "string", "pageToken": "string", "maxResults": "int"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="search",
        method="POST",
        path="search",
        handle=search,
        summary="Find entities of the catalog, reflections and jobs by words",
        takes=_TAKES,
        gives={"sessionId": "string!", "results": "array!", "nextPageToken": "string"},
    ),
    Operation(
        id="searchCatalog",
        method="GET",
        path="catalog/search",
        handle=search_catalog,
        summary="Find entities of the catalog by words",
        takes={"query": "string"},
        gives={"data": "array!"},
    ),
)
