"""Unmodified boto3 against a live server: sessions that keep what their statements define."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from live import Live
from waiting import until

ROLE = "arn:aws:iam::123456789012:role/runner"
OVER = {"AVAILABLE", "CANCELLED", "ERROR"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    settings = "grace_s = 1.0\nplaces = 8\n"
    server = Live(tmp_path_factory.mktemp("sessions") / "home", settings=settings).start()
    yield server
    server.close()


@pytest.fixture
def glue(live: Live) -> Any:
    return live.client("glue")


def status(glue: Any, name: str) -> str:
    return str(glue.get_session(Id=name)["Session"]["Status"])


def open_session(glue: Any, name: str, **more: Any) -> str:
    glue.create_session(Id=name, Role=ROLE, Command={"Name": "glueetl", "PythonVersion": "3"}, **more)
    until(lambda: status(glue, name) == "READY")
    return name


def begin(glue: Any, session: str, code: str) -> int:
    return int(glue.run_statement(SessionId=session, Code=code)["Id"])


def statement(glue: Any, session: str, number: int) -> dict[str, Any]:
    found: dict[str, Any] = glue.get_statement(SessionId=session, Id=number)["Statement"]
    return found


def run(glue: Any, session: str, code: str, *, seconds: float = 60) -> dict[str, Any]:
    """Run a statement to its end, and return it."""
    number = begin(glue, session, code)
    until(lambda: statement(glue, session, number)["State"] in OVER, seconds=seconds)
    return statement(glue, session, number)


def text(shown: dict[str, Any]) -> str:
    return str(shown["Output"]["Data"]["TextPlain"])


def test_statements_share_what_they_define_and_answer_with_what_they_print(glue: Any) -> None:
    session = open_session(glue, "shared", DefaultArguments={"--x": "1"}, Tags={"k": "v"})
    first = run(glue, session, "import sys\nn = 20\nprint('argv', sys.argv[1:])")
    second = run(glue, session, "def double(x):\n    return 2 * x\n\ndouble(n) + 2")
    nothing = run(glue, session, "None")

    assert (first["Id"], first["State"], first["Output"]["Status"]) == (1, "AVAILABLE", "ok")
    assert text(first) == "argv ['--x', '1']\n"
    assert text(second) == "42\n"
    assert second["Output"]["ExecutionCount"] == 2
    assert text(nothing) == ""
    assert first["StartedOn"] <= first["CompletedOn"]
    listed = glue.list_statements(SessionId=session)["Statements"]
    assert [one["Id"] for one in listed] == [1, 2, 3]
    assert glue.list_sessions(Tags={"k": "v"})["Ids"] == ["shared"]
    assert glue.list_sessions(Tags={"k": "w"})["Ids"] == []


def test_what_a_statement_raises_is_told_and_the_session_goes_on(glue: Any) -> None:
    session = open_session(glue, "raises")
    error = run(glue, session, "def f():\n    return 1 / 0\nf()")["Output"]
    syntax = run(glue, session, "1 +")["Output"]
    left = run(glue, session, "import sys; sys.exit(3)")["Output"]

    assert (error["Status"], error["ErrorName"], error["ErrorValue"]) == (
        "error",
        "ZeroDivisionError",
        "division by zero",
    )
    assert "return 1 / 0" in "".join(error["Traceback"])
    assert "session_task" not in "".join(error["Traceback"])
    assert syntax["ErrorName"] == "SyntaxError"
    assert left["ErrorName"] == "SystemExit"
    assert text(run(glue, session, "'still here'")) == "'still here'\n"


def test_a_statement_is_cancelled_while_it_runs_or_waits_and_the_next_one_runs(glue: Any) -> None:
    session = open_session(glue, "cancel")
    running = begin(glue, session, "import time\nwhile True:\n    time.sleep(60)")
    waiting = begin(glue, session, "1")
    until(lambda: statement(glue, session, running)["State"] == "RUNNING")
    glue.cancel_statement(SessionId=session, Id=waiting)
    assert statement(glue, session, waiting)["State"] == "CANCELLED"
    glue.cancel_statement(SessionId=session, Id=running)
    until(lambda: statement(glue, session, running)["State"] == "CANCELLED")

    assert text(run(glue, session, "2")) == "2\n"
    with pytest.raises(glue.exceptions.InvalidInputException, match="nothing to cancel"):
        glue.cancel_statement(SessionId=session, Id=running)


def test_a_stopped_session_runs_nothing_more_and_its_name_is_free_once_it_is_deleted(glue: Any) -> None:
    session = open_session(glue, "stopped")
    running = begin(glue, session, "import time; time.sleep(60)")
    until(lambda: statement(glue, session, running)["State"] == "RUNNING")
    glue.stop_session(Id=session)
    until(lambda: status(glue, session) == "STOPPED")

    assert statement(glue, session, running)["State"] == "ERROR"
    with pytest.raises(glue.exceptions.IllegalSessionStateException, match="is STOPPED, not READY"):
        glue.run_statement(SessionId=session, Code="1")
    with pytest.raises(glue.exceptions.AlreadyExistsException, match="Session stopped already exists"):
        glue.create_session(Id=session, Role=ROLE, Command={"Name": "glueetl"})
    glue.delete_session(Id=session)
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_session(Id=session)
    assert text(run(glue, open_session(glue, session), "1")) == "1\n"


def test_a_session_whose_process_dies_is_failed_and_says_so(glue: Any) -> None:
    session = open_session(glue, "dies")
    number = begin(glue, session, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    until(lambda: status(glue, session) == "FAILED")

    assert statement(glue, session, number)["State"] == "ERROR"
    assert glue.get_session(Id=session)["Session"]["ErrorMessage"]


def test_statements_of_a_spark_session_share_one_engine_with_its_configuration_and_paths(glue: Any, live: Live) -> None:
    more = {"DefaultArguments": {"--conf": "spark.mine=yes"}, "WorkerType": "G.025X", "NumberOfWorkers": 2}
    session = open_session(glue, "sparks", **more)
    first = run(glue, session, "spark.range(3).write.parquet('s3://sessions/numbers/')\nsc.appName", seconds=120)
    second = run(glue, session, "spark.range(5).createOrReplaceTempView('five')\nspark.conf.get('spark.mine')")
    third = run(glue, session, "spark.sql('select count(*) from five').collect()[0][0]")

    assert text(first) == "'runyard'\n"
    assert text(second) == "'yes'\n"
    assert text(third) == "5\n"
    assert list((live.home / "s3" / "sessions" / "numbers").glob("*.parquet"))
    glue.stop_session(Id=session)
