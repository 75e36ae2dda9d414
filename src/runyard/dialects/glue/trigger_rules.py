"""What Glue's triggers wait for in the words of the core, and what Glue refuses of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

from runyard.core import batch, chain
from runyard.core.cron import Schedule
from runyard.core.cron_text import parse_aws
from runyard.core.errors import InvalidRequest, NotSupported
from runyard.core.run import Outcome
from runyard.core.trigger import Wish
from runyard.dialects.glue.states import JOB_RUN_STATES

Settings = Mapping[str, Any]

SCHEDULED, CONDITIONAL, ON_DEMAND, EVENT = "SCHEDULED", "CONDITIONAL", "ON_DEMAND", "EVENT"
STARTS_A_WORKFLOW = frozenset({SCHEDULED, ON_DEMAND, EVENT})
WATCHED_STATES = ("SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT")
"""What a trigger can wait for: "listens to" is AWS's word for these four."""
NEEDS = {"AND": "all", "ANY": "any"}
LEAST_MINUTES = 5  # "the minimum precision for a schedule is 5 minutes"
DEFAULT_BATCH = {"BatchSize": 1}
DEFAULT_WINDOW = 900  # seconds
WATCHED_FOLDER = "runyard:watch"
"""A tag of ours on an EVENT trigger: each new file below this URI is an event, as if a rule of EventBridge sent it."""
NO_CRAWLERS = "Crawler {name} cannot be run here: runyard has no crawlers. Let the trigger name jobs alone."


def wish(settings: Settings, tags: Mapping[str, str]) -> Wish:
    """Return what a trigger waits for; one that is only asked rests until then."""
    kind, read = _KINDS[settings["Type"]]
    return Wish(kind=kind, spec=read(settings, tags), is_paused=settings["Type"] != EVENT)


def _scheduled(settings: Settings, _: Mapping[str, str]) -> dict[str, Any]:
    return {"expression": settings["Schedule"]}


def _conditional(settings: Settings, _: Mapping[str, str]) -> dict[str, Any]:
    predicate = settings["Predicate"]
    conditions = [{"job": one["JobName"], "outcomes": outcomes(one["State"])} for one in predicate["Conditions"]]
    return {"needs": NEEDS[predicate.get("Logical", "AND")], "conditions": conditions}


def _event(settings: Settings, tags: Mapping[str, str]) -> dict[str, Any]:
    condition = settings.get("EventBatchingCondition", DEFAULT_BATCH)
    window_ms = condition.get("BatchWindow", DEFAULT_WINDOW) * 1000
    url = {"url": tags[WATCHED_FOLDER]} if WATCHED_FOLDER in tags else {}
    return {"size": condition["BatchSize"], "window_ms": window_ms, **url}


_KINDS: Mapping[str, tuple[str, Callable[[Settings, Mapping[str, str]], dict[str, Any]]]] = {
    SCHEDULED: ("aws_schedule", _scheduled),
    CONDITIONAL: (chain.KIND, _conditional),
    ON_DEMAND: ("on_demand", lambda _, __: {}),
    EVENT: (batch.KIND, _event),
}


def outcomes(state: str) -> list[str]:
    """Return the ends of a run that a state of Glue stands for."""
    return [one.value for one in Outcome if JOB_RUN_STATES[one] == state]


# refusing


def check(settings: Settings, *, start_on_creation: bool = False) -> None:
    """Refuse a trigger that Glue would refuse."""
    if start_on_creation and settings["Type"] in (ON_DEMAND, EVENT):
        raise InvalidRequest(f"StartOnCreation is not supported for triggers of type {settings['Type']}.")
    if not settings.get("Actions"):
        raise InvalidRequest("Actions must name at least one job.")
    for action in settings["Actions"]:
        _check_names(action, "An action")
    for type_, member in _NEEDED.items():
        if settings["Type"] == type_ and not settings.get(member):
            raise InvalidRequest(f"{member} must not be empty for a trigger of type {type_}.")
    if settings["Type"] == SCHEDULED:
        _check_schedule(settings["Schedule"])
    if settings["Type"] == CONDITIONAL:
        _check_predicate(settings["Predicate"])


_NEEDED = {SCHEDULED: "Schedule", CONDITIONAL: "Predicate"}


def job_names(settings: Settings) -> list[str]:
    """Return the jobs that a trigger names, each once."""
    conditions = settings.get("Predicate", {}).get("Conditions", ())
    named = [one["JobName"] for one in (*settings["Actions"], *conditions) if "JobName" in one]
    return list(dict.fromkeys(named))


def _check_names(named: Settings, what: str) -> None:
    if "CrawlerName" in named:
        raise NotSupported(NO_CRAWLERS.format(name=named["CrawlerName"]))
    if "JobName" not in named:
        raise InvalidRequest(f"{what} must name a job: JobName is missing.")


def _check_predicate(predicate: Settings) -> None:
    conditions = predicate.get("Conditions", ())
    if not conditions:
        raise InvalidRequest("Predicate must have at least one condition.")
    if len(conditions) > 1 and "Logical" not in predicate:
        raise InvalidRequest("Logical must be AND or ANY in a predicate of more than one condition.")
    for one in conditions:
        _check_names(one, "A condition")
        if "LogicalOperator" not in one:
            raise InvalidRequest("Logical operator cannot be null or empty")  # AWS's words
        if one.get("State") not in WATCHED_STATES:
            known = ", ".join(WATCHED_STATES)
            raise InvalidRequest(f"State of a condition must be one of {known}, not {one.get('State')}.")


def _check_schedule(text: str) -> None:
    schedule = parse_aws(text)
    if not isinstance(schedule, Schedule):
        raise InvalidRequest(f"Schedule {text!r} is not understood; write cron(minutes hours day month weekday year).")
    if _least_gap(schedule) < LEAST_MINUTES:
        raise InvalidRequest(f"Schedule {text!r} fires more often than every {LEAST_MINUTES} minutes.")


def _least_gap(schedule: Schedule) -> int:
    """Return the least number of minutes between two firings."""
    gaps: Iterable[int] = [after - before for before, after in pairwise(schedule.minutes)]
    hours = {*schedule.hours, *(24 for hour in schedule.hours if hour == 0)}
    if any(hour + 1 in hours for hour in schedule.hours):
        gaps = [*gaps, schedule.minutes[0] + 60 - schedule.minutes[-1]]
    return min(gaps, default=LEAST_MINUTES)
