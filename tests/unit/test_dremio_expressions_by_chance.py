"""Expressions by chance: what they bring is what Python's own arithmetic brings, or they are refused with a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from random import Random
from typing import Any

import duckdb
import pytest

from runyard.runtime.dremio_sql.catalog import LiveCatalog, Snapshot
from runyard.runtime.dremio_sql.database import new_connection
from runyard.runtime.dremio_sql.errors import DremioError, from_duckdb
from runyard.runtime.dremio_sql.translation.calls import KNOWN
from runyard.runtime.dremio_sql.translation.translate import Session, Translation, translate

EXACT = Context(prec=120, rounding=ROUND_HALF_UP)
INT, BIGINT = ("INTEGER", 10, 0), ("BIGINT", 19, 0)
LIMITS = {"INTEGER": 2**31, "BIGINT": 2**63}
Kind = tuple[str, int, int]  # name, digits, and how many of them are behind the point


class Fails(Exception):
    """What an expression comes to that has no value."""


@dataclass(frozen=True)
class Known:
    """An expression as text, with its type and its value for each row."""

    sql: str
    kind: Kind
    values: tuple[Any, ...]


COLUMNS = {
    "i": Known("i", INT, (7, -7, 0, 2**31 - 1, None, -(2**31) + 1, 1)),
    "k": Known("k", INT, (2, 3, -1, 1, 5, 46341, None)),
    "b": Known("b", BIGINT, (9007199254740993, -5, 2**63 - 1, 0, None, 3, -(2**63) + 1)),
    "m": Known("m", ("DECIMAL", 9, 2), tuple(map(Decimal, (
        "1.25", "-0.05", "0.00", "9999999.99", "3.10", "2.50", "-7.77")))),
    "p": Known("p", ("DECIMAL", 20, 6), (Decimal("0.000001"), Decimal("-12345678901234.500000"), *[None] * 2,
                                         Decimal("3.000000"), Decimal("0.333333"), Decimal("1.500000"))),
}  # fmt: skip


def source() -> str:
    """Return the rows of the columns as a query."""
    rows = zip(*(column.values for column in COLUMNS.values()), strict=True)
    lines = ", ".join("(" + ", ".join("NULL" if value is None else str(value) for value in row) + ")" for row in rows)
    casts = ", ".join(f"CAST(c{n} AS {spelled(each.kind)}) AS {each.sql}" for n, each in enumerate(COLUMNS.values()))
    return f"(SELECT {casts} FROM (VALUES {lines}) AS given({', '.join(f'c{n}' for n in range(len(COLUMNS)))})) AS t"


def spelled(kind: Kind) -> str:
    return f"DECIMAL({kind[1]}, {kind[2]})" if kind[0] == "DECIMAL" else kind[0]


def cut(digits: int, scale: int) -> Kind:
    """Return a decimal of at most 38 digits; what is too much is taken from its scale, of which six stay."""
    if digits > 38:
        return "DECIMAL", 38, max(scale - (digits - 38), min(scale, 6))
    return "DECIMAL", digits, scale


def of_decimals(sign: str, one: Kind, other: Kind) -> Kind:
    (_, p, s), (_, q, r) = one, other
    if sign in "+-":
        return cut(max(p - s, q - r) + max(s, r) + 1, max(s, r))
    if sign == "*":
        return cut(p + q + 1, s + r)
    if sign == "/":
        scale = max(6, s + q + 1)
        return cut(p - s + r + scale, scale)
    return cut(min(p - s, q - r) + max(s, r), max(s, r))


def fitted(value: Any, kind: Kind) -> Any:
    """Return a value as its type holds it."""
    if value is None:
        return None
    if kind[0] in LIMITS:
        if not -LIMITS[kind[0]] <= value < LIMITS[kind[0]]:
            raise Fails
        return value
    rounded = value.quantize(Decimal(1).scaleb(-kind[2]))
    if abs(rounded) >= Decimal(10) ** (kind[1] - kind[2]):
        raise Fails
    return rounded


def whole(sign: str, x: int, y: int) -> int:
    """Return what Java's whole numbers come to."""
    if sign in "/%":
        if y == 0:
            raise Fails
        quotient = abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)
        return quotient if sign == "/" else x - quotient * y
    return {"+": x + y, "-": x - y, "*": x * y}[sign]


def exact(sign: str, x: Decimal, y: Decimal) -> Decimal:
    """Return what decimals come to, before they are rounded once."""
    if sign in "/%" and y == 0:
        raise Fails
    if sign == "%":
        return x - y * (x / y).to_integral_value("ROUND_DOWN")
    return {"+": x + y, "-": x - y, "*": x * y, "/": x / (y or 1)}[sign]


@dataclass
class Chance:
    """Expressions over the columns."""

    random: Random

    def expression(self, depth: int) -> Known:
        if depth == 0 or self.random.random() < 0.2:
            return self.leaf()
        makers: list[Callable[[int], Known]] = [self.operator] * 5
        return self.random.choice([*makers, self.negative, self.case, self.coalesce, self.absolute])(depth - 1)

    def leaf(self) -> Known:
        if self.random.random() < 0.7:
            return self.random.choice(list(COLUMNS.values()))
        text = self.random.choice(["0", "1", "3", "-4", "2147483647", "3000000000", "2.5", "0.01", "-100.125"])
        count = len(COLUMNS["i"].values)
        if "." in text:
            digits, places = text.lstrip("-").split(".")
            return Known(text, ("DECIMAL", len(digits + places), len(places)), (Decimal(text),) * count)
        return Known(text, BIGINT if abs(int(text)) >= 2**31 else INT, (int(text),) * count)

    def operator(self, depth: int) -> Known:
        sign = self.random.choice("+-*/%")
        left, right = self.expression(depth), self.expression(depth)
        text = f"({left.sql} {sign} {right.sql})"
        if "DECIMAL" in {left.kind[0], right.kind[0]}:
            kind = of_decimals(sign, left.kind, right.kind)
            return Known(text, kind, self.each(lambda x, y: exact(sign, Decimal(x), Decimal(y)), kind, left, right))
        kind = BIGINT if BIGINT in {left.kind, right.kind} else INT
        if sign == "%":
            kind = right.kind
        return Known(text, kind, self.each(lambda x, y: whole(sign, x, y), kind, left, right))

    def negative(self, depth: int) -> Known:
        inner = self.expression(depth)
        return Known(f"(- {inner.sql})", inner.kind, self.each(lambda x: -x, inner.kind, inner))

    def absolute(self, depth: int) -> Known:
        inner = self.expression(depth)
        return Known(f"ABS({inner.sql})", inner.kind, self.each(abs, inner.kind, inner))

    def coalesce(self, depth: int) -> Known:
        one, other = self.expression(depth), self.expression(depth)
        kind = self.common(one, other)
        firsts = tuple(y if x is None else x for x, y in zip(one.values, other.values, strict=True))
        found = Known("", kind, tuple(Fails if x is Fails else x for x in firsts))
        return Known(f"COALESCE({one.sql}, {other.sql})", kind, self.as_kind(found, kind))

    def case(self, depth: int) -> Known:
        low, high, one, other = (self.expression(depth) for _ in range(4))
        kind = self.common(one, other)
        text = f"CASE WHEN {low.sql} < {high.sql} THEN {one.sql} ELSE {other.sql} END"
        values = []
        for w, x, y, z in zip(low.values, high.values, one.values, other.values, strict=True):
            if Fails in (w, x):
                values.append(Fails)
            else:
                values.append(y if w is not None and x is not None and w < x else z)
        return Known(text, kind, self.as_kind(Known("", kind, tuple(values)), kind))

    def common(self, one: Known, other: Known) -> Kind:
        if "DECIMAL" not in {one.kind[0], other.kind[0]}:
            return BIGINT if BIGINT in {one.kind, other.kind} else INT
        (_, p, s), (_, q, r) = one.kind, other.kind
        return cut(max(p - s, q - r) + max(s, r), max(s, r))

    def as_kind(self, found: Known, kind: Kind) -> tuple[Any, ...]:
        return self.each(lambda x: Decimal(x) if kind[0] == "DECIMAL" else x, kind, found)

    def each(self, work: Callable[..., Any], kind: Kind, *given: Known) -> tuple[Any, ...]:
        """Return what a function makes of each row: NULL of NULL, and nothing of what has failed."""
        return tuple(self.one(work, kind, row) for row in zip(*(each.values for each in given), strict=True))

    def one(self, work: Callable[..., Any], kind: Kind, row: tuple[Any, ...]) -> Any:
        if Fails in row:
            return Fails
        try:
            with localcontext(EXACT):
                return None if None in row else fitted(work(*row), kind)
        except Fails:
            return Fails


class Engine:
    """A database that carries out what is translated."""

    def __init__(self) -> None:
        self.database = new_connection(threads=1)
        self.session = Session(user="ada", now_ms=0)

    def translated(self, sql: str) -> Translation | DremioError:
        catalog = LiveCatalog(snapshot=Snapshot(), connection=self.database, session=self.session)
        try:
            return translate(sql, catalog, self.session)
        except DremioError as error:
            return error

    def value(self, words: str) -> Any:
        """Return the one value of a query, or its error."""
        try:
            rows = self.database.execute(words).fetchall()
            return rows[0][0] if rows else None
        except duckdb.Error as error:
            return from_duckdb(error)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def outcome(known: Known, found: Any, wanted: Any) -> str:
    """Compare a value with what Python says, and say how it went."""
    if isinstance(found, DremioError):
        assert found.kind in {"FUNCTION", "UNSUPPORTED_OPERATION"}, (known.sql, found.message)
        # Decimals may need more digits on the way than DuckDB has; whole numbers never do.
        assert wanted is Fails or any(sign in known.sql for sign in "mp."), (known.sql, wanted)
        return "failed"
    if wanted is Fails:  # DuckDB need not look at what a condition leaves out, or beside a NULL
        assert found is None or "CASE" in known.sql or "COALESCE" in known.sql, (known.sql, found)
        return "not looked at"
    assert found == wanted, (known.sql, found, wanted)
    return "same"


def outcomes(engine: Engine, known: Known) -> Iterator[str]:
    """Ask for an expression of each row."""
    for place, wanted in enumerate(known.values):
        conditions = " AND ".join(
            f"{each.sql} {'IS NULL' if each.values[place] is None else f'= {each.values[place]}'}"
            for each in COLUMNS.values()
        )
        translation = engine.translated(f"SELECT {known.sql} AS v FROM {source()} WHERE {conditions}")
        if isinstance(translation, DremioError):
            assert (translation.kind, translation.line) == ("UNSUPPORTED_OPERATION", 1), translation.message
            yield "refused"
            continue
        kind = translation.columns[0].type
        assert (kind.name, kind.scale) == (known.kind[0], known.kind[2]), known.sql
        yield outcome(known, engine.value(translation.sql), wanted)


@pytest.mark.parametrize("seed", range(6))
def test_arithmetic_comes_to_what_python_says(engine: Engine, seed: int) -> None:
    chance, seen = Chance(Random(seed)), Counter[str]()  # noqa: S311 chance for a test
    for _ in range(40):
        seen.update(outcomes(engine, chance.expression(3)))

    assert seen["same"] > 100, seen


LEAVES = (
    "i", "b", "f", "d", "m", "t", "o", "dt", "ts", "tm", "bin", "l", "s", "n", "iv", "im", "1", "-1", "0", "2.5", "1e0",
    "'a'", "'2024-01-01'", "'1'", "''", "NULL", "TRUE", "'YYYY'", "'#.#'", "3000000000", "'month'", "'UTF8'",
)  # fmt: skip
ANYTHING = (
    "(SELECT CAST(1 AS INTEGER) AS i, CAST(3 AS BIGINT) AS b, CAST(1.5 AS FLOAT) AS f, CAST(2.5 AS DOUBLE) AS d, "
    "CAST(12.34 AS DECIMAL(12, 2)) AS m, 'abc' AS t, TRUE AS o, DATE '2024-02-29' AS dt, "
    "TIMESTAMP '2024-02-29 10:20:30.123' AS ts, TIME '10:20:30' AS tm, CAST('x' AS VARBINARY) AS bin, "
    "ARRAY[1, 2] AS l, CONVERT_FROM('{\"a\": 1}', 'JSON') AS s, CAST(NULL AS INTEGER) AS n, INTERVAL '1' DAY AS iv, "
    "INTERVAL '1' MONTH AS im) AS t"
)
TYPES = ("INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10, 2)", "VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP", "TIME",
         "VARBINARY", "INTERVAL DAY")  # fmt: skip
SHAPES = (
    "({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / {1})", "({0} % {1})", "({0} = {1})", "({0} < {1})",
    "({0} AND {1})", "({0} || {1})", "({0} LIKE {1})", "({0} IS DISTINCT FROM {1})", "CAST({0} AS {type})",
    "CASE WHEN {0} THEN {1} ELSE {2} END", "({0} IN ({1}, {2}))", "(- {0})", "({0} BETWEEN {1} AND {2})",
    "({0} IS NULL)", "EXTRACT(YEAR FROM {0})", "({0})[0]", "NOT {0}",
)  # fmt: skip


def anything(random: Random, depth: int) -> str:
    """Return an expression that nobody has thought of."""
    if depth == 0 or random.random() < 0.15:
        return random.choice(LEAVES)
    if random.random() < 0.5:
        given = (anything(random, depth - 1) for _ in range(random.choice([0, 1, 1, 2, 2, 2, 3, 3])))
        return f'"{random.choice(KNOWN)}"({", ".join(given)})'
    parts = [anything(random, depth - 1) for _ in range(3)]
    return random.choice(SHAPES).format(*parts, type=random.choice(TYPES))


OF_GROUPS = ("GROUP BY", "GROUPING", "aggregate", "window")  # what DuckDB alone looks at


def answer(engine: Engine, sql: str) -> str:
    """Ask, and say what comes of it."""
    translation = engine.translated(f"SELECT {sql} AS v FROM {ANYTHING}")
    if isinstance(translation, DremioError):
        assert translation.kind in {"UNSUPPORTED_OPERATION", "VALIDATION", "PARSE"}, sql
        assert (translation.line, translation.column > 0) == (1, True), (sql, translation.message)
        return translation.kind
    found = engine.value(translation.sql)
    if isinstance(found, DremioError):
        is_grouped = any(word in found.message for word in OF_GROUPS)
        assert is_grouped or found.kind in {"FUNCTION", "UNSUPPORTED_OPERATION"}, (sql, found.message)
        return "failed"
    return "answered"


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_asked_has_an_answer_or_an_error_of_dremios(engine: Engine, seed: int) -> None:
    random = Random(seed)  # noqa: S311 chance for a test
    seen = Counter(answer(engine, anything(random, 2)) for _ in range(400))

    assert seen["answered"] > 40, seen
