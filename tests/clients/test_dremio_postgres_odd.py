"""What PostgreSQL knows and Dremio does not: names in two cases, types without equality, moments without end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from dremio_engine import Yard
from ports import free_port
from postgres_server import running_server

pytest.importorskip("adbc_driver_postgresql")

MAKE = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE odd (id int, m mood, u uuid, j json, b jsonb, n numeric, p point, i inet, a int[]);
INSERT INTO odd VALUES (1, 'ok', 'f47ac10b-58cc-4372-a567-0e02b2c3d479', '{"a":1}', '{"a":1}', 3.5, '(1,2)', '::1',
  '{1}');
CREATE TABLE twins ("A" int, a int);
CREATE TABLE "Mixed" (x int);
CREATE TABLE mixed (x int);
INSERT INTO "Mixed" VALUES (1);
INSERT INTO mixed VALUES (2);
CREATE TABLE ends AS SELECT 'infinity'::date AS d, 'infinity'::timestamp AS ts, '24:00'::time AS t;
CREATE TABLE bounds AS SELECT '9999-12-31'::date AS d, '0001-01-01'::timestamp AS ts, '23:59:59.999'::time AS t;
CREATE TABLE nan (n numeric(5, 2));
INSERT INTO nan VALUES ('NaN');
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_server(port=free_port()) as server:
        own = server.new_database()
        with psycopg.connect(own, autocommit=True) as connection:
            connection.execute(MAKE)
        yield server.tcp_url(urlsplit(own).path.strip("/"))


@pytest.fixture
def yard(tmp_path: Path, url: str) -> Yard:
    yard = Yard(tmp_path)
    yard.told["databases"] = [{"name": "pg", "uri": url}]
    return yard


@pytest.mark.parametrize("name", ["m", "u", "j", "b", "n", "p", "i", "a"])
def test_any_text_may_be_compared_with_what_is_read_as_text(yard: Yard, name: str) -> None:
    value = yard.rows(f"SELECT {name} FROM pg.public.odd")[0][0]

    assert yard.rows(f"SELECT id FROM pg.public.odd WHERE {name} = '{value}'") == [[1]]
    assert yard.rows(f"SELECT id FROM pg.public.odd WHERE {name} = 'nothing'") == []


def test_of_tables_whose_names_differ_in_case_that_one_is_read_which_is_written(yard: Yard) -> None:
    assert yard.rows("SELECT x FROM pg.public.mixed") == [[2]]
    assert yard.rows('SELECT x FROM pg.public."Mixed"') == [[1]]
    assert "may be any of public.Mixed, public.mixed" in yard.error("SELECT x FROM pg.public.MIXED").message
    assert yard.rows("SELECT id FROM pg.PUBLIC.ODD") == [[1]]


def test_columns_whose_names_differ_in_case_alone_are_refused(yard: Yard) -> None:
    error = yard.error("SELECT * FROM pg.public.twins")

    assert error.kind == "UNSUPPORTED_OPERATION"
    assert "differ in case alone: a" in error.message


@pytest.mark.parametrize("name", ["d", "ts", "t"])
def test_a_moment_that_dremio_does_not_know_is_an_error_of_the_data(yard: Yard, name: str) -> None:
    error = yard.error(f"SELECT {name} FROM pg.public.ends")

    assert (error.kind, error.message) == (
        "DATA_READ",
        f"The column '{name}' holds a moment beyond the years 1 to 9999",
    )
    assert len(yard.rows(f"SELECT {name} FROM pg.public.bounds")) == 1


def test_a_number_that_is_none_is_an_error_without_our_own_files(yard: Yard) -> None:
    error = yard.error("SELECT n FROM pg.public.nan")

    assert (error.kind, error.message) == ("DATA_READ", "The string 'NaN' is not a valid decimal128 number")
