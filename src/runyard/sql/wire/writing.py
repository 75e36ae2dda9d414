"""How values are written on the wire: a column at a time, none of them NULL."""

from __future__ import annotations

import math
import struct
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from runyard.sql.callables.arrays import array_items
from runyard.sql.errors import INVALID_TEXT, SqlError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_2000_MS = 946_684_800_000  # PostgreSQL counts from the year 2000
FALSE_WORDS = frozenset({"0", "f", "false", "", "0.0", "n", "no", "off"})
BASE = 10_000  # of numeric's digits
NEGATIVE = 0x4000
PACKED = {2: struct.Struct(">h"), 4: struct.Struct(">i"), 8: struct.Struct(">q")}
PACKED_FLOATS = {4: struct.Struct(">f"), 8: struct.Struct(">d")}
_int32 = struct.Struct(">i")
_word = struct.Struct(">I")
_byte = struct.Struct(">B")
_half = struct.Struct(">H")


def texts(values: Sequence[Any]) -> list[bytes]:
    """Write text; whatever else a column of SQLite holds as the text it is."""
    try:
        return list(map(str.encode, values))
    except (TypeError, UnicodeEncodeError):
        return [_text(value) for value in values]


def _text(value: Any) -> bytes:
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    if isinstance(value, float):
        return _float(value)
    return str(value).encode("utf-8", "replace")


def integers(values: Sequence[Any]) -> list[bytes]:
    """Write whole numbers; what is none keeps its text, so that nothing is cut off."""
    if set(map(type, values)) <= {int, bool}:
        return [b"%d" % value for value in values]
    return [b"%d" % value if isinstance(value, int) else _text(value) for value in values]


def floats(values: Sequence[Any]) -> list[bytes]:
    """Write numbers with a fraction."""
    return [_float(value) if isinstance(value, int | float) else _text(value) for value in values]


def _float(value: float) -> bytes:
    if math.isfinite(value):
        return repr(value).encode()
    return b"NaN" if math.isnan(value) else b"Infinity" if value > 0 else b"-Infinity"


def booleans(values: Sequence[Any]) -> list[bytes]:
    """Write t and f."""
    return [b"t" if _truth(value) else b"f" for value in values]


def _truth(value: Any) -> bool:
    return value.lower() not in FALSE_WORDS if isinstance(value, str) else bool(value)


def moments(suffix: bytes) -> Callable[[Sequence[Any]], list[bytes]]:
    """Write milliseconds since 1970 as dates and times in UTC."""

    def written(values: Sequence[Any]) -> list[bytes]:
        return [_moment(value) + suffix if isinstance(value, int | float) else _text(value) for value in values]

    return written


def _moment(milliseconds: float) -> bytes:
    try:
        moment = EPOCH + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError) as error:
        raise _unfit(milliseconds, "timestamp") from error
    return moment.replace(tzinfo=None).isoformat(" ").encode()


def byte_strings(values: Sequence[Any]) -> list[bytes]:
    """Write bytes in hexadecimal."""
    return [b"\\x" + _bytes(value).hex().encode() for value in values]


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else _text(value)


def binary_integers(size: int) -> Callable[[Sequence[Any]], list[bytes]]:
    """Write whole numbers of so many bytes."""
    pack = PACKED[size].pack

    def written(values: Sequence[Any]) -> list[bytes]:
        try:
            return list(map(pack, values))
        except struct.error:
            return [pack(_integer(value, size)) for value in values]

    return written


def _integer(value: Any, size: int) -> int:
    try:
        number = int(value)
    except (ValueError, OverflowError) as error:
        raise _unfit(value, f"int{size}") from error
    half = 1 << (size * 8 - 1)
    if (number != value and str(number) != value) or not -half <= number < half:
        raise _unfit(value, f"int{size}")
    return number


def binary_floats(size: int) -> Callable[[Sequence[Any]], list[bytes]]:
    """Write numbers with a fraction in so many bytes."""
    pack = PACKED_FLOATS[size].pack

    def written(values: Sequence[Any]) -> list[bytes]:
        try:
            return list(map(pack, values))
        except struct.error:
            return [pack(_number(value)) for value in values]

    return written


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise _unfit(value, "double") from error


def binary_booleans(values: Sequence[Any]) -> list[bytes]:
    """Write truth as one byte."""
    return [b"\1" if _truth(value) else b"\0" for value in values]


def binary_moments(values: Sequence[Any]) -> list[bytes]:
    """Write milliseconds since 1970 as microseconds since 2000."""
    pack = PACKED[8].pack
    try:
        return [pack(round((value - EPOCH_2000_MS) * 1000)) for value in values]
    except (TypeError, struct.error, ValueError, OverflowError) as error:
        raise _unfit(next(iter(values)), "timestamp") from error


def binary_byte_strings(values: Sequence[Any]) -> list[bytes]:
    """Write bytes as they are."""
    return [_bytes(value) for value in values]


def binary_jsonb(values: Sequence[Any]) -> list[bytes]:
    """Write JSON behind its version."""
    return [b"\1" + one for one in texts(values)]


def binary_uuids(values: Sequence[Any]) -> list[bytes]:
    """Write UUIDs as sixteen bytes."""
    try:
        return [uuid.UUID(value).bytes for value in values]
    except (ValueError, AttributeError) as error:
        raise _unfit(values[0], "uuid") from error


def binary_oids(values: Sequence[Any]) -> list[bytes]:
    """Write numbers of things in pg_catalog."""
    try:
        return [_word.pack(int(value)) for value in values]
    except (ValueError, struct.error) as error:
        raise _unfit(values[0], "oid") from error


def binary_numerics(values: Sequence[Any]) -> list[bytes]:
    """Write decimal numbers in digits of ten thousand."""
    return [_numeric(value) for value in values]


def _numeric(value: Any) -> bytes:
    try:
        sign, digits, exponent = Decimal(str(value)).as_tuple()
    except InvalidOperation as error:
        raise _unfit(value, "numeric") from error
    if not isinstance(exponent, int):
        return _half.pack(0) + _half.pack(0) + _half.pack(0xC000) + _half.pack(0)  # NaN
    scale = max(-exponent, 0)
    number = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    after = -(-scale // 4)  # digits of ten thousand behind the point
    number *= 10 ** (after * 4 - scale)
    words: list[int] = []
    while number:
        number, word = divmod(number, BASE)
        words.insert(0, word)
    weight = len(words) - after - 1
    head = struct.pack(">HhHH", len(words), weight, NEGATIVE if sign else 0, scale)
    return head + b"".join(map(_half.pack, words))


def binary_arrays(values: Iterable[Any], element: int, binary: Callable[[Sequence[Any]], list[bytes]]) -> list[bytes]:
    """Write arrays, which are kept as PostgreSQL's text of them."""
    return [_array(array_items(str(value)), element, binary) for value in values]


def _array(items: Sequence[str | None], element: int, binary: Callable[[Sequence[Any]], list[bytes]]) -> bytes:
    present = iter(binary([item for item in items if item is not None]))
    parts = [b"\xff\xff\xff\xff" if item is None else _counted(next(present)) for item in items]
    dimensions = _int32.pack(len(items)) + _int32.pack(1) if items else b""
    return b"".join((_int32.pack(bool(items)), _int32.pack(None in items), _word.pack(element), dimensions, *parts))


def _counted(data: bytes) -> bytes:
    return _int32.pack(len(data)) + data


def _unfit(value: Any, name: str) -> SqlError:
    shown = str(value)[:100]
    return SqlError(
        INVALID_TEXT, f"The value {shown!r} is no {name}, which its column is declared to be; CAST it to TEXT."
    )
