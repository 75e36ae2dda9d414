"""The real `runyard sql` over a real server."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from live import Live

RUNYARD = str(Path(sys.executable).parent / "runyard")
RUNS = "SELECT run_id, run_name FROM databricks_workspace.workflows.job_runs WHERE deployment_name = 'local'"
LISTRUNS = """
SELECT job_id, run_id, run_name, start_time, state, status, tasks, trigger
FROM databricks_workspace.workflows.job_runs
WHERE deployment_name = '{{ deployment_name }}' -- required;
;
"""
CANCELALLRUNS = """
EXEC databricks_workspace.workflows.job_runs.cancelallruns
@deployment_name='{{ deployment_name }}' --required
@@json=
'{
"job_id": {{ job_id }},
"all_queued_runs": {{ all_queued_runs }}
}';
"""
CANCELRUN_AND_DELETERUN = """
EXEC databricks_workspace.workflows.job_runs.cancelrun
@deployment_name='{{ deployment_name }}' --required
@@json=
'{
"run_id": "{{ run_id }}"
}';
DELETE FROM databricks_workspace.workflows.job_runs
WHERE deployment_name = '{{ deployment_name }}' --required
AND run_id = '{{ run_id }}';
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("sql") / "home", settings="warm_children = 1\npreload = []\n").start()
    yield server
    server.close()


def runyard(live: Live, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DATABRICKS_"))}
    return subprocess.run(
        [RUNYARD, *arguments],
        env={**environment, "RUNYARD_HOME": str(live.home)},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def sql(live: Live, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return runyard(live, "sql", *arguments, given=given)


def started(live: Live, tmp_path: Path, name: str) -> int:
    script = tmp_path / f"{name}.py"
    script.write_text("print('done')\n")
    done = runyard(live, "run", str(script), "--name", name)
    assert done.returncode == 0, done.stderr
    return int(json.loads(runyard(live, "runs", "list", "--json").stdout)[0]["id"])


def test_a_statement_gives_its_rows_in_the_form_that_is_asked_for(live: Live, tmp_path: Path) -> None:
    run_id = started(live, tmp_path, "forms")
    asked = f"{RUNS} AND run_id = {run_id}"
    table, lines, strings = (
        sql(live, asked),
        sql(live, asked, "-o", "jsonl"),
        sql(live, asked, "-o", "json", "--strings"),
    )

    assert table.stdout == (
        "|-----------------|----------|\n"
        "|     run_id      | run_name |\n"
        "|-----------------|----------|\n"
        f"| {run_id} | forms    |\n"
        "|-----------------|----------|\n"
    )
    assert (table.returncode, table.stderr) == (0, "")
    assert lines.stdout == f'{{"run_id":{run_id},"run_name":"forms"}}\n'
    assert strings.stdout == f'[{{"run_id":"{run_id}","run_name":"forms"}}]\n'


def test_a_result_goes_to_a_file_whole_or_not_at_all(live: Live, tmp_path: Path) -> None:
    run_id = started(live, tmp_path, "file")
    file, failed, parquet = tmp_path / "runs.csv", tmp_path / "failed.csv", tmp_path / "runs.parquet"
    asked = f"{RUNS} AND run_id = {run_id}"

    assert sql(live, asked, "-o", "csv", "-H", "-d", ";", "-f", str(file)).stdout == ""
    assert file.read_text() == f"{run_id};file\n"
    assert sql(live, f"{asked}; SELECT nope", "-o", "csv", "-f", str(failed)).returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.py", "runs.csv"]
    assert sql(live, asked, "-o", "parquet", "-f", str(parquet)).returncode == 0
    with duckdb.connect() as database:
        assert database.sql(f"SELECT run_id, run_name FROM '{parquet}'").fetchall() == [(run_id, "file")]


def test_the_statements_of_the_reference_page_run_with_their_values_put_in(live: Live, tmp_path: Path) -> None:
    run_id = started(live, tmp_path, "page")
    file = tmp_path / "page.iql"
    file.write_text(LISTRUNS + CANCELALLRUNS + CANCELRUN_AND_DELETERUN)
    values = {"deployment_name": "local", "job_id": "1", "all_queued_runs": "false", "run_id": str(run_id)}
    given = [word for name, value in values.items() for word in ("--var", f"{name}={value}")]
    rendered = sql(live, "-i", str(file), *given, "--dry-run")
    done = sql(live, "-i", str(file), *given, "-o", "csv")

    assert rendered.stdout.count(";\n") == 4
    assert f'"run_id": "{run_id}"' in rendered.stdout
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["run_name"] for row in rows if row["run_id"] == str(run_id)] == ["page"]
    assert "404" in done.stderr  # there is no job 1, and what follows is not run
    assert done.returncode == 1
    file.write_text(LISTRUNS + CANCELRUN_AND_DELETERUN)
    assert sql(live, "-i", str(file), *given, "-o", "csv").returncode == 0
    assert sql(live, f"{RUNS} AND run_id = {run_id}", "-H", "-o", "csv").stdout == ""


def test_values_come_from_files_and_blocks(live: Live, tmp_path: Path) -> None:
    data = tmp_path / "data.json"
    data.write_text('{"names": ["a", "it\'s"]}')
    block = '<<<json {"limit": 2} >>>'
    names = "{{ range $i, $n := .names }}{{ if $i }}, {{ end }}'{{ $n }}' AS n{{ $i }}{{ end }}"
    text = f"{block}\nSELECT {names}, {{{{ .limit }}}} AS l"
    done = sql(live, "-i", "-", "--data", str(data), "-o", "jsonl", given=text)

    assert done.stdout == '{"n0":"a","n1":"it\'s","l":2}\n'


def test_statements_from_a_pipe_run_up_to_the_first_that_fails(live: Live) -> None:
    text = "SELECT 1;\n-- two\nSELECT 2;\n  SELECT nope\nFROM runyard.ledger.runs;\nSELECT 4;"
    done = sql(live, "-o", "csv", "-H", given=text)

    assert done.stdout == "1\n2\n"
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Error: There is no column nope. [42703]"
    assert done.stderr.splitlines()[-2:] == ["line 4:   SELECT nope", "                 ^"]


def test_what_cannot_be_read_is_told_before_anything_runs(live: Live, tmp_path: Path) -> None:
    unread = sql(live, "-i", str(tmp_path / "missing.iql"))
    unclosed = sql(live, "SELECT 1; SELECT 'abc")
    unfilled = sql(live, "SELECT {{ x }}", "--var", "y=1")

    assert (unread.returncode, "cannot be read" in unread.stderr) == (1, True)
    assert (unclosed.returncode, unclosed.stdout) == (1, "")
    assert "A string begins here that does not end, at line 1, column 18." in unclosed.stderr
    assert "Give it with --var x=VALUE." in unfilled.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("SELECT 1", "-i", "x.iql"), "STATEMENT and -i both say what to run; give one."),
        (("SELECT 1", "-d", "::"), "-d takes one character"),
        (("SELECT 1", "-o", "parquet"), "name a file with -f"),
        (("SELECT 1", "-o", "yaml"), "'yaml' is not one of"),
    ],
)
def test_what_does_not_go_together_is_refused(live: Live, arguments: tuple[str, ...], problem: str) -> None:
    done = sql(live, *arguments)

    assert done.returncode == 2
    assert problem in " ".join(done.stderr.split())


def test_explaining_does_nothing(live: Live, tmp_path: Path) -> None:
    run_id = started(live, tmp_path, "explained")
    done = sql(
        live, "--explain", f"DELETE FROM databricks_workspace.jobs.job_runs WHERE run_id = {run_id}", "-o", "csv"
    )

    assert done.returncode == 0
    assert "delete" in done.stdout
    assert str(run_id) in sql(live, RUNS, "-o", "csv").stdout


def test_a_method_is_called_and_told_of(live: Live, tmp_path: Path) -> None:
    run_id = started(live, tmp_path, "called")
    call = "EXEC databricks_workspace.jobs.job_runs.cancel"
    done = sql(live, f"{call} @run_id={run_id}")
    missing = sql(live, f"{call} @run_id=1")

    assert (done.returncode, done.stdout) == (0, "")
    assert "despatched successfully" in done.stderr
    assert missing.returncode == 1
    assert "404 RESOURCE_DOES_NOT_EXIST: Run 1 does not exist." in missing.stderr


def test_a_server_elsewhere_is_asked_by_its_own_languages(live: Live, tmp_path: Path) -> None:
    run_id = started(live, tmp_path, "elsewhere")
    asked = f"SELECT run_name FROM databricks_workspace.jobs.job_runs WHERE run_id = {run_id}"
    done = sql(live, "--home", str(live.home), "--url", live.url, asked, "-o", "csv", "-H")
    ledger = sql(live, "--home", str(live.home), "--url", live.url, "SELECT * FROM runyard.ledger.runs")

    assert (done.returncode, done.stdout) == (0, "elsewhere\n")
    assert ledger.returncode == 1
    assert "the ledger itself is read with --home or --store" in ledger.stderr


def test_the_ledger_is_read_while_no_server_runs(tmp_path: Path) -> None:
    server = Live(tmp_path / "home", settings="warm_children = 1\npreload = []\n").start()
    try:
        run_id = started(server, tmp_path, "stopped")
        assert server.stop() == 0
        done = sql(server, f"{RUNS} AND run_id = {run_id}", "-o", "csv", "-H")
        changed = sql(server, f"EXEC databricks_workspace.jobs.job_runs.cancel @run_id={run_id}")
    finally:
        server.close()

    assert done.stdout == f"{run_id},stopped\n"
    assert changed.returncode == 1
    assert f"No server runs for {server.home}: start one with `runyard serve" in changed.stderr


def test_a_home_without_a_ledger_is_refused(live: Live, tmp_path: Path) -> None:
    done = sql(live, "--home", str(tmp_path), "SELECT 1")

    assert done.returncode == 1
    assert f"There is no ledger in {tmp_path}." in done.stderr


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


def test_ctrl_c_ends_a_statement_with_status_130(live: Live) -> None:
    with running(live, f"{ENDLESS} SELECT i FROM n WHERE i IN (1, 0.5)") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"  # the statement runs, and goes on without another row
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "The statement was cancelled. [57014]" in told


def test_ctrl_c_is_heard_whenever_it_comes_and_what_stands_behind_is_not_run(live: Live) -> None:
    with running(live, f"SELECT 'first' AS a; {ENDLESS} SELECT count(*) FROM n; SELECT 'last' AS a") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "first\n"
        process.send_signal(signal.SIGINT)  # as the first one ends, before the second begins, or while it runs
        out, told = process.communicate(timeout=60)

    assert (process.returncode, out) == (130, "")
    assert told.startswith(("Cancelled between two statements;", "Error: The statement was cancelled. [57014]"))


def test_rows_come_before_the_last_is_there_and_a_reader_may_leave(live: Live) -> None:
    with running(live, f"{ENDLESS} SELECT i FROM n") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        process.stdout.close()
        process.wait(60)

    assert process.returncode != 0


class running:  # noqa: N801 - a context of one test
    """A command that goes on by itself."""

    def __init__(self, live: Live, text: str) -> None:
        environment = {**os.environ, "RUNYARD_HOME": str(live.home), "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [RUNYARD, "sql", "-o", "csv", "-H", text],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads yet
        )

    def __enter__(self) -> subprocess.Popen[str]:
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
