"""SQLite's dialect as sqlglot has it, with what people of StackQL, PostgreSQL and Databricks write beside it.

Functions keep the name they were written with unless SQLite has them in the same meaning: a library that knows thirty
dialects would otherwise put one database's function in the place of another's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import ParseError
from sqlglot.generators.sqlite import SQLiteGenerator
from sqlglot.parsers.sqlite import SQLiteParser
from sqlglot.tokenizer_core import Token as ParsedToken
from sqlglot.tokenizer_core import TokenType

KEPT = (
    "ABS AVG COALESCE COUNT CUME_DIST DENSE_RANK FIRST_VALUE GROUP_CONCAT IF IFNULL IIF LAG LAST_VALUE LEAD LENGTH "
    "LOWER MAX MIN NTH_VALUE NTILE NULLIF PERCENT_RANK RANK ROUND ROW_NUMBER STRING_AGG SUM UPPER"
)
"""The functions that become nodes of their own."""


def _json_extract(args: list[exp.Expression]) -> exp.Expression:
    if len(args) == 2:  # noqa: PLR2004 - a document and one path
        return exp.JSONExtractScalar(this=args[0], expression=args[1], json_subtype=True)
    return exp.Anonymous(this="JSON_EXTRACT", expressions=args)


SYNTAX = ("CAST", "EXTRACT", "GROUP_CONCAT", "POSITION", "STRING_AGG", "SUBSTRING", "TRIM")
"""The functions whose arguments are more than a list."""


class Written:
    """The text given to the parser beside the one that people wrote, and where each word of it came from."""

    def __init__(self, source: str, text: str, places: Sequence[tuple[int, int, int]]) -> None:
        self.source = source
        self.text = text
        self._starts = [place[0] for place in places]
        self._places = places  # its start here, its start there, its end there

    @property
    def end(self) -> int:
        """Where the last word ends in the source."""
        return self._places[-1][2] if self._places else 0

    def start(self, offset: int) -> int:
        """Where the word at an offset begins in the source."""
        return self._place(offset)[1]

    def between(self, first: int, last: int) -> str:
        """What was written from one word to another, in one line."""
        return " ".join(self.source[self._place(first)[1] : self._place(last)[2]].split())

    def _place(self, offset: int) -> tuple[int, int, int]:
        return self._places[max(bisect_right(self._starts, offset) - 1, 0)]


class Reader(SQLiteParser):
    """Names what has no name after the text it was written with, as SQLite does."""

    written: Written

    FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: build for name, build in SQLiteParser.FUNCTIONS.items() if name in KEPT.split()
    } | {"JSON_EXTRACT": _json_extract}
    FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: read for name, read in SQLiteParser.FUNCTION_PARSERS.items() if name in SYNTAX
    }
    NO_PAREN_FUNCTIONS: ClassVar[dict[TokenType, Any]] = {
        kind: node
        for kind, node in SQLiteParser.NO_PAREN_FUNCTIONS.items()
        if kind in {TokenType.CURRENT_DATE, TokenType.CURRENT_TIME, TokenType.CURRENT_TIMESTAMP}
    }
    PLACEHOLDER_PARSERS: ClassVar[dict[TokenType, Callable[..., Any]]] = {
        TokenType.COLON: lambda self: self._parse_bind(),
    }

    # A path stays what it was written as: `->'a.b'` is the member "a.b", not b of a.
    CONCAT_OPERATORS: ClassVar[dict[TokenType, Callable[..., Any]]] = {
        **SQLiteParser.CONCAT_OPERATORS,
        TokenType.ARROW: lambda self, this, path: self.expression(exp.JSONExtract(this=this, expression=path)),
        TokenType.DARROW: lambda self, this, path: self.expression(exp.JSONExtractScalar(this=this, expression=path)),
    }

    def raise_error(self, message: str, token: Any = None) -> None:
        """Stop at once, and say at which offset; where the text ends, that is behind it."""
        at = token or self._curr
        raise ParseError.new(message, description=message, col=at.start if at else len(self.sql))

    def _parse_bind(self) -> exp.Expr | None:
        if self._curr and self._curr.start == self._prev.end + 1:
            self._advance()
            return self.expression(exp.Placeholder(this=self._prev.text))
        return None

    def _parse_projections(self) -> tuple[list[exp.Expr], list[exp.Expr] | None]:
        return self._parse_csv(self._parse_projection), None

    def _parse_projection(self) -> exp.Expr | None:
        first: ParsedToken = self._curr
        this = self._parse_expression()
        if this is None or isinstance(this, exp.Alias | exp.Aliases | exp.Column | exp.Star):
            return this
        name = self.written.between(first.start, self._prev.start)
        return exp.Alias(this=this, alias=exp.to_identifier(name, quoted=True))


class Writer(SQLiteGenerator):
    """Writes the tree for SQLite, binds by number or by name."""

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        """?1 or :name."""
        name = expression.name
        return f"?{name}" if name.isdigit() else f":{name}"


class Language(SQLite):
    """The dialect of queries."""

    class Tokenizer(SQLite.Tokenizer):
        """Names are quoted in one way; our own tokens have turned the others into it."""

        IDENTIFIERS: ClassVar[list[str | tuple[str, str]]] = ['"']

    Parser = Reader
    Generator = Writer


LANGUAGE = Language()
