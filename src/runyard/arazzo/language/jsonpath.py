"""JSONPath criteria: queries by RFC 9535, and the logical texts that most documents write in their place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from runyard.arazzo.language import logic
from runyard.arazzo.language.conditions import ORDERS, equal
from runyard.arazzo.language.errors import NotDecided, NotUnderstood
from runyard.arazzo.language.values import MISSING
from runyard.arazzo.records import Record

if TYPE_CHECKING:
    from runyard.arazzo.language.bounded import Paths

QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
STRING = re.compile(QUOTED, re.DOTALL)
MARK = re.compile(rf"({QUOTED})|([$@])", re.DOTALL)
FILTER_MEMBER = re.compile(r"@(?:\.([\w]+)|\[\s*(?:'([^'\\]*)'|\"([^\"\\]*)\")\s*\])")
SEGMENT = re.compile(r"\.\.(?=\[)|\.{1,2}(?:[^\W\d]\w*|\*)")
CALL = re.compile(r"(length|count|value|match|search)\(")
LENGTH = ".length"


class Query(Record):
    """A query of the context, or a function of one: `count($.runs[*])`."""

    text: str
    function: str | None = None
    pattern: str | None = None


class Found(Record):
    """Whether a jsonpath criterion holds, the values seen, and what its author should be told."""

    passed: bool
    seen: tuple[tuple[str, Any], ...] = ()
    advice: str | None = None


def judge(text: str, context: Any, *, lenient: bool, seconds: float) -> Found:
    """Decide a jsonpath criterion; lenient also takes logical texts and filters of a single object."""
    from runyard.arazzo.language.bounded import Paths  # noqa: PLC0415  # 50 ms that only jsonpath criteria need

    if len(text) > logic.LONGEST:
        raise NotUnderstood(f"A condition has at most {logic.LONGEST:,} characters", text, logic.LONGEST)
    paths = Paths(seconds)
    try:
        paths.read(text)
    except NotUnderstood as strict:
        if not lenient:
            raise
        return _logical(text, context, paths, strict)
    if lenient and _filters_the_object(text, context):
        return _of_the_object(text, context, paths)
    return Found(passed=bool(paths.values(text, context)))


def refuse_unreadable(text: str, *, seconds: float) -> None:
    """Refuse what is neither a query nor a logical text, whatever it would be asked of."""
    from runyard.arazzo.language.bounded import Paths  # noqa: PLC0415  # as above

    paths = Paths(seconds)
    try:
        paths.read(text)
    except NotUnderstood:
        for query in _queries(parse_logical(text)):
            paths.read("$" + query.text[1:])


def _queries(node: logic.Node) -> Iterator[Query]:
    return (leaf.meaning for leaf in logic.leaves(node))


def _filters_the_object(text: str, context: Any) -> bool:
    if not isinstance(context, dict) or not text.startswith("$[?"):
        return False
    names = ("".join(groups) for groups in FILTER_MEMBER.findall(text))
    return any(name in context for name in names)


def _of_the_object(text: str, context: Any, paths: Paths) -> Found:
    inner = MARK.sub(lambda found: "$[0]" if found[2] == "$" else found[0], text[1:])
    advice = "RFC 9535 applies this filter to the object's members; it was applied to the object itself"
    return Found(passed=bool(paths.values("$" + inner, [context])), advice=advice)


def parse_logical(text: str) -> logic.Node:
    """Read a logical text over queries: `$.state == "DONE" || $.runs.length > 0`."""
    return logic.Reader(text, _operand, _string).whole()


def _string(reader: logic.Reader) -> str:
    quoted = reader.take(STRING)
    if quoted is None:
        raise reader.wrong("This text is not closed")
    inner = quoted[1:-1]
    if quoted[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"'))
    except ValueError as error:
        raise reader.wrong("This text has an escape that JSON does not know", reader.position - len(quoted)) from error


def _operand(reader: logic.Reader) -> logic.Leaf | None:
    start = reader.position
    called = reader.take(CALL)
    if called is None:
        query = _query(reader)
        return None if query is None else logic.Leaf(text=query, meaning=Query(text=query))
    reader.take(logic.SPACE)
    query = _query(reader)
    if query is None:
        raise reader.wrong("Here stands a query, which begins with $ or @")
    pattern = None
    if called in {"match(", "search("}:
        if not reader.skip(","):
            raise reader.wrong("A comma and a pattern follow")
        reader.take(logic.SPACE)
        pattern = _string(reader)
    if not reader.skip(")"):
        raise reader.wrong("This ( is not closed", start + len(called) - 1)
    meaning = Query(text=query, function=called[:-1], pattern=pattern)
    return logic.Leaf(text=reader.text[start : reader.position], meaning=meaning)


def _query(reader: logic.Reader) -> str | None:
    start = reader.position
    if reader.text[start : start + 1] not in {"$", "@"}:
        return None
    reader.position += 1
    while reader.take(SEGMENT) is not None or reader.text.startswith("[", reader.position):
        if reader.text.startswith("[", reader.position):
            _brackets(reader)
    return reader.text[start : reader.position]


def _brackets(reader: logic.Reader) -> None:
    start, depth = reader.position, 0
    while reader.position < len(reader.text):
        if reader.take(STRING) is not None:
            continue
        depth += {"[": 1, "]": -1}.get(reader.text[reader.position], 0)
        reader.position += 1
        if depth == 0:
            return
    raise reader.wrong("This [ is not closed", start)


def _logical(text: str, context: Any, paths: Paths, strict: NotUnderstood) -> Found:
    try:
        condition = parse_logical(text)
    except NotUnderstood as error:
        raise error from strict
    seen: list[tuple[str, Any]] = []

    def look_up(leaf: logic.Leaf) -> Any:
        value = _value(leaf.meaning, context, paths)
        seen.append((leaf.text, value))
        return value

    rules = logic.Rules(look_up=look_up, compare=compare, is_true=_is_true)
    passed = _is_true(logic.evaluate(condition, rules))
    return Found(passed=passed, seen=tuple(seen), advice="RFC 9535 knows no logical text outside of a filter: $[?…]")


def _is_true(value: Any) -> bool:
    """A query alone asks whether something is there; what is computed counts as it is."""
    return value if isinstance(value, bool) else value is not MISSING


def compare(comparison: str, left: Any, right: Any) -> bool:
    """By RFC 9535: with case, without conversions, and nothing is equal to nothing alone."""
    if comparison in {"==", "!="}:
        same = left is right if MISSING in (left, right) else equal(left, right)
        return same == (comparison == "==")
    if equal(left, right) and "=" in comparison:
        return True
    return _in_order(left, right) and ORDERS[comparison](left, right)


def _in_order(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    return any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, int | float))


FUNCTIONS: Mapping[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "value": lambda values: values[0] if len(values) == 1 else MISSING,
    "length": lambda values: _length(values[0]) if len(values) == 1 else MISSING,
}


def _length(value: Any) -> Any:
    return len(value) if isinstance(value, str | list | dict) else MISSING


def _value(query: Query, context: Any, paths: Paths) -> Any:
    # Outside of a filter $ and @ are the same: the context.
    values = _values("$" + query.text[1:], context, paths)
    compute = FUNCTIONS.get(query.function or "")
    if compute is not None:
        return compute(values)
    if len(values) > 1:
        raise NotDecided(
            f"{query.text!r} selects {len(values)} values where one is compared; choose one or count() them."
        )
    value = values[0] if values else MISSING
    if query.pattern is not None:
        return paths.function_extensions[query.function or ""](value, query.pattern)
    return value


def _values(text: str, context: Any, paths: Paths) -> list[Any]:
    values = paths.values(text, context)
    if values or not text.endswith(LENGTH):
        return values
    return [len(value) for value in paths.values(text.removesuffix(LENGTH), context) if isinstance(value, list | str)]
