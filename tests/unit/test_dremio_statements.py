from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.statements import RULES, Statement, statement

KINDS = [
    ("/* {app: dbt} */ select 1;", "SELECT", True),
    ("with a as (select 1) select * from a", "SELECT", True),
    ("values (1)", "SELECT", True),
    ("(select 1) union (select 2)", "SELECT", True),
    ("create view s.v as select 1", "CREATE_VIEW", False),
    ("CREATE OR REPLACE VDS s.v AS select 1", "CREATE_VIEW", False),
    ("drop vds if exists s.v", "DROP_VIEW", False),
    ("drop table s.t", "DROP_TABLE", False),
    ("create table s.t as select 1 as x", "CREATE_TABLE_AS", True),
    ("create table s.t (id int, price decimal(10, 2))", "CREATE_TABLE", False),
    ("insert into s.t select 1", "INSERT", True),
    ("update s.t set x = 1", "UPDATE", True),
    ("delete from s.t where x = 1", "DELETE", True),
    ("merge into s.t using s.u on t.x = u.x when matched then update set x = 1", "MERGE", True),
    ("copy into s.t from '@files/a'", "COPY_INTO", True),
    ("alter pds a.b.c refresh metadata auto promotion force update delete when missing", "REFRESH_METADATA", False),
    ("alter table a.b forget metadata", "FORGET_METADATA", False),
    ("alter dataset a.b create raw reflection r using display (x)", "CREATE_RAW_REFLECTION", False),
    ("alter vds a.b drop reflection r", "DROP_REFLECTION", False),
    ("alter vds a.b set enable_x = true", "SET_PROPERTIES", False),
    ("refresh reflection 'r' as 'm'", "REFRESH_REFLECTION", True),
    ("explain plan for select 1", "EXPLAIN", False),
    ("show schemas", "SHOW", False),
    ("show tables in a.b", "SHOW", False),
    ("describe a.b", "DESCRIBE", False),
    ("use a.b", "USE", False),
    ('alter session set "planner.x" = true', "SET", False),
    ("create folder if not exists a.b", "CREATE_FOLDER", False),
    ("grant select on t to user x", "GRANT", False),
    ("optimize table a.b", "OPTIMIZE", True),
    ("truncate table a.b", "TRUNCATE_TABLE", False),
]


@pytest.mark.parametrize(("sql", "kind", "asynchronous"), KINDS)
def test_a_text_is_the_command_that_its_first_words_say(sql: str, kind: str, *, asynchronous: bool) -> None:
    found = statement(sql)

    assert (found.kind, found.asynchronous) == (kind, asynchronous)


OPTIONS: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
    ('drop table if exists "My Space"."a.b"', ("My Space", "a.b"), {"if_exists": True}),
    (
        "create table s.t hash partition by (a) localsort by (b, c) store as (type => 'parquet') as select 1 a",
        ("s", "t"),
        {"partition_by": ["a"], "sort_by": ["b", "c"], "store_as": {"type": "parquet"}},
    ),
    ("create table s.t partition by (month(d)) as select 1 d", ("s", "t"), {"partition_by": ["month(d)"]}),
    (
        "create table s.t (a int not null, b varchar(5) NULL) as select 1, 'x'",
        ("s", "t"),
        {"columns": [{"name": "a", "type": "int"}, {"name": "b", "type": "varchar ( 5 )"}]},
    ),
    ("alter vds s.v set enable_x = TRUE, y = 'z'", ("s", "v"), {"properties": {"enable_x": True, "y": "z"}}),
    ("create view s.v (x, y) as select 1, 2", ("s", "v"), {"columns": ["x", "y"], "replace": False}),
    (
        "alter vds s.t create aggregate reflection r using dimensions (d by day,e) measures (m (sum)) partition by (e)",
        ("s", "t"),
        {
            "name": "r",
            "dimensions": [{"name": "d", "granularity": "DAY"}, {"name": "e"}],
            "measures": [{"name": "m", "measures": ["SUM"]}],
            "partition": [{"name": "e"}],
        },
    ),
    ("alter table s.t route all reflections to queue q1", ("s", "t"), {"to": "queue", "name": "q1"}),
    ("alter table s.t route reflections to default engine", ("s", "t"), {"to": "engine", "name": None}),
    (
        "copy into s.t from '@files/a' files ('x.csv', 'y.csv') file_format 'csv' (extract_header 'true')",
        ("s", "t"),
        {"location": "@files/a", "files": ["x.csv", "y.csv"], "format": "csv", "settings": {"extract_header": "true"}},
    ),
    ("show tables in a.b like 'x%'", ("a", "b"), {"what": "TABLES", "like": "x%"}),
    ("set x = -5", (), {"name": "x", "value": -5}),
    ("refresh reflection 'r' as 'm'", (), {"reflection": "r", "materialization": "m"}),
]


@pytest.mark.parametrize(("sql", "path", "options"), OPTIONS)
def test_the_parts_of_a_command_are_read(sql: str, path: tuple[str, ...], options: dict[str, Any]) -> None:
    found = statement(sql)

    assert found.path == path
    assert {name: found.options[name] for name in options} == options


def test_a_query_within_a_command_keeps_its_place() -> None:
    found = statement("create view s.v as\n  select frob(1)")

    assert found.query.splitlines()[1] == "  select frob(1)"
    assert len(found.query) == len("create view s.v as\n  select frob(1)")


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("selec 1", (1, 1)),
        ("create view x select 1", (1, 15)),
        ("drop table\n  'x'", (2, 3)),
        ("use a.b c", (1, 9)),
        ("create table a.b (x int) at branch main", (1, 26)),
    ],
)
def test_what_no_rule_expects_is_a_parse_error_with_its_place(sql: str, place: tuple[int, int]) -> None:
    with pytest.raises(DremioError) as error:
        statement(sql)

    assert error.value.kind == "PARSE"
    assert (error.value.line, error.value.column) == place


def test_a_quoted_word_is_a_name_and_no_keyword() -> None:
    assert statement('drop table "if"."exists"').path == ("if", "exists")
    assert statement('use "select"').path == ("select",)


def test_every_rule_begins_with_words_that_no_rule_before_it_takes_away() -> None:
    phrases = [phrase for phrase, _ in RULES]
    hidden = [
        later for place, later in enumerate(phrases) for first in phrases[:place] if later.startswith(f"{first} ")
    ]

    assert hidden == []


WORDS = st.sampled_from(
    [
        *{word for phrase, _ in RULES for word in phrase.split()},
        "a.b",
        '"x y"',
        "(",
        ")",
        ",",
        "'t'",
        "1",
        "as",
        "=",
        ";",
    ]
)


@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_no_row_of_words_brings_anything_but_a_statement_or_an_error_of_dremio(sql: str) -> None:
    try:
        found: object = statement(sql)
    except DremioError as error:
        found = error

    assert isinstance(found, Statement | DremioError)


@given(st.text(max_size=60))
def test_no_text_at_all_brings_anything_but_a_statement_or_an_error_of_dremio(sql: str) -> None:
    try:
        found: object = statement(sql)
    except DremioError as error:
        found = error

    assert isinstance(found, Statement | DremioError)
