"""What there is to ask comes from the dialects' tables of operations, and from nowhere else."""

from __future__ import annotations

from runyard.dialects.databricks.operations import OPERATIONS as DATABRICKS
from runyard.dialects.dremio.operations import OPERATIONS as DREMIO
from runyard.dialects.glue.operations import OPERATIONS as GLUE
from runyard.dialects.native.operations import OPERATIONS as NATIVE
from runyard.sql.catalog import Catalog
from runyard.sql.local.glue import snake
from runyard.sql.local.registry import TABLES
from runyard.sql.resources import databricks, dremio, ledger
from runyard.sql.resources.catalog import catalog
from runyard.sql.results import TYPES

KNOWN: Catalog = catalog()


def methods(path: str) -> dict[str, tuple[str, ...]]:
    """Return the names of a resource's methods, by verb."""
    resource = KNOWN.resource(path.split("."))
    verbs = dict.fromkeys(one.verb for one in resource.methods)
    return {verb: tuple(one.name for one in resource.of_verb(verb)) for verb in verbs}


def test_every_operation_of_databricks_is_offered_or_has_a_reason_why_not() -> None:
    offered = {row.operation for row in databricks.ROWS}

    assert offered | set(databricks.NOT_OFFERED) == {one.id for one in DATABRICKS}
    assert not offered & set(databricks.NOT_OFFERED)
    assert {row.operation for row in databricks.OLDER} <= offered


def test_every_operation_of_glue_is_a_method_under_its_own_name() -> None:
    found = {method.wire.operation for one in KNOWN.resources for method in one.methods if one.provider == "aws"}

    assert found == set(GLUE)
    assert snake("BatchStopJobRun") == "batch_stop_job_run"
    assert snake("DPUSeconds") == "dpu_seconds"


def test_every_operation_of_dremio_is_offered_or_has_a_reason_why_not() -> None:
    offered = {row.operation for row in dremio.ROWS}

    assert offered | set(dremio.NOT_OFFERED) == {one.id for one in DREMIO}
    assert not offered & set(dremio.NOT_OFFERED)
    _, method = KNOWN.method(("dremio", "jobs", "jobs", "get"))
    assert (method.wire.path, method.required) == ("/v0/projects/{project_id}/job/{id}", ("id",))


def test_every_operation_of_ours_is_offered_or_has_a_reason_why_not() -> None:
    offered = {row.operation for row in ledger.ROWS}

    assert offered | set(ledger.NOT_OFFERED) == {one.handle.__name__ for one in NATIVE}
    assert not offered & set(ledger.NOT_OFFERED)


def test_the_older_provider_has_the_methods_of_its_reference_page() -> None:
    assert methods("databricks_workspace.workflows.job_runs") == {
        "select": ("getrun", "listruns"),
        "delete": ("deleterun",),
        "exec": ("cancelrun", "cancelallruns", "exportrun", "repairrun"),
    }
    assert methods("databricks_workspace.workflows.jobs")["exec"] == ("runnow", "submit")


def test_the_newer_provider_has_the_methods_of_its_registry() -> None:
    assert methods("databricks_workspace.jobs.job_runs") == {
        "select": ("get", "list"),
        "insert": ("submit",),
        "delete": ("delete",),
        "exec": ("cancel", "cancel_all", "export", "repair"),
    }
    assert methods("databricks_workspace.jobs.jobs")["replace"] == ("reset",)


def test_glue_has_the_methods_of_its_provider_the_most_exact_first() -> None:
    runs = methods("aws.glue.job_runs")

    assert runs["select"] == ("get_job_run", "get_job_runs")
    assert "batch_stop_job_run" in runs["exec"]
    assert "start_job_run" in methods("aws.glue.jobs")["exec"]


def test_a_method_says_how_it_is_called_and_where_its_answer_has_the_rows() -> None:
    _, listed = KNOWN.method(("databricks_workspace", "workflows", "job_runs", "listruns"))
    _, got = KNOWN.method(("aws", "glue", "job_runs", "get_job_runs"))

    assert (listed.wire.method, listed.wire.path, listed.wire.rows) == ("GET", "/api/2.2/jobs/runs/list", "runs")
    assert listed.wire.token == ("page_token", "next_page_token")
    assert (got.wire.operation, got.wire.rows, got.wire.token) == ("GetJobRuns", "JobRuns", ("NextToken", "NextToken"))
    assert got.required == ("JobName",)


def test_columns_have_types_that_results_know_and_what_must_be_given_is_one() -> None:
    for resource in KNOWN.resources:
        assert {one.type for one in resource.columns} <= set(TYPES), resource.path
        names = [one.name.lower() for one in resource.columns]
        assert len(set(names)) == len(names), resource.path
    assert KNOWN.resource(("databricks_workspace", "workspace", "secrets")).column("scope") is not None


def test_a_connection_is_a_column_of_what_a_service_has() -> None:
    named = {"databricks_workspace": "deployment_name", "aws": "region", "dremio": "project_id", "runyard": ""}

    for resource in KNOWN.resources:
        if resource.provider in named:
            assert resource.connection == named[resource.provider]
            assert not resource.connection or resource.column(resource.connection) is not None


def test_hidden_columns_of_local_tables_are_in_no_description() -> None:
    for path, table in TABLES.items():
        resource = KNOWN.resource(path.split("."))
        shown = {one.name for one in table.shown}
        assert shown <= {one.name for one in resource.columns}
        assert not any(one.name.startswith("#") for one in resource.columns)


def test_views_that_people_know_are_listed_and_found_by_their_bare_names() -> None:
    assert KNOWN.resource(("databricks_job_run",)).path == "steampipe.databricks.databricks_job_run"
    assert KNOWN.resource(("system", "lakeflow", "job_run_timeline")).column("period_start_time") is not None
