from __future__ import annotations

import time
from typing import Any

import pytest

from runyard.dialects.glue.errors import BrokenConstraint, UnknownOperation, UnreadableRequest
from runyard.dialects.glue.model import load_model
from runyard.dialects.glue.validation import Validator, translate

NAME_PATTERN = r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*"


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(load_model())


def refusal(validator: Validator, operation: str, request: Any) -> str:
    with pytest.raises(BrokenConstraint) as caught:
        validator.check(operation, request)
    return str(caught.value)


def test_a_request_within_the_model_is_returned_as_it_came(validator: Validator) -> None:
    request = {
        "JobName": "nightly 😀",
        "Arguments": {"--day": "1"},
        "Timeout": 5,
        "MaxCapacity": 0.0625,
        "JobRunQueuingEnabled": False,
        "NotificationProperty": {"NotifyDelayAfter": 3},
    }

    assert validator.check("StartJobRun", request) == request


def test_a_missing_member_must_not_be_null(validator: Validator) -> None:
    assert refusal(validator, "StartJobRun", {}) == (
        "1 validation error detected: Value null at 'jobName' failed to satisfy constraint: Member must not be null"
    )


def test_null_is_the_same_as_absent_at_every_depth(validator: Validator) -> None:
    request = {
        "Name": "n",
        "Role": "r",
        "Description": None,
        "Command": {"Name": "pythonshell", "Runtime": None},
        "DefaultArguments": {"--a": None, "--b": "1"},
        "Connections": {"Connections": ["one", None]},
    }

    assert validator.check("CreateJob", request) == {
        "Name": "n",
        "Role": "r",
        "Command": {"Name": "pythonshell"},
        "DefaultArguments": {"--b": "1"},
        "Connections": {"Connections": ["one"]},
    }
    assert "at 'jobName'" in refusal(validator, "GetJob", {"JobName": None})


def test_a_long_name_is_told_its_longest_length(validator: Validator) -> None:
    name = "x" * 256

    assert refusal(validator, "GetJob", {"JobName": name}) == (
        f"1 validation error detected: Value '{name}' at 'jobName' failed to satisfy constraint: "
        "Member must have length less than or equal to 255"
    )


def test_all_violations_stand_in_one_message(validator: Validator) -> None:
    request = {"JobName": "", "Timeout": 0, "ExecutionClass": "FAST"}

    assert refusal(validator, "StartJobRun", request) == (
        "3 validation errors detected: "
        "Value '' at 'jobName' failed to satisfy constraint: Member must have length greater than or equal to 1; "
        "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1; "
        "Value 'FAST' at 'executionClass' failed to satisfy constraint: "
        "Member must satisfy enum value set: [FLEX, STANDARD]"
    )


def test_a_broken_pattern_is_shown_as_aws_writes_it(validator: Validator) -> None:
    assert refusal(validator, "GetJob", {"JobName": "two\nlines"}) == (
        "1 validation error detected: Value 'two\nlines' at 'jobName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {NAME_PATTERN}"
    )


def test_paths_lead_into_structures_lists_and_maps(validator: Validator) -> None:
    nested = {"Name": "n", "Role": "r", "Command": {"PythonVersion": "4"}}
    tags = {"Name": "n", "Role": "r", "Command": {}, "Tags": {"team": "x" * 257}}

    assert "Value '4' at 'command.pythonVersion' failed" in refusal(validator, "CreateJob", nested)
    assert "at 'tags.team.member' failed" in refusal(validator, "CreateJob", tags)
    assert "Value '' at 'jobRunIds.2.member' failed" in refusal(
        validator, "BatchStopJobRun", {"JobName": "n", "JobRunIds": ["jr_1", ""]}
    )


def test_a_list_has_its_lengths(validator: Validator) -> None:
    none = refusal(validator, "BatchStopJobRun", {"JobName": "n", "JobRunIds": []})
    many = refusal(validator, "BatchStopJobRun", {"JobName": "n", "JobRunIds": ["x"] * 26})

    assert "Value '[]' at 'jobRunIds' failed to satisfy constraint: Member must have length greater" in none
    assert "at 'jobRunIds' failed to satisfy constraint: Member must have length less than or equal to 25" in many


def test_keys_of_a_map_are_told_all_that_they_must_be(validator: Validator) -> None:
    request = {"ResourceArn": "arn:aws:glue:us-east-1:1:job/n", "TagsToAdd": {"": "v", "k": "w"}}

    assert refusal(validator, "TagResource", request) == (
        "1 validation error detected: Value '{=v, k=w}' at 'tagsToAdd' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must have length less than or equal to 128, "
        "Member must have length greater than or equal to 1]"
    )


def test_unknown_members_are_ignored_and_left_out(validator: Validator) -> None:
    request = {"JobName": "n", "AddedByAwsNextYear": {"deep": [1]}, "NotificationProperty": {"More": 1}}

    assert validator.check("StartJobRun", request) == {"JobName": "n", "NotificationProperty": {}}


def test_a_worker_type_that_aws_adds_later_is_taken(validator: Validator) -> None:
    assert validator.check("StartJobRun", {"JobName": "n", "WorkerType": "G.99X"})["WorkerType"] == "G.99X"


def test_older_clients_may_ask_for_a_thousand_runs_but_not_more(validator: Validator) -> None:
    assert validator.check("GetJobRuns", {"JobName": "n", "MaxResults": 1000})["MaxResults"] == 1000
    assert "less than or equal to 1000" in refusal(validator, "GetJobRuns", {"JobName": "n", "MaxResults": 1001})
    assert "greater than or equal to 1" in refusal(validator, "GetJobRuns", {"JobName": "n", "MaxResults": 0})


@pytest.mark.parametrize("version", ["2", "3", "3.9"])
def test_python_versions_of_the_model_are_taken(validator: Validator, version: str) -> None:
    request = {"Name": "n", "Role": "r", "Command": {"PythonVersion": version}}

    assert validator.check("CreateJob", request) == request


@pytest.mark.parametrize("version", ["3.10", "3.9\n", "39", "", "٣"])
def test_other_python_versions_are_refused(validator: Validator, version: str) -> None:
    request = {"Name": "n", "Role": "r", "Command": {"PythonVersion": version}}

    assert "at 'command.pythonVersion'" in refusal(validator, "CreateJob", request)


@pytest.mark.parametrize(
    ("request_body", "message"),
    [
        ([], "Start of list found where not expected"),
        (None, "Expected null"),
        ("text", "Expected null"),
        ({"JobName": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"JobName": 1.5}, "NUMBER_VALUE can not be converted to a String"),
        ({"JobName": True}, "TRUE_VALUE can not be converted to a String"),
        ({"JobName": False}, "FALSE_VALUE can not be converted to a String"),
        ({"JobName": ["n"]}, "Start of list found where not expected"),
        ({"JobName": {"n": 1}}, "Start of structure or map found where not expected."),
        ({"JobName": "n", "Timeout": "5"}, "STRING_VALUE can not be converted to an Integer"),
        ({"JobName": "n", "Timeout": True}, "TRUE_VALUE can not be converted to an Integer"),
        ({"JobName": "n", "Timeout": 2**31}, "NUMBER_VALUE can not be converted to an Integer"),
        ({"JobName": "n", "Timeout": 10**400}, "NUMBER_VALUE can not be converted to an Integer"),
        ({"JobName": "n", "MaxCapacity": "2"}, "STRING_VALUE can not be converted to a Double"),
        ({"JobName": "n", "MaxCapacity": 10**400}, "NUMBER_VALUE can not be converted to a Double"),
        ({"JobName": "n", "JobRunQueuingEnabled": 1}, "NUMBER_VALUE can not be converted to a Boolean"),
        ({"JobName": "n", "JobRunQueuingEnabled": "true"}, "STRING_VALUE can not be converted to a Boolean"),
        ({"JobName": "n", "Arguments": "--a"}, "Expected null"),
        ({"JobName": "n", "Arguments": ["--a"]}, "Start of list found where not expected"),
        ({"JobName": "n", "Arguments": {"--a": 1}}, "NUMBER_VALUE can not be converted to a String"),
        ({"JobName": "n", "NotificationProperty": 5}, "Expected null"),
    ],
)
def test_a_wrong_json_type_is_told_as_aws_does(validator: Validator, request_body: Any, message: str) -> None:
    with pytest.raises(UnreadableRequest) as caught:
        validator.check("StartJobRun", request_body)

    assert str(caught.value) == message


def test_what_should_be_a_list_is_told_so(validator: Validator) -> None:
    with pytest.raises(UnreadableRequest, match="Expected list or null"):
        validator.check("BatchStopJobRun", {"JobName": "n", "JobRunIds": "jr_1"})
    with pytest.raises(UnreadableRequest, match="Start of structure or map"):
        validator.check("BatchStopJobRun", {"JobName": "n", "JobRunIds": {}})


def test_a_fraction_is_cut_off_where_an_integer_is_meant(validator: Validator) -> None:
    assert validator.check("StartJobRun", {"JobName": "n", "Timeout": 5.9})["Timeout"] == 5


def test_a_whole_number_is_taken_where_a_double_is_meant(validator: Validator) -> None:
    capacity = validator.check("StartJobRun", {"JobName": "n", "MaxCapacity": 10})["MaxCapacity"]

    assert capacity == 10.0
    assert isinstance(capacity, float)


def test_an_operation_not_built_yet_is_told_apart_from_one_that_glue_has_not(validator: Validator) -> None:
    with pytest.raises(UnknownOperation, match=r"^CreateCrawler is not supported by this version of runyard\.$"):
        validator.check("CreateCrawler", {})
    with pytest.raises(UnknownOperation, match=r"^'Nonsense' is not an operation of AWS Glue\.$"):
        validator.check("Nonsense", {})


def test_a_hostile_request_gets_a_message_in_proportion(validator: Validator) -> None:
    message = refusal(validator, "BatchGetJobs", {"JobNames": [""] * 50_000})
    huge = refusal(validator, "GetJob", {"JobName": "x" * 5_000_000})

    assert message.startswith("50000 validation errors detected: ")
    assert len(message) < 20_000
    assert len(huge) < 5_000


def test_a_java_pattern_means_the_same_here() -> None:
    name = translate(NAME_PATTERN)

    assert name.fullmatch("tab\t and 😀 and \ud7ff and \ue000")
    assert not name.fullmatch("\x00")
    assert not name.fullmatch("\ud800")
    assert not name.fullmatch("\uffff")
    assert translate(".*").fullmatch("one line")
    assert not translate(".*").fullmatch("two\u2028lines")
    assert not translate(r"(\w+\.)+\w+").fullmatch("٣.٣")


def test_no_pattern_of_the_model_takes_long_on_a_hostile_text() -> None:
    patterns = [shape.pattern for shape in load_model().shapes.values() if shape.pattern]
    hostile = [
        "a." * 100_000 + "!",
        "a" * 200_000 + "\x00",
        "arn:aws:glue:" * 20_000 + "\n",
        " \t" * 100_000 + "\uffff",
    ]

    started = time.process_time()
    for pattern in set(patterns):
        for text in hostile:
            translate(pattern).fullmatch(text)

    assert len(patterns) > 15
    assert time.process_time() - started < 5
