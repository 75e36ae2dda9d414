"""Protocol Buffers by table: as much of the format as Flight SQL's messages need, so that no generated code is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Shape = Mapping[int, str]
"""The fields of a message: `name:kind`, by number; a star behind the kind says that it may come several times."""
VARINT, EIGHT_BYTES, SIZED, FOUR_BYTES = 0, 1, 2, 5
SIGN = 1 << 63
WHOLE = 1 << 64
LONGEST_VARINT = 10
FIXED: Mapping[int, int] = {EIGHT_BYTES: 8, FOUR_BYTES: 4}


class BrokenMessage(Exception):
    """Bytes that are no message."""


def decode(data: bytes, shape: Shape) -> dict[str, Any]:
    """Return the fields of a message that the shape names; those that did not come are absent, or an empty list."""
    known = {number: field.rstrip("*").split(":") for number, field in shape.items()}
    found: dict[str, Any] = {name: [] for number, (name, _) in known.items() if shape[number].endswith("*")}
    for number, value in _fields(data):
        if number not in known:
            continue
        name, kind = known[number]
        try:
            read = READERS[kind](value)
        except (UnicodeDecodeError, AttributeError, TypeError) as error:
            raise BrokenMessage(f"The field {name} holds no {kind}.") from error
        if shape[number].endswith("*"):
            found[name].append(read)
        else:
            found[name] = read
    return found


def encode(values: Mapping[str, Any], shape: Shape) -> bytes:
    """Return a message of the fields that are given."""
    written = bytearray()
    for number, field in shape.items():
        name, kind = field.rstrip("*").split(":")
        if name in values:
            for value in values[name] if field.endswith("*") else [values[name]]:
                written += _written(number, kind, value)
    return bytes(written)


def _written(number: int, kind: str, value: Any) -> bytes:
    if kind in {"int", "bool"}:
        return _varint(number << 3 | VARINT) + _varint(int(value) % WHOLE)
    if kind == "fixed":
        return _varint(number << 3 | EIGHT_BYTES) + int(value).to_bytes(8, "little", signed=True)
    content = value.encode() if kind == "text" else bytes(value)
    return _varint(number << 3 | SIZED) + _varint(len(content)) + content


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0
    while place < len(data):
        key, place = _read_varint(data, place)
        wire, number = key & 7, key >> 3
        if wire == VARINT:
            value, place = _read_varint(data, place)
            yield number, value
            continue
        if wire == SIZED:
            length, place = _read_varint(data, place)
        elif wire in FIXED:
            length = FIXED[wire]
        else:
            raise BrokenMessage(f"A field of wire type {wire} is none that Flight SQL has.")
        if place + length > len(data):
            raise BrokenMessage("The message ends within a field.")
        yield number, data[place : place + length]
        place += length


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(LONGEST_VARINT):
        if place >= len(data):
            raise BrokenMessage("The message ends within a number.")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:  # noqa: PLR2004 - the bit that says whether more follows
            return value % WHOLE, place
    raise BrokenMessage("A number is longer than one can be.")


def _packed(data: bytes) -> list[int]:
    found, place = [], 0
    while place < len(data):
        value, place = _read_varint(data, place)
        found.append(value)
    return found


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _signed(value: Any) -> int:
    return int(value) - WHOLE if value >= SIGN else int(value)


READERS: Mapping[str, Callable[[Any], Any]] = {
    "int": _signed,
    "bool": lambda value: bool(_signed(value)),
    "text": lambda value: value.decode(),
    "bytes": lambda value: bytes(value + b""),
    "fixed": lambda value: int.from_bytes(value + b"", "little", signed=True),
    "numbers": lambda value: [value] if isinstance(value, int) else _packed(value),
}
"""How the value of each kind is read; what came in another form raises."""
