"""YAML by the events of its parser: no recursion, no tags that make objects, no repetition without end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from runyard.arazzo.documents.places import Level, Path, Place
from runyard.arazzo.documents.reading import DEEPEST, Unreadable, is_deep, plain

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_REPEATED = 200_000
"""How many nodes a text may gain by repeating others (`*name`), however short it is."""
PREFIX = "tag:yaml.org,2002:"
TAGS: Mapping[str, Callable[[str], Any]] = {
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
        self._found = found
        self._levels: list[Level] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self.repeated = 0

    def take_all(self, next_event: Callable[[], Any]) -> None:
        """Take in the events of the only document, up to the end of the text."""
        take: Mapping[type, Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: self._open,
            SequenceStartEvent: self._open,
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
        }
        documents = 0
        while not isinstance(event := next_event(), StreamEndEvent):
            if (taken := take.get(type(event))) is not None:
                taken(event)
            documents += isinstance(event, DocumentStartEvent)
            if documents > 1:
                raise Unreadable("A second document begins here; one is read.", _place(event.start_mark))

    def _scalar(self, event: Any) -> None:
        if self._levels and self._levels[-1].key is None and isinstance(self._levels[-1].value, dict):
            return self._key(event)
        try:
            value = _value_of(event)
        except ValueError:
            raise Unreadable(
                f"{event.value[:40]!r} cannot be read as {event.tag or 'a number'}.", _place(event.start_mark)
            ) from None
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        return self._put(value, event, nodes=1)

    def _wants_key(self) -> bool:
        return bool(self._levels) and isinstance(self._levels[-1].value, dict) and self._levels[-1].key is None

    def _key(self, event: Any) -> None:
        # A key is its text: OpenAPI's `200:` is to be found as "200", as it is in JSON.
        level, key = self._levels[-1], event.value
        if key in level.value:
            raise Unreadable(f"The key {key!r} stands twice in one mapping.", _place(event.start_mark))
        if event.anchor:
            self._anchors[event.anchor] = (key, 1)
        level.key = key
        if self._found is not None:
            self._found[level.next_path] = _place(event.start_mark)

    def _open(self, event: Any) -> None:
        if self._wants_key():
            raise Unreadable("A key is to be a text.", _place(event.start_mark))
        if len(self._levels) >= DEEPEST:
            raise Unreadable(f"The text nests deeper than {DEEPEST} levels.", _place(event.start_mark))
        if event.tag and event.tag.removeprefix(PREFIX) not in COLLECTIONS:
            raise Unreadable(f"The tag {event.tag} is not known here.", _place(event.start_mark))
        value: Any = {} if isinstance(event, MappingStartEvent) else []
        path = self._levels[-1].next_path if self._levels else ()
        self._put(value, event, nodes=0)
        self._levels.append(Level(value=value, path=path, anchor=event.anchor))

    def _close(self, _: Any) -> None:
        level = self._levels.pop()
        if level.anchor:
            self._anchors[level.anchor] = (level.value, level.nodes)
        if self._levels:
            self._levels[-1].nodes += level.nodes

    def _alias(self, event: Any) -> None:
        if self._wants_key():
            raise Unreadable("A key is to be a text, not an alias.", _place(event.start_mark))
        if event.anchor not in self._anchors:
            raise Unreadable(f"Nothing before is named &{event.anchor}.", _place(event.start_mark))
        value, nodes = self._anchors[event.anchor]
        self.repeated += nodes
        if self.repeated > MOST_REPEATED:
            raise Unreadable(f"Aliases repeat more than {MOST_REPEATED:,} nodes.", _place(event.start_mark))
        self._put(value, event, nodes=nodes)

    def _put(self, value: Any, event: Any, *, nodes: int) -> None:
        if not self._levels:
            self.data = value
            if self._found is not None:
                self._found[()] = _place(event.start_mark)
            return
        level = self._levels[-1]
        level.nodes += nodes
        if isinstance(level.value, list):
            if self._found is not None:
                self._found[level.next_path] = _place(event.start_mark)
            level.value.append(value)
        else:
            level.value[level.key] = value
            level.key = None


def _value_of(event: Any) -> Any:
    if event.tag is None or event.tag == "!":
        return plain(event.value) if event.implicit[0] else event.value
    kind = event.tag.removeprefix(PREFIX)
    if kind not in TAGS:
        raise Unreadable(f"The tag {event.tag} is not known here.", _place(event.start_mark))
    return TAGS[kind](event.value)
