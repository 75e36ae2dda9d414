from __future__ import annotations

from typing import Any

import pytest

from runyard.core.errors import InvalidRequest
from runyard.dialects.glue import rules
from runyard.dialects.glue.asked import effective


def job(name: str = "glueetl", **more: Any) -> dict[str, Any]:
    return {"Role": "r", "Command": {"Name": name, "ScriptLocation": "s3://b/s.py"}, **more}


WORKERS: dict[str, Any] = {"WorkerType": "G.1X", "NumberOfWorkers": 2}


@pytest.mark.parametrize(
    "good",
    [
        job(),
        job("pythonshell"),
        job("pythonshell", MaxCapacity=1.0),
        job("pythonshell", MaxCapacity=0.0625, AllocatedCapacity=0),
        job("gluestreaming", Timeout=20_000, WorkerType="G.025X", NumberOfWorkers=2),
        job("glueray", WorkerType="Z.2X", NumberOfWorkers=1),
        job(**WORKERS),
        job(WorkerType="Standard", NumberOfWorkers=1, GlueVersion="0.9"),
        job(WorkerType="G.99X", NumberOfWorkers=1),
        job(MaxCapacity=2.0),
        job(AllocatedCapacity=5),
        job(ExecutionClass="FLEX", GlueVersion="3.0", **WORKERS),
        job(ExecutionClass="FLEX", GlueVersion="auto", **WORKERS),
        job(JobRunQueuingEnabled=True),
        job(JobRunQueuingEnabled=False, MaxRetries=3),
        job(MaxRetries=10, Timeout=10_080, ExecutionProperty={"MaxConcurrentRuns": 1}),
        job(ExecutionProperty={}),
    ],
)
def test_a_job_that_keeps_the_rules_is_taken(good: dict[str, Any]) -> None:
    rules.check_job(good)
    rules.check_run({}, effective(good, {}))


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (job(AllocatedCapacity=2, MaxCapacity=5.0), "Please set only Allocated Capacity or Max Capacity"),
        (
            job(MaxCapacity=5.0, **WORKERS),
            "Please do not set Max Capacity if using Worker Type and Number of Workers.",
        ),
        (
            job("spark"),
            "Job command name 'spark' is not valid; use one of glueetl, gluestreaming, pythonshell, glueray.",
        ),
        ({"Role": "r", "Command": {}}, "Job command name '' is not valid; use one of glueetl, gluestreaming,"),
        (job("pythonshell", **WORKERS), "Worker Type is not supported for Job Command pythonshell"),
        (job("pythonshell", NumberOfWorkers=2), "Worker Type is not supported for Job Command pythonshell"),
        (
            job("glueray"),
            "Worker type cannot be null and only [Z.2X] worker types are supported for glueray jobs",
        ),
        (
            job("glueray", **WORKERS),
            "Worker type cannot be null and only [Z.2X] worker types are supported for glueray jobs",
        ),
        (
            job("glueray", WorkerType="Z.2X", NumberOfWorkers=1, Timeout=5),
            "Timeout not supported for Ray jobs",
        ),
        (job(WorkerType="G.1X"), "Please set both Worker Type and Number of Workers."),
        (job(NumberOfWorkers=2), "Please set both Worker Type and Number of Workers."),
        (
            job(WorkerType="G.1X", NumberOfWorkers=1),
            "To use Worker Type G.1X, minimum allowed value of Number of Workers is 2.",
        ),
        (
            job(WorkerType="Standard", NumberOfWorkers=0),
            "To use Worker Type Standard, minimum allowed value of Number of Workers is 1.",
        ),
        (
            job("pythonshell", MaxCapacity=2.0),
            "Max Capacity of a pythonshell job must be 0.0625 or 1, not 2.0.",
        ),
        (
            job("pythonshell", AllocatedCapacity=10),
            "Max Capacity of a pythonshell job must be 0.0625 or 1, not 10.0.",
        ),
        (job(MaxCapacity=1.0), "Max Capacity of a glueetl job must be a whole number of at least 2, not 1.0."),
        (job(MaxCapacity=2.5), "Max Capacity of a glueetl job must be a whole number of at least 2, not 2.5."),
        (job(MaxCapacity=0.0), "Max Capacity of a glueetl job must be a whole number of at least 2, not 0.0."),
        (job(Timeout=10_081), "Timeout must be at most 10080 minutes (7 days), not 10081."),
        (job("pythonshell", ExecutionClass="FLEX"), "Execution class FLEX is only available for glueetl jobs"),
        (
            job(ExecutionClass="FLEX", GlueVersion="2.0"),
            "Execution class FLEX is only available for glueetl jobs",
        ),
        (
            {"Role": "r", "Command": {"Name": "pythonshell", "PythonVersion": "2"}},
            "Python Shell version selected is no longer available. Use PythonVersion 3.9.",
        ),
        (job(MaxRetries=11), "MaxRetries must be between 0 and 10, not 11."),
        (job(MaxRetries=-1), "MaxRetries must be between 0 and 10, not -1."),
        (job(ExecutionProperty={"MaxConcurrentRuns": 0}), "MaxConcurrentRuns must be at least 1."),
        (
            job(JobRunQueuingEnabled=True, ExecutionClass="FLEX"),
            "Job run queuing is not available for execution class FLEX.",
        ),
        (
            job(JobRunQueuingEnabled=True, MaxRetries=1),
            "Job run queuing is not available for jobs with retries.",
        ),
    ],
)
def test_a_job_that_breaks_a_rule_is_told_which(bad: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        rules.check_job(bad)

    assert str(caught.value).startswith(text)


def test_braces_in_what_was_asked_are_shown_as_they_are() -> None:
    with pytest.raises(InvalidRequest, match=r"'\{Timeout\}' is not valid"):
        rules.check_job(job("{Timeout}"))


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"AllocatedCapacity": 2, "MaxCapacity": 5.0}, "Please set only Allocated Capacity or Max Capacity"),
        (
            {"MaxCapacity": 5.0, "WorkerType": "G.1X"},
            "Please do not set Max Capacity if using Worker Type and Number of Workers.",
        ),
        ({"NumberOfWorkers": 2}, "Please set both Worker Type and Number of Workers."),
        ({"Timeout": 10_081}, "Timeout must be at most 10080 minutes"),
    ],
)
def test_a_run_that_breaks_a_rule_is_told_which(asked: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        rules.check_run(asked, effective(job(), asked))

    assert str(caught.value).startswith(text)


def test_a_run_may_change_one_of_its_job_s_worker_words() -> None:
    asked = {"NumberOfWorkers": 7}

    rules.check_run(asked, effective(job(**WORKERS), asked))


def test_a_resource_has_at_most_fifty_tags() -> None:
    rules.check_tags({str(number): "" for number in range(50)})

    with pytest.raises(InvalidRequest, match="at most 50 tags; these would be 51"):
        rules.check_tags({str(number): "" for number in range(51)})
