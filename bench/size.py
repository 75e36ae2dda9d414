"""How much is measured: in earnest, or only to see that the bench still works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Size:
    """How often, how long and on how much."""

    starts: int  # of (a), for each script
    warm_up: int  # calls before anything counts
    finished_runs: int  # of (b), in each round
    rounds: int  # of (b), (c) and (g)
    accept_s: float  # of (c), each round
    ledger_runs: int  # the large ledger of (c), (d) and (e)
    listed_runs: int  # of one job, for (d)
    walks: int  # of (d), over all pages
    pages: int  # of (d), of the first and of the last
    memory_runs: int  # of (e)
    graph_tasks: int  # of (f), in each run
    read_tasks: int  # of (f), of the run that is read
    flow_steps: tuple[int, ...]  # of (g), of each flow
    wire_queries: int  # of (i), in each round
    wire_rows: int  # of (i), of the large result
    bookmark_files: int  # of (j)
    spark_jobs: int  # of (k)
    tpch_rounds: int  # of (n)
    flight_rows: int  # of (o)
    spark_submits: int  # of (k), which take seconds each
    page_views: int  # of (m), of each page
    log_bytes: int  # of (m), of the log that grows
    tpch_scale: float  # of (n) and (r)
    reflected_queries: int  # of (r)


FULL = Size(
    starts=60,
    warm_up=8,
    finished_runs=400,
    rounds=7,
    accept_s=2.0,
    ledger_runs=1_000_000,
    listed_runs=50_000,
    walks=3,
    pages=100,
    memory_runs=100,
    graph_tasks=100,
    read_tasks=1_000,
    flow_steps=(1, 20, 200, 1_000),
    wire_queries=5_000,
    wire_rows=300_000,
    bookmark_files=100_000,
    spark_jobs=30,
    spark_submits=5,
    page_views=15,
    log_bytes=100_000_000,
    tpch_scale=1,
    reflected_queries=15,
    tpch_rounds=5,
    flight_rows=10_000_000,
)
QUICK = Size(
    starts=3,
    warm_up=1,
    finished_runs=24,
    rounds=1,
    accept_s=0.3,
    ledger_runs=4_000,
    listed_runs=1_000,
    walks=1,
    pages=3,
    memory_runs=5,
    graph_tasks=10,
    read_tasks=120,
    flow_steps=(1, 20),
    wire_queries=200,
    wire_rows=4_000,
    bookmark_files=2_000,
    spark_jobs=3,
    spark_submits=1,
    page_views=2,
    log_bytes=2_000_000,
    tpch_scale=0.05,
    reflected_queries=2,
    tpch_rounds=1,
    flight_rows=200_000,
)
