"""Queries in Spark's words: what may go to an engine elsewhere, and what is refused with its name."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from runyard.runtime.dremio_sql.catalog import LiveCatalog, Snapshot
from runyard.runtime.dremio_sql.database import new_connection
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.remote_words import spark_words
from runyard.runtime.dremio_sql.translation.translate import Session, translate

ROW = (
    "SELECT 1::INTEGER AS id, 'a' AS name, 1.5::DOUBLE AS weight, 2.50::DECIMAL(10, 2) AS price, "
    "TIMESTAMP '2024-01-01 00:00:00' AS at, TIME '10:00:00' AS clock"
)


@pytest.fixture
def database(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    connection = new_connection()
    connection.execute(f"COPY ({ROW}) TO '{tmp_path}/events.parquet' (FORMAT parquet)")
    return connection


@pytest.fixture
def catalog(database: duckdb.DuckDBPyConnection, tmp_path: Path) -> LiveCatalog:
    told = {"spaces": [], "folders": [], "views": [], "tables": [], "sources": [{"name": "f", "root": str(tmp_path)}]}
    session = Session(user="ada", now_ms=1_764_412_200_123, context=("f",))
    return LiveCatalog(snapshot=Snapshot.of(told), connection=database, session=session)


def words(sql: str, catalog: LiveCatalog) -> str | None:
    query = translate(sql, catalog, catalog.session)
    remote = spark_words(query.sql, "sail", catalog.connection)
    return remote.sql if remote is not None else None


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ('SELECT count(*) FROM "events.parquet"', "(SELECT `id` AS `id` FROM file_0) AS r0(`id`)"),
        ('SELECT name FROM "events.parquet" WHERE weight > 1', "`name` AS `name`, `weight` AS `weight` FROM file_0"),
        ('SELECT max(a.price) FROM "events.parquet" a, "events.parquet" b', "`price` AS `price` FROM file_0"),
    ],
)
def test_columns_that_a_query_does_not_read_are_no_matter(sql: str, read: str, catalog: LiveCatalog) -> None:
    told = words(sql, catalog)

    assert told is not None
    assert read in told
    assert "at" not in told.replace("`", " ").split()
    assert "clock" not in told


@pytest.mark.parametrize(
    ("sql", "part"),
    [
        ('SELECT at FROM "events.parquet"', "TimestampTrunc"),
        ('SELECT count(*) FROM "events.parquet" WHERE at IS NULL', "TimestampTrunc"),
        ('SELECT max(weight) FROM "events.parquet"', "may be NaN"),
        ('WITH q(x) AS (SELECT sum(weight) FROM "events.parquet") SELECT min(x) FROM q', "may be NaN"),
        ('SELECT max(CAST(id AS DOUBLE)) FROM "events.parquet"', "may be NaN"),
        ('SELECT count(DISTINCT weight) FROM "events.parquet"', "may be -0"),
        ('WITH q(price) AS (SELECT id FROM "events.parquet") SELECT price + price FROM q', "The arithmetic of"),
    ],
)
def test_what_may_mean_something_else_there_is_refused(sql: str, part: str, catalog: LiveCatalog) -> None:
    with pytest.raises(DremioError) as error:
        words(sql, catalog)

    assert error.value.kind == "UNSUPPORTED_OPERATION"
    assert part in error.value.message


def test_a_timestamp_that_is_written_is_sent_as_it_is(catalog: LiveCatalog) -> None:
    told = words("SELECT name FROM \"events.parquet\" WHERE TIMESTAMP '2024-01-01 00:00:00.123' IS NOT NULL", catalog)

    assert told is not None
    assert "CAST('2024-01-01 00:00:00.123' AS TIMESTAMP) IS NULL" in told
    assert "CAST(NULL AS DATE)" in str(words('SELECT CAST(NULL AS DATE) AS d FROM "events.parquet"', catalog))


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT lower(table_name) AS n FROM information_schema."tables" ORDER BY 1',
        "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y) WHERE x + 1 > 2",
        "WITH q AS (SELECT 7 / 2 AS x) SELECT a.x FROM q AS a JOIN q AS b ON a.x = b.x",
        "SELECT 1 AS n",
    ],
)
def test_what_reads_no_file_needs_no_engine(sql: str, catalog: LiveCatalog) -> None:
    assert words(sql, catalog) is None


def test_the_catalogs_tables_beside_a_file_are_refused(catalog: LiveCatalog) -> None:
    with pytest.raises(DremioError, match="no translation that is sure to mean the same on the engine sail"):
        words('SELECT name FROM "events.parquet" JOIN information_schema."tables" ON name = table_name', catalog)
