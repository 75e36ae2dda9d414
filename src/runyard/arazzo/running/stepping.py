"""One execution of a step that calls an operation: the request, its response, the outputs, and whether it succeeded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from runyard.arazzo.http.exchange import Exchange, HttpResponse, Unreachable
from runyard.arazzo.language.errors import NotDecided
from runyard.arazzo.language.expressions import Scope
from runyard.arazzo.language.formulas import Formula
from runyard.arazzo.language.values import MISSING
from runyard.arazzo.records import Record
from runyard.arazzo.requests import responding, security, servers
from runyard.arazzo.requests.requesting import OperationCall, Prepared, Sender, prepare
from runyard.arazzo.running import judging
from runyard.arazzo.running.plans import StepPlan
from runyard.arazzo.running.progress import Judged
from runyard.arazzo.running.state import State
from runyard.arazzo.running.waiting import Poll
from runyard.core.errors import InvalidRequest

PROOF_WANTED = frozenset({401, 403})


class Execution(Record):
    """How a step went, before anybody decides what follows."""

    succeeded: bool
    scope: Scope
    outputs: Mapping[str, Any]
    criteria: tuple[Judged, ...] = ()
    asked: tuple[Judged, ...] = ()
    exchange: Exchange | None = None
    message: str | None = None


def failed(state: State, message: str) -> Execution:
    """A step that ended before it could do anything."""
    return Execution(succeeded=False, scope=state.scope(), outputs={}, message=message)


def ready(state: State, call: OperationCall) -> Prepared:
    """The request that the step would send now."""
    return prepare(call, state.scope(), _sender(state, call))


def call_operation(state: State, plan: StepPlan, prepared: Prepared) -> Execution:
    """Send the step's request and judge what comes."""
    exchange = _exchange(state, plan, prepared)
    state.whole.last = exchange
    scope = _seen(state, prepared, exchange)
    if exchange.response is None:
        return Execution(succeeded=False, scope=scope, outputs={}, exchange=exchange, message=exchange.error)
    outputs, problem = worked_out(plan.outputs, scope)
    state.steps[plan.step.id] = outputs
    criteria = judging.decide(plan.criteria, scope)
    message = problem or _why(state, plan, exchange.response, criteria)
    return Execution(
        succeeded=message is None,
        scope=scope,
        outputs=outputs,
        criteria=criteria,
        exchange=exchange,
        message=None if message is None else f"{message} ({_short(exchange)})",
    )


def _sender(state: State, call: OperationCall) -> Sender:
    """Where the requests of an operation go and what proves the caller: the same each time."""
    key = (call.source, call.operation.method, call.operation.path)
    if key not in state.senders:
        environment = state.whole.options.environment
        known = security.Known(source=call.source, inputs=state.inputs, environment=environment)
        found, _ = security.credentials(call.operation, known)
        address = servers.address(call.operation, call.source, call.server, state.inputs, environment)
        state.senders[key] = Sender(address=address, credentials=found, headers=state.whole.options.headers)
    return state.senders[key]


def pause(state: State, plan: StepPlan, request: Any, *, by_goto: bool) -> None:
    """Wait before a step that somebody went back to asks the same as before."""
    key = (state.plan, plan.step.id)
    before = state.polls.get(key)
    poll = Poll(request=request)
    if before is not None and before.request == request:
        poll.repeated = before.repeated + 1
    state.polls[key] = poll
    if by_goto and before is not None:
        asked = responding.retry_after(state.whole.last, state.whole.options.now())
        seconds, why = state.whole.timing.pause(poll, asked)
        wait(state, plan, seconds, why)


def wait(state: State, plan: StepPlan, seconds: float, why: str) -> None:
    """Wait, and tell of it."""
    place = state.place(plan)
    state.whole.timing.wait(seconds, why, lambda time, reason: state.whole.observer.waits(place, time, reason))


def _exchange(state: State, plan: StepPlan, prepared: Prepared) -> Exchange:
    whole = state.whole
    response, error = None, None
    began_at, began = whole.options.now(), whole.options.clock()
    try:
        response = whole.send(prepared.request, timeout_s=whole.timing.request_timeout_s())
    except Unreachable as unreachable:
        error = str(unreachable)
    took = whole.options.clock() - began
    exchange = Exchange(request=prepared.request, response=response, error=error, began_at=began_at, took_s=took)
    whole.observer.exchanged(state.place(plan), exchange)
    whole.timing.check()
    return exchange


def _seen(state: State, prepared: Prepared, exchange: Exchange) -> Scope:
    request = prepared.request
    return state.scope(url=request.url, method=request.method, request=prepared.message, **received(exchange))


def received(exchange: Exchange | None) -> dict[str, Any]:
    """What expressions may read of a response, if there is one."""
    if exchange is None or exchange.response is None:
        return {}
    return {"status_code": exchange.response.status, "response": responding.message(exchange.response)}


def worked_out(formulas: Iterable[tuple[str, Formula]], scope: Scope) -> tuple[dict[str, Any], str | None]:
    """Outputs, without those that are not there, and what was wrong with one that could not be read."""
    outputs: dict[str, Any] = {}
    for name, value in formulas:
        try:
            found = value(scope)
        except (InvalidRequest, NotDecided) as error:
            return outputs, f"The output {name} cannot be read: {error}"
        if found is not MISSING:
            outputs[name] = found
    return outputs, None


def _why(state: State, plan: StepPlan, response: HttpResponse, criteria: tuple[Judged, ...]) -> str | None:
    """Why the step failed; None if it did not."""
    if not plan.criteria:
        message = None if response.status // 100 == 2 else f"The status {response.status} is not 2xx"  # noqa: PLR2004  # the class of success
    else:
        failed = next((judged for judged in criteria if not judged.holds), None)
        message = None if failed is None else judging.why(failed)
    if message is None or response.status not in PROOF_WANTED or not isinstance(plan.call, OperationCall):
        return message
    lacking = _lacking(state, plan.call)
    hint = f"; nothing was known for {' and '.join(lacking)}: give an input of that name" if lacking else ""
    return message + hint


def _lacking(state: State, call: OperationCall) -> tuple[str, ...]:
    known = security.Known(source=call.source, inputs=state.inputs, environment=state.whole.options.environment)
    return security.credentials(call.operation, known)[1]


def _short(exchange: Exchange) -> str:
    path = urlsplit(exchange.request.url).path or "/"
    response = exchange.response
    said = "" if response is None else f"{response.status} {response.reason}".strip()
    return f"{exchange.request.method} {path} answered {said}"
