"""Queues of queries and the rules by which they are chosen: as the settings have them, changed by clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from runyard.core.document import Document
from runyard.dialects.dremio import catalog, engine_rules
from runyard.dialects.dremio.calls import SOFTWARE, Call, Operation
from runyard.dialects.dremio.errors import Refusal, missing, wrong
from runyard.dialects.dremio.machine import ENGINE
from runyard.dialects.dremio.rules import check_rules
from runyard.dialects.dremio_ids import entity_id, from_entity_id, tag_of
from runyard.engine.documents import Shelves
from runyard.engine.engine import Engine

T = TypeVar("T")
QUEUES, RULES = "dremio_queue", "dremio_rules"
RULE_SET = "rules"
TIERS = ("BACKGROUND", "LOW", "MEDIUM", "HIGH", "CRITICAL")
NUMBERS = (
    "maxAllowedRunningJobs",
    "maxStartTimeoutMs",
    "maxRunTimeoutMs",
    "maxMemoryPerNodeBytes",
    "maxQueryMemoryPerNodeBytes",
)
KEPT = ("name", "cpuTier", "engineId", *NUMBERS)
IMPLIED = 1  # the version of what the settings say, before anybody has changed it


def list_queues(call: Call) -> dict[str, Any]:
    """List the queues."""
    return {"data": [_shown(one) for one in _queues_of(call)]}


def get_queue(call: Call) -> dict[str, Any]:
    """Show a queue."""
    return _shown(_read(call, lambda shelves: _queue(shelves, call.engine, call.text("id"))))


def get_queue_by_name(call: Call) -> dict[str, Any]:
    """Show a queue by its name."""
    return _shown(_read(call, lambda shelves: _queue(shelves, call.engine, call.text("name"))))


def create_queue(call: Call) -> dict[str, Any]:
    """Add a queue; no rule chooses it yet."""
    content = _content(call, call.members)

    def add(shelves: Shelves) -> Document:
        if _key(content["name"]) in [one.name for one in _queues(shelves, call.engine)]:
            raise Refusal(
                HTTPStatus.CONFLICT, f"A queue {content['name']} exists already; change it, or choose another name."
            )
        return shelves.add(QUEUES, "queue", _key(content["name"]), content=content)

    return _shown(_change(call, add))


def update_queue(call: Call) -> dict[str, Any]:
    """Change a queue; optional fields that are left out are dropped."""

    def save(shelves: Shelves) -> Document:
        seen = _queue(shelves, call.engine, call.text("id"))
        catalog.check_tag(seen, call.text("tag"))
        content = _content(call, {"name": seen.content["name"], **call.members})
        if _key(content["name"]) != seen.name:
            raise wrong(f"Queue {seen.content['name']} cannot be called {content['name']}: rules know it by its name.")
        if seen.name in _implied_names(call.engine):
            content["id"] = seen.content["name"]  # as before anybody changed it
        kept = shelves.named(QUEUES, seen.name)
        kept = kept or shelves.add(QUEUES, "queue", seen.name, content=seen.content)
        return shelves.save(kept, content)

    return _shown(_change(call, save))


def delete_queue(call: Call) -> None:
    """Remove a queue that somebody has made; those of the settings stay."""

    def remove(shelves: Shelves) -> None:
        seen = _queue(shelves, call.engine, call.text("id"))
        if seen.name in _implied_names(call.engine):
            raise wrong(f"Queue {seen.content['name']} is one of the server's settings; change it instead.")
        content = _rule_set(shelves, call.engine).content
        if any(
            _key(str(rule.get("acceptName", ""))) == seen.name for rule in (*content["rules"], content["defaultRule"])
        ):
            raise wrong(f"Queue {seen.content['name']} is chosen by a rule; change the rules first.")
        shelves.remove(seen)

    _change(call, remove)


def get_rules(call: Call) -> dict[str, Any]:
    """Show the rules, of which the first that fits counts."""
    return _shown_rules(_rules_of(call))


def set_rules(call: Call) -> dict[str, Any]:
    """Put rules in place of those that are there; refuse conditions that could not be decided."""

    def save(shelves: Shelves) -> Document:
        catalog.check_tag(_rule_set(shelves, call.engine), call.text("tag"))
        queues = {one.content["name"]: _shown(one)["id"] for one in _queues(shelves, call.engine)}
        content = check_rules(call.members, queues)
        kept = shelves.named(RULES, RULE_SET)
        return shelves.save(kept, content) if kept else shelves.add(RULES, "rules", RULE_SET, content=content)

    return _shown_rules(_change(call, save))


def delete_rules(call: Call) -> None:
    """Go back to the rules of the settings."""

    def remove(shelves: Shelves) -> None:
        if (kept := shelves.named(RULES, RULE_SET)) is not None:
            shelves.remove(kept)

    _change(call, remove)


def routing(shelves: Shelves, engine: Engine) -> dict[str, Any]:
    """Return what a job's process must know to choose its queue and to wait for a place in it."""
    rules = _rule_set(shelves, engine).content
    queues = {
        one.content["name"]: {
            "id": _shown(one)["id"],
            "slots": one.content.get("maxAllowedRunningJobs"),
            "wait_ms": one.content.get("maxStartTimeoutMs"),
            "run_ms": one.content.get("maxRunTimeoutMs"),
            "tier": one.content.get("cpuTier"),
            "memory": one.content.get("maxQueryMemoryPerNodeBytes"),
            "engine": one.content.get("engineId", ""),
        }
        for one in _queues(shelves, engine)
    }
    engines = {name: one.url for name, one in engine.settings.dremio.engines.items()}
    return {
        "queues": queues,
        "rules": [*rules["rules"], rules["defaultRule"]],
        "engines": engines,
        "engine_rules": engine_rules.routing(shelves),
    }


def _read(call: Call, work: Callable[[Shelves], T]) -> T:
    return call.engine.documents.read(call.workspace, work)


def _change(call: Call, work: Callable[[Shelves], T]) -> T:
    return call.engine.documents.change(call.workspace, work)


def _queues_of(call: Call) -> list[Document]:
    return _read(call, lambda shelves: _queues(shelves, call.engine))


def _queues(shelves: Shelves, engine: Engine) -> list[Document]:
    kept = {one.name: one for one in shelves.every(QUEUES)}
    implied = [_implied(shelves, name, content) for name, content in _of_settings(engine).items()]
    return [*(kept.pop(one.name, one) for one in implied), *kept.values()]


def _queue(shelves: Shelves, engine: Engine, asked: str) -> Document:
    """Return a queue by its id, which of one of the settings is its name, or by name."""
    number = from_entity_id(asked)
    for one in _queues(shelves, engine):
        if one.name == _key(asked) or (one.id and one.id == number):
            return one
    raise missing(f"Could not find queue {asked}.")


def _of_settings(engine: Engine) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "name": name,
            "cpuTier": "BACKGROUND" if name.startswith("REFLECTION") else "MEDIUM",
            "maxAllowedRunningJobs": lane.slots,
            "maxStartTimeoutMs": int(lane.wait_s * 1000),
            **({"engineId": lane.engine} if lane.engine else {}),
        }
        for name, lane in engine.settings.dremio.queues.items()
    }


def _implied_names(engine: Engine) -> set[str]:
    return {_key(name) for name in _of_settings(engine)}


def _implied(shelves: Shelves, name: str, content: Mapping[str, Any], shelf: str = QUEUES) -> Document:
    facts = {"id": 0, "workspace_id": shelves.workspace_id, "created_at": 0, "updated_at": 0, "version": IMPLIED}
    return Document(shelf=shelf, kind="queue", name=_key(name), content=content, **facts)


def _key(name: str) -> str:
    return name.casefold()


def _shown(queue: Document) -> dict[str, Any]:
    name = queue.content["name"]
    is_implied = not queue.id
    return {"id": name if is_implied else entity_id(queue.id), "tag": catalog.tag(queue), **queue.content}


def _content(call: Call, members: Mapping[str, Any]) -> dict[str, Any]:
    content = {name: members[name] for name in KEPT if members.get(name) is not None}
    if not str(content.get("name", "")).strip():
        raise wrong("The member name is missing; give the queue a name.")
    tier = content.setdefault("cpuTier", "MEDIUM")
    if tier not in TIERS:
        raise wrong(f"Invalid value for cpuTier: {tier!r} is none of {', '.join(TIERS)}.")
    engines = (ENGINE, entity_id(call.workspace.id), *call.engine.settings.dremio.engines)
    if content.get("engineId") and content["engineId"] not in engines:
        raise wrong(f"Invalid value for engineId: {content['engineId']!r} is none of {', '.join(engines)}.")
    for name in NUMBERS:
        if content.get(name, 1) < 1:
            raise wrong(f"Invalid value for {name}: {content[name]} is less than 1.")
    return content


def _rules_of(call: Call) -> Document:
    return _read(call, lambda shelves: _rule_set(shelves, call.engine))


def _rule_set(shelves: Shelves, engine: Engine) -> Document:
    return shelves.named(RULES, RULE_SET) or _implied(shelves, RULE_SET, _implied_rules(engine), RULES)


def _implied_rules(engine: Engine) -> dict[str, Any]:
    large = f"query_cost() > {engine.settings.dremio.large_cost}"
    background = "query_type() = 'Reflections'"
    choices = (("REFLECTION_LARGE", f"{background} AND {large}"), ("REFLECTION_SMALL", background), ("LARGE", large))
    return {
        "rules": [_rule(name, condition) for name, condition in choices],
        "defaultRule": {"name": "Default", "action": "PLACE", "acceptId": "SMALL", "acceptName": "SMALL"},
    }


def _rule(queue: str, condition: str) -> dict[str, Any]:
    return {"name": queue, "conditions": condition, "acceptId": queue, "acceptName": queue, "action": "PLACE"}


def _shown_rules(rules: Document) -> dict[str, Any]:
    return {"tag": tag_of(rules.id, rules.version), **rules.content}


_QUEUE: Mapping[str, str] = {
    "name": "string",
    "cpuTier": "string",
    "engineId": "string",
    **dict.fromkeys(NUMBERS, "int"),
}
_QUEUE_GIVES: Mapping[str, str] = {"id": "string!", "tag": "string!", **_QUEUE}
_RULES: Mapping[str, str] = {"rules": "array!", "defaultRule": "object!"}
_TABLE: Sequence[tuple[str, str, str, Any, str, int]] = (
    ("listQueues", "GET", "wlm/queue", list_queues, "List the queues", 200),
    ("getQueueByName", "GET", "wlm/queue/by-name/{name}", get_queue_by_name, "Show a queue by its name", 200),
    ("getQueue", "GET", "wlm/queue/{id}", get_queue, "Show a queue", 200),
    ("createQueue", "POST", "wlm/queue", create_queue, "Add a queue", 200),
    ("updateQueue", "PUT", "wlm/queue/{id}", update_queue, "Change a queue", 200),
    ("deleteQueue", "DELETE", "wlm/queue/{id}", delete_queue, "Remove a queue", 204),
    ("getRules", "GET", "wlm/rule", get_rules, "Show the rules that choose queues", 200),
    ("setRules", "PUT", "wlm/rule", set_rules, "Put rules in place of those that are there", 200),
    ("deleteRules", "DELETE", "wlm/rule", delete_rules, "Go back to the rules of the settings", 204),
)
_TAKES: Mapping[str, Mapping[str, str]] = {
    "createQueue": {**_QUEUE, "name": "string!"},
    "updateQueue": {**_QUEUE, "tag": "string"},
    "setRules": {"tag": "string", **_RULES},
}

OPERATIONS: tuple[Operation, ...] = tuple(
    Operation(
        id=operation,
        method=method,
        path=path,
        handle=handle,
        summary=summary,
        status=status,
        takes=_TAKES.get(operation, {}),
        gives={"data": "array!"} if operation == "listQueues" else _RULES if "rule" in path else _QUEUE_GIVES,
        bases=(SOFTWARE,),
    )
    for operation, method, path, handle, summary, status in _TABLE
)
