"""YAML by the events of its parser: no recursion, no tags that make objects, no repetition without end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from runyard.arazzo.documents.places import Path, Place
from runyard.arazzo.documents.reading import DEEPEST, Unreadable, is_deep, plain

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_REPEATED = 200_000
"""How many nodes a text may gain by repeating others (`*name`), however short it is."""
PREFIX = "tag:yaml.org,2002:"
TAGS: Mapping[str, Callable[[str], Any]] = {
    "": plain,
    "!": str,
    "str": str,
    "int": lambda text: int(text, 0),
    "float": float,
    "bool": plain,
    "null": plain,
}
COLLECTIONS = frozenset({"map", "seq"})


def build(text: str, found: dict[Path, Place] | None = None) -> Any:
    """Return the data of a text's only document, and put into `found` where each node stands."""
    builder = _Builder(found)
    parser = LOADER(text)
    try:
        builder.take_all(parser.get_event)
    except yaml.MarkedYAMLError as error:
        raise Unreadable(f"{error.problem or error.context}.", _place(error.problem_mark)) from error
    except yaml.YAMLError as error:
        raise Unreadable(f"{error}", Place()) from error
    finally:
        parser.dispose()
    if builder.repeated and is_deep(builder.data):
        raise Unreadable(f"Aliases make the text nest deeper than {DEEPEST} levels.", Place())
    return builder.data


def _place(mark: Any) -> Place:
    return Place(line=mark.line + 1, column=mark.column + 1) if mark else Place()


class _Builder:
    """The data so far, and the mappings and sequences that are still open."""

    def __init__(self, found: dict[Path, Place] | None) -> None:
        self.data: Any = None
        self.repeated = 0
        self._is_over = False
        self._found = found
        self._holder: Any = None  # the innermost that is open
        self._key: str | None = None  # whose value comes next, if that is a mapping
        self._around: list[tuple[Any, str | None, str | None]] = []  # those around it with their keys and its anchor
        self._anchors: dict[str, Any] = {}

    def take_all(self, next_event: Callable[[], Any]) -> None:
        """Take in the events of the only document, up to the end of the text."""
        take: Mapping[type, Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._open,
            SequenceStartEvent: self._open,
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
            DocumentEndEvent: self._end,
        }
        while (kind := type(event := next_event())) is not StreamEndEvent:
            if kind in take:
                take[kind](event)
            elif kind is DocumentStartEvent and self._is_over:
                raise Unreadable("A second document begins here; one is read.", _place(event.start_mark))

    def _end(self, _: Any) -> None:
        self._is_over = True

    def _scalar(self, event: Any) -> None:
        if self._key is None and type(self._holder) is dict:
            value = self._take_key(event)
        else:
            value = event.value
            if event.implicit[0] or event.tag is not None:
                value = _value_of(event)
            self._put(value, event)
        if event.anchor:
            self._anchors[event.anchor] = value

    def _take_key(self, event: Any) -> str:
        # A key is its text: OpenAPI's `200:` is to be found as "200", as it is in JSON.
        key: str = event.value
        if key in self._holder:
            raise Unreadable(f"The key {key!r} stands twice in one mapping.", _place(event.start_mark))
        self._key = key
        if self._found is not None:
            self._found[self._path()] = _place(event.start_mark)
        return key

    def _path(self) -> Path:
        """The way to the node that comes next."""
        way = [len(holder) - 1 if type(holder) is list else key or "" for holder, key, _ in self._around[1:]]
        return (*way, len(self._holder) if type(self._holder) is list else self._key or "")

    def _open(self, event: Any) -> None:
        if len(self._around) >= DEEPEST:
            raise Unreadable(f"The text nests deeper than {DEEPEST} levels.", _place(event.start_mark))
        if event.tag and event.tag.removeprefix(PREFIX) not in COLLECTIONS:
            raise Unreadable(f"The tag {event.tag} is not known here.", _place(event.start_mark))
        value: Any = {} if type(event) is MappingStartEvent else []
        outer, key = self._holder, self._key
        self._put(value, event)
        self._around.append((outer, key, event.anchor))
        self._holder, self._key = value, None

    def _close(self, _: Any) -> None:
        holder, (self._holder, _key, anchor) = self._holder, self._around.pop()
        if anchor:
            self._anchors[anchor] = holder

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise Unreadable(f"Nothing before is named &{event.anchor}.", _place(event.start_mark))
        value = self._anchors[event.anchor]
        self.repeated += _nodes(value, MOST_REPEATED - self.repeated)
        if self.repeated > MOST_REPEATED:
            raise Unreadable(f"Aliases repeat more than {MOST_REPEATED:,} nodes.", _place(event.start_mark))
        self._put(value, event)

    def _put(self, value: Any, event: Any) -> None:
        """Put a node where it belongs."""
        holder = self._holder
        if type(holder) is dict:
            if self._key is None:
                raise Unreadable("A key is to be a text.", _place(event.start_mark))
            holder[self._key] = value
            self._key = None
            return
        if self._found is not None:
            self._found[self._path() if holder is not None else ()] = _place(event.start_mark)
        if holder is None:
            self.data = value
        else:
            holder.append(value)


def _nodes(value: Any, most: int) -> int:
    """How many nodes a value has, written out; more than may be are not counted to their end."""
    count, waiting = 0, [value]
    while waiting and count <= most:
        one = waiting.pop()
        count += 1
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return count


def _value_of(event: Any) -> Any:
    kind = "" if event.tag is None else event.tag.removeprefix(PREFIX)
    if kind not in TAGS:
        raise Unreadable(f"The tag {event.tag} is not known here.", _place(event.start_mark))
    try:
        return TAGS[kind](event.value)
    except ValueError:
        what = event.tag or "a number"
        raise Unreadable(f"{event.value[:40]!r} cannot be read as {what}.", _place(event.start_mark)) from None
