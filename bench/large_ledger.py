"""A ledger with as many runs as wanted, made in one go by SQL from one run that a real server has really run.

Each run is that one moved into the past: its row, its attempt's and its events', with their ids and moments
shifted alike, dealt out to the jobs in turn. What makes a ledger (the migrations and this file) names the
file it is kept in, so that the next bench finds it, and one made by older code is not taken for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from bench.servers import CACHE, make_job, running_server, wait_until_ended
from runyard.core.ids import SEQUENCE_BITS
from runyard.store.database import load_migrations
from runyard.store.sqlite import FRAGMENTS

JOBS = 20  # that share the runs, unless a figure wants one job
STEP_MS = 8_000  # from one run to the next: longer than the one that is copied took
ID_STEP = STEP_MS << SEQUENCE_BITS
STEPS_BACK = "(series.number - :runs - 1)"
IDS = ("id", "run_id", "attempt_id")
MOMENTS = ("at", "created_at", "updated_at", "admitted_at", "attempt_at", "running_at", "ended_at")
VALUES: Mapping[str, str] = {
    **{name: f"one.{name} + {STEPS_BACK} * {ID_STEP}" for name in IDS},
    **{name: f"one.{name} + {STEPS_BACK} * {STEP_MS}" for name in MOMENTS},
    "job_id": "seat.id",
    "job_name": "seat.name",
    "tasks": "replace(one.tasks, '/listed-0.py', '/' || seat.name || '.py')",
}
"""What the columns of a copied row hold; others stay as they are."""
TABLES = ("run", "attempt", "event")
INDEXES = f"SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN {TABLES}"
PREPARE = """
PRAGMA journal_mode = DELETE;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA ignore_check_constraints = ON; -- the run that is copied has passed them, and copies shift its moments alike
PRAGMA cache_size = -262144;
CREATE TEMP TABLE one_run AS SELECT * FROM run;
CREATE TEMP TABLE one_attempt AS SELECT * FROM attempt;
CREATE TEMP TABLE one_event AS SELECT * FROM event ORDER BY id;
CREATE TEMP TABLE seat AS SELECT row_number() OVER (ORDER BY id) - 1 AS number, id, name FROM job;
DELETE FROM event;
DELETE FROM attempt;
DELETE FROM run;
"""
COPY = """
WITH RECURSIVE series (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM series WHERE number < :runs)
INSERT INTO {table} ({columns})
SELECT {values} FROM series CROSS JOIN seat ON seat.number = series.number % :jobs CROSS JOIN one_{table} AS one
"""
FINISH = "PRAGMA journal_mode = WAL;"


def large_ledger(runs: int, *, jobs: int = JOBS) -> Path:
    """Return a ledger of `runs` ended runs of jobs `listed-0`, `listed-1` …, made by whoever asks for it first."""
    made = CACHE / f"ledger-{runs}-{jobs}-{_fingerprint()}.db"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"ledger-{runs}-{jobs}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _make(made, runs=runs, jobs=jobs)
    return made


def _make(made: Path, *, runs: int, jobs: int) -> None:
    for stale in CACHE.glob(f"ledger-{runs}-{jobs}-*.db"):
        stale.unlink()
    with running_server() as live:
        names = [make_job(live, f"listed-{number}", "pass\n") for number in range(jobs)]
        glue = live.client("glue")
        wait_until_ended(glue, names[0], glue.start_job_run(JobName=names[0])["JobRunId"])
        live.stop()
        draft = live.home / "ledger.db"
        multiply(draft, runs=runs, jobs=jobs)
        draft.rename(made)


def multiply(ledger: Path, *, runs: int, jobs: int) -> None:
    """Put `runs` copies of a ledger's one run in its place; an index is made faster of all than one by one."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as database:
        database.executescript(PREPARE)
        _refuse_too_long(database)
        database.execute("BEGIN")
        indexes = database.execute(INDEXES).fetchall()
        for name, _ in indexes:
            database.execute(f"DROP INDEX {name}")
        for table in TABLES:
            database.execute(_copy(database, table), {"runs": runs, "jobs": jobs})
        for _, made in indexes:
            database.execute(made)
        database.execute("COMMIT")
        database.executescript(FINISH)
    with ledger.open("rb+") as file:
        os.fsync(file.fileno())


def _copy(database: sqlite3.Connection, table: str) -> str:
    columns = [name for (name,) in database.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    values = ", ".join(VALUES.get(name, f"one.{name}") for name in columns)
    return COPY.format(table=table, columns=", ".join(columns), values=values)


def _refuse_too_long(database: sqlite3.Connection) -> None:
    """Refuse a run whose ids reach into those of its copies."""
    (count, spread) = database.execute(
        "SELECT count(DISTINCT run.id), max(event.id) - min(run.id) FROM temp.one_run AS run, temp.one_event AS event"
    ).fetchone()
    assert count == 1, f"the ledger holds {count} runs, not one"
    assert spread < ID_STEP, f"the run took longer than {STEP_MS} ms"


def _fingerprint() -> str:
    made_of = repr(load_migrations(FRAGMENTS)).encode() + Path(__file__).read_bytes()
    return hashlib.sha256(made_of).hexdigest()[:12]
