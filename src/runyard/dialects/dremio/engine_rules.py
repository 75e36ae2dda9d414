"""The rules of the cloud that choose engines: until somebody has set them, every queue's own engine counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.core.document import Document
from runyard.dialects import reading
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.calls import CLOUD, Call, Operation
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.machine import ENGINE
from runyard.dialects.dremio.rules import check_condition
from runyard.dialects.dremio_ids import tag_of
from runyard.engine.documents import Shelves

SHELF, NAME = "dremio_engine_rules", "rules"
ROUTE, REJECT = "ROUTE", "REJECT"
WORDS = ("name", "condition", "engineName", "action", "rejectMessage")
LISTED, DEFAULT = "ruleInfos", "ruleInfoDefault"
NO_RULES: Mapping[str, Any] = {
    LISTED: [],
    DEFAULT: {
        "name": "All Other Queries", "condition": "", "engineName": ENGINE, "action": ROUTE, "rejectMessage": "",
    },
}  # fmt: skip


def get_engine_rules(call: Call) -> dict[str, Any]:
    """Show the rules, of which the first that fits counts."""
    return _shown(call.engine.documents.read(call.workspace, _kept))


def set_engine_rules(call: Call) -> dict[str, Any]:
    """Put rules in place of those that are there; refuse what could not be decided, and engines that are not there."""
    told = reading.mapping(call.members.get("ruleSet") or call.members, "ruleSet")
    content = _checked(told, known=(ENGINE, *call.engine.settings.dremio.engines))

    def save(shelves: Shelves) -> Document:
        seen = _kept(shelves)
        if seen is None:
            return shelves.add(SHELF, "rules", NAME, content=content)
        catalog.check_tag(seen, str(told.get("tag") or ""))
        return shelves.save(seen, content)

    return _shown(call.engine.documents.change(call.workspace, save))


def routing(shelves: Shelves) -> list[Mapping[str, Any]]:
    """Return the rules that a job's process chooses its engine by, the default last; none before somebody set some."""
    kept = _kept(shelves)
    return [] if kept is None else [*kept.content[LISTED], kept.content[DEFAULT]]


def _kept(shelves: Shelves) -> Document | None:
    return shelves.named(SHELF, NAME)


def _shown(kept: Document | None) -> dict[str, Any]:
    content, tag = (NO_RULES, "") if kept is None else (kept.content, tag_of(kept.id, kept.version))
    return {"ruleSet": {LISTED: content[LISTED], DEFAULT: content[DEFAULT], "tag": tag}}


def _checked(told: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    if told.get(LISTED) is None:
        raise wrong(f"The member {LISTED} is missing; give the rules as an array, be it an empty one.")
    rules = [
        _rule(reading.present(rule, f"{LISTED}[{place}]"), f"{LISTED}[{place}]", known)
        for place, rule in enumerate(reading.array(told.get(LISTED), LISTED))
    ]
    if nameless := next((rule["name"] for rule in rules if not rule["condition"]), None):
        raise wrong(f"Rule {nameless!r} has no condition; what fits everything is the {DEFAULT}.")
    default = _rule(reading.mapping(told.get(DEFAULT) or NO_RULES[DEFAULT], DEFAULT), DEFAULT, known)
    return {LISTED: rules, DEFAULT: {**default, "condition": ""}}


def _rule(rule: Mapping[str, Any], place: str, known: Sequence[str]) -> dict[str, Any]:
    words = {name: reading.text(rule.get(name) or "", f"{place}.{name}") for name in WORDS}
    words["name"], words["action"] = words["name"] or place, words["action"] or ROUTE
    if words["condition"]:
        check_condition(words["condition"])
    if words["action"] not in (ROUTE, REJECT):
        raise wrong(f"Invalid value for {place}.action: {words['action']!r} is neither {ROUTE} nor {REJECT}.")
    if words["action"] == ROUTE and words["engineName"] not in known:
        raise wrong(
            f"Invalid value for {place}.engineName: {words['engineName']!r} is no engine; there are {', '.join(known)}."
        )
    return words


_RULES: Mapping[str, str] = {"ruleSet": "object"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getEngineRules",
        method="GET",
        path="rules",
        handle=get_engine_rules,
        summary="Show the rules that choose engines",
        gives=_RULES,
        bases=(CLOUD,),
    ),
    Operation(
        id="setEngineRules",
        method="PUT",
        path="rules",
        handle=set_engine_rules,
        summary="Put rules in place of those that choose engines",
        takes=_RULES,
        gives=_RULES,
        bases=(CLOUD,),
    ),
)
