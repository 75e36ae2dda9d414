"""Arrow Flight and Flight SQL with real clients: pyarrow, ADBC, and a thin client of Dremio's."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dremio_live import LONG, Http
from flight_live import Client, address, connect
from live import Live
from waiting import until

from runyard.dialects.dremio_ids import project_id

pa: Any = pytest.importorskip("pyarrow")
flight: Any = pytest.importorskip("pyarrow.flight")
dbapi: Any = pytest.importorskip("adbc_driver_flightsql.dbapi")

TYPES = """
SELECT CAST(1 AS INTEGER) AS i, CAST(2 AS BIGINT) AS b, CAST(1.5 AS FLOAT) AS f, CAST(2.5 AS DOUBLE) AS d,
  CAST(12.34 AS DECIMAL(10, 2)) AS n, 'é' AS v, TRUE AS t, DATE '2024-02-29' AS day, TIME '12:34:56.789' AS clock,
  TIMESTAMP '2024-02-29 12:34:56.789' AS moment, INTERVAL '3' DAY AS days, INTERVAL '14' MONTH AS months,
  CAST(NULL AS VARCHAR) AS nothing
"""

READS = """
import sys
from pyarrow import flight
options = flight.FlightCallOptions(headers=[(b"authorization", sys.argv[2].encode())])
flight.connect(sys.argv[1]).do_get(flight.Ticket(bytes.fromhex(sys.argv[3])), options).read_all()
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("flight") / "home", arguments=("--flight-port", "0")).start()
    yield server
    server.close()


@pytest.fixture
def http(live: Live) -> Http:
    return Http(live)


def jobs(http: Http, like: str) -> list[dict[str, Any]]:
    """Return the jobs of a text that says this, and nothing of the question itself."""
    return http.rows(
        "SELECT job_id, status, query_type, queue_name FROM sys.project.jobs "
        f"WHERE query LIKE '%{like}%' AND query NOT LIKE '%sys.project%'"
    )


# pyarrow


def test_a_login_gives_a_token_that_every_answer_repeats(live: Live) -> None:
    client = flight.connect(address(live))
    name, value = client.authenticate_basic_token("admin", live.credentials["password"])
    options = flight.FlightCallOptions(headers=[(name, value)])
    info = client.get_flight_info(flight.FlightDescriptor.for_command("SELECT 1 AS one"), options)

    assert (name, value[:7]) == (b"authorization", b"Bearer ")
    assert client.do_get(info.endpoints[0].ticket, options).read_all().to_pylist() == [{"one": 1}]


def test_every_type_comes_as_dremio_spells_it_and_as_was_promised(live: Live) -> None:
    client = Client(live)
    info = client.info(TYPES)
    table = client.flight.do_get(info.endpoints[0].ticket, client.options).read_all()

    assert table.schema == info.schema
    assert [str(kind) for kind in table.schema.types] == [
        "int32", "int64", "float", "double", "decimal128(10, 2)", "string", "bool", "date64[ms]", "time32[ms]",
        "timestamp[ms]", "duration[ms]", "month_day_nano_interval", "string",
    ]  # fmt: skip
    assert table.to_pylist() == [{
        "i": 1, "b": 2, "f": 1.5, "d": 2.5, "n": Decimal("12.34"), "v": "é", "t": True, "day": dt.date(2024, 2, 29),
        "clock": dt.time(12, 34, 56, 789_000), "moment": dt.datetime(2024, 2, 29, 12, 34, 56, 789_000),  # noqa: DTZ001 Dremio's moments have no zone
        "days": dt.timedelta(days=3), "months": pa.MonthDayNano([14, 0, 0]), "nothing": None,
    }]  # fmt: skip


def test_a_ticket_of_a_job_that_rest_has_started_brings_its_rows(live: Live, http: Http) -> None:
    job = http.submit("SELECT n FROM (VALUES (1), (2), (3)) AS t(n)")
    client = Client(live)

    assert client.flight.do_get(flight.Ticket(job.encode()), client.options).read_all()["n"].to_pylist() == [1, 2, 3]


def test_a_statement_runs_once_its_rows_are_wanted_as_a_job_of_type_flight(live: Live, http: Http) -> None:
    client = Client(live)
    info = client.info("SELECT 'told once' AS word")
    before = jobs(http, "told once")
    client.flight.do_get(info.endpoints[0].ticket, client.options).read_all()
    after = jobs(http, "told once")

    assert before == []
    assert [(job["status"], job["query_type"]) for job in after] == [("COMPLETED", "FLIGHT")]


def test_a_million_rows_come_in_many_batches_and_in_order(live: Live) -> None:
    digits = ", ".join(f"({digit})" for digit in range(10))
    tables = " CROSS JOIN ".join(f"(VALUES {digits}) AS t{place}(n)" for place in range(6))
    client = Client(live, timeout=120)
    info = client.info(f"SELECT ROW_NUMBER() OVER () AS i, 'a word' AS w FROM {tables} ORDER BY i")
    sizes, following = [], True
    last = 0
    for chunk in client.flight.do_get(info.endpoints[0].ticket, client.options):
        numbers = chunk.data["i"]
        following = following and numbers[0].as_py() == last + 1
        last = numbers[-1].as_py()
        sizes.append(len(numbers))

    assert following
    assert (sum(sizes), last) == (1_000_000, 1_000_000)
    assert len(sizes) > 5


@pytest.mark.parametrize("headers", [[], [(b"authorization", b"Bearer wrong")], [(b"authorization", b"Basic eA==")]])
def test_who_is_nobody_is_told_nothing(live: Live, headers: list[tuple[bytes, bytes]]) -> None:
    client = flight.connect(address(live))
    with pytest.raises(flight.FlightUnauthenticatedError):
        client.get_flight_info(
            flight.FlightDescriptor.for_command("SELECT 1"), flight.FlightCallOptions(headers=headers)
        )


def test_a_wrong_password_is_no_login(live: Live) -> None:
    with pytest.raises(flight.FlightUnauthenticatedError):
        flight.connect(address(live)).authenticate_basic_token("admin", "wrong")


def test_what_is_wrong_with_a_text_is_said_in_dremios_words_and_without_our_paths(live: Live) -> None:
    with pytest.raises(pa.ArrowInvalid, match="VALIDATION ERROR: Object 'nowhere' not found") as caught:
        Client(live).info("SELECT * FROM nowhere")

    assert "SQL Query SELECT * FROM nowhere\n" in str(caught.value)
    assert "startColumn 15" in str(caught.value)
    assert ".py" not in str(caught.value)


def test_what_fails_while_it_runs_is_told_with_the_rows(live: Live) -> None:
    client = Client(live)
    info = client.info("SELECT 1 / (n - n) AS q FROM (VALUES (1)) AS t(n)")
    with pytest.raises(pa.ArrowInvalid, match="FUNCTION ERROR: divide by zero error"):
        client.flight.do_get(info.endpoints[0].ticket, client.options).read_all()


def test_a_client_who_has_left_leaves_no_job_behind(live: Live, http: Http) -> None:
    ticket = Client(live).info(LONG.replace(" AS s ", " AS left_alone ")).endpoints[0].ticket.ticket
    words = (address(live), f"Bearer {live.credentials['token']}", ticket.hex())
    with subprocess.Popen([sys.executable, "-c", READS, *words]) as leaving:
        try:
            until(lambda: [job["status"] for job in jobs(http, "left_alone")] == ["RUNNING"])
        finally:
            leaving.kill()

    assert until(lambda: [job["status"] for job in jobs(http, "left_alone")] == ["CANCELED"], seconds=60)


def test_a_flight_is_cancelled_by_its_info(live: Live, http: Http) -> None:
    query = LONG.replace(" AS s ", " AS given_up ")
    client = Client(live)
    info = client.info(query)
    with ThreadPoolExecutor(1) as threads:
        rows = threads.submit(lambda: client.flight.do_get(info.endpoints[0].ticket, client.options).read_all())
        assert until(lambda: [job["status"] for job in jobs(http, "given_up")] == ["RUNNING"], seconds=60)
        packed = info.serialize()
        length = len(packed)
        request = b"\x0a" + bytes([length & 0x7F | 0x80, length >> 7]) + packed  # field 1, its length, its bytes
        answer = list(client.flight.do_action(flight.Action("CancelFlightInfo", request), client.options))
        with pytest.raises(flight.FlightCancelledError, match="Query cancelled by user 'admin'"):
            rows.result(60)

    assert 127 < length < 16_384
    assert answer[0].body.to_pybytes() == b"\x08\x01"  # status: cancelled
    assert [job["status"] for job in jobs(http, "given_up")] == ["CANCELED"]


def test_what_nobody_offers_is_refused_by_name(live: Live) -> None:
    client = Client(live)
    with pytest.raises(pa.ArrowNotImplementedError, match="BeginTransaction"):
        list(client.flight.do_action(flight.Action("BeginTransaction", b""), client.options))
    with pytest.raises(pa.ArrowNotImplementedError, match="GetTables"):
        list(client.flight.list_flights(options=client.options))


def test_two_who_knock_at_once_on_a_server_that_sleeps_are_both_served(tmp_path: Path) -> None:
    server = Live(tmp_path / "home", arguments=("--flight-port", "0")).start()
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(
                threads.map(lambda number: Client(server).table(f"SELECT {number} AS n").to_pylist(), range(4))
            )
    finally:
        server.close()

    assert found == [[{"n": 0}], [{"n": 1}], [{"n": 2}], [{"n": 3}]]


# sessions


class Cookies(flight.ClientMiddlewareFactory):  # type: ignore[misc]  # pyarrow has no types
    """Keeps cookies as Dremio's own examples do."""

    def __init__(self) -> None:
        self.jar: dict[str, str] = {}

    def start_call(self, info: Any) -> Any:  # noqa: ARG002 - pyarrow's call
        jar = self.jar

        class Middleware(flight.ClientMiddleware):  # type: ignore[misc]  # pyarrow has no types
            def received_headers(self, headers: Any) -> None:
                for value in headers.get("set-cookie", []):
                    name, _, rest = value.partition("=")
                    jar[name] = rest.partition(";")[0]

            def sending_headers(self) -> dict[str, str]:
                return {"cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}

        return Middleware()


def test_a_session_remembers_its_schema(live: Live) -> None:
    client = Client(live)
    client.table('CREATE TABLE "$scratch".of_sessions AS SELECT 7 AS n')
    cookies = Cookies()
    client.flight = flight.connect(address(live), middleware=[cookies])
    client.table('USE "$scratch"')

    assert client.table("SELECT n FROM of_sessions").to_pylist() == [{"n": 7}]
    assert list(cookies.jar) == ["arrow_flight_session_id"]
    with pytest.raises(pa.ArrowInvalid, match="of_sessions"):
        Client(live).table("SELECT n FROM of_sessions")


def test_headers_choose_schema_and_queue(live: Live, http: Http) -> None:
    Client(live).table('CREATE TABLE "$scratch".of_headers AS SELECT 8 AS n')
    client = Client(live, (b"schema", b'"$scratch"'), (b"routing_queue", b"LARGE"))

    assert client.table("SELECT n AS in_large FROM of_headers").num_rows == 1
    assert [job["queue_name"] for job in jobs(http, "in_large")] == ["LARGE"]


def test_a_queue_that_is_not_there_is_no_other_queue(live: Live) -> None:
    client = Client(live, (b"routing_queue", b"Nowhere"))
    with pytest.raises(flight.FlightInternalError, match="There is no queue 'Nowhere'"):
        client.table("SELECT 1")


def test_a_rule_may_ask_for_the_tag_of_a_session(live: Live, http: Http) -> None:
    rules = http("GET", "/api/v3/wlm/rule")
    mine = {"name": "tagged", "conditions": "tag() = 'nightly'", "acceptName": "LARGE", "action": "PLACE"}
    http("PUT", "/api/v3/wlm/rule", {**rules, "rules": [mine, *rules["rules"]]})
    Client(live, (b"routing_tag", b"nightly")).table("SELECT 'by tag' AS word")
    http("PUT", "/api/v3/wlm/rule", {**rules, "tag": http("GET", "/api/v3/wlm/rule")["tag"]})

    assert [job["queue_name"] for job in jobs(http, "by tag")] == ["LARGE"]


def test_another_project_than_the_tokens_is_refused(live: Live) -> None:
    own = Client(live, (b"project_id", project_id("default").encode()))
    assert own.table("SELECT 1 AS n").to_pylist() == [{"n": 1}]

    with pytest.raises(flight.FlightUnauthorizedError, match="may not be used for project"):
        Client(live, (b"project_id", project_id("other").encode())).table("SELECT 1")


def test_options_of_a_session_are_set_and_told(live: Live) -> None:
    # SetSessionOptionsRequest{session_options: {"routing_tag": SessionOptionValue{string_value: "x"}}}
    value = b"\x0a\x01x"
    entry = b"\x0a\x0brouting_tag\x12" + bytes([len(value)]) + value
    client = Client(live)
    client.flight = flight.connect(address(live), middleware=[Cookies()])
    body = b"\x0a" + bytes([len(entry)]) + entry
    answers = [
        next(iter(client.flight.do_action(flight.Action(name, content), client.options))).body.to_pybytes()
        for name, content in (("SetSessionOptions", body), ("GetSessionOptions", b""), ("CloseSession", b""))
    ]

    assert answers == [b"", body, b"\x08\x01"]


# ADBC


def test_adbc_runs_queries_changes_and_values(live: Live) -> None:
    with connect(live) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT ? AS a, ? AS b, ? AS c, ? AS d", (5, "it's", Decimal("1.50"), dt.date(2024, 1, 2)))
        bound = cursor.fetchall()
        cursor.execute("CREATE TABLE \"$scratch\".of_adbc AS SELECT 1 AS a, 'x' AS b")
        cursor.executemany('INSERT INTO "$scratch".of_adbc VALUES (?, ?)', [(2, "y"), (3, "?")])
        written = cursor.rowcount
        cursor.execute("SELECT * FROM \"$scratch\".of_adbc WHERE b <> '?' ORDER BY a")
        kept = cursor.fetchall()
        cursor.adbc_statement.set_sql_query('DELETE FROM "$scratch".of_adbc WHERE a > 1')
        changed = cursor.adbc_statement.execute_update()

    assert bound == [(5, "it's", Decimal("1.50"), dt.date(2024, 1, 2))]
    assert (written, kept, changed) == (2, [(1, "x"), (2, "y")], 2)


def test_adbc_knows_what_there_is(live: Live) -> None:
    Client(live).table('CREATE TABLE "$scratch".known AS SELECT 1 AS a, CAST(1.5 AS DECIMAL(5, 2)) AS b')
    with connect(live) as connection:
        objects = connection.adbc_get_objects(
            depth="columns", db_schema_filter="$scratch", table_name_filter="kn_wn"
        ).read_all()
        tables = objects.to_pylist()[0]["catalog_db_schemas"][0]["db_schema_tables"]
        schema = connection.adbc_get_table_schema("known", db_schema_filter="$scratch")
        kinds, facts = connection.adbc_get_table_types(), connection.adbc_get_info()

    assert [(table["table_name"], [one["column_name"] for one in table["table_columns"]]) for table in tables] == [
        ("known", ["a", "b"])
    ]
    assert schema == pa.schema([("a", pa.int32()), ("b", pa.decimal128(5, 2))])
    assert kinds == ["SYSTEM_TABLE", "TABLE", "VIEW"]
    assert facts["vendor_name"] == "runyard, in Dremio's language"


def test_adbc_is_told_of_errors_as_errors_of_the_program(live: Live) -> None:
    with connect(live) as connection, connection.cursor() as cursor:
        with pytest.raises(dbapi.ProgrammingError, match="Column 'nothing' not found"):
            cursor.execute("SELECT nothing")
        with pytest.raises(dbapi.ProgrammingError, match="has 2 parameters, and 1 values are bound"):
            cursor.execute("SELECT ?, ?", (1,))


def test_adbc_logs_in_with_a_personal_token_too(live: Live) -> None:
    header = {"adbc.flight.sql.authorization_header": f"Bearer {live.credentials['token']}"}
    with dbapi.connect(address(live), db_kwargs=header, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 AS n")

        assert cursor.fetchall() == [(1,)]


# thin clients of Dremio's


@pytest.mark.parametrize("by", ["password", "token", "project"])
def test_dremio_simple_query_works_unchanged(live: Live, by: str) -> None:
    module = pytest.importorskip("dremio_simple_query.connectv2")
    keys = live.credentials
    ways: dict[str, dict[str, str]] = {
        "password": {"username": "admin", "password": keys["password"]},
        "token": {"token": keys["token"]},
        "project": {"token": keys["token"], "project_id": project_id("default")},
    }
    connection = module.DremioConnection(location=address(live), **ways[by])

    assert connection.toPandas("SELECT 1 AS a, 'x' AS b").to_dict("records") == [{"a": 1, "b": "x"}]
    assert connection.toPolars("SELECT 2 AS a").to_dicts() == [{"a": 2}]
