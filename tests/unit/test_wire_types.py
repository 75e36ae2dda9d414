"""Values on the SQL wire, written and read, in text and in binary."""

from __future__ import annotations

import math
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.sql.callables.arrays import array_items, array_text
from runyard.sql.errors import SqlError
from runyard.sql.results import Heading
from runyard.sql.wire.reading import DAY_MS
from runyard.sql.wire.rows import encoder, writers
from runyard.sql.wire.types import BY_NAME, BY_OID, TYPES, effective

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
MOMENTS = st.integers(-60_000_000_000_000, 250_000_000_000_000)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "int4": st.integers(-(2**31), 2**31 - 1),
    "int2": st.integers(-(2**15), 2**15 - 1),
    "double": st.floats(allow_nan=False),
    "boolean": st.booleans(),
    "timestamp": MOMENTS,
    "bytes": st.binary(),
    "json": TEXTS,
    "jsonb": TEXTS,
    "uuid": st.uuids().map(str),
    "oid": st.integers(0, 2**32 - 1),
    "numeric": st.integers(-(2**63), 2**63 - 1) | st.decimals(-1000, 1000, places=3).map(float),
    "text[]": st.lists(TEXTS | st.none(), max_size=4).map(array_text),
    "int4[]": st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4).map(array_text),
}


@pytest.mark.parametrize("name", VALUES)
@given(data=st.data())
def test_what_is_written_in_binary_is_read_back(name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    one = BY_NAME[name]

    assert one.read_binary(one.binary([value])[0]) == value


@pytest.mark.parametrize("name", [name for name in VALUES if not name.endswith("]")])
@given(data=st.data())
def test_what_is_written_as_text_is_read_back(name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    one = BY_NAME[name]

    assert one.read_text(one.text([value])[0]) == value


@pytest.mark.parametrize(
    ("name", "value", "text", "binary"),
    [
        ("boolean", 1, b"t", b"\1"),
        ("boolean", 0, b"f", b"\0"),
        ("double", math.inf, b"Infinity", b"\x7f\xf0\0\0\0\0\0\0"),
        ("timestamp", 0, b"1970-01-01 00:00:00+00", b"\xff\xfc\xa2\xfe\xc4\xc8\x20\x00"),
        ("timestamp", 946_684_800_001, b"2000-01-01 00:00:00.001000+00", b"\0\0\0\0\0\0\x03\xe8"),
        ("bytes", b"\0\xff", b"\\x00ff", b"\0\xff"),
        ("bigint", -2, b"-2", b"\xff\xff\xff\xff\xff\xff\xff\xfe"),
        ("numeric", -12345.67, b"-12345.67", b"\0\3\0\1\x40\0\0\2\0\1\x09\x29\x1a\x2c"),
        ("text[]", '{a,NULL,"b c"}', b'{a,NULL,"b c"}', None),
    ],
)
def test_values_have_the_form_that_postgres_gives_them(
    name: str, value: Any, text: bytes, binary: bytes | None
) -> None:
    one = BY_NAME[name]

    assert one.text([value]) == [text]
    assert binary is None or one.binary([value]) == [binary]


@pytest.mark.parametrize(
    ("name", "value"), [("bigint", "abc"), ("bigint", 1.5), ("int2", 40_000), ("uuid", "x"), ("timestamp", "soon")]
)
def test_what_does_not_fit_its_column_is_refused_and_not_cut(name: str, value: Any) -> None:
    with pytest.raises(SqlError, match="CAST it to TEXT"):
        BY_NAME[name].binary([value])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bigint", b"1x"),
        ("bigint", b"99999999999999999999"),
        ("boolean", b"maybe"),
        ("timestamp", b"soon"),
        ("double", b""),
    ],
)
def test_a_parameter_that_is_no_value_of_its_type_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(SqlError):
        BY_NAME[name].read_text(data)


@pytest.mark.parametrize("one", TYPES, ids=lambda one: one.name)
@given(data=st.binary(max_size=40))
def test_no_bytes_whatever_are_read_as_a_defect(one: Any, data: bytes) -> None:
    for read in (one.read_text, one.read_binary):
        with suppress(SqlError):
            read(data)


def test_no_number_stands_for_two_types() -> None:
    assert len(BY_OID) == len(BY_NAME) == len(TYPES)


def test_what_a_client_does_not_name_has_the_type_that_is_wanted() -> None:
    assert effective((23, 0), ("text", "bigint", "timestamp")) == (23, 20, 1184)
    assert effective((705,), ("boolean",)) == (16,)
    assert effective((), ()) == ()


@given(items=st.lists(TEXTS | st.none()))
def test_an_array_is_read_as_it_was_written(items: list[str | None]) -> None:
    assert array_items(array_text(items)) == items


def test_a_row_is_framed_with_its_lengths_and_nulls() -> None:
    headings = [Heading(name="a", type="bigint"), Heading(name="b"), Heading(name="c", type="boolean")]
    encode = encoder(writers(headings, (0, 0, 1)))

    assert encode([(5, None, True), (-1, "é", None)]) == (
        b"D\0\0\0\x14\0\3\0\0\0\x015\xff\xff\xff\xff\0\0\0\1\1D\0\0\0\x16\0\3\0\0\0\2-1\0\0\0\2\xc3\xa9\xff\xff\xff\xff"
    )


def test_a_long_value_among_short_ones_keeps_its_length() -> None:
    encode = encoder(writers([Heading(name="a")], (0,)))
    long = "x" * 70_000

    assert encode([("a",), (long,)]).endswith(b"\0\1" + (70_000).to_bytes(4, "big") + long.encode())


def test_a_row_of_no_columns_is_a_row() -> None:
    assert encoder([])([(), ()]) == b"D\0\0\0\6\0\0" * 2


@pytest.mark.parametrize(("value", "written"), [(1.5, b"1.5"), (b"\1", b"\\x01"), (7, b"7"), ("text", b"text")])
def test_a_column_may_hold_what_it_is_not_declared_to(value: Any, written: bytes) -> None:
    assert BY_NAME["bigint"].text([value]) == [written]
    assert BY_NAME["text"].text(["a", value]) == [b"a", written]


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        (b"1 day, 2:00:00", DAY_MS + 7_200_000),
        (b"-1 day, 23:59:59.500000", -500),
        (b"1 days 3 seconds 0 microseconds", DAY_MS + 3_000),
        (b"0 years 0 mons 2 days 1 hours 0 mins 0.5 secs", 2 * DAY_MS + 3_600_500),
        (b"00:00:01", 1_000),
    ],
)
def test_a_length_of_time_is_read_as_drivers_write_it(text: bytes, milliseconds: int) -> None:
    assert BY_NAME["interval"].read_text(text) == milliseconds


def test_a_length_of_time_is_read_in_binary_and_months_are_none() -> None:
    read = BY_NAME["interval"].read_binary

    assert read(struct.pack(">qii", 1_500_000, 1, 0)) == DAY_MS + 1_500
    with pytest.raises(SqlError, match="'1 months' is longer in one month than in another"):
        read(struct.pack(">qii", 0, 0, 1))
    with pytest.raises(SqlError, match="A binary parameter of 3 bytes is no interval"):
        read(b"abc")
