"""What starts a job by itself: its schedule, trigger, triggers and continuous, read into triggers and shown again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from runyard.core.errors import InvalidRequest, NotSupported, WrongState
from runyard.core.job import Job, Workspace
from runyard.core.queue import Overflow
from runyard.core.run import Run
from runyard.core.trigger import Trigger, Wish
from runyard.dialects import reading
from runyard.dialects.databricks.states import TASK
from runyard.engine.engine import Engine
from runyard.engine.requests import Request
from runyard.store.ledger import Page

Members = Mapping[str, Any]
T = TypeVar("T")

PAUSED: Mapping[str, bool] = {"UNPAUSED": False, "PAUSED": True}
UNITS: Mapping[str, str] = {"MINUTES": "minutes", "HOURS": "hours", "DAYS": "days", "WEEKS": "weeks"}
CONDITIONS: Mapping[str, str] = {"ANY_UPDATED": "any", "ALL_UPDATED": "all"}
ENDINGS: Mapping[str, str] = {"SUCCESS": "succeeded", "FAILED": "failed", "DONE": "done"}
TASK_RETRIES: Mapping[str, str] = {"NEVER": "never", "ON_FAILURE": "on_failure"}
MOST_TRIGGERS = 10
MOST_ACTIVE = 1000
ALWAYS = "continuous"
PLACES = ("schedule", "trigger", "triggers", ALWAYS)
"""Where settings tell of triggers. Of an empty object, only `continuous` says something: that the job always runs."""
HISTORY = {"fired": "last_triggered", "waited": "last_not_triggered", "failed": "last_failed"}
NOT_HERE: Mapping[str, str] = {
    "model": "Nothing here registers models, so a model trigger could never fire; use table_update, file_arrival or "
    "job_completion on what makes the model.",
    "sql_condition": "A condition in SQL names a saved query of a warehouse, which are not kept here; give the job a "
    "first task that asks, and a condition_task on its result.",
}


def triggers_of(job: Job) -> list[Wish]:
    """Return the triggers that a job's settings ask for, in their order."""
    given = [name for name in PLACES if job.settings.get(name) or (name == ALWAYS and name in job.settings)]
    if len(given) > 1:
        raise InvalidRequest(f"A job can have only one of {', '.join(PLACES)}, and this one has {' and '.join(given)}.")
    wishes = [wish for name in given for wish in _READ[name](job.settings[name])]
    if len(wishes) > MOST_TRIGGERS:
        raise InvalidRequest(f"There are {len(wishes)} triggers; at most {MOST_TRIGGERS} are possible on a job.")
    return wishes


def is_continuous(job: Job) -> bool:
    """Tell whether a job always runs."""
    return any(wish.kind == "continuous" and not wish.is_paused for wish in triggers_of(job))


def start_in_place(engine: Engine, workspace: Workspace, job: Job, request: Request) -> Run:
    """Start a run that was asked for; of a job that always runs, it takes the place of the one that goes on."""
    if not is_continuous(job):
        return engine.start_run(workspace, request)
    # First in the queue, then the place is made: between the two, the trigger finds that the job is busy.
    run = engine.start_run(
        workspace, replace(request, overflow=Overflow.QUEUE, started_by={"kind": "continuous_restart"})
    )
    where = {"job_id": job.id, "active": True, "before": run.id}
    for other in engine.runs(workspace, Page(limit=MOST_ACTIVE, where=where)):
        with suppress(WrongState):  # it ended meanwhile
            engine.stop_run(workspace, other.id)
    return run


# reading


def _schedule(words: Any) -> Iterator[Wish]:
    yield _trigger({**_paused(words), "schedule": words}, "schedule")


def _single(words: Any) -> Iterator[Wish]:
    yield _trigger(reading.mapping(words, "trigger"), "trigger")


def _many(words: Any) -> Iterator[Wish]:
    for place, one in enumerate(reading.array(words, "triggers")):
        yield _trigger(reading.mapping(one, f"triggers[{place}]"), f"triggers[{place}]")


def _always(words: Any) -> Iterator[Wish]:
    yield _trigger({**_paused(words), "continuous": words}, "continuous")


def _paused(words: Any) -> Members:
    return {"pause_status": one} if isinstance(words, dict) and (one := words.get("pause_status")) else {}


_READ: Mapping[str, Callable[[Any], Iterator[Wish]]] = {
    "schedule": _schedule,
    "trigger": _single,
    "triggers": _many,
    "continuous": _always,
}


def _trigger(words: Members, place: str) -> Wish:
    """Read one trigger: whether it is paused, and the one member that says what it waits for."""
    refused = next((name for name in NOT_HERE if words.get(name) or (words.get("schedule") or {}).get(name)), None)
    if refused:
        raise NotSupported(f"{place}: {NOT_HERE[refused]}")
    kinds = [name for name in _KINDS if name in words]
    if len(kinds) != 1:
        found = f"says {' and '.join(kinds)}" if kinds else "does not say what it waits for"
        raise InvalidRequest(f"{place} {found}; give exactly one of {', '.join(_KINDS)}.")
    kind, read = _KINDS[kinds[0]]
    paused = _word(words.get("pause_status") or "UNPAUSED", PAUSED, f"{place}.pause_status")
    spec = read(reading.mapping(words[kinds[0]], kinds[0]), kinds[0])
    return Wish(kind=kind, spec=spec, is_paused=paused)


def _cron(words: Members, place: str) -> Members:
    return {
        "expression": reading.text(_needed(words, "quartz_cron_expression", place), f"{place}.quartz_cron_expression"),
        "time_zone": reading.text(_needed(words, "timezone_id", place), f"{place}.timezone_id"),
    }


def _periodic(words: Members, place: str) -> Members:
    unit = _needed(words, "unit", place)
    interval = reading.integer(_needed(words, "interval", place), f"{place}.interval")
    return {"interval": interval, "unit": _word(unit, UNITS, f"{place}.unit")}


def _files(words: Members, place: str) -> Members:
    return {"url": reading.text(_needed(words, "url", place), f"{place}.url"), **_waits(words, place)}


def _tables(words: Members, place: str) -> Members:
    needs = _word(words.get("condition") or "ANY_UPDATED", CONDITIONS, f"{place}.condition")
    names = reading.texts(words.get("table_names"), f"{place}.table_names")
    return {"tables": names, "needs": needs, **_waits(words, place)}


def _jobs(words: Members, place: str) -> Members:
    given = [reading.mapping(one, f"{place}.jobs[]") for one in reading.array(words.get("jobs"), f"{place}.jobs")]
    jobs = [reading.integer(_needed(one, "job_id", f"{place}.jobs[]"), f"{place}.jobs[].job_id") for one in given]
    return {"jobs": jobs, "ending": _word(words.get("if_status") or "SUCCESS", ENDINGS, f"{place}.if_status")}


def _continuous(words: Members, place: str) -> Members:
    mode = words.get("task_retry_mode")
    return {"task_retries": _word(mode, TASK_RETRIES, f"{place}.task_retry_mode") if mode else "as_written"}


_KINDS: Mapping[str, tuple[str, Callable[[Members, str], Members]]] = {
    "schedule": ("cron", _cron),
    "periodic": ("periodic", _periodic),
    "continuous": ("continuous", _continuous),
    "file_arrival": ("file_arrival", _files),
    "table_update": ("table_update", _tables),
    "table": ("table_update", _tables),  # what table_update was called before
    "job_completion": ("job_completion", _jobs),
}
"""The members that say what a trigger waits for: which kind it is, and how its words are read."""


def _waits(words: Members, place: str) -> Members:
    names = {"min_time_between_triggers_seconds": "rest_ms", "wait_after_last_change_seconds": "quiet_ms"}
    return {
        ours: reading.integer(words[name], f"{place}.{name}") * 1000 for name, ours in names.items() if words.get(name)
    }


def _needed(words: Members, name: str, place: str) -> Any:
    if words.get(name) in (None, ""):
        raise InvalidRequest(f"{place}.{name} is missing.")
    return words[name]


def _word(word: Any, known: Mapping[str, T], place: str) -> T:
    if word not in known:
        raise InvalidRequest(f"Invalid value for {place}: {word!r} is not one of {', '.join(known)}.")
    return known[word]


# showing


def trigger_state(job: Job, triggers: Sequence[Trigger], *, history: bool = False) -> dict[str, Any]:
    """Return how a job's triggers stand, as members of the job's record."""
    found = [_known(wish, triggers) for wish in triggers_of(job)]
    details = [{"state": _per_trigger(one), **({"history": _history(one)} if history else {})} for one in found if one]
    shown: dict[str, Any] = {"trigger_details": details} if details and "triggers" in job.settings else {}
    if found and found[0] is not None and "trigger" in job.settings:
        state = _per_trigger(found[0])
        shown["trigger_state"] = {_OLDER.get(name, name): value for name, value in state.items() if name != "periodic"}
    return shown


_OLDER = {"table_update": "table"}  # its name where a job has one trigger


def _known(wish: Wish, triggers: Sequence[Trigger]) -> Trigger | None:
    return next((one for one in triggers if (one.kind, one.spec) == (wish.kind, wish.spec)), None)


def _per_trigger(trigger: Trigger) -> dict[str, Any]:
    name, show = _STATES[trigger.kind]
    return {"pause_status": "PAUSED" if trigger.is_paused else "UNPAUSED", name: show(trigger)}


def _state_of_continuous(trigger: Trigger) -> dict[str, Any]:
    failures, retry_at = trigger.memory.get("failures", 0), trigger.memory.get("retry_at")
    state: dict[str, Any] = {"consecutive_failures": failures, "is_backing_off": retry_at is not None}
    return state if retry_at is None else {**state, "next_attempt_ms": retry_at}


def _state_of_tables(trigger: Trigger) -> dict[str, Any]:
    known = trigger.memory.get("known", {})
    marks = trigger.memory.get("marks", known)
    return {
        "last_seen_table_states": [
            {"table_name": name, "has_seen_updates": marks.get(name) != known.get(name)}
            for name in trigger.spec["tables"]
        ],
        "using_scalable_monitoring": False,
    }


def _state_of_jobs(trigger: Trigger) -> dict[str, Any]:
    return {"monitored_job_states": [_monitored(trigger, str(job_id)) for job_id in trigger.spec["jobs"]]}


def _monitored(trigger: Trigger, job_id: str) -> dict[str, Any]:
    memory = trigger.memory
    state: dict[str, Any] = {
        "job_id": job_id,
        "workspace_id": str(trigger.workspace_id),
        "has_seen_completion": job_id in memory.get("waiting", {}),
    }
    if last := memory.get("last", {}).get(job_id):
        state["last_seen_run_id"] = str(last["run_id"])
        state["last_seen_result"] = TASK[last["outcome"]].code
        state["last_seen_completion_time"] = _iso(last["at"])
    if other := memory.get("other", {}).get(job_id):
        state["latest_non_matching_result"] = TASK[other["outcome"]].code
    return state


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _state_of_period(trigger: Trigger) -> dict[str, Any]:
    return {} if trigger.next_at is None else {"next_run_time": trigger.next_at}


_STATES: Mapping[str, tuple[str, Callable[[Trigger], dict[str, Any]]]] = {
    "cron": ("schedule", lambda _: {}),
    "periodic": ("periodic", _state_of_period),
    "continuous": ("continuous", _state_of_continuous),
    "file_arrival": ("file_arrival", lambda _: {"using_file_events": False}),
    "table_update": ("table_update", _state_of_tables),
    "job_completion": ("job_completion", _state_of_jobs),
}


def _history(trigger: Trigger) -> dict[str, Any]:
    told = trigger.memory.get("history", {})
    return {shown: _evaluation(told[name]) for name, shown in HISTORY.items() if name in told}


def _evaluation(told: Members) -> dict[str, Any]:
    run = {"run_id": told["run_id"]} if "run_id" in told else {}
    return {"timestamp": told["at"], "description": told["text"], **run}
