# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""What a function of one's own is called with, in the body that stands in the place of the call.

A value that is one for every look at it, and short, stands wherever its parameter does, as Dremio puts it there. Any
other that is used more than once is computed once and named: beside the body as the parameter of a lambda, where the
body asks a query as a row around it. What neither can hold is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from ..errors import DremioError, unsupported
from .functions import LITERAL
from .scope import ELSEWHERE, FLATTENED, GROUP, QUERY, Query, Typed, World

SHORT = 1_000  # letters of a value that may stand in a body more than once
LONGEST = 500_000  # letters of a call with all that stands for it
# DuckDB takes twice the time for each lambda within a lambda's body.
DEEPEST_LAMBDA = 8
LAMBDA = re.compile(r"lambda given(\d+):")


@dataclass(frozen=True, kw_only=True)
class Argument:
    """What is given for a parameter; its mark stands in the body until it is known how often."""

    mark: str
    value: Typed
    is_literal: bool
    asks: bool = False  # a query
    of_groups: bool = False  # one value of many rows, or many rows of one value
    is_fixed: bool = False  # it names no column around it

    @property
    def is_random(self) -> bool:
        """Tell whether each look at it brings another value."""
        return self.value.is_random

    @property
    def is_repeatable(self) -> bool:
        """Tell whether it may stand in a body more than once."""
        is_plain = not (self.asks or self.of_groups or self.is_random)
        return self.is_literal or (is_plain and len(self.value.sql) <= SHORT)

    def has_to_be_named(self, uses: int) -> bool:
        """Tell whether it is to be computed beside the body: a group that nobody looks at is a group still."""
        return self.of_groups if uses == 0 else uses > 1 and not self.is_repeatable


def marked(value: Typed, given: Typed, world: World, met: Counter[str], *, is_fixed: bool = False) -> Argument:
    """Return a value of a call, cast to its parameter's type; it was `given` so, and is made of what was `met`."""
    return Argument(
        mark=f"given_{world.secret}_{next(world.numbers)}_",
        value=value,
        is_literal=given.text is not None or LITERAL.fullmatch(given.sql) is not None,
        asks=met[QUERY] > 0,
        of_groups=met[GROUP] + met[FLATTENED] > 0,
        is_fixed=is_fixed,
    )


def scalar_call(body: str, arguments: Sequence[Argument], met: Counter[str], node: exp.Expression, world: World) -> str:
    """Return a body with the values of a call; it holds what was `met` when it was read."""
    if met[QUERY]:
        for each in arguments:
            _check_of_query(each, body, node)
    named = [each for each in arguments if each.has_to_be_named(body.count(each.mark))]
    if not named:
        return _checked(_inlined(body, arguments), node)
    if met[GROUP] or met[FLATTENED]:
        raise unsupported(f"A function over rows looks at {_what(named[0])} more than once; {ELSEWHERE}", node)
    return _checked(_row(body, arguments, named, world) if met[QUERY] else _lambda(body, arguments, node), node)


def tabular_call(query: Query, arguments: Sequence[Argument], node: exp.Expression, world: World) -> Query:
    """Return the rows of a body with the values of a call."""
    named, name = [], world.name()
    for each in arguments:
        uses = query.sql.count(each.mark)
        if each.of_groups or (each.is_random and uses and not each.is_fixed):
            raise unsupported(f"TABLE(…) of {_what(each)} has no faithful translation; {ELSEWHERE}", node)
        if each.has_to_be_named(uses) or (each.is_random and uses):
            named.append(each)
    words = query.sql
    for each in named:
        words = words.replace(each.mark, f"(SELECT {name}.{_field(each, named)} FROM {name})")
    words = _inlined(words, arguments)
    if named:
        listed = ", ".join(f"{each.value.sql} AS {_field(each, named)}" for each in named)
        words = f"WITH {name} AS MATERIALIZED (SELECT {listed}) SELECT * FROM ({words}) AS body"
    return Query(sql=_checked(words, node), columns=query.columns)


def _check_of_query(argument: Argument, body: str, node: exp.Expression) -> None:
    # Within a query an aggregate of the caller's would be taken for one of that query, and a random value be another
    # one for each of its rows.
    if argument.of_groups or (argument.is_random and argument.mark in body):
        raise unsupported(f"A function of {_what(argument)} asks a query; {ELSEWHERE}", node)


def _what(argument: Argument) -> str:
    if argument.of_groups:
        return "an aggregate, a window or FLATTEN"
    return "a random value" if argument.is_random else "a query" if argument.asks else "a long expression"


def _inlined(body: str, arguments: Sequence[Argument]) -> str:
    for each in arguments:
        body = body.replace(each.mark, each.value.sql)
    return body


def _row(body: str, arguments: Sequence[Argument], named: Sequence[Argument], world: World) -> str:
    name = world.name()
    for each in named:
        body = body.replace(each.mark, f"{name}.{_field(each, named)}")
    listed = ", ".join(f"{each.value.sql} AS {_field(each, named)}" for each in named)
    return f"(SELECT {_inlined(body, arguments)} FROM (SELECT {listed}) AS {name})"


def _lambda(body: str, arguments: Sequence[Argument], node: exp.Expression) -> str:
    # The same call has the same words everywhere, so that GROUP BY knows it again; and no words of the caller's stand
    # within the lambda, which may hold neither a query nor an aggregate.
    level = 1 + max((int(each) for each in LAMBDA.findall(body)), default=0)
    if level > DEEPEST_LAMBDA:
        raise unsupported(f"More than {DEEPEST_LAMBDA} calls within calls, each of a value to be named", node)
    name, held = f"given{level}", [each for each in arguments if not each.is_literal and each.mark in body]
    held += [each for each in arguments if each.of_groups and each not in held]
    for each in held:
        body = body.replace(each.mark, f"struct_extract({name}, '{_field(each, held)}')")
    listed = ", ".join(f"'{_field(each, held)}': {each.value.sql}" for each in held)
    return f"list_transform([{{{listed}}}], lambda {name}: {_inlined(body, arguments)})[1]"


def _field(argument: Argument, among: Sequence[Argument]) -> str:
    return f"v{[each.mark for each in among].index(argument.mark)}"


def _checked(words: str, node: exp.Expression) -> str:
    if len(words) > LONGEST:
        raise too_long(node)
    return words


def too_long(node: exp.Expression) -> DremioError:
    """Return the refusal of calls that stand for more than anybody would wait for."""
    return unsupported(f"Functions that call functions: their bodies are more than {LONGEST} letters together", node)
