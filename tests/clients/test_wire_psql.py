"""psql, as people type into it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from wire_live import Wire, program


def psql(wire: Wire, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [program("psql", "postgresql-client"), "-X", "--no-password", *arguments]
    return subprocess.run(
        command, env=wire.environment, input=typed, capture_output=True, text=True, timeout=60, check=False
    )


def answer(wire: Wire, text: str) -> str:
    """What psql prints for a command, without decoration; it has to succeed in silence."""
    done = psql(wire, "-Atq", "-v", "ON_ERROR_STOP=1", "-c", "SET client_min_messages = warning", "-c", text)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_table_is_printed_as_ever(wire: Wire) -> None:
    done = psql(wire, "-c", "SELECT job_name, phase FROM runs WHERE job_name = 'broken'")

    assert done.stdout == " job_name | phase  \n----------+--------\n broken   | failed\n(1 row)\n\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (r"\dt", "runyard.ledger|runs|table|admin"),
        (r"\dt *.job_runs", "databricks_workspace.jobs|job_runs|table|admin"),
        (r"\dv", "public|databricks_job_run|view|admin"),
        (r"\dn", "databricks_workspace.jobs|admin"),
        (r"\l", "default|admin|UTF8|"),
        (r"\du", "admin|"),
        (r"\d", "runyard.ledger|runs|table|admin"),
        (r"\d runs", "created_at|timestamp with time zone|||"),
        (r'\d "databricks_workspace.jobs".job_runs', "run_id|bigint|||"),
        (r"\d+ runs", "id|bigint||||plain|||"),
        (r"\dtS pg_class", "pg_catalog|pg_class|table|admin"),
        (r"\d pg_class", "relname|name|||"),
        (r"\dt+ runs", "runyard.ledger|runs|table|admin|permanent|heap|"),
        (r"\dn+", "runyard.ledger|admin|"),
        (r"\conninfo", 'You are connected to database "default" as user "admin"'),
    ],
)
def test_a_command_about_tables_is_answered(wire: Wire, command: str, expected: str) -> None:
    lines = answer(wire, command).splitlines()

    assert any(line.startswith(expected) for line in lines), lines


@pytest.mark.parametrize(
    "command",
    [
        *(r"\df", r"\dT", r"\di", r"\ds", r"\dp", r"\db", r"\dx", r"\do", r"\dC", r"\dD", r"\dE", r"\dm", r"\dL"),
        *(r"\dO", r"\des", r"\dg", r"\drds", r"\l+", r"\dc", r"\dF", r"\dA", r"\dRp", r"\ddp", r"\dt *.*", r"\dy"),
    ],
)
def test_a_command_about_what_there_is_not_is_no_error(wire: Wire, command: str) -> None:
    done = psql(wire, "-v", "ON_ERROR_STOP=1", "-c", command)

    assert (done.returncode, "ERROR" in done.stderr) == (0, False), done.stderr


def test_a_view_is_described_with_its_definition(wire: Wire) -> None:
    described = psql(wire, "-c", r"\d+ databricks_job_run").stdout

    assert 'View "public.databricks_job_run"' in described
    assert 'View definition:\nSELECT * FROM "steampipe.databricks".databricks_job_run;' in described


def test_rows_are_copied_into_a_file(wire: Wire, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    answer(wire, rf"\copy (SELECT job_name, phase FROM runs WHERE job_name = 'broken') TO '{file}' CSV HEADER")

    assert file.read_text() == "job_name,phase\nbroken,failed\n"


def test_what_is_said_by_the_way_is_a_notice(wire: Wire) -> None:
    done = psql(wire, "-c", "COMMIT")

    assert (done.returncode, done.stderr) == (0, "NOTICE:  there is no transaction in progress\n")


def test_a_transaction_that_goes_well_says_nothing(wire: Wire) -> None:
    done = psql(wire, "-f", "-", typed="BEGIN;\nROLLBACK;\nBEGIN;\nCOMMIT;\n")

    assert (done.stdout, done.stderr) == ("BEGIN\nROLLBACK\nBEGIN\nCOMMIT\n", "")


def test_a_script_stops_at_its_first_error_with_the_place(wire: Wire) -> None:
    done = psql(wire, "-v", "ON_ERROR_STOP=1", "-f", "-", typed="SELECT 1;\nSELECT FROM WHERE;\nSELECT 2;\n")

    assert done.returncode == 3
    assert "ERROR:" in done.stderr
    assert "LINE 1: SELECT FROM WHERE" in done.stderr


def test_a_transaction_is_typed_line_by_line(wire: Wire) -> None:
    done = psql(
        wire, "-At", "-f", "-", typed="BEGIN;\nSELECT 1;\nSELECT nowhere FROM runs;\nSELECT 2;\nCOMMIT;\nSELECT 3;\n"
    )

    assert done.stdout == "BEGIN\n1\nROLLBACK\n3\n"
    assert "current transaction is aborted" in done.stderr


def test_a_cursor_fetches_a_few_rows_at_a_time(wire: Wire) -> None:
    done = psql(
        wire, "-At", "-v", "FETCH_COUNT=2", "-c", "SELECT job_name FROM runs WHERE job_name <> 'by_sql' ORDER BY 1"
    )

    assert done.stdout == "broken\netl\netl\netl\n"


def test_what_the_language_itself_shows_is_shown(wire: Wire) -> None:
    assert "databricks_workspace" in answer(wire, "SHOW PROVIDERS")
    assert "job_runs" in answer(wire, "SHOW RESOURCES IN databricks_workspace.jobs")
    assert "run_id|" in answer(wire, "DESCRIBE databricks_workspace.jobs.job_runs")


def test_a_view_that_somebody_makes_is_found_and_described_until_it_is_dropped(wire: Wire) -> None:
    made = answer(wire, "CREATE VIEW failed_runs AS SELECT id, job_name FROM runs WHERE phase = 'failed'")
    listed, described = answer(wire, r"\dv"), answer(wire, r"\d failed_runs")
    rows = answer(wire, "SELECT job_name FROM failed_runs")
    answer(wire, "DROP VIEW failed_runs")

    assert made == ""
    assert "public|failed_runs|view|admin" in listed
    assert described == "id|bigint|||\njob_name|text|||\n"
    assert rows == "broken\n"
    assert "failed_runs" not in answer(wire, r"\dv")


def test_a_materialized_view_is_told_as_such(wire: Wire) -> None:
    answer(wire, "CREATE MATERIALIZED VIEW kept.counted AS SELECT count(*) AS runs FROM runs WHERE job_name = 'etl'")
    listed = answer(wire, r"\dm kept.*")
    answer(wire, "DROP MATERIALIZED VIEW kept.counted")

    assert listed == "kept|counted|materialized view|admin\n"
