"""What goes to and fro over Arrow Flight: long rows, values of parameters, and what there is told of a table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from dremio_live import DIGITS, Http
from flight_live import Client, address, connect
from live import Live

from runyard.dialects.dremio_ids import job_id

pa: Any = pytest.importorskip("pyarrow")
flight: Any = pytest.importorskip("pyarrow.flight")
dbapi: Any = pytest.importorskip("adbc_driver_flightsql.dbapi")

THOUSAND = " CROSS JOIN ".join(f"(VALUES {DIGITS}) AS t{number}(n)" for number in range(3))
NUMBERED = f"SELECT ROW_NUMBER() OVER () AS r FROM {THOUSAND}"
UNEVEN = f"SELECT CASE WHEN r > 800 THEN REPEAT('x', 200000) ELSE 'x' END AS w FROM ({NUMBERED}) AS t"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("values") / "home", arguments=("--flight-port", "0")).start()
    yield server
    server.close()


@pytest.fixture
def http(live: Live) -> Http:
    return Http(live)


# rows


def test_rows_that_are_long_together_come_in_messages_that_adbc_takes(live: Live) -> None:
    with connect(live) as connection, connection.cursor() as cursor:
        cursor.execute(UNEVEN)
        words = cursor.fetch_arrow_table()["w"]

    assert (len(words), sum(len(word.as_py()) for word in words)) == (1000, 200 * 200_000 + 800)


def test_a_result_without_rows_is_one_message_with_its_columns(live: Live) -> None:
    client = Client(live)
    for sql in ("SELECT 1 AS a, 'x' AS b WHERE FALSE", "SELECT INTERVAL '1' MONTH AS a, 1 AS b WHERE FALSE"):
        reader = client.flight.do_get(client.info(sql).endpoints[0].ticket, client.options)
        messages = [chunk.data.num_rows for chunk in reader]

        assert messages == [0]  # thin clients put tables together from the messages alone
        assert reader.schema.names == ["a", "b"]


def test_an_interval_in_an_array_is_refused_before_a_job_is_begun(live: Live, http: Http) -> None:
    with pytest.raises(pa.ArrowNotImplementedError, match="An INTERVAL DAY TO SECOND within an array or a row cannot"):
        Client(live).info("SELECT ARRAY[INTERVAL '1' DAY] AS in_vain")

    assert http.rows("SELECT 1 FROM sys.project.jobs WHERE query LIKE '%in_vain%' AND query NOT LIKE '%sys.%'") == []


# parameters


@pytest.mark.parametrize(
    "value", [-0.0, math.inf, -math.inf, 1e300, b"\x00\xff", b"", -(2**63), 2**31, [1, None, 3], ["it's"]]
)
def test_values_of_parameters_come_back_as_they_were_given(live: Live, value: Any) -> None:
    with connect(live) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT ? AS v", (value,))
        (kept,) = cursor.fetchone()

    assert (kept, type(kept)) == (value, type(value))
    assert str(kept) == str(value)  # also of -0.0


def test_nan_is_a_value_of_a_parameter(live: Live) -> None:
    with connect(live) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT ? AS v", (math.nan,))

        assert math.isnan(cursor.fetchone()[0])


def test_a_command_that_is_no_text_is_no_other_text(live: Live) -> None:
    with pytest.raises(pa.ArrowInvalid, match="no text in UTF-8"):
        Client(live).flight.get_flight_info(flight.FlightDescriptor.for_command(b"SELECT '\xff'"), Client(live).options)


def test_a_statement_that_the_server_has_forgotten_can_be_closed_and_not_run(live: Live) -> None:
    envelope = b"type.googleapis.com/arrow.flight.protocol.sql."
    handle = b"\x0a\x04gone"  # prepared_statement_handle

    def packed(name: bytes) -> bytes:
        url = envelope + name
        return b"\x0a" + bytes([len(url)]) + url + b"\x12" + bytes([len(handle)]) + handle

    client = Client(live)
    close = flight.Action("ClosePreparedStatement", packed(b"ActionClosePreparedStatementRequest"))

    assert list(client.flight.do_action(close, client.options)) == []
    command = flight.FlightDescriptor.for_command(packed(b"CommandPreparedStatementQuery"))
    with pytest.raises(pa.ArrowInvalid, match="There is no such prepared statement"):
        client.flight.get_flight_info(command, client.options)


# tickets


def test_a_ticket_of_no_job_of_dremios_is_told_so(live: Live, http: Http) -> None:
    client = Client(live)
    other = job_id(int(http("POST", "/api/2.1/jobs/runs/submit", {"tasks": [PYTHON]})["run_id"]))
    for ticket in (other, "1f2b4c68-0000-4000-8000-000000000000"):
        with pytest.raises(pa.ArrowKeyError, match=f"Could not find a job with id \\[{ticket}\\]"):
            client.flight.do_get(flight.Ticket(ticket.encode()), client.options).read_all()


PYTHON = {"task_key": "t", "spark_python_task": {"python_file": "/nowhere.py"}}


# the catalog


def test_columns_of_a_table_say_what_they_are_in_dremio(live: Live) -> None:
    Client(live).table("CREATE TABLE \"$scratch\".told AS SELECT 1 AS a, CAST(1.5 AS DECIMAL(5, 2)) AS b, 'x' AS c")
    with connect(live) as connection:
        objects = connection.adbc_get_objects(depth="columns", table_name_filter="told").read_all().to_pylist()
        schema = connection.adbc_get_table_schema("told", db_schema_filter="$scratch")
    (schemas,) = [one["catalog_db_schemas"] for one in objects]
    columns = [column for one in schemas for table in one["db_schema_tables"] for column in table["table_columns"]]

    assert [column["xdbc_type_name"] for column in columns] == ["INTEGER", "DECIMAL", "VARCHAR"]
    assert schema.field("b").metadata == {
        b"ARROW:FLIGHT:SQL:CATALOG_NAME": b"DREMIO", b"ARROW:FLIGHT:SQL:SCHEMA_NAME": b"$scratch",
        b"ARROW:FLIGHT:SQL:TABLE_NAME": b"told", b"ARROW:FLIGHT:SQL:TYPE_NAME": b"DECIMAL",
        b"ARROW:FLIGHT:SQL:PRECISION": b"5", b"ARROW:FLIGHT:SQL:SCALE": b"2",
        b"ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT": b"0", b"ARROW:FLIGHT:SQL:IS_SEARCHABLE": b"1",
    }  # fmt: skip


# headers


@pytest.mark.parametrize(("queue", "own"), [(b"Low Cost User Queries", "SMALL"), (b"High Cost User Queries", "LARGE")])
def test_the_queues_that_dremios_own_examples_name_are_those_that_are_here(
    live: Live, http: Http, queue: bytes, own: str
) -> None:
    # What arrow-flight-client-examples and its many copies send with every call.
    client = Client(live, (b"routing_tag", b"test-routing-tag"), (b"routing_queue", queue))
    client.table(f"SELECT 'as {own} says' AS word")
    jobs = http.rows(
        f"SELECT queue_name FROM sys.project.jobs WHERE query LIKE '%as {own} says%' AND query NOT LIKE '%sys.%'"
    )

    assert jobs == [{"queue_name": own}]


def test_a_table_with_a_column_that_cannot_be_sent_is_listed_all_the_same(live: Live) -> None:
    Client(live).table("CREATE TABLE \"$scratch\".of_arrays AS SELECT ARRAY[INTERVAL '1' DAY] AS a")
    with connect(live) as connection:
        (catalog,) = connection.adbc_get_objects(depth="all", db_schema_filter="$scratch").read_all().to_pylist()
    tables = {table["table_name"]: table for table in catalog["catalog_db_schemas"][0]["db_schema_tables"]}

    assert tables["of_arrays"]["table_columns"] == []


# the handshake of older clients


class OlderLogin(flight.ClientAuthHandler):  # type: ignore[misc]  # pyarrow has no types
    """Sends name and password as a message, as dremio-client does."""

    def __init__(self, user: str, password: str) -> None:
        super().__init__()
        self.told, self.token = flight.BasicAuth(user, password), b""

    def authenticate(self, outgoing: Any, incoming: Any) -> None:
        outgoing.write(self.told.serialize())
        self.token = incoming.read()

    def get_token(self) -> bytes:
        return self.token


def test_a_handshake_by_messages_opens_a_session_too(live: Live) -> None:
    client = flight.connect(address(live))
    client.authenticate(OlderLogin("admin", live.credentials["password"]))
    info = client.get_flight_info(flight.FlightDescriptor.for_command("SELECT 1 AS one"))

    assert client.do_get(info.endpoints[0].ticket).read_all().to_pylist() == [{"one": 1}]


def test_a_handshake_by_messages_wants_the_password(live: Live) -> None:
    client = flight.connect(address(live))
    with pytest.raises(flight.FlightUnauthenticatedError, match="Login failed"):
        client.authenticate(OlderLogin("admin", "wrong"))
    with pytest.raises(flight.FlightUnauthenticatedError):
        client.get_flight_info(flight.FlightDescriptor.for_command("SELECT 1"))


class Silent(flight.ClientAuthHandler):  # type: ignore[misc]  # pyarrow has no types
    """Says nothing."""

    def authenticate(self, outgoing: Any, incoming: Any) -> None:
        pass

    def get_token(self) -> bytes:
        return b""


def test_a_handshake_that_says_nothing_is_nobodys(live: Live) -> None:
    with pytest.raises(flight.FlightUnauthenticatedError, match="neither a name nor a password"):
        flight.connect(address(live)).authenticate(Silent())
