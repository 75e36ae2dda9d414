"""Searching texts and JSON with patterns that somebody else wrote: in bounded time, or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import regex
from iregexp_check import check
from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathNode, JSONPathQuery
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.function_extensions._pattern import map_re
from jsonpath_rfc9535.parse import Parser

from runyard.arazzo.language.errors import NotDecided, NotUnderstood
from runyard.core.patterns import problem

LONGEST_TEXT = 1 << 20
# What the library lets through of a query that is not well-formed, beside its own errors.
UNREADABLE = (JSONPathError, ValueError, OverflowError, RecursionError, AssertionError, LookupError, TypeError)


def matches(pattern: str, text: str, *, seconds: float, whole: bool = False) -> bool:
    """Whether a regular expression is found in the text (or is all of it), within so many seconds."""
    if len(text) > LONGEST_TEXT:
        raise NotDecided(f"A pattern searches at most {LONGEST_TEXT:,} characters, and here are {len(text):,}.")
    made = compiled(pattern)
    find = made.fullmatch if whole else made.search
    try:
        return find(text, timeout=max(seconds, 0.001)) is not None
    except TimeoutError as error:
        raise NotDecided(f"The pattern {pattern[:120]!r} had no answer within its time; write it simpler.") from error
    except (RecursionError, MemoryError) as error:
        raise NotDecided(f"The pattern {pattern[:120]!r} takes too much memory; write it simpler.") from error


def compiled(pattern: str) -> regex.Pattern[str]:
    """The regular expression that a text is; refuse what is none, and what would cost too much."""
    if found := problem(pattern):
        raise NotUnderstood(found[0][:1].upper() + found[0][1:], pattern, found[1])
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise NotUnderstood(f"No regular expression: {error.msg}", pattern, error.pos or 0) from error
    except (OverflowError, RecursionError, MemoryError, ValueError, KeyError, IndexError) as error:
        raise NotUnderstood(f"No regular expression: {error}", pattern, 0) from error


class Paths(JSONPathEnvironment):
    """JSONPath by RFC 9535 whose queries end in time; one for each decision."""

    def __init__(self, seconds: float) -> None:
        self.parser_class = _Parser
        self._until = time.monotonic() + seconds
        super().__init__()
        self.function_extensions["match"] = _Matching(self, whole=True)
        self.function_extensions["search"] = _Matching(self, whole=False)

    def read(self, text: str) -> JSONPathQuery:
        """The query that this text is, all of it."""
        try:
            return _Query(env=self, segments=self.compile(text).segments)
        except UNREADABLE as error:
            token = getattr(error, "token", None)
            problem = str(error.args[0]) if error.args else type(error).__name__
            position = min(token.index, len(text)) if token else 0
            raise NotUnderstood(f"No JSONPath of RFC 9535: {problem}", text, position) from error

    def values(self, text: str, value: Any) -> list[Any]:
        """The values of the nodes that a query selects."""
        return [node.value for node in self._nodes(text, value)]

    def locations(self, text: str, value: Any) -> list[tuple[int | str, ...]]:
        """The ways to the nodes that a query selects: names and indexes."""
        return [node.location for node in self._nodes(text, value)]

    def _nodes(self, text: str, value: Any) -> list[JSONPathNode]:
        query = self.read(text)
        try:
            return list(query.finditer(value))
        except (JSONPathError, RecursionError) as error:
            raise NotDecided(f"{text[:120]!r} cannot be asked of this value: {error}") from error

    def spend(self) -> None:
        """Give up when the time is over; asked at each step."""
        if time.monotonic() > self._until:
            raise NotDecided("The JSONPath had no answer within its time; ask for less.")

    @property
    def seconds(self) -> float:
        """The time that is left."""
        return self._until - time.monotonic()


class _Node(JSONPathNode):
    __slots__ = ("paths",)

    def __init__(self, paths: Paths, value: Any, root: Any, location: tuple[int | str, ...] = ()) -> None:
        super().__init__(value=value, location=location, parent=None, root=root)
        self.paths = paths

    def new_child(self, value: object, key: int | str, parent: JSONPathNode | None) -> JSONPathNode:
        """The child, if there is time left."""
        del parent
        self.paths.spend()
        return _Node(self.paths, value, self.root, (*self.location, key))


class _Query(JSONPathQuery):
    __slots__ = ()

    def finditer(self, value: Any) -> Iterable[JSONPathNode]:
        """The nodes selected, lazily."""
        if not isinstance(self.env, Paths):
            raise TypeError(type(self.env))
        self.env.spend()
        nodes: Iterable[JSONPathNode] = [_Node(self.env, value, value)]
        for segment in self.segments:
            nodes = segment.resolve(nodes)
        return nodes


class _Parser(Parser):
    def parse_root_query(self, stream: Any) -> Any:
        """A query of a filter that begins with $, bounded like the one around it."""
        return self._bounded(super().parse_root_query(stream))

    def parse_relative_query(self, stream: Any) -> Any:
        """A query of a filter that begins with @, bounded like the one around it."""
        return self._bounded(super().parse_relative_query(stream))

    def _bounded(self, query: Any) -> Any:
        query.query = _Query(env=self.env, segments=query.query.segments)
        return query


class _Matching(FilterFunction):
    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012  # the library's protocol declares it so
    return_type = ExpressionType.LOGICAL

    def __init__(self, paths: Paths, *, whole: bool) -> None:
        self._paths = paths
        self._whole = whole

    def __call__(self, text: object, pattern: object) -> bool:
        """Whether an I-Regexp (RFC 9485) fits; what is none fits nothing."""
        if not isinstance(text, str) or not isinstance(pattern, str) or not check(pattern):
            return False
        return matches(map_re(pattern), text, seconds=self._paths.seconds, whole=self._whole)
