"""(h) SQL over 1,000,000 runs in a ledger: the engine alone, without wire and process, as a session runs it.

The ledger is that of (c) to (e) with one run in ten failed. Every statement is prepared once and run again and
again; what it takes to read all of its rows counts.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.figures import Goal, Row
from bench.large_ledger import large_ledger
from bench.servers import working_folder
from bench.size import Size
from runyard.client.connections import Here
from runyard.dialects import aws_ids
from runyard.sql.talking.conversation import Conversation
from runyard.sql.yard import Person, open_yard

FIGURE = "h"
MS = 1000
ONE_IN = 10
FAIL = (
    "UPDATE run SET outcome = 'failed', message = 'exit code 1' WHERE (id / {step}) % {one_in} = 0",
    "UPDATE attempt SET outcome = 'failed', exit_code = 1 WHERE (run_id / {step}) % {one_in} = 0",
)
MIDDLE = "SELECT id FROM run ORDER BY id LIMIT 1 OFFSET (SELECT count(*) / 2 FROM run)"
LEDGER, DATABRICKS, GLUE = "runyard.ledger.runs", "databricks_workspace.jobs.job_runs", "aws.glue.job_runs"
STATE = "json_extract(state, '$.life_cycle_state')"
RESULT = "json_extract(state, '$.result_state')"
STATEMENTS: tuple[tuple[str, str, float | None], ...] = (
    ("a run by its id", f"SELECT * FROM {LEDGER} WHERE id = {{id}}", 1),
    ("the newest 100", f"SELECT id, job_name, phase, created_at FROM {LEDGER} ORDER BY created_at DESC LIMIT 100", 1),
    ("count by phase", f"SELECT phase, count(*) FROM {LEDGER} GROUP BY phase", 60),
    ("failed runs per job", f"SELECT job_id, count(*) FROM {LEDGER} WHERE phase = 'failed' GROUP BY job_id", 50),
    (
        "failed runs per job, by name",
        f"""SELECT j.name, count(*) FROM {LEDGER} r JOIN runyard.ledger.jobs j ON j.id = r.job_id
        WHERE r.phase = 'failed' GROUP BY j.name""",
        50,
    ),
    ("a job run of Databricks", f"SELECT run_id, {STATE}, {RESULT} FROM {DATABRICKS} WHERE run_id = {{id}}", 1),
    (
        "the newest 100 of Databricks",
        f"SELECT run_id, run_name, {RESULT}, start_time FROM {DATABRICKS} ORDER BY start_time DESC LIMIT 100",
        1,
    ),
    ("count by life cycle", f"SELECT {STATE}, count(*) FROM {DATABRICKS} GROUP BY 1", None),
    ("count by result", f"SELECT {RESULT}, count(*) FROM {DATABRICKS} GROUP BY 1", None),
    (
        "failed per job of Databricks",
        f"SELECT job_id, count(*) FROM {DATABRICKS} WHERE {RESULT} = 'FAILED' GROUP BY 1",
        50,
    ),
    (
        "the newest 100 of one job",
        f"SELECT run_id, {STATE} FROM {DATABRICKS} WHERE job_id = {{job}} ORDER BY run_id DESC LIMIT 100",
        1,
    ),
    ("a job run of Glue", f"SELECT Id, JobRunState FROM {GLUE} WHERE Id = '{{spelled}}'", 1),
    ("count by JobRunState", f"SELECT JobRunState, count(*) FROM {GLUE} GROUP BY 1", None),
    ("failed per job of Glue", f"SELECT JobName, count(*) FROM {GLUE} WHERE JobRunState = 'FAILED' GROUP BY 1", None),
)
"""What is asked, and in how many ms at most it must be answered."""


def measure(size: Size) -> Iterator[Row]:
    """Yield the rows of this figure."""
    home = working_folder() / "home"
    home.mkdir()
    shutil.copyfile(large_ledger(size.ledger_runs), home / "ledger.db")
    names = _some_fail(home / "ledger.db")
    yard = open_yard(home=home)
    session = yard.session(Person(name="bench", here=Here(url="http://127.0.0.1:0")))
    for what, text, limit in STATEMENTS:
        goal = None if limit is None else Goal(word="at most", limit=limit, of_ratio=False)
        samples = _timed(session, text.format(**names), rounds=size.starts)
        yield Row(figure=FIGURE, what=what, unit="ms", against="", ours=samples, goal=goal)
    yard.close()


def _timed(session: Conversation, text: str, *, rounds: int) -> list[float]:
    prepared = session.prepare(text)
    samples = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        rows = sum(1 for _ in prepared.run().rows)
        samples.append((time.perf_counter() - begun) * MS)
        assert rows, text
    return samples[1:]  # the first one read what the others find in memory


def _some_fail(ledger: Path) -> dict[str, object]:
    """Let every tenth run have failed, and return what the statements ask for."""
    with closing(sqlite3.connect(ledger)) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM run ORDER BY id LIMIT 2")]
        for text in FAIL:
            database.execute(text.format(step=ids[1] - ids[0], one_in=ONE_IN))
        database.commit()
        count = database.execute("SELECT count(*) FROM run WHERE outcome = 'failed'").fetchone()[0]
        assert count, "no run has failed"
        (middle,) = database.execute(
            "SELECT id FROM run ORDER BY id LIMIT 1 OFFSET (SELECT count(*) / 2 FROM run)"
        ).fetchone()
        job = database.execute("SELECT job_id FROM run WHERE id = ?", (middle,)).fetchone()[0]
    return {"id": middle, "job": job, "spelled": aws_ids.run_id(middle)}
