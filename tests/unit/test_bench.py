from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "bench.py"


def run_bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BENCH), *arguments], capture_output=True, text=True, check=False)


def test_the_bench_measures_accepted_runs_on_a_small_and_an_empty_ledger() -> None:
    done = run_bench("--quick", "--only", "c", "--json")

    assert done.returncode == 0, done.stderr
    machine, row = (json.loads(line) for line in done.stdout.splitlines())
    assert machine["machine"]["fsync_ms"] > 0
    assert row["figure"] == "c"
    assert row["ours_median"] > 0
    assert row["peer_median"] > 0
    assert row["goal"] == "≥ 0.8x"


def test_the_bench_refuses_a_figure_it_does_not_have() -> None:
    done = run_bench("--only", "z")

    assert done.returncode == 2
    assert "there is no figure z; there are a, b, c, d, e, f, g, h, i, j, k, m" in done.stderr
