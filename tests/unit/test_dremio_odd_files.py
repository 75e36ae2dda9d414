"""Files of sources as people leave them: links, comments, late fields, names that tell nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
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
    return yard


def lay(yard: Yard, name: str, text: str) -> Path:
    file = yard.folder / "files" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_a_line_that_begins_with_a_hash_is_a_row(yard: Yard) -> None:
    lay(yard, "a.csv", "a,b\n#1,x\n2,C# y\n")

    assert yard.rows('SELECT * FROM files."a.csv"') == [["#1", "x"], ["2", "C# y"]]


def test_a_field_that_comes_late_in_json_is_a_column(yard: Yard) -> None:
    lay(yard, "a.json", '{"a": 1}\n' * 30_000 + '{"a": "late", "b": 2}\n')

    assert yard.rows('SELECT count(*), max(a), max(b) FROM files."a.json"') == [[30_001, "late", 2]]


def test_objects_with_many_keys_stay_structs(yard: Yard) -> None:
    lay(yard, "a.json", "".join(json.dumps({"id": n, "o": {f"k{n}": n}}) + "\n" for n in range(300)))

    assert yard.rows('SELECT t.o.k5 FROM files."a.json" AS t WHERE id = 5') == [[5]]


def test_fields_of_json_that_differ_in_case_alone_are_refused(yard: Yard) -> None:
    lay(yard, "a.json", '{"a": 1, "A": 2}\n')
    lay(yard, "b.json", '{"a": 1, "a_1": 2}\n')

    assert "differ in case alone" in yard.error('SELECT * FROM files."a.json"').message
    assert yard.rows('SELECT * FROM files."b.json"') == [[1, 2]]


def test_a_link_out_of_the_source_is_not_followed_in_a_folder(yard: Yard) -> None:
    secret = yard.folder / "secret.csv"
    secret.write_text("a\nsecret\n", encoding="utf-8")
    inside = lay(yard, "inside.csv", "a\n1\n")
    lay(yard, "own/b.csv", "a\n2\n")
    (yard.folder / "files" / "own" / "c.csv").symlink_to(inside)
    lay(yard, "led/b.csv", "a\n2\n")
    (yard.folder / "files" / "led" / "c.csv").symlink_to(secret)
    error = yard.error("SELECT * FROM files.led")

    assert error.kind == "DATA_READ"
    assert "c.csv leads out of its source" in error.message
    assert "leads out" in yard.error("SELECT * FROM TABLE(files.led(type => 'text'))").message
    assert sorted(yard.rows("SELECT * FROM files.own")) == [["1"], ["2"]]


def test_options_of_a_file_that_are_true_or_false_count(yard: Yard) -> None:
    lay(yard, "a.csv", "a,b\n1,2\n")

    assert yard.run("SELECT * FROM TABLE(files.\"a.csv\"(type => 'text', extractHeader => true))").rows == [
        {"a": "1", "b": "2"}
    ]
    assert yard.run("SELECT * FROM TABLE(files.\"a.csv\"(type => 'text', extractHeader => false))").rows == [
        {"A": "a", "B": "b"},
        {"A": "1", "B": "2"},
    ]


def test_options_that_a_file_has_not_are_refused(yard: Yard) -> None:
    lay(yard, "a.csv", "a,b\n1,2\n")
    words = "SELECT * FROM TABLE(files.\"a.csv\"(type => 'text', {}))"

    assert yard.error(words.format("headers => true")).message == "unknown parameter(s) with name(s) [headers]"
    assert "true or false, not 'maybe'" in yard.error(words.format("extractHeader => 'maybe'")).message
    assert yard.rows(words.format("skipLines => 1")) == []


def test_lines_that_end_in_something_else_are_refused(yard: Yard) -> None:
    lay(yard, "a.csv", "a;1;2;")

    assert (
        "end in ';'" in yard.error("SELECT * FROM TABLE(files.\"a.csv\"(type => 'text', lineDelimiter => ';'))").message
    )


def test_files_whose_names_tell_no_format_are_of_the_one_that_was_said(yard: Yard) -> None:
    pq.write_table(pa.table({"a": [1]}), lay(yard, "p/a.parquet", ""))
    pq.write_table(pa.table({"a": [2]}), lay(yard, "p/000000_0", ""))
    lay(yard, "p/_SUCCESS", "")
    lay(yard, "p/notes.json", "{}")
    said = sorted(yard.rows("SELECT * FROM TABLE(files.p(type => 'parquet'))"))
    yard.told["datasets"] = [{"path": ["files", "p"], "format": "parquet"}]

    assert said == [[1], [2]]
    assert sorted(yard.rows("SELECT * FROM files.p")) == [[1], [2]]
    lay(yard, "c/1.csv", "a\n1\n")
    assert yard.rows("SELECT * FROM TABLE(files.c(type => 'csv'))") == [["1"]]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.parquet", "PAR1abc", "too small to be a Parquet file"),
        ("a.csv", "a,b\n1\n2,3,4\n", "CSV"),
        ("a.json", "{bad", "Malformed JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_without_advice(yard: Yard, name: str, text: str, words: str) -> None:
    lay(yard, name, text)
    error = yard.error(f'SELECT * FROM files."{name}"')

    assert error.kind == "DATA_READ"
    assert words in error.message
    assert name in error.message
    assert "Possible" not in error.message
    assert "Delimiter Candidates" not in error.message


def test_what_iceberg_cannot_read_is_an_error_of_its_data(yard: Yard) -> None:
    lay(yard, "t/metadata/v1.metadata.json", "{")

    assert yard.error("SELECT * FROM files.t").kind == "DATA_READ"
    assert yard.error("SELECT * FROM TABLE(table_history('files.t'))").kind == "DATA_READ"


def test_moments_beyond_the_year_9999_are_shown(yard: Yard) -> None:
    content = {"t": pa.array([2**58, 0], pa.timestamp("us")), "d": pa.array([10**7, 0], pa.date32())}
    pq.write_table(pa.table(content), lay(yard, "far.parquet", ""))

    assert yard.rows('SELECT t, d FROM files."far.parquet"') == [
        ["11103-08-29 17:22:31.711", "29349-01-26"],
        ["1970-01-01 00:00:00.000", "1970-01-01"],
    ]


@pytest.fixture
def _in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_in_new_york")
def test_moments_are_compared_as_they_are_shown(yard: Yard) -> None:
    second = 1_577_836_800_000_001  # of the epoch, in microseconds
    zoned = pa.timestamp("us", tz="UTC")
    content = {
        "t": pa.array([3_600_000_001, None], pa.time64("us")),
        "s": pa.array([{"at": second, "more": [second]}, None], pa.struct([("at", zoned), ("more", pa.list_(zoned))])),
        "l": pa.array([[{"at": second}], None], pa.list_(pa.struct([("at", pa.timestamp("us"))]))),
    }
    pq.write_table(pa.table(content), lay(yard, "a.parquet", ""))
    conditions = (
        "t = TIME '01:00:00' AND x.s.at = TIMESTAMP '2020-01-01 00:00:00' "
        "AND x.s.more[0] = TIMESTAMP '2020-01-01 00:00:00' AND x.l[0].at = TIMESTAMP '2020-01-01 00:00:00'"
    )

    assert yard.rows(f'SELECT COUNT(*) FROM files."a.parquet" AS x WHERE {conditions}') == [[1]]
    assert yard.rows('SELECT * FROM files."a.parquet"') == [
        [
            "01:00:00.000",
            {"at": "2020-01-01 00:00:00.000", "more": ["2020-01-01 00:00:00.000"]},
            [{"at": "2020-01-01 00:00:00.000"}],
        ],
        [None, None, None],
    ]
