"""Dynamic value references: what each gives, what stays as it is, and what is refused."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks_yard import Yard, databricks_yard, notebook, script
from hypothesis import given
from hypothesis import strategies as st

from runyard.core.errors import InvalidRequest
from runyard.core.run import Outcome, Run
from runyard.dialects.databricks.runs import references
from runyard.dialects.databricks.runs.starting import start
from runyard.engine.starting import Starting

SATURDAY_MS = 1_798_891_445_000  # 2027-01-02T12:04:05Z


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path / "home") as yard:
        yield yard


def value(yard: Yard, text: str, *tasks: dict[str, Any], **settings: Any) -> str:
    """Return what a text becomes as a parameter of a notebook that starts now."""
    before = [{"task_key": task["task_key"]} for task in tasks]
    job_id = yard.create(*tasks, {**notebook("nb", base_parameters={"x": text}), "depends_on": before}, **settings)
    return str(yard.finished(yard.run_now(job_id), "nb")["parameters"]["x"])


def after_task(yard: Yard, text: str, outcome: Outcome = Outcome.SUCCEEDED, **facts: Any) -> str:
    """Return what a text becomes once the task `first` has ended."""
    words = {**notebook("nb", base_parameters={"x": text}), "run_if": "ALL_DONE"}
    job_id = yard.create(script("first"), {**words, "depends_on": [{"task_key": "first"}]})
    run = yard.run_now(job_id)
    yard.end(run, "first", outcome, **facts)
    return str(yard.finished(run, "nb")["parameters"]["x"])


# of the job and its run


def test_a_task_knows_its_job_and_its_run(yard: Yard) -> None:
    job_id = yard.create(notebook("nb", base_parameters={"x": "{{job.id}} {{job.name}} {{job.run_id}}"}), name="N")
    run = yard.run_now(job_id)

    assert yard.finished(run, "nb")["parameters"]["x"] == f"{job_id} N {run.id}"


def test_a_task_knows_itself(yard: Yard) -> None:
    text = "{{task.name}} {{task.run_id}} {{task.execution_count}} {{task.notebook_path}}"
    run = yard.run_now(yard.create(notebook("nb", base_parameters={"x": text})))

    found = yard.finished(run, "nb")["parameters"]["x"]

    assert found == f"nb {yard.attempt(run, 'nb').id} 1 /Users/ada/nb"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("iso_date", "2027-01-02"),
        ("iso_datetime", "2027-01-02T12:04:05"),
        ("iso_weekday", "6"),
        ("is_weekday", "false"),
        ("year", "2027"),
        ("month", "1"),
        ("day", "2"),
        ("hour", "12"),
        ("minute", "4"),
        ("second", "5"),
    ],
)
def test_the_start_of_a_run_can_be_told_in_parts(yard: Yard, name: str, text: str) -> None:
    yard.time[0] = SATURDAY_MS

    assert value(yard, f"{{{{job.start_time.{name}}}}}") == text


def test_the_start_of_a_run_can_be_told_in_milliseconds(yard: Yard) -> None:
    job_id = yard.create(notebook("nb", base_parameters={"x": "{{job.start_time.timestamp_ms}}"}))
    run = yard.run_now(job_id)

    assert yard.finished(run, "nb")["parameters"]["x"] == str(run.created_at)


def test_a_run_that_somebody_asked_for_was_triggered_once(yard: Yard) -> None:
    assert value(yard, "{{job.trigger.type}}") == "one_time"


def test_a_triggered_run_knows_its_trigger(yard: Yard) -> None:
    text = "{{job.trigger.type}} {{job.trigger.time.iso_date}} {{job.trigger.file_arrival.location}}"
    job = yard.engine.job(yard.workspace, yard.create(notebook("nb", base_parameters={"x": text})))
    started_by = {"kind": "file_arrival", "at": SATURDAY_MS, "location": "s3://in/"}
    run = start(Starting(engine=yard.engine, workspace=yard.workspace, job=job, started_by=started_by))

    assert yard.finished(run, "nb")["parameters"]["x"] == "file_arrival 2027-01-02 s3://in/"


def test_parameters_of_the_job_have_the_values_of_the_run(yard: Yard) -> None:
    defined = [{"name": "day", "default": "monday"}, {"name": "a.b", "default": "dotted"}]
    text = "{{job.parameters.day}} {{job.parameters.`a.b`}}"
    job_id = yard.create(notebook("nb", base_parameters={"x": text}), parameters=defined)

    run = yard.run_now(job_id, job_parameters={"day": "sunday"})

    assert yard.finished(run, "nb")["parameters"] == {"x": "sunday dotted", "day": "sunday", "a.b": "dotted"}


def test_a_parameter_of_the_job_may_refer_to_its_run(yard: Yard) -> None:
    defined = [{"name": "tag", "default": "run-{{job.run_id}}"}]
    job_id = yard.create(notebook("nb", base_parameters={"x": "<{{job.parameters.tag}}>"}), parameters=defined)
    run = yard.run_now(job_id)

    assert yard.finished(run, "nb")["parameters"] == {"x": f"<run-{run.id}>", "tag": f"run-{run.id}"}


def test_the_references_of_older_days_still_have_values(yard: Yard) -> None:
    yard.time[0] = SATURDAY_MS
    text = "{{job_id}} {{run_id}} {{parent_run_id}} {{start_date}} {{task_key}} {{task_retry_count}}"
    job_id = yard.create(notebook("nb", base_parameters={"x": text}))
    run = yard.run_now(job_id)

    found = yard.finished(run, "nb")["parameters"]["x"]

    assert found == f"{job_id} {yard.attempt(run, 'nb').id} {run.id} 2027-01-02 nb 0"


def test_a_task_knows_where_it_runs(yard: Yard) -> None:
    (yard.engine.home.path / "server.json").write_text('{"url": "http://127.0.0.1:8642"}')

    assert value(yard, "{{workspace.id}} {{workspace.url}}") == f"{yard.workspace.id} http://127.0.0.1:8642"


# of the tasks before it


@pytest.mark.parametrize(
    ("set_to", "text"),
    [("plain", "plain"), (5, "5"), (True, "true"), (1.5, "1.5"), (None, "null"), ([1, "a"], '[1,"a"]')],
)
def test_a_value_that_a_task_has_set_reaches_the_next(yard: Yard, set_to: Any, text: str) -> None:
    found = after_task(yard, "<{{tasks.first.values.v}}>", output={"values": {"v": set_to}})

    assert found == f"<{text}>"


def test_part_of_a_value_can_be_asked_for(yard: Yard) -> None:
    output = {"values": {"my key": {"inner": {"n": 7}}}}

    assert after_task(yard, "{{tasks.first.values.`my key`.inner.n}}", output=output) == "7"


@pytest.mark.parametrize(
    ("outcome", "text"),
    [(Outcome.SUCCEEDED, "success"), (Outcome.FAILED, "failed"), (Outcome.TIMED_OUT, "timedout")],
)
def test_the_result_of_a_task_can_be_asked_for(yard: Yard, outcome: Outcome, text: str) -> None:
    assert after_task(yard, "{{tasks.first.result_state}}", outcome) == text


def test_a_task_that_did_not_run_for_a_cancelled_one_says_so(yard: Yard) -> None:
    last = {**notebook("nb", base_parameters={"x": "{{tasks.second.result_state}}"}), "run_if": "ALL_DONE"}
    middle = {**script("second"), "depends_on": [{"task_key": "first"}]}
    run = yard.run_now(yard.create(script("first"), middle, {**last, "depends_on": [{"task_key": "second"}]}))

    yard.end(run, "first", Outcome.CANCELLED)

    assert yard.finished(run, "nb")["parameters"]["x"] == "upstream_canceled"


@pytest.mark.parametrize(
    ("outcome", "category", "code"),
    [
        (Outcome.SUCCEEDED, None, ""),
        (Outcome.FAILED, None, "RUN_EXECUTION_ERROR"),
        (Outcome.FAILED, "not_found", "RESOURCE_NOT_FOUND"),
        (Outcome.CRASHED, "launcher_lost", "INTERNAL_ERROR"),
        (Outcome.CANCELLED, None, ""),
    ],
)
def test_why_a_task_failed_can_be_asked_for(yard: Yard, outcome: Outcome, category: str, code: str) -> None:
    assert after_task(yard, "{{tasks.first.error_code}}", outcome, category=category) == code


def test_rows_of_a_sql_task_can_be_asked_for(yard: Yard) -> None:
    words = {**notebook("nb", base_parameters={"x": "{{tasks.q.output.rows}} {{tasks.q.output.first_row.n}}"})}
    sql = {"task_key": "q", "sql_task": {"warehouse_id": "w", "file": {"path": "/q.sql"}}}
    run = yard.run_now(yard.create(sql, {**words, "depends_on": [{"task_key": "q"}]}))
    folder = yard.engine.attempt_folder(yard.attempt(run, "q").id)
    folder.mkdir(parents=True)
    statement = {"text": "…", "schema": [{"name": "n", "type": "INT"}], "rows": [[1], [2]], "truncated": False}
    (folder / "sql.json").write_text(json.dumps({"statements": [statement]}))

    yard.end(run, "q")

    assert yard.finished(run, "nb")["parameters"]["x"] == '[{"n":1},{"n":2}] 1'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{tasks.first.values.v}}", "has set no task value 'v'"),
        ("{{tasks.other.values.v}}", "names the task 'other', which is not a task of this run"),
        ("{{job.parameters.p}}", "{{job.parameters.p}} names nothing that has a value here"),
        ("{{input}}", "only in the nested task of a for_each_task"),
    ],
)
def test_a_reference_without_a_value_is_an_error_when_the_task_starts(yard: Yard, text: str, why: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        after_task(yard, text)

    assert why in str(refused.value)


# of a loop


def iteration(yard: Yard, text: str, value: Any) -> tuple[Run, Run]:
    """Return a run with a loop, and the run of its one iteration, as the engine would start it."""
    nested = notebook("n", base_parameters={"x": text})
    loop = {"task_key": "l", "for_each_task": {"inputs": "{{tasks.first.values.list}}", "task": nested}}
    run = yard.run_now(yard.create(script("first"), {**loop, "depends_on": [{"task_key": "first"}]}))
    yard.end(run, "first", output={"values": {"list": [value]}})
    yard.conduct()
    child = yard.engine.child_run(yard.attempt(run, "l"))
    assert child is not None
    return run, child


def test_an_iteration_sees_its_input_and_what_its_loop_sees(yard: Yard) -> None:
    text = "{{input}} {{job.run_id}} {{task.name}} {{tasks.first.values.list}}"

    run, child = iteration(yard, text, "a")

    assert yard.finished(child, "0")["parameters"]["x"] == f'a {run.id} n ["a"]'
    assert yard.finished(child, "0")["context"]["run_id"] == run.id


def test_an_iteration_sees_the_members_of_its_input(yard: Yard) -> None:
    _, child = iteration(yard, "{{input.name}} {{input.more.`a b`}} {{input}}", {"name": "x", "more": {"a b": 1}})

    assert yard.finished(child, "0")["parameters"]["x"] == 'x 1 {"name":"x","more":{"a b":1}}'


# what is replaced where


def test_references_are_replaced_in_all_that_a_task_is_told(yard: Yard) -> None:
    tasks: list[dict[str, Any]] = [
        {
            "task_key": "s",
            "spark_python_task": {"python_file": "dbfs:/{{job.name}}.py", "parameters": ["{{job.name}}"]},
        },
        {
            "task_key": "w",
            "python_wheel_task": {"package_name": "p", "entry_point": "e", "parameters": ["{{job.name}}"]},
        },
        {"task_key": "c", "condition_task": {"op": "EQUAL_TO", "left": "{{job.name}}", "right": "x"}},
        {"task_key": "d", "dbt_task": {"commands": ["dbt run --vars '{n: {{job.name}}}'"], "project_directory": "/p"}},
        {"task_key": "r", "run_job_task": {"job_id": "{{job.parameters.j}}", "job_parameters": {"a": "{{job.name}}"}}},
    ]
    run = yard.run_now(yard.create(*tasks, name="N", parameters=[{"name": "j", "default": "12"}]))

    specs = {key: yard.finished(run, key) for key in "swcdr"}

    assert specs["s"]["script"] == "dbfs:/N.py"
    assert specs["s"]["arguments"] == ["N"]
    assert specs["w"]["parameters"] == ["N"]
    assert specs["c"]["left"] == "N"
    assert specs["d"]["commands"] == ["dbt run --vars '{n: N}'"]
    assert specs["r"]["job_id"] == "12"
    assert specs["r"]["parameters"] == {"a": "N", "j": "12"}


def test_a_process_is_told_about_its_run(yard: Yard) -> None:
    job_id = yard.create(script("first"), script("s", "first"), name="N", parameters=[{"name": "p", "default": "1"}])
    run = yard.run_now(job_id)
    yard.end(run, "first", output={"values": {"v": [1]}})

    context = yard.finished(run, "s")["context"]

    assert context == {
        "parameters": {"p": "1"},
        "task_values": {"first": {"v": [1]}},
        "job_id": job_id,
        "job_name": "N",
        "run_id": run.id,
        "task_run_id": yard.attempt(run, "s").id,
        "task_key": "s",
        "attempt_number": 0,
        "workspace_id": yard.workspace.id,
    }


# what stays as it is


@pytest.mark.parametrize(
    "text",
    [
        "{{my.value}",
        "{my.value}}",
        "{{}}",
        "{{ var('x') }}",
        "{{unknown.name}}",
        "{{job..id}}",
        "{{.job.id}}",
        "{{job.id.}}",
        "{{job.id + 1}}",
        "{{1 + 1}}",
        "{{`job.id}}",
        "{{secrets/scope/key}}",
        "{{ds}}",
    ],
)
def test_text_that_is_no_reference_stays(text: str) -> None:
    assert references.resolve(text, lambda _: "replaced") == text


@pytest.mark.parametrize("text", ["{{job.naem}}", "{{job}}", "{{tasks.a}}", "{{task.x}}", "{{job.start_time.week}}"])
def test_a_wrong_reference_of_a_known_namespace_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="names nothing"):
        references.check(text)


@given(st.text(alphabet="{}`. jobtasks_id/'\"", max_size=40))
def test_any_text_is_either_resolved_or_refused(text: str) -> None:
    try:
        found = references.resolve(text, lambda path: "" if references.is_known(path) else None)
    except InvalidRequest:
        return

    assert len(found) <= len(text)


@pytest.mark.parametrize(
    "text", ["{{" + " " * 100_000, "{{`" * 100_000, "{{secrets/a/" + " " * 100_000, "{{" * 100_000]
)
def test_no_text_keeps_the_server_busy(text: str) -> None:
    began = time.process_time()

    references.check(text)
    references.with_secrets(text, lambda scope, key: scope + key)

    assert time.process_time() - began < 5  # it is some hundredths; with a way back it would be hours


def test_what_a_reference_gives_is_not_looked_into_again() -> None:
    assert references.resolve("{{job.id}}", lambda _: "{{job.name}}") == "{{job.name}}"


def test_secrets_are_put_in_by_scope_and_key() -> None:
    text = "a {{secrets/my scope/key}} {{ secrets/s/k }} {{secrets/s}}"

    assert (
        references.with_secrets(text, lambda scope, key: f"<{scope}:{key}>") == "a <my scope:key> <s:k> {{secrets/s}}"
    )


def test_variables_get_their_secrets_when_the_task_starts(yard: Yard) -> None:
    yard("createSecretScope", scope="s")
    yard("putSecret", scope="s", key="k", string_value="hunter2")
    cluster = {"spark_env_vars": {"PASSWORD": "{{secrets/s/k}}", "PLAIN": "{{job.id}}"}}
    run = yard.run_now(yard.create(script("a", new_cluster=cluster)))

    assert yard.finished(run, "a")["environment"] == {"PASSWORD": "hunter2", "PLAIN": "{{job.id}}"}
    assert "hunter2" not in str(yard.run(run.id))


def test_a_secret_that_is_not_there_is_an_error_when_the_task_starts(yard: Yard) -> None:
    cluster = {"spark_env_vars": {"PASSWORD": "{{secrets/s/k}}"}}
    run = yard.run_now(yard.create(script("a", new_cluster=cluster)))

    with pytest.raises(InvalidRequest, match="There is no secret 'k' in scope 's'"):
        yard.finished(run, "a")


def test_a_secret_that_no_variable_can_hold_is_not_told(yard: Yard) -> None:
    document = {"s": {"secrets": {"k": {"value": base64.b64encode(b"hunter\xff").decode(), "at": 0}}, "acls": {}}}
    file = yard.engine.home.path / "databricks" / str(yard.workspace.id) / "secrets.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(document))
    cluster = {"spark_env_vars": {"PASSWORD": "{{secrets/s/k}}"}}
    run = yard.run_now(yard.create(script("a", new_cluster=cluster)))

    with pytest.raises(InvalidRequest, match="The secret 'k' in scope 's' is not UTF-8") as caught:
        yard.finished(run, "a")

    assert "0xff" not in str(caught.value)
