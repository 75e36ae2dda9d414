from typing import Any

import pytest
from sqlglot import exp

from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.grammar.parsing import parse
from runyard.sql.statements import (
    Change,
    Copy,
    CreateView,
    Delete,
    Describe,
    Explain,
    Insert,
    Native,
    Nothing,
    OfView,
    Registry,
    Select,
    Setting,
    Show,
    Sleep,
    Transaction,
)

R = ("p", "s", "r")


def written(text: str) -> str:
    found = parse(text)
    assert isinstance(found, Select)
    return found.tree.sql(LANGUAGE)


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        (
            "select run_id from p.s.r where deployment_name = 'x' -- required;",
            "SELECT run_id FROM p.s.r WHERE deployment_name = 'x'",
        ),
        ("SELECT * FROM t, json_each(t.col) je", "SELECT * FROM t, JSON_EACH(t.col) AS je"),
        ("SELECT a FROM t LIMIT 5, 10", "SELECT a FROM t LIMIT 10 OFFSET 5"),
        ("SELECT a FROM t STRAIGHT_JOIN u ON t.a = u.a", "SELECT a FROM t CROSS JOIN u ON t.a = u.a"),
        ("SELECT a FROM t STRAIGHT JOIN u", "SELECT a FROM t CROSS JOIN u"),
        (
            "SELECT a FROM t WHERE a REGEXP 'x' AND b NOT REGEXP 'y'",
            "SELECT a FROM t WHERE a REGEXP 'x' AND b NOT REGEXP 'y'",
        ),
        (
            "SELECT a FROM t WHERE a ~ 'x' AND b !~ 'y' AND c ~~ 'z'",
            "SELECT a FROM t WHERE a REGEXP 'x' AND b NOT REGEXP 'y' AND c LIKE 'z'",
        ),
        ("SELECT a FROM t WHERE a ILIKE 'x' OR a NOT ILIKE 'y'", "SELECT a FROM t WHERE a LIKE 'x' OR a NOT LIKE 'y'"),
        (r"SELECT a FROM t WHERE a LIKE 'x\_' ESCAPE '\'", r"SELECT a FROM t WHERE a LIKE 'x\_' ESCAPE '\'"),
        ("SELECT a FROM t WHERE (a, b) IN ((1, 2), (3, 4))", "SELECT a FROM t WHERE (a, b) IN ((1, 2), (3, 4))"),
        ("SELECT a FROM t WHERE a = ? AND b = ? AND c = :d", "SELECT a FROM t WHERE a = ?1 AND b = ?2 AND c = :d"),
        ("SELECT a FROM t WHERE a = $2 AND b = $1", "SELECT a FROM t WHERE a = ?2 AND b = ?1"),
        ("SELECT a FROM t WHERE a = :from", "SELECT a FROM t WHERE a = :from"),
        (
            "SELECT a FROM t WHERE s->>'a.b' = 1 AND s->'c' IS NULL",
            "SELECT a FROM t WHERE s ->> 'a.b' = 1 AND s -> 'c' ISNULL",
        ),
        (
            "SELECT a FROM t WHERE a IS NOT NULL AND b IS NOT DISTINCT FROM c",
            "SELECT a FROM t WHERE a NOTNULL AND b IS c",
        ),
        (
            "SELECT a FROM t INTERSECT SELECT b FROM u EXCEPT SELECT c FROM v",
            "SELECT a FROM t INTERSECT SELECT b FROM u EXCEPT SELECT c FROM v",
        ),
        (
            "SELECT a FROM t FULL JOIN u USING (a) ORDER BY a DESC NULLS LAST",
            "SELECT a FROM t FULL JOIN u USING (a) ORDER BY a DESC",
        ),
        ("SELECT a FROM t ORDER BY a NULLS LAST", "SELECT a FROM t ORDER BY a NULLS LAST"),
        ('SELECT format, "group", list FROM t', 'SELECT format, "group", list FROM t'),
        ("SELECT `a b` FROM t", 'SELECT "a b" FROM t'),
        ("VALUES (1, 'a'), (2, NULL)", "VALUES (1, 'a'), (2, NULL)"),
        ("(SELECT a FROM t)", "SELECT a FROM t"),
        ("(SELECT a FROM t ORDER BY a) LIMIT 1", "SELECT * FROM (SELECT a FROM t ORDER BY a) LIMIT 1"),
        ("SELECT a FROM t UNION (SELECT b FROM u)", "SELECT a FROM t UNION SELECT b FROM u"),
        (
            "(SELECT a FROM t LIMIT 1) UNION ALL (SELECT b FROM u UNION SELECT c FROM v)",
            "SELECT * FROM (SELECT a FROM t LIMIT 1) UNION ALL SELECT * FROM (SELECT b FROM u UNION SELECT c FROM v)",
        ),
        (
            "SELECT k.a FROM (VALUES (1, 2)) AS k(a, b)",
            "SELECT k.a FROM (WITH k(a, b) AS (VALUES (1, 2)) SELECT * FROM k) AS k",
        ),
        (
            "SELECT a FROM t JOIN (SELECT b FROM u) AS k(a) USING (a)",
            "SELECT a FROM t JOIN (WITH k(a) AS (SELECT b FROM u) SELECT * FROM k) AS k USING (a)",
        ),
        ("WITH c AS (SELECT a FROM t) SELECT a FROM c", "WITH c AS (SELECT a FROM t) SELECT a FROM c"),
        ("SELECT DISTINCT a FROM t GROUP BY a HAVING a > 1", "SELECT DISTINCT a FROM t GROUP BY a HAVING a > 1"),
    ],
)
def test_a_query_is_written_for_sqlite_as_it_was_meant(text: str, sql: str) -> None:
    assert written(text) == sql


@pytest.mark.parametrize(
    ("expression", "sql"),
    [
        ("x::int", "CAST(x AS INTEGER)"),
        ("x::bigint + 1", "CAST(x AS INTEGER) + 1"),
        ("x::text", "CAST(x AS TEXT)"),
        ("x::varchar(10)", "CAST(x AS TEXT)"),
        ("CAST(x AS SIGNED)", "CAST(x AS INTEGER)"),
        ("CAST(x AS CHAR)", "CAST(x AS TEXT)"),
        ("x::numeric(10, 2)", "CAST(x AS NUMERIC)"),
        ("x::double precision", "CAST(x AS REAL)"),
        ("x::jsonb ->> 'a'", "CAST(x AS TEXT) ->> 'a'"),
        ("x::boolean", "AS_BOOLEAN(x)"),
        ("x::timestamptz", "AS_TIMESTAMP(x)"),
        ("DATE '2026-01-31'", "AS_DATE('2026-01-31')"),
        ("TIMESTAMP '2026-01-31 10:00:00'", "AS_TIMESTAMP('2026-01-31 10:00:00')"),
        ("now() - INTERVAL '7 days'", "PLUS_INTERVAL(NOW(), -'7', 'days')"),
        ("x + INTERVAL 2 HOUR", "PLUS_INTERVAL(x, '2', 'hour')"),
        ("current_timestamp() - INTERVAL 1 DAY", "PLUS_INTERVAL(NOW(), -'1', 'day')"),
        ("EXTRACT(HOUR FROM x)", "DATE_PART('hour', x)"),
        ("datediff(HOUR, a, b)", "DATEDIFF('hour', a, b)"),
        ("count_if(a > 1)", "COUNT(IIF(a > 1, 1, NULL))"),
        ("count(*) FILTER (WHERE a > 1)", "COUNT(*) FILTER(WHERE a > 1)"),
        ("nvl(a, b)", "COALESCE(a, b)"),
        ("TRIM(LEADING 'x' FROM y)", "LTRIM(y, 'x')"),
        ("substring(a FROM 2 FOR 3)", "SUBSTRING(a, 2, 3)"),
        ("position('a' IN b)", "INSTR(b, 'a')"),
        ("current_user", "CURRENT_USER()"),
        ("a || b || 'c'", "a || b || 'c'"),
        ("+ a", "+ a"),
        ("lag(a, 1, 0) OVER (PARTITION BY b ORDER BY c)", "LAG(a, 1, 0) OVER (PARTITION BY b ORDER BY c)"),
        ("strftime('%Y', x / 1000, 'unixepoch')", "STRFTIME('%Y', x / 1000, 'unixepoch')"),
        ("date_format(x, 'yyyy')", "DATE_FORMAT(x, 'yyyy')"),
    ],
)
def test_an_expression_is_written_for_sqlite_as_it_was_meant(expression: str, sql: str) -> None:
    assert written(f"SELECT {expression} AS y FROM t") == f"SELECT {sql} AS y FROM t"


def test_what_has_no_name_is_named_after_the_text_it_was_written_with() -> None:
    found = parse("SELECT count(*), Run_ID, max( a ,\n b), a + 1 b FROM t")

    assert isinstance(found, Select)
    assert isinstance(found.tree, exp.Select)
    assert [one.alias_or_name for one in found.tree.selects] == ["count(*)", "Run_ID", "max( a , b)", "b"]


def test_a_select_may_wait() -> None:
    found = parse("SELECT /*+ AWAIT */ a FROM t")

    assert isinstance(found, Select)
    assert found.await_end


STATEMENTS: list[tuple[str, Any]] = [
    ("", Nothing(tag="")),
    ("-- only a comment", Nothing(tag="")),
    ("DELETE FROM p.s.r", Delete(resource=R, where=None)),
    ("SHOW PROVIDERS", Show(what="providers")),
    ("SHOW EXTENDED PROVIDERS", Show(what="providers", is_extended=True)),
    ("SHOW SERVICES IN p", Show(what="services", within=("p",))),
    ("SHOW SERVICES FROM p LIKE '%x%'", Show(what="services", within=("p",), like="%x%")),
    ("SHOW RESOURCES IN p.s", Show(what="resources", within=("p", "s"))),
    ("SHOW EXTENDED METHODS IN p.s.r", Show(what="methods", within=R, is_extended=True)),
    ("SHOW ALL METHODS IN p.s.r", Show(what="methods", within=R)),
    ("SHOW INSERT INTO p.s.r", Show(what="insert", within=R)),
    ("SHOW INSERT /*+ REQUIRED */ INTO p.s.r", Show(what="insert", within=R, only_required=True)),
    ("SHOW INSERT INTO /*+ REQUIRED */ p.s.r", Show(what="insert", within=R, only_required=True)),
    ("SHOW AUTH p", Show(what="auth", within=("p",))),
    ("SHOW VERSION", Show(what="version")),
    ("SHOW EXTENDED VERSION", Show(what="version", is_extended=True)),
    ("SHOW TRANSACTION ISOLATION LEVEL", Show(what="transaction_isolation")),
    ("SHOW TIME ZONE", Show(what="timezone")),
    ("SHOW server_version", Show(what="server_version")),
    ("SHOW ALL", Show(what="all")),
    ("DESCRIBE p.s.r", Describe(name=R)),
    ("DESC EXTENDED p.s.r", Describe(name=R, is_extended=True)),
    ("DESCRIBE METHOD p.s.r.list", Describe(name=(*R, "list"), is_method=True)),
    ("DESCRIBE METHOD EXTENDED p.s.r.get", Describe(name=(*R, "get"), is_method=True, is_extended=True)),
    ("DESCRIBE EXTENDED METHOD p.s.r.get", Describe(name=(*R, "get"), is_method=True, is_extended=True)),
    ("DESCRIBE method.s.r", Describe(name=("method", "s", "r"))),
    ("REGISTRY LIST", Registry(verb="list")),
    ("REGISTRY LIST p", Registry(verb="list", provider="p")),
    ("REGISTRY PULL p", Registry(verb="pull", provider="p")),
    ("REGISTRY PULL p v24.12.00261", Registry(verb="pull", provider="p")),
    ("REFRESH MATERIALIZED VIEW v", OfView(verb="refresh", name=("v",))),
    ("DROP VIEW v", OfView(verb="drop", name=("v",))),
    ("DROP MATERIALIZED VIEW IF EXISTS a.v", OfView(verb="drop", name=("a", "v"), if_exists=True)),
    ("BEGIN", Transaction(verb="begin")),
    ("BEGIN TRANSACTION", Transaction(verb="begin")),
    ("BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY", Transaction(verb="begin")),
    ("START TRANSACTION READ WRITE", Transaction(verb="begin")),
    ("COMMIT WORK", Transaction(verb="commit")),
    ("END", Transaction(verb="commit")),
    ("ROLLBACK", Transaction(verb="rollback")),
    ("ABORT", Transaction(verb="rollback")),
    ("SAVEPOINT a", Transaction(verb="savepoint", savepoint="a")),
    ("RELEASE SAVEPOINT a", Transaction(verb="release", savepoint="a")),
    ("RELEASE a", Transaction(verb="release", savepoint="a")),
    ("ROLLBACK TO SAVEPOINT a", Transaction(verb="rollback_to", savepoint="a")),
    ("ROLLBACK TRANSACTION TO a", Transaction(verb="rollback_to", savepoint="a")),
    ("SET x = 1", Setting(verb="set", name="x", value=1)),
    ("SET SESSION statement_timeout TO '5s'", Setting(verb="set", name="statement_timeout", value="5s")),
    ("SET LOCAL a.b = on", Setting(verb="set", name="a.b", value="on")),
    ('SET search_path TO a, "B"', Setting(verb="set", name="search_path", value="a, B")),
    ("SET x TO DEFAULT", Setting(verb="set", name="x", value=None)),
    ("SET TIME ZONE 'UTC'", Setting(verb="set", name="timezone", value="UTC")),
    ("SET NAMES 'utf8'", Setting(verb="set", name="client_encoding", value="utf8")),
    ("SET TRANSACTION READ ONLY", Setting(verb="set", name="transaction", value="READ ONLY")),
    (
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        Setting(verb="set", name="default_transaction", value="ISOLATION LEVEL SERIALIZABLE"),
    ),
    ("RESET ALL", Setting(verb="reset", name="all")),
    ("RESET TIME ZONE", Setting(verb="reset", name="timezone")),
    ("DISCARD ALL", Setting(verb="discard", name="all")),
    ("USE p.s", Setting(verb="use", name="use", value="p.s")),
    ("NATIVEQUERY 'SELECT ''1'''", Native(text="SELECT '1'")),
    ("SLEEP 100", Sleep(milliseconds=100)),
    ("PURGE CONSERVATIVE", Nothing(tag="PURGE")),
    ("ANALYZE", Nothing(tag="ANALYZE")),
    ("AUTH LOGIN p", Nothing(tag="AUTH")),
    ("DEALLOCATE ALL", Nothing(tag="DEALLOCATE")),
    ("EXPLAIN SHOW PROVIDERS", Explain(statement=Show(what="providers"))),
    ("EXPLAIN (FORMAT JSON, VERBOSE) DELETE FROM p.s.r", Explain(statement=Delete(resource=R, where=None))),
    ("EXPLAIN QUERY PLAN DELETE FROM p.s.r", Explain(statement=Delete(resource=R, where=None))),
]


@pytest.mark.parametrize(("text", "expected"), STATEMENTS)
def test_a_statement_is_read_as_its_record(text: str, expected: Any) -> None:
    assert parse(text) == expected
    assert parse(f"\n{text}\n;\n") == expected


def test_an_insert_says_what_is_made() -> None:
    found = parse(
        "INSERT /*+ AWAIT */ IGNORE INTO p.s.r (a, \"b c\", list) VALUES (1, 'x', NULL), (?, :n, -1) "
        "RETURNING *, a AS q"
    )

    assert isinstance(found, Insert)
    assert (found.resource, found.columns, found.hints) == (R, ("a", "b c", "list"), frozenset({"AWAIT"}))
    assert found.source.sql(LANGUAGE) == "VALUES (1, 'x', NULL), (?1, :n, -1)"
    assert [one.sql(LANGUAGE) for one in found.returning] == ["*", "a AS q"]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO p.s.r(a) SELECT b FROM t",
        "INSERT INTO p.s.r (a) (SELECT b FROM t)",
        "INSERT INTO p.s.r(a) SELECT b FROM t RETURNING a",
    ],
)
def test_an_insert_may_take_a_query(text: str) -> None:
    found = parse(text)

    assert isinstance(found, Insert)
    assert found.columns == ("a",)
    assert found.source.sql(LANGUAGE) == "SELECT b FROM t"


def test_an_insert_need_not_name_columns() -> None:
    found = parse("INSERT INTO p.s.r (SELECT b FROM t)")

    assert isinstance(found, Insert)
    assert found.columns == ()


@pytest.mark.parametrize("verb", ["update", "replace"])
def test_a_change_says_what_is_set_where(verb: str) -> None:
    found = parse(
        f"{verb.upper()} p.s.r SET a = 1, b = json_set(b, '$.x,y', (SELECT 1, 2)), \"c\" = ? "
        "WHERE a = 1 AND b IN (1, 2) RETURNING a"
    )

    assert isinstance(found, Change)
    assert (found.verb, found.resource) == (verb, R)
    assert {name: value.sql(LANGUAGE) for name, value in found.values.items()} == {
        "a": "1",
        "b": 'JSON_SET(b, \'$.x,y\', (SELECT 1 AS "1", 2 AS "2"))',
        "c": "?1",
    }
    assert found.where is not None
    assert found.where.sql(LANGUAGE) == "a = 1 AND b IN (1, 2)"
    assert [one.sql(LANGUAGE) for one in found.returning] == ["a"]


def test_a_delete_says_what_goes() -> None:
    found = parse("DELETE /*+ SHOWRESULTS */ FROM p.s.r WHERE deployment_name = 'x' AND run_id IN (1, 2) RETURNING *")

    assert isinstance(found, Delete)
    assert found.where is not None
    assert (found.resource, found.where.sql(LANGUAGE)) == (R, "deployment_name = 'x' AND run_id IN (1, 2)")
    assert found.hints == frozenset({"SHOWRESULTS"})
    assert [one.sql(LANGUAGE) for one in found.returning] == ["*"]


def test_a_listing_may_be_filtered() -> None:
    found = parse("SHOW RESOURCES IN p.s WHERE name = 'x' OR id LIKE 'y%'")

    assert isinstance(found, Show)
    assert found.where is not None
    assert found.where.sql(LANGUAGE) == "name = 'x' OR id LIKE 'y%'"


@pytest.mark.parametrize(
    ("text", "replaces", "is_materialized"),
    [
        ("CREATE VIEW a.v AS SELECT b FROM t", False, False),
        ("CREATE OR REPLACE VIEW a.v AS SELECT b FROM t", True, False),
        ("CREATE OR REPLACE MATERIALIZED VIEW a.v AS SELECT b FROM t", True, True),
        ("CREATE TEMP VIEW a.v AS SELECT b FROM t", False, False),
    ],
)
def test_a_view_is_made_of_a_query(text: str, *, replaces: bool, is_materialized: bool) -> None:
    found = parse(text)

    assert isinstance(found, CreateView)
    assert (found.name, found.replaces, found.is_materialized) == (("a", "v"), replaces, is_materialized)
    assert found.tree.sql(LANGUAGE) == "SELECT b FROM t"


@pytest.mark.parametrize(
    ("text", "sql", "options"),
    [
        ("COPY (SELECT ')' AS a) TO STDOUT", "SELECT ')' AS a", {}),
        ("COPY (VALUES (1)) TO STDOUT WITH (FORMAT csv, HEADER)", "VALUES (1)", {"format": "csv", "header": True}),
        (
            "COPY (VALUES (1)) TO STDOUT (FORMAT 'TEXT', HEADER off, NULL '')",
            "VALUES (1)",
            {"format": "text", "header": False, "null": ""},
        ),
        (
            "COPY (VALUES (1)) TO STDOUT CSV HEADER DELIMITER AS ';' QUOTE '\"'",
            "VALUES (1)",
            {"format": "csv", "header": True, "delimiter": ";", "quote": '"'},
        ),
        ("COPY p.s.r TO STDOUT", 'SELECT * FROM "p"."s"."r"', {}),
        ("COPY p.r (a, b) TO STDOUT WITH BINARY", 'SELECT "a", "b" FROM "p"."r"', {"format": "binary"}),
        (
            "COPY (VALUES (1)) TO STDOUT (FORMAT csv, FORCE_QUOTE (a, b))",
            "VALUES (1)",
            {"format": "csv", "force_quote": ["a", "b"]},
        ),
    ],
)
def test_a_copy_says_how_rows_are_written(text: str, sql: str, options: dict[str, Any]) -> None:
    found = parse(text)

    assert isinstance(found, Copy)
    assert found.tree.sql(LANGUAGE) == sql
    assert found.options == options


@pytest.mark.parametrize("operator", ["AND", "OR", "+", "||"])
def test_a_long_chain_is_no_depth(operator: str) -> None:
    assert written("SELECT a" + f" {operator} b" * 2_000 + " AS c FROM t").count("b") == 2_000
