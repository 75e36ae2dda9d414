"""TPC-H at a tiny size: each query through the engine, compared with plain DuckDB on the same text and files."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dremio_engine import Yard

TEXT = (Path(__file__).parent / "tpch_queries.sql").read_text(encoding="utf-8")
QUERIES = {
    int(name): sql.strip()
    for name, sql in zip(*[iter(re.split(r"^-- (\d+) --$", TEXT, flags=re.MULTILINE)[1:])] * 2, strict=True)
}
PROGRAM = Path(sys.executable).parent / "tpchgen-cli"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not PROGRAM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("tpchgen-cli is not installed; CI must have it")
        pytest.skip("tpchgen-cli is not installed")
    folder = tmp_path_factory.mktemp("tpch")
    subprocess.run([PROGRAM, "parquet", "-s", "0.01", "--output-dir", folder], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("number", QUERIES)
def test_a_query_of_tpch_brings_what_plain_duckdb_brings(data: Path, tmp_path: Path, number: int) -> None:
    yard = Yard(tmp_path)
    yard.told["sources"] = [{"name": "tpch", "root": str(data)}]
    tables = {file.stem: f"'{file}'" for file in data.glob("*.parquet")}
    yard.told["views"] = [
        {"path": ["lake", name], "sql": f'SELECT * FROM tpch."{name}.parquet"', "context": []} for name in tables
    ]
    plain = duckdb.connect()
    for name, file in tables.items():
        plain.execute(f"CREATE VIEW {name} AS SELECT * FROM {file}")

    ours = yard.rows(QUERIES[number], context=("lake",))
    theirs = plain.execute(QUERIES[number]).fetchall()

    assert len(ours) == len(theirs) > 0
    assert ours[0] != [None]
    for mine, other in zip(ours, theirs, strict=True):
        assert [_comparable(each) for each in mine] == [_comparable(each) for each in other]


def _comparable(value: Any) -> Any:
    """Return a value so that the last digits of a division of doubles are no matter."""
    if isinstance(value, int | float | Decimal):
        return f"{float(value):.5e}"
    return value.isoformat() if isinstance(value, dt.date) else value


def test_all_22_queries_are_compared() -> None:
    assert list(QUERIES) == list(range(1, 23))
