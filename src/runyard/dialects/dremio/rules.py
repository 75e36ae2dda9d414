"""Rules that choose queues, as clients set them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from runyard.dialects import reading
from runyard.dialects.dremio.errors import wrong
from runyard.runtime.dremio_sql.rules import WrongCondition, condition

PLACE, REJECT = "PLACE", "REJECT"
KEPT = ("name", "conditions", "action", "acceptId", "acceptName", "rejectMessage", "id")


def check_rules(members: Mapping[str, Any], queues: Mapping[str, str]) -> dict[str, Any]:
    """Return a set of rules as it is kept; `queues` are ids by name. Refuse what no query could be told by."""
    rules = [
        _checked(reading.present(rule, f"rules[{place}]"), queues, f"rules[{place}]")
        for place, rule in enumerate(reading.array(members.get("rules"), "rules"))
    ]
    if missing := next((rule["name"] for rule in rules if "conditions" not in rule), None):
        raise wrong(f"Rule {missing!r} has no conditions; what fits everything is the defaultRule.")
    default = reading.mapping(members.get("defaultRule"), "defaultRule")
    if not default:
        raise wrong("The member defaultRule is missing; it says what becomes of a query that no rule fits.")
    kept = {name: value for name, value in default.items() if name != "conditions"}
    return {"rules": rules, "defaultRule": _checked(kept, queues, "defaultRule")}


def _checked(rule: Mapping[str, Any], queues: Mapping[str, str], place: str) -> dict[str, Any]:
    kept = {name: reading.text(rule[name], f"{place}.{name}") for name in KEPT if rule.get(name) is not None}
    kept.setdefault("id", str(uuid4()))
    kept.setdefault("name", place)
    action = kept.setdefault("action", PLACE)
    if "conditions" in kept:
        check_condition(kept["conditions"])
    if action == REJECT:
        return kept
    if action != PLACE:
        raise wrong(f"Invalid value for {place}.action: {action!r} is neither {PLACE} nor {REJECT}.")
    name = kept.get("acceptName") or next((name for name, id_ in queues.items() if id_ == kept.get("acceptId")), "")
    if name not in queues:
        raise wrong(f"{place} places queries in {kept.get('acceptName') or kept.get('acceptId')!r}, which is no queue.")
    return {**kept, "acceptName": name, "acceptId": queues[name]}


def check_condition(text: str) -> None:
    """Refuse a condition that could not be decided."""
    try:
        condition(text)
    except WrongCondition as error:
        raise wrong(f"{error}.") from error
