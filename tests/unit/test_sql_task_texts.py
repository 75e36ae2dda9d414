"""How SQL tasks take their texts apart, whatever stands in them."""

from __future__ import annotations

import duckdb
import pytest
from graphs import UNHURRIED
from hypothesis import given
from hypothesis import strategies as st

from runyard.runtime.sql_tasks.binding import Binding
from runyard.runtime.sql_tasks.errors import TaskFailed
from runyard.runtime.sql_tasks.files import located
from runyard.runtime.sql_tasks.statements import Statement, statements
from runyard.runtime.sql_tasks.tokens import tokens

PIECES = (
    "'",
    '"',
    "`",
    "$$",
    "$a$",
    "/*",
    "*/",
    "--",
    "\n",
    ";",
    ":x",
    "{{x}}",
    "${x}",
    "::",
    "e'",
    "\\",
    "a",
    "1",
    " ",
)
SQL_LIKE = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)
MOUNTS = {"s3://": "/home/s3", "dbfs:/": "/home/dbfs", "s3://mine": "/mine"}


def parts(text: str) -> list[str]:
    return [statement.text for statement in statements(text)]


def bound(text: str, **parameters: object) -> str:
    (statement,) = statements(text)
    return Binding(parameters=parameters, mounts=MOUNTS).bound(statement)


@UNHURRIED
@given(SQL_LIKE)
def test_the_tokens_of_a_text_are_the_text(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text


@UNHURRIED
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_value_arrives_as_it_is_wherever_it_stands(value: str) -> None:
    query = "SELECT :x, {{x}}, ${x}, '{{x}}', 1 AS \"{{ x }}\"" if value else "SELECT :x, {{x}}, ${x}, '{{x}}', 1"
    with duckdb.connect() as connection:
        row = connection.execute(bound(query, x=value)).fetchone()

    assert row == (value, value, value, value, 1)


def test_a_value_with_the_one_character_that_ends_texts_early_is_refused() -> None:
    with pytest.raises(TaskFailed, match="NUL"):
        bound("SELECT :x", x="a\0b")


def test_values_that_are_no_texts_keep_their_type() -> None:
    assert bound("SELECT :a, :b, :c, :d", a=1, b=True, c=None, d=1.5) == "SELECT 1, true, NULL, 1.5"


def test_semicolons_in_texts_names_and_comments_part_nothing() -> None:
    assert parts("SELECT ';', \";\", $$;$$, $a$;$$;$a$, e'\\';' /* ; /* ; */ ; */ -- ;\n; SELECT 2") == [
        "SELECT ';', \";\", $$;$$, $a$;$$;$a$, e'\\';'",
        "SELECT 2",
    ]


def test_what_is_not_closed_is_left_to_the_database() -> None:
    assert parts("SELECT 'a; SELECT 2") == ["SELECT 'a", "SELECT 2"]
    assert parts("SELECT 1 /* ; ") == ["SELECT 1"]


def test_a_colon_is_a_parameter_only_where_a_value_may_stand() -> None:
    text = "SELECT a::int, b[1:n], {'k':v}, c:d, x := :x, ':x', \":x\" -- :x"

    assert bound(text, x="7") == "SELECT a::int, b[1:n], {'k':v}, c:d, x := '7', ':x', \":x\""


def test_a_line_is_counted_in_the_whole_text() -> None:
    found = list(statements("SELECT 1;\n-- said\n\nSELECT\n  x;"))

    assert [statement.line for statement in found] == [1, 4]
    assert found[1].placed("Binder Error: no x\n\nLINE 2:   x\n          ^") == (
        "Binder Error: no x\n\nLINE 5:   x\n          ^"
    )
    wide = Statement(tokens=found[1].tokens, line=10)
    assert wide.placed("LINE 1: x\n        ^") == "LINE 10: x\n         ^"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("s3://bucket/key", "/home/s3/bucket/key"),
        ("s3a://bucket/*.csv", "/home/s3/bucket/*.csv"),
        ("s3://mine/key", "/mine/key"),
        ("s3://mineral/key", "/home/s3/mineral/key"),
        ("dbfs:/a/b", "/home/dbfs/a/b"),
        ("/plain/path", "/plain/path"),
        ("https://host/x", "https://host/x"),
    ],
)
def test_the_longest_mount_decides(text: str, path: str) -> None:
    assert located(text, MOUNTS) == path


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 's3://b/k'",
        "SELECT * FROM t WHERE path = 's3://b/k'",
        "SELECT a IS DISTINCT FROM 's3://b/k'",
        "SELECT trim('x' FROM 's3://b/k')",
        "SELECT * FROM t WHERE path IN (SELECT 's3://b/k')",
    ],
)
def test_a_text_that_is_no_file_stays_as_it_is(text: str) -> None:
    assert bound(text) == text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT * FROM 's3://b/k'", "FROM '/home/s3/b/k'"),
        ("SELECT * FROM read_csv('s3://b/k', delim = ';')", "('/home/s3/b/k', delim"),
        ("SELECT * FROM t JOIN read_parquet(['dbfs:/x', 's3://b/k'])", "['/home/dbfs/x', '/home/s3/b/k']"),
        ("COPY t FROM 's3://b/k'", "FROM '/home/s3/b/k'"),
        ("ATTACH 's3://b/k' AS other", "ATTACH '/home/s3/b/k'"),
        ("SELECT * FROM glob('s3://b/*')", "'/home/s3/b/*'"),
        ("SELECT * FROM parquet.`s3://b/k`", "FROM read_parquet('/home/s3/b/k')"),
    ],
)
def test_a_text_that_names_a_file_lies_under_its_mount(text: str, place: str) -> None:
    assert place in bound(text)
