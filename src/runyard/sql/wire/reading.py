"""How parameters are read from the wire: into what SQLite knows, with moments as milliseconds since 1970."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from runyard.sql.callables.arrays import array_text
from runyard.sql.callables.lengths import fixed_length
from runyard.sql.errors import INVALID_TEXT, SqlError
from runyard.sql.results import Value
from runyard.sql.wire.writing import BASE, EPOCH_2000_MS, NEGATIVE, PACKED, PACKED_FLOATS

DAY_MS = 86_400_000
LEAST, LARGEST = -(2**63), 2**63 - 1  # what SQLite holds
TRUE_WORDS = frozenset({"t", "true", "y", "yes", "on", "1"})
FALSE_WORDS = frozenset({"f", "false", "n", "no", "off", "0"})
LARGEST_EXPONENT = 400  # of a number in text: beyond lies nothing that a double holds
MICROSECONDS_A_MS = 1000
_interval = struct.Struct(">qii")


def text(data: bytes) -> str:
    """Read text."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise SqlError("22021", f"A text parameter is not UTF-8 ({error.reason} at byte {error.start}).") from error


def integer(data: bytes) -> int:
    """Read a whole number."""
    try:
        return _fitting(int(data))
    except ValueError as error:
        raise _unreadable(data, "integer") from error


def _fitting(number: int) -> int:
    if not LEAST <= number <= LARGEST:
        raise SqlError("22003", f"The parameter {number} is out of range for type bigint.")
    return number


def integer_or_name(data: bytes) -> Value:
    """Read the number of something in pg_catalog; its name may stand for it."""
    return int(data) if data.isdigit() else text(data)


def floating(data: bytes) -> float:
    """Read a number with a fraction."""
    try:
        return float(data)
    except ValueError as error:
        raise _unreadable(data, "double precision") from error


def number(data: bytes) -> Value:
    """Read a decimal number: whole ones stay whole."""
    try:
        return _plain(Decimal(text(data)))
    except InvalidOperation as error:
        raise _unreadable(data, "numeric") from error


def _plain(value: Decimal) -> Value:
    if value.is_finite() and value.adjusted() < LARGEST_EXPONENT and value == value.to_integral_value():
        whole = int(value)
        return whole if LEAST <= whole <= LARGEST else float(value)
    return float(value)


def boolean(data: bytes) -> bool:
    """Read a truth in any of its spellings."""
    word = text(data).strip().lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise _unreadable(data, "boolean")
    return word in TRUE_WORDS


def moment(data: bytes) -> int:
    """Read a date, or a date and time, in UTC unless it says otherwise; a bare number is milliseconds already."""
    written = text(data).strip()
    if written.lstrip("-").isdigit() and len(written) > 8:  # noqa: PLR2004 - 20261129 is a date
        return int(written)
    try:
        told = datetime.fromisoformat(written)
    except ValueError as error:
        raise _unreadable(data, "timestamp") from error
    aware = told if told.tzinfo else told.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def interval(data: bytes) -> int | None:
    """Read a length of time as milliseconds, which is what lies between two moments here."""
    return fixed_length(1, text(data))


def byte_string(data: bytes) -> bytes:
    """Read bytes from their hexadecimal form, else as they are."""
    if not data.startswith(b"\\x"):
        return data
    try:
        return bytes.fromhex(data[2:].decode("ascii"))
    except ValueError as error:
        raise _unreadable(data, "bytea") from error


def binary_integer(data: bytes) -> int:
    """Read a whole number of two, four or eight bytes."""
    packed = PACKED.get(len(data))
    if packed is None:
        raise _misfit(data, "integer")
    (value,) = packed.unpack(data)
    return int(value)


def binary_oid(data: bytes) -> int:
    """Read a number of something in pg_catalog."""
    return int.from_bytes(data, "big")


def binary_float(data: bytes) -> float:
    """Read a number with a fraction."""
    packed = PACKED_FLOATS.get(len(data))
    if packed is None:
        raise _misfit(data, "double precision")
    (value,) = packed.unpack(data)
    return float(value)


def binary_boolean(data: bytes) -> bool:
    """Read a truth of one byte."""
    if len(data) != 1:
        raise _misfit(data, "boolean")
    return data != b"\0"


def binary_moment(data: bytes) -> int:
    """Read microseconds since 2000."""
    if len(data) != 8:  # noqa: PLR2004 - a moment's size
        raise _misfit(data, "timestamp")
    (value,) = PACKED[8].unpack(data)
    return int(value) // MICROSECONDS_A_MS + EPOCH_2000_MS


def binary_date(data: bytes) -> int:
    """Read days since 2000."""
    if len(data) != 4:  # noqa: PLR2004 - a date's size
        raise _misfit(data, "date")
    (value,) = PACKED[4].unpack(data)
    return int(value) * DAY_MS + EPOCH_2000_MS


def binary_interval(data: bytes) -> int | None:
    """Read microseconds, days and months."""
    if len(data) != _interval.size:
        raise _misfit(data, "interval")
    microseconds, days, months = _interval.unpack(data)
    told = f"{months} months" if months else days * DAY_MS + microseconds // MICROSECONDS_A_MS
    return fixed_length(1, told)


def binary_byte_string(data: bytes) -> bytes:
    """Read bytes as they are."""
    return data


def binary_jsonb(data: bytes) -> str:
    """Read JSON behind its version."""
    if data[:1] != b"\1":
        raise _misfit(data, "jsonb")
    return text(data[1:])


def binary_uuid(data: bytes) -> str:
    """Read sixteen bytes as the usual text."""
    if len(data) != 16:  # noqa: PLR2004 - a UUID's size
        raise _misfit(data, "uuid")
    return str(uuid.UUID(bytes=data))


def binary_numeric(data: bytes) -> Value:
    """Read digits of ten thousand."""
    try:
        count, weight, sign, _ = struct.unpack_from(">HhHH", data)
        words = struct.unpack_from(f">{count}H", data, 8)
    except struct.error as error:
        raise _misfit(data, "numeric") from error
    if sign not in {0, NEGATIVE}:
        return None if sign == 0xC000 else float("inf" if sign == 0xD000 else "-inf")  # noqa: PLR2004 - NaN, infinities
    total = sum((Decimal(word) * Decimal(BASE) ** (weight - at) for at, word in enumerate(words)), Decimal(0))
    return _plain(-total if sign else total)


def binary_array(data: bytes, reader_of: Callable[[int], Callable[[bytes], Any]]) -> str:
    """Read an array of one dimension into PostgreSQL's text of it."""
    try:
        dimensions, _, element = struct.unpack_from(">iiI", data)
        if dimensions == 0:
            return "{}"
        (count,) = struct.unpack_from(">i", data, 12)
        return array_text(_items(data, count, reader_of(element)))
    except struct.error as error:
        raise _misfit(data, "array") from error


def _items(data: bytes, count: int, read: Callable[[bytes], Any]) -> list[Any]:
    items: list[Any] = []
    at = 20
    for _ in range(count):
        (length,) = struct.unpack_from(">i", data, at)
        at += 4
        items.append(None if length < 0 else read(data[at : at + length]))
        at += max(length, 0)
    return items


def _unreadable(data: bytes, name: str) -> SqlError:
    shown = data[:100].decode("utf-8", "replace")
    return SqlError(INVALID_TEXT, f'invalid input syntax for type {name}: "{shown}"')


def _misfit(data: bytes, name: str) -> SqlError:
    return SqlError("22P03", f"A binary parameter of {len(data)} bytes is no {name}.")
