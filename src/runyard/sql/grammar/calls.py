"""EXEC, as StackQL's grammar has it, with booleans and negative numbers, and every word as a part of a name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runyard.sql.errors import INVALID_TEXT
from runyard.sql.grammar.binds import bind_name
from runyard.sql.grammar.cursor import Cursor
from runyard.sql.grammar.text import Token, refused
from runyard.sql.statements import Bind, Exec

HINTS = ("SHOWRESULTS", "AWAIT")
FEWEST_PARTS = 2
FORM = "EXEC provider.service.resource.method @name='value', @other=1 @@json='{…}'"


def exec_statement(cursor: Cursor) -> Exec:
    """EXEC [/*+ hint */] p.s.r.method [@name = value, …] [@@json = value]."""
    cursor.needs("EXEC")
    hints = cursor.hints(HINTS)
    begin = cursor.token
    method = cursor.name("The method", hint=f"The form is {FORM}.")
    if len(method) < FEWEST_PARTS and begin is not None:
        raise cursor.wrong_at(begin, f"{begin.value} names no method; it stands behind its resource, as in {FORM}")
    hints |= cursor.hints(HINTS)
    arguments = _arguments(cursor)
    payload = _payload(cursor)
    return Exec(method=method, arguments=arguments, payload=payload, hints=hints)


def _arguments(cursor: Cursor) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if _sees_argument(cursor, "@"):
        cursor.listed(lambda: _argument(cursor, found))
    return found


def _argument(cursor: Cursor, found: dict[str, Any]) -> None:
    if _sees_argument(cursor, "@@"):
        raise cursor.wrong("No comma stands before @@json; leave it out,")
    token = cursor.next("argument", expected="@name", hint=f"The form is {FORM}.")
    name = token.value[1:]
    if name in found:
        raise cursor.wrong_at(token, f"@{name} is given twice")
    cursor.needs("=", hint=f"The form is {FORM}.")
    found[name] = value(cursor)


def _payload(cursor: Cursor) -> Mapping[str, Any] | Bind | None:
    token = cursor.token
    if token is None or token.kind != "argument":
        return None
    if not token.value.startswith("@@"):
        raise cursor.wrong("A comma is expected")
    cursor.at += 1
    cursor.needs("=", hint=f"The form is {FORM}.")
    given = cursor.token
    found = value(cursor)
    if cursor.token is not None and cursor.token.kind in {"argument", "sign"} and cursor.token.upper != ")":
        raise cursor.wrong(f"{token.text} stands last and only once; nothing is expected")
    if found is None or isinstance(found, Bind):
        return found
    if given is None or not isinstance(found, str):
        raise cursor.wrong_at(given or token, f"{token.text} is JSON in single quotes")
    return document(cursor, given)


def _sees_argument(cursor: Cursor, signs: str) -> bool:
    token = cursor.token
    return token is not None and token.kind == "argument" and token.value.startswith("@@") == (signs == "@@")


def document(cursor: Cursor, token: Token) -> Mapping[str, Any]:
    """Read the JSON object in a string; what is wrong with it is told with its place in the text."""
    try:
        found = json.loads(token.value, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise refused(
            cursor.text, _inside(token, error.pos), f"This is no JSON: {error.msg}", code=INVALID_TEXT
        ) from error
    except (ValueError, RecursionError) as error:
        raise cursor.wrong_at(
            token, f"This is no JSON: {error or 'it is nested too deeply'}", code=INVALID_TEXT
        ) from error
    if not isinstance(found, dict):
        raise cursor.wrong_at(token, "The JSON of a request is an object, in braces", code=INVALID_TEXT)
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _inside(token: Token, offset: int) -> int:
    """Where a character of a string stands in the text; quotes within it are written with two characters."""
    if not token.text.startswith("'") or "\\'" in token.text:
        return token.start
    at = token.start + 1
    for character in token.value[:offset]:
        at += 2 if character == "'" else 1
    return at


def value(cursor: Cursor) -> Any:
    """A literal or a bind."""
    token = cursor.token
    if token is None:
        raise cursor.wrong("A value is expected")
    if token.kind == "quoted":
        raise cursor.wrong_at(token, "A string stands in single quotes; double quotes are for names")
    signed = cursor.takes_one("-", "+")
    token = cursor.token
    reading = VALUES.get(token.kind) if token is not None else None
    if token is None or reading is None or (signed and token.kind != "number"):
        raise cursor.wrong("A value is expected", hint=LITERALS)
    cursor.at += 1
    if token.kind == "word":
        return _word(cursor, token)
    found = reading(token)
    return -found if signed == "-" else found


LITERALS = "It is a string in single quotes, a number, TRUE, FALSE, NULL or a bind."


def number(token: Token) -> int | float:
    """The number that a token says."""
    text = token.value
    if text[:2].lower() == "0x":
        return int(text, 16)
    return int(text) if text.isdecimal() else float(text)


def _word(cursor: Cursor, token: Token) -> bool | None:
    if token.upper not in CONSTANTS:
        raise cursor.wrong_at(token, f"{token.value} is no value", hint=LITERALS)
    return CONSTANTS[token.upper]


CONSTANTS: Mapping[str, bool | None] = {"TRUE": True, "FALSE": False, "NULL": None}
VALUES: Mapping[str, Callable[[Token], Any]] = {
    "string": lambda token: token.value,
    "number": number,
    "bytes": lambda token: bytes.fromhex(token.value),
    "bind": lambda token: Bind(name=bind_name(token)),
    "word": lambda token: token.value,
}


def calls_within(cursor: Cursor, tokens: Sequence[Token]) -> tuple[list[Token], dict[str, Exec]]:
    """Put a name in the place of each `(EXEC …)` of a query, and return what the names stand for."""
    found: list[Token] = []
    calls: dict[str, Exec] = {}
    at = 0
    while at < len(tokens):
        if at + 1 < len(tokens) and tokens[at].upper == "(" and tokens[at + 1].upper == "EXEC":
            inner = Cursor(cursor.text, tokens[at + 1 :])
            name = f"exec {len(calls) + 1}"
            calls[name] = exec_statement(inner)
            inner.needs(")")
            end = at + 1 + inner.at
            found.append(Token("quoted", name, tokens[at].start, tokens[end - 1].end, name))
            at = end
        else:
            found.append(tokens[at])
            at += 1
    return found, calls
