"""Puts parameters into statements: each becomes one literal or name, whatever it holds, and never a piece of SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import TaskFailed
from .files import Reader, located
from .statements import Statement
from .tokens import Token

_IN_TEXT = re.compile(r"\{\{([^{}]++)\}\}|\$\{([^{}]++)\}")

# Spark's way to read a file as a table: parquet.`s3://bucket/folder`.
FORMATS = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json", "text": "read_text"}


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What a task brings for its statements: parameters, and the mounts under which files lie."""

    parameters: Mapping[str, Any]
    mounts: Mapping[str, str]

    def bound(self, statement: Statement) -> str:
        """Return the statement with its parameters as literals and its files where they lie."""
        reader = Reader()
        pieces: list[str] = []
        for token in statement.tokens:
            if token.text[0] == "`" and reader.before[1] == "." and reader.before[0] in FORMATS:
                del pieces[-2:]
                pieces.append(self._table_of_files(reader.before[0], token.text.strip("`")))
            else:
                pieces.append(self._piece(token, reader))
            reader.read(token)
        return "".join(pieces)

    def _piece(self, token: Token, reader: Reader) -> str:
        if token.kind == "marker":
            value = self._value(token)
            return self._text(value, reader) if isinstance(value, str) else _literal(value)
        if token.kind == "identifier":
            return ".".join(_quoted(part.strip('`"'), '"') for part in str(self._value(token)).split("."))
        if token.kind == "text":
            return self._text(self._filled(token.text[1:-1].replace("''", "'")), reader)
        if token.kind == "quoted":
            mark = token.text[0]
            return _quoted(self._filled(token.text[1:-1].replace(mark * 2, mark)), '"')
        return token.text

    def _text(self, value: str, reader: Reader) -> str:
        if not reader.expects_file:
            return _literal(value)
        path = located(value, self.mounts)
        if path != value:
            reader.prepare(path)
        return _literal(path)

    def _table_of_files(self, kind: str, name: str) -> str:
        path = located(self._filled(name), self.mounts)
        if Path(path).is_dir():
            path = f"{path.rstrip('/')}/**/*.{kind}"
        return f"{FORMATS[kind]}({_literal(path)})"

    def _value(self, token: Token) -> Any:
        if token.name in self.parameters:
            return self.parameters[token.name]
        known = ", ".join(self.parameters) or "none"
        raise TaskFailed(f"No value is given for the parameter {token.name!r}; given are: {known}.")

    def _filled(self, text: str) -> str:
        """Put values into a text that names them; what names none is the text's own."""

        def value(found: re.Match[str]) -> str:
            return str(self.parameters.get((found[1] or found[2]).strip(), found[0]))

        return _IN_TEXT.sub(value, text)


def _quoted(text: str, mark: str) -> str:
    if "\0" in text:
        raise TaskFailed("A text with the character NUL cannot stand in a statement.")
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _quoted(str(value), "'")
