"""Rules of Dremio's cloud that choose engines: set and shown, and followed by the process of a job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from dremio_yard import Yard, open_yard

from runyard.engine.lanes import Dremio
from runyard.runtime.dremio_sql.routing import Withdrawn, engine_of

REST = {"query_type": "REST", "sql": "SELECT 1", "user": "ada", "tag": ""}


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    engines = {"sail": {"url": "sc://sail.example:50051"}}
    with open_yard(tmp_path, dremio=msgspec.convert({"engines": engines}, Dremio)) as found:
        yield found


def rule(**told: str) -> dict[str, str]:
    return {"name": "r", "condition": "query_type() = 'REST'", "engineName": "sail", "action": "ROUTE", **told}


def put(yard: Yard, *rules: dict[str, str], **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = yard("PUT", f"{yard.cloud}/rules", {"ruleSet": {"ruleInfos": list(rules), **more}})
    kept: dict[str, Any] = told["ruleSet"]
    return kept


def test_before_anybody_sets_rules_the_engine_of_a_queue_counts(yard: Yard) -> None:
    shown = yard("GET", f"{yard.cloud}/rules")["ruleSet"]

    assert (shown["ruleInfos"], shown["ruleInfoDefault"]["engineName"], shown["tag"]) == ([], "default", "")
    assert yard.context(yard.submit("SELECT 1"))["workload"]["engine_rules"] == []
    assert engine_of({}, REST, 1.0) == ""


def test_the_first_rule_that_fits_names_the_engine(yard: Yard) -> None:
    kept = put(yard, rule(condition="query_cost() > 100"), rule(condition="user() = 'ada'", engineName="default"))
    workload = yard.context(yard.submit("SELECT 1"))["workload"]

    assert kept["ruleInfos"][0] == {**rule(condition="query_cost() > 100"), "rejectMessage": ""}
    assert engine_of(workload, REST, 101.0) == "sail"
    assert engine_of(workload, REST, 100.0) == "default"
    assert engine_of(workload, {**REST, "user": "bob"}, 1.0) == "default"
    assert yard("GET", f"{yard.cloud}/rules")["ruleSet"] == kept


def test_a_rule_may_reject_in_its_own_words(yard: Yard) -> None:
    put(yard, rule(action="REJECT", rejectMessage="Not here."))
    workload = yard.context(yard.submit("SELECT 1"))["workload"]

    with pytest.raises(Withdrawn, match=r"Query cancelled by Workload Manager\. Not here\."):
        engine_of(workload, REST, 1.0)


def test_rules_are_changed_by_who_has_seen_them(yard: Yard) -> None:
    first = put(yard, rule())
    second = put(yard, tag=first["tag"])
    status, told = yard.refusal("PUT", f"{yard.cloud}/rules", {"ruleSet": {"ruleInfos": [], "tag": first["tag"]}})

    assert second["ruleInfos"] == []
    assert (status, second["tag"] in told) == (409, True)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (rule(engineName="moon"), "ruleInfos[0].engineName: 'moon' is no engine; there are default, sail."),
        (rule(action="PLACE"), "Invalid value for ruleInfos[0].action: 'PLACE' is neither ROUTE nor REJECT."),
        (rule(condition=""), "Rule 'r' has no condition; what fits everything is the ruleInfoDefault."),
        (rule(condition="nothing("), "nothing"),
    ],
)  # fmt: skip
def test_a_rule_that_could_not_be_followed_is_refused(yard: Yard, told: dict[str, str], message: str) -> None:
    status, text = yard.refusal("PUT", f"{yard.cloud}/rules", {"ruleSet": {"ruleInfos": [told]}})

    assert (status, message in text) == (400, True), text
