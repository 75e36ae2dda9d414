"""What Flight's process reads and writes by itself: messages, values in texts, names of schemas."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from typing import Any

import pytest

from runyard.runtime.dremio_sql.errors import DremioError
from runyard.web.flight.messages import enveloped, opened, read, written
from runyard.web.flight.parameters import bound, marks_in, without_values
from runyard.web.flight.protobuf import BrokenMessage, decode, encode
from runyard.web.flight.statements import PreparedStatement, PreparedStatements, Wanted
from runyard.web.flight_wire import is_spoken

# messages


def test_a_message_comes_back_as_it_was_written() -> None:
    shape = {1: "word:text", 2: "count:int", 3: "kinds:text*", 4: "is_there:bool", 5: "far:fixed"}
    values = {"word": "é", "count": -2, "kinds": ["TABLE", "VIEW"], "is_there": True, "far": -7}

    assert decode(encode(values, shape), shape) == values


def test_the_wire_is_that_of_protocol_buffers() -> None:
    # The example of the format's own documentation: field 1, the number 150.
    assert encode({"a": 150}, {1: "a:int"}) == b"\x08\x96\x01"
    assert decode(b"\x08\x96\x01", {1: "a:int"}) == {"a": 150}


def test_fields_that_nobody_knows_are_passed_over() -> None:
    assert decode(b"\x08\x01\x12\x03abc\x1d\x00\x00\x00\x00\x21" + bytes(8), {2: "b:text"}) == {"b": "abc"}


def test_numbers_come_packed_or_one_by_one() -> None:
    assert decode(b"\x0a\x03\x01\xac\x02", {1: "info:numbers*"}) == {"info": [[1, 300]]}
    assert decode(b"\x08\x01\x08\xac\x02", {1: "info:numbers*"}) == {"info": [[1], [300]]}


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05ab", b"\x08", b"\x08" + b"\xff" * 11, b"\x0b", b"\x0a\x01\xff"])
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(BrokenMessage):
        decode(data, {1: "a:text"})


def test_an_envelope_names_its_message() -> None:
    assert opened(enveloped("CommandStatementQuery", query="SELECT 1")) == (
        "CommandStatementQuery",
        {"query": "SELECT 1"},
    )
    assert read("CommandStatementQuery", written("CommandStatementQuery", query="x")) == {"query": "x"}


@pytest.mark.parametrize("command", [b"SELECT 1", b"", "SELECT 'é'".encode(), b"\x0a\x03abc"])
def test_a_plain_text_is_no_envelope(command: bytes) -> None:
    assert opened(command) is None


# values


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (5, "5"),
        (-5, "(-5)"),
        (1.5, "CAST('1.5' AS DOUBLE)"),
        (Decimal("1.50"), "CAST(1.50 AS DECIMAL(3, 2))"),
        (Decimal("0.001"), "CAST(0.001 AS DECIMAL(3, 3))"),
        ("it's; ?", "'it''s; ?'"),
        (dt.date(2024, 1, 2), "DATE '2024-01-02'"),
        (dt.datetime(2024, 1, 2, 3, 4, 5, 6000), "TIMESTAMP '2024-01-02 03:04:05.006'"),  # noqa: DTZ001 as Dremio's
        (dt.time(3, 4, 5), "TIME '03:04:05.000'"),
    ],
)
def test_a_value_is_written_as_a_literal_of_its_type(value: Any, literal: str) -> None:
    assert bound("SELECT ? AS a", [value]) == f"SELECT {literal} AS a"


def test_question_marks_of_texts_names_and_comments_are_no_parameters() -> None:
    sql = """SELECT '?', "a?", ? -- ?
    , /* ? */ 'it''s ?' // ?"""

    assert marks_in(sql) == 1
    assert without_values(sql).count("NULL") == 1
    assert bound(sql, [1]) == sql.replace(", ? --", ", 1 --")


def test_too_few_values_and_values_of_no_literal_are_refused() -> None:
    with pytest.raises(DremioError, match="has 2 parameters, and 1 values are bound"):
        bound("SELECT ?, ?", [1])
    with pytest.raises(DremioError, match="dict has no literal"):
        bound("SELECT ?", [{"a": 1}])


# statements


def test_a_ticket_holds_its_statement_and_is_told_from_every_other() -> None:
    wanted = Wanted(sql="SELECT 'é'", path=("a", "b.c"))

    assert Wanted.of(wanted.ticket()) == wanted
    assert wanted.ticket() != Wanted(sql="SELECT 'é'", path=("a", "b.c")).ticket()
    assert Wanted.of(b"no ticket") is None


def test_a_prepared_statement_is_its_clients_own() -> None:
    known = PreparedStatements()
    handle = known.add(PreparedStatement(sql="SELECT ?", path=(), token="mine", rows=[[1]]))

    assert known.get(handle, token="mine").text == "SELECT 1"
    with pytest.raises(DremioError, match="no such prepared statement"):
        known.get(handle, token="another's")
    known.remove(handle, token="mine")
    with pytest.raises(DremioError, match="no such prepared statement"):
        known.get(handle, token="mine")


def test_a_query_takes_one_row_of_values_and_a_change_any_number() -> None:
    statement = PreparedStatement(sql="INSERT INTO t VALUES (?)", path=(), token="", rows=[[1], [2]])

    assert statement.texts() == ["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"]
    with pytest.raises(DremioError, match="2 rows of values are bound"):
        _ = statement.text


def test_flight_is_absent_where_arrow_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    assert not is_spoken()
