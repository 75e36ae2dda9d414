"""XML read with AWS's options: each element of the row's tag is a record, whatever stands around it.

The file passes by as a stream, and of what was read nothing is kept. The parser is the standard library's: it resolves
no external entities, and those inside are limited by expat itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser, iterparse

from .declared import declared
from .flags import flag
from .opening import opened
from .places import Part, with_values
from .reading import Found, together
from .records import Kind, paths
from .staging import frame

YES_OR_NO = {"true", "false"}
WHOLE = re.compile(r"[+-]?[0-9]{1,18}")  # fits into 64 bits
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def read(spark_session: Any, parts: list[Part], options: Mapping[str, Any], types: Mapping[str, str]) -> Found:
    """Return what XML holds."""
    if options.get("withSchema"):
        return declared(spark_session, parts, options, types, lambda files: _texts(files, options))
    kind = Kind()
    for part in parts:
        for record in records(part.files, options):
            kind.see(record)
    choices, nulls = paths(kind)
    made = [with_values(frame(spark_session, kind, records(part.files, options)), part, types) for part in parts]
    return Found(dataframe=together(made), choices=choices, nulls=frozenset(nulls))


def records(files: Sequence[str], options: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the records of files, their values typed by what they look like."""
    for record in _texts(files, options):
        yield typed(record)


def _texts(files: Sequence[str], options: Mapping[str, Any]) -> Iterator[Any]:
    tag = str(options.get("rowTag") or "")
    if not tag:
        raise ValueError("The format xml needs format_options={'rowTag': …}: the tag whose elements are the rows.")
    shape = Shape(options)
    for name in files:
        with opened(name, options) as file:
            try:
                for element in _rows(file, tag, options):
                    yield shape.record(element)
            except ParseError as error:
                raise ValueError(f"{name} is no XML: {error}.") from error


def _rows(file: Any, tag: str, options: Mapping[str, Any]) -> Iterator[Element]:
    parser = XMLParser(encoding=str(options["encoding"])) if options.get("encoding") else None  # noqa: S314 - as said above
    depth, above = 0, []
    for event, element in iterparse(file, ("start", "end"), parser=parser):  # noqa: S314 - as said above
        if event == "start":
            depth += _name(element.tag) == tag
            above.append(element)
            continue
        above.pop()
        if _name(element.tag) == tag:
            depth -= 1
            if depth == 0:
                yield element
        if depth == 0 and above:
            above[-1].remove(element)  # what was read is kept no longer


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


class Shape:
    """How elements become records."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._prefix = str(options.get("attributePrefix", "_"))
        self._value = str(options.get("valueTag", "_VALUE"))
        self._has_attributes = not flag(options, "excludeAttribute")
        self._empty_is_null = flag(options, "treatEmptyValuesAsNulls")
        self._strips = flag(options, "ignoreSurroundingSpaces")

    def record(self, element: Element) -> dict[str, Any]:
        """Return a row."""
        found = self.value(element)
        return found if isinstance(found, dict) else {self._value: found}

    def value(self, element: Element) -> Any:
        """Return what an element holds: a text, or a structure of its attributes, children and text."""
        made: dict[str, Any] = {}
        if self._has_attributes:
            made.update({f"{self._prefix}{_name(name)}": self._text(text) for name, text in element.attrib.items()})
        for child in element:
            _add(made, _name(child.tag), self.value(child))
        whole = "".join([element.text or "", *(child.tail or "" for child in element)])
        text = self._text(whole if not made or whole.strip() else None)
        if not made:
            return text
        return made if text is None else {**made, self._value: text}

    def _text(self, text: str | None) -> str | None:
        if text is None:
            return None
        found = text.strip() if self._strips else text
        return None if self._empty_is_null and not found.strip() else found


def _add(made: dict[str, Any], name: str, value: Any) -> None:
    """Keep a child; of several with one name the value is a list."""
    if name not in made:
        made[name] = value
    elif isinstance(made[name], list):
        made[name].append(value)
    else:
        made[name] = [made[name], value]


def typed(value: Any) -> Any:
    """Return a record with numbers and booleans where its texts spell such."""
    if isinstance(value, dict):
        return {name: typed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [typed(one) for one in value]
    return _scalar(value) if isinstance(value, str) else value


def _scalar(text: str) -> Any:
    plain = text.strip()
    if plain.lower() in YES_OR_NO:
        return plain.lower() == "true"
    if WHOLE.fullmatch(plain):
        return int(plain)
    return float(plain) if NUMBER.fullmatch(plain) else text
