"""The languages asked as their clients ask them, for what only they can tell or do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from shlex import quote
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from runyard.core.run import Run
from runyard.dialects import aws_ids, dremio_ids
from runyard.dialects.databricks.protocol import Databricks
from runyard.dialects.dremio.protocol import Dremio
from runyard.dialects.dremio.views import LANGUAGE as DREMIO
from runyard.dialects.exchange import Reply, Request
from runyard.dialects.glue import protocol as glue
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import OneRun
from runyard.dialects.native.protocol import PREFIX as NATIVE
from runyard.dialects.native.protocol import Native
from runyard.web.console.insight.masks import masked
from runyard.web.console.run_facts import find

Answer = dict[str, Any]

MOST_ROWS = 500  # that Dremio gives at once


@dataclass(frozen=True, kw_only=True)
class Record:
    """How one language's client fetches the record of a run."""

    title: str
    language: str  # whose own runs it shows first
    fetch: Callable[[Call, Run], Reply]
    calls: Callable[[Call, Run], Sequence[str]]  # ready to copy
    fits: Callable[[Run], bool] = lambda _: True


class Records(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether what is called like a secret is shown too, as the clients get it."""

    exact: bool = False


def show_records(call: Call, asked: Records) -> Answer:
    """Shows a run as each language's clients see it, with the calls that fetch it."""
    run, _ = find(call, asked.run)
    fitting = sorted((one for one in RECORDS if one.fits(run)), key=lambda one: one.language != run.language)
    shown = [_shown(call, run, one, exact=asked.exact) for one in fitting]
    return {"records": [shown[0], *(one for one in shown[1:] if one["status"] == HTTPStatus.OK)]}


def _shown(call: Call, run: Run, record: Record, *, exact: bool) -> Answer:
    reply = record.fetch(call, run)
    told = msgspec.json.decode(reply.body)
    covered = masked(told)
    return {
        "title": record.title,
        "status": reply.status,
        "record": told if exact else covered,
        "is_masked": not exact and covered != told,
        "calls": record.calls(call, run),
    }


def asked_of_databricks(call: Call, method: str, target: str, members: Mapping[str, Any] | None = None) -> Reply:
    """Carry out a call of Databricks' language for the caller of ours."""
    return _databricks().answer(call.engine, _request(call, method, target, members))


def asked_of_glue(call: Call, operation: str, members: Mapping[str, Any]) -> Reply:
    """Carry out a call of Glue's language for the caller of ours."""
    request = _request(call, "POST", "/", members, {"x-amz-target": f"{glue.TARGET_PREFIX}{operation}"})
    return glue.answer(call.engine, request)


def rows_of_dremio(call: Call, run: Run, *, offset: int = 0, limit: int = MOST_ROWS) -> Answer:
    """Return some rows of a Dremio job by column, as statements of other languages keep theirs."""
    reply = asked_of_dremio(call, f"{_dremio_path(run)}/results?offset={offset}&limit={min(limit, MOST_ROWS)}")
    if reply.status != HTTPStatus.OK:
        return {}
    told = msgspec.json.decode(reply.body)
    names = [column["name"] for column in told["schema"]]
    rows = [[row.get(name) for name in names] for row in told["rows"]]
    return {"schema": told["schema"], "rows": rows, "count": told["rowCount"]}


def asked_of_dremio(call: Call, target: str) -> Reply:
    """Carry out a call of Dremio's language for the caller of ours."""
    return Dremio().answer(call.engine, _request(call, "GET", target))


def _request(
    call: Call,
    method: str,
    target: str,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    path, _, query = target.partition("?")
    return Request(
        method=method,
        path=path,
        raw_path=path,
        query=dict(parse_qsl(query)),
        headers={"content-type": "application/json", **(headers or {})},
        body=b"" if members is None else msgspec.json.encode(members),
        workspace=call.workspace,
        user=call.user,
        role=call.role,
        url=call.url,
    )


@cache
def _databricks() -> Databricks:
    return Databricks()


def _glue_run(run: Run) -> str:
    return aws_ids.run_id(run.id, run.attempt)


def _dremio_path(run: Run) -> str:
    return f"/api/v3/job/{dremio_ids.job_id(run.id)}"


RECORDS = (
    Record(
        title="AWS Glue",
        language="glue",
        fetch=lambda call, run: asked_of_glue(call, "GetJobRun", {"JobName": run.job_name, "RunId": _glue_run(run)}),
        calls=lambda _, run: (
            f"aws glue get-job-run --job-name {quote(run.job_name)} --run-id {_glue_run(run)}",
            f"boto3.client('glue').get_job_run(JobName={run.job_name!r}, RunId='{_glue_run(run)}')",
        ),
    ),
    Record(
        title="Databricks",
        language="databricks",
        fetch=lambda call, run: asked_of_databricks(call, "GET", f"/api/2.2/jobs/runs/get?run_id={run.id}"),
        calls=lambda _, run: (
            f"databricks jobs get-run {run.id}",
            f"WorkspaceClient().jobs.get_run(run_id={run.id})",
        ),
    ),
    Record(
        title="Dremio",
        language=DREMIO,
        fetch=lambda call, run: asked_of_dremio(call, _dremio_path(run)),
        calls=lambda call, run: (f'curl -H "Authorization: Bearer $DREMIO_TOKEN" {call.url}{_dremio_path(run)}',),
        fits=lambda run: run.language == DREMIO,
    ),
    Record(
        title="runyard",
        language="native",
        fetch=lambda call, run: Native().answer(call.engine, _request(call, "GET", f"{NATIVE}/runs/{run.id}")),
        calls=lambda call, run: (
            f"runyard runs show {run.id} --json",
            f'curl -H "Authorization: Bearer $DATABRICKS_TOKEN" {call.url}{NATIVE}/runs/{run.id}',
        ),
    ),
)
"""Every language in which a run can be fetched."""
