import pytest

from runyard.sql.catalog import Catalog, Column, Method, Parameter, Resource, Wire
from runyard.sql.errors import UNDEFINED_COLUMN, UNDEFINED_OBJECT, UNDEFINED_TABLE, SqlError
from runyard.sql.grammar.parsing import parse
from runyard.sql.resources.catalog import catalog
from runyard.sql.results import Result
from runyard.sql.statements import Describe, Insert, Registry, Show
from runyard.sql.talking.describing import described
from runyard.sql.templating.templates import filled


def method(name: str, verb: str, *parameters: Parameter) -> Method:
    return Method(
        name=name,
        verb=verb,
        wire=Wire(protocol="databricks", operation=name.title(), path=f"/api/{name}"),
        parameters=parameters,
        summary=f"Does {name}.",
    )


THINGS = Resource(
    provider="cloud",
    service="yard",
    name="things",
    columns=(Column(name="thing_id", type="bigint", description="Its number."), Column(name="settings", type="json")),
    methods=(
        method("get", "select", Parameter(name="thing_id", type="int", is_required=True)),
        method("list", "select", Parameter(name="limit", type="int")),
        method(
            "create",
            "insert",
            Parameter(name="name", type="string", is_required=True),
            Parameter(name="size", type="int", is_required=True),
            Parameter(name="settings", type="object"),
            Parameter(name="a-b", type="array"),
            Parameter(name="is_on", type="bool"),
        ),
        method("cancel_now", "exec", Parameter(name="thing_id", type="int", is_required=True)),
    ),
    description="Things of the cloud.",
    connection="place",
)
FACTS = Resource(provider="cloud", service="facts", name="all_facts", columns=(Column(name="fact"),), methods=())
OTHER = Resource(provider="here", service="yard", name="things", columns=(), methods=())
CATALOG = Catalog(resources=(THINGS, FACTS, OTHER), aliases={"things": "cloud.yard.things"})


def answer(text: str, known: Catalog = CATALOG) -> Result:
    statement = parse(text)
    assert isinstance(statement, Show | Describe | Registry)
    return described(statement, known)


def table(text: str) -> list[tuple[object, ...]]:
    result = answer(text)
    return [tuple(heading.name for heading in result.headings), *result.rows]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SHOW PROVIDERS", [("name", "version"), ("cloud", "v0.1.0"), ("here", "v0.1.0")]),
        (
            "SHOW SERVICES IN cloud",
            [("id", "name", "title"), ("cloud.yard", "yard", "Yard"), ("cloud.facts", "facts", "Facts")],
        ),
        ("SHOW SERVICES IN CLOUD LIKE '%act%'", [("id", "name", "title"), ("cloud.facts", "facts", "Facts")]),
        ("SHOW EXTENDED SERVICES IN here", [("id", "name", "title", "resources"), ("here.yard", "yard", "Yard", "1")]),
        (
            "SHOW RESOURCES IN cloud.facts",
            [("id", "name", "title"), ("cloud.facts.all_facts", "all_facts", "All facts")],
        ),
        (
            "SHOW EXTENDED RESOURCES IN cloud WHERE connection <> ''",
            [
                ("id", "name", "title", "connection", "description"),
                ("cloud.yard.things", "things", "Things", "place", "Things of the cloud."),
            ],
        ),
        (
            "SHOW METHODS IN cloud.yard.things",
            [
                ("MethodName", "RequiredParams", "SQLVerb"),
                ("get", "thing_id", "SELECT"),
                ("list", "", "SELECT"),
                ("create", "name, size", "INSERT"),
                ("cancel_now", "thing_id", "EXEC"),
            ],
        ),
        (
            "SHOW METHODS IN things LIKE 'cancel%'",
            [("MethodName", "RequiredParams", "SQLVerb"), ("cancel_now", "thing_id", "EXEC")],
        ),
        (
            "SHOW EXTENDED METHODS IN cloud.yard.things WHERE SQLVerb = 'SELECT' AND RequiredParams = ''",
            [
                ("MethodName", "RequiredParams", "SQLVerb", "OptionalParams", "description"),
                ("list", "", "SELECT", "place, limit", "Does list."),
            ],
        ),
        ("DESCRIBE cloud.yard.things", [("name", "type"), ("thing_id", "bigint"), ("settings", "json")]),
        ("SHOW COLUMNS IN cloud.yard.things", [("name", "type"), ("thing_id", "bigint"), ("settings", "json")]),
        (
            "DESC EXTENDED things",
            [("name", "type", "description"), ("thing_id", "bigint", "Its number."), ("settings", "json", "")],
        ),
        (
            "DESCRIBE METHOD cloud.yard.things.list",
            [("name", "type", "required"), ("place", "string", "false"), ("limit", "int", "false")],
        ),
        (
            "DESCRIBE METHOD EXTENDED cloud.yard.things.get",
            [
                ("name", "type", "required", "SQLVerb", "operation", "description"),
                ("place", "string", "false", "SELECT", "Get: POST /api/get", "Does get."),
                ("thing_id", "int", "true", "SELECT", "Get: POST /api/get", "Does get."),
            ],
        ),
        ("REGISTRY LIST", [("provider", "version"), ("cloud", "v0.1.0"), ("here", "v0.1.0")]),
        ("REGISTRY LIST cloud", [("provider", "versions"), ("cloud", "v0.1.0")]),
        ("SHOW AUTH cloud", [("provider", "connection"), ("cloud", "place")]),
        ("SHOW VERSION", [("name", "version"), ("runyard", "v0.1.0")]),
        ("SHOW TRANSACTION ISOLATION LEVEL", [("transaction_isolation",), ("read committed",)]),
        ("SHOW standard_conforming_strings", [("standard_conforming_strings",), ("on",)]),
    ],
)
def test_what_there_is_is_shown_in_the_shapes_of_stackql(text: str, rows: list[tuple[object, ...]]) -> None:
    assert table(text) == rows


def test_a_provider_is_there_without_being_pulled() -> None:
    assert answer("REGISTRY PULL cloud v1").notices == ["cloud v0.1.0 comes with runyard; there is nothing to pull."]


@pytest.mark.parametrize(
    ("text", "code", "problem"),
    [
        ("SHOW SERVICES IN moon", UNDEFINED_OBJECT, "There is no provider moon; there are cloud, here."),
        ("SHOW RESOURCES IN cloud.moon", UNDEFINED_OBJECT, "There is no service cloud.moon; cloud has yard, facts."),
        ("SHOW METHODS IN cloud.yard.moon", UNDEFINED_TABLE, "There is no resource cloud.yard.moon"),
        (
            "DESCRIBE METHOD cloud.yard.things.moon",
            UNDEFINED_OBJECT,
            "cloud.yard.things has no method moon; it has get, list",
        ),
        (
            "SHOW INSERT INTO here.yard.things",
            UNDEFINED_OBJECT,
            "Nothing is inserted into here.yard.things; it has nothing.",
        ),
        (
            "SHOW PROVIDERS WHERE moon = 1",
            UNDEFINED_COLUMN,
            "The condition cannot be asked of what is shown: no such column: moon; it has name, version.",
        ),
        ("SHOW moon", UNDEFINED_OBJECT, "There is nothing moon to show; there are all, auth"),
        ("REGISTRY PULL moon", UNDEFINED_OBJECT, "There is no provider moon; there are cloud, here."),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(text: str, code: str, problem: str) -> None:
    with pytest.raises(SqlError) as raised:
        answer(text)

    assert str(raised.value).startswith(problem)
    assert raised.value.code == code


def test_a_template_of_an_insert_fills_itself_and_is_read() -> None:
    (shown,) = next(iter(answer("SHOW INSERT INTO cloud.yard.things").rows))
    statement = parse(filled(str(shown), variables={}, data={}))

    assert isinstance(statement, Insert)
    assert statement.resource == ("cloud", "yard", "things")
    assert statement.columns == ("place", "name", "size", "settings", "a-b", "is_on")
    assert [one.this.sql() for one in statement.source.args["expressions"]] == [
        "'local'",
        "''",
        "0",
        "'{}'",
        "'[]'",
        "FALSE",
    ]


def test_a_template_may_have_only_what_is_required() -> None:
    (shown,) = next(iter(answer("SHOW INSERT /*+ REQUIRED */ INTO cloud.yard.things").rows))
    statement = parse(filled(str(shown), variables={}, data={}))

    assert isinstance(statement, Insert)
    assert statement.columns == ("place", "name", "size")


def test_every_insert_that_there_is_has_a_template_that_is_read() -> None:
    known = catalog()
    made = [one for one in known.resources if one.of_verb("insert")]
    texts = [next(iter(answer(f"SHOW INSERT INTO {one.path}", known).rows))[0] for one in made]

    assert len(made) > 10
    assert all(isinstance(parse(filled(str(text), variables={}, data={})), Insert) for text in texts)


def test_every_resource_and_method_that_there_is_can_be_described() -> None:
    known = catalog()
    for one in known.resources:
        assert len(list(answer(f"DESCRIBE {one.path}", known).rows)) == len(one.columns)
        for method in one.methods:
            assert answer(f"DESCRIBE METHOD EXTENDED {one.path}.{method.name}", known).headings
