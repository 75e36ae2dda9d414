"""Messages of the SQL wire: what is read from bytes, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.core.errors import NotFound
from runyard.sql.errors import SqlError
from runyard.sql.results import Heading
from runyard.sql.wire import messages
from runyard.sql.wire.copying import Copying, form_of
from runyard.sql.wire.failures import failure
from runyard.sql.wire.messages import ProtocolViolation
from runyard.sql.wire.parameters import Parameters

READING = (
    messages.read_query,
    messages.read_parse,
    messages.read_bind,
    messages.read_execute,
    messages.read_target,
    messages.read_startup,
    messages.read_cancel,
    messages.read_sasl_initial,
)


@pytest.mark.parametrize("read", READING)
@given(body=st.binary(max_size=60))
def test_bytes_are_a_message_or_a_violation(read: Any, body: bytes) -> None:
    with suppress(ProtocolViolation):
        read(body)


def test_a_bind_is_read_with_its_formats_and_arguments() -> None:
    told = messages.read_bind(b"p\0s\0\0\1\0\1\0\2\0\0\0\3abc\xff\xff\xff\xff\0\2\0\0\0\1")

    assert (told.portal, told.statement) == ("p", "s")
    assert (told.formats, told.arguments, told.result_formats) == ((1,), (b"abc", None), (0, 1))


def test_one_format_holds_for_all_columns_and_none_means_text() -> None:
    assert tuple(messages.per_column((), 3)) == (0, 0, 0)
    assert tuple(messages.per_column((1,), 3)) == (1, 1, 1)
    with pytest.raises(ProtocolViolation):
        messages.per_column((1, 0), 3)


def test_an_error_is_told_with_its_code_place_and_hint() -> None:
    told = failure(SqlError("42601", "wrong", position=7, hint="right"))

    assert told == b"E\0\0\0\x33SERROR\0VERROR\0C42601\0Mwrong\0Hright\0P7\0\0".replace(b"\x33", bytes([len(told) - 1]))


def test_an_error_of_the_core_has_a_code_too() -> None:
    assert b"C42704\0MJob x not found.\0" in failure(NotFound("job", "x"))
    assert b"C54001\0" in failure(RecursionError())


def test_a_text_with_a_zero_in_it_is_sent_without() -> None:
    assert messages.command_complete("a\0b") == b"C\0\0\0\7ab\0"


# parameters


def parameters(**told: str) -> tuple[Parameters, list[tuple[str, str]]]:
    heard: list[tuple[str, str]] = []
    made = Parameters(told, user="me", changed=lambda name, value: heard.append((name, value)))
    return made, heard


@pytest.mark.parametrize(("given", "kept"), [("500", "500ms"), ("2s", "2000ms"), ("1.5min", "90000ms"), ("0", "0")])
def test_a_length_of_time_is_read_with_its_unit(given: str, kept: str) -> None:
    made, _ = parameters()
    made.set("statement_timeout", given)

    assert made.get("statement_timeout") == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [("statement_timeout", "soon"), ("client_encoding", "LATIN1"), ("server_version", "9"), ("DateStyle", "German")],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: str) -> None:
    made, _ = parameters()

    with pytest.raises(SqlError, match=name):
        made.set(name, value)


def test_a_client_hears_of_what_changes_and_of_its_return() -> None:
    made, heard = parameters(application_name="first")
    made.set("application_name", "second")
    made.set("application_name", None)

    assert heard == [("application_name", "second"), ("application_name", "first")]


def test_what_is_set_for_a_transaction_ends_with_it() -> None:
    made, _ = parameters()
    made.set("statement_timeout", "1s")
    made.set("statement_timeout", "2s", is_local=True)
    made.end_transaction()

    assert made.milliseconds("statement_timeout") == 1000


def test_options_at_the_beginning_are_settings() -> None:
    made, _ = parameters(options="-c statement_timeout=5s --application-name=x")

    assert (made.get("statement_timeout"), made.get("application_name")) == ("5000ms", "x")


# COPY


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, b"1\ta\\tb\\\\\t\\N\n"),
        ({"format": "csv"}, b"1,a\tb\\,\n"),
        ({"format": "csv", "null": "-", "delimiter": ";", "header": True}, b"n;t;z\n1;a\tb\\;-\n"),
        ({"format": "csv", "force_quote": ["*"]}, b'"1","a\tb\\",\n'),
        ({"delimiter": "|"}, b"1|a\\tb\\\\|\\N\n"),
    ],
)
def test_copied_rows_have_the_form_that_was_asked_for(options: dict[str, Any], expected: bytes) -> None:
    headings = [Heading(name="n", type="bigint"), Heading(name="t"), Heading(name="z")]
    copied = Copying(form_of(options), headings)
    data = copied.head() + copied.rows([(1, "a\tb\\", None)]) + copied.tail()

    assert b"".join(_payloads(data)) == expected


def test_an_empty_csv_text_is_told_from_null() -> None:
    copied = Copying(form_of({"format": "csv"}), [Heading(name="t"), Heading(name="u")])

    assert b"".join(_payloads(copied.rows([("", None), ("\\.", "x")]))) == b'"",\n"\\.",x\n'


def _payloads(data: bytes) -> list[bytes]:
    found = []
    while data:
        length = int.from_bytes(data[1:5], "big")
        found.append(data[5 : length + 1])
        data = data[length + 1 :]
    return found


@pytest.mark.parametrize("options", [{"format": "xml"}, {"delimiter": "ab"}, {"quote": "é"}])
def test_options_of_copy_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SqlError):
        form_of(options)
