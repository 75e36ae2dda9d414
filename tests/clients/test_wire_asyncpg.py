"""asyncpg, which prepares every statement and sends and takes everything in binary."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
from awaiting import awaited
from wire_live import RUNS, Wire


def asked(wire: Wire, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """What a conversation gives."""

    async def run() -> Any:
        connection = await asyncpg.connect(wire.url())
        try:
            return await work(connection)
        finally:
            await connection.close()

    return awaited(run())


def test_runs_are_read_in_binary_with_their_types(wire: Wire) -> None:
    text = "SELECT id, job_name, created_at, settings FROM runs WHERE job_name = $1 AND id > $2"
    rows = asked(wire, lambda connection: connection.fetch(text, "etl", 0))

    assert len(rows) == RUNS
    assert isinstance(rows[0]["id"], int)
    assert rows[0]["created_at"] > datetime(2026, 1, 1, tzinfo=UTC)
    assert isinstance(json.loads(rows[0]["settings"]), dict)


def test_a_moment_is_a_parameter(wire: Wire) -> None:
    text = "SELECT count(*) FROM runs WHERE job_name = 'etl' AND created_at > $1"

    assert asked(wire, lambda connection: connection.fetchval(text, datetime(2026, 1, 1, tzinfo=UTC))) == RUNS


def test_types_are_looked_up_in_the_catalogs(wire: Wire) -> None:
    async def read(connection: Any) -> Any:
        await connection.set_type_codec("json", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        return await connection.fetchval("SELECT settings FROM runs WHERE job_name = 'etl' LIMIT 1")

    assert isinstance(asked(wire, read), dict)


def test_arrays_of_the_catalogs_are_lists(wire: Wire) -> None:
    text = "SELECT current_schemas(true) AS schemas, array(SELECT nspname FROM pg_namespace WHERE oid < 100) AS names"
    row = asked(wire, lambda connection: connection.fetchrow(text))

    assert row["schemas"] == ["pg_catalog", "public", "runyard.ledger"]
    assert row["names"] == ["pg_catalog"]


def test_numbers_are_given_as_an_array(wire: Wire) -> None:
    text = "SELECT relname FROM pg_class WHERE oid = ANY($1::oid[]) ORDER BY oid"

    assert asked(wire, lambda connection: connection.fetch(text, [1259, 1247])) == [("pg_type",), ("pg_class",)]


@pytest.mark.parametrize("marks", [("$1", "$2"), ("$1::text[]", "$2::timestamptz[]")])
def test_lists_of_words_and_moments_are_given_as_arrays(wire: Wire, marks: tuple[str, str]) -> None:
    words, moments = marks
    text = f"SELECT count(*) FROM runs WHERE job_name = ANY({words}) AND created_at <> ALL({moments})"
    found = asked(
        wire, lambda connection: connection.fetchval(text, ["etl", "no such"], [datetime(2026, 1, 1, tzinfo=UTC)])
    )

    assert found == RUNS


def test_a_cursor_in_a_transaction_gives_its_rows_in_parts(wire: Wire) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n"

    async def read(connection: Any) -> list[int]:
        async with connection.transaction():
            return [row["i"] async for row in connection.cursor(numbers, prefetch=70)]

    assert asked(wire, read) == list(range(1, 1001))


def test_an_error_leaves_the_connection_usable(wire: Wire) -> None:
    async def read(connection: Any) -> Any:
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("SELECT * FROM nowhere")
        return await connection.fetchval("SELECT 'still there'")

    assert asked(wire, read) == "still there"


def test_a_pool_gives_its_connections_back_clean(wire: Wire) -> None:
    async def run() -> list[Any]:
        async with asyncpg.create_pool(wire.url(), min_size=2, max_size=2) as pool:
            return await asyncio.gather(*(pool.fetchval("SELECT $1::int * 2", number) for number in range(10)))

    assert awaited(run()) == [number * 2 for number in range(10)]


def test_a_call_that_is_given_up_is_cancelled(wire: Wire) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    async def read(connection: Any) -> Any:
        with pytest.raises(TimeoutError):
            await connection.fetch(endless, timeout=0.3)
        return await connection.fetchval("SELECT 'free again'")

    assert asked(wire, read) == "free again"
