"""What one task of a run was really told: the values that its references stood for as it began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from runyard.core.errors import NotFound
from runyard.dialects.native.calls import Call
from runyard.web.console.insight.masks import MASK, masked
from runyard.web.console.languages import asked_of_databricks
from runyard.web.console.outputs import OneAttempt

Answer = dict[str, Any]

LANGUAGE = "databricks"  # the one in which what a task is told may refer to other things


def show_resolved(call: Call, asked: OneAttempt) -> Answer:
    """Shows the values that a task was told, with what they referred to put in; nothing of one that never began."""
    run, attempt = call.engine.attempt(call.workspace, asked.attempt)
    if run.id != asked.run:
        raise NotFound("attempt", f"{asked.attempt} of run {asked.run}")
    if run.language != LANGUAGE:
        return {"values": []}
    path = f"/api/2.2/jobs/runs/get?run_id={attempt.id}&include_resolved_values=true"
    reply = asked_of_databricks(call, "GET", path)
    told = msgspec.json.decode(reply.body) if reply.status == HTTPStatus.OK else {}
    of_task: Mapping[str, Any] = next((one for one in told.get("tasks", ()) if one.get("run_id") == attempt.id), {})
    return {"values": list(_values(masked(of_task.get("resolved_values", {}))))}


def _values(told: Mapping[str, Any]) -> Iterator[Answer]:
    """Yield names and values, whatever the kind of task calls what holds them."""
    for members in told.values():
        for member, value in members.items():
            if isinstance(value, Mapping):
                yield from ({"name": name, "value": each} for name, each in value.items())
            elif value not in (None, [], MASK):
                yield {"name": member, "value": value}
