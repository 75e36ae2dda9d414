"""Databricks' job runs over the ledger: runs of every language, in its words."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runyard.core import graph
from runyard.core.job import Task
from runyard.core.run import PHASES, Outcome, Run, State
from runyard.dialects.databricks import standing, states, views
from runyard.sql.local.ledger import BY_PHASE, PHASED, RUNS_IN_A_LIST, RUNS_IN_THE_INDEX
from runyard.sql.local.members import longest_zero, member
from runyard.sql.local.tables import HERE, Branch, LocalColumn, LocalTable, literal
from runyard.sql.local.words import OUTCOME, STATE, Words

PATH = "databricks_workspace.jobs.job_runs"
CONNECTION = "deployment_name"
FAILED_BUT = "#with_failures"  # it succeeded although a task before its last ones did not

TYPES: Mapping[str, str] = {
    **dict.fromkeys(("job_id", "run_id", "job_run_id", "number_in_job", "original_attempt_run_id"), "bigint"),
    **dict.fromkeys(("start_time", "end_time", "attempt_number"), "bigint"),
    **dict.fromkeys(
        ("setup_duration", "execution_duration", "cleanup_duration", "run_duration", "queue_duration"), "bigint"
    ),
    **dict.fromkeys(
        ("creator_user_name", "run_name", "description", "run_type", "run_page_url", "trigger", "next_page_token"),
        "text",
    ),
    "has_more": "boolean",
}
"""The types of a run's members; the others are documents."""


def type_of(name: str) -> str:
    """Return the type of a member's column."""
    return TYPES.get(name, "json")


# words

LIFE_CYCLE = Words(by_phase={phase: states.RUN[phase].life_cycle for phase in PHASES})
RESULT = Words(
    by_phase={phase: states.RUN[phase].result for phase in PHASES},
    refined={Outcome.SUCCEEDED: (FAILED_BUT, str(states.SUCCESS_WITH_FAILURES.result))},
)
STATUS = Words(by_phase={phase: states.RUN[phase].status for phase in PHASES})
BY_SOMEBODY = Words(
    by_phase={phase: "1" if states.RUN[phase].result in states.ENDED_BY_SOMEBODY else "0" for phase in PHASES}
)

_HEALTHY = ", ".join(literal(one) for one in sorted(graph.HEALTHY))
WITH_FAILURES = (
    "(r.outcome = 'succeeded' AND EXISTS (SELECT 1 FROM attempt AS f "
    f"WHERE f.run_id = r.id AND f.outcome <> 'succeeded' AND f.outcome NOT IN ({_HEALTHY}) "
    "AND NOT EXISTS (SELECT 1 FROM attempt AS g "
    "WHERE g.run_id = f.run_id AND g.task_key = f.task_key AND g.number > f.number)))"
)
"""What graph.succeeded_with_failures tells of a run that has succeeded."""


def by_view(name: str) -> str:
    """Return a member as the dialect's own view tells it."""
    return f"runyard_databricks_run({literal(name)}, r.id, :url)"


def _kind_of(values: Mapping[str, str], otherwise: str) -> str:
    branches = " ".join(f"WHEN {literal(kind)} THEN {value}" for kind, value in values.items())
    return f"CASE json_extract(r.started_by, '$.kind') {branches} ELSE {otherwise} END"


def _of_only(of_attempt: str, by_row: str) -> str:
    """Return what the newest attempt of the only task tells; runs of many tasks say 0."""
    newest = f"(SELECT {of_attempt} FROM attempt AS a WHERE a.run_id = r.id ORDER BY a.id DESC LIMIT 1)"
    return f"CASE WHEN json_array_length(r.tasks) = 1 THEN coalesce({newest}, {by_row}) ELSE 0 END"


# how a run stands: told by its row alone where that is enough


def _sample(phase: str) -> Run:
    state = State(phase) if phase in set(State) else State.ENDED
    outcome = Outcome(phase) if phase in set(Outcome) else None
    tasks = (Task(key="main", kind="python_script"),)
    return Run(
        id=1,
        workspace_id=1,
        job_name="",
        language="",
        tasks=tasks,
        state=state,
        outcome=outcome,
        created_at=0,
        updated_at=0,
        attempt_at=0,
    )


BY_ROW = (State.BLOCKED, State.STARTING, State.RUNNING, State.STOPPING, Outcome.CANCELLED)
"""The phases of which a run's row needs to tell nothing more."""


def _stands(name: str) -> str:
    """Return `state` or `status`: a constant for most phases, and else what the dialect says of run and attempts."""
    told = {phase: getattr(standing.of_run(_sample(phase), {}), name) for phase in (*BY_ROW, Outcome.SUCCEEDED)}
    constant = {phase: literal(msgspec.json.encode(value).decode()) for phase, value in told.items()}
    alive = " ".join(f"WHEN '{phase}' THEN {constant[phase]}" for phase in BY_ROW if phase in set(State))
    asked = f"runyard_databricks_standing({literal(name)}, r.id)"
    return (
        f"CASE coalesce(r.outcome, r.state) WHEN 'succeeded' THEN CASE WHEN r.message IS NULL AND NOT {WITH_FAILURES} "
        f"THEN {constant[Outcome.SUCCEEDED]} ELSE {asked} END "
        f"WHEN 'cancelled' THEN {constant[Outcome.CANCELLED]} {alive} ELSE {asked} END"
    )


_ADMITTED = "coalesce(r.admitted_at, r.created_at)"
_BEGUN = f"CASE WHEN r.attempt_at > {_ADMITTED} THEN r.attempt_at ELSE {_ADMITTED} END"
_SETUP_BY_ROW = f"CASE WHEN r.running_at IS NULL THEN 0 ELSE {longest_zero(f'({_BEGUN})', 'r.running_at')} END"
_SETUP = (
    "CASE WHEN a.taken_at IS NULL THEN 0 ELSE "
    f"{longest_zero('a.taken_at', 'coalesce(a.running_at, a.ended_at, a.taken_at)')} END"
)
_ROUNDS_MS = (
    "(SELECT CASE WHEN count(*) = count(p.ended_at) THEN sum(p.ended_at - p.created_at) END "
    "FROM repair AS p WHERE p.run_id = r.id)"
)
_RUN_MS = f"CASE WHEN r.ended_at IS NULL THEN NULL ELSE {longest_zero(_ADMITTED, 'r.ended_at')} END"
_RUN_TYPE = (
    f"CASE WHEN r.job_id IS NOT NULL THEN '{views.JOB_RUN}' "
    f"WHEN json_extract(r.started_by, '$.kind') = 'task' THEN '{views.WORKFLOW_RUN}' ELSE '{views.SUBMIT_RUN}' END"
)


def _execution(alias: str) -> str:
    length = longest_zero(f"{alias}.running_at", f"{alias}.ended_at")
    return f"CASE WHEN {alias}.running_at IS NULL OR {alias}.ended_at IS NULL THEN 0 ELSE {length} END"


_OF_ONE = "CASE WHEN json_array_length(r.tasks) = 1 THEN {value} END"

VALUES: Mapping[str, str] = {
    "job_id": "coalesce(r.job_id, r.id)",
    **dict.fromkeys(("run_id", "job_run_id", "number_in_job", "original_attempt_run_id"), "r.id"),
    "run_name": f"coalesce(nullif({member('r.settings', 'run_name', 'text')}, ''), r.job_name)",
    "run_type": _RUN_TYPE,
    "run_page_url": (":url || '/?o=' || r.workspace_id || '#job/' || coalesce(r.job_id, r.id) || '/run/' || r.id"),
    "state": _stands("state"),
    "status": _stands("status"),
    "start_time": "r.created_at",
    "setup_duration": _of_only(_SETUP, _SETUP_BY_ROW),
    "execution_duration": _of_only(_execution("a"), _execution("r")),
    "cleanup_duration": "0",
    "end_time": "coalesce(r.ended_at, 0)",
    "run_duration": f"CASE WHEN r.repairs > 0 THEN {_ROUNDS_MS} ELSE {_RUN_MS} END",
    "queue_duration": (
        "CASE WHEN r.admitted_at IS NULL OR r.repairs > 0 THEN NULL ELSE r.admitted_at - r.created_at END"
    ),
    "trigger": _kind_of({kind: literal(word) for kind, word in views.TRIGGERS.items()}, literal(views.BY_REQUEST)),
    "trigger_info": _kind_of(dict.fromkeys(("run_job", "job_completion"), by_view("trigger_info")), "NULL"),
    "schedule": _kind_of({"schedule": member("r.settings", "schedule", "json")}, "NULL"),
    "attempt_number": "0",
    "cluster_spec": _OF_ONE.format(value=by_view("cluster_spec")),
    "cluster_instance": _OF_ONE.format(value=by_view("cluster_instance")),
    "tasks": by_view("tasks"),
    "repair_history": by_view("repair_history"),
    **dict.fromkeys(("iterations", "next_page_token", "has_more"), "NULL"),
}
"""What the members of a run are that its settings do not keep."""

MEMBERS: Mapping[str, Mapping[str, str]] = {
    "state": {
        name: f"state.{name}"
        for name in ("life_cycle_state", "result_state", "state_message", "user_cancelled_or_timedout", "queue_reason")
    },
    "status": {"state": "status.state"},
}
_REFINED = {FAILED_BUT: WITH_FAILURES}
HIDDEN: Mapping[str, tuple[LocalColumn, str]] = {
    "workspace_id": (LocalColumn(name="workspace_id", type="bigint", is_hidden=True), "r.workspace_id"),
    STATE: (LocalColumn(name=STATE, is_hidden=True), "r.state"),
    OUTCOME: (LocalColumn(name=OUTCOME, is_hidden=True), "r.outcome"),
    FAILED_BUT: (LocalColumn(name=FAILED_BUT, type="boolean", is_hidden=True), WITH_FAILURES),
    "state.life_cycle_state": (
        LocalColumn(name="state.life_cycle_state", is_hidden=True, words=LIFE_CYCLE),
        LIFE_CYCLE.of_row("r.state", "r.outcome"),
    ),
    "state.result_state": (
        LocalColumn(name="state.result_state", is_hidden=True, words=RESULT),
        RESULT.of_row("r.state", "r.outcome", _REFINED),
    ),
    "state.user_cancelled_or_timedout": (
        LocalColumn(name="state.user_cancelled_or_timedout", type="boolean", is_hidden=True),
        f"CAST({BY_SOMEBODY.of_row('r.state', 'r.outcome')} AS INTEGER)",
    ),
    **{
        f"state.{name}": (
            LocalColumn(name=f"state.{name}", is_hidden=True),
            f"json_extract({VALUES['state']}, '$.{name}')",
        )
        for name in ("state_message", "queue_reason")
    },
    "status.state": (
        LocalColumn(name="status.state", is_hidden=True, words=STATUS),
        STATUS.of_row("r.state", "r.outcome"),
    ),
}
"""What stands beneath the documents, for those who follow a path into one."""

SHOWN = tuple(
    LocalColumn(name=line.wire, type=type_of(line.wire), members=MEMBERS.get(line.wire, {})) for line in views.RUN.lines
)
_HERE = LocalColumn(name=CONNECTION, description="The connection that was asked.")
_OF_SETTINGS = {
    line.wire: member("r.settings", line.wire, type_of(line.wire)) for line in views.RUN.lines if line.is_plain
}
_ALL = {**_OF_SETTINGS, **VALUES, **{name: sql for name, (_, sql) in HIDDEN.items()}, CONNECTION: HERE}
COVERED = frozenset(
    {
        "job_id",
        "run_id",
        STATE,
        OUTCOME,
        FAILED_BUT,
        CONNECTION,
        "state.life_cycle_state",
        "state.result_state",
        "state.user_cancelled_or_timedout",
        "status.state",
    }
)
COLUMNS = (*SHOWN, _HERE, *(column for column, _ in HIDDEN.values()))
OF_INDEX: Mapping[str, tuple[str, ...]] = {
    STATE: ("state",),
    OUTCOME: ("outcome",),
    CONNECTION: (),
    "state.life_cycle_state": ("state", "outcome"),
    "state.user_cancelled_or_timedout": ("state", "outcome"),
    "status.state": ("state", "outcome"),
}
"""Of which columns of the index of phases ours are made; the job of a run without one is the run itself."""
_RUNS = Branch(
    source=RUNS_IN_A_LIST,
    values=_ALL,
    covered=COVERED,
    covered_source=RUNS_IN_THE_INDEX,
    of_index=OF_INDEX,
    by_phase=BY_PHASE,
    phased=PHASED,
)

# what is asked for by an id


def _by_task_view(name: str) -> str:
    return f"runyard_databricks_task_run({literal(name)}, t.id, :url)"


_TASK_VALUES = {
    **{line.wire: _by_task_view(line.wire) for line in views.RUN.lines},
    "run_id": "t.id",
    CONNECTION: HERE,
    "workspace_id": "r.workspace_id",
    STATE: "t.state",
    OUTCOME: "t.outcome",
    FAILED_BUT: "0",
    **{
        path: f"json_extract({_by_task_view(document)}, '$.{name}')"
        for document, paths in MEMBERS.items()
        for name, path in paths.items()
    },
}
_TASK_RUNS = Branch(
    source="FROM attempt AS t JOIN run AS r ON r.id = t.run_id WHERE r.workspace_id = :workspace", values=_TASK_VALUES
)
_WITHOUT_WORDS = tuple(
    LocalColumn(name=one.name, type=one.type, is_hidden=one.is_hidden, members=one.members) for one in COLUMNS
)
BY_RUN_ID = LocalTable(path=PATH, columns=_WITHOUT_WORDS, branches=(_RUNS, _TASK_RUNS), ended=STATE)
"""A task run has an id of the same kind, and is found by it."""

_OF_A_JOB = Branch(source=f"{RUNS_IN_A_LIST} AND r.job_id IS NOT NULL", values={**_ALL, "job_id": "r.job_id"})
_OF_NO_JOB = Branch(source=f"{RUNS_IN_A_LIST} AND r.job_id IS NULL", values={**_ALL, "job_id": "r.id"})
BY_JOB_ID = LocalTable(path=PATH, columns=COLUMNS, branches=(_OF_A_JOB, _OF_NO_JOB), ended=STATE)
"""A run without a job stands for one: each part has an index of its own."""

JOB_RUNS = LocalTable(
    path=PATH,
    columns=COLUMNS,
    branches=(_RUNS,),
    variants={"run_id": BY_RUN_ID, "job_id": BY_JOB_ID},
    ended=STATE,
    description="The runs of every language in the workspace.",
)
