"""Who is told of runs and task runs: notifications by mail and webhook, their settings, and health rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.notice import Address, Channel, Message, What, Wishes
from runyard.core.run import Run
from runyard.dialects import reading
from runyard.dialects.databricks.views import job_id
from runyard.engine.notices import Happening, Herald

Members = Mapping[str, Any]

EVENTS: Mapping[What, str] = {
    What.STARTED: "on_start",
    What.SUCCEEDED: "on_success",
    What.FAILED: "on_failure",
    What.LATE: "on_duration_warning_threshold_exceeded",
}
"""The events that are told. A backlog of a stream is never exceeded here, as nothing here measures one; nor is there
any maintenance of compute."""
SAID: Mapping[What, str] = {
    What.STARTED: "started",
    What.SUCCEEDED: "succeeded",
    What.LATE: "takes longer than expected",
}
MOST_DESTINATIONS = 3
RUN_DURATION = "RUN_DURATION_SECONDS"
METRICS = (
    RUN_DURATION,
    "STREAMING_BACKLOG_BYTES",
    "STREAMING_BACKLOG_RECORDS",
    "STREAMING_BACKLOG_SECONDS",
    "STREAMING_BACKLOG_FILES",
)


def check(words: Members, place: str) -> None:
    """Refuse notifications and health rules of a job, a submission or a task that cannot be meant."""
    emails, webhooks = _notifications(words)
    for event in EVENTS.values():
        reading.texts(emails.get(event), f"{place}: email_notifications.{event}")
        destinations = _destinations(webhooks, event)
        if len(destinations) > MOST_DESTINATIONS:
            raise InvalidRequest(
                f"{place}: webhook_notifications.{event} has {len(destinations)} destinations; "
                f"at most {MOST_DESTINATIONS} are possible."
            )
    for rule in _rules(words):
        _check_rule(rule, place)


def _check_rule(rule: Members, place: str) -> None:
    if rule.get("metric") not in METRICS:
        raise InvalidRequest(f"{place}: the health metric {rule.get('metric')!r} is not one of {', '.join(METRICS)}.")
    if rule.get("op") != "GREATER_THAN":
        raise InvalidRequest(f"{place}: the health operator {rule.get('op')!r} is not known; use GREATER_THAN.")
    if reading.integer(rule.get("value"), f"{place}: health.rules.value") < 1:
        raise InvalidRequest(f"{place}: health.rules.value is {rule['value']}; it must be at least 1.")


def wishes(run: Run, task_key: str | None) -> Wishes:
    """Return who wants to be told of a run, or of a task of it."""
    words = run.settings if task_key is None else _task(run, task_key)
    emails, webhooks = _notifications(words)
    addresses = {what: _addresses(emails, webhooks, event) for what, event in EVENTS.items()}
    muted = {**emails, **(words.get("notification_settings") or {})}
    return Wishes(
        addresses={what: found for what, found in addresses.items() if found},
        of_skipped=not muted.get("no_alert_for_skipped_runs"),
        of_cancelled=not muted.get("no_alert_for_canceled_runs"),
        of_every_attempt=not muted.get("alert_on_last_attempt"),
        late_after_ms=_late_after_ms(words),
    )


def _task(run: Run, task_key: str) -> Members:
    return next((task for task in run.settings.get("tasks", ()) if task.get("task_key") == task_key), {})


def _notifications(words: Members) -> tuple[Members, Members]:
    return words.get("email_notifications") or {}, words.get("webhook_notifications") or {}


def _addresses(emails: Members, webhooks: Members, event: str) -> tuple[Address, ...]:
    mails = [Address(channel=Channel.EMAIL, to=one) for one in emails.get(event) or ()]
    calls = [Address(channel=Channel.WEBHOOK, to=one) for one in _destinations(webhooks, event)]
    return (*mails, *calls)


def _destinations(webhooks: Members, event: str) -> list[str]:
    given = [reading.mapping(one, event) for one in reading.array(webhooks.get(event), event)]
    return [reading.text(one.get("id"), f"{event}.id") for one in given]


def _rules(words: Members) -> Sequence[Members]:
    return reading.array(reading.mapping(words.get("health"), "health").get("rules"), "health.rules")


def _late_after_ms(words: Members) -> int | None:
    limits = [reading.integer(rule["value"], "value") for rule in _rules(words) if rule.get("metric") == RUN_DURATION]
    return min(limits) * 1000 if limits else None


def message(happening: Happening) -> Message:
    """Put what happened into words: a mail, and the document of a webhook."""
    run, attempt = happening.run, happening.attempt
    job = {"job_id": job_id(run), "name": run.job_name}
    document: dict[str, Any] = {"event_type": f"jobs.{EVENTS[happening.what]}", "workspace_id": run.workspace_id}
    if attempt is None:
        document |= {"run": {"run_id": run.id}, "job": job}
    else:
        of_task = {"run_id": attempt.id, "parent_run_id": run.id}
        document |= {"task": {"task_key": attempt.task_key}, "run": of_task, "job": job}
    subject = f"{_named(happening)} {SAID.get(happening.what) or _ended(happening)}"
    return Message(subject=subject, text=_text(happening, subject), document=document)


def _named(happening: Happening) -> str:
    run, attempt = happening.run, happening.attempt
    if attempt is None:
        return f"Run {run.id} of job {run.job_name}"
    return f"Task {attempt.task_key} in run {run.id} of job {run.job_name}"


def _ended(happening: Happening) -> str:
    return (happening.attempt or happening.run).phase.replace("_", " ")


def _text(happening: Happening, subject: str) -> str:
    thing = happening.attempt or happening.run
    lines = [f"{subject}."]
    if happening.after_ms is not None:
        lines.append(f"It has taken more than {happening.after_ms // 1000} s.")
    if happening.what is What.FAILED and thing.message:
        lines.append(thing.message)
    return "\n\n".join([*lines, f"Job ID: {job_id(happening.run)}\nRun ID: {thing.id}\n"])


HERALD = Herald(wishes=wishes, message=message)
