"""Glue's jobs and job runs over the ledger, in AWS's words and, for those who write SQL, in snake_case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from runyard.core.run import PHASES
from runyard.dialects.glue import states
from runyard.dialects.glue.model import load_model
from runyard.dialects.glue.views import JOB, JOB_RUN, LANGUAGE
from runyard.dialects.view import Line, View
from runyard.sql.local.ledger import BY_PHASE, PHASED, RUNS_IN_A_LIST, RUNS_IN_THE_INDEX
from runyard.sql.local.members import longest_zero, member
from runyard.sql.local.tables import HERE, Branch, LocalColumn, LocalTable, Spelling, literal
from runyard.sql.local.words import OUTCOME, STATE, Words

PROVIDER, SERVICE = "aws", "glue"
CONNECTION = "region"
TYPES: Mapping[str, str] = {
    "string": "text",
    "integer": "bigint",
    "long": "bigint",
    "double": "double",
    "float": "double",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "structure": "json",
    "map": "json",
    "list": "json",
}
"""Types of AWS's model to types of columns."""
NUMBER, TRY = "#run", "#try"
STATES = Words(by_phase={phase: states.JOB_RUN_STATES[phase] for phase in PHASES})
SPELLED = Spelling(number=NUMBER, function="runyard_glue_run_number")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_model = lru_cache(maxsize=1)(load_model)


_HIDDEN = {
    "account": HERE,  # another name of a connection
    "account_id": "(SELECT runyard_aws_account(w.name) FROM workspace AS w WHERE w.id = :workspace)",
    "aws_region": ":region",
}

ELSEWHERE = {"account": '"region"', "aws_region": '"region"', "account_id": "NULL", "tags": "NULL"}
"""What the hidden columns are of another server, which tells no more."""


def snake(name: str) -> str:
    """Write a name of AWS's in the way of SQL: JobRunState is job_run_state, DPUSeconds is dpu_seconds."""
    return _WORD.sub("_", name).lower()


def _types(shape: str) -> dict[str, str]:
    model = _model()
    return {name: TYPES[model.shapes[its].type] for name, its in model.shapes[shape].members.items()}


def _kept(line: Line, type_: str, document: str, record: str) -> str:
    """Return a member that settings keep; what stands for an absent one is the dialect's own default."""
    plain = member(document, line.wire, type_)
    if line.is_plain:
        return plain
    default = f"runyard_glue_default('{record}', '{line.wire}', {document})"
    return f"CASE WHEN json_type({document}, {literal(f'$.{line.wire}')}) IS NOT NULL THEN {plain} ELSE {default} END"


def _columns(view: View, types: Mapping[str, str], **more: Mapping[str, object]) -> tuple[LocalColumn, ...]:
    """Return the columns of a view, and hidden ones under the names of SQL."""
    shown = [LocalColumn(name=line.wire, type=types[line.wire], **more.get(line.wire, {})) for line in view.lines]  # type: ignore[arg-type]  # words and spelling
    spelled = {line.wire: snake(line.wire) for line in view.lines}
    aliases = [
        LocalColumn(name=spelled[line.wire], type=types[line.wire], is_hidden=True, **more.get(line.wire, {}))  # type: ignore[arg-type]  # same
        for line in view.lines
        if spelled[line.wire] != line.wire.lower()
    ]
    here = LocalColumn(name=CONNECTION, description="The region or connection that was asked.")
    hidden = (LocalColumn(name=name, is_hidden=True) for name in _HIDDEN)
    return (*shown, here, *hidden, *aliases)


def _values(view: View, values: Mapping[str, str]) -> dict[str, str]:
    """Return what the columns are, under both names."""
    every = {line.wire.lower(): values[line.wire] for line in view.lines}
    return {**every, **{snake(line.wire): values[line.wire] for line in view.lines}, CONNECTION: HERE, **_HIDDEN}


# job runs

RUN_TYPES = _types("JobRun")
_SETTINGS = f"(CASE WHEN r.language = {literal(LANGUAGE)} THEN r.settings ELSE '{{}}' END)"
_IS_SINGLE = "json_array_length(r.tasks) <= 1"
_BILLED = f"(instr({_SETTINGS}, 'FLEX') OR instr({_SETTINGS}, 'auto-scaling'))"  # else it is certainly not by seconds


def _job_run_values(row: str, number: str, started_at: str) -> dict[str, str]:
    """Return a job run's members from the row that has its phase and times: the run's own, or an attempt's."""
    own_message = f"nullif({row}.message, '')"
    errors = " ".join(f"WHEN '{phase}' THEN {literal(text)}" for phase, text in states.ERROR_MESSAGES.items())
    phase = f"coalesce({row}.outcome, {row}.state)"
    with_error = [one for one in PHASES if states.JOB_RUN_STATES[one] in states.WITH_ERROR_MESSAGE]
    waiting = [one for one in PHASES if states.JOB_RUN_STATES[one] == "WAITING"]
    length = longest_zero(f"{row}.running_at", f"{row}.ended_at")
    first = member(_SETTINGS, "PreviousRunId", "text")
    kept = {
        line.wire: _kept(line, RUN_TYPES[line.wire], _SETTINGS, "run")
        for line in JOB_RUN.lines
        if line.core == "settings"
    }
    return {
        **kept,
        "Id": f"runyard_glue_run_id(r.id, {number})",
        "Attempt": number,
        "PreviousRunId": (
            f"CASE WHEN {number} > 0 THEN runyard_glue_run_id(r.id, {number} - 1) WHEN coalesce({first}, '') <> '' "
            f"OR r.previous_run_id IS NULL THEN {first} ELSE runyard_glue_run_id(r.previous_run_id, 0) END"
        ),
        "JobName": "r.job_name",
        "StartedOn": started_at,
        "LastModifiedOn": f"{row}.updated_at",
        "CompletedOn": f"{row}.ended_at",
        "JobRunState": STATES.of_row(f"{row}.state", f"{row}.outcome"),
        "ErrorMessage": (
            f"CASE WHEN {phase} IN ({_listed(with_error)}) "
            f"THEN coalesce({own_message}, nullif(r.reason, ''), CASE {phase} {errors} END) END"
        ),
        "ExecutionTime": (
            f"CASE WHEN {row}.running_at IS NULL OR {row}.ended_at IS NULL THEN 0 ELSE ({length}) / 1000 END"
        ),
        "DPUSeconds": (
            f"CASE WHEN {_BILLED} THEN runyard_glue_dpu_seconds({_SETTINGS}, {row}.running_at, {row}.ended_at) END"
        ),
        "StateDetail": f"CASE WHEN {phase} IN ({_listed(waiting)}) THEN r.reason END",
    }


def _listed(phases: list[str]) -> str:
    return ", ".join(literal(one) for one in phases)


def _run_branch(row: str, number: str, started_at: str, source: str, **more: object) -> Branch:
    values = _values(JOB_RUN, _job_run_values(row, number, started_at))
    hidden = {NUMBER: "r.id" if row == "r" else "n.run_id", STATE: f"{row}.state", OUTCOME: f"{row}.outcome"}
    return Branch(source=source, values=values | hidden, **more)  # type: ignore[arg-type]  # covered and its source


_NEWEST = _run_branch(
    "r",
    f"CASE WHEN r.attempt > 0 AND {_IS_SINGLE} THEN r.attempt ELSE 0 END",
    f"CASE WHEN {_IS_SINGLE} THEN r.attempt_at ELSE r.created_at END",
    RUNS_IN_A_LIST,
    covered=frozenset({"jobrunstate", "job_run_state", STATE, OUTCOME, CONNECTION, "account", NUMBER}),
    covered_source=RUNS_IN_THE_INDEX,
    by_phase=BY_PHASE,
    phased=PHASED,
    of_index={
        STATE: ("state",),
        OUTCOME: ("outcome",),
        CONNECTION: (),
        "account": (),
        "jobrunstate": ("state", "outcome"),
        "job_run_state": ("state", "outcome"),
    },
)
# Found by the attempts behind them, which an index knows: few runs are tried again.
_OLDER = _run_branch(
    "a",
    "a.number",
    "a.created_at",
    "FROM attempt AS n CROSS JOIN attempt AS a ON a.run_id = n.run_id AND a.task_key = n.task_key "
    "AND a.number = n.number - 1 CROSS JOIN run AS r ON r.id = a.run_id "
    "WHERE n.number > 0 AND json_array_length(r.tasks) = 1 AND r.workspace_id = :workspace AND r.is_listed = 1",
)

JOB_RUNS = LocalTable(
    path=f"{PROVIDER}.{SERVICE}.job_runs",
    columns=(
        *_columns(JOB_RUN, RUN_TYPES, Id={"spelling": SPELLED}, JobRunState={"words": STATES}),
        LocalColumn(name=NUMBER, type="bigint", is_hidden=True),
        LocalColumn(name=STATE, is_hidden=True),
        LocalColumn(name=OUTCOME, is_hidden=True),
    ),
    branches=(_NEWEST, _OLDER),
    ended=STATE,
    description="Every try of every run of every language, as Glue lists them.",
)

# jobs

JOB_TYPES = _types("Job")
_JOB_VALUES = {
    **{
        line.wire: _kept(line, JOB_TYPES[line.wire], "j.settings", "job")
        for line in JOB.lines
        if line.core == "settings"
    },
    "Name": "j.name",
    "CreatedOn": "j.created_at",
    "LastModifiedOn": "j.updated_at",
}

JOBS = LocalTable(
    path=f"{PROVIDER}.{SERVICE}.jobs",
    columns=(*_columns(JOB, JOB_TYPES), LocalColumn(name="tags", type="json", is_hidden=True)),
    branches=(
        Branch(
            source=f"FROM job AS j WHERE j.workspace_id = :workspace AND j.language = {literal(LANGUAGE)}",
            values={**_values(JOB, _JOB_VALUES), "tags": "j.tags"},
        ),
    ),
    description="The jobs that Glue's language made.",
)
TABLES = (JOBS, JOB_RUNS)
