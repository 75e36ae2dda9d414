from __future__ import annotations

import pytest
from sql_asking import JOBS, RUNS, desk, refused
from upstream import Asked, Told, in_turn

from runyard.sql.errors import (
    INVALID_PARAMETER,
    INVALID_TEXT,
    SYNTAX_ERROR,
    UNDEFINED_OBJECT,
    UPSTREAM_REFUSED,
    SqlError,
)

# the statements of the reference page, filled in


def test_cancelallruns_of_the_reference_page() -> None:
    text = f"""EXEC {RUNS}.cancelallruns
@deployment_name='prod' --required
@@json=
'{{
"job_id": 3,
"all_queued_runs": true
}}';"""
    with desk() as (one, cloud):
        rows, result = one.change(text)

    assert (rows, list(result.headings), result.tag(0)) == ([], [], "EXEC")
    assert result.notices == ["The operation was despatched successfully"]
    assert (cloud.asked[0].path, cloud.asked[0].members) == (
        "/api/2.2/jobs/runs/cancel-all",
        {"job_id": 3, "all_queued_runs": True},
    )


def test_cancelrun_of_the_reference_page_takes_a_quoted_number() -> None:
    with desk() as (one, cloud):
        one.change(f"EXEC {RUNS}.cancelrun @deployment_name='prod' --required\n@@json='{{\"run_id\": \"1001\"}}';")

    assert cloud.asked[0].members == {"run_id": 1001}


def test_exportrun_of_the_reference_page() -> None:
    views = {"views": [{"name": "n", "content": "<html>"}]}
    with desk(lambda _: Told(body=views)) as (one, cloud):
        rows, result = one.change(f"EXEC /*+ SHOWRESULTS */ {RUNS}.exportrun @deployment_name='prod', @run_id=7;")

    assert (cloud.asked[0].method, cloud.asked[0].query) == ("GET", {"run_id": "7"})
    assert ([one.name for one in result.headings], rows) == (["name", "content"], [("n", "<html>")])


def test_repairrun_of_the_reference_page_takes_each_of_its_spellings() -> None:
    text = f"""EXEC {RUNS}.repairrun
@deployment_name='prod' --required
@@json=
'{{
"run_id": "1001",
"latest_repair_id": 5,
"rerun_tasks": ["a"],
"rerun_all_failed_tasks": "false",
"rerun_dependent_tasks": true,
"job_parameters": "{{\\"day\\": \\"1\\"}}",
"pipeline_params": "{{}}"
}}';"""
    with desk(lambda _: Told(body={"repair_id": 9})) as (one, cloud):
        one.change(text)

    assert cloud.asked[0].members == {
        "run_id": 1001,
        "latest_repair_id": 5,
        "rerun_tasks": ["a"],
        "rerun_all_failed_tasks": False,
        "rerun_dependent_tasks": True,
        "job_parameters": {"day": "1"},
        "pipeline_params": {},
    }


def test_delete_of_the_reference_page_names_what_is_missing_and_asks_nothing() -> None:
    text, asked = refused(f"DELETE FROM {RUNS} WHERE deployment_name = 'prod' --required;", INVALID_PARAMETER)

    assert "deleterun needs run_id" in text
    assert f"SHOW METHODS IN {RUNS}" in text
    assert asked == []


def test_delete_with_a_run_posts_it() -> None:
    with desk() as (one, cloud):
        _, result = one.change(f"DELETE FROM {RUNS} WHERE deployment_name = 'prod' AND run_id=1001")

    assert (cloud.asked[0].path, cloud.asked[0].members, result.tag(0)) == (
        "/api/2.2/jobs/runs/delete",
        {"run_id": 1001},
        "DELETE 1",
    )


# which method


def test_a_connection_is_named_by_its_column_and_an_unknown_one_is_refused() -> None:
    text, asked = refused(f"DELETE FROM {RUNS} WHERE deployment_name='nowhere' AND run_id=1", UNDEFINED_OBJECT)

    assert ("Known are: prod" in text, asked) == (True, [])


def test_a_verb_without_a_method_is_refused_with_those_there_are() -> None:
    text, _ = refused(f"UPDATE {RUNS} SET run_name='x' WHERE run_id=1", INVALID_PARAMETER)

    assert "has no method for UPDATE; it has methods for select, delete, insert, exec" in text


def test_update_is_partial_and_replace_is_whole() -> None:
    with desk() as (one, cloud):
        one.change(f"UPDATE {JOBS} SET new_settings='{{\"name\": \"n\"}}' WHERE job_id=3 AND deployment_name='prod'")
        _, result = one.change(f"REPLACE {JOBS} SET data__new_settings='{{}}' WHERE job_id='3'")

    assert [(asked.path, asked.members) for asked in cloud.asked] == [
        ("/api/2.2/jobs/update", {"job_id": 3, "new_settings": {"name": "n"}}),
        ("/api/2.2/jobs/reset", {"job_id": 3, "new_settings": {}}),
    ]
    assert result.tag(0) == "REPLACE 1"


def test_a_value_may_be_any_expression() -> None:
    with desk() as (one, cloud):
        one.change(f"UPDATE {JOBS} SET new_settings=json_object('name', 'a' || 'b') WHERE job_id=1+2")

    assert cloud.asked[0].members == {"job_id": 3, "new_settings": {"name": "ab"}}


def test_glue_is_told_in_its_own_words() -> None:
    with desk(lambda _: Told(body={"Name": "n"})) as (one, cloud):
        rows, _ = one.change(
            "INSERT INTO aws.glue.jobs (region, name, role, command, timeout) "
            "VALUES ('lake', 'n', 'r', '{\"Name\": \"pythonshell\"}', '5') RETURNING Name"
        )
        one.change("DELETE FROM aws.glue.jobs WHERE region='eu-west-1' AND Name='n'")

    assert cloud.asked[0].members == {"Name": "n", "Role": "r", "Command": {"Name": "pythonshell"}, "Timeout": 5}
    assert (cloud.asked[1].target, cloud.asked[1].members) == ("DeleteJob", {"JobName": "n"})
    assert rows == [("n",)]


# several calls


def test_in_is_one_call_each() -> None:
    with desk() as (one, cloud):
        _, result = one.change(f"DELETE FROM {RUNS} WHERE run_id IN (1, '2', 1)")

    assert [asked.members["run_id"] for asked in cloud.asked] == [1, 2]
    assert result.tag(0) == "DELETE 2"


def test_a_condition_and_a_list_leave_what_both_allow() -> None:
    with desk() as (one, cloud):
        one.change(f"DELETE FROM {RUNS} WHERE run_id IN (1, 2, 3) AND run_id IN (2, 3, 4) AND 3 = run_id")

    assert [asked.members["run_id"] for asked in cloud.asked] == [3]


def test_insert_from_values_is_one_call_a_row() -> None:
    with desk(in_turn(Told(body={"job_id": 1}), Told(body={"job_id": 2}))) as (one, cloud):
        rows, result = one.change(f"INSERT INTO {JOBS} (name) VALUES ('a'), ('b') RETURNING job_id, name, job_id + 1")

    assert [asked.members["name"] for asked in cloud.asked] == ["a", "b"]
    assert rows == [(1, "a", 2), (2, "b", 3)]
    assert result.tag(2) == "INSERT 0 2"


def test_insert_from_a_query_is_one_call_a_row() -> None:
    with desk(lambda _: Told(body={"job_id": 1})) as (one, cloud):
        one.change(f'INSERT INTO {JOBS} (name) SELECT value FROM json_each(\'["a", "b", "c"]\') WHERE value <> \'b\'')

    assert [asked.members["name"] for asked in cloud.asked] == ["a", "c"]


def test_a_failing_row_says_what_was_done_before_it() -> None:
    wrong = Told(status=404, body={"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Run 2 does not exist."})
    with desk(in_turn(Told(), wrong)) as (one, cloud), pytest.raises(SqlError) as error:
        one.change(f"DELETE FROM {RUNS} WHERE run_id IN (1, 2, 3)")

    assert error.value.code == UPSTREAM_REFUSED
    assert str(error.value) == (
        "deleteJobRun on prod: 404 RESOURCE_DOES_NOT_EXIST: Run 2 does not exist. Carried out before it: "
        f"1 of 3 calls on {RUNS} (run_id=1); it failed at run_id=2."
    )
    assert len(cloud.asked) == 2


def test_a_wrong_value_in_any_row_is_found_before_the_first_call() -> None:
    text, asked = refused(f"INSERT INTO {JOBS} (name, tags) VALUES ('a', '{{}}'), ('b', '[')", INVALID_TEXT)

    assert ("tags is '['" in text, asked) == (True, [])


def test_rows_that_a_condition_means_are_looked_for_first() -> None:
    def answer(asked: Asked) -> Told:
        old = {"run_id": 1, "job_id": 3, "start_time": 5, "end_time": 6}
        new = {"run_id": 2, "job_id": 3, "start_time": 50, "end_time": 60}
        return Told(body={"runs": [new, old]}) if asked.method == "GET" else Told()

    with desk(answer) as (one, cloud):
        _, result = one.change(f"DELETE FROM {RUNS} WHERE deployment_name='prod' AND end_time < 10")

    assert [asked.members for asked in cloud.asked if asked.method == "POST"] == [{"run_id": 1}]
    assert result.tag(0) == "DELETE 1"


def test_a_column_that_only_another_method_takes_is_a_condition_on_rows() -> None:
    with desk(lambda _: Told(body={"runs": [{"run_id": 1, "run_name": "b"}, {"run_id": 2}]})) as (one, cloud):
        one.change(f"DELETE FROM {RUNS} WHERE run_name = 'b'")

    assert [asked.members for asked in cloud.asked if asked.method == "POST"] == [{"run_id": 1}]


def test_a_condition_that_means_nothing_asks_for_nothing() -> None:
    with desk(lambda _: Told(body={"runs": []})) as (one, cloud):
        _, result = one.change(f"DELETE FROM {RUNS} WHERE end_time < 10")

    assert ([asked.method for asked in cloud.asked], result.tag(0)) == (["GET"], "DELETE 0")


# what comes back


def test_returning_gives_what_was_told_and_answered() -> None:
    with desk(lambda _: Told(body={"job_id": 3, "extra": {"a": 1}})) as (one, _):
        rows, result = one.change(
            f"INSERT INTO {JOBS} (name, deployment_name) VALUES ('n', 'prod') "
            "RETURNING deployment_name, name, extra ->> '$.a' AS a, upper(name), nothing"
        )

    assert rows == [("prod", "n", 1, "N", None)]
    assert [one.name for one in result.headings][:3] == ["deployment_name", "name", "a"]


def test_returning_everything_gives_every_member() -> None:
    with desk(lambda _: Told(body={"job_id": 3})) as (one, _):
        rows, result = one.change(f"INSERT INTO {JOBS} (name, deployment_name) VALUES ('n', 'prod') RETURNING *")

    assert dict(zip((one.name for one in result.headings), rows[0], strict=True)) == {
        "deployment_name": "prod",
        "name": "n",
        "job_id": 3,
    }


def test_the_rows_of_a_list_come_from_every_page() -> None:
    pages = in_turn(
        Told(body={"runs": [{"run_id": 1}], "next_page_token": "a"}), Told(body={"runs": [{"run_id": 2, "x": [1]}]})
    )
    with desk(pages) as (one, cloud):
        rows, _ = one.change(f"EXEC /*+ SHOWRESULTS */ {RUNS}.listruns @job_id=3")

    assert rows == [(1, None), (2, "[1]")]
    assert cloud.asked[1].query == {"job_id": "3", "page_token": "a"}


def test_what_returning_asks_is_understood_before_the_first_call() -> None:
    text, asked = refused(f"INSERT INTO {JOBS} (name) VALUES ('n') RETURNING nonsense(job_id)", SYNTAX_ERROR)

    assert ("no such function: nonsense" in text.lower(), asked) == (True, [])
