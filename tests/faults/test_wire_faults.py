"""The SQL wire when clients vanish, bytes are nonsense, and processes are killed."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live import is_alive
from waiting import until
from wire_live import Wire, started
from wire_session import PlainWire, plain_wire

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT {what} FROM n"
STARTUP = struct.pack(">II", 8 + len(b"user\0me\0\0"), 196608) + b"user\0me\0\0"
KINDS = b"QPBDECHSFdcfpX"
ANSWER_S = 60  # a machine under load
REFUSED_S = 30  # a process begins and ends on a loaded machine


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    made = started(tmp_path_factory.mktemp("faults") / "home")
    try:
        yield made
    finally:
        made.live.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[PlainWire]:
    with plain_wire() as made:
        yield made


def wire_process(wire: Wire) -> int | None:
    """The process that speaks for a server, None if there is none."""
    assert wire.live.process is not None
    children = Path(f"/proc/{wire.live.process.pid}/task").glob("*/children")
    for number in " ".join(file.read_text() for file in children).split():
        name = Path(f"/proc/{number}/comm")
        if name.exists() and name.read_text().strip() == "runyard-sql":
            return int(number)
    return None


def connected(wire: Wire) -> psycopg.Connection:
    return psycopg.connect(wire.url("?sslmode=disable"), autocommit=True, connect_timeout=60)


def test_nobody_speaks_for_a_server_until_somebody_knocks(tmp_path: Path) -> None:
    made = started(tmp_path / "home")
    try:
        before = wire_process(made)
        with connected(made) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        after = wire_process(made)
    finally:
        made.live.close()

    assert before is None
    assert after is not None


def test_a_process_that_is_killed_is_started_again(wire: Wire) -> None:
    with connected(wire) as connection:
        first = wire_process(wire)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    until(lambda: not is_alive(first))
    with connected(wire) as connection:
        assert connection.execute("SELECT 2").fetchone() == (2,)

    assert wire_process(wire) not in {None, first}


def test_clients_of_a_process_that_cannot_start_are_told_at_once_and_served_once_it_can(tmp_path: Path) -> None:
    made = started(tmp_path / "home")
    address, keys = made.url("?sslmode=prefer"), made.live.home / "credentials.json"
    try:
        good = keys.read_text()
        keys.write_text("{}")
        refusals = [_refusal(address) for _ in range(2)]
        keys.write_text(good)
        until(lambda: _refusal(address) is None)
        logged = (made.live.home / "server.log").read_text()
    finally:
        made.live.close()

    for refused in refusals:
        assert refused is not None
        assert "before it could serve: the server's log says why" in str(refused[0])
        assert refused[1] < REFUSED_S
    assert "credentials.json is damaged" in logged


def _refusal(address: str) -> tuple[psycopg.OperationalError, float] | None:
    """Connect; return what refuses it and how long that took, None if nothing does."""
    began = time.monotonic()
    try:
        psycopg.connect(address, connect_timeout=60).close()
    except psycopg.OperationalError as error:
        return error, time.monotonic() - began
    return None


def test_it_ends_with_its_server_even_if_that_is_killed(tmp_path: Path) -> None:
    made = started(tmp_path / "home")
    try:
        with connected(made) as connection:
            connection.execute("SELECT 1")
            process = wire_process(made)
            assert process is not None
            made.live.kill()
            until(lambda: not is_alive(process))
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
    finally:
        made.live.close()


def test_a_server_that_leaves_lets_its_clients_go_and_leaves_with_0(tmp_path: Path) -> None:
    made = started(tmp_path / "home")
    try:
        with connected(made) as connection:
            connection.execute("SELECT 1")
            status = made.live.stop()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
    finally:
        made.live.close()

    assert status == 0


def test_a_client_that_vanishes_in_the_middle_of_rows_costs_nobody_else(wire: Wire) -> None:
    with connected(wire) as connection:
        connection.execute("SELECT 1")
        process = wire_process(wire)
    vanishing = psycopg.connect(wire.url("?sslmode=disable"), autocommit=True)
    vanishing.pgconn.send_query(ENDLESS.format(what="i, 'a long row'").encode())
    until(lambda: _has_data(vanishing.pgconn.socket))
    os.close(vanishing.pgconn.socket)

    with connected(wire) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    until(lambda: _idle(process))


def test_a_statement_that_nobody_waits_for_is_ended(wire: Wire) -> None:
    with connected(wire) as connection:
        connection.execute("SELECT 1")
        process = wire_process(wire)
    vanishing = psycopg.connect(wire.url("?sslmode=disable"), autocommit=True)
    vanishing.pgconn.send_query(ENDLESS.format(what="count(*)").encode())
    until(lambda: not _idle(process))
    os.close(vanishing.pgconn.socket)

    until(lambda: _idle(process))


def _has_data(number: int) -> bool:
    with socket.socket(fileno=os.dup(number)) as copy:
        try:
            return bool(copy.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return False


def _ticks(process: int | None) -> int:
    words = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return int(words[11]) + int(words[12])


def _idle(process: int | None) -> bool:
    """Whether a process does nothing for a while."""
    before = _ticks(process)
    pause = socket.socketpair()
    pause[0].settimeout(0.5)
    with pytest.raises(TimeoutError):
        pause[0].recv(1)
    for end in pause:
        end.close()
    return _ticks(process) - before < 5


def _spoken(plain: PlainWire, data: bytes) -> bytes:
    """What is answered to bytes before the connection ends, or nothing more comes."""
    with socket.create_connection(("127.0.0.1", plain.port), timeout=ANSWER_S) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while more := connection.recv(1 << 16):
                answer += more
        except ConnectionResetError:
            pass
        return answer


def _is_serving(plain: PlainWire) -> bool:
    try:
        answer = _spoken(plain, STARTUP + b"Q" + struct.pack(">I", 4 + 9) + b"SELECT 1\0" + b"X\0\0\0\4")
    except OSError:  # it has hung up on one client too many
        return False
    return b"SELECT 1\0" in answer


bodies = st.binary(max_size=60) | st.sampled_from(
    [
        b"\0",
        b"\0SELECT 1\0\0\0",
        b"\0\0\0\0\0\0\0\0",
        b"S\0",
        b"P\0",
        b"\0\0\0\0\0",
        b"SELECT number FROM numbers\0",
        b"\0SELECT $1\0\0\1\0\0\0\0",
    ]
)
framed = st.builds(
    lambda kind, body: bytes([kind]) + struct.pack(">I", len(body) + 4) + body, st.sampled_from(KINDS), bodies
)
mangled = st.builds(
    lambda kind, length, body: bytes([kind]) + struct.pack(">I", length) + body,
    st.integers(0, 255),
    st.integers(0, 2**32 - 1),
    bodies,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(framed | mangled, max_size=8))
def test_no_messages_whatever_end_or_hang_the_wire(plain: PlainWire, said: list[bytes]) -> None:
    answer = _spoken(plain, STARTUP + b"".join(said))

    assert answer.startswith(b"R")
    assert _is_serving(plain)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.binary(max_size=80))
def test_no_beginning_whatever_ends_or_hangs_the_wire(plain: PlainWire, said: bytes) -> None:
    _spoken(plain, said)

    assert _is_serving(plain)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (struct.pack(">II", 4, 0), b"08P01"),  # no room for a code
        (struct.pack(">II", 0x7FFFFFFF, 196608), b"08P01"),  # two gigabytes of a beginning
        (struct.pack(">II", 8, 131072), b"0A000"),  # protocol 2.0
        (struct.pack(">II", 9, 196608) + b"\0", b"28000"),  # nobody
        (STARTUP + b"Q" + struct.pack(">I", 0x7FFFFFFF), b"08P01"),
        (STARTUP + b"Q" + struct.pack(">I", 3), b"08P01"),
        (STARTUP + b"Q" + struct.pack(">I", 8) + b"abcd", b"08P01"),  # a text without its end
        (STARTUP + b"?" + struct.pack(">I", 4), b"08P01"),
        (STARTUP + b"B" + struct.pack(">I", 12) + b"\0\0\xff\xff\0\0\0\0", b"08P01"),  # fewer formats than it says
        (STARTUP + b"E" + struct.pack(">I", 11) + b"no\0\0\0\0\0" + b"S\0\0\0\4", b"34000"),
        (STARTUP + b"B" + struct.pack(">I", 13) + b"\0no\0\0\0\0\0\0\0"[:9] + b"S\0\0\0\4", b"08P01"),
        (STARTUP + b"F" + struct.pack(">I", 4) + b"S\0\0\0\4", b"0A000"),
    ],
)
def test_what_is_no_message_is_answered_with_its_sqlstate(plain: PlainWire, said: bytes, expected: bytes) -> None:
    assert b"C" + expected + b"\0" in _spoken(plain, said)
    assert _is_serving(plain)


def test_a_newer_minor_version_is_negotiated_down(plain: PlainWire) -> None:
    said = struct.pack(">II", 8 + len(b"user\0me\0_pq_.new\0on\0\0"), 196610) + b"user\0me\0_pq_.new\0on\0\0"
    answer = _spoken(plain, said + b"X\0\0\0\4")

    assert answer.startswith(b"v" + struct.pack(">III", 4 + 4 + 4 + 9, 0, 1) + b"_pq_.new\0")
    assert b"Z\0\0\0\5I" in answer


def test_bytes_sent_ahead_of_encryption_are_refused(wire: Wire) -> None:
    with socket.create_connection(("127.0.0.1", wire.port), timeout=ANSWER_S) as connection:
        connection.sendall(struct.pack(">II", 8, 80877103) + STARTUP)
        answer = connection.recv(1 << 16)
        while more := connection.recv(1 << 16):
            answer += more

    assert answer[:1] == b"S"
    assert b"received unencrypted data after SSL request" in answer


def test_a_client_too_many_is_told_so() -> None:
    with plain_wire(most=2) as plain:
        kept = [psycopg.connect(plain.url()) for _ in range(2)]
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            psycopg.connect(plain.url())
        for connection in kept:
            connection.close()
        until(lambda: _is_serving(plain))


DEEP = {
    "sum": "1" + "+1" * 20_000,
    "not": "not " * 20_000 + "1",
    "case": "case when 1 then " * 3_000 + "1" + " end" * 3_000,
    "dots": "a" + ".a" * 5_000,
    "parentheses": "(" * 5_000 + "1" + ")" * 5_000,
    "casts": "1" + "::text" * 5_000,
}


@pytest.mark.parametrize("mentions", ["", ", pg_backend_pid()"])
@pytest.mark.parametrize("expression", DEEP.values(), ids=DEEP)
def test_what_is_nested_too_deeply_ends_no_thread(wire: Wire, expression: str, mentions: str) -> None:
    with connected(wire) as connection:
        with pytest.raises(psycopg.Error) as raised:
            connection.execute(f"SELECT {expression}{mentions}".encode())

        assert raised.value.sqlstate != "XX000"
        assert connection.execute("SELECT 1").fetchone() == (1,)
