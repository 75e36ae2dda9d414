"""What runs leave behind, on an engine whose launcher the test plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks_yard import Yard, databricks_yard, get, notebook, script, submitted

from runyard.core.errors import InvalidRequest
from runyard.core.run import Outcome, Run
from runyard.dialects.databricks.runs import outputs


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path) as opened:
        yield opened


def leave(yard: Yard, run: Run, key: str, name: str, content: bytes) -> None:
    folder = yard.engine.attempt_folder(yard.attempt(run, key).id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def test_the_output_of_many_tasks_is_refused_in_the_services_words(yard: Yard) -> None:
    run = submitted(yard, script("a"), script("b"))

    with pytest.raises(InvalidRequest) as refused:
        yard("getJobRunOutput", run_id=run.id)

    assert str(refused.value) == (
        "Retrieving the output of runs with multiple tasks is not supported. "
        "Please retrieve the output of each individual task run instead."
    )


def test_a_notebooks_result_is_what_it_handed_to_its_exit(yard: Yard) -> None:
    run, silent = submitted(yard, notebook("main")), submitted(yard, notebook("main"))
    yard.end(run, "main", output={"result": "done"})
    yard.end(silent, "main")

    told = yard("getJobRunOutput", run_id=run.id)

    assert told["notebook_output"] == {"result": "done", "truncated": False}
    assert yard("getJobRunOutput", run_id=yard.attempt(run, "main").id) == told
    assert yard("getJobRunOutput", run_id=silent.id)["notebook_output"] == {}
    assert "logs" not in told
    assert told["metadata"]["run_id"] == yard.attempt(run, "main").id


def test_the_oldest_version_tells_of_the_run_in_its_own_shape(yard: Yard) -> None:
    run = submitted(yard, notebook("main"))
    yard.end(run, "main")

    oldest, newest = (yard("getJobRunOutput", version, run_id=run.id)["metadata"] for version in ("2.0", "2.2"))

    assert oldest["task"]["notebook_task"]["notebook_path"] == "/Users/ada/nb"
    assert "tasks" not in oldest
    assert newest["tasks"][0]["task_key"] == "main"
    assert "task" not in newest


def test_a_large_result_keeps_its_beginning(yard: Yard) -> None:
    run = submitted(yard, notebook("main"))
    yard.end(run, "main", output={"result": "é" * (outputs.LARGEST_RESULT // 2 + 1)})

    told = yard("getJobRunOutput", run_id=run.id)["notebook_output"]

    assert told["truncated"] is True
    assert told["result"] == "é" * (outputs.LARGEST_RESULT // 2)


def test_a_result_that_its_process_has_cut_is_marked(yard: Yard) -> None:
    run = submitted(yard, notebook("main"))
    yard.end(run, "main", output={"result": "the beginning", "truncated": True})

    told = yard("getJobRunOutput", run_id=run.id)["notebook_output"]

    assert told == {"result": "the beginning", "truncated": True}


def test_a_script_leaves_what_it_printed_and_why_it_failed(yard: Yard) -> None:
    run = submitted(yard)
    yard.end(run, "main", Outcome.FAILED, message="ValueError: no rows", trace="Traceback …")
    leave(yard, run, "main", "stdout", b"out\n")
    leave(yard, run, "main", "stderr", b"err\n")

    told = yard("getJobRunOutput", run_id=run.id)

    assert (told["logs"], told["logs_truncated"]) == ("out\nerr\n", False)
    assert (told["error"], told["error_trace"]) == ("ValueError: no rows", "Traceback …")


def test_long_logs_keep_their_end(yard: Yard) -> None:
    run = submitted(yard)
    yard.end(run, "main")
    leave(yard, run, "main", "stdout", b"a" + "é".encode() * (outputs.LARGEST_LOGS // 2))
    leave(yard, run, "main", "stderr", b"end")

    told = yard("getJobRunOutput", run_id=run.id)

    assert told["logs_truncated"] is True
    assert told["logs"] == "é" * ((outputs.LARGEST_LOGS - 3) // 2) + "end"


def test_a_successful_script_has_no_error(yard: Yard) -> None:
    run = submitted(yard)
    yard.end(run, "main")

    told = yard("getJobRunOutput", run_id=run.id)

    assert "error" not in told
    assert told["logs"] == ""


def test_a_sql_task_leaves_its_rows(yard: Yard) -> None:
    task = {"task_key": "main", "sql_task": {"warehouse_id": "w", "file": {"path": "/Workspace/q.sql"}}}
    run = submitted(yard, task)
    yard.end(run, "main")
    statements = (
        b'{"statements": [{"text": "create table t", "schema": [], "rows": []}, {"text": "select 1",'
        b' "schema": [{"name": "n", "type": "INTEGER"}], "rows": [[1], [null], ["a"]], "truncated": false}]}'
    )
    leave(yard, run, "main", "sql.json", statements)

    told = yard("getJobRunOutput", run_id=run.id)["sql_output"]["file_output"]

    assert told["query_text"] == "create table t;\nselect 1"
    assert told["warehouse_id"] == "w"
    assert told["query_result"] == {
        "columns": [{"name": "n"}],
        "rows": [{"values": [{"string_value": "1"}]}, {"values": [{}]}, {"values": [{"string_value": "a"}]}],
        "truncated": False,
    }
    assert len(told["sql_statements"]) == 2


def test_a_task_that_ran_a_job_names_its_run(yard: Yard) -> None:
    child = yard.create(script("main"), name="child")
    parent = yard.run_now(yard.create({"task_key": "call", "run_job_task": {"job_id": child}}, name="parent"))
    yard.conduct()

    told = yard("getJobRunOutput", run_id=parent.id)
    run = get(yard, told["run_job_output"]["run_id"])

    assert run["job_id"] == child
    assert run["trigger"] == "RUN_JOB_TASK"
    assert run["trigger_info"] == {"run_id": yard.attempt(parent, "call").id}


def test_a_skipped_run_left_nothing_and_says_so(yard: Yard) -> None:
    job = yard.create(script("main"), name="n", max_concurrent_runs=1, queue={"enabled": False})
    yard.run_now(job)
    skipped = yard.run_now(job)

    with pytest.raises(InvalidRequest, match="was skipped"):
        yard("getJobRunOutput", run_id=skipped.id)
    assert get(yard, skipped.id)["state"]["life_cycle_state"] == "SKIPPED"
