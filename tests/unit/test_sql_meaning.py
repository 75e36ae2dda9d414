"""What is read and written again means to SQLite what it meant as it was written: random queries, both run."""

import random
import re
from collections.abc import Callable

import apsw
import pytest

from runyard.sql.callables.functions import register
from runyard.sql.errors import SqlError
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.grammar.parsing import parse
from runyard.sql.grammar.writer import RESERVED
from runyard.sql.statements import Select

ATOMS = "a b s j 1 0 2 -1 NULL 'a' 'A' 1.5 TRUE FALSE x'41' t.a \"b\" 'it''s' 0x10 1e2 .5 ''"
BINARY = """
+  -  *  /  %  ||  =  ==  <>  !=  <  <=  >  >=  AND  OR  &  |  <<  >>  IS  IS NOT  LIKE  NOT LIKE  GLOB  NOT GLOB
IS DISTINCT FROM  IS NOT DISTINCT FROM  ->  ->>
"""
FUNCTIONS = """
abs/1 coalesce/2 ifnull/2 nullif/2 iif/3 max/2 min/3 length/1 lower/1 upper/1 round/2 substr/3 substring/2 replace/3
instr/2 typeof/1 quote/1 hex/1 json_extract/2 json_type/1 trim/1 trim/2 ltrim/1 rtrim/2 printf/2 char/1 sign/1 concat/2
concat_ws/3 json_array/2 json_object/2 json_valid/1 date/1 datetime/1 strftime/2 julianday/1 time/1 floor/1 sqrt/1
power/2 mod/2 log/1 log/2 ln/1 exp/1 glob/2 like/2 if/2 json_set/3 pi/0 trunc/1 octet_length/1
"""
FORMS = """
({0})
NOT {0}
- {0}
+ {0}
~ {0}
{0} BETWEEN {1} AND {2}
{0} NOT BETWEEN {1} AND {2}
{0} IN ({1}, {2})
{0} NOT IN ({1}, {2})
CASE WHEN {0} THEN {1} ELSE {2} END
CASE {0} WHEN {1} THEN {2} END
CAST({0} AS INTEGER)
CAST({0} AS TEXT)
CAST({0} AS REAL)
CAST({0} AS NUMERIC)
CAST({0} AS BLOB)
{0} IS NULL
{0} IS NOT NULL
{0} ISNULL
{0} NOTNULL
{0} NOT NULL
{0} COLLATE NOCASE
(SELECT {0})
EXISTS (SELECT {0} WHERE {1})
({0}, {1}) = ({2}, {0})
({0}, {1}) < ({2}, 1)
{0} LIKE {1} ESCAPE '\\'
{0} IN (SELECT {1} FROM u)
(SELECT max(u.b) FROM u WHERE u.a = {0})
"""
CALLS = """
count(*)
count({0})
sum({0})
min({0})
max({0})
count(DISTINCT {0})
group_concat({0}, '-')
avg({0})
total({0})
count(*) FILTER (WHERE {0})
json_group_array({0})
group_concat({0}, ',' ORDER BY {1} DESC)
string_agg({0}, ',' ORDER BY {1})
"""
WINDOWS = """
row_number()
rank()
dense_rank()
percent_rank()
cume_dist()
ntile(2)
lag({0})
lead({0}, 1, 0)
first_value({0})
last_value({0})
nth_value({0}, 2)
sum({0})
max({0}) FILTER (WHERE {1})
"""
OVER = """
()
(ORDER BY {0}, {1})
(PARTITION BY {0} ORDER BY {1})
(ORDER BY {0} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
(ORDER BY {0} RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
(ORDER BY {0} ROWS UNBOUNDED PRECEDING)
w
(ORDER BY {0} GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES)
(ORDER BY {0} DESC NULLS LAST)
(w ROWS 2 PRECEDING)
"""
SOURCES = """
t, u
t JOIN u ON t.a = u.a
t LEFT JOIN u ON t.a = u.a AND u.b > 0
t LEFT JOIN u USING (a)
t NATURAL JOIN u
t CROSS JOIN u
t RIGHT JOIN u ON t.b = u.b
t FULL OUTER JOIN u ON t.a = u.a
(SELECT * FROM t) AS t, u
t, u LEFT JOIN v ON v.a = u.a
t, u, json_each(t.j) AS e
t LEFT JOIN (u JOIN v ON u.a = v.a) ON t.a = u.a
t NATURAL FULL JOIN u
t, u, (VALUES (1, 2), (3, 4)) AS k
"""
ENDS = """


 ORDER BY 1, 2
 ORDER BY 1 DESC NULLS FIRST, 2
 ORDER BY 1 NULLS LAST, 2 LIMIT 3
 LIMIT 2 OFFSET 1
 LIMIT 1, 2
 LIMIT -1 OFFSET 2
"""
SETS = ("UNION", "UNION ALL", "INTERSECT", "EXCEPT")


class Chance:
    """Makes queries, one after the other, of a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - chance that can be told again

    def expression(self, depth: int) -> str:
        choice = self.random.random()
        if depth <= 0 or choice < 0.1:
            return self.random.choice(ATOMS.split())
        if choice < 0.55:
            operator = self.random.choice(re.split(r"\s{2,}|\n", BINARY.strip()))
            return f"{self.expression(depth - 1)} {operator} {self.expression(depth - 1)}"
        if choice < 0.68:
            name, count = self.random.choice(FUNCTIONS.split()).split("/")
            return f"{name}({', '.join(self.expression(depth - 2) for _ in range(int(count)))})"
        return self.line(FORMS).format(*(self.expression(depth - 1 - at) for at in range(3)))

    def column(self) -> str:
        return self.random.choice(["t.a", "t.b", "u.s", "u.b", 't."s"', "t.a + 1", "coalesce(u.b, 0)", "t.s || 'z'"])

    def line(self, lines: str) -> str:
        return self.random.choice(lines[1:-1].split("\n"))

    def filled(self, forms: str) -> str:
        return self.line(forms).format(self.column(), self.column())

    def one_select(self) -> str:
        kind = self.random.choice(("plain", "grouped", "windows"))
        source, where = (
            self.line(SOURCES),
            self.random.choice(["", f" WHERE {self.column()} > 0 AND NOT {self.column()} = 3"]),
        )
        distinct = self.random.choice(["", "", "DISTINCT "])
        if kind == "plain":
            return f"SELECT {distinct}{self.column()}, {self.column()} AS q FROM {source}{where}"
        if kind == "grouped":
            having = self.random.choice(["", " HAVING count(*) > 1"])
            return (
                f"SELECT {self.column()}, {self.filled(CALLS)} FROM {source}{where} GROUP BY {self.column()}, 1{having}"
            )
        call = f"{self.filled(WINDOWS)} OVER {self.filled(OVER)}"
        window = f" WINDOW w AS (PARTITION BY {self.column()} ORDER BY {self.column()})"
        return f"SELECT {distinct}{self.column()}, {call} FROM {source}{where}{window}"

    def query(self) -> str:
        choice = self.random.random()
        if choice < 0.6:
            return self.one_select() + self.line(ENDS)
        if choice < 0.8:
            return f"{self.one_select()} {self.random.choice(SETS)} {self.one_select()}{self.line(ENDS)}"
        inner = f"WITH c(p, q) AS ({self.one_select()}), d AS (SELECT p FROM c)"
        return f"{inner} SELECT * FROM c, d WHERE c.p IN (SELECT p FROM d)"


def table_of(chance: random.Random) -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    register(connection)
    for name in "tuv":
        connection.execute(f"CREATE TABLE {name} (a, b, s, j)")
        for _ in range(9):
            row = (
                chance.choice([None, 0, 1, 2, -3, 2.5]),
                chance.choice([None, 0, 1, 2, 5]),
                chance.choice([None, "", "a", "Ab", "x_y", "2"]),
                chance.choice([None, '{"k":1,"a.b":{"c":[1,2]}}', "[1,2,3]", '{"k":null}']),
            )
            connection.execute(f"INSERT INTO {name} VALUES (?, ?, ?, ?)", row)
    return connection


def answered(connection: apsw.Connection, sql: str) -> list[str] | None:
    try:
        return [repr(row) for row in connection.execute(sql)]
    except (apsw.Error, SqlError):
        return None


def agreed(seed: int, make: Callable[[Chance], str], count: int) -> tuple[int, int]:
    chance = Chance(seed)
    connection = table_of(chance.random)
    understood = refused = 0
    for _ in range(count):
        text = make(chance)
        expected = answered(connection, text)
        if expected is None:
            continue
        try:
            statement = parse(text)
        except SqlError:
            refused += 1
            continue
        assert isinstance(statement, Select)
        written = statement.tree.sql(LANGUAGE)
        assert answered(connection, written) == expected, f"{text}\n{written}"
        understood += 1
    return understood, refused


@pytest.mark.parametrize("seed", range(6))
def test_expressions_mean_what_they_meant(seed: int) -> None:
    understood, refused = agreed(seed, lambda chance: f"SELECT {chance.expression(4)} FROM t", 1_500)

    assert understood > 500
    assert refused < understood / 50


@pytest.mark.parametrize("seed", range(6))
def test_queries_mean_what_they_meant(seed: int) -> None:
    understood, refused = agreed(seed, Chance.query, 800)

    assert understood > 300
    assert refused == 0


def test_the_words_that_must_be_quoted_are_those_that_sqlite_takes_for_no_name() -> None:
    database = apsw.Connection(":memory:")

    def is_taken(word: str) -> bool:
        try:
            database.execute(f"SELECT 1 AS {word}")
        except apsw.SQLError:
            return False
        return True

    assert {word.lower() for word in apsw.keywords if not is_taken(word)} - {"null"} == RESERVED


def test_a_column_may_have_a_name_that_sqlite_would_read_as_a_word_of_its_own() -> None:
    statement = parse("SELECT NULL AS nothing, 1 AS index, 2 AS transaction ORDER BY nothing")
    assert isinstance(statement, Select)

    rows = apsw.Connection(":memory:").execute(statement.tree.sql(LANGUAGE))

    assert [name for name, *_ in rows.description] == ["nothing", "index", "transaction"]
