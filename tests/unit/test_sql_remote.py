from __future__ import annotations

from typing import Any

import pytest
from databricks_upstream import NEWEST, RUNS, Workspace, desk, run, told
from upstream import Asked, Told

from runyard.sql.errors import (
    CONNECTION_FAILED,
    INVALID_PARAMETER,
    INVALID_TEXT,
    SqlError,
)

JOBS = "databricks_workspace.workflows.jobs"
GLUE_RUNS = "aws.glue.job_runs"


# all of it, and no more calls than it takes


def test_a_table_is_read_to_its_end_however_many_pages_it_has() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT count(*), max(run_id), sum(run_id) FROM {RUNS}")

    assert rows == [(60, 60, 1830)]
    assert (told(cloud, "limit"), told(cloud, "page_token")) == (["25", "25", "25"], [None, "25", "50"])


def test_a_run_is_looked_up_by_one_call() -> None:
    with desk() as (one, cloud):
        rows = one.rows(
            f"SELECT run_id, run_name, state ->> '$.life_cycle_state', deployment_name FROM {RUNS} WHERE run_id = 7"
        )

    assert rows == [(7, "run 7", "TERMINATED", "prod")]
    assert [(asked.path, asked.query) for asked in cloud.asked] == [("/api/2.2/jobs/runs/get", {"run_id": "7"})]


def test_a_list_of_runs_is_one_call_each_and_unknown_ones_are_no_rows() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT run_id FROM {RUNS} WHERE run_id IN (3, 4, 999, 4, '5', 'x', NULL, 6.5) ORDER BY 1")

    assert rows == [(3,), (4,), (5,)]
    assert sorted(str(one) for one in told(cloud, "run_id")) == ["3", "4", "5", "999"]


def test_a_list_that_a_query_gives_is_one_call_each() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT run_id FROM {RUNS} WHERE run_id IN (SELECT value FROM json_each('[3, 4]')) ORDER BY 1")
        none = one.rows(f"SELECT run_id FROM {RUNS} WHERE run_id IN (SELECT 1 WHERE 0)")

    assert (rows, none) == ([(3,), (4,)], [])
    assert len(cloud.asked) == 2


def test_what_a_service_can_be_told_it_is_told_and_checked_all_the_same() -> None:
    with desk() as (one, cloud):
        rows = one.rows(
            f"SELECT run_id FROM {RUNS} WHERE job_id = 11 AND run_type = 'JOB_RUN' "
            "AND start_time > 1100000 AND start_time <= 1310000 ORDER BY run_id"
        )

    assert rows == [(13,), (19,), (25,), (31,)]
    assert cloud.asked[0].query == {
        "limit": "25",
        "job_id": "11",
        "run_type": "JOB_RUN",
        "start_time_from": "1100000",
        "start_time_to": "1310000",
    }


def test_a_service_that_ignores_what_it_is_told_makes_no_wrong_answer() -> None:
    everything = Workspace()

    def deaf(asked: Asked) -> Told:
        kept = {name: value for name, value in asked.query.items() if name in ("limit", "page_token")}
        return everything._list(kept)

    with desk(deaf) as (one, _):
        rows = one.rows(f"SELECT run_id FROM {RUNS} WHERE job_id = 11 AND start_time > 1500000 ORDER BY run_id")

    assert rows == [(52,), (55,), (58,)]


def test_the_newest_come_first_and_no_more_pages_are_read_than_are_wanted() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT run_id FROM {RUNS} ORDER BY start_time DESC LIMIT 5")

    assert (rows, len(cloud.asked)) == ([(60,), (59,), (58,), (57,), (56,)], 1)


def test_a_limit_stops_reading_also_without_an_order() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT run_id FROM {RUNS} LIMIT 3")

    assert (len(rows), len(cloud.asked)) == (3, 1)


@pytest.mark.parametrize(
    "order", ["start_time", "start_time DESC, run_id", "run_id DESC", "end_time DESC, run_id DESC"]
)
def test_any_other_order_is_made_here(order: str) -> None:
    key: dict[str, Any] = {
        "start_time": lambda one: one["start_time"],
        "start_time DESC, run_id": lambda one: (-one["start_time"], one["run_id"]),
        "run_id DESC": lambda one: -one["run_id"],
        "end_time DESC, run_id DESC": lambda one: (-one["end_time"], -one["run_id"]),
    }
    with desk() as (one, _):
        rows = one.rows(f"SELECT run_id FROM {RUNS} ORDER BY {order} LIMIT 7")

    assert rows == [(row["run_id"],) for row in sorted(Workspace().runs, key=key[order])[:7]]


def test_several_lists_are_merged_in_their_order() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT run_id FROM {RUNS} WHERE job_id IN (10, 11) ORDER BY start_time DESC LIMIT 6")

    assert rows == [(60,), (58,), (57,), (55,), (54,), (52,)]
    assert sorted(str(each) for each in told(cloud, "job_id")) == ["10", "11"]


def test_runs_of_one_moment_may_be_listed_in_any_order() -> None:
    first, second = run(9), run(10)
    swapped = [{**first, "start_time": NEWEST + 5}, {**second, "start_time": NEWEST + 6}, run(1) | {"start_time": 5}]
    with desk(Workspace(swapped)) as (one, _):
        rows = one.rows(f"SELECT run_id FROM {RUNS} ORDER BY start_time DESC")

    assert rows == [(10,), (9,), (1,)]


def test_a_list_that_is_not_in_its_order_is_an_error_and_no_wrong_answer() -> None:
    with desk(Workspace([run(number) for number in range(1, 61)])) as (one, _):
        with pytest.raises(SqlError, match="does not list by start_time") as error:
            one.rows(f"SELECT run_id FROM {RUNS} ORDER BY start_time DESC LIMIT 5")
        rows = one.rows(f"SELECT run_id FROM {RUNS} ORDER BY +start_time DESC LIMIT 2")

    assert (error.value.code, rows) == (CONNECTION_FAILED, [(60,), (59,)])


def test_tasks_are_asked_for_where_they_are_wanted() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT count(*) FROM {RUNS} AS r, json_each(r.tasks) AS t WHERE r.job_id = 10")
        one.rows(f"SELECT count(run_name) FROM {RUNS} WHERE job_id = 10")

    assert rows == [(20,)]
    assert told(cloud, "expand_tasks") == ["true", None]


def test_a_run_that_a_list_cuts_is_asked_for_whole() -> None:
    def answer(asked: Asked) -> Told:
        if asked.path.endswith("/list"):
            return Told(body={"runs": [{**run(1), "tasks": [{"k": 1}], "has_more": True}, {**run(2), "tasks": []}]})
        if "page_token" in asked.query:
            return Told(body={**run(1), "tasks": [{"k": 2}]})
        return Told(body={**run(1), "tasks": [{"k": 1}], "next_page_token": "a"})

    with desk(answer) as (one, _):
        rows = one.rows(f"SELECT run_id, tasks FROM {RUNS} ORDER BY 1")

    assert rows == [(1, '[{"k":1},{"k":2}]'), (2, "[]")]


def test_one_statement_asks_the_same_once() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT count(*) FROM {RUNS} AS a, {RUNS} AS b WHERE a.run_name = b.run_name")
        again = one.rows(
            f"SELECT (SELECT run_name FROM {RUNS} WHERE run_id = 7) || (SELECT run_name FROM {RUNS} WHERE run_id = 7)"
        )

    assert (rows, again) == ([(60,)], [("run 7run 7",)])
    assert len(cloud.asked) == 3 + 1


def test_the_next_statement_asks_anew() -> None:
    with desk() as (one, cloud):
        for _ in range(2):
            one.rows(f"SELECT run_name FROM {RUNS} WHERE run_id = 7")

    assert len(cloud.asked) == 2


def test_a_join_asks_for_each_row_it_needs() -> None:
    with desk() as (one, cloud):
        rows = one.rows(
            f"SELECT r.run_id, v.value FROM json_each('[7, 8, 999]') AS v JOIN {RUNS} AS r ON r.run_id = v.value"
        )

    assert (rows, len(cloud.asked)) == ([(7, 7), (8, 8)], 3)


# parameters that are no columns


def test_an_option_is_told_and_may_be_selected() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT count(*), active_only FROM {RUNS} WHERE active_only = 'true'")

    assert rows == [(5, 1)]
    assert told(cloud, "active_only") == ["true"]


def test_an_option_makes_the_method_that_takes_it_be_chosen() -> None:
    with desk() as (one, cloud):
        rows = one.rows(f"SELECT run_id FROM {RUNS} WHERE run_id = 60 AND active_only = 1")

    assert rows == [(60,)]
    assert [asked.path for asked in cloud.asked] == ["/api/2.2/jobs/runs/list"]


@pytest.mark.parametrize(
    ("condition", "code", "text"),
    [
        ("active_only = 'maybe'", INVALID_TEXT, "active_only is 'maybe', which is no boolean"),
        ("active_only > 0", INVALID_PARAMETER, "compare it by = or IN"),
        ("include_history = 1 AND active_only = 1", INVALID_PARAMETER, "No method of"),
    ],
)
def test_an_option_that_cannot_be_told_is_refused(condition: str, code: str, text: str) -> None:
    with desk() as (one, cloud), pytest.raises(SqlError, match=text) as error:
        one.rows(f"SELECT * FROM {RUNS} WHERE {condition}")

    assert (error.value.code, cloud.asked) == (code, [])


def test_paging_is_no_business_of_a_statement() -> None:
    with desk() as (one, _), pytest.raises(Exception, match="no such column: page_token"):
        one.rows(f"SELECT count(*) FROM {RUNS} WHERE page_token = 'x'")


# tables whose list needs a parent


def glue(asked: Asked) -> Told:
    name = asked.members.get("JobName")
    if asked.target == "GetJobs":
        return Told(body={"Jobs": [{"Name": one} for one in ("a", "b", "gone")]})
    if name == "gone":
        return Told(status=400, body={"__type": "EntityNotFoundException", "Message": "Job gone not found."})
    runs = [{"Id": f"{name}{number}", "JobName": name, "StartedOn": number + 0.5} for number in range(3)]
    if asked.target == "GetJobRun":
        return Told(body={"JobRun": next(one for one in runs if one["Id"] == asked.members["RunId"])})
    return Told(body={"JobRuns": runs})


def test_runs_of_glue_are_those_of_every_job() -> None:
    with desk(glue) as (one, cloud):
        rows = one.rows(f"SELECT JobName, count(*), max(StartedOn) FROM {GLUE_RUNS} GROUP BY 1 ORDER BY 1")

    assert rows == [("a", 3, 2500), ("b", 3, 2500)]
    assert sorted(asked.target for asked in cloud.asked) == ["GetJobRuns"] * 3 + ["GetJobs"]


def test_runs_of_one_job_of_glue_need_no_list_of_jobs() -> None:
    with desk(glue) as (one, cloud):
        rows = one.rows(f"SELECT Id FROM {GLUE_RUNS} WHERE JobName = 'a' AND region = 'lake'")

    assert (len(rows), [asked.target for asked in cloud.asked]) == (3, ["GetJobRuns"])


def test_a_run_of_glue_is_looked_up_by_both_its_names() -> None:
    with desk(glue) as (one, cloud):
        rows = one.rows(f"SELECT Id FROM {GLUE_RUNS} WHERE JobName = 'a' AND Id = 'a1'")

    assert (rows, cloud.asked[0].members) == ([("a1",)], {"JobName": "a", "RunId": "a1"})


def test_a_name_without_regard_to_case_is_compared_here() -> None:
    with desk(glue) as (one, cloud):
        rows = one.rows(f"SELECT Id FROM {GLUE_RUNS} WHERE JobName = 'A' COLLATE NOCASE")

    assert (len(rows), cloud.asked[0].target) == (3, "GetJobs")


# values


def test_values_have_the_types_of_their_columns() -> None:
    odd = {
        "run_id": "7",
        "job_id": 3.0,
        "run_name": 5,
        "run_type": None,
        "state": {"ä": [1, 2.5, None]},
        "start_time": "x",
        "tasks": [],
    }
    with desk(lambda _: Told(body={"runs": [odd]})) as (one, _):
        rows = one.rows(f"SELECT run_id, job_id, run_name, run_type, state, start_time, end_time, tasks FROM {RUNS}")

    assert rows == [(7, 3, "5", None, '{"ä":[1,2.5,null]}', "x", None, "[]")]


def test_explaining_says_what_would_be_asked() -> None:
    with desk() as (one, cloud):
        plans = [
            *one.plan(f"SELECT * FROM {RUNS} WHERE run_id = 7"),
            *one.plan(f"SELECT * FROM {RUNS} WHERE job_id = 7 ORDER BY start_time DESC"),
            *one.plan(f"SELECT * FROM {GLUE_RUNS}"),
        ]

    assert [plan.partition(":")[2] for plan in plans] == [
        "getJobRun(run_id)",
        "listJobRuns(job_id), newest first",
        "GetJobRuns(JobName of each of jobs)",
    ]
    assert cloud.asked == []
