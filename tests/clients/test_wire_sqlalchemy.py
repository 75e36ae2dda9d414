"""SQLAlchemy, which reflects tables from the catalogs, and pandas on it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
import sqlalchemy as sa
from awaiting import awaited
from sqlalchemy.ext.asyncio import create_async_engine
from wire_live import RUNS, Wire

LEDGER = "runyard.ledger"
JOBS = "databricks_workspace.jobs"


@pytest.fixture
def engine(wire: Wire) -> Iterator[sa.Engine]:
    made = sa.create_engine(wire.url(scheme="postgresql+psycopg"))
    yield made
    made.dispose()


def test_schemas_tables_and_views_are_found(engine: sa.Engine) -> None:
    seen = sa.inspect(engine)

    assert {LEDGER, JOBS, "aws.glue", "public"} <= set(seen.get_schema_names())
    assert {"job_runs", "jobs"} <= set(seen.get_table_names(JOBS))
    assert "task_runs" in seen.get_view_names(LEDGER)
    assert seen.has_table("runs", schema=LEDGER)
    assert not seen.has_table("nothing", schema=LEDGER)


def test_columns_have_their_types(engine: sa.Engine) -> None:
    columns = {one["name"]: one["type"] for one in sa.inspect(engine).get_columns("runs", schema=LEDGER)}

    assert isinstance(columns["id"], sa.BIGINT)
    assert isinstance(columns["job_name"], sa.TEXT)
    assert isinstance(columns["created_at"], sa.TIMESTAMP)
    assert isinstance(columns["settings"], sa.JSON)


def test_there_are_no_keys_and_no_indexes(engine: sa.Engine) -> None:
    seen = sa.inspect(engine)

    assert seen.get_pk_constraint("runs", schema=LEDGER)["constrained_columns"] == []
    assert seen.get_foreign_keys("runs", schema=LEDGER) == []
    assert seen.get_indexes("runs", schema=LEDGER) == []
    assert seen.get_unique_constraints("runs", schema=LEDGER) == []
    assert seen.get_check_constraints("runs", schema=LEDGER) == []
    assert seen.get_sequence_names() == []


def test_a_table_says_what_it_is(engine: sa.Engine) -> None:
    assert sa.inspect(engine).get_table_comment("runs", schema=LEDGER)["text"]


def test_a_reflected_table_is_queried_by_its_reflected_name(engine: sa.Engine) -> None:
    known = sa.MetaData()
    known.reflect(engine, schema=LEDGER, only=["runs"])
    runs = known.tables[f"{LEDGER}.runs"]
    query = (
        sa.select(runs.c.job_name, sa.func.count())
        .where(runs.c.id > 5, runs.c.job_name.in_(["etl", "broken"]))
        .group_by(runs.c.job_name)
        .order_by("job_name")
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()

    assert rows == [("broken", 1), ("etl", RUNS)]


def test_every_schema_is_reflected_whole(engine: sa.Engine) -> None:
    for schema in (JOBS, "aws.glue", "system.lakeflow", "public"):
        known = sa.MetaData()
        known.reflect(engine, schema=schema, views=True)

        assert known.tables, schema


def test_a_view_is_read_by_the_schema_that_it_is_shown_in(engine: sa.Engine) -> None:
    known = sa.MetaData()
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE VIEW public.mine AS SELECT 1 AS one"))
        known.reflect(connection, schema="public", views=True)
        rows = {name: connection.execute(sa.select(table).limit(1)).all() for name, table in known.tables.items()}
        connection.execute(sa.text("DROP VIEW public.mine"))

    assert rows["public.mine"] == [(1,)]
    assert rows["public.databricks_job"] == []
    assert len(rows["public.aws_glue_job_run"]) == 1


def test_a_streamed_result_comes_in_parts(engine: sa.Engine) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i FROM n"
    with engine.connect().execution_options(stream_results=True, max_row_buffer=100) as connection:
        rows = connection.execute(sa.text(numbers)).scalars().all()

    assert rows == list(range(1, 3001))


def test_the_asynchronous_engine_works_too(wire: Wire) -> None:

    async def read() -> int:
        engine = create_async_engine(wire.url(scheme="postgresql+asyncpg"))
        async with engine.connect() as connection:
            count = await connection.scalar(
                sa.text("SELECT count(*) FROM runs WHERE job_name = :name"), {"name": "etl"}
            )
            names = await connection.run_sync(lambda inner: sa.inspect(inner).get_table_names(JOBS))
        await engine.dispose()
        assert "job_runs" in names
        return int(count)

    assert awaited(read()) == RUNS


def test_pandas_reads_a_query_with_types(engine: sa.Engine) -> None:
    query = sa.text("SELECT id, job_name, created_at FROM runs WHERE job_name = :name ORDER BY id")
    frame = pd.read_sql(query, engine, params={"name": "etl"})

    assert list(frame["job_name"]) == ["etl"] * RUNS
    assert frame["id"].dtype == "int64"
    assert str(frame["created_at"].dtype).startswith("datetime64")


def test_pandas_reads_a_whole_table(engine: sa.Engine) -> None:
    frame = pd.read_sql_table("runs", engine, schema=LEDGER, columns=["id", "job_name", "phase"])

    assert set(frame["phase"]) >= {"succeeded", "failed"}
