"""The names that PostgreSQL gives to columns that have none."""

from __future__ import annotations

from sqlglot import exp

NAMELESS = "?column?"
OTHER_NAMES = {"RegexpLike": NAMELESS, "Case": "case", "Exists": "exists", "Array": "array", "Coalesce": "coalesce"}


def name_of(node: exp.Expr) -> str:
    """The name of a column that this stands for."""
    if isinstance(node, exp.Alias | exp.Column):
        return node.alias_or_name
    if isinstance(node, exp.Paren | exp.Collate | exp.Bracket | exp.Subquery):
        return name_of(node.this)
    if isinstance(node, exp.Dot):
        return name_of(node.expression)
    if isinstance(node, exp.Cast):
        inner = name_of(node.this)
        return inner if inner != NAMELESS else _type_name(node)
    if isinstance(node, exp.Select):
        return name_of(node.expressions[0]) if node.expressions else NAMELESS
    return _of_function(node)


def _type_name(node: exp.Cast) -> str:
    return str(node.to.sql(dialect="postgres")).lower().split("(")[0].strip('"') or NAMELESS


def _of_function(node: exp.Expr) -> str:
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        named = name_of(default) if default is not None else NAMELESS
        return named if named != NAMELESS else "case"
    if isinstance(node, exp.Anonymous):
        return str(node.name).lower()
    if isinstance(node, exp.Identifier):
        return str(node.name)
    if isinstance(node, exp.Binary | exp.Unary | exp.Predicate):
        return OTHER_NAMES.get(type(node).__name__, NAMELESS)
    if isinstance(node, exp.Func):
        return OTHER_NAMES.get(type(node).__name__, node.sql_name().lower())
    return NAMELESS
