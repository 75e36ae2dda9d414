"""What tools ask of PostgreSQL's catalogs, asked of ours."""

from __future__ import annotations

from typing import Any

import pytest

from runyard.sql.catalog import Catalog, Column, Method, Resource, Wire
from runyard.sql.errors import SqlError
from runyard.sql.pg_catalog.answering import Answering, Answers
from runyard.sql.pg_catalog.facts import facts_of
from runyard.sql.resources.catalog import catalog
from runyard.sql.wire.greeting import Speaker
from runyard.sql.wire.parameters import Parameters

LIST = Method(name="list", verb="select", wire=Wire(protocol="runyard", operation="list"))
SHOP = Catalog(
    resources=(
        Resource(
            provider="shop",
            service="stock",
            name="Parts",
            columns=(Column(name="id", type="bigint"), Column(name="Name"), Column(name="data", type="json")),
            methods=(LIST,),
            description="Every part.",
        ),
    ),
    aliases={"parts_view": "shop.stock.Parts"},
)


def opened(known: Catalog, user: str = "admin") -> Answering:
    parameters = Parameters({}, user=user, changed=lambda *_: None)
    return Answers(known).open(Speaker(user=user, workspace="default", options={}), parameters)


@pytest.fixture(scope="module")
def shop() -> Answering:
    return opened(SHOP)


@pytest.fixture(scope="module")
def real() -> Answering:
    return opened(catalog())


def asked(of: Answering, text: str, *arguments: Any) -> list[tuple[Any, ...]]:
    question = of.understand(text)
    assert question is not None, text
    return list(question.run(arguments).rows)


def typed(of: Answering, text: str) -> list[tuple[str, str]]:
    question = of.understand(text)
    assert question is not None, text
    return [(one.name, one.type) for one in question.headings]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SELECT current_user FROM runs",
        "SELECT * FROM databricks_workspace.iam.current_user",
        "SELECT 'pg_class'",
        "SELECT a.pg_thing FROM runs a",
        "EXEC a.b.c.d @x='pg_class'",
        "SELECT 1 FROM pg_own_table",
        "WITH pg_class AS (SELECT 1 AS a) SELECT a FROM pg_class",
        "SELECT broken FROM pg_class WHERE",
    ],
)
def test_what_is_no_question_about_the_catalogs_is_left_to_the_language(shop: Answering, text: str) -> None:
    assert shop.understand(text) is None


def test_resources_are_tables_in_schemas(shop: Answering) -> None:
    text = """
        SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384 ORDER BY 1, 2"""

    assert asked(shop, text) == [("public", "parts_view", "v"), ("shop.stock", "Parts", "r")]


def test_columns_have_types_and_places(shop: Answering) -> None:
    text = """
        SELECT attname, format_type(atttypid, atttypmod), attnum FROM pg_attribute
        WHERE attrelid = '"shop.stock"."Parts"'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""

    assert asked(shop, text) == [("id", "bigint", 1), ("Name", "text", 2), ("data", "json", 3)]


def test_the_standard_schema_tells_the_same(shop: Answering) -> None:
    text = """
        SELECT table_schema, table_name, column_name, ordinal_position, data_type, is_nullable
        FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'public')"""

    assert asked(shop, text) == [
        ("shop.stock", "Parts", "id", 1, "bigint", "YES"),
        ("shop.stock", "Parts", "Name", 2, "text", "YES"),
        ("shop.stock", "Parts", "data", 3, "json", "YES"),
    ]


def test_the_same_catalog_has_the_same_numbers() -> None:
    assert [one.oid for one in facts_of(SHOP).tables] == [one.oid for one in facts_of(SHOP).tables]
    assert len({one.oid for one in facts_of(catalog()).tables}) == len(facts_of(catalog()).tables)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'pg_class'::regclass", "pg_class"),
        ("'pg_class'::regclass::oid", 1259),
        ("1259::regclass::text", "pg_class"),
        ("""'"shop.stock"."Parts"'::regclass""", '"shop.stock"."Parts"'),
        ("to_regclass('nothing')", None),
        ("23::regtype", "integer"),
        ("'timestamp with time zone'::regtype::oid", 1184),
        ("'pg_catalog'::regnamespace::oid", 11),
        ("format_type(1043, NULL)", "character varying"),
        ("format_type(1009, -1)", "text[]"),
        ("obj_description('\"shop.stock\".\"Parts\"'::regclass, 'pg_class')", "Every part."),
        ("pg_get_userbyid(10)", "admin"),
        ("pg_table_is_visible('pg_class'::regclass)", 1),
        ("current_database()", "default"),
        ("current_schema", "public"),
        ("session_user", "admin"),
        ("quote_ident('Parts')", '"Parts"'),
        ("quote_literal('it''s')", "'it''s'"),
        ("current_setting('server_encoding')", "UTF8"),
        ("current_setting('no.thing', true)", None),
        ("(current_schemas(false))[1]", "public"),
        ("array_to_string(current_schemas(true), ', ')", "pg_catalog, public, runyard.ledger"),
        ("array_upper(current_schemas(true), 1)", 3),
        ("'public' = ANY(current_schemas(true))", 1),
        ("has_table_privilege('pg_class', 'SELECT')", 1),
        ("pg_encoding_to_char(6)", "UTF8"),
        ("array(SELECT typname FROM pg_type WHERE oid IN (16, 17) ORDER BY oid)", "{bool,bytea}"),
    ],
)
def test_an_expression_has_the_value_that_postgres_gives_it(shop: Answering, expression: str, expected: object) -> None:
    assert asked(shop, f"SELECT {expression}, pg_backend_pid()")[0][0] == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("nspname ~ '^shop'", ["shop.stock"]),
        ("nspname !~ '^pg_' AND nspname !~ '^(shop|inf)'", ["public"]),
        ("nspname ~* '^SHOP'", ["shop.stock"]),
        ("nspname OPERATOR(pg_catalog.~) '^(public)$' COLLATE pg_catalog.default", ["public"]),
        ("nspname LIKE 'SHOP%'", []),
        ("nspname ILIKE 'SHOP%'", ["shop.stock"]),
        (r"nspname LIKE 'pg\_catalog'", ["pg_catalog"]),
        (r"nspname NOT LIKE E'pg\\_%' AND nspname NOT LIKE '%._%'", ["information_schema", "public"]),
        ("nspname LIKE 'pg!_c%' ESCAPE '!'", ["pg_catalog"]),
        ("nspname = ANY (ARRAY['public', 'none'])", ["public"]),
        ("nspname <> ALL ('{public,pg_catalog,information_schema}'::text[])", ["shop.stock"]),
        ("nspname = ANY (SELECT 'public')", ["public"]),
        ("oid = '11'", ["pg_catalog"]),
        ("oid = $1", ["pg_catalog"]),
        ("nspname IS DISTINCT FROM 'public' AND oid = 11", ["pg_catalog"]),
    ],
)
def test_a_condition_holds_where_it_does_in_postgres(shop: Answering, condition: str, expected: list[str]) -> None:
    arguments = (11,) if "$1" in condition else ()
    rows = asked(shop, f"SELECT nspname FROM pg_namespace WHERE {condition} ORDER BY nspname", *arguments)

    assert [name for (name,) in rows] == expected


def test_columns_without_a_name_get_the_one_that_postgres_gives(shop: Answering) -> None:
    text = (
        "SELECT count(*), oid::regclass, relname::text, 1, CASE WHEN true THEN 1 END, pg_get_userbyid(10) FROM pg_class"
    )

    assert [name for name, _ in typed(shop, text)] == ["count", "oid", "relname", "?column?", "case", "pg_get_userbyid"]


def test_columns_have_the_types_that_drivers_look_at(shop: Answering) -> None:
    text = """
        SELECT oid, relname, relkind, relhasindex, relnatts, count(*) OVER (), relacl, oid = 1, oid::int8, 'x',
               format_type(1, 2), current_schemas(true), pg_table_is_visible(oid) FROM pg_class"""

    assert [type_ for _, type_ in typed(shop, text)] == [
        *("oid", "name", "char", "boolean", "int2", "bigint", "aclitem[]", "boolean", "bigint", "text"),
        *("text", "name[]", "boolean"),
    ]


def test_parameters_have_the_types_they_are_compared_with(shop: Answering) -> None:
    text = "SELECT 1 FROM pg_class WHERE oid = $1 AND relname = $2 AND relnamespace = ANY($3::oid[]) AND $4::int = 1"
    question = shop.understand(text)

    assert question is not None
    assert question.parameters == ("oid", "name", "oid[]", "int4")


def test_several_rows_of_a_function_stand_for_one_row(shop: Answering) -> None:
    assert asked(shop, "SELECT unnest(current_schemas(true)) AS name") == [
        ("pg_catalog",),
        ("public",),
        ("runyard.ledger",),
    ]
    assert asked(shop, "SELECT s.r, (current_schemas(false))[s.r] FROM generate_series(1, 2) AS s(r)") == [
        (1, "public"),
        (2, "runyard.ledger"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT * FROM pg_catalog.pg_nothing", "42P01"),
        ("SELECT no_such FROM pg_class", "42703"),
        ('SELECT "no_such" FROM pg_class', "42703"),
        ("SELECT no_function(oid) FROM pg_class", "42883"),
        ("SELECT 'nothing'::regclass", "42P01"),
        ("SELECT 'nothing'::regtype", "42704"),
    ],
)
def test_what_there_is_not_is_refused_with_its_sqlstate(shop: Answering, text: str, code: str) -> None:
    with pytest.raises(SqlError) as raised:
        asked(shop, text)

    assert raised.value.code == code


def test_questions_of_several_users_do_not_mix() -> None:
    answers = Answers(SHOP)
    people = [
        answers.open(
            Speaker(user=name, workspace="default", options={}), Parameters({}, user=name, changed=lambda *_: None)
        )
        for name in ("one", "two")
    ]

    assert [asked(person, "SELECT current_user") for person in people] == [[("one",)], [("two",)]]


TOOLS = (
    # how tools for databases begin: versions, databases, roles, schemas with their state
    "SELECT current_database() AS db, current_schemas(false) AS path, version() AS v",
    "SELECT round(extract(epoch FROM pg_postmaster_start_time() AT TIME ZONE 'UTC')) AS started",
    (
        "SELECT D.oid::bigint AS id, datname, S.description, pg_catalog.pg_get_userbyid(D.datdba) AS owner FROM"
        " pg_catalog.pg_database D LEFT JOIN pg_catalog.pg_shdescription S ON D.oid = S.objoid"
        " ORDER BY CASE WHEN datname = pg_catalog.current_database() THEN -1::bigint ELSE D.oid::bigint END"
    ),
    "SELECT N.oid::bigint AS id, N.xmin AS state, nspname FROM pg_catalog.pg_namespace N",
    "SELECT R.oid::bigint, rolname, rolsuper, rolvaliduntil, rolconfig FROM pg_catalog.pg_roles R",
    (
        "SELECT L.transactionid::varchar::bigint AS id FROM pg_catalog.pg_locks L"
        " WHERE L.transactionid IS NOT NULL ORDER BY pg_catalog.age(L.transactionid) DESC LIMIT 1"
    ),
    (
        "SELECT name, is_dst FROM pg_catalog.pg_timezone_names UNION DISTINCT"
        " SELECT abbrev, is_dst FROM pg_catalog.pg_timezone_abbrevs"
    ),
    "SELECT string_agg(word, ',') FROM pg_catalog.pg_get_keywords() WHERE word <> ALL ('{a,b}'::text[])",
    # tables, their columns and what hangs on them
    (
        "SELECT c.oid, c.*, d.description, pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid) FROM pg_class c"
        " LEFT OUTER JOIN pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass"
        " WHERE c.relnamespace = 2200::oid AND c.relkind NOT IN ('i', 'I', 'c')"
    ),
    (
        "SELECT T.oid, (SELECT array_agg(inhparent::bigint ORDER BY inhseqno)::varchar FROM pg_inherits"
        " WHERE T.oid = inhrelid) AS ancestors FROM pg_class T WHERE relkind IN ('r', 'm', 'v', 'f', 'p')"
    ),
    (
        "WITH T AS (SELECT DISTINCT oid AS id FROM pg_class WHERE relkind = 'r') SELECT T.id, C.attnum, C.xmin,"
        " pg_get_expr(D.adbin, T.id), NOT C.attislocal FROM T JOIN pg_attribute C ON T.id = C.attrelid"
        " LEFT JOIN pg_attrdef D ON (C.attrelid, C.attnum) = (D.adrelid, D.adnum) WHERE attnum > 0 ORDER BY 1, 2"
    ),
    (
        "SELECT i.indexrelid, k, i.indkey[k-1] AS place, can_order FROM pg_index i"
        " CROSS JOIN unnest(i.indkey) WITH ORDINALITY u(u, k)"
        " CROSS JOIN pg_catalog.pg_indexam_has_property(2, 'can_order') can_order ORDER BY i.indexrelid, k"
    ),
    "SELECT c.conname, unnest(c.conkey) AS place, generate_subscripts(c.conkey, 1) AS at FROM pg_constraint c",
    "SELECT (information_schema._pg_expandarray(i.indkey)).n FROM pg_index i",
    (
        "SELECT c.tableoid, c.conname, CASE WHEN c.contype = 'c' THEN \"substring\"(pg_get_constraintdef(c.oid), 7) END"
        " FROM pg_constraint c"
    ),
    (
        "SELECT typinput = 'pg_catalog.array_in'::regproc AS is_array, typname FROM pg_type LEFT JOIN"
        " (SELECT ns.oid AS nspoid, r.r FROM pg_namespace AS ns"
        " JOIN (SELECT s.r, (current_schemas(false))[s.r] AS nspname"
        " FROM generate_series(1, array_upper(current_schemas(false), 1)) AS s(r)) AS r USING (nspname)) AS sp"
        " ON sp.nspoid = typnamespace WHERE pg_type.oid = '1034' ORDER BY sp.r, pg_type.oid DESC"
    ),
    "SELECT json_build_object('name', collname) FROM pg_collation",
)


@pytest.mark.parametrize("text", TOOLS)
def test_what_tools_ask_is_answered(real: Answering, text: str) -> None:
    question = real.understand(text)

    assert question is not None
    assert all(len(row) == len(question.headings) for row in question.run().rows)


GRAFANA_TABLES = """
SELECT CASE WHEN quote_ident(table_schema) IN (
    SELECT CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
    FROM generate_series(
        array_lower(string_to_array(current_setting('search_path'), ','), 1),
        array_upper(string_to_array(current_setting('search_path'), ','), 1)
    ) AS i, string_to_array(current_setting('search_path'), ',') s
) THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS "table"
FROM information_schema.tables
WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog')
ORDER BY 1
"""
GRAFANA_COLUMNS = """
SELECT quote_ident(column_name) AS "column" FROM information_schema.columns
WHERE CASE WHEN array_length(parse_ident('"shop.stock"."Parts"'), 1) = 2
      THEN quote_ident(table_schema) = quote_ident((parse_ident('"shop.stock"."Parts"'))[1])
           AND quote_ident(table_name) = quote_ident((parse_ident('"shop.stock"."Parts"'))[2])
      ELSE quote_ident(table_name) = '"shop.stock"."Parts"' END
"""


def test_grafana_s_list_of_tables_has_a_schema_before_those_that_need_one(shop: Answering) -> None:
    assert asked(shop, GRAFANA_TABLES) == [('"shop.stock"."Parts"',), ("parts_view",)]
    assert asked(shop, GRAFANA_COLUMNS) == [("id",), ('"Name"',), ("data",)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("string_to_array('a,b', ',')", "{a,b}"),
        ("string_to_array('', ',')", "{}"),
        ("string_to_array('ab', NULL)", "{a,b}"),
        ("string_to_array('a,b', '')", '{"a,b"}'),
        ("string_to_array(NULL, ',')", None),
        ("(parse_ident('One.\"Two.3\"'))[2]", "Two.3"),
    ],
)
def test_a_text_is_taken_apart(shop: Answering, expression: str, expected: str | None) -> None:
    assert asked(shop, f"SELECT {expression} FROM pg_am") == [(expected,)]
