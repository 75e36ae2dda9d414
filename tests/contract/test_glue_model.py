from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from runyard.core.errors import RunyardError
from runyard.core.run import PHASES as CORE_PHASES
from runyard.core.run import Outcome
from runyard.core.statement import Phase
from runyard.core.trigger import Trigger
from runyard.dialects.glue import errors, states
from runyard.dialects.glue.bookmark_views import JOB_BOOKMARK
from runyard.dialects.glue.catalog_views import DATABASE, PARTITION, TABLE
from runyard.dialects.glue.connection_views import CONNECTION
from runyard.dialects.glue.flow_views import COUNTED, TRIGGER, WORKFLOW, WORKFLOW_RUN, graph, trigger_state
from runyard.dialects.glue.model import load_model
from runyard.dialects.glue.operations import OPERATIONS
from runyard.dialects.glue.session_views import SESSION, SESSION_STATUSES, STATEMENT, STATEMENT_STATES
from runyard.dialects.glue.trigger_rules import WATCHED_STATES, outcomes
from runyard.dialects.glue.views import JOB, JOB_RUN
from runyard.dialects.view import View

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def aws() -> Any:
    return generator().load_model()


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("make_glue_shapes", ROOT / "tools/make_glue_shapes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_shapes_are_those_of_the_installed_botocore() -> None:
    make = generator()

    assert make.TARGET.read_text(encoding="utf-8") == make.render(), "run python tools/make_glue_shapes.py"


def test_every_member_and_constraint_of_aws_stands_in_our_model_but_for_what_we_widen(aws: Any) -> None:
    model = load_model()
    widened = set()
    for name, shape in model.shapes.items():
        theirs = aws["shapes"][name]
        assert shape.type == theirs["type"]
        assert {member: part["shape"] for member, part in theirs.get("members", {}).items()} == dict(shape.members)
        assert sorted(theirs.get("required", ())) == sorted(shape.required)
        ours = (shape.min, shape.max, shape.pattern, list(shape.enum))
        if ours != (theirs.get("min"), theirs.get("max"), theirs.get("pattern"), theirs.get("enum", [])):
            widened.add(name)

    assert widened == {"OrchestrationPageSize200", "WorkerType"}
    assert len(model.shapes) > 200


def test_every_operation_of_the_model_has_a_handler_and_the_other_way_round() -> None:
    model = load_model()

    assert set(OPERATIONS) == set(model.operations)
    assert len(OPERATIONS) == 74


def test_every_operation_says_in_a_sentence_what_it_does() -> None:
    for operation in OPERATIONS.values():
        assert operation.summary.endswith(".")


VIEWS = {
    "JobRun": JOB_RUN,
    "Job": JOB,
    "Trigger": TRIGGER,
    "Workflow": WORKFLOW,
    "WorkflowRun": WORKFLOW_RUN,
    "JobBookmarkEntry": JOB_BOOKMARK,
    "Session": SESSION,
    "Statement": STATEMENT,
    "Database": DATABASE,
    "Table": TABLE,
    "Partition": PARTITION,
    "Connection": CONNECTION,
}


@pytest.mark.parametrize(("shape", "view"), VIEWS.items())
def test_every_member_of_aws_is_shown_or_has_a_reason(view: View, shape: str, aws: Any) -> None:
    theirs = set(aws["shapes"][shape]["members"])
    shown = {line.wire for line in view.lines}

    assert theirs <= shown | set(view.not_shown)  # a newer service model knows more, which we name too
    assert shown <= theirs
    assert shown & set(view.not_shown) == set()
    assert len(shown) == len(view.lines)
    assert all(view.not_shown.values())


def test_a_job_run_has_the_thirty_members_of_aws() -> None:
    assert len(JOB_RUN.lines) + len(JOB_RUN.not_shown) == 30


def test_every_phase_has_a_state_of_aws_and_every_state_a_phase(aws: Any) -> None:
    theirs = set(aws["shapes"]["JobRunState"]["enum"])

    assert set(states.JOB_RUN_STATES) == set(CORE_PHASES)
    assert set(states.JOB_RUN_STATES.values()) <= theirs
    assert set(states.PHASES) == theirs
    assert set(states.PHASES.values()) <= set(CORE_PHASES)


def test_no_run_of_ours_ends_where_common_pollers_see_no_end() -> None:
    assert {"ERROR", "EXPIRED"} & set(states.JOB_RUN_STATES.values()) == set()


def test_a_state_that_both_sides_know_keeps_its_meaning_there_and_back() -> None:
    for state, phase in states.PHASES.items():
        assert states.JOB_RUN_STATES[phase] == state or state in {"ERROR", "EXPIRED"}


def test_every_phase_that_carries_an_error_message_has_one_for_silence() -> None:
    silent = {phase for phase, state in states.JOB_RUN_STATES.items() if state in states.WITH_ERROR_MESSAGE}

    assert set(states.ERROR_MESSAGES) == silent


def every_error(kind: type[RunyardError]) -> set[type[RunyardError]]:
    return {kind}.union(*(every_error(child) for child in kind.__subclasses__()))


def test_every_error_of_the_core_and_of_this_dialect_has_its_exception() -> None:
    ours = {kind for kind in every_error(RunyardError) if kind.__module__.startswith(("runyard.core", errors.__name__))}

    assert ours <= set(errors.EXCEPTIONS)


def test_the_exceptions_of_operations_are_those_clients_can_catch(aws: Any) -> None:
    of_the_protocol = {"SerializationException", "UnknownOperationException"}

    assert {code for code, _ in errors.EXCEPTIONS.values()} - of_the_protocol <= set(aws["shapes"])
    assert {code for code, _ in errors.STOP_ERRORS.values()} <= set(aws["shapes"]) | {"JobRunInTerminalStateException"}


def test_every_phase_of_a_workflow_run_has_a_status_of_aws(aws: Any) -> None:
    assert set(states.WORKFLOW_STATUSES) == set(CORE_PHASES)
    assert set(states.WORKFLOW_STATUSES.values()) == set(aws["shapes"]["WorkflowRunStatus"]["enum"])


def test_a_triggers_state_is_one_of_aws(aws: Any) -> None:
    known: dict[str, Any] = {"id": 1, "workspace_id": 1, "kind": "x", "spec": {}, "created_at": 1, "updated_at": 1}
    scheduled: dict[str, Any] = {**known, "settings": {"Type": "SCHEDULED"}}
    given = [
        Trigger(**known, settings={"Type": "EVENT"}, activated_at=1),
        Trigger(**known, settings={"Type": "ON_DEMAND"}),
        Trigger(**scheduled, is_paused=True),
        Trigger(**scheduled, activated_at=1),
        Trigger(**scheduled, activated_at=1, is_paused=True),
    ]

    found = [trigger_state(one) for one in given]

    assert found == ["CREATED", "CREATED", "CREATED", "ACTIVATED", "DEACTIVATED"]
    assert set(found) <= set(aws["shapes"]["TriggerState"]["enum"])


def test_the_statistics_of_a_workflow_run_are_those_of_aws_and_count_every_state(aws: Any) -> None:
    theirs = set(aws["shapes"]["WorkflowRunStatistics"]["members"])
    counted = [state for states_ in COUNTED.values() for state in states_]

    assert {"TotalActions", *COUNTED} == theirs
    assert sorted(counted) == sorted(aws["shapes"]["JobRunState"]["enum"])


def test_a_graphs_nodes_and_edges_are_those_of_aws(aws: Any) -> None:
    actions, conditions = [{"JobName": "b"}], [{"JobName": "a", "State": "SUCCEEDED"}]
    trigger = {"Name": "t", "Type": "CONDITIONAL", "Actions": actions, "Predicate": {"Conditions": conditions}}
    drawn = graph(1, [trigger], [])
    shown = {member for node in drawn["Nodes"] for member in node}

    assert shown == set(aws["shapes"]["Node"]["members"]) - {"CrawlerDetails"}  # there are no crawlers here
    assert all(set(edge) == set(aws["shapes"]["Edge"]["members"]) for edge in drawn["Edges"])
    assert len(drawn["Edges"]) == 2


def test_every_end_of_a_run_meets_exactly_one_state_that_triggers_watch() -> None:
    met = [outcome for state in WATCHED_STATES for outcome in outcomes(state)]

    assert sorted(met) == sorted(one.value for one in Outcome)


def test_every_phase_of_a_session_and_of_a_statement_has_its_state(aws: Any) -> None:
    assert set(SESSION_STATUSES) == set(CORE_PHASES)
    assert set(SESSION_STATUSES.values()) == set(aws["shapes"]["SessionStatus"]["enum"])
    assert set(STATEMENT_STATES) == set(Phase)
    assert {*STATEMENT_STATES.values(), "ERROR"} == set(aws["shapes"]["StatementState"]["enum"])
