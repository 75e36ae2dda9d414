"""Reports of runs of workflows as tests want them."""

from __future__ import annotations

from typing import Any

from runyard.arazzo.http.exchange import Exchange, Headers, HttpRequest, HttpResponse
from runyard.arazzo.running.progress import Judged, StepPlace, StepReport, WorkflowReport

BEGAN_AT = 1_767_225_600.25  # 2026-01-01


def exchange(
    status: int | None = 200, body: bytes = b'{"state": "DONE"}', *, headers: Headers = (), **request: Any
) -> Exchange:
    """Return a request and its response; of no status, one that never came."""
    response = None if status is None else HttpResponse(status=status, headers=headers, body=body)
    asked: dict[str, Any] = {"method": "GET", "url": "http://api.example/things?a=1&b="}
    asked |= {name.removeprefix("request_"): value for name, value in request.items()}
    return Exchange(
        request=HttpRequest(**asked),
        response=response,
        error=None if response else "api.example gave no answer within 60 s.",
        began_at=BEGAN_AT,
        took_s=0.0125,
    )


def step(id_: str = "look", *, workflows: tuple[str, ...] = ("main",), **facts: Any) -> StepReport:
    """Return a step that succeeded, unless the facts say otherwise."""
    usual = {"succeeded": True, "tries": 1, "outputs": {}, "began_at": BEGAN_AT, "took_s": 0.5, "exchange": exchange()}
    return StepReport(**{"place": StepPlace(workflows=workflows, step=id_), **usual, **facts})


def failed(id_: str = "look", **facts: Any) -> StepReport:
    """Return a step whose response was not the one that was asked for."""
    judged = Judged(condition="$statusCode == 200", type="simple", holds=False, saw={"$statusCode": 404})
    usual = {
        "succeeded": False,
        "criteria": (judged,),
        "exchange": exchange(404, b"no such thing"),
        "message": "$statusCode == 200 does not hold",
        "follows": "end",
    }
    return step(id_, **{**usual, **facts})


def workflow(*workflows: str, **facts: Any) -> WorkflowReport:
    """Return a workflow that succeeded, unless the facts say otherwise."""
    usual = {"succeeded": True, "inputs": {}, "outputs": {}, "steps": 1, "began_at": BEGAN_AT, "took_s": 2.0}
    return WorkflowReport(**{"workflows": workflows or ("main",), **usual, **facts})
