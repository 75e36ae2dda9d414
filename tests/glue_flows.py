"""A Glue workflow `w` that tests compose of jobs a, b, c and d, and whose job runs they let end."""

from __future__ import annotations

from typing import Any

from glue_service import JOB, Glue, names

from runyard.core.run import Outcome


def furnish(glue: Glue) -> None:
    """Create the jobs and the workflow."""
    for name in ("a", "b", "c", "d"):
        glue("CreateJob", Name=name, **JOB, ExecutionProperty={"MaxConcurrentRuns": 5})
    glue("CreateWorkflow", Name="w", Description="d", DefaultRunProperties={"p": "1", "q": "2"})


def start_with(glue: Glue, *jobs: str, name: str = "start", **more: Any) -> None:
    actions = [{"JobName": job} for job in jobs]
    glue("CreateTrigger", **{"Name": name, "Type": "ON_DEMAND", "WorkflowName": "w", "Actions": actions, **more})


def then(
    glue: Glue, job: str, *before: str, state: str = "SUCCEEDED", logical: str = "AND", active: bool = True
) -> None:
    conditions = [{"LogicalOperator": "EQUALS", "JobName": one, "State": state} for one in before]
    glue(
        "CreateTrigger",
        Name=f"to {job}",
        Type="CONDITIONAL",
        WorkflowName="w",
        StartOnCreation=active,
        Predicate={"Logical": logical, "Conditions": conditions},
        Actions=[{"JobName": job}],
    )


def start(glue: Glue, **members: Any) -> str:
    run_id: str = glue("StartWorkflowRun", Name="w", **members)["RunId"]
    glue.look()
    glue.begin()
    return run_id


def end(glue: Glue, outcome: Outcome = Outcome.SUCCEEDED, count: int = 100) -> None:
    """Let the oldest job runs that go on end, and those begin that follow."""
    glue.end(outcome, attempts=glue.on_process()[:count])
    glue.look()
    glue.begin()


def run_of(glue: Glue, run_id: str, **members: Any) -> dict[str, Any]:
    return dict(glue("GetWorkflowRun", Name="w", RunId=run_id, **members)["Run"])


def nodes(glue: Glue, run_id: str) -> dict[str, dict[str, Any]]:
    graph = run_of(glue, run_id, IncludeGraph=True)["Graph"]
    return {node["Name"]: node for node in graph["Nodes"] if node["Type"] == "JOB"}


def states(glue: Glue, run_id: str) -> dict[str, list[str]]:
    return {name: names(node["JobDetails"], "JobRuns", "JobRunState") for name, node in nodes(glue, run_id).items()}


def resume(glue: Glue, run_id: str, *jobs: str) -> dict[str, Any]:
    ids = [nodes(glue, run_id)[job]["UniqueId"] for job in jobs]
    return glue("ResumeWorkflowRun", Name="w", RunId=run_id, NodeIds=ids)
