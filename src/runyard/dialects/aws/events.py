"""AWS's EventBridge, as far as events start what they name: PutEvents, to triggers and workflows in Resources."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from runyard.core.errors import InvalidRequest, LedgerUnavailable, NotSupported, RunyardError
from runyard.dialects.aws.json_rpc import JsonService, Rule, Unreadable
from runyard.dialects.aws.operations import Call, Codes, Operation, UnknownOperation

MOST_ENTRIES = 10
NEEDED = ("Source", "DetailType", "Detail")
NOT_VALID = "Parameter {name} is not valid. Reason: {name} is a required argument."
SERVICE_OF = "arn:aws:"

CODES: Codes = {
    InvalidRequest: ("ValidationException", 400),
    Unreadable: ("SerializationException", 400),
    NotSupported: ("InvalidArgumentException", 400),
    UnknownOperation: ("UnknownOperationException", 400),
    LedgerUnavailable: ("InternalException", 500),
    RunyardError: ("InternalException", 500),
}
RULES: Mapping[str, Rule] = {"Entries": Rule(kind=list, bounds=(1, MOST_ENTRIES)), "EndpointId": Rule(kind=str)}


def put_events(call: Call) -> Mapping[str, Any]:
    """Takes events; one goes to the triggers and workflows that its Resources name by ARN, as no rules exist here."""
    if "Entries" not in call.members:
        raise InvalidRequest("Entries must hold 1 to 10 events.")
    answers = [_put(call, entry) for entry in call.members["Entries"]]
    return {"FailedEntryCount": sum("ErrorCode" in one for one in answers), "Entries": answers}


def _put(call: Call, entry: Any) -> Mapping[str, str]:
    """Send one event; what is wrong with it is told in its place, and the others are sent."""
    missing = [name for name in NEEDED if not (isinstance(entry, dict) and entry.get(name))]
    if missing:
        return {"ErrorCode": "InvalidArgument", "ErrorMessage": NOT_VALID.format(name=missing[0])}
    event_id = str(uuid.uuid4())
    try:
        for language, kind, name in _named(entry.get("Resources") or ()):
            call.engine.chains.send(call.request.workspace, language, kind=kind, name=name, events=[event_id])
    except LedgerUnavailable:
        raise
    except RunyardError as error:
        return {"ErrorCode": "InternalFailure", "ErrorMessage": str(error)}
    return {"EventId": event_id}


def _named(resources: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the service, the kind and the name of what ARNs name."""
    for arn in resources:
        service, _, rest = str(arn).removeprefix(SERVICE_OF).partition(":")
        kind, _, name = rest.rpartition(":")[2].partition("/")
        if str(arn).startswith(SERVICE_OF) and name:
            yield service, kind, name


OPERATIONS: Mapping[str, Operation] = {"PutEvents": put_events}

_SERVICE = JsonService(
    name="EventBridge", prefix="events", target="AWSEvents.", operations=OPERATIONS, rules=RULES, codes=CODES
)
answer = _SERVICE.answer
refuse = _SERVICE.refuse
