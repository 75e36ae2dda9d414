"""Trees as SQL for SQLite: what was read between two operands is written there again, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.generators.sqlite import SQLiteGenerator

from runyard.sql.errors import NOT_SUPPORTED, SqlError
from runyard.sql.grammar.reader import INFIX, Plus
from runyard.sql.grammar.rewriting import interval_parts

CASTS: Mapping[str, str] = {
    **dict.fromkeys(("TEXT", "VARCHAR", "CHAR", "NCHAR", "NVARCHAR", "NAME", "UUID", "JSON", "JSONB", "XML"), "TEXT"),
    **dict.fromkeys(
        ("INT", "BIGINT", "SMALLINT", "TINYINT", "MEDIUMINT", "INT128", "UINT", "UBIGINT", "SIGNED", "UNSIGNED"),
        "INTEGER",
    ),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "REAL"),
    **dict.fromkeys(("DECIMAL", "BIGDECIMAL", "MONEY"), "NUMERIC"),
    **dict.fromkeys(("BINARY", "VARBINARY", "BLOB"), "BLOB"),
}
"""SQLite's word for a type."""
CALLS: Mapping[str, str] = {
    "BOOLEAN": "AS_BOOLEAN",
    **dict.fromkeys(("DATE", "DATE32"), "AS_DATE"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPLTZ", "TIMESTAMPNTZ", "DATETIME"), "AS_TIMESTAMP"),
    **dict.fromkeys(("TIME", "TIMETZ"), "TIME"),
}
"""The function that makes a value of a type that SQLite has no word for."""


def type_named(cast: exp.Cast) -> str:
    """Return the name of the type that a CAST asks for."""
    kind = cast.to.this
    name = kind.name if isinstance(kind, exp.DType) else str(kind)
    return cast.to.text("kind").upper() if name == "USERDEFINED" else name


WORDS = """
add all alter and as autoincrement between case check collate commit constraint create default deferrable
delete distinct drop else escape except exists foreign from group having in index insert intersect into is
isnull join limit not nothing notnull on or order primary references returning select set table then to
transaction union unique update using values when where
"""
RESERVED = frozenset(WORDS.split())
"""Words that SQLite takes for no name unless they are quoted, but for NULL; a test asks it."""

OURS = (exp.ILike, exp.RegexpLike)
"""Nodes that are written by a method here, and not by sqlglot's table."""


class Writer(SQLiteGenerator):
    """Writes a tree that Reader has read."""

    TRANSFORMS: ClassVar[dict[type[exp.Expr], Callable[..., str]]] = {
        **{node: write for node, write in SQLiteGenerator.TRANSFORMS.items() if node not in OURS},
        Plus: lambda self, node: f"+ {self.sql(node, 'this')}",
    }

    RESERVED_KEYWORDS: ClassVar[set[str]] = {*RESERVED}

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        """Write ?1 or :name."""
        name = expression.name
        return f"?{name}" if name.isdigit() else f":{name}"

    def not_sql(self, expression: exp.Not) -> str:
        """Write NOT x; of an infix NOT the operator beneath writes it."""
        return self.sql(expression, "this") if expression.meta.get(INFIX) else super().not_sql(expression)

    def is_sql(self, expression: exp.Is) -> str:
        """Write x ISNULL, which binds nothing that follows; IS NULL might."""
        this, negates = self.sql(expression, "this"), _is_negated(expression)
        if isinstance(expression.expression, exp.Null):
            return f"{this} {'NOTNULL' if negates else 'ISNULL'}"
        return f"{this} IS {'NOT ' if negates else ''}{self.sql(expression, 'expression')}"

    def nullsafeeq_sql(self, expression: exp.NullSafeEQ) -> str:
        """Write x IS y; before NOT that would be another operator."""
        right = self.sql(expression, "expression")
        word = "IS NOT DISTINCT FROM" if right.startswith("NOT ") else "IS"
        return f"{self.sql(expression, 'this')} {word} {right}"

    def in_sql(self, expression: exp.In) -> str:
        """Write x [NOT] IN (…)."""
        field = expression.args.get("query") or expression.args.get("field")
        inside = self.sql(field) if field else f"({self.expressions(expression, flat=True)})"
        return self._between(expression, "IN", inside)

    def between_sql(self, expression: exp.Between) -> str:
        """Write x [NOT] BETWEEN a AND b."""
        low, high = self.sql(expression, "low"), self.sql(expression, "high")
        return self._between(expression, "BETWEEN", f"{low} AND {high}")

    def like_sql(self, expression: exp.Like) -> str:
        """Write x [NOT] LIKE y."""
        return self._between(expression, "LIKE", self.sql(expression, "expression"))

    def ilike_sql(self, expression: exp.ILike) -> str:
        """Write LIKE, which in SQLite looks at no case in the first place."""
        return self._between(expression, "LIKE", self.sql(expression, "expression"))

    def glob_sql(self, expression: exp.Glob) -> str:
        """Write x [NOT] GLOB y."""
        return self._between(expression, "GLOB", self.sql(expression, "expression"))

    def match_sql(self, expression: exp.Match) -> str:
        """Write x [NOT] MATCH y."""
        return self._between(expression, "MATCH", self.sql(expression, "expression"))

    def regexplike_sql(self, expression: exp.RegexpLike) -> str:
        """Write x [NOT] REGEXP y."""
        return self._between(expression, "REGEXP", self.sql(expression, "expression"))

    def jsonextract_sql(self, expression: exp.JSONExtract) -> str:
        """Write x -> path."""
        return f"{self.sql(expression, 'this')} -> {self.sql(expression, 'expression')}"

    def jsonextractscalar_sql(self, expression: exp.JSONExtractScalar) -> str:
        """Write x ->> path, or json_extract(x, path), which tells JSON from text."""
        this, path = self.sql(expression, "this"), self.sql(expression, "expression")
        return f"JSON_EXTRACT({this}, {path})" if expression.args.get("json_subtype") else f"{this} ->> {path}"

    def interval_sql(self, expression: exp.Interval) -> str:
        """Write an interval that is added to nothing as its length in milliseconds."""
        count, length = interval_parts(expression)
        return f"INTERVAL_LENGTH({self.sql(count)}, {self.sql(length)})"

    def cast_sql(self, expression: exp.Cast, safe_prefix: str | None = None) -> str:
        """Write CAST, or the function that does what SQLite has no type for."""
        del safe_prefix
        name = type_named(expression)
        this = self.sql(expression, "this")
        if name == "INTERVAL":
            return f"INTERVAL_LENGTH(1, {this})"
        if name in CALLS:
            return f"{CALLS[name]}({this})"
        if name not in CASTS:
            raise SqlError(
                NOT_SUPPORTED,
                f"Nothing can be cast to {expression.to.sql()} here; "
                "cast to text, bigint, double, numeric, boolean, timestamp, date or interval.",
            )
        return f"CAST({this} AS {CASTS[name]})"

    def _between(self, expression: Any, word: str, right: str) -> str:
        return f"{self.sql(expression, 'this')}{' NOT' if _is_negated(expression) else ''} {word} {right}"


def _is_negated(expression: exp.Expression) -> bool:
    above = expression.parent
    if isinstance(above, exp.Escape) and above.this is expression:
        above = above.parent
    return isinstance(above, exp.Not) and bool(above.meta.get(INFIX))
