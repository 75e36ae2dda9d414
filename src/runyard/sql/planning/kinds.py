"""The types of a query's columns and binds, as far as its tree tells them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from runyard.sql.callables import functions
from runyard.sql.callables.arrays import listed
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.grammar.quantified import array_in
from runyard.sql.grammar.writer import CALLS, CASTS, type_named
from runyard.sql.local.row_functions import SERIES
from runyard.sql.planning.binds import Binds
from runyard.sql.planning.sources import Function, Inner, Sources, first_of, function_name, outputs
from runyard.sql.results import Heading

UNKNOWN = ""
LARGEST = 2**63 - 1  # SQLite takes a larger number as one with a fraction
TYPE = "runyard type"  # what a node's meta calls the type that its maker knows
_BY_NAME: Mapping[str, str] = {
    **dict.fromkeys(
        ("count", "length", "instr", "unixepoch", "row_number", "rank", "dense_rank", "ntile", "json_array_length"),
        "bigint",
    ),
    **dict.fromkeys(("octet_length", "ascii", "unicode", "random", "sign"), "bigint"),
    **dict.fromkeys(("avg", "total", "julianday", "percent_rank", "cume_dist", "round"), "double"),
    **dict.fromkeys(("sqrt", "power", "pow", "exp", "ln", "log", "log10", "log2", "mod", "pi"), "double"),
    **dict.fromkeys(("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "degrees", "radians"), "double"),
    **dict.fromkeys(
        (
            "concat",
            "lower",
            "upper",
            "trim",
            "ltrim",
            "rtrim",
            "substr",
            "substring",
            "replace",
            "group_concat",
            "date",
            "time",
            "datetime",
            "strftime",
            "printf",
            "format",
            "hex",
            "quote",
            "typeof",
            "char",
            "split_part",
            "string_agg",
            "concat_ws",
            "regexp_replace",
            "regexp_substr",
        ),
        "text",
    ),
    **dict.fromkeys(("json", "json_object", "json_array", "json_group_array", "json_group_object"), "json"),
}
"""What a function gives, whatever it is given."""
_LIKE_THE_FIRST = frozenset(
    {"min", "max", "sum", "abs", "floor", "ceil", "ceiling", "trunc"}
    | {"lag", "lead", "first_value", "last_value", "nth_value"}
)
_LIKE_ALL = frozenset({"coalesce", "ifnull", "nvl", "nullif", "iif", "if", "greatest", "least"})
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_NUMBERS = ("bigint", "double", "timestamp", "boolean")
_WORDS: Mapping[str, str] = {
    "TEXT": "text",
    "INTEGER": "bigint",
    "REAL": "double",
    "NUMERIC": "double",
    "BLOB": "bytes",
    "AS_BOOLEAN": "boolean",
    "AS_DATE": "timestamp",
    "AS_TIMESTAMP": "timestamp",
    "TIME": "text",
}
"""What a CAST gives, by the word or function that does it."""
_CASTS: Mapping[str, str] = {
    **{name: _WORDS[word] for name, word in {**CASTS, **CALLS}.items()},
    **dict.fromkeys(("JSON", "JSONB"), "json"),
    "INTERVAL": "bigint",  # in milliseconds
}


def headings(tree: exp.Expr, sources: Sources) -> tuple[Heading, ...]:
    """Return the names and types of a query's columns."""
    scope = first_of(sources.scopes[-1]) if sources.scopes else None
    if scope is None or not isinstance(scope.expression, exp.Select):
        return _of_values(tree)
    return tuple(
        Heading(name=_name(one), type=type_of(one, scope, sources) or "text") for one in scope.expression.selects
    )


def type_of(node: exp.Expr, scope: Scope, sources: Sources) -> str:
    """Return the type of an expression; UNKNOWN where it may be any."""

    def of(inner: exp.Expr) -> str:
        return type_of(inner, scope, sources)

    known = node.meta.get(TYPE)
    if isinstance(node, exp.Column) and known is None:
        return _of_column(node, scope, sources)
    if isinstance(known, str):
        return known
    if isinstance(node, exp.Alias | exp.Paren | exp.Neg | exp.Filter | exp.Window):
        return of(node.this)
    if isinstance(node, _ARITHMETIC):
        return _of_arithmetic(of(node.this), of(node.expression))
    if isinstance(node, exp.Func) and not isinstance(node, exp.Predicate | exp.Connector | exp.Cast):
        return _of_function(node, of)
    return _of_subquery(node, sources) if isinstance(node, exp.Subquery) else _by_itself(node)


def tell_binds(sources: Sources, binds: Binds) -> None:
    """Note the type of each bind that is compared with something of a known type."""
    for scope in sources.scopes:
        for node in scope.walk():
            for bind, other in _compared(node):
                if type_ := type_of(other, scope, sources):
                    binds.tell(bind, type_)
            if isinstance(node, exp.In) and (items := array_in(node)) is not None:
                _tell_items(node, items, type_of(node.this, scope, sources), binds)
            if isinstance(node, exp.Limit | exp.Offset):
                binds.tell(node.expression, "bigint")


def _tell_items(node: exp.In, items: exp.Anonymous, type_: str, binds: Binds) -> None:
    """Tell of which type the items of an array are: the one named, or of what they meet. Known ones become a list."""
    array, element = items.expressions
    named = _CASTS.get(element.name, type_) or "text"
    binds.tell(array, f"{named}[]")
    element.replace(exp.Literal.string(named))
    if isinstance(array, exp.Literal):
        node.set("query", None)
        node.set("expressions", [exp.convert(one) for one in json.loads(listed(array.name, named) or "[]")])


def _compared(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    if isinstance(node, exp.Between):
        yield node.args["low"], node.this
        yield node.args["high"], node.this
    elif isinstance(node, exp.In):
        for one in node.expressions:
            yield one, node.this
    elif isinstance(node, exp.Cast):
        yield node.this, node
    elif isinstance(node, exp.Binary) and not isinstance(node, exp.And | exp.Or):
        yield node.expression, node.this
        yield node.this, node.expression


def _of_column(node: exp.Column, scope: Scope, sources: Sources) -> str:
    found = sources.find(scope, node)
    if found is None:
        return UNKNOWN
    if found.resource is not None:
        return found.resource[1].type
    if isinstance(found.source, Inner):
        return _of_inner(found.source, found.name, sources)
    return _of_row(found.source, found.name, scope, sources) if isinstance(found.source, Function) else UNKNOWN


def _of_row(source: Function, name: str, scope: Scope, sources: Sources) -> str:
    """Return the type of a column that a function gives: a series is made of what it begins with."""
    if function_name(source.call) != SERIES:
        return "bigint" if name in ("id", "parent") else UNKNOWN
    first = next((one for one in (source.call.this, *source.call.expressions) if isinstance(one, exp.Expr)), None)
    return UNKNOWN if first is None else type_of(first, scope, sources) or "bigint"


def _of_inner(source: Inner, name: str, sources: Sources) -> str:
    scope, columns = first_of(source.scope), source.columns
    if scope is None or columns is None or name not in columns:
        return UNKNOWN
    place, query = columns.index(name), scope.expression
    if isinstance(query, exp.Values):
        return _of_items(query, place)
    selects = query.selects if isinstance(query, exp.Select) else []
    return type_of(selects[place], scope, sources) if place < len(selects) else UNKNOWN


def _of_subquery(node: exp.Subquery, sources: Sources) -> str:
    inner = next((one for one in sources.scopes if one.expression is node.this), None)
    if inner is None or not isinstance(node.this, exp.Query) or not node.this.selects:
        return UNKNOWN
    return type_of(node.this.selects[0], inner, sources)


def _of_function(node: exp.Func, of: Callable[[exp.Expr], str]) -> str:
    name = function_name(node)
    if isinstance(node, exp.Case | exp.If):
        return _agreed({of(one) for one in _results(node)})
    arguments = [one for one in (node.this, *node.expressions) if isinstance(one, exp.Expr)]
    if name in _LIKE_THE_FIRST and arguments:
        return of(arguments[0])
    if name in _LIKE_ALL:
        return _agreed({of(one) for one in arguments[name in ("iif", "if") :]})
    return _BY_NAME.get(name) or functions.TYPES.get(name, UNKNOWN)


def _of_arithmetic(left: str, right: str) -> str:
    return "bigint" if left == right == "timestamp" else _agreed({left, right})  # a length in ms


def _agreed(types: set[str]) -> str:
    """Return the type of values that may have any of these; a NULL has every one."""
    known = types - {"null"}
    if len(known) == 1:
        return known.pop()
    if known and known <= set(_NUMBERS):
        return "double" if "double" in known else "timestamp" if "timestamp" in known else "bigint"
    return UNKNOWN


def _results(node: exp.Expr) -> list[exp.Expr]:
    branches = node.args.get("ifs") or [node]
    last = node.args.get("default") if isinstance(node, exp.Case) else node.args.get("false")
    return [one.args["true"] for one in branches] + ([last] if last is not None else [])


def _by_itself(node: exp.Expr) -> str:
    if isinstance(node, exp.Literal):
        is_whole = node.is_int and int(node.name) <= LARGEST
        return "text" if node.is_string else "bigint" if is_whole else "double"
    if isinstance(node, exp.Null):
        return "null"
    if isinstance(node, exp.Boolean | exp.Predicate | exp.Not | exp.And | exp.Or):
        return "boolean"
    if isinstance(node, exp.DPipe):
        return "text"
    if isinstance(node, exp.Binary | exp.Interval):  # of bits; in milliseconds
        return "bigint"
    return _CASTS.get(type_named(node), UNKNOWN) if isinstance(node, exp.Cast) else UNKNOWN


def _name(one: exp.Expr) -> str:
    """Return the name of a column: what it was given, else what it is."""
    if isinstance(one, exp.Alias | exp.Column):
        return one.alias_or_name
    return LANGUAGE.generate(one)


def _of_values(tree: exp.Expr) -> tuple[Heading, ...]:
    names = outputs(tree) or ()
    return tuple(Heading(name=name, type=_of_items(tree, place) or "text") for place, name in enumerate(names))


def _of_items(values: exp.Expr, place: int) -> str:
    """Return the type of a column of VALUES."""
    rows = [row.expressions for row in values.expressions]
    items = [row[place] for row in rows if place < len(row)]
    return _agreed({_by_itself(one.this if isinstance(one, exp.Neg) else one) for one in items})
