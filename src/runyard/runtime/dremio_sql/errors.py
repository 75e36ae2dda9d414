"""Errors in Dremio's words: a type, a message, where in the text, and an id to ask about."""

from __future__ import annotations

import re
import uuid

import duckdb
import sqlglot.errors
from sqlglot import exp

from .error_text import error_text

LONGEST_SQL = 2_000

# DuckDB's classes, the more exact first, as Dremio's types of errors.
KINDS: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.OutOfMemoryException, "OUT_OF_MEMORY"),
    (duckdb.ParserException, "PARSE"),
    (duckdb.BinderException, "VALIDATION"),
    (duckdb.CatalogException, "VALIDATION"),
    (duckdb.ConversionException, "FUNCTION"),
    (duckdb.OutOfRangeException, "FUNCTION"),
    (duckdb.InvalidInputException, "FUNCTION"),
    (duckdb.NotImplementedException, "UNSUPPORTED_OPERATION"),
    (duckdb.IOException, "DATA_READ"),
    (duckdb.InternalException, "SYSTEM"),
)
OUT_OF_MEMORY = "Query was cancelled because it exceeded the memory limits set by the administrator."
# What Dremio says where DuckDB says it in words of its own.
WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^Division by zero.*", re.DOTALL), "divide by zero error"),
    (re.compile(r"\s*Use \"SET .*", re.DOTALL), ""),  # a setting of its own
)  # fmt: skip
# Of what somebody else reads for it, and of files; what it says after its reason are settings of its own.
STREAM = re.compile(
    r"^reading the stream registered as '[^']*' failed: [^:]*: (.*?)\.?(?: Detail: Python exception.*)?$", re.DOTALL
)
OF_FILES = re.compile(r"CSV Error|Error when sniffing|Malformed JSON|JSON transform error")
ADVICE = re.compile(r"(,\s*try |\s*\n\s*(Possible|Try setting|The search space)).*", re.DOTALL)
LACKING = re.compile(r"Required keyword: '\w+' missing for <class '[\w.]*\.(\w+)'>")  # the parser's own classes
CLASS_NAME = re.compile(r"^[A-Z][A-Za-z ]+ Error: ")
OWN_SQL = re.compile(r"\n\nLINE \d+:.*", re.DOTALL)  # DuckDB's own view of a text that nobody has written


class DremioError(Exception):
    """A statement that failed, as Dremio would say so."""

    def __init__(self, kind: str, message: str, *, line: int = 0, column: int = 0, context: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
        self.context = context
        self.sql = ""  # of the statement, where who tells it does not know that
        self.error_id = str(uuid.uuid4())

    def text(self, *, sql: str = "", host: str = "localhost") -> str:
        """Return the message of the job: type, words, place and id."""
        lines = []
        if self.line:
            lines = [f"SQL Query {sql[:LONGEST_SQL]}", f"startLine {self.line}", f"startColumn {self.column}"]
        if self.context:
            lines.append(self.context)
        middle = "".join(f"{line}\n" for line in lines)
        return error_text(self.kind, self.message, error_id=self.error_id, middle=middle, host=host)


class QueryCancelled(Exception):
    """Somebody ended the query before it was done."""


def place(node: exp.Expression | None) -> tuple[int, int]:
    """Return line and column, from 1, of the first thing in a node that knows its place, or else around it."""
    if node is None:
        return 0, 0
    known = [each.meta for each in node.walk() if "line" in each.meta]
    if not known:
        return place(node.parent) if isinstance(node.parent, exp.Expression) else (1, 1)
    first = min(known, key=lambda meta: int(meta["start"]))
    length = int(first["end"]) - int(first["start"])
    return int(first["line"]), max(1, int(first["col"]) - length)


def unsupported(what: str, node: exp.Expression | None = None) -> DremioError:
    """Return the refusal of what cannot be answered faithfully."""
    line, column = place(node)
    where = f" (line {line}, column {column})" if line else ""
    return DremioError("UNSUPPORTED_OPERATION", f"{what}{where}", line=line, column=column)


def invalid(what: str, node: exp.Expression | None = None) -> DremioError:
    """Return the refusal of what names or types make meaningless."""
    line, column = place(node)
    return DremioError("VALIDATION", what, line=line, column=column)


def from_parser(error: sqlglot.errors.SqlglotError) -> DremioError:
    """Return a parser's error with the place where it stopped."""
    found = getattr(error, "errors", None) or [{}]
    line, column = int(found[0].get("line") or 0), int(found[0].get("col") or 0)
    said = LACKING.sub(r"\1 lacks a part", str(found[0].get("description") or error).rstrip("."))
    near = str(found[0].get("highlight") or "")
    column = max(1, column - len(near) + 1) if column else 0
    return DremioError("PARSE", f"Failure parsing the query: {said}{f' near {near!r}' if near else ''}.",
                       line=line, column=column)  # fmt: skip


def from_duckdb(error: duckdb.Error) -> DremioError:
    """Return the engine's error as Dremio's type and words."""
    kind = next((name for known, name in KINDS if isinstance(error, known)), "SYSTEM")
    message = OWN_SQL.sub("", CLASS_NAME.sub("", str(error))).strip()
    if isinstance(error, duckdb.OutOfMemoryException):
        return DremioError(kind, OUT_OF_MEMORY, context=message.partition("\n")[0])
    if stream := STREAM.match(message):
        return DremioError("DATA_READ", stream[1])
    if OF_FILES.match(message):
        return DremioError("DATA_READ", ADVICE.sub("", message))
    if message.startswith(REFUSED):
        return DremioError("UNSUPPORTED_OPERATION", message.removeprefix(REFUSED))
    for pattern, words in WORDS:
        message = pattern.sub(words, message)
    return DremioError(kind, message)


REFUSED = "UNSUPPORTED_OPERATION: "  # what our own SQL says where a value cannot be answered faithfully
