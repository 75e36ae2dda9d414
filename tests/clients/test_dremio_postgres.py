"""Tables of PostgreSQL as a source of Dremio's, on a real server of PostgreSQL."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import psycopg
import pytest
from dremio_live import Http
from live import Live
from ports import free_port
from postgres_server import PostgresServer, running_server

from runyard.dialects.dremio.source_secrets import SHOWN
from runyard.runtime.dremio_sql import database_tables
from runyard.runtime.dremio_sql.databases import Database

pytest.importorskip("adbc_driver_postgresql")
flight: Any = pytest.importorskip("pyarrow.flight")

MAKE = """
CREATE TABLE orders (
  id bigint PRIMARY KEY, place text, price numeric(10, 2), sold date, at timestamptz, open boolean, weight float8,
  kind smallint, tags text[], free numeric, note jsonb
);
INSERT INTO orders
SELECT n, CASE WHEN n % 3 = 0 THEN NULL ELSE 'place ' || n % 5 END, n * 1.25, DATE '2024-01-01' + (n % 100)::int,
  '2024-01-01 10:00:00.123456+02', n % 2 = 0, n / 2.0, n % 7, ARRAY['a', 'b'], n + 0.5, '{"n": 1}'
FROM generate_series(1, 1000) AS n;
CREATE VIEW guarded AS SELECT id, place, 1 / (id - 500) AS broken FROM orders;
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[tuple[PostgresServer, str]]:
    with running_server(port=free_port()) as server:
        url = server.new_database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(MAKE)
        yield server, url


@pytest.fixture(scope="module")
def http(postgres: tuple[PostgresServer, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Http]:
    live = Live(tmp_path_factory.mktemp("pg") / "home", arguments=("--flight-port", "0")).start()
    known = Http(live)
    place = urlsplit(postgres[0].tcp_url(urlsplit(postgres[1]).path.strip("/").partition("?")[0]))
    config = {
        "hostname": place.hostname,
        "port": place.port,
        "databaseName": place.path.strip("/"),
        "username": place.username or "",
        "password": place.password or "none",
    }
    body = {"entityType": "source", "name": "pg", "type": "POSTGRES", "config": config}
    known("POST", "catalog", body)
    yield known
    live.close()


def test_a_table_has_dremios_types_and_postgresqls_rows(http: Http) -> None:
    identifier = http.submit('SELECT * FROM pg."public".orders WHERE id = 3')
    http.when(identifier, "COMPLETED")
    found = http("GET", f"job/{identifier}/results")

    assert [column["type"]["name"] for column in found["schema"]] == [
        "BIGINT", "VARCHAR", "DECIMAL", "DATE", "TIMESTAMP", "BOOLEAN", "DOUBLE", "INTEGER", "VARCHAR", "VARCHAR",
        "VARCHAR",
    ]  # fmt: skip
    assert found["rows"] == [{
        "id": 3, "place": None, "price": 3.75, "sold": "2024-01-04", "at": "2024-01-01 08:00:00.123", "open": False,
        "weight": 1.5, "kind": 3, "tags": "{a,b}", "free": "3.5", "note": '{"n": 1}',
    }]  # fmt: skip


def test_tables_of_a_database_and_others_are_joined(http: Http) -> None:
    rows = http.rows("""
        SELECT o.place, COUNT(*) AS n, SUM(o.price) AS total FROM pg.public.orders AS o
        JOIN (VALUES ('place 1'), ('place 2')) AS wanted(place) ON wanted.place = o.place
        WHERE o.id <= 20 GROUP BY o.place ORDER BY o.place
    """)

    # Of 1 to 20, without those that 3 divides: 1, 11, 16 and 2, 7, 17.
    assert rows == [{"place": "place 1", "n": 3, "total": 35}, {"place": "place 2", "n": 3, "total": 32.5}]


def test_postgresql_itself_is_asked_for_few_rows_and_columns(http: Http) -> None:
    # The view fails in PostgreSQL for one row, and whenever its last column is wanted of that row.
    few = http.rows("SELECT broken FROM pg.public.guarded WHERE id = 499 AND place = 'place 4'")
    all_rows = http.rows("SELECT COUNT(*) AS n FROM pg.public.guarded WHERE id > 0")
    job = http.run("SELECT SUM(broken) AS s FROM pg.public.guarded")

    assert few == [{"broken": -1}]
    assert all_rows == [{"n": 1000}]
    assert job["jobState"] == "FAILED"
    assert "division by zero" in job["errorMessage"]


def test_a_view_over_a_database_is_a_view_like_others(http: Http) -> None:
    http("POST", "catalog", {"entityType": "space", "name": "over"})
    http.rows("CREATE VIEW over.sold AS SELECT id, price FROM pg.public.orders")
    http.rows('CREATE TABLE "$scratch".copied AS SELECT * FROM over.sold WHERE id < 4')

    assert http.rows('SELECT COUNT(*) AS n, SUM(price) AS s FROM "$scratch".copied') == [{"n": 3, "s": 7.5}]


def test_what_is_not_there_is_said(http: Http) -> None:
    assert "Object 'pg.public.nothing' not found" in http.run("SELECT * FROM pg.public.nothing")["errorMessage"]


def test_the_password_is_shown_to_nobody(http: Http) -> None:
    source = http("GET", "catalog/by-path/pg")
    request = Request(  # noqa: S310 - the server under test
        f"{http.live.url}/flight/v1/plan",
        json.dumps({"sql": "SELECT 1"}).encode(),
        {"authorization": f"Bearer {http.live.credentials['token']}"},
    )
    with urlopen(request, timeout=60) as answer:  # noqa: S310 - the server under test
        told = json.loads(answer.read())

    assert source["config"]["password"] == SHOWN
    assert told["catalog"]["databases"] == [{"name": "pg", "uri": ""}]


def test_its_tables_are_in_the_information_schema(http: Http) -> None:
    schemas = http.rows("SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME LIKE 'pg%'")
    tables = http.rows("SELECT * FROM INFORMATION_SCHEMA.\"TABLES\" WHERE TABLE_SCHEMA = 'pg.public'")
    columns = http.rows("""
        SELECT COLUMN_NAME, ORDINAL_POSITION, DATA_TYPE, NUMERIC_PRECISION FROM INFORMATION_SCHEMA.COLUMNS
        WHERE TABLE_SCHEMA = 'pg.public' AND TABLE_NAME = 'orders' AND ORDINAL_POSITION < 5 ORDER BY 2
    """)

    assert [row["SCHEMA_NAME"] for row in schemas] == ["pg", "pg.public"]
    assert [(row["TABLE_CATALOG"], row["TABLE_NAME"], row["TABLE_TYPE"]) for row in tables] == [
        ("DREMIO", "guarded", "TABLE"), ("DREMIO", "orders", "TABLE"),
    ]  # fmt: skip
    assert [tuple(row.values()) for row in columns] == [
        ("id", 1, "BIGINT", 64), ("place", 2, "CHARACTER VARYING", None), ("price", 3, "DECIMAL", 10),
        ("sold", 4, "DATE", None),
    ]  # fmt: skip


def test_its_tables_are_shown_and_described(http: Http) -> None:
    shown = http.rows("SHOW TABLES IN pg.public")
    described = http.rows("DESCRIBE pg.public.orders price")

    assert [row["TABLE_NAME"] for row in shown] == ["guarded", "orders"]
    assert (described[0]["NUMERIC_PRECISION"], described[0]["NUMERIC_SCALE"]) == (10, 2)


def test_its_schemas_and_tables_are_in_the_catalog(http: Http) -> None:
    source = http("GET", "catalog/by-path/pg")
    schema = http("GET", f"catalog/{quote(source['children'][0]['id'], safe='')}")
    table = http("GET", "catalog/by-path/pg/PUBLIC/Orders")
    status, told = http.send("GET", "catalog/by-path/pg/public/nothing")

    assert source["children"] == [
        {"id": "dremio:/pg/public", "path": ["pg", "public"], "type": "CONTAINER", "containerType": "FOLDER"}
    ]
    assert source["state"] == {"status": "good", "messages": []}
    assert http("GET", f"catalog/{source['id']}") == source
    assert [line["id"] for line in schema["children"]] == ["dremio:/pg/public/guarded", "dremio:/pg/public/orders"]
    assert {line["datasetType"] for line in schema["children"]} == {"DIRECT"}
    assert (schema["entityType"], table["entityType"], table["type"]) == ("folder", "dataset", "PHYSICAL_DATASET")
    assert table["path"] == ["pg", "public", "orders"]
    assert table["fields"][2] == {"name": "price", "type": {"name": "DECIMAL", "precision": 10, "scale": 2}}
    assert (status, told["errorMessage"]) == (404, "Could not find entity with path [[pg, public, nothing]]")


def test_a_database_that_cannot_be_reached_leaves_the_others_as_they_are(http: Http) -> None:
    config = {"hostname": "127.0.0.1", "port": free_port(), "username": "nobody", "password": "hidden word"}
    made = http("POST", "catalog", {"entityType": "source", "name": "lost", "type": "POSTGRES", "config": config})
    found = http.rows("SELECT DISTINCT TABLE_SCHEMA FROM INFORMATION_SCHEMA.\"TABLES\" WHERE TABLE_SCHEMA LIKE '%pub%'")
    lost = http("GET", "catalog/by-path/lost")
    status, told = http.send("GET", "catalog/by-path/lost/public")
    http("DELETE", f"catalog/{made['id']}")

    assert found == [{"TABLE_SCHEMA": "pg.public"}]
    assert "The source lost could not be read" in _logs(http)
    assert lost["children"] == []
    assert lost["state"]["status"] == "bad"
    assert "refused" in lost["state"]["messages"][0]["message"]
    assert status == 404
    assert "The source lost could not be read" in told["errorMessage"]
    assert "hidden word" not in json.dumps([lost, told])


def test_a_database_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_tables, "PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        found = database_tables.listed([Database(name="mute", uri=uri)])

    assert found["mute"].note == "The source mute has not told its tables within 0.2 seconds"


def _logs(http: Http) -> str:
    """Return what the processes of jobs have written of themselves."""
    return "".join(file.read_text() for file in http.live.home.rglob("stderr"))


def test_flight_reads_a_database_by_a_job(http: Http) -> None:
    place = json.loads((http.live.home / "server.json").read_text())["flight"]
    token = http.live.credentials["token"]
    options = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])
    client = flight.connect(place)
    info = client.get_flight_info(
        flight.FlightDescriptor.for_command("SELECT id, price FROM pg.public.orders WHERE id = 2"), options
    )
    table = client.do_get(info.endpoints[0].ticket, options).read_all()

    assert table.schema == info.schema
    assert [str(row["price"]) for row in table.to_pylist()] == ["2.50"]


def test_clients_of_flight_see_its_tables_and_their_columns(http: Http) -> None:
    flight_sql = pytest.importorskip("adbc_driver_flightsql.dbapi")
    place = json.loads((http.live.home / "server.json").read_text())["flight"]
    options = {"adbc.flight.sql.authorization_header": f"Bearer {http.live.credentials['token']}"}
    with flight_sql.connect(place, db_kwargs=options, autocommit=True) as connection:
        found = connection.adbc_get_objects(depth="columns", db_schema_filter="pg.public").read_all().to_pylist()
    tables = found[0]["catalog_db_schemas"][0]["db_schema_tables"]

    assert [table["table_name"] for table in tables] == ["guarded", "orders"]
    assert [column["column_name"] for column in tables[0]["table_columns"]] == ["id", "place", "broken"]
