"""Messages of PostgreSQL's protocol 3.0: those we send as bytes, those we are sent as records."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

PROTOCOL_3 = 196608  # 3.0
SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102

LONGEST_NAME = 63  # characters of an identifier

_int16 = struct.Struct(">h")
_int32 = struct.Struct(">i")
_word = struct.Struct(">I")
_heading = struct.Struct(">IhIhih")


class ProtocolViolation(Exception):
    """Bytes that are no message; the connection cannot go on."""


def message(kind: bytes, body: bytes = b"") -> bytes:
    """Frame a body."""
    return kind + _int32.pack(len(body) + 4) + body


def text(value: str) -> bytes:
    """A string as the protocol has it: ended by a zero, which it cannot hold."""
    return value.replace("\0", "").encode("utf-8", "replace") + b"\0"


PARSE_COMPLETE = message(b"1")
BIND_COMPLETE = message(b"2")
CLOSE_COMPLETE = message(b"3")
NO_DATA = message(b"n")
PORTAL_SUSPENDED = message(b"s")
EMPTY_QUERY = message(b"I")
COPY_DONE = message(b"c")
AUTHENTICATED = message(b"R", _int32.pack(0))
READY: Mapping[str, bytes] = {state: message(b"Z", state.encode()) for state in "ITE"}


def ask_for_sasl(mechanisms: Sequence[str]) -> bytes:
    """Say which mechanisms a password can be proved by."""
    return message(b"R", _int32.pack(10) + b"".join(map(text, mechanisms)) + b"\0")


def sasl_challenge(said: str) -> bytes:
    """Go on with a proof."""
    return message(b"R", _int32.pack(11) + said.encode())


def sasl_outcome(said: str) -> bytes:
    """End a proof."""
    return message(b"R", _int32.pack(12) + said.encode())


def parameter_status(name: str, value: str) -> bytes:
    """Tell a setting that clients keep track of."""
    return message(b"S", text(name) + text(value))


def cancel_key(process: int, secret: int) -> bytes:
    """Tell what a CancelRequest has to name."""
    return message(b"K", _word.pack(process) + _word.pack(secret))


def negotiated(minor: int, unknown: Sequence[str]) -> bytes:
    """Tell the newest minor version that is spoken here, and the options that are not known."""
    body = _int32.pack(minor) + _int32.pack(len(unknown)) + b"".join(map(text, unknown))
    return message(b"v", body)


@lru_cache(maxsize=256)
def command_complete(tag: str) -> bytes:
    """End a statement's answer."""
    return message(b"C", text(tag))


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnShape:
    """What RowDescription tells of a column."""

    name: str
    oid: int
    size: int
    format: int = 0


def row_description(columns: Sequence[ColumnShape]) -> bytes:
    """Describe the rows that follow."""
    parts = [_int16.pack(len(columns))]
    for column in columns:
        parts += (text(column.name), _heading.pack(0, 0, column.oid, column.size, -1, column.format))
    return message(b"T", b"".join(parts))


def parameter_description(oids: Sequence[int]) -> bytes:
    """Tell the types of a statement's parameters."""
    return message(b"t", _int16.pack(len(oids)) + b"".join(map(_word.pack, oids)))


def copy_out(columns: int, *, is_binary: bool) -> bytes:
    """Begin the answer to COPY … TO STDOUT."""
    form = int(is_binary)
    return message(b"H", struct.pack(">bh", form, columns) + _int16.pack(form) * columns)


def copy_data(data: bytes) -> bytes:
    """A part of COPY's answer."""
    return message(b"d", data)


def report(kind: bytes, fields: Mapping[str, str]) -> bytes:
    """An error (E) or a notice (N) of fields by their letters."""
    return message(kind, b"".join(letter.encode() + text(value) for letter, value in fields.items()) + b"\0")


class Reader:
    """Takes a message apart; anything that is not there is a violation."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def text(self) -> str:
        """Take a string."""
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise ProtocolViolation("a string has no end")
        taken, self._at = self._body[self._at : end], end + 1
        try:
            return taken.decode()
        except UnicodeDecodeError as error:
            raise ProtocolViolation("a string is not UTF-8") from error

    def take(self, count: int) -> bytes:
        """Take so many bytes."""
        end = self._at + count
        if count < 0 or end > len(self._body):
            raise ProtocolViolation("insufficient data left in message")
        taken, self._at = self._body[self._at : end], end
        return taken

    def int16(self) -> int:
        """Take a signed number of two bytes."""
        (value,) = _int16.unpack(self.take(2))
        return int(value)

    def int32(self) -> int:
        """Take a signed number of four bytes."""
        (value,) = _int32.unpack(self.take(4))
        return int(value)

    def word(self) -> int:
        """Take an unsigned number of four bytes."""
        return self.int32() & 0xFFFFFFFF

    def count(self) -> int:
        """Take the number of things that follow."""
        value = self.int16()
        return value & 0xFFFF  # PostgreSQL's clients send up to 65,535 parameters

    def rest(self) -> bytes:
        """Take what is left."""
        return self.take(len(self._body) - self._at)

    def end(self) -> None:
        """Refuse more than was expected."""
        if self._at != len(self._body):
            raise ProtocolViolation("invalid message format")


@dataclass(frozen=True, kw_only=True)
class Parse:
    """Understand a statement under a name."""

    name: str
    query: str
    oids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Bind:
    """Give a statement its arguments, under the name of a portal."""

    portal: str
    statement: str
    formats: tuple[int, ...]
    arguments: tuple[bytes | None, ...]
    result_formats: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Execute:
    """Give rows of a portal, at most so many unless 0."""

    portal: str
    most: int


@dataclass(frozen=True, kw_only=True)
class Target:
    """What Describe and Close are about: a statement (S) or a portal (P)."""

    kind: str
    name: str


def read_query(body: bytes) -> str:
    """Read a simple query's text."""
    if body.find(b"\0") != len(body) - 1:
        raise ProtocolViolation("a query has one zero, at its end")
    try:
        return body[:-1].decode()
    except UnicodeDecodeError as error:
        raise ProtocolViolation("a query is not UTF-8") from error


def read_parse(body: bytes) -> Parse:
    """Read a Parse."""
    reader = Reader(body)
    name, query = reader.text(), reader.text()
    oids = tuple(reader.word() for _ in range(reader.count()))
    reader.end()
    return Parse(name=name, query=query, oids=oids)


def read_bind(body: bytes) -> Bind:
    """Read a Bind."""
    reader = Reader(body)
    portal, statement = reader.text(), reader.text()
    formats = tuple(_formats(reader))
    arguments = tuple(_argument(reader) for _ in range(reader.count()))
    result_formats = tuple(_formats(reader))
    reader.end()
    return Bind(portal=portal, statement=statement, formats=formats, arguments=arguments, result_formats=result_formats)


def _formats(reader: Reader) -> Iterator[int]:
    for _ in range(reader.count()):
        form = reader.int16()
        if form not in {0, 1}:
            raise ProtocolViolation(f"unsupported format code: {form}")
        yield form


def _argument(reader: Reader) -> bytes | None:
    length = reader.int32()
    return None if length == -1 else reader.take(length)


def read_execute(body: bytes) -> Execute:
    """Read an Execute."""
    reader = Reader(body)
    portal, most = reader.text(), reader.int32()
    reader.end()
    return Execute(portal=portal, most=max(most, 0))


def read_target(body: bytes) -> Target:
    """Read what Describe or Close is about."""
    reader = Reader(body)
    kind, name = reader.take(1).decode("latin-1"), reader.text()
    reader.end()
    if kind not in {"S", "P"}:
        raise ProtocolViolation(f"invalid subtype {kind!r}")
    return Target(kind=kind, name=name)


def read_startup(body: bytes) -> dict[str, str]:
    """Read the names and values of a StartupMessage."""
    reader = Reader(body)
    told: dict[str, str] = {}
    while name := reader.text():
        told[name] = reader.text()
    reader.end()
    return told


def read_cancel(body: bytes) -> tuple[int, int]:
    """Read which conversation a CancelRequest means: its process and secret."""
    reader = Reader(body)
    key = reader.word(), reader.word()
    reader.end()
    return key


@dataclass(frozen=True, kw_only=True)
class SaslInitial:
    """The first answer of a proof: its mechanism, and what it says."""

    mechanism: str
    said: bytes


def read_sasl_initial(body: bytes) -> SaslInitial:
    """Read the first answer of a proof."""
    reader = Reader(body)
    mechanism, length = reader.text(), reader.int32()
    said = b"" if length == -1 else reader.take(length)
    reader.end()
    return SaslInitial(mechanism=mechanism, said=said)


def per_column(formats: Sequence[int], count: int) -> Iterable[int]:
    """Spread format codes over columns: none means text, one holds for all."""
    if len(formats) <= 1:
        return (formats[0] if formats else 0,) * count
    if len(formats) != count:
        raise ProtocolViolation(f"there are {len(formats)} format codes for {count} values")
    return formats
