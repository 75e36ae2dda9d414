"""The records of a scan: the calls that its choice needs, several at once, each list to its end."""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.client.connection import Connection
from runyard.client.errors import BrokenAnswer, CallFailed
from runyard.client.fanning import fan_out
from runyard.client.paging import Paging, pages
from runyard.client.whole import whole
from runyard.sql.catalog import Catalog, Method, Resource, Wire
from runyard.sql.services.asking import Asking, Record
from runyard.sql.services.converting import Unfit, argument, as_type
from runyard.sql.services.pushing import NEWEST_FIRST, PARENTS, Choice, Push

Members = Mapping[str, Any]

SLACK_MS = 2_000  # by which a list may fail its own order
MOST_LISTS = 64  # of an optional parameter: beyond, one list of all costs less
UNKNOWN = frozenset({"RESOURCE_DOES_NOT_EXIST", "EntityNotFoundException"})
_UNKNOWN_TEXT = re.compile(r"(Run|Job)( run)? \S+ (does not exist|not found)")  # of Databricks, under another code
PAGE_SIZES: Mapping[str, tuple[str, int]] = {
    "listJobRuns": ("limit", 25),
    "listJobs": ("limit", 100),
    "GetJobRuns": ("MaxResults", 200),
    "GetJobs": ("MaxResults", 1000),
}
"""Operation to the parameter of a page's size, and the largest there is."""
EXPANDED: Mapping[str, tuple[str, frozenset[str]]] = {
    "getJobRun": ("include_history", frozenset({"repair_history"})),
    "listJobRuns": ("expand_tasks", frozenset({"tasks", "job_clusters", "job_parameters"})),
    "listJobs": ("expand_tasks", frozenset({"settings"})),
}
"""Operation to the parameter that it must be told to tell of certain columns."""
UNTOLD: Mapping[str, tuple[str, str]] = {"listJobRuns": ("repair_history", "run_id")}
"""A list to a column that it never tells, and the key by which one row is told whole."""
WHOLE: Mapping[str, tuple[str, str]] = {"listJobRuns": ("getJobRun", "run_id"), "listJobs": ("getJob", "job_id")}
"""A list whose records may be cut (`has_more`), to the operation that tells each whole and its parameter."""

IN_PAGES = frozenset(operation for operation, _ in WHOLE.values())
"""Operations whose one record comes in pages of its arrays."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """One connection's rows of a resource, as a choice asks for them."""

    resource: Resource
    connection: Connection
    catalog: Catalog
    asking: Asking
    choice: Choice

    def rows(self, values: Sequence[Any]) -> Iterator[tuple[Members, Record]]:
        """Yield every record with the parameters that it was asked by; `values` are those of the pushes."""
        told = list(self._told(values))
        limit = self.connection.limit
        found = self._in_order(told) if self.choice.is_ordered else self._of_each(told)
        if limit is None:
            return found
        return self._limited(found, limit)

    def _limited(self, found: Iterator[tuple[Members, Record]], limit: int) -> Iterator[tuple[Members, Record]]:
        yield from itertools.islice(found, limit)
        if next(found, None) is not None:
            self.asking.notice(
                f"Only the first {limit} rows of {self.resource.path} on {self.connection.name} were read: "
                f"that is the limit of this connection in the settings."
            )

    # what is asked

    def _told(self, values: Sequence[Any]) -> Iterator[Members]:
        """Yield the parameters of every call: all combinations of the values."""
        choices: list[list[tuple[str, Any]]] = []
        for push, value in zip(self.choice.pushes, values, strict=True):
            wanted = self._wanted(push, value)
            if wanted is not None:
                choices.append([(push.parameter.name, one) for one in wanted])
        choices += [[(one.name, value) for value in self._of_parents(one.name)] for one in self.choice.parents]
        for one in itertools.product(*choices):
            yield dict(one)

    def _wanted(self, push: Push, value: Any) -> list[Any] | None:
        """Return what a parameter is told, one call each; None: it is not told, and SQLite compares alone."""
        many = value if isinstance(value, set | frozenset) else [value]
        if push.is_option:
            place = f"{self.resource.path}.{self.choice.method.name}"
            return [argument(push.parameter, one, place=place) for one in many if one is not None]
        is_needed = push.parameter.is_required
        if not is_needed and len(many) > MOST_LISTS:
            return None
        found: dict[Any, None] = {}
        for one in many:
            try:
                typed = _comparable(push.parameter.type, one)
            except Unfit:
                if is_needed:
                    continue  # no row can have it
                return None
            if typed is not None:  # nothing equals NULL
                found[typed] = None
        return list(found)

    def _of_parents(self, parameter: str) -> list[Any]:
        name, column = PARENTS[parameter]
        resource = self.catalog.resource((self.resource.provider, self.resource.service, name))
        method = next(one for one in resource.of_verb("select") if not one.required)
        choice = Choice(method=method, pushes=(), used=frozenset({column.lower()}))
        parents = Scan(
            resource=resource, connection=self.connection, catalog=self.catalog, asking=self.asking, choice=choice
        )
        return list(dict.fromkeys(record[column] for _, record in parents.rows(()) if column in record))

    # what is answered

    def _of_each(self, told: Iterable[Members]) -> Iterator[tuple[Members, Record]]:
        for members, first, rest in fan_out(self._opened, told, stop=self.asking.stop):
            for page in itertools.chain(first, rest):
                for record in page:
                    yield members, record

    def _in_order(self, told: Iterable[Members]) -> Iterator[tuple[Members, Record]]:
        """Merge lists that each come in the wanted order; a list that does not is an error, not a wrong answer."""
        by = NEWEST_FIRST[self.choice.method.wire.operation]
        lists = []
        for members, first, rest in fan_out(self._opened, told, stop=self.asking.stop):
            lists.append(_labelled(members, self._sorted(itertools.chain(first, rest), by)))
        return heapq.merge(*lists, key=lambda one: _moment(one[1], by), reverse=True)

    def _sorted(self, found: Iterable[list[Record]], by: str) -> Iterator[Record]:
        """Put a list in order that its service has all but in order: two runs of one moment may change places."""
        waiting: list[tuple[int, int, Record]] = []
        last: int | None = None
        for number, record in enumerate(itertools.chain.from_iterable(found)):
            at = _moment(record, by)
            if last is not None and at > last + SLACK_MS:
                raise BrokenAnswer(
                    f"{self.choice.method.wire.operation} on {self.connection.name} does not list by {by}, the "
                    f"newest first, as it should; write ORDER BY +{by} to have the order made here."
                )
            last = at if last is None else min(last, at)
            heapq.heappush(waiting, (-at, number, record))
            while waiting and -waiting[0][0] >= last + SLACK_MS:
                yield heapq.heappop(waiting)[2]
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _opened(self, members: Members) -> tuple[Members, list[list[Record]], Iterator[list[Record]]]:
        """Return the first page of a list, and the way to the rest: what is short is asked for in parallel."""
        found = self._pages(members)
        try:
            first = next(found, None)
        except CallFailed as error:
            if (self.choice.pushes or self.choice.parents) and is_unknown(error):
                return members, [], iter(())
            raise
        return members, [] if first is None else [first], found

    def _pages(self, members: Members) -> Iterator[list[Record]]:
        method = self.choice.method
        wire = method.wire
        place = f"{wire.operation} on {self.connection.name}"

        def call(told: Members) -> Record:
            return self.asking.read(self.connection, wire, told)

        if wire.operation in IN_PAGES:
            yield [whole(call, {**members, **self._of_page(method)}, place=place)]
            return
        paging = Paging(rows=wire.rows, token=wire.token, place=place)
        for page in pages(call, {**members, **self._of_page(method)}, paging):
            yield self._completed(wire, [_record(one, place) for one in page])

    def _of_page(self, method: Method) -> Members:
        known = {one.name for one in method.parameters}
        told: dict[str, Any] = {}
        name, most = PAGE_SIZES.get(method.wire.operation, ("", 0))
        if name in known:
            told[name] = most
        self._say_what_is_untold(method)
        option, columns = EXPANDED.get(method.wire.operation, ("", frozenset[str]()))
        if option in known and columns & self.choice.used:
            told[option] = True
        return told

    def _say_what_is_untold(self, method: Method) -> None:
        column, key = UNTOLD.get(method.wire.operation, ("", ""))
        if column in self.choice.used:
            self.asking.notice(f"{column} is NULL in a list of {self.connection.name}; {key} = … tells it.")

    def _completed(self, wire: Wire, page: list[Record]) -> list[Record]:
        """Return a page in which records that the service has cut are whole."""
        cut = [one for one in page if one.get("has_more") is True]
        columns = EXPANDED.get(wire.operation, ("", frozenset[str]()))[1]
        if not cut or wire.operation not in WHOLE or not columns & self.choice.used:
            return page
        operation, key = WHOLE[wire.operation]
        of = next((one for one in self.resource.of_verb("select") if one.wire.operation == operation), None)
        if of is None:
            return page
        place, wire_of = f"{operation} on {self.connection.name}", of.wire

        def full(record: Record) -> Record:
            members = {key: record[key]}
            told = whole(lambda asked: self.asking.read(self.connection, wire_of, asked), members, place=place)
            return {**record, **told, "has_more": False}

        known = {one[key]: one for one in fan_out(full, cut, stop=self.asking.stop)}
        return [known.get(one.get(key), one) for one in page]


def is_unknown(error: CallFailed) -> bool:
    """Whether a service says that what was named is not there, and not that the address is wrong."""
    return error.code in UNKNOWN or bool(_UNKNOWN_TEXT.search(str(error)))


def _labelled(members: Members, records: Iterable[Record]) -> Iterator[tuple[Members, Record]]:
    for one in records:
        yield members, one


def _record(one: Any, place: str) -> Record:
    if isinstance(one, dict):
        return one
    raise BrokenAnswer(f"{place}: a row is {type(one).__name__}, not an object.")


def _moment(record: Record, by: str) -> int:
    value = record.get(by)
    return value if isinstance(value, int) else 0


def _comparable(kind: str, value: Any) -> Any:
    """Return a value for a parameter, if an equal column would hold just that."""
    if kind == "string" and isinstance(value, float):
        raise Unfit  # how a service writes it, nobody knows
    return as_type(kind, value)
