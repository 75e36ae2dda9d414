"""The tables that Steampipe's plugins have, and a table of Glue's job runs, which they lack."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.dialects.glue.views import JOB, JOB_RUN
from runyard.sql.local import databricks_runs, glue
from runyard.sql.views.view import View

DATABRICKS = "steampipe.databricks"
AWS = "steampipe.aws"
PARTITION = "aws"


def _same(types: Mapping[str, str], *names: str) -> dict[str, tuple[str, str]]:
    return {name: (types[name], f"r.{name}") for name in names}


_RUN_TYPES = {name: databricks_runs.type_of(name) for name in [line.name for line in databricks_runs.SHOWN]}

DATABRICKS_JOB_RUN = View(
    path=f"{DATABRICKS}.databricks_job_run",
    alias="databricks_job_run",
    columns={
        **_same(_RUN_TYPES, "run_id", "run_name", "attempt_number", "cleanup_duration", "creator_user_name"),
        "end_time": ("timestamp", "nullif(r.end_time, 0)"),
        **_same(_RUN_TYPES, "execution_duration", "job_id", "number_in_job", "original_attempt_run_id"),
        **_same(_RUN_TYPES, "run_duration", "run_page_url", "run_type", "setup_duration"),
        "start_time": ("timestamp", "r.start_time"),
        **_same(_RUN_TYPES, "trigger", "cluster_instance", "cluster_spec"),
        "continuous": ("json", "NULL"),
        **_same(_RUN_TYPES, "git_source", "job_clusters", "job_parameters", "overriding_parameters"),
        **_same(_RUN_TYPES, "repair_history", "schedule", "state", "tasks"),
        "title": ("text", "r.run_name"),
        "account_id": ("text", "NULL"),
        "deployment_name": ("text", "r.deployment_name"),
    },
    sources=(f"FROM {databricks_runs.PATH} AS r",),
    description="Databricks job runs as Steampipe shows them.",
)


def _setting(name: str, type_: str = "json") -> tuple[str, str]:
    get = f"r.settings -> '{name}'" if type_ == "json" else f"r.settings ->> '{name}'"
    return type_, get


DATABRICKS_JOB = View(
    path=f"{DATABRICKS}.databricks_job",
    alias="databricks_job",
    columns={
        "job_id": ("bigint", "r.job_id"),
        "name": _setting("name", "text"),
        "created_time": ("timestamp", "r.created_time"),
        "creator_user_name": ("text", "r.creator_user_name"),
        "format": _setting("format", "text"),
        "max_concurrent_runs": _setting("max_concurrent_runs", "bigint"),
        "run_as_user_name": ("text", "r.run_as_user_name"),
        "timeout_seconds": _setting("timeout_seconds", "bigint"),
        "compute": _setting("compute"),
        "continuous": _setting("continuous"),
        "email_notifications": _setting("email_notifications"),
        "git_source": _setting("git_source"),
        "job_clusters": _setting("job_clusters"),
        "job_permissions": ("json", "NULL"),
        "notification_settings": _setting("notification_settings"),
        "parameters": _setting("parameters"),
        "run_as": _setting("run_as"),
        "schedule": _setting("schedule"),
        "tags": _setting("tags"),
        "tasks": _setting("tasks"),
        "trigger": _setting("trigger"),
        "trigger_history": ("json", "NULL"),
        "webhook_notifications": _setting("webhook_notifications"),
        "title": _setting("name", "text"),
        "account_id": ("text", "NULL"),
        "deployment_name": ("text", "r.deployment_name"),
    },
    sources=("FROM databricks_workspace.jobs.jobs AS r",),
    description="Databricks jobs as Steampipe shows them.",
)

_ARN = f"'arn:{PARTITION}:glue:' || r.aws_region || ':' || r.account_id || ':job/' || r.Name"
_IN_AWS = {
    "partition": ("text", f"'{PARTITION}'"),
    "region": ("text", "r.region"),
    "account_id": ("text", "r.account_id"),
}

AWS_GLUE_JOB = View(
    path=f"{AWS}.aws_glue_job",
    alias="aws_glue_job",
    columns={
        "name": ("text", "r.Name"),
        "arn": ("text", _ARN),
        **{
            glue.snake(line.wire): (glue.JOB_TYPES[line.wire], f"r.{line.wire}")
            for line in JOB.lines
            if line.wire != "Name"
        },
        "job_bookmark": ("json", "NULL"),
        "title": ("text", "r.Name"),
        "tags": ("json", "r.tags"),
        "akas": ("json", f"json_array({_ARN})"),
        **_IN_AWS,
    },
    sources=("FROM aws.glue.jobs AS r",),
    description="Glue jobs as Steampipe shows them.",
)

AWS_GLUE_JOB_RUN = View(
    path=f"{AWS}.aws_glue_job_run",
    alias="aws_glue_job_run",
    columns={
        **{glue.snake(line.wire): (glue.RUN_TYPES[line.wire], f"r.{line.wire}") for line in JOB_RUN.lines},
        "title": ("text", "r.Id"),
        **_IN_AWS,
    },
    sources=("FROM aws.glue.job_runs AS r",),
    description="Glue job runs in the manner of Steampipe, which has no such table.",
)

VIEWS = (DATABRICKS_JOB, DATABRICKS_JOB_RUN, AWS_GLUE_JOB, AWS_GLUE_JOB_RUN)
