"""COPY (query) TO STDOUT, with its options in PostgreSQL's new form and in the old one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from runyard.sql.errors import NOT_SUPPORTED
from runyard.sql.grammar.cursor import Cursor
from runyard.sql.grammar.queries import query
from runyard.sql.statements import Copy


def copy(cursor: Cursor) -> Copy:
    """COPY (query) | resource [(column, …)] TO STDOUT [WITH …]."""
    cursor.needs("COPY")
    tree = _source(cursor)
    if cursor.sees("FROM"):
        raise cursor.wrong(
            "Rows are not copied in here; TO STDOUT is expected",
            code=NOT_SUPPORTED,
            hint="Make what is missing with INSERT INTO.",
        )
    cursor.needs("TO")
    if not cursor.takes("STDOUT"):
        raise cursor.wrong(
            "STDOUT is expected", code=NOT_SUPPORTED, hint="The server writes no files; the client does."
        )
    cursor.takes("WITH")
    options = _listed(cursor) if cursor.takes("(") else _old(cursor)
    return Copy(tree=tree, options=options)


def _source(cursor: Cursor) -> exp.Expression:
    if cursor.takes("("):
        tree = query(cursor, cursor.rest())
        cursor.needs(")")
        return tree
    name = cursor.name("A query in parentheses or a resource")
    columns: list[str] = []
    if cursor.takes("("):
        columns = cursor.listed(lambda: cursor.part("A column"))
        cursor.needs(")")
    table = exp.to_table(".".join(f'"{part}"' for part in name)) if _fits(name) else None
    if table is None:
        raise cursor.wrong(f"{'.'.join(name)} is no name of a resource; TO STDOUT is expected")
    shown: list[exp.Expression] = [exp.column(exp.to_identifier(one, quoted=True)) for one in columns]
    return exp.select(*(shown or [exp.Star()])).from_(table)


def _fits(name: tuple[str, ...]) -> bool:
    return all('"' not in part for part in name)


def _listed(cursor: Cursor) -> dict[str, Any]:
    options: dict[str, Any] = {}
    cursor.listed(lambda: _option(cursor, options))
    cursor.needs(")")
    return options


def _option(cursor: Cursor, options: dict[str, Any]) -> None:
    token = cursor.next("word", expected="An option of COPY")
    reading = OPTIONS.get(token.upper)
    if reading is None:
        raise cursor.wrong_at(
            token, f"{token.value} is no option of COPY; there are {', '.join(OPTIONS)}", code=NOT_SUPPORTED
        )
    options[token.upper.lower()] = reading(cursor)


def _old(cursor: Cursor) -> dict[str, Any]:
    options: dict[str, Any] = {}
    while cursor.token is not None:
        word = cursor.takes_one(*OLD)
        if word is None:
            raise cursor.wrong(f"An option of COPY is expected: {', '.join(OLD)}")
        name, reading = OLD[word]
        options[name] = reading(cursor)
    return options


def _format(cursor: Cursor) -> str:
    return cursor.next("word", "string", "quoted", expected="The format").value.lower()


def _is_on(cursor: Cursor) -> bool:
    token = cursor.token
    if token is None or token.upper in {",", ")"}:
        return True
    cursor.at += 1
    word = token.value.upper()
    if word not in ON_OR_OFF:
        raise cursor.wrong_at(token, f"{token.text} is neither on nor off")
    return ON_OR_OFF[word]


ON_OR_OFF = {"TRUE": True, "ON": True, "1": True, "MATCH": True, "FALSE": False, "OFF": False, "0": False}


def _after_as(cursor: Cursor) -> str:
    cursor.takes("AS")
    return cursor.string()


def _star_or_columns(cursor: Cursor) -> list[str]:
    if cursor.takes("*"):
        return ["*"]
    cursor.needs("(")
    found = cursor.listed(lambda: cursor.part("A column"))
    cursor.needs(")")
    return found


OPTIONS: Mapping[str, Callable[[Cursor], Any]] = {
    "FORMAT": _format,
    "HEADER": _is_on,
    "DELIMITER": lambda cursor: cursor.string("The delimiter in single quotes"),
    "NULL": lambda cursor: cursor.string("What stands for NULL, in single quotes"),
    "QUOTE": lambda cursor: cursor.string("The quote in single quotes"),
    "ESCAPE": lambda cursor: cursor.string("The escape in single quotes"),
    "FORCE_QUOTE": _star_or_columns,
    "ENCODING": lambda cursor: cursor.string("The encoding in single quotes"),
}
OLD: Mapping[str, tuple[str, Callable[[Cursor], Any]]] = {
    "CSV": ("format", lambda _: "csv"),
    "BINARY": ("format", lambda _: "binary"),
    "HEADER": ("header", lambda _: True),
    "DELIMITER": ("delimiter", _after_as),
    "NULL": ("null", _after_as),
    "QUOTE": ("quote", _after_as),
    "ESCAPE": ("escape", _after_as),
}
