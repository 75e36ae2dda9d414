from typing import Any

import pytest

from runyard.sql.errors import INVALID_TEXT, SYNTAX_ERROR, SqlError
from runyard.sql.grammar.parsing import parse
from runyard.sql.statements import Bind, Exec, Select

RUN = ("p", "s", "r", "m")


def call(text: str) -> Exec:
    found = parse(text)
    assert isinstance(found, Exec)
    return found


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'text'", "text"),
        ("'it''s'", "it's"),
        ("''", ""),
        ("12", 12),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("0x1F", 31),
        ("x'0aff'", b"\x0a\xff"),
        ("NULL", None),
        ("null", None),
        ("TRUE", True),
        ("false", False),
        ("-1", -1),
        ("- 2.5", -2.5),
        ("+3", 3),
        ("9007199254740993", 9007199254740993),
        (":job", Bind(name="job")),
        ("$2", Bind(name="2")),
        ("?", Bind(name="1")),
    ],
)
def test_an_argument_is_any_literal_or_a_bind(written: str, value: Any) -> None:
    found = call(f"EXEC p.s.r.m @x={written}")

    assert found == Exec(method=RUN, arguments={"x": value})
    assert type(found.arguments["x"]) is type(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EXEC p.s.r.m", Exec(method=RUN)),
        ("exec p.s.r.m;", Exec(method=RUN)),
        ("EXEC s.r.m", Exec(method=("s", "r", "m"))),
        ("EXEC p.s.r.list @limit=1", Exec(method=("p", "s", "r", "list"), arguments={"limit": 1})),
        ("EXEC list.select.from.where", Exec(method=("list", "select", "from", "where"))),
        ('EXEC "p q".s.r.m @"a-b"=1', Exec(method=("p q", "s", "r", "m"), arguments={"a-b": 1})),
        ("EXEC p.s.r.m @a=1, @b='x', @c=TRUE", Exec(method=RUN, arguments={"a": 1, "b": "x", "c": True})),
        ("EXEC p.s.r.m @JobName='x'", Exec(method=RUN, arguments={"JobName": "x"})),
        ("EXEC p.s.r.m @a=1--required\n, @b=2", Exec(method=RUN, arguments={"a": 1, "b": 2})),
        ("EXEC p.s.r.m @@json='{\"a\": 1}'", Exec(method=RUN, payload={"a": 1})),
        (
            "EXEC p.s.r.m @d='x' @@json='{\"a\": [true, null]}'",
            Exec(method=RUN, arguments={"d": "x"}, payload={"a": [True, None]}),
        ),
        ("EXEC p.s.r.m @@json='{\"a\": \"it''s\"}'", Exec(method=RUN, payload={"a": "it's"})),
        (r"EXEC p.s.r.m @@json=" + r"""'{"a": "x\ny"}'""", Exec(method=RUN, payload={"a": "x\ny"})),
        ("EXEC p.s.r.m @@json=NULL", Exec(method=RUN)),
        ("EXEC p.s.r.m @a=? @@json=?", Exec(method=RUN, arguments={"a": Bind(name="1")}, payload=Bind(name="2"))),
        ("EXEC /*+ AWAIT */ p.s.r.m", Exec(method=RUN, hints=frozenset({"AWAIT"}))),
        ("EXEC /*+ SHOWRESULTS, AWAIT */ p.s.r.m", Exec(method=RUN, hints=frozenset({"AWAIT", "SHOWRESULTS"}))),
        ("EXEC /*+ await */ /*+ showresults */ p.s.r.m", Exec(method=RUN, hints=frozenset({"AWAIT", "SHOWRESULTS"}))),
    ],
)
def test_a_call_says_method_arguments_payload_and_hints(text: str, expected: Exec) -> None:
    assert call(text) == expected


def test_the_calls_of_the_reference_page_are_read() -> None:
    text = """EXEC databricks_workspace.workflows.job_runs.repairrun
@deployment_name='local' --required
@@json=
'{
"run_id": "1",
"latest_repair_id": 2,
"rerun_tasks": ["a", "b"],
"rerun_all_failed_tasks": "false",
"rerun_dependent_tasks": true,
"job_parameters": "{}",
"pipeline_params": "{}"
}';"""

    assert call(text) == Exec(
        method=("databricks_workspace", "workflows", "job_runs", "repairrun"),
        arguments={"deployment_name": "local"},
        payload={
            "run_id": "1",
            "latest_repair_id": 2,
            "rerun_tasks": ["a", "b"],
            "rerun_all_failed_tasks": "false",
            "rerun_dependent_tasks": True,
            "job_parameters": "{}",
            "pipeline_params": "{}",
        },
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("EXEC", "The method is expected, and the statement ends, at line 1, column 5."),
        ("EXEC m", "m names no method; it stands behind its resource"),
        ("EXEC p.s.r.", "The rest of a name after its point is expected, and the statement ends"),
        ("EXEC p.s.r.m x=1", "The statement should end before x, at line 1, column 14."),
        ("EXEC p.s.r.m @x", "= is expected, and the statement ends"),
        ("EXEC p.s.r.m @x=", "A value is expected, and the statement ends"),
        ('EXEC p.s.r.m @x="a"', "A string stands in single quotes; double quotes are for names, at line 1, column 17."),
        (
            "EXEC p.s.r.m @x=maybe",
            "maybe is no value, at line 1, column 17. It is a string in single quotes, a number,",
        ),
        ("EXEC p.s.r.m @x=-'1'", "A value is expected before '1', at line 1, column 18."),
        ("EXEC p.s.r.m @x=1 @y=2", "A comma is expected before @y, at line 1, column 19."),
        ("EXEC p.s.r.m @x=1, @x=2", "@x is given twice, at line 1, column 20."),
        (
            "EXEC p.s.r.m @x=1, @@json='{}'",
            "No comma stands before @@json; leave it out, before @@json, at line 1, column 20.",
        ),
        ("EXEC p.s.r.m @@json='{}' @x=1", "@@json stands last and only once; nothing is expected before @x"),
        ("EXEC p.s.r.m @@json='{}', @@json='{}'", "@@json stands last and only once; nothing is expected before ,"),
        ("EXEC p.s.r.m @@json=12", "@@json is JSON in single quotes, at line 1, column 21."),
        (
            "EXEC /*+ HURRY */ p.s.r.m",
            "The hint HURRY is not known here; SHOWRESULTS and AWAIT may stand here, at line 1",
        ),
    ],
)
def test_a_call_that_is_not_understood_is_told_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(SqlError) as raised:
        parse(text)

    assert str(raised.value).startswith(problem)
    assert raised.value.code == SYNTAX_ERROR


@pytest.mark.parametrize(
    ("payload", "problem", "position"),
    [
        ("'{\"a\": }'", "This is no JSON: Expecting value, at line 1, column 28.", 28),
        ("'{\"a''s\": }'", "This is no JSON: Expecting value, at line 1, column 31.", 31),
        ("'{\n\"a\": ]\n}'", "This is no JSON: Expecting value, at line 2, column 6.", 29),
        ("'[1]'", "The JSON of a request is an object, in braces, at line 1, column 21.", 21),
        ("'{\"a\": NaN}'", "This is no JSON: NaN is no JSON number, at line 1, column 21.", 21),
        ("'" + '{"a":' * 5000 + "1" + "}" * 5000 + "'", "This is no JSON: ", 21),
    ],
)
def test_what_is_wrong_within_json_is_told_with_its_place(payload: str, problem: str, position: int) -> None:
    with pytest.raises(SqlError) as raised:
        parse(f"EXEC p.s.r.m @@json={payload}")

    assert str(raised.value).startswith(problem)
    assert raised.value.position == position
    assert raised.value.code == INVALID_TEXT


def test_a_call_may_be_a_table() -> None:
    found = parse('SELECT a FROM (EXEC p.s.r.m @x=1 @@json=\'{"y": ")"}\') t JOIN (EXEC p.s.r.n) u ON t.a = u.a')

    assert isinstance(found, Select)
    assert dict(found.calls) == {
        "exec 1": Exec(method=RUN, arguments={"x": 1}, payload={"y": ")"}),
        "exec 2": Exec(method=("p", "s", "r", "n")),
    }
    assert found.tree.sql() == 'SELECT a FROM "exec 1" AS t JOIN "exec 2" AS u ON t.a = u.a'
