"""Queues of Dremio's workload management, the rules that choose them, and how a query waits."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dremio_yard import Yard, open_yard
from waiting import until

from runyard.core.errors import InvalidRequest
from runyard.engine.settings import load_settings
from runyard.runtime.dremio_sql.routing import Lane, Place, Withdrawn, chosen, free_place, wait_for_place
from runyard.runtime.dremio_sql.rules import Facts, WrongCondition, condition

RULE = {"name": "etl", "conditions": "user() = 'ada'", "acceptName": "LARGE", "action": "PLACE"}
DEFAULT = {"name": "rest", "acceptName": "SMALL", "action": "PLACE"}


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path) as yard:
        yield yard


def place(yard: Yard, cost: float, **facts: Any) -> str:
    """Return the queue that a query gets."""
    return lane_of(yard, cost, **facts).name


def lane_of(yard: Yard, cost: float, **facts: Any) -> Lane:
    told = yard.context(yard.submit())
    return chosen(told["workload"], {**told, **facts}, cost)


# queues


def test_the_queues_are_those_of_the_settings(yard: Yard) -> None:
    queues = yard("GET", "wlm/queue")["data"]

    shown = {one["id"]: (one["maxAllowedRunningJobs"], one["maxStartTimeoutMs"]) for one in queues}
    assert shown == {
        "SMALL": (100, 300_000),
        "LARGE": (10, 300_000),
        "REFLECTION_SMALL": (10, 86_400_000),
        "REFLECTION_LARGE": (1, 86_400_000),
    }
    assert yard("GET", "wlm/queue/by-name/small") == queues[0] == yard("GET", "wlm/queue/SMALL/")


def test_a_queue_is_made_changed_and_removed(yard: Yard) -> None:
    made = yard(
        "POST", "wlm/queue/", {"name": "etl", "cpuTier": "HIGH", "maxAllowedRunningJobs": 2, "maxRunTimeoutMs": 9}
    )

    changed = yard("PUT", f"wlm/queue/{made['id']}", {"tag": made["tag"], "name": "etl", "maxAllowedRunningJobs": 3})

    assert (made["cpuTier"], made["maxRunTimeoutMs"]) == ("HIGH", 9)
    assert (changed["maxAllowedRunningJobs"], "maxRunTimeoutMs" in changed) == (3, False)
    assert yard.refusal("PUT", f"wlm/queue/{made['id']}", {"tag": made["tag"], "name": "etl"})[0] == 409
    assert yard.refusal("POST", "wlm/queue", {"name": "ETL"})[0] == 409
    assert yard("DELETE", f"wlm/queue/{made['id']}") is None
    assert yard.refusal("GET", f"wlm/queue/{made['id']}")[0] == 404


def test_a_queue_of_the_settings_is_changed_but_stays(yard: Yard) -> None:
    small = yard("GET", "wlm/queue/SMALL")

    changed = yard("PUT", "wlm/queue/SMALL", {"tag": small["tag"], "maxAllowedRunningJobs": 1})
    again = yard("PUT", "wlm/queue/SMALL", changed)

    assert [one["id"] for one in (small, changed, again, yard("GET", "wlm/queue")["data"][0])] == ["SMALL"] * 4
    assert yard.context(yard.submit())["workload"]["queues"]["SMALL"]["slots"] == 1
    assert len(yard("GET", "wlm/queue")["data"]) == 4
    assert yard.refusal("DELETE", "wlm/queue/SMALL")[0] == 400


@pytest.mark.parametrize(
    "body", [{}, {"name": " "}, {"name": "a", "cpuTier": "X"}, {"name": "a", "maxAllowedRunningJobs": 0}]
)
def test_a_queue_that_cannot_be_is_refused(yard: Yard, body: dict[str, Any]) -> None:
    assert yard.refusal("POST", "wlm/queue", body)[0] == 400


def test_the_settings_may_have_other_queues(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[dremio]\nlarge_cost = 5\n[dremio.queues.SMALL]\nslots = 2\nwait_s = 0.5\n")

    settings = load_settings(file)

    assert (settings.dremio.queues["SMALL"].slots, settings.dremio.queues["LARGE"].slots) == (2, 10)
    with open_yard(tmp_path / "home", dremio=settings.dremio) as yard:
        assert [place(yard, 5), place(yard, 6)] == ["SMALL", "LARGE"]


@pytest.mark.parametrize("text", ["slots = 0", "slots = 1\nwait_s = 0", "slots = 'x'", "slots = 1\nsize = 2"])
def test_settings_that_let_nothing_run_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f"[dremio.queues.SMALL]\n{text}\n")

    with pytest.raises(InvalidRequest, match=r"dremio.queues"):
        load_settings(file)


# rules


@pytest.mark.parametrize(
    ("cost", "query_type", "queue"),
    [
        (30_000_000, "REST", "SMALL"),
        (30_000_001, "REST", "LARGE"),
        (30_000_000, "ACCELERATOR_CREATE", "REFLECTION_SMALL"),
        (30_000_001, "ACCELERATOR_DROP", "REFLECTION_LARGE"),
    ],
)
def test_cost_and_type_choose_the_queue(yard: Yard, cost: float, query_type: str, queue: str) -> None:
    assert place(yard, cost, query_type=query_type) == queue


def test_the_first_rule_that_fits_counts(yard: Yard) -> None:
    seen = yard("GET", "wlm/rule/")

    kept = yard("PUT", "wlm/rule/", {"tag": seen["tag"], "rules": [RULE], "defaultRule": DEFAULT})

    assert kept["rules"][0]["acceptId"] == "LARGE"
    assert kept["rules"][0]["id"]
    assert [place(yard, 1), place(yard, 1, user="bob")] == ["LARGE", "SMALL"]
    assert yard.refusal("PUT", "wlm/rule", {"tag": seen["tag"], "rules": [], "defaultRule": DEFAULT})[0] == 409
    assert yard("DELETE", "wlm/rule") is None
    assert place(yard, 1) == "SMALL"


def test_a_queue_tells_how_its_queries_run(yard: Yard) -> None:
    small = yard("GET", "wlm/queue/SMALL")
    limits = {"cpuTier": "LOW", "maxRunTimeoutMs": 9, "maxQueryMemoryPerNodeBytes": 1024, "maxAllowedRunningJobs": 3}

    yard("PUT", "wlm/queue/SMALL", {"tag": small["tag"], **limits})

    assert lane_of(yard, 1) == Lane(name="SMALL", slots=3, wait_ms=None, run_ms=9, tier="LOW", memory=1024, id="SMALL")
    assert [lane_of(yard, cost, query_type="ACCELERATOR_CREATE").niceness for cost in (1, 10**9)] == [10, 10]
    assert (lane_of(yard, 1).niceness, lane_of(yard, 10**9).niceness) == (5, 0)


def test_a_rule_may_ask_for_the_time(yard: Yard) -> None:
    rules = [{**RULE, "conditions": f"EXTRACT(YEAR FROM CURRENT_DATE) {years}"} for years in ("< 2000", "> 2000")]
    rules[0]["acceptName"] = "REFLECTION_LARGE"
    yard("PUT", "wlm/rule", {"tag": yard("GET", "wlm/rule")["tag"], "rules": rules, "defaultRule": DEFAULT})

    assert place(yard, 1) == "LARGE"


def test_a_query_knows_the_id_of_its_queue_which_a_rule_may_name_it_by(yard: Yard) -> None:
    made = yard("POST", "wlm/queue", {"name": "etl"})
    rule = {"name": "etl", "conditions": "user() = 'ada'", "acceptId": made["id"]}
    yard("PUT", "wlm/rule", {"tag": yard("GET", "wlm/rule")["tag"], "rules": [rule], "defaultRule": DEFAULT})

    assert (lane_of(yard, 1).name, lane_of(yard, 1).id) == ("etl", made["id"])


def test_a_rule_may_reject(yard: Yard) -> None:
    reject = {"name": "no", "conditions": "query_cost() > 10", "action": "REJECT", "rejectMessage": "Too dear."}
    yard("PUT", "wlm/rule", {"tag": yard("GET", "wlm/rule")["tag"], "rules": [reject], "defaultRule": DEFAULT})

    with pytest.raises(Withdrawn, match=r"Query cancelled by Workload Manager\. Too dear\."):
        place(yard, 11)


@pytest.mark.parametrize(
    "rule",
    [
        {**RULE, "acceptName": "nowhere"},
        {**RULE, "action": "RUN"},
        {**RULE, "conditions": "cost() > 1"},
        {"name": "all", "acceptName": "LARGE"},
    ],
)
def test_a_rule_that_could_not_be_obeyed_is_refused(yard: Yard, rule: dict[str, Any]) -> None:
    tag = yard("GET", "wlm/rule")["tag"]

    assert yard.refusal("PUT", "wlm/rule", {"tag": tag, "rules": [rule], "defaultRule": DEFAULT})[0] == 400
    assert yard.refusal("PUT", "wlm/rule", {"tag": tag, "rules": [RULE]})[0] == 400


FACTS: Facts = {
    "query_type": lambda: "Reflections",
    "query_cost": lambda: 30.0,
    "query_label": lambda: "COPY",
    "user": lambda: "o'hara",
    "is_member": lambda group: group == "etl",
    "now": lambda: datetime(2026, 11, 29, 17, 59, 58, tzinfo=UTC),  # a Sunday
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("query_type() = 'Reflections' AND query_cost() >= 30", True),
        ("query_label() in ('COPY','OPTIMIZATION')", True),
        ("query_label() NOT IN ('COPY')", False),
        ("user() = 'o''hara'", True),
        ("is_member('etl') AND NOT is_member('x')", True),
        ("query_cost() < 1 OR query_cost() <> 30 OR (query_cost() = 30 AND query_type() != 'UI')", True),
        ("query_cost() < 1 OR query_cost() > 1 AND user() = 'x'", False),
        ("USER in ('JRyan','o''hara')", True),
        ("user NOT IN ('JRyan') AND NOT user = 'JRyan'", True),
        ("query_cost() BETWEEN 30 AND 40 AND user() = 'o''hara'", True),
        ("query_cost() NOT BETWEEN 31 AND 40", True),
        ("EXTRACT(HOUR FROM CURRENT_TIME)\nBETWEEN 9 AND 16", False),
        ("extract(dow from current_date) = 1 AND extract(MINUTE FROM CURRENT_TIMESTAMP) = 59", True),
        ("(USER IN ('JRyan') OR is_member('etl')) AND EXTRACT(HOUR FROM CURRENT_TIME) BETWEEN 9 AND 18", True),
    ],
)
def test_a_condition_is_decided(text: str, holds: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    assert condition(text)(FACTS) is holds


@pytest.mark.parametrize(
    "text",
    [
        "", "user(", "user() =", "user() = 'a", "a", "user('x') = 1", "user() LIKE 'a'", "(" * 99, "user",
        "user() BETWEEN 'a'", "EXTRACT(HOUR FROM CURRENT_DATE) = 1", "EXTRACT(EON FROM CURRENT_TIME) = 1",
        "EXTRACT HOUR = 1", "EXTRACT(HOUR FROM CURRENT_TIME = 1", "EXTRACT(DAY FROM CURRENT_DATE) = 'a'",
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_decided_is_refused(text: str) -> None:
    with pytest.raises(WrongCondition, match="at character"):
        condition(text)


# waiting


def lane(slots: int, wait_ms: int | None = 20_000) -> Lane:
    return Lane(name="SMALL", slots=slots, wait_ms=wait_ms)


def test_as_many_run_as_there_are_places_and_the_next_waits_for_one(tmp_path: Path) -> None:
    first, second = wait_for_place(lane(2), tmp_path), wait_for_place(lane(2), tmp_path)
    threading.Timer(0.05, first.give_back).start()

    third = wait_for_place(lane(2), tmp_path)

    for held in (second, third):
        held.give_back()


def test_who_waits_as_long_as_the_queue_lets_is_cancelled_in_its_words(tmp_path: Path) -> None:
    held = wait_for_place(lane(1), tmp_path)
    text = r"Query cancelled by Workload Manager\. Query enqueued time of 0\.05 seconds exceeded for 'small' queue\."

    with pytest.raises(Withdrawn, match=text):
        wait_for_place(lane(1, wait_ms=50), tmp_path)

    held.give_back()


def test_who_stands_in_line_gives_up_in_time_too(tmp_path: Path) -> None:
    turn = os.open(tmp_path / "turn", os.O_RDWR | os.O_CREAT)
    fcntl.flock(turn, fcntl.LOCK_EX)

    with pytest.raises(Withdrawn):
        wait_for_place(lane(1, wait_ms=50), tmp_path)

    os.close(turn)
    assert until(lambda: wait_for_place(lane(1), tmp_path)) is not None


def test_a_place_is_had_at_once_unless_all_are_taken_or_somebody_is_before_us(tmp_path: Path) -> None:
    first = free_place(lane(2), tmp_path)
    turn = os.open(tmp_path / "turn", os.O_RDWR | os.O_CREAT)
    fcntl.flock(turn, fcntl.LOCK_EX)
    behind = free_place(lane(2), tmp_path)
    os.close(turn)
    second, third = free_place(lane(2), tmp_path), free_place(lane(2), tmp_path)

    assert first is not None
    assert second is not None
    assert (behind, third) == (None, None)
    for held in (first, second):
        held.give_back()


HOLDER = """
import sys
from pathlib import Path
from runyard.runtime.dremio_sql.routing import Lane, wait_for_place
wait_for_place(Lane(name="SMALL", slots=1, wait_ms=None), Path(sys.argv[1]))
print("has it", flush=True)
sys.stdin.read()
"""


def test_the_end_of_who_has_a_place_wakes_who_waits_for_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        before = free_place(lane(1), tmp_path)
        threading.Timer(0.05, holder.kill).start()  # as a query is cancelled
        place = wait_for_place(lane(1), tmp_path)

    assert before is None
    place.give_back()


def test_a_queue_without_a_limit_lets_everybody_in(tmp_path: Path) -> None:
    assert wait_for_place(Lane(name="SMALL", slots=None, wait_ms=None), tmp_path) == Place()


# the machine


def test_there_is_one_engine_which_cannot_be_changed(yard: Yard) -> None:
    (engine,) = yard("GET", f"{yard.cloud}/engines")

    assert (engine["name"], engine["state"]) == ("default", "ENABLED")
    assert engine["queriedAt"] == "Fri Jan 15 08:00:00 UTC 2027"
    assert yard("GET", f"{yard.cloud}/engines/{engine['id']}") == engine
    assert yard.refusal("PUT", f"{yard.cloud}/engines/{engine['id']}/disable")[0] == 400
    assert yard.refusal("POST", f"{yard.cloud}/engines", {"name": "x"})[0] == 400
    for method, path in (("GET", "x"), ("PUT", "x"), ("DELETE", "x"), ("PUT", "x/enable"), ("PUT", "x/disable")):
        assert yard.refusal(method, f"{yard.cloud}/engines/{path}") == (
            404, "Could not find engine x; there are default, of which the first is this machine."
        )  # fmt: skip


def test_the_project_and_the_user_are_the_tokens_own(yard: Yard) -> None:
    (project,) = yard("GET", "/v0/projects")

    assert yard("GET", yard.cloud) == project
    assert (project["name"], yard.cloud) == ("default", f"/v0/projects/{project['id']}")
    user = yard("GET", "user/by-name/ada")
    assert yard("GET", f"user/{user['id']}") == user
    assert yard.refusal("GET", "user/by-name/bob")[0] == 404
