"""psycopg, the driver of most Python programs, against a real server."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import errors
from psycopg.types.json import Json
from waiting import until
from wire_live import RUNS, Wire

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def connection(wire: Wire) -> Iterator[psycopg.Connection]:
    with psycopg.connect(wire.url(), autocommit=True) as connected:
        yield connected


def test_runs_are_read_with_the_types_of_their_columns(connection: psycopg.Connection) -> None:
    run = connection.execute(
        "SELECT id, job_name, phase, created_at, settings FROM runyard.ledger.runs WHERE job_name = %s LIMIT 1", ["etl"]
    ).fetchone()

    assert run is not None
    assert isinstance(run[0], int)
    assert run[1:3] == ("etl", "succeeded")
    assert datetime(2026, 1, 1, tzinfo=UTC) < run[3]
    assert isinstance(run[4], dict)


@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize(
    ("value", "type_"),
    [(7, "bigint"), ("it's \\ é", "text"), (2.5, "double precision"), (b"\x00\xff", "bytea"), (None, "text")],
)
def test_values_come_back_as_they_were_sent(
    connection: psycopg.Connection, value: object, type_: str, *, is_binary: bool
) -> None:
    mark = "%b" if is_binary else "%t"
    text = f"SELECT CAST({mark} AS {type_})"
    answer = connection.execute(text.encode(), [value], binary=is_binary).fetchone()

    assert answer == (value,)


def test_moments_are_compared_as_moments(connection: psycopg.Connection) -> None:
    text = "SELECT count(*) FROM runyard.ledger.runs WHERE job_name = 'etl' AND created_at > %s"

    assert connection.execute(text, [datetime(2026, 1, 1, tzinfo=UTC)]).fetchone() == (RUNS,)
    assert connection.execute(text, [datetime(2999, 1, 1, tzinfo=UTC)]).fetchone() == (0,)


@pytest.mark.parametrize("mark", ["%b", "%t"])
def test_a_length_of_time_may_be_a_parameter(connection: psycopg.Connection, mark: str) -> None:
    text = f"SELECT count(*) FROM runyard.ledger.runs WHERE job_name = 'etl' AND created_at > now() - {mark}".encode()

    assert connection.execute(text, [timedelta(days=1)]).fetchone() == (RUNS,)
    assert connection.execute(text, [timedelta(days=-1, hours=-1)]).fetchone() == (0,)


@pytest.mark.parametrize("mark", ["%b", "%t"])
def test_a_list_of_values_may_be_a_parameter(connection: psycopg.Connection, mark: str) -> None:
    text = f"SELECT DISTINCT phase FROM runyard.ledger.runs WHERE phase = ANY({mark}) ORDER BY 1".encode()
    numbers = f"SELECT count(*) FROM runyard.ledger.runs WHERE attempt = ANY({mark}) AND job_name = 'etl'".encode()

    assert connection.execute(text, [["failed", 'a"b,c', "succeeded"]]).fetchall() == [("failed",), ("succeeded",)]
    assert connection.execute(numbers, [[0, 7]]).fetchone() == (RUNS,)
    assert connection.execute(numbers, [[]]).fetchone() == (0,)


def test_a_statement_that_is_prepared_gives_the_same_each_time(connection: psycopg.Connection) -> None:
    text = "SELECT count(*) FROM runyard.ledger.runs WHERE job_name = %s"
    counts = [connection.execute(text, [name], prepare=True).fetchone() for name in ("etl", "broken", "none", "etl")]

    assert counts == [(RUNS,), (1,), (0,), (RUNS,)]


def test_a_pipeline_runs_on_past_an_error_only_behind_its_sync(connection: psycopg.Connection) -> None:
    with connection.pipeline() as pipeline:
        first = connection.execute("SELECT 1 AS one")
        pipeline.sync()
        with pytest.raises(errors.UndefinedColumn):  # noqa: PT012 - which one raises depends on when the driver looks
            connection.execute("SELECT no_such FROM runyard.ledger.runs")
            connection.execute("SELECT 2 AS two")
            pipeline.sync()
        with suppress(errors.OperationalError):  # what was behind the error was not run
            pipeline.sync()
        last = connection.execute("SELECT 3 AS three")
        pipeline.sync()

        assert first.fetchone() == (1,)
        assert last.fetchone() == (3,)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("SELEC 1", errors.SyntaxError),
        ("SELECT 1 FROM nowhere", errors.UndefinedTable),
        ("SELECT no_such FROM runyard.ledger.runs", errors.UndefinedColumn),
        ("SELECT no_function(1)", errors.UndefinedFunction),
        ("LISTEN runs", errors.FeatureNotSupported),
        ("SELECT 1 FROM pg_catalog.pg_nothing", errors.UndefinedTable),
    ],
)
def test_what_is_wrong_has_its_sqlstate_and_the_connection_goes_on(
    connection: psycopg.Connection, text: str, error: type[psycopg.Error]
) -> None:
    with pytest.raises(error):
        connection.execute(text.encode())
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_error_names_its_place_in_a_text_of_several_statements(connection: psycopg.Connection) -> None:
    text = "SELECT 1; SELEC 2"
    with pytest.raises(errors.SyntaxError) as raised:
        connection.execute(text)

    assert raised.value.diag.statement_position == str(text.index("SELEC 2") + 1)


def test_several_statements_give_several_results(connection: psycopg.Connection) -> None:
    cursor = connection.execute("SELECT 1; SELECT 'two'; SHOW server_encoding")
    found = [cursor.fetchall()]
    while cursor.nextset():
        found.append(cursor.fetchall())

    assert found == [[(1,)], [("two",)], [("UTF8",)]]


def test_behind_an_error_a_transaction_takes_nothing_but_its_end(wire: Wire) -> None:
    with psycopg.connect(wire.url()) as connection:
        with pytest.raises(errors.UndefinedTable):
            connection.execute("SELECT 1 FROM nowhere")
        state = connection.info.transaction_status
        with pytest.raises(errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        with pytest.raises(errors.InFailedSqlTransaction):
            connection.execute("SELECT oid FROM pg_catalog.pg_class")
        connection.rollback()

        assert state is psycopg.pq.TransactionStatus.INERROR
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_error_about_the_catalogs_breaks_a_transaction_too(wire: Wire) -> None:
    with psycopg.connect(wire.url()) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(errors.UndefinedColumn):
            connection.execute("SELECT no_such FROM pg_catalog.pg_class")
        with pytest.raises(errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        connection.commit()

        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_transaction_that_only_reads_refuses_changes(wire: Wire) -> None:
    with psycopg.connect(wire.url()) as connection:
        connection.read_only = True
        with pytest.raises(errors.ReadOnlySqlTransaction):
            connection.execute("EXEC runyard.ledger.jobs.start @job='etl'")


def test_a_cursor_on_the_server_gives_its_rows_in_parts(wire: Wire) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n"
    with psycopg.connect(wire.url()) as connection, connection.cursor("numbers") as cursor:
        cursor.itersize = 700
        cursor.execute(numbers)
        first = cursor.fetchmany(3)
        rest = list(cursor)

    assert first == [(1,), (2,), (3,)]
    assert [row[0] for row in rest] == list(range(4, 5001))


def test_rows_are_copied_out_as_text_csv_and_binary(connection: psycopg.Connection) -> None:
    query = "SELECT 1 AS a, 'x,\"y\"' AS b, NULL AS c"
    copied = {}
    for form in ("text", "csv", "csv, HEADER", "binary"):
        with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT {form})".encode()) as copy:
            copied[form] = b"".join(copy)

    assert copied["text"] == b'1\tx,"y"\t\\N\n'
    assert copied["csv"] == b'1,"x,""y""",\n'
    assert copied["csv, HEADER"] == b'a,b,c\n1,"x,""y""",\n'
    assert copied["binary"].startswith(b"PGCOPY\n\xff\r\n\0")
    assert copied["binary"].endswith(b"\xff\xff")


def test_a_binary_copy_is_read_as_rows(connection: psycopg.Connection) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY (SELECT 5, 'five') TO STDOUT (FORMAT binary)") as copy:
        copy.set_types(["int8", "text"])
        rows = list(copy.rows())

    assert rows == [(5, "five")]


def test_a_statement_is_cancelled_by_another_connection(connection: psycopg.Connection) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            connection.execute(ENDLESS)
        except errors.QueryCanceled as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: _cancelled(connection, thread))
    thread.join(60)

    assert [str(error) for error in failed] == ["canceling statement due to user request"]
    assert connection.execute("SELECT 1").fetchone() == (1,)


def _cancelled(connection: psycopg.Connection, thread: threading.Thread) -> bool:
    connection.cancel()  # it may come before the statement does, so it is said until it was heard
    return not thread.is_alive()


def test_who_cancels_encrypted_is_told_that_it_was_heard(wire: Wire) -> None:
    psycopg.capabilities.has_cancel_safe(check=True)  # an older libpq would cancel in clear text, which proves nothing
    with psycopg.connect(wire.url("?sslmode=require"), autocommit=True) as connection:
        connection.cancel_safe(timeout=30)

        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_statement_may_take_only_so_long(connection: psycopg.Connection) -> None:
    connection.execute("SET statement_timeout = '100ms'")
    with pytest.raises(errors.QueryCanceled, match="statement timeout"):
        connection.execute(ENDLESS)
    with pytest.raises(errors.QueryCanceled, match="statement timeout"):
        connection.execute("SELECT count(*) FROM pg_attribute a, pg_attribute b, pg_attribute c")
    connection.execute("RESET statement_timeout")

    assert connection.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_a_timeout_may_be_wished_at_the_beginning(wire: Wire) -> None:
    with psycopg.connect(wire.url(), autocommit=True, options="-c statement_timeout=5min") as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("300000ms",)


def test_a_wrong_password_is_told_as_such_and_so_is_an_unknown_user(wire: Wire) -> None:
    for user in ("admin", "nobody"):
        with pytest.raises(psycopg.OperationalError, match=f'password authentication failed for user "{user}"'):
            psycopg.connect(wire.url(), user=user, password="wrong")


def test_the_token_is_a_password_too(wire: Wire) -> None:
    token = wire.live.credentials["token"]
    with psycopg.connect(wire.url(), password=token, autocommit=True) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("admin",)


def test_an_unknown_database_is_refused(wire: Wire) -> None:
    with pytest.raises(psycopg.OperationalError, match='database "nowhere" does not exist'):
        psycopg.connect(wire.url(), dbname="nowhere")


@pytest.mark.parametrize("mode", ["disable", "require"])
def test_it_is_spoken_in_clear_text_and_encrypted(wire: Wire, mode: str) -> None:
    with psycopg.connect(wire.url(f"?sslmode={mode}"), autocommit=True) as connection:
        assert connection.pgconn.ssl_in_use is (mode == "require")
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_thousand_clients_may_wait_at_once(wire: Wire) -> None:
    waiting = [psycopg.connect(wire.url("?sslmode=disable"), autocommit=True) for _ in range(1000)]
    try:
        answers = {connection.execute("SELECT 1").fetchone() for connection in (waiting[0], waiting[500], waiting[-1])}
    finally:
        for connection in waiting:
            connection.close()

    assert answers == {(1,)}


def test_a_run_is_started_by_a_statement(connection: psycopg.Connection, wire: Wire) -> None:
    wire.live.make_job("by_sql", "print('hello')\n")
    connection.execute("EXEC runyard.ledger.jobs.start @job='by_sql'")
    text = "SELECT phase FROM runyard.ledger.runs WHERE job_name = 'by_sql'"

    until(lambda: connection.execute(text).fetchall() == [("succeeded",)], seconds=60)


def test_json_is_sent_and_read(connection: psycopg.Connection) -> None:
    answer = connection.execute("SELECT json_extract(%s, '$.a[1]')", [Json({"a": [1, "two"]})]).fetchone()

    assert answer == ("two",)


@pytest.mark.parametrize(
    ("setting", "code"), [("idle_in_transaction_session_timeout", "25P03"), ("idle_session_timeout", "57P05")]
)
def test_a_client_may_leave_its_conversation_waiting_only_so_long(wire: Wire, setting: str, code: str) -> None:
    connection = psycopg.connect(wire.url("?sslmode=disable"), autocommit=True)
    connection.execute(f"SET {setting} = '100ms'".encode())
    if code == "25P03":
        connection.execute("BEGIN")
    with socket.socket(fileno=os.dup(connection.pgconn.socket)) as told:
        told.setblocking(True)
        answer = told.recv(1000)
    connection.close()

    assert code.encode() in answer
