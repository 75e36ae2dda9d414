"""Functions of one's own: how they are made and shown, in the words of Dremio's statements and of its API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from .column_types import (
    TIMESTAMP,
    VARCHAR,
    Column,
    ColumnType,
    columns_document,
    quoted,
    spelling,
)  # fmt: skip
from .errors import DremioError, invalid
from .information_schema import DATA_TYPES
from .statements import CREATE_FUNCTION, Statement, statement
from .translation.aggregate_functions import AGGREGATES
from .translation.conversions import target
from .translation.expressions import compiled
from .translation.own_functions import bare_expression, fits
from .translation.parsing import parsed
from .translation.queries import translated
from .translation.scope import Catalog, Function, Scope, Typed
from .translation.translate import Session, scope_of

NO_DEFAULT = (
    "Default Expression Is Not Supported Yet.\n"
    "Create two overloads of the function (one with and one without the expression instead."
)
TWICE = "Parameter name {name} appears more than once"
ONE_ROW = "Scalar UDFs must return 1 row"
MISMATCHED = "Number of columns mismatched \nDefined: {defined}\nActual: {actual}"
OTHER_TYPES = "Row types are different.\nDefined: {defined}\nActual: {actual}"
FUNCTION_NAMES = (Column(name="FUNCTION_NAME", type=VARCHAR),)


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A function as its statement or a body of the API says it: types are still texts."""

    path: tuple[str, ...]
    parameters: Sequence[Mapping[str, str]]
    returns: Sequence[Mapping[str, str]]
    is_scalar: bool
    body: str

    @classmethod
    def of(cls, found: Statement, path: Sequence[str]) -> Definition:
        """Return what CREATE FUNCTION says; `path` is the whole one of the function."""
        options = found.options
        return cls(
            path=tuple(path), parameters=options["parameters"], returns=options["returns"],
            is_scalar=options["is_scalar"], body=found.query,
        )  # fmt: skip


def function_of(told: Definition, catalog: Catalog, session: Session) -> Function:
    """Return a function whose body can be read and brings what it says; refuse any other, in Dremio's words."""
    function = Function(
        path=told.path, parameters=_columns(told.parameters), returns=_columns(told.returns),
        is_scalar=told.is_scalar, body=_query(told.body) if told.is_scalar else told.body, context=session.context,
    )  # fmt: skip
    seen: set[str] = set()
    for parameter in function.parameters:
        if parameter.name.lower() in seen:
            raise invalid(TWICE.format(name=parameter.name))
        seen.add(parameter.name.lower())
    _check(function, scope_of(catalog, session))
    return function


def change_of(function: Function) -> dict[str, Any]:
    """Return a function as its catalog's owner keeps it, and as the API shows it."""
    return {
        "path": list(function.path), "parameters": columns_document(function.parameters),
        "returns": columns_document(function.returns), "isScalar": function.is_scalar,
        "functionBody": function.body.strip(), "functionArgList": arguments_of(function.parameters),
        "returnType": returns_of(function), "context": list(function.context),
    }  # fmt: skip


def read_definition(path: Sequence[str], *, arguments: str, returns: str, body: str, is_scalar: bool) -> Definition:
    """Return a function that is told in parts, as the API does: each is what stands in a statement."""
    kind = returns if is_scalar else f"TABLE ({returns})"
    named = ".".join(quoted(part) for part in path)
    found = statement(f"CREATE FUNCTION {named} ({arguments})\nRETURNS {kind}\nRETURN {body}")
    if found.kind != CREATE_FUNCTION or found.options["is_scalar"] is not is_scalar or found.path != tuple(path):
        raise DremioError("PARSE", "functionArgList, returnType and functionBody are no parts of one function.")
    return Definition.of(found, path)


def arguments_of(parameters: Iterable[Column]) -> str:
    """Spell columns as the API and DESCRIBE show them: `"x" DOUBLE, "name" CHARACTER VARYING`."""
    return ", ".join(f"{quoted(each.name)} {_spelled(each.type)}" for each in parameters)


def returns_of(function: Function) -> str:
    """Spell what a function returns: a type, or the columns of a table."""
    return _spelled(function.returns[0].type) if function.is_scalar else arguments_of(function.returns)


def _spelled(kind: ColumnType) -> str:
    if kind.name == "DECIMAL":
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if kind.name == "LIST":
        return f"LIST<{_spelled(kind.element)}>"
    return DATA_TYPES.get(kind.name, kind.name)


DESCRIBED: tuple[tuple[Column, Callable[[Function], Any]], ...] = (
    (Column(name="Name", type=VARCHAR), lambda function: ".".join(function.path)),
    (Column(name="Input", type=VARCHAR), lambda function: arguments_of(function.parameters)),
    (Column(name="Returns", type=VARCHAR), returns_of),
    (Column(name="Body", type=VARCHAR), lambda function: function.body),
    (Column(name="Created_At", type=TIMESTAMP), lambda function: function.created_at),
    (Column(name="Last_Modified_At", type=TIMESTAMP), lambda function: function.modified_at),
    (Column(name="Owner", type=VARCHAR), lambda _: None),
)
"""The columns of DESCRIBE FUNCTION, as the open-source server has them; owners are not known here."""


def _columns(told: Sequence[Mapping[str, str]]) -> tuple[Column, ...]:
    for each in told:
        if "DEFAULT" in each["type"].upper().split():
            raise invalid(NO_DEFAULT)
    return tuple(Column(name=each["name"], type=type_of(each["type"])) for each in told)


def type_of(text: str) -> ColumnType:
    """Return the type that a text names."""
    plain = "VARBINARY" if text.upper().split() == ["BINARY", "VARYING"] else text
    cast = parsed(f"SELECT CAST(NULL AS {plain})").expressions[0]
    if said := [name for name in ("default", "format", "action") if cast.args.get(name)]:
        raise DremioError("PARSE", f"Failure parsing the query: {said[0].upper()} is no part of the type {text}.")
    return target(cast.args["to"])


def _query(body: str) -> str:
    """Return a body as a query; an expression alone is `SELECT expression`, its places where they were."""
    plain = body.strip().lower()
    if plain.startswith(("select", "with", "values")):
        return body
    start = len(body) - len(body.lstrip())
    word = "SELECT "
    return body[: max(0, start - len(word))] + word + body[start:]


def _check(function: Function, scope: Scope) -> None:
    """Refuse a function whose body does not bring what it says to return."""
    scope.parameters = {
        each.name.lower(): Typed(sql=f"CAST(NULL AS {spelling(each.type)})", type=each.type)
        for each in function.parameters
    }
    brought = _brought(function, scope)
    if function.path in scope.world.called:
        raise invalid(f"The function {'.'.join(function.path)} would refer to itself")
    if len(brought) != len(function.returns):
        raise invalid(MISMATCHED.format(defined=len(function.returns), actual=len(brought)))
    if not all(fits(value, wanted.type) for value, wanted in zip(brought, function.returns, strict=True)):
        defined, actual = (", ".join(_spelled(each.type) for each in listed) for listed in (function.returns, brought))
        raise invalid(OTHER_TYPES.format(defined=defined, actual=actual))


def _brought(function: Function, scope: Scope) -> list[Typed]:
    """Return what a body brings, a value for each of its columns."""
    only = bare_expression(function.tree) if function.is_scalar else None
    if only is not None and not _aggregates(only):
        return [compiled(only, scope)]
    if function.is_scalar and not _is_one_row(function.tree):
        raise invalid(ONE_ROW)
    columns = translated(function.tree, scope.within()).columns
    return [Typed(sql="brought", type=column.type) for column in columns]


def _is_one_row(tree: exp.Expression) -> bool:
    """Tell whether a query has one row whatever its tables hold: all of them are one group, which is never empty."""
    changing = ("group", "having", "qualify", "limit", "offset")
    if not isinstance(tree, exp.Select) or any(tree.args.get(name) for name in changing):
        return False
    if tree.args.get("from_") is None:
        return tree.args.get("where") is None
    return all(_aggregates(each) for each in tree.expressions)


def _aggregates(node: exp.Expression) -> bool:
    """Tell whether an expression makes one value of many rows, beside the queries in it."""
    found = (each for each in node.find_all(exp.Anonymous) if str(each.name).upper() in AGGREGATES)
    return any(
        each.find_ancestor(exp.Select) is node.find_ancestor(exp.Select) and not each.find_ancestor(exp.Window)
        for each in found
    )
