"""API descriptions of another server that stand in for sources which cannot be reached."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import field

from runyard.arazzo.apis.sources import Api, read_api
from runyard.arazzo.records import Record
from runyard.arazzo.running.calls import POINTED
from runyard.arazzo.running.loading import PREFIX, Loaded, SourceUnavailable
from runyard.arazzo.running.reach import reached
from runyard.core.errors import RunyardError

DESCRIPTIONS = ("/openapi/databricks.json",)
"""Where a server of ours describes what it answers."""


class StandIn(Record):
    """A description that is used in place of a source, and why."""

    name: str
    url: str
    why: str


class Wanted(Record):
    """The operations that a document's steps ask of a source."""

    ids: set[str] = field(default_factory=set)
    pointers: set[str] = field(default_factory=set)

    def are_known_to(self, api: Api) -> bool:
        """Whether a description has all of them."""
        return self.ids <= set(api.operation_ids) and all(api.at_pointer(pointer) for pointer in self.pointers)


def stand_ins(
    loaded: Loaded,
    workflow: str,
    server: Callable[[], str | None],
    *,
    fetch: Callable[[str], str],
    leave: Container[str] = (),
) -> Iterator[StandIn]:
    """Yield what stands in for sources of a workflow that cannot be reached, where our server knows their operations.

    `server` says where one is, and is only asked when a source cannot be reached; sources to `leave` are not looked at.
    """
    for name, wanted in wanted_of(loaded, workflow).items():
        if name in leave:
            continue
        try:
            loaded.source(name)
        except SourceUnavailable as error:
            url = next((url for url in _urls(server()) if _knows(url, wanted, fetch)), None)
            if url is not None:
                yield StandIn(name=name, url=url, why=str(error.__cause__ or error))


def wanted_of(loaded: Loaded, workflow: str) -> dict[str, Wanted]:
    """Return what a run of a workflow may ask of each source that describes an API."""
    apis = [name for name, source in loaded.sources.items() if source.type in (None, "openapi")]
    found: dict[str, Wanted] = {}
    workflows = [place.workflow for place in reached(loaded, workflow) if place.loaded is loaded]
    calls = {(step.operation_path, step.operation_id): None for one in workflows for step in one.steps}
    for operation_path, operation_id in calls:
        pointed = POINTED.fullmatch(operation_path or "")
        if pointed is not None and pointed[1] in apis:
            found.setdefault(pointed[1], Wanted()).pointers.add(pointed[2])
        name, id_ = _parted(operation_id, apis)
        if name is not None:
            found.setdefault(name, Wanted()).ids.add(id_)
    return found


def _parted(id_: str | None, apis: list[str]) -> tuple[str | None, str]:
    """The source and the id of an operation; without a prefix it is one of the only source."""
    id_ = (id_ or "").removeprefix("{").removesuffix("}")
    if not id_:
        return None, ""
    if id_.startswith(PREFIX):
        name, _, rest = id_.removeprefix(PREFIX).partition(".")
        return (name if name in apis else None), rest
    return (apis[0] if len(apis) == 1 else None), id_


def _urls(server: str | None) -> Iterable[str]:
    return [server.rstrip("/") + path for path in DESCRIPTIONS] if server else ()


def _knows(url: str, wanted: Wanted, fetch: Callable[[str], str]) -> bool:
    try:
        return wanted.are_known_to(read_api(fetch(url), url, fetch))
    except RunyardError:
        return False  # no server of ours is there, or it is another one
