"""COPY INTO: which files it takes, by which settings, and what becomes of records that do not fit."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dremio_engine import Yard


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    yard = Yard(tmp_path)
    (tmp_path / "files").mkdir()
    yard.told["sources"] = [{"name": "files", "root": str(tmp_path / "files")}]
    yard.run("CREATE TABLE lake.t (a INT, b VARCHAR)")
    return yard


def lay(yard: Yard, name: str, text: str) -> Path:
    file = yard.folder / "files" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def copied(yard: Yard, words: str) -> list[list[object]]:
    return yard.rows(f"COPY INTO lake.t FROM {words}")


def in_table(yard: Yard) -> list[list[object]]:
    return yard.rows("SELECT * FROM lake.t ORDER BY a, b")


def test_a_folder_is_copied_with_what_lies_deeper(yard: Yard) -> None:
    lay(yard, "d/1.csv", "a,b\n1,x\n")
    lay(yard, "d/e/2.csv", "b,a\ny,2\n")
    lay(yard, "d/_hidden.csv", "a,b\n9,9\n")

    assert copied(yard, "'@files/d'") == [[2, 0]]
    assert in_table(yard) == [[1, "x"], [2, "y"]]


def test_a_folder_of_several_formats_needs_the_one_that_is_meant(yard: Yard) -> None:
    lay(yard, "d/1.csv", "a,b\n1,x\n")
    lay(yard, "d/2.json", '{"a": 2}')

    assert "say FILE_FORMAT" in yard.error("COPY INTO lake.t FROM '@files/d'").message
    assert copied(yard, "'@files/d' FILE_FORMAT 'json'") == [[1, 0]]
    assert "'nix' is none of" in yard.error("COPY INTO lake.t FROM '@files/d' FILE_FORMAT 'nix'").message


def test_a_regex_is_matched_with_the_whole_path_below_the_location(yard: Yard) -> None:
    lay(yard, "d/1.csv", "a,b\n1,x\n")
    lay(yard, "d/e/2.csv", "a,b\n2,y\n")

    assert copied(yard, "'@files/d' REGEX '[0-9][.]csv'") == [[1, 0]]
    assert copied(yard, "'@files' REGEX 'd/e/.*'") == [[1, 0]]
    assert in_table(yard) == [[1, "x"], [2, "y"]]
    assert "No file at '@files'" in yard.error("COPY INTO lake.t FROM '@files' REGEX 'csv'").message
    assert "cannot be read" in yard.error("COPY INTO lake.t FROM '@files' REGEX '('").message


def test_columns_that_the_table_has_not_are_left_out(yard: Yard) -> None:
    lay(yard, "some.csv", "A,strange\n1,5\n")
    lay(yard, "none.csv", "q,strange\n1,5\n")
    lay(yard, "twice.csv", "a,a\n1,5\n")

    assert copied(yard, "'@files/some.csv'") == [[1, 0]]
    assert in_table(yard) == [[1, None]]
    assert "No column of 'none.csv'" in yard.error("COPY INTO lake.t FROM '@files/none.csv'").message
    assert "Two columns of 'twice.csv'" in yard.error("COPY INTO lake.t FROM '@files/twice.csv'").message


def test_no_location_leads_out_of_its_source(yard: Yard) -> None:
    secret = yard.folder / "secret.csv"
    secret.write_text("a,b\n1,secret\n", encoding="utf-8")
    lay(yard, "d/1.csv", "a,b\n1,x\n")
    (yard.folder / "files" / "d" / "2.csv").symlink_to(secret)

    for words in (
        "'@files' FILES ('../secret.csv')",
        f"'@files' FILES ('{secret}')",
        "'@files/../secret.csv'",
        "'@files/d' FILES ('2.csv')",
        "'@files/d'",
        "'@files' REGEX '.*'",
    ):
        yard.error(f"COPY INTO lake.t FROM {words}")
    assert in_table(yard) == []


def test_a_record_that_does_not_fit_aborts_unless_more_is_said(yard: Yard) -> None:
    lay(yard, "bad.csv", "a,b\n1,x\nq,y\n3,z\n99999999999,w\n")
    lay(yard, "good.csv", "a,b\n5,v\n")
    aborted = yard.error("COPY INTO lake.t FROM '@files' FILES ('good.csv', 'bad.csv') (ON_ERROR 'abort')")

    assert aborted.kind == "FUNCTION"
    assert in_table(yard) == []
    assert copied(yard, "'@files' FILES ('good.csv', 'bad.csv') (ON_ERROR 'skip_file')") == [[1, 1]]
    assert in_table(yard) == [[5, "v"]]
    ran = yard.run("COPY INTO lake.t FROM '@files' FILES ('good.csv', 'bad.csv') (ON_ERROR 'continue')")
    assert ran.rows == [{"Rows Inserted": 3, "Rejected Records": 2}]
    assert ran.outcome.row_count == 3
    assert in_table(yard) == [[1, "x"], [3, "z"], [5, "v"], [5, "v"]]
    assert "'nix' is none of" in yard.error("COPY INTO lake.t FROM '@files/bad.csv' (ON_ERROR 'nix')").message


def test_a_file_that_cannot_be_read_is_skipped_where_that_is_said(yard: Yard) -> None:
    pq.write_table(pa.table({"a": [1]}), lay(yard, "p/1.parquet", ""))
    lay(yard, "p/2.parquet", "PAR1abc")
    pq.write_table(pa.table({"a": [2**40]}), lay(yard, "p/3.parquet", ""))

    assert copied(yard, "'@files/p' FILE_FORMAT 'parquet' (ON_ERROR 'skip_file')") == [[1, 2]]
    assert in_table(yard) == [[1, None]]
    assert yard.error("COPY INTO lake.t FROM '@files/p'").kind == "DATA_READ"
    assert "is none of abort, skip_file" in yard.error("COPY INTO lake.t FROM '@files/p' (ON_ERROR 'continue')").message


@pytest.mark.parametrize(
    ("settings", "rows"),
    [
        ("", [[1, " x "], [2, "NULL"], [3, None]]),
        ("(TRIM_SPACE 'true')", [[1, "x"], [2, "NULL"], [3, None]]),
        ("(NULL_IF ('NULL', ' x '))", [[1, None], [2, None], [3, None]]),
        ("(TRIM_SPACE, NULL_IF ('x'))", [[1, None], [2, "NULL"], [3, None]]),
        ("(EMPTY_AS_NULL 'false')", [[1, " x "], [2, "NULL"], [3, ""]]),
        ("(EMPTY_AS_NULL 'false', NULL_IF ('NULL'))", [[1, " x "], [2, None], [3, ""]]),
    ],
)
def test_texts_are_trimmed_and_made_null_as_is_said(yard: Yard, settings: str, rows: list[list[object]]) -> None:
    lay(yard, "a.csv", "a,b\n1, x \n2,NULL\n3,\n")
    lay(yard, "a.json", '{"a": 1, "b": " x "}\n{"a": 2, "b": "NULL"}\n{"a": 3, "b": ""}\n')
    copied(yard, f"'@files/a.csv' {settings}")
    of_csv = in_table(yard)
    yard.run("DELETE FROM lake.t")
    copied(yard, f"'@files/a.json' {settings}")

    assert of_csv == rows
    assert in_table(yard) == rows


def test_a_setting_that_a_format_has_not_is_refused(yard: Yard) -> None:
    lay(yard, "a.json", '{"a": 1}')

    assert "field_delimiter" in yard.error("COPY INTO lake.t FROM '@files/a.json' (FIELD_DELIMITER ';')").message
    assert "date_format" in yard.error("COPY INTO lake.t FROM '@files/a.json' (DATE_FORMAT 'YYYY')").message


def test_a_value_that_a_setting_cannot_have_is_refused(yard: Yard) -> None:
    lay(yard, "a.csv", "a,b\n1,x\n")

    assert "'maybe' is not valid" in yard.error("COPY INTO lake.t FROM '@files/a.csv' (TRIM_SPACE 'maybe')").message
    assert "SKIP_LINES" in yard.error("COPY INTO lake.t FROM '@files/a.csv' (SKIP_LINES -1)").message
