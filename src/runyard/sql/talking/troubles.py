"""What SQLite says of a statement that it refuses, as SqlError: with a code, a place and the nearest name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches

import apsw

from runyard.core.errors import RunyardError
from runyard.sql.errors import (
    CANCELLED,
    CONNECTION_FAILED,
    DEFECT,
    INVALID_TEXT,
    NOT_SUPPORTED,
    SYNTAX_ERROR,
    UNDEFINED_COLUMN,
    UNDEFINED_FUNCTION,
    UNDEFINED_TABLE,
    SqlError,
)
from runyard.sql.grammar.text import tokens_of

AMBIGUOUS, GROUPING, OUT_OF_RANGE, TOO_LARGE, OUT_OF_MEMORY = "42702", "42803", "22003", "54000", "53200"
TOLD = "The statement was cancelled."

_RULES: Sequence[tuple[re.Pattern[str], str, str]] = tuple(
    (re.compile(pattern), code, text)
    for pattern, code, text in (
        (r"no such column: (.+)", UNDEFINED_COLUMN, "There is no column {0}."),
        (r"no such table: (.+)", UNDEFINED_TABLE, "There is no table {0}."),
        (r"no such function: (.+)", UNDEFINED_FUNCTION, "There is no function {0}."),
        (r"ambiguous column name: (.+)", AMBIGUOUS, "The column {0} is ambiguous; write which table's is meant."),
        (
            r"wrong number of arguments to function (.+)\(\)",
            UNDEFINED_FUNCTION,
            "{0} takes another number of arguments.",
        ),
        (r"misuse of (?:aggregate|window)[^:]*: ?(.+)", GROUPING, "{0} cannot stand here."),
        (r"a GROUP BY clause is required before HAVING", GROUPING, "HAVING needs a GROUP BY."),
        (r"integer overflow", OUT_OF_RANGE, "A whole number became too large."),
        (r"malformed JSON", INVALID_TEXT, "A text that should be a JSON document is none."),
        (r"(?:JSON path error|bad JSON path).*", INVALID_TEXT, "A JSON path cannot be read: it begins with $."),
        (r"string or blob too big", TOO_LARGE, "A value became too large."),
        (r"near \"(.+)\": syntax error", SYNTAX_ERROR, "The statement cannot be understood near {0}."),
        (
            r"(SELECTs to the left and right of \w+(?: \w+)? do not have the same number of result columns)",
            SYNTAX_ERROR,
            "{0}.",
        ),
        (r"(.+ is not supported.*|RIGHT and FULL OUTER JOINs.*)", NOT_SUPPORTED, "{0}."),
    )
)
_TABLE = re.compile(r"There is no resource (\S+);")
_CODES: Mapping[type[BaseException], str] = {
    apsw.SQLError: SYNTAX_ERROR,
    apsw.NoMemError: OUT_OF_MEMORY,
    apsw.TooBigError: TOO_LARGE,
    apsw.MismatchError: INVALID_TEXT,
    apsw.BusyError: CONNECTION_FAILED,
    apsw.IOError: CONNECTION_FAILED,
    apsw.CantOpenError: CONNECTION_FAILED,
    apsw.CorruptError: CONNECTION_FAILED,
    apsw.NotADBError: CONNECTION_FAILED,
}


def told(error: BaseException, *, text: str = "", names: Callable[[], Iterable[str]] = lambda: ()) -> SqlError:
    """Return an error as those who asked are told of it; `names` are the columns that there are."""
    if isinstance(error, SqlError):
        return error
    if isinstance(error, apsw.InterruptError):
        return SqlError(CANCELLED, TOLD)
    if isinstance(error, RunyardError):
        return SqlError(CONNECTION_FAILED, str(error))
    message = str(error).removeprefix("SQLError: ")
    for pattern, code, shape in _RULES:
        if found := pattern.search(message):
            return _known(code, shape, found.groups(), text=text, names=names)
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), DEFECT)
    return SqlError(code, f"{message[:1].upper()}{message[1:]}.")


def placed(error: SqlError, text: str, tables: Iterable[str]) -> SqlError:
    """Return a refusal of a table with its place in the text and the nearest name there is."""
    found = _TABLE.search(str(error))
    if error.code != UNDEFINED_TABLE or found is None:
        return error
    known = {short: path for path in tables for short in (path, path.rpartition(".")[2])}
    near = get_close_matches(found[1].lower(), known, n=1)
    hint = f"Did you mean {known[near[0]]}?" if near else error.hint
    return SqlError(error.code, str(error), position=place_of(text, found[1].partition(".")[0]), hint=hint)


def _known(code: str, shape: str, found: tuple[str, ...], *, text: str, names: Callable[[], Iterable[str]]) -> SqlError:
    name = found[0].strip('"') if found else ""
    last = name.rpartition(".")[2]
    hint = ""
    if code == UNDEFINED_COLUMN:
        known = {one.lower(): one for one in names()}
        near = get_close_matches(last.lower(), known, n=1)
        hint = f"Did you mean {known[near[0]]}?" if near else "DESCRIBE a resource to see its columns."
    return SqlError(code, shape.format(name), position=place_of(text, last) if name else None, hint=hint)


def place_of(text: str, name: str) -> int | None:
    """Return where a name stands in a text first, counted from 1."""
    try:
        tokens = tokens_of(text)
    except SqlError:
        return None
    return next((one.start + 1 for one in tokens if one.value.lower() == name.lower()), None)
