# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Calls of functions: which table knows a name, and the clauses FILTER, OVER and WITHIN GROUP around it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from sqlglot import exp

from ..column_types import BIGINT, NUMBERS, VARCHAR
from ..errors import invalid, unsupported
from .aggregate_functions import AGGREGATES, ORDERED, WINDOWS
from .functions import Function, called, filled
from .matching_functions import MATCHING
from .moment_functions import MOMENTS
from .number_functions import NUMBERS as NUMBER_FUNCTIONS
from .operators import arithmetic, condition
from .own_functions import no_match, scalar
from .scope import FLATTENED, GROUP, Scope, Typed
from .special_functions import SPECIAL, WITH_FORMAT, Compile, Special
from .text_functions import NESTED, TEXTS

ALIASES = {
    "CEILING": "CEIL", "TRUNC": "TRUNCATE", "SUBSTR": "SUBSTRING", "CHARACTER_LENGTH": "CHAR_LENGTH", "CHAR": "CHR",
    "LCASE": "LOWER", "UCASE": "UPPER", "DATETRUNC": "DATE_TRUNC", "DATEADD": "DATE_ADD",
}  # fmt: skip
PLAIN: dict[str, list[Function]] = {**NUMBER_FUNCTIONS, **TEXTS, **NESTED, **MOMENTS}
OF_GROUPS: dict[str, list[Function]] = {**AGGREGATES, **ORDERED, **WINDOWS}
LISTED = frozenset({"FLATTEN", "UNNEST"})  # functions that make several rows of one
BY_HAND: dict[str, Special] = {**SPECIAL, **MATCHING}
ALL = frozenset({*PLAIN, *OF_GROUPS, *BY_HAND, *WITH_FORMAT, *LISTED, "MOD"})
KNOWN = sorted(ALL)
FORMATTED = 2  # arguments from which a function takes a format
MOVED = frozenset({"LAG", "LEAD"})
IN_ORDER = frozenset({"LAG", "LEAD", "NTILE"})
BOUNDS = {"UNBOUNDED", "CURRENT ROW"}


def call(name: str, given: Sequence[exp.Expression], node: exp.Expression, scope: Scope, compiled: Compile) -> Typed:
    """Return what a function brings; a name in no table is refused, never handed on."""
    name = ALIASES.get(name, name)
    if name in BY_HAND:
        return BY_HAND[name](node, list(given), scope, compiled)
    if name in WITH_FORMAT and (len(given) >= FORMATTED or not given or name not in PLAIN):
        return WITH_FORMAT[name](node, list(given), scope, compiled)
    if name == "MOD" and len(given) == FORMATTED:
        return arithmetic("%", compiled(given[0], scope), compiled(given[1], scope), node)
    if name in LISTED:
        return _flattened(given, node, scope, compiled)
    if name in OF_GROUPS:
        return _of_group(name, given, node, scope, compiled, {})
    return _plain(name, given, node, scope, compiled) if name in PLAIN else _own(node, given, scope, compiled)


def _plain(name: str, given: Sequence[exp.Expression], node: exp.Expression, scope: Scope, compiled: Compile) -> Typed:
    arguments = [compiled(each, scope) for each in given]
    if name == "CONCAT":
        arguments = [_text(each) for each in arguments]
    return _filled(name, PLAIN[name], arguments, node, {})


def is_known(name: str) -> bool:
    """Tell whether a name is that of a function which everybody has."""
    return ALIASES.get(name.upper(), name.upper()) in ALL


def _own(node: exp.Expression, given: Sequence[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Return what a function of one's own brings."""
    found = scalar([node.name], given, node, scope, compiled)
    if found is not None:
        return found
    if scope.views or scope.calls:  # it was there when the view or function was made
        raise no_match(node.name, given, node, scope, compiled)
    name = node.name.upper()
    near = difflib.get_close_matches(name, KNOWN, n=1)
    hint = f"; the nearest known is {near[0]}" if near else ""
    raise unsupported(f"The function {name} is not known to runyard's Dremio engine{hint}", node)


def _text(value: Typed) -> Typed:
    plain = value.type.name in NUMBERS - {"FLOAT", "DOUBLE"}
    return Typed(sql=f"CAST({value.sql} AS VARCHAR)", type=VARCHAR) if plain else value


def _filled(
    name: str, rows: Sequence[Function], arguments: Sequence[Typed], node: exp.Expression, clauses: Mapping[str, str]
) -> Typed:
    way, taken = called(name, rows, arguments, node)
    kind = way.answer(taken) if callable(way.answer) else way.answer
    words = filled(way.words, taken, node, clauses)
    return Typed(sql=words if way.words.endswith(")") or way.words == "{0}" else f"({words})", type=kind)


def _flattened(given: Sequence[exp.Expression], node: exp.Expression, scope: Scope, compiled: Compile) -> Typed:
    value = compiled(given[0], scope) if len(given) == 1 else None
    if value is None or value.type.name != "LIST":
        raise unsupported("FLATTEN takes one list", node)
    select = node.find_ancestor(exp.Select)
    places = [each for each in (select.expressions if select else []) if each.find(exp.Anonymous) is not None]
    flattens = [one for each in places for one in each.find_all(exp.Anonymous) if str(one.name).upper() in LISTED]
    # DuckDB puts two lists side by side where Dremio multiplies them.
    if len(flattens) > 1 or node.find_ancestor(exp.Where, exp.Group, exp.Order, exp.Having, exp.Window):
        raise unsupported(
            "FLATTEN is translated once in the list of a SELECT; put the other into a query around it", node
        )
    scope.met[FLATTENED] += 1
    return Typed(sql=f"unnest({value.sql})", type=value.type.element)


def windowed(node: exp.Expression, scope: Scope, compiled: Compile) -> Typed:
    """Return an aggregate or a function of windows with the clauses around it."""
    clauses = {"filter": "", "over": "", "w": "", "o": "", "kind": ""}
    inner: exp.Expression = node
    while not isinstance(inner, exp.Anonymous):
        if isinstance(inner, exp.Window):
            clauses["over"] = f" OVER ({_window(inner, scope, compiled)})"
        elif isinstance(inner, exp.Filter):
            clauses["filter"] = f" FILTER (WHERE {condition(compiled(inner.expression.this, scope), inner)})"
        elif isinstance(inner, exp.WithinGroup):
            clauses |= _within(inner, scope, compiled)
        else:
            raise unsupported(f"{inner.sql(dialect='dremio')[:80]} over a window has no faithful translation", inner)
        inner = inner.this
    name = str(inner.name).upper()
    if name not in OF_GROUPS:
        raise unsupported(f"The function {name} over a window is not known to runyard's Dremio engine", node)
    return _of_group(name, inner.expressions, inner, scope, compiled, clauses)


def _of_group(
    name: str, given: Sequence[exp.Expression], node: exp.Expression, scope: Scope, compiled: Compile,
    clauses: Mapping[str, str],
) -> Typed:  # fmt: skip
    scope.met[GROUP] += 1
    suffix = clauses.get("filter", "") + clauses.get("over", "")
    if name == "COUNT" and (not given or isinstance(given[0], exp.Star)):
        return Typed(sql=f"count(*){suffix}", type=BIGINT)
    if name in WINDOWS and "OVER" not in suffix:
        raise unsupported(f"{name} needs OVER", node)
    if name in IN_ORDER and "ORDER BY" not in suffix:
        raise invalid("LAG, LEAD or NTILE functions require ORDER BY clause in window specification", node)
    if any(str(each.name).upper() in LISTED for one in given for each in one.find_all(exp.Anonymous)):
        raise unsupported(f"{name} of FLATTEN has no faithful translation; put FLATTEN into a query within", node)
    distinct = bool(given) and isinstance(given[0], exp.Distinct)
    arguments = [compiled(each, scope) for each in (given[0].expressions if distinct else given)]
    if distinct and len(given) > 1:
        arguments += [compiled(each, scope) for each in given[1:]]
    if (distinct or clauses.get("filter")) and "{d}" not in OF_GROUPS[name][0].words and name not in ORDERED:
        raise unsupported(f"{name} with DISTINCT or FILTER has no faithful translation", node)
    if name in MOVED and len(arguments) > 1 and arguments[1].sql.startswith("-"):
        raise unsupported(f"{name} by a number below zero has no faithful translation", node)
    if name.startswith("PERCENTILE"):
        _check_percentile(name, arguments, node, clauses)
    spelled = {"d": "DISTINCT " if distinct else "", "s": suffix, "w": clauses.get("w", ""), "o": clauses.get("o", "")}
    return _filled(name, OF_GROUPS[name], arguments, node, spelled)


def _check_percentile(
    name: str, arguments: Sequence[Typed], node: exp.Expression, clauses: Mapping[str, str]
) -> None:  # fmt: skip
    if not clauses.get("o"):
        raise unsupported(f"{name} needs WITHIN GROUP (ORDER BY …)", node)
    if len(arguments) == 1 and arguments[0].sql.startswith("-"):  # DuckDB would count from the end
        raise invalid(f"{name} takes a number between 0 and 1", node)


def _within(node: exp.WithinGroup, scope: Scope, compiled: Compile) -> dict[str, str]:
    orders = node.expression.expressions
    value = compiled(orders[0].this, scope)
    name = str(node.this.name).upper()
    if name.startswith("PERCENTILE"):
        if len(orders) != 1 or orders[0].args.get("desc") or value.type.name not in NUMBERS:
            raise unsupported(f"{name} is translated over one number in ascending order", node)
        return {"o": f"CAST({value.sql} AS DOUBLE)"}
    return {"w": f"ORDER BY {', '.join(ordered(each, compiled(each.this, scope).sql) for each in orders)}"}


def ordered(node: exp.Expression, words: str) -> str:
    """Return an expression of ORDER BY; without a word NULL is higher than every value, as the parser has read it."""
    direction = " DESC" if node.args.get("desc") else ""
    return f"{words}{direction} NULLS {'FIRST' if node.args.get('nulls_first') else 'LAST'}"


def _window(node: exp.Window, scope: Scope, compiled: Compile) -> str:
    alias = node.args.get("alias")
    if alias is not None:
        known = scope.windows.get(alias.name.lower())
        if known is None:
            raise unsupported(f"The window {alias.name} is not known", node)
        node = known
    pieces = []
    if node.args.get("partition_by"):
        pieces.append("PARTITION BY " + ", ".join(compiled(each, scope).sql for each in node.args["partition_by"]))
    if node.args.get("order"):
        orders = node.args["order"].expressions
        pieces.append("ORDER BY " + ", ".join(ordered(each, _key(each.this, scope, compiled)) for each in orders))
    if node.args.get("spec"):
        pieces.append(_frame(node.args["spec"]))
    return " ".join(pieces)


def _key(node: exp.Expression, scope: Scope, compiled: Compile) -> str:
    if isinstance(node, exp.Literal):
        raise unsupported("ORDER BY a constant within a window", node)
    return compiled(node, scope).sql


def _frame(spec: exp.Expression) -> str:
    kind = str(spec.args["kind"]).upper()
    bounds = []
    for end in ("start", "end"):
        bound, side = spec.args.get(end) or "CURRENT ROW", str(spec.args.get(f"{end}_side") or "").upper()
        if isinstance(bound, exp.Literal) and kind == "ROWS" and not bound.is_string:
            bounds.append(f"{bound.name} {side}")
        elif isinstance(bound, str) and bound.upper() in BOUNDS:
            bounds.append(f"{bound.upper()} {side}".strip())
        else:
            raise unsupported("This frame of a window has no faithful translation", spec)
    if spec.args.get("exclude"):
        raise unsupported("EXCLUDE in the frame of a window has no faithful translation", spec)
    return f"{kind} BETWEEN {bounds[0]} AND {bounds[1]}"
