import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest

from runyard.sql.errors import SqlError
from runyard.sql.forms.parquet import write_parquet
from runyard.sql.forms.values import Style
from runyard.sql.forms.writing import FORMS, MEASURED, is_number
from runyard.sql.results import Heading, Result, Row

HEADINGS = (
    Heading(name="run_id", type="bigint"),
    Heading(name="run_name"),
    Heading(name="is_on", type="boolean"),
    Heading(name="took", type="double"),
    Heading(name="at", type="timestamp"),
    Heading(name="state", type="json"),
    Heading(name="raw", type="bytes"),
)
ROWS: list[Row] = [
    (1003, 'a "b", c', 1, 1.5, 1_769_817_600_123, '{"x":[1,null]}', b"\x00\xff"),
    (-4, None, 0, None, None, None, None),
]


def written(form: str, style: Style, headings: Sequence[Heading] = HEADINGS, rows: Sequence[Row] = ROWS) -> str:
    out = io.StringIO()
    result = Result(headings=headings, rows=iter(rows), tag=lambda count: f"SELECT {count}")

    assert FORMS[form](result, out, style) == len(rows)
    return out.getvalue()


def test_json_keeps_types() -> None:
    assert json.loads(written("json", Style())) == [
        {
            "run_id": 1003,
            "run_name": 'a "b", c',
            "is_on": True,
            "took": 1.5,
            "at": "2026-01-31T00:00:00.123Z",
            "state": {"x": [1, None]},
            "raw": "00ff",
        },
        {"run_id": -4, "run_name": None, "is_on": False, "took": None, "at": None, "state": None, "raw": None},
    ]


def test_json_lines_are_one_object_each() -> None:
    lines = written("jsonl", Style()).splitlines()

    assert [json.loads(line)["run_id"] for line in lines] == [1003, -4]


def test_csv_quotes_what_needs_it_and_leaves_null_empty() -> None:
    assert written("csv", Style()) == (
        "run_id,run_name,is_on,took,at,state,raw\n"
        '1003,"a ""b"", c",true,1.5,2026-01-31T00:00:00.123Z,"{""x"":[1,null]}",00ff\n'
        "-4,,false,,,,\n"
    )


def test_text_quotes_nothing() -> None:
    assert written("text", Style(delimiter="|")) == (
        "run_id|run_name|is_on|took|at|state|raw\n"
        '1003|a "b", c|true|1.5|2026-01-31T00:00:00.123Z|{"x":[1,null]}|00ff\n'
        "-4||false||||\n"
    )


@pytest.mark.parametrize("form", ["csv", "text"])
def test_names_may_be_left_out(form: str) -> None:
    assert written(form, Style(headers=False), HEADINGS[:1], [(1,), (2,)]) == "1\n2\n"


def test_strings_are_stackqls() -> None:
    style = Style(strings=True)
    headings = (Heading(name="run_id", type="bigint"), Heading(name="description"), Heading(name="on", type="boolean"))

    rows: list[Row] = [(1001, None, 1)]

    assert written("json", style, headings, rows) == '[{"run_id":"1001","description":"null","on":"true"}]\n'
    assert written("csv", style, headings, rows) == "run_id,description,on\n1001,null,true\n"


def test_the_table_is_stackqls() -> None:
    headings = (Heading(name="run_id", type="bigint"), Heading(name="run_name"))

    assert written("table", Style(strings=True), headings, [(1003, "run 3"), (7, None)]) == (
        "|--------|----------|\n"
        "| run_id | run_name |\n"
        "|--------|----------|\n"
        "|   1003 | run 3    |\n"
        "|--------|----------|\n"
        "|      7 | null     |\n"
        "|--------|----------|\n"
    )


def test_a_table_has_its_names_in_the_middle_and_breaks_lines_where_values_do() -> None:
    headings = (Heading(name="name"), Heading(name="version"))

    assert written("table", Style(), headings, [("databricks_workspace", "v26.03.00381"), ("two\nlines", "")]) == (
        "|----------------------|--------------|\n"
        "|         name         |   version    |\n"
        "|----------------------|--------------|\n"
        "| databricks_workspace | v26.03.00381 |\n"
        "|----------------------|--------------|\n"
        "| two                  |              |\n"
        "| lines                |              |\n"
        "|----------------------|--------------|\n"
    )


def test_a_table_without_rows_has_names() -> None:
    assert written("table", Style(), (Heading(name="a"),), []) == "|---|\n| a |\n|---|\n"
    assert written("table", Style(headers=False), (Heading(name="a"),), []) == "|--|\n"
    assert written("json", Style(), (Heading(name="a"),), []) == "[]\n"


def test_a_table_on_a_terminal_shows_every_value_and_no_control_character() -> None:
    rows: list[Row] = [(1003, "a\x1b[31mred" + "x" * 80), (4, None)]
    text = written("table", Style(on_terminal=True, width=60), HEADINGS[:2], rows)

    assert "\x1b" not in text
    assert "run_id" in text
    assert "null" in text
    assert text.count("x") == 80


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", True), ("-1.5", True), ("0", True), ("", False), ("1.", False), (".5", False), ("1e5", False)],
)
def test_numbers_stand_to_the_right(text: str, *, expected: bool) -> None:
    assert is_number(text) is expected


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "text", "table"])
def test_rows_are_written_as_they_come(form: str) -> None:
    out = io.StringIO()
    seen: list[int] = []

    def rows() -> Iterator[Row]:
        for number in range(MEASURED * 3):
            if number == MEASURED * 2:
                seen.append(out.getvalue().count("value"))
            yield (f"value {number}",)

    FORMS[form](Result(headings=(Heading(name="a"),), rows=rows(), tag=str), out, Style())

    assert seen == [MEASURED * 2]


def test_parquet_keeps_types(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    result = Result(headings=HEADINGS, rows=iter(ROWS), tag=str)

    assert write_parquet(result, file, Style()) == 2
    with duckdb.connect() as database:
        found = database.sql(f"""SELECT * EXCLUDE ("at"), epoch_ms("at") FROM '{file}'""")
        kinds = database.sql(f"DESCRIBE SELECT * FROM '{file}'").fetchall()
        rows = found.fetchall()
    assert rows == [
        (1003, 'a "b", c', True, 1.5, '{"x":[1,null]}', b"\x00\xff", 1_769_817_600_123),
        (-4, None, False, None, None, None, None),
    ]
    assert [kind for _, kind, *_ in kinds] == [
        "BIGINT",
        "VARCHAR",
        "BOOLEAN",
        "DOUBLE",
        "TIMESTAMP WITH TIME ZONE",
        "VARCHAR",
        "BLOB",
    ]


def test_parquet_gives_columns_of_one_name_names_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "it's.parquet"
    headings = (Heading(name="a"), Heading(name="A"), Heading(name='b"c'))
    write_parquet(Result(headings=headings, rows=iter([("1", "2", "3")]), tag=str), file, Style())

    with duckdb.connect() as database:
        assert database.sql(f"SELECT * FROM '{str(file).replace(chr(39), chr(39) * 2)}'").columns == ["a", "A_2", 'b"c']


def test_a_value_that_is_not_of_its_columns_type_is_refused(tmp_path: Path) -> None:
    result = Result(headings=(Heading(name="a", type="bigint"),), rows=iter([("soon",)]), tag=str)

    with pytest.raises(SqlError, match="The rows do not fit the types of their columns"):
        write_parquet(result, tmp_path / "x.parquet", Style())


def test_parquet_of_no_rows_has_columns(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    write_parquet(Result(headings=HEADINGS, rows=iter([]), tag=str), file, Style())

    with duckdb.connect() as database:
        assert database.sql(f"SELECT count(*) FROM '{file}'").fetchall() == [(0,)]
