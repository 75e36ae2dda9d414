"""Glue's operations on connections: where the databases are that jobs read and write by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from runyard.core.document import Document
from runyard.core.errors import InvalidRequest, NotFound, NotSupported
from runyard.dialects.glue import rules
from runyard.dialects.glue.calls import Call, Members, page
from runyard.dialects.glue.catalog_operations import part_of
from runyard.dialects.glue.connection_views import CONNECTION, Entry
from runyard.dialects.glue.tagged import content_of, tags_of
from runyard.engine.documents import Shelves

T = TypeVar("T")
CONNECTIONS, KIND = "glue.connections", "connection"
MOST = 100
READY = "READY"
REFUSED: Mapping[str, str] = {
    "AuthenticationConfiguration": "give USERNAME and PASSWORD among the ConnectionProperties",
    "ValidateCredentials": "a connection is tried by the jobs that use it",
    "ValidateForComputeEnvironments": "a connection is tried by the jobs that use it",
}
"""Members of a connection that would be passed over, and what to do instead."""


def create_connection(call: Call) -> Members:
    """Creates a connection; nothing is tried yet."""
    given, tags = _checked(call["ConnectionInput"]), call.members.get("Tags", {})
    rules.check_tags(tags)
    _change(call, lambda shelves: shelves.add(CONNECTIONS, KIND, given["Name"], content=content_of(given, tags)))
    return {"CreateConnectionStatus": READY}


def get_connection(call: Call) -> Members:
    """Shows a connection; with HidePassword, without its passwords."""
    if call.members.get("ApplyOverrideForComputeEnvironment"):
        raise NotSupported("ApplyOverrideForComputeEnvironment is not followed here; leave it out.")
    return {"Connection": _shown(call, _read(call, lambda shelves: named(shelves, call["Name"])))}


def get_connections(call: Call) -> Members:
    """Lists connections by name, those of a type or with match criteria if a filter says so."""
    wanted = call.members.get("Filter", {})
    found = sorted(_read(call, lambda shelves: shelves.every(CONNECTIONS)), key=lambda one: one.name)
    fitting = [one for one in found if _fits(one, wanted)]
    some, token = part_of(call, fitting, scope="connections", most=MOST)
    return page("ConnectionList", [_shown(call, one) for one in some], token)


def update_connection(call: Call) -> Members:
    """Overwrites what is said of a connection, its password too; its tags stay."""
    given = _checked(call["ConnectionInput"])
    if given["Name"] != call["Name"]:
        raise InvalidRequest(f"ConnectionInput.Name {given['Name']!r} must be Name, {call['Name']!r}: names stay.")

    def save(shelves: Shelves) -> None:
        seen = named(shelves, call["Name"])
        shelves.save(seen, content_of(given, tags_of(seen)))

    _change(call, save)
    return {}


def delete_connection(call: Call) -> Members:
    """Deletes a connection."""
    _change(call, lambda shelves: shelves.remove(named(shelves, call["ConnectionName"])))
    return {}


def batch_delete_connection(call: Call) -> Members:
    """Deletes connections; those that are not there stand in the errors."""

    def remove(shelves: Shelves) -> Members:
        done, errors = [], {}
        for name in dict.fromkeys(call["ConnectionNameList"]):
            found = shelves.named(CONNECTIONS, name)
            if found is None:
                message = str(NotFound(KIND, name))
                errors[name] = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": message}
            else:
                shelves.remove(found)
                done.append(name)
        return {"Succeeded": done, "Errors": errors}

    return _change(call, remove)


# how handlers find and show things


def _read(call: Call, work: Callable[[Shelves], T]) -> T:
    return call.engine.documents.read(call.workspace, work)


def _change(call: Call, work: Callable[[Shelves], T]) -> T:
    return call.engine.documents.change(call.workspace, work)


def named(shelves: Shelves, name: str) -> Document:
    """Return a connection by name."""
    found = shelves.named(CONNECTIONS, name)
    if found is None:
        raise NotFound(KIND, name)
    return found


def _shown(call: Call, one: Document) -> Members:
    return CONNECTION.show(Entry(one, hides=bool(call.members.get("HidePassword"))))


def _fits(one: Document, wanted: Mapping[str, Any]) -> bool:
    of_type = wanted.get("ConnectionType", one.content["ConnectionType"]) == one.content["ConnectionType"]
    return of_type and set(wanted.get("MatchCriteria", [])) <= set(one.content.get("MatchCriteria", []))


def _checked(given: Mapping[str, Any]) -> Mapping[str, Any]:
    for member, advice in REFUSED.items():
        if given.get(member):
            raise NotSupported(f"ConnectionInput.{member} is not followed here: {advice}.")
    return given
