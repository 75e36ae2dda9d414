"""A few resources as records, for tests of what is asked of services."""

from __future__ import annotations

from runyard.sql.catalog import Catalog, Column, Method, Parameter, Resource, Wire


def parameters(**kinds: str) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(name=name, type=kind.removesuffix("!"), is_required=kind.endswith("!"))
        for name, kind in kinds.items()
    )


def columns(**kinds: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=kind) for name, kind in kinds.items())


def rest(operation: str, path: str, *, method: str = "POST", rows: str = "") -> Wire:
    token = ("page_token", "next_page_token") if method == "GET" and "export" not in path else None
    return Wire(
        protocol="databricks", operation=operation, method=method, path=f"/api/2.2/{path}", rows=rows, token=token
    )


def aws(operation: str, *, rows: str = "", token: bool = False) -> Wire:
    return Wire(protocol="aws", operation=operation, rows=rows, token=("NextToken", "NextToken") if token else None)


RUNS = Resource(
    provider="databricks_workspace",
    service="workflows",
    name="job_runs",
    connection="deployment_name",
    columns=columns(
        run_id="bigint",
        job_id="bigint",
        run_name="text",
        run_type="text",
        state="json",
        start_time="bigint",
        end_time="bigint",
        tasks="json",
    ),
    methods=(
        Method(
            name="listruns",
            verb="select",
            wire=rest("listJobRuns", "jobs/runs/list", method="GET", rows="runs"),
            parameters=parameters(
                job_id="int",
                active_only="bool",
                completed_only="bool",
                run_type="string",
                start_time_from="int",
                start_time_to="int",
                expand_tasks="bool",
                limit="int",
                offset="int",
                page_token="string",
            ),
        ),
        Method(
            name="getrun",
            verb="select",
            wire=rest("getJobRun", "jobs/runs/get", method="GET"),
            parameters=parameters(run_id="int!", include_history="bool", page_token="string"),
        ),
        Method(
            name="deleterun",
            verb="delete",
            wire=rest("deleteJobRun", "jobs/runs/delete"),
            parameters=parameters(run_id="int!"),
        ),
        Method(
            name="submit",
            verb="insert",
            wire=rest("submitRun", "jobs/runs/submit"),
            parameters=parameters(run_name="string", tasks="array", idempotency_token="string", timeout_seconds="int"),
        ),
        Method(
            name="cancelrun",
            verb="exec",
            wire=rest("cancelJobRun", "jobs/runs/cancel"),
            parameters=parameters(run_id="int!"),
        ),
        Method(
            name="cancelallruns",
            verb="exec",
            wire=rest("cancelAllJobRuns", "jobs/runs/cancel-all"),
            parameters=parameters(job_id="int", all_queued_runs="bool"),
        ),
        Method(
            name="exportrun",
            verb="exec",
            wire=rest("exportJobRun", "jobs/runs/export", method="GET", rows="views"),
            parameters=parameters(run_id="int!", views_to_export="string"),
        ),
        Method(
            name="repairrun",
            verb="exec",
            wire=rest("repairJobRun", "jobs/runs/repair"),
            parameters=parameters(
                run_id="int!",
                rerun_tasks="array",
                rerun_all_failed_tasks="bool",
                rerun_dependent_tasks="bool",
                latest_repair_id="int",
                job_parameters="object",
                pipeline_params="object",
            ),
        ),
    ),
)
JOBS = Resource(
    provider="databricks_workspace",
    service="workflows",
    name="jobs",
    connection="deployment_name",
    columns=columns(job_id="bigint", created_time="bigint", settings="json"),
    methods=(
        Method(
            name="list",
            verb="select",
            wire=rest("listJobs", "jobs/list", method="GET", rows="jobs"),
            parameters=parameters(name="string", expand_tasks="bool", limit="int", page_token="string"),
        ),
        Method(
            name="get",
            verb="select",
            wire=rest("getJob", "jobs/get", method="GET"),
            parameters=parameters(job_id="int!", page_token="string"),
        ),
        Method(
            name="create",
            verb="insert",
            wire=rest("createJob", "jobs/create"),
            parameters=parameters(name="string", tasks="array", tags="object", max_concurrent_runs="int"),
        ),
        Method(
            name="update",
            verb="update",
            wire=rest("updateJob", "jobs/update"),
            parameters=parameters(job_id="int!", new_settings="object", fields_to_remove="array"),
        ),
        Method(
            name="reset",
            verb="replace",
            wire=rest("resetJob", "jobs/reset"),
            parameters=parameters(job_id="int!", new_settings="object!"),
        ),
        Method(
            name="delete", verb="delete", wire=rest("deleteJob", "jobs/delete"), parameters=parameters(job_id="int!")
        ),
        Method(
            name="runnow",
            verb="exec",
            wire=rest("runJobNow", "jobs/run-now"),
            parameters=parameters(job_id="int!", idempotency_token="string", job_parameters="object"),
        ),
    ),
)
GLUE_JOBS = Resource(
    provider="aws",
    service="glue",
    name="jobs",
    connection="region",
    columns=columns(Name="text", Role="text", CreatedOn="timestamp", Command="json", Timeout="bigint"),
    methods=(
        Method(
            name="get_job",
            verb="select",
            wire=aws("GetJob", rows="Job"),
            parameters=(Parameter(name="JobName", type="string", is_required=True, column="Name"),),
        ),
        Method(
            name="get_jobs",
            verb="select",
            wire=aws("GetJobs", rows="Jobs", token=True),
            parameters=parameters(NextToken="string", MaxResults="int"),
        ),
        Method(
            name="create_job",
            verb="insert",
            wire=aws("CreateJob"),
            parameters=parameters(Name="string!", Role="string!", Command="object!", Timeout="int"),
        ),
        Method(
            name="delete_job",
            verb="delete",
            wire=aws("DeleteJob"),
            parameters=(Parameter(name="JobName", type="string", is_required=True, column="Name"),),
        ),
        Method(
            name="start_job_run",
            verb="exec",
            wire=aws("StartJobRun"),
            parameters=parameters(JobName="string!", Arguments="object", Timeout="int"),
        ),
    ),
)
GLUE_RUNS = Resource(
    provider="aws",
    service="glue",
    name="job_runs",
    connection="region",
    columns=columns(
        Id="text",
        Attempt="bigint",
        JobName="text",
        StartedOn="timestamp",
        CompletedOn="timestamp",
        JobRunState="text",
        Arguments="json",
        ErrorMessage="text",
        ExecutionTime="bigint",
        MaxCapacity="double",
    ),
    methods=(
        Method(
            name="get_job_run",
            verb="select",
            wire=aws("GetJobRun", rows="JobRun"),
            parameters=(
                *parameters(JobName="string!", PredecessorsIncluded="bool"),
                Parameter(name="RunId", type="string", is_required=True, column="Id"),
            ),
        ),
        Method(
            name="get_job_runs",
            verb="select",
            wire=aws("GetJobRuns", rows="JobRuns", token=True),
            parameters=parameters(JobName="string!", NextToken="string", MaxResults="int"),
        ),
        Method(
            name="batch_stop_job_run",
            verb="exec",
            wire=aws("BatchStopJobRun"),
            parameters=parameters(JobName="string!", JobRunIds="array!"),
        ),
    ),
)
CATALOG = Catalog(resources=(RUNS, JOBS, GLUE_JOBS, GLUE_RUNS))
