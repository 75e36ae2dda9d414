# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""LIKE and regular expressions, whose patterns are looked at before anything runs."""

from __future__ import annotations

from sqlglot import exp

from ..column_types import BOOLEAN, NULL, VARCHAR, list_of, literal
from ..errors import unsupported
from .patterns import Pattern, group, like_pattern, not_empty, pattern
from .scope import Scope, Typed
from .special_functions import Compile, Special, expect


def like(word: str, value: Typed, form: Typed, node: exp.Expression, escape: Typed | None = None) -> Typed:
    """Return whether a text is like a pattern, in which a letter may stand before what is meant as itself."""
    if {value.type, form.type} - {VARCHAR, NULL}:
        raise unsupported(f"{value.type.name} {word} {form.type.name} has no faithful translation", node)
    words = f"{value.sql} {word} {form.sql}"
    if escape is None:
        return Typed(sql=f"({words})", type=BOOLEAN)
    if escape.text is None or len(escape.text) != 1 or form.text is None:
        raise unsupported("ESCAPE takes one literal character after LIKE and a literal pattern", node)
    like_pattern(form.text, escape.text, node)
    return Typed(sql=f"({words} ESCAPE {escape.sql})", type=BOOLEAN)


def _like(word: str) -> Special:
    def call(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
        expect(node, given, 2, 3)
        value, form, *escape = (compiled(each, scope) for each in given)
        return like(word, value, form, node, *escape)

    return call


def regexp_like(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Return whether anything in a text matches, where `.` is also the end of a line."""
    expect(node, given, 2)
    value, form = _read(node, given, scope, compiled)
    return Typed(sql=f"regexp_matches({value.sql}, {form.sql}, 's')", type=BOOLEAN)


def regexp_extract(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Return the first match or a group of it; it is empty where nothing matches."""
    expect(node, given, 2, 3)
    value, form = _read(node, given, scope, compiled)
    number = group(_number(given[2], node) if len(given) > 2 else 0, form, node)  # noqa: PLR2004 the third is a group
    return Typed(sql=f"regexp_extract({value.sql}, {form.sql}, {number})", type=VARCHAR)


def regexp_replace(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Return a text with other words in the place of matches."""
    expect(node, given, 3)
    value, form = _read(node, given, scope, compiled)
    new = compiled(given[2], scope)
    if new.text is None or set(new.text) & {"\\", "$"}:  # groups: $1 in Java, \1 in RE2
        raise unsupported("The replacement must be a literal text without \\ and $", node)
    return Typed(
        sql=f"regexp_replace({value.sql}, {not_empty(form, node).sql}, {literal(new.text)}, 'g')", type=VARCHAR
    )


def regexp_split(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Split a text at every match; the other modes of Dremio are refused."""
    expect(node, given, 2, 4)
    if len(given) > 2 and (given[2].name.upper() != "ALL" or given[3].sql() != "-1"):  # noqa: PLR2004 mode and count
        raise unsupported("REGEXP_SPLIT is translated with the mode 'ALL' and the limit -1 alone", node)
    value, form = _read(node, given, scope, compiled)
    if not form.text:
        raise unsupported("REGEXP_SPLIT at every letter has no faithful translation", node)
    return Typed(sql=f"string_split_regex({value.sql}, {not_empty(form, node).sql})", type=list_of(VARCHAR))


def _read(
    node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile
) -> tuple[Typed, Pattern]:  # fmt: skip
    value, form = compiled(given[0], scope), compiled(given[1], scope)
    if value.type not in {VARCHAR, NULL}:
        raise unsupported(f"{node.name.upper()}({value.type.name}, …) has no faithful translation", node)
    return value if value.type == VARCHAR else Typed(sql="CAST(NULL AS VARCHAR)", type=VARCHAR), pattern(
        form.text, node
    )


def _number(given: exp.Expression, node: exp.Expression) -> int:
    inner = given.this if isinstance(given, exp.Neg) else given
    if not isinstance(inner, exp.Literal) or inner.is_string or not inner.name.isdigit():
        raise unsupported("The number of a group must be written as a literal", node)
    return -int(inner.name) if isinstance(given, exp.Neg) else int(inner.name)


MATCHING: dict[str, Special] = {
    "LIKE": _like("LIKE"),
    "ILIKE": _like("ILIKE"),
    "REGEXP_LIKE": regexp_like,
    "REGEXP_MATCHES": regexp_like,
    "REGEXP_EXTRACT": regexp_extract,
    "REGEXP_REPLACE": regexp_replace,
    "REGEXP_SPLIT": regexp_split,
}
