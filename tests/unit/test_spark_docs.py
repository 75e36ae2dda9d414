"""The example of docs/spark.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq
from executing import running_workshop

PAGE = Path(__file__).parents[2] / "docs" / "spark.md"


def test_the_example_reads_resolves_and_writes(tmp_path: Path) -> None:
    example = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    with running_workshop(tmp_path) as shop:
        raw = shop.home / "s3" / "raw" / "sales" / "a.json"
        raw.parent.mkdir(parents=True)
        raw.write_text('{"id": 1, "amount": 2}\n{"id": 2, "amount": "3.5"}\n')
        end = shop.run(1, "spark", source=example, name="sales.py", arguments=["--JOB_NAME", "sales"])

        assert end.exit_code == 0, shop.yard.read(1, "stderr")
        rows = pq.read_table(shop.home / "s3" / "lake" / "sales").to_pylist()
        assert sorted(rows, key=lambda row: row["id"]) == [{"id": 1, "amount": 2.0}, {"id": 2, "amount": 3.5}]
