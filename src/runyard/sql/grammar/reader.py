"""The parser of queries: sqlglot's for SQLite, with SQLite's own order of operators and what others write beside it.

SQLite has one level for =, IS, IN, LIKE, BETWEEN and their like, from left to right. Whatever stands between two
operands is written again in the order in which it was read (see writer.py): SQLite computes what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.errors import ParseError
from sqlglot.parsers.sqlite import SQLiteParser
from sqlglot.tokenizer_core import Token as ParsedToken
from sqlglot.tokenizer_core import TokenType

from runyard.sql.grammar.quantified import among
from runyard.sql.grammar.rewriting import BUILT, later
from runyard.sql.grammar.written import Written

SYNTAX = ("CAST", "EXTRACT", "GROUP_CONCAT", "POSITION", "STRING_AGG")
"""The functions whose arguments are more than a list."""
INFIX = "infix"
"""A mark of exp.Not: it stands between the operands, as in `x NOT IN (1)`."""
LIKES: dict[TokenType, type[exp.Expression]] = {
    TokenType.LIKE: exp.Like,
    TokenType.ILIKE: exp.ILike,
    TokenType.GLOB: exp.Glob,
    TokenType.RLIKE: exp.RegexpLike,
    TokenType.TILDE: exp.RegexpLike,  # PostgreSQL's
    TokenType.MATCH: exp.Match,
}
TRIMS = {"BOTH": "TRIM", "LEADING": "LTRIM", "TRAILING": "RTRIM"}
MOMENTS = {TokenType.CURRENT_DATE, TokenType.CURRENT_TIME, TokenType.CURRENT_TIMESTAMP}
SESSION_NAMES = ("CURRENT_USER", "SESSION_USER", "CURRENT_ROLE", "CURRENT_CATALOG", "CURRENT_SCHEMA")
"""What is called without parentheses."""
ONE_UNIT = re.compile(r"\s*-?[0-9.]+\s*[a-zA-Z]*\s*")
"""The text of an interval that sqlglot reads: a number, behind which one unit stands in it or behind it."""


class Plus(exp.Unary):
    """`+ x`, which in SQLite takes the affinity of a column away."""


class Reader(SQLiteParser):
    """Reads one query; `written` says what it was made from."""

    written: Written
    needs_shaping: bool = False  # SQLite does not take it as it is
    _given: exp.Expr | None = None  # an operand that has been read already

    JOINS_HAVE_EQUAL_PRECEDENCE = False  # a comma stays one: SQLite keeps the order of tables about CROSS JOIN

    FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: build for name, build in SQLiteParser.FUNCTIONS.items() if name in BUILT
    } | {name: build for name, build in BUILT.items() if build is not None}
    FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        name: read for name, read in SQLiteParser.FUNCTION_PARSERS.items() if name in SYNTAX
    } | {"TRIM": lambda self: self._parse_trimmed(), "SUBSTRING": lambda self: self._parse_part()}
    NO_PAREN_FUNCTIONS: ClassVar[dict[TokenType, Any]] = {
        kind: node for kind, node in SQLiteParser.NO_PAREN_FUNCTIONS.items() if kind in MOMENTS
    }
    PLACEHOLDER_PARSERS: ClassVar[dict[TokenType, Callable[..., Any]]] = {
        TokenType.COLON: lambda self: self._parse_bind(),
    }
    UNARY_PARSERS: ClassVar[dict[TokenType, Callable[..., Any]]] = {
        **SQLiteParser.UNARY_PARSERS,
        TokenType.PLUS: lambda self: self.expression(Plus(this=self._parse_unary())),
    }
    # A path stays what it was written as: `->'a.b'` is the member "a.b", not b of a.
    CONCAT_OPERATORS: ClassVar[dict[TokenType, Callable[..., Any]]] = {
        **SQLiteParser.CONCAT_OPERATORS,
        TokenType.ARROW: lambda self, this, path: self._extracted(exp.JSONExtract, this, path),
        TokenType.DARROW: lambda self, this, path: self._extracted(exp.JSONExtractScalar, this, path),
    }

    def raise_error(self, message: str, token: Any = None) -> None:
        """Stop at once, and say at which offset; where the text ends, that is behind it."""
        at = token or self._curr
        raise ParseError.new(message, description=message, col=at.start if at else len(self.sql))

    def _parse_equality(self, parse_is: bool = True) -> exp.Expr | None:  # noqa: FBT001, FBT002 - sqlglot's own form
        del parse_is
        this = self._parse_comparison()
        while this is not None:
            found = self._parse_predicate(this)
            if found is None:
                return this
            # What follows `x IN (…)` may bind tighter: its left side is all of it.
            self._given = found
            this = self._parse_comparison()
        return this

    def _parse_comparison(self, this: exp.Expr | None = None) -> exp.Expr | None:
        this = this or self._parse_bitwise()
        while self._match_set(self.COMPARISON):
            node = self.COMPARISON[self._prev.token_type]
            this = self.expression(node(this=this, expression=self._needed(self._parse_bitwise())))
        return this

    def _parse_range(self, this: exp.Expr | None = None, parse_is: bool = False) -> exp.Expr | None:  # noqa: FBT001, FBT002 - sqlglot's own form
        del parse_is
        this = this or self._parse_bitwise()
        return (self._parse_predicate(this) if this is not None else None) or this

    def _parse_predicate(self, this: exp.Expr) -> exp.Expr | None:
        """What follows an operand at the level of =; None if nothing of it does."""
        if self._match_set(self.EQUALITY):
            return self._equal_to(this, self.EQUALITY[self._prev.token_type])
        if self._match(TokenType.ISNULL):
            return self.expression(exp.Is(this=this, expression=exp.Null()))
        if self._match(TokenType.NOTNULL) or self._match_text_seq("NOT", "NULL"):
            return self._negated(self.expression(exp.Is(this=this, expression=exp.Null())))
        if self._match(TokenType.IS):
            return self._parse_is(this)
        start = self._index
        negates = self._match(TokenType.NOT)
        found = self._parse_ranged(this)
        if found is None:
            self._retreat(start)
            return None
        return self._negated(found) if negates else found

    def _equal_to(self, this: exp.Expr, node: type[exp.Binary]) -> exp.Expr:
        right = self._needed(self._parse_comparison())
        listed = among(node, this, right)
        if listed is None:
            return self.expression(node(this=this, expression=right))
        return self._negated(self.expression(listed)) if node is exp.NEQ else self.expression(listed)

    def _parse_ranged(self, this: exp.Expr) -> exp.Expr | None:
        if self._match(TokenType.IN):
            return self._parse_in(this)
        if self._match(TokenType.BETWEEN):
            return self._parse_between(this)
        node = LIKES.get(self._curr.token_type) if self._curr else None
        if node is None:
            return None
        self._advance()
        found = self.expression(node(this=this, expression=self._needed(self._parse_comparison())))
        if self._match(TokenType.ESCAPE):
            found = self.expression(exp.Escape(this=found, expression=self._needed(self._parse_comparison())))
        return found

    def _parse_between(self, this: exp.Expr | None) -> exp.Between:
        low = self._needed(self._parse_equality())
        if not self._match(TokenType.AND):
            self.raise_error("AND is expected after BETWEEN and its first value")
        return self.expression(exp.Between(this=this, low=low, high=self._needed(self._parse_comparison())))

    def _parse_is(self, this: exp.Expr | None) -> exp.Expr | None:
        negates = bool(self._match(TokenType.NOT))
        is_distinct = self._match_text_seq("DISTINCT", "FROM")
        right = self._needed(self._parse_comparison())
        if is_distinct:
            return self.expression((exp.NullSafeEQ if negates else exp.NullSafeNEQ)(this=this, expression=right))
        if isinstance(right, exp.Null | exp.Boolean):
            found = self.expression(exp.Is(this=this, expression=right))
            return self._negated(found) if negates else found
        return self.expression((exp.NullSafeNEQ if negates else exp.NullSafeEQ)(this=this, expression=right))

    def _negated(self, this: exp.Expr) -> exp.Expr:
        found = self.expression(exp.Not(this=this))
        found.meta[INFIX] = True
        return found

    def _needed(self, this: exp.Expr | None) -> exp.Expr:
        if this is None:
            self.raise_error("An operand is expected")
        return this  # type: ignore[return-value]  # raise_error does

    def _parse_term(self, parse_mod: bool = True) -> exp.Expr | None:  # noqa: FBT001, FBT002 - sqlglot's own form
        this = self._parse_factor(parse_mod=parse_mod)
        while self._match_set(self.TERM):
            node = self.TERM[self._prev.token_type]
            right = self._needed(self._parse_factor(parse_mod=parse_mod))
            this = later(this, right, node) or self.expression(node(this=this, expression=right))
        return this

    def _parse_interval(self, require_interval: bool = True, parse_function_unit: bool = True) -> Any:  # noqa: FBT001, FBT002 - sqlglot's own form
        start = self._index
        if (
            self._match(TokenType.INTERVAL)
            and self._match(TokenType.STRING)
            and not ONE_UNIT.fullmatch(self._prev.text)
        ):
            return self.expression(exp.Interval(this=exp.Literal.string(self._prev.text)))
        self._retreat(start)
        found = super()._parse_interval(require_interval, parse_function_unit)
        if isinstance(found, exp.Add) or (found is not None and found.unit is None):
            self.raise_error("An interval is a number and one unit, as in INTERVAL '2' HOUR")
        return found

    def _parse_extract(self) -> Any:
        found = super()._parse_extract()
        unit = exp.Literal.string(found.name.lower())
        return exp.Anonymous(this="DATE_PART", expressions=[unit, found.expression])

    def _parse_trimmed(self) -> exp.Expr:
        """TRIM(text, characters), or TRIM(LEADING characters FROM text)."""
        name = TRIMS[self._prev.text.upper()] if self._match_texts(TRIMS) else "TRIM"
        given = [] if self._match(TokenType.FROM) else self._parse_csv(self._parse_disjunction)
        if given and self._match(TokenType.FROM):
            given = [self._needed(self._parse_disjunction()), *given]
        elif not given:
            given = [self._needed(self._parse_disjunction())]
        return exp.Anonymous(this=name, expressions=given)

    def _parse_part(self) -> exp.Expr:
        """SUBSTRING(text, start, length), or SUBSTRING(text FROM start FOR length)."""
        given = self._parse_csv(self._parse_disjunction)
        if self._match(TokenType.FROM):
            given.append(self._needed(self._parse_disjunction()))
        if self._match(TokenType.FOR):
            given += [] if len(given) > 1 else [exp.Literal.number(1)]
            given.append(self._needed(self._parse_disjunction()))
        return exp.Anonymous(this="SUBSTRING", expressions=given)

    def _parse_column(self) -> exp.Expr | None:
        found = super()._parse_column()
        if isinstance(found, exp.Column) and not found.table and not found.this.args.get("quoted"):
            name = found.name.upper()
            if name in SESSION_NAMES:
                return self.expression(exp.Anonymous(this=name, expressions=[]))
        return found

    def _extracted(self, node: type[exp.Expression], this: exp.Expr, path: exp.Expr | None) -> exp.Expr:
        return self.expression(node(this=this, expression=self._needed(path)))

    def _parse_factor_operand(self) -> exp.Expr | None:
        this, self._given = self._given or self._parse_concat_operand(), None
        while self._curr and (build := self.CONCAT_OPERATORS.get(self._curr.token_type)):
            self._advance()
            this = build(self, this, self._parse_concat_operand())
        return this

    def _parse_limit(self, *arguments: Any, **options: Any) -> exp.Expr | None:
        """LIMIT ALL is none, as LIMIT -1."""
        found = super()._parse_limit(*arguments, **options)
        count = found.args.get("expression") if isinstance(found, exp.Limit) else None
        if isinstance(count, exp.Column) and count.sql().upper() == "ALL":
            count.replace(exp.Neg(this=exp.Literal.number(1)))
        return found

    def _parse_table_alias(self, alias_tokens: Any = None) -> exp.TableAlias | None:
        found = super()._parse_table_alias(alias_tokens)
        self.needs_shaping |= found is not None and bool(found.args.get("columns"))
        return found

    def _parse_bind(self) -> exp.Expr | None:
        if self._curr and self._curr.start == self._prev.end + 1:
            self._advance()
            return self.expression(exp.Placeholder(this=self._prev.text))
        return None

    def _parse_projections(self) -> tuple[list[exp.Expr], list[exp.Expr] | None]:
        return self._parse_csv(self._parse_projection), None

    def _parse_projection(self) -> exp.Expr | None:
        """Name what has no name after the text it was written with, as SQLite does."""
        first: ParsedToken = self._curr
        this = self._parse_expression()
        if this is None or isinstance(this, exp.Alias | exp.Aliases | exp.Column | exp.Star):
            return this
        name = self.written.between(first.start, self._prev.start)
        return exp.Alias(this=this, alias=exp.to_identifier(name, quoted=True))
