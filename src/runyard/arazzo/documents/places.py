"""Where in a text a node stands, by the path of keys and indexes that leads to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from runyard.arazzo.records import Record

Path = tuple[str | int, ...]
MARK = re.compile(r'[{}\[\],:]|"(?:[^"\\]+|\\.)*"|[^\s{}\[\],:"]+')


class Place(Record):
    """A line and a column, both counted from 1 as editors do."""

    line: int = 1
    column: int = 1


class Level(Record, frozen=False):
    """One mapping or sequence that is being read, and how far it has come."""

    value: Any
    path: Path
    key: str | None = None
    nodes: int = 1
    anchor: str | None = None
    seen: set[str] = field(default_factory=set)

    @property
    def next_path(self) -> Path:
        """The path of the node that comes next."""
        return (*self.path, len(self.value) if isinstance(self.value, list) else self.key or "")


def nearest(found: Mapping[Path, Place], path: Path) -> Place:
    """The node's place, or that of what it would stand in if it is not there."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, Place())


def json_places(text: str) -> dict[Path, Place]:
    """The places of a valid JSON text; a member's is that of its key, a repeated key's that of its last one."""
    return {path: _at(text, position) for path, position in _json_nodes(text)}


def repeated_json_key(text: str) -> tuple[str, Place] | None:
    """The first key that stands twice in one object."""
    seen: set[Path] = set()
    for path, position in _json_nodes(text):
        if path in seen and path:
            return str(path[-1]), _at(text, position)
        seen.add(path)
    return None


def _json_nodes(text: str) -> Iterator[tuple[Path, int]]:
    position, levels = 0, list[Level]()
    while found := MARK.search(text, position):
        start, mark, position = found.start(), found[0], found.end()
        level = levels[-1] if levels else None
        if mark[0] == '"' and level is not None and isinstance(level.value, dict) and level.key is None:
            level.key = json.loads(mark)
            yield level.next_path, start
            continue
        if mark in "}],:":
            _closed(levels, mark)
            continue
        if level is None or isinstance(level.value, list):
            yield (level.next_path if level else ()), start
        if mark in "{[":
            levels.append(Level(value={} if mark == "{" else [], path=level.next_path if level else ()))


def _closed(levels: list[Level], mark: str) -> None:
    """Take in a mark that ends something: a level, or an element of one."""
    if mark in "}]":
        levels.pop()
    elif mark == ",":
        level = levels[-1]
        level.key = None
        if isinstance(level.value, list):
            level.value.append(None)


def _at(text: str, position: int) -> Place:
    start = text.rfind("\n", 0, position) + 1
    return Place(line=text.count("\n", 0, position) + 1, column=position - start + 1)
