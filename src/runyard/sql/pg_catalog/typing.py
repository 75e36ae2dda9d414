"""The types of a question's columns and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from runyard.sql.pg_catalog.casting import NUMBERED, target_of
from runyard.sql.pg_catalog.functions import FUNCTIONS
from runyard.sql.pg_catalog.relations import column_types
from runyard.sql.pg_catalog.translating import Node, first_select
from runyard.sql.wire.types import BY_NAME

TYPES: Mapping[type[Node], str] = {
    exp.Count: "bigint",
    exp.RowNumber: "bigint",
    exp.Sum: "bigint",
    exp.Length: "int4",
    exp.CurrentUser: "name",
    exp.SessionUser: "name",
    exp.CurrentSchema: "name",
    exp.CurrentSchemas: "name[]",
    exp.CurrentDatabase: "name",
    exp.CurrentCatalog: "name",
    exp.Extract: "double",
    exp.Round: "double",
    exp.Boolean: "boolean",
    exp.Exists: "boolean",
    exp.Not: "boolean",
    exp.And: "boolean",
    exp.Or: "boolean",
    exp.Array: "text[]",
    exp.CurrentTimestamp: "timestamp",
}
"""The types of what a kind of node gives."""
OF_FIRST = (
    exp.Paren,
    exp.Subquery,
    exp.Coalesce,
    exp.Nullif,
    exp.Max,
    exp.Min,
    exp.Collate,
    exp.Neg,
    exp.Alias,
    exp.Window,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Mod,
)


def result_types(tree: Node, description: Sequence[tuple[str, str | None]]) -> list[str]:
    """The type of each column: what SQLite knows of it, else what its expression says."""
    select = first_select(tree)
    said = list(select.expressions) if select is not None else []
    has_star = any(isinstance(one, exp.Star) or one.is_star for one in said)
    inferred: list[str] = ["text"] * len(description)
    if not has_star and len(said) == len(description):
        inferred = [type_of(one) for one in said]
    told = [declared or "" for _, declared in description]
    return [known if known in BY_NAME else guess for known, guess in zip(told, inferred, strict=True)]


def type_of(node: Node) -> str:
    """The type of an expression, as far as it says."""
    if isinstance(node, exp.Cast):
        target = target_of(node)
        return "text" if target in NUMBERED or target not in BY_NAME else target
    if isinstance(node, exp.Column):
        return column_types().get(node.name, "text")
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "int4" if node.is_int else "double"
    if isinstance(node, exp.Case):
        return _of_case(node)
    if isinstance(node, exp.ArrayAgg | exp.Order):
        return type_of(node.this) + "[]" * isinstance(node, exp.ArrayAgg)
    return _of_other(node)


def _of_case(node: exp.Case) -> str:
    branches = [one.args.get("true") for one in node.args.get("ifs", [])] + [node.args.get("default")]
    known = [one for one in branches if one is not None and not isinstance(one, exp.Null)]
    return type_of(known[0]) if known else "text"


def _of_other(node: Node) -> str:
    if isinstance(node, exp.Dot):
        return type_of(node.expression)
    if isinstance(node, exp.Select):
        return type_of(node.expressions[0]) if node.expressions else "text"
    if isinstance(node, OF_FIRST):
        return type_of(node.this)
    if isinstance(node, exp.Anonymous):
        spec = FUNCTIONS.get(node.name.lower())
        return spec.type if spec is not None else "json" if node.name.lower().startswith("json") else "text"
    if isinstance(node, exp.Predicate):
        return "boolean"
    return TYPES.get(type(node), "text")


def parameter_types(tree: Node, count: int) -> tuple[str, ...]:
    """The type of each parameter: that of its cast, or of the column it is compared with."""
    found: dict[int, str] = {}
    for node in tree.find_all(exp.Parameter):
        if node.name.isdigit():
            found.setdefault(int(node.name), _of_parameter(node))
    return tuple(found.get(number, "text") for number in range(1, count + 1))


def _of_parameter(node: Node) -> str:
    parent = node.parent
    if isinstance(parent, exp.Cast):
        target = target_of(parent)
        return "text" if target in NUMBERED or target not in BY_NAME else target
    if isinstance(parent, exp.Binary | exp.In):
        other = parent.expression if parent.this is node else parent.this
        return type_of(other) if isinstance(other, Node) else "text"
    return "text"
