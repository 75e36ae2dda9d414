"""AWS's CloudWatch Logs over what runs print."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from runyard.core.errors import InvalidRequest, LedgerUnavailable, NotFound, NotSupported, RunyardError
from runyard.dialects.aws.account import account_of, region_of
from runyard.dialects.aws.filter_pattern import matcher
from runyard.dialects.aws.json_rpc import JsonService, Rule, Unreadable
from runyard.dialects.aws.log_events import MOST_EVENTS, LogEvent, forward, last_moment, page_backward, page_forward
from runyard.dialects.aws.log_listing import Listing
from runyard.dialects.aws.log_search import Search
from runyard.dialects.aws.log_streams import GROUPS, Group, Stream, group_named, own_groups, stream_named
from runyard.dialects.aws.operations import Call, Codes, Operation, UnknownOperation
from runyard.dialects.tokens import read_token, write_token

MOST_LISTED = 50
MOST_NAMES = 100
FORWARD, BACKWARD = "f/", "b/"

CODES: Codes = {
    NotFound: ("ResourceNotFoundException", 400),
    InvalidRequest: ("InvalidParameterException", 400),
    Unreadable: ("SerializationException", 400),
    NotSupported: ("InvalidOperationException", 400),
    UnknownOperation: ("UnknownOperationException", 400),
    LedgerUnavailable: ("ServiceUnavailableException", 503),
    RunyardError: ("InternalFailure", 500),
}
MOMENT = Rule(kind=int, bounds=(0, None))
NAME = Rule(kind=str, bounds=(1, 512))
RULES: Mapping[str, Rule] = {
    "logGroupName": NAME,
    "logGroupIdentifier": Rule(kind=str, bounds=(1, 2048)),
    "logGroupNamePrefix": NAME,
    "logGroupNamePattern": Rule(kind=str, bounds=(0, 512)),
    "logStreamName": NAME,
    "logStreamNamePrefix": NAME,
    "logStreamNames": Rule(kind=list, bounds=(1, MOST_NAMES)),
    "startTime": MOMENT,
    "endTime": MOMENT,
    "filterPattern": Rule(kind=str, bounds=(0, 1024)),
    "nextToken": Rule(kind=str, bounds=(1, None)),
    "limit": Rule(kind=int, bounds=(1, MOST_EVENTS)),
    "startFromHead": Rule(kind=bool),
    "descending": Rule(kind=bool),
    "orderBy": Rule(kind=str, words=("LogStreamName", "LastEventTime")),
}


def filter_log_events(call: Call) -> Mapping[str, Any]:
    """Return the events of a group in the order of their time."""
    members, group = call.members, _group(call)
    _refuse_both(members, "logStreamNames", "logStreamNamePrefix")
    if members.get("startFromHead") is False:
        raise InvalidRequest("startFromHead=false is not supported by this server; events come oldest first.")
    now = time.time_ns() // 1_000_000
    search = Search(
        engine=call.engine,
        workspace=call.request.workspace,
        group=group,
        names=[str(name) for name in members.get("logStreamNames", ())],
        prefix=members.get("logStreamNamePrefix", ""),
        since=min(members.get("startTime", 0), now),
        until=min(members.get("endTime", now), now),
        now=now,
        matches=matcher(members.get("filterPattern", "")),
    )
    scope, token = f"events of {group.name}", members.get("nextToken")
    position = read_token(scope, token, size=4) if token else None
    found, following = search.page(_four(position), limit=members.get("limit", MOST_EVENTS))
    events = [{"logStreamName": stream.name, **_event(event), "eventId": _id(stream, event)} for stream, event in found]
    # CloudWatch itself has left searchedLogStreams empty since 2020.
    return {"events": events, "searchedLogStreams": [], **_next(scope, following)}


def get_log_events(call: Call) -> Mapping[str, Any]:
    """Return a page of one stream, and where to go on in both directions: the same place again at either end."""
    members, group = call.members, _group(call)
    stream = stream_named(call.engine, call.request.workspace, group=group, name=_required(members, "logStreamName"))
    part = stream.extent(since=members.get("startTime", 0), before=members.get("endTime"))
    scope, limit = f"{group.name} {stream.name}", members.get("limit", MOST_EVENTS)
    forwards, place = _direction(scope, members)
    if forwards:
        page = page_forward(part, place or 0, limit=limit)
    else:
        page = page_backward(part, part.end if place is None else place, limit=limit)
    here = place if place is not None else part.start if forwards else part.end
    first, last = (page[0].start, page[-1].end) if page else (here, here)
    return {
        "events": [_event(event) for event in page],
        "nextForwardToken": FORWARD + write_token(scope, (last,)),
        "nextBackwardToken": BACKWARD + write_token(scope, (first,)),
    }


def describe_log_streams(call: Call) -> Mapping[str, Any]:
    """Return a page of a group's streams."""
    members, group = call.members, _group(call)
    by_name = members.get("orderBy", "LogStreamName") == "LogStreamName"
    if not by_name and "logStreamNamePrefix" in members:
        raise InvalidRequest("Cannot order by LastEventTime with a logStreamNamePrefix.")
    listing = Listing(
        engine=call.engine,
        workspace=call.request.workspace,
        group=group,
        prefix=members.get("logStreamNamePrefix", ""),
        by_name=by_name,
        descending=members.get("descending", False),
    )
    scope, token = f"streams of {group.name} {by_name} {listing.descending}", members.get("nextToken")
    position = read_token(scope, token, size=2) if token else None
    found, following = listing.page((position[0], position[1]) if position else None, limit=_listed(members))
    return {"logStreams": [_stream(call, group, one) for one in found], **_next(scope, following)}


def describe_log_groups(call: Call) -> Mapping[str, Any]:
    """Return the groups of the runs here, which exist before the first run does."""
    members = call.members
    _refuse_both(members, "logGroupNamePrefix", "logGroupNamePattern")
    prefix, pattern = members.get("logGroupNamePrefix", ""), members.get("logGroupNamePattern", "")
    known = [*GROUPS, *own_groups(call.engine, call.request.workspace)]
    fitting = [name for name in known if name.startswith(prefix) and pattern in name]
    scope, limit = "log groups", _listed(members)
    begin = read_token(scope, members["nextToken"], size=1)[0] if "nextToken" in members else 0
    end = begin + limit
    shown = [_log_group(call, name) for name in fitting[begin:end]]
    return {"logGroups": shown, **_next(scope, (end,) if end < len(fitting) else None)}


OPERATIONS: Mapping[str, Operation] = {
    "FilterLogEvents": filter_log_events,
    "GetLogEvents": get_log_events,
    "DescribeLogStreams": describe_log_streams,
    "DescribeLogGroups": describe_log_groups,
}

_SERVICE = JsonService(
    name="CloudWatch Logs", prefix="logs", target="Logs_20140328.", operations=OPERATIONS, rules=RULES, codes=CODES
)
answer = _SERVICE.answer
refuse = _SERVICE.refuse


def _group(call: Call) -> Group:
    _refuse_both(call.members, "logGroupName", "logGroupIdentifier")
    name: str = call.members.get("logGroupIdentifier") or _required(call.members, "logGroupName")
    return group_named(call.engine, call.request.workspace, name)


def _required(members: Mapping[str, Any], name: str) -> str:
    if name not in members:
        text = f"Value null at '{name}' failed to satisfy constraint: Member must not be null"
        raise InvalidRequest(f"1 validation error detected: {text}")
    return str(members[name])


def _refuse_both(members: Mapping[str, Any], one: str, other: str) -> None:
    if one in members and other in members:
        raise InvalidRequest(f"{one} and {other} are mutually exclusive; give only one of them.")


def _listed(members: Mapping[str, Any]) -> int:
    limit: int = members.get("limit", MOST_LISTED)
    if limit > MOST_LISTED:
        text = f"Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to"
        raise InvalidRequest(f"1 validation error detected: {text} {MOST_LISTED}")
    return limit


def _direction(scope: str, members: Mapping[str, Any]) -> tuple[bool, int | None]:
    """Return whether to read forwards, and the place that a token names."""
    token: str | None = members.get("nextToken")
    if token is None:
        return members.get("startFromHead", False), None
    if not token.startswith((FORWARD, BACKWARD)):
        raise InvalidRequest("The specified nextToken is invalid.")
    return token.startswith(FORWARD), read_token(scope, token[len(FORWARD) :], size=1)[0]


def _next(scope: str, position: tuple[int, ...] | None) -> dict[str, str]:
    return {"nextToken": write_token(scope, position)} if position else {}


def _four(position: list[int] | None) -> tuple[int, int, int, int] | None:
    return (position[0], position[1], position[2], position[3]) if position else None


def _event(event: LogEvent) -> dict[str, Any]:
    return {"timestamp": event.at, "message": event.text, "ingestionTime": event.at}


def _id(stream: Stream, event: LogEvent) -> str:
    """Return an event's id, made as CloudWatch's are: 56 digits that grow with the log."""
    return f"{stream.attempt.id:036d}{event.start:020d}"


def _stream(call: Call, group: Group, stream: Stream) -> dict[str, Any]:
    part = stream.extent()
    first = next(forward(part, 0), None)
    last = last_moment(part) if first else 0
    seen = {"firstEventTimestamp": first.at, "lastEventTimestamp": last, "lastIngestionTime": last} if first else {}
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created_at,
        **seen,
        "arn": f"{_arn(call, group.name)}:log-stream:{stream.name}",
        "storedBytes": 0,  # what CloudWatch says of every stream since 2019
    }


def _log_group(call: Call, name: str) -> dict[str, Any]:
    arn = _arn(call, name)
    return {
        "logGroupName": name,
        "creationTime": call.request.workspace.created_at,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "logGroupClass": "STANDARD",
    }


def _arn(call: Call, group: str) -> str:
    return f"arn:aws:logs:{region_of(call.request)}:{account_of(call.request.workspace)}:log-group:{group}"
