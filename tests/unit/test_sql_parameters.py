from __future__ import annotations

import pytest
from sql_asking import JOBS, RUNS, desk, refused
from upstream import Told

from runyard.sql.errors import (
    INVALID_PARAMETER,
    INVALID_TEXT,
    SqlError,
)

# values and parameters


@pytest.mark.parametrize(
    ("written", "sent"),
    [("7", 7), ("'7'", 7), ("7.0", 7), ("' 7 '", 7), ("'9007199254740993'", 9007199254740993), ("-1", -1)],
)
def test_a_whole_number_may_be_written_in_many_ways(written: str, sent: int) -> None:
    with desk() as (one, cloud):
        one.change(f"EXEC {RUNS}.cancelrun @run_id={written}")

    assert cloud.asked[0].members == {"run_id": sent}


@pytest.mark.parametrize("written", ["'x'", "7.5", "TRUE", "''", "'7x'", "'٣'"])
def test_what_is_no_whole_number_is_refused_before_anything_is_asked(written: str) -> None:
    text, asked = refused(f"EXEC {RUNS}.cancelrun @run_id={written}", INVALID_TEXT)

    assert "run_id is" in text
    assert "no whole number" in text
    assert asked == []


def test_documents_are_written_as_json_and_checked() -> None:
    with desk(lambda _: Told(body={"run_id": 7})) as (one, cloud):
        one.change(f'EXEC {JOBS}.runnow @job_id=3, @job_parameters=\'{{"a": "b"}}\'')
    text, asked = refused(f"EXEC {JOBS}.runnow @job_id=3, @job_parameters='[1]'", INVALID_TEXT)

    assert cloud.asked[0].members["job_parameters"] == {"a": "b"}
    assert ("job_parameters is '[1]', which is no JSON object" in text, asked) == (True, [])


def test_null_is_left_out_but_for_what_is_required() -> None:
    with desk() as (one, cloud):
        one.change(f"EXEC {RUNS}.cancelallruns @job_id=3, @all_queued_runs=NULL")
    text, _ = refused(f"EXEC {RUNS}.cancelrun @run_id=NULL", INVALID_PARAMETER)

    assert cloud.asked[0].members == {"job_id": 3}
    assert "run_id must not be NULL" in text


def test_an_unknown_parameter_is_refused_with_those_there_are() -> None:
    text, asked = refused(f"EXEC {RUNS}.cancelrun @run_id=1 @@json='{{\"run\": 2}}'", INVALID_PARAMETER)

    assert ("has no parameter 'run'; it has run_id" in text, asked) == (True, [])


def test_what_is_given_twice_is_refused() -> None:
    text, _ = refused(f"EXEC {RUNS}.cancelrun @run_id=1 @@json='{{\"Run_Id\": 2}}'", INVALID_PARAMETER)

    assert "run_id is given twice" in text


def test_names_are_known_whatever_their_case_and_behind_data() -> None:
    with desk(lambda _: Told(body={"job_id": 3})) as (one, cloud):
        one.change(f"INSERT INTO {JOBS} (data__name, DATA__TAGS, deployment_name) VALUES ('n', '{{}}', 'prod')")

    assert cloud.asked[0].members == {"name": "n", "tags": {}}


def test_binds_stand_for_arguments_and_payloads() -> None:
    with desk() as (one, cloud):
        one.change(f"EXEC {RUNS}.cancelrun @run_id=?", {"1": "7"})
        one.change(f"EXEC {RUNS}.cancelrun @@json=:told", {"told": '{"run_id": 8}'})
        with pytest.raises(SqlError, match="must be the text of a JSON object"):
            one.change(f"EXEC {RUNS}.cancelrun @@json=:told", {"told": "[]"})

    assert [asked.members for asked in cloud.asked] == [{"run_id": 7}, {"run_id": 8}]
