from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.sql.errors import NOT_SUPPORTED, SYNTAX_ERROR, SqlError
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.grammar.parsing import parse
from runyard.sql.statements import Select

REFUSED = [
    ("SELEC 1", SYNTAX_ERROR, 1, "No statement begins with SELEC, at line 1, column 1. Did you mean SELECT?"),
    ("12", SYNTAX_ERROR, 1, "No statement begins with 12"),
    ("SELECT a FROM", SYNTAX_ERROR, 14, "The name of a table is expected, and the text ends, at line 1, column 14."),
    ("SELECT a,\nFROM t WHERE", SYNTAX_ERROR, 23, ""),
    ("SELECT a FROM t\nWHERE a = = 1", SYNTAX_ERROR, 27, "An operand is expected, at line 2, column 11."),
    ("SELECT (1", SYNTAX_ERROR, 10, "A closing parenthesis is expected, and the text ends"),
    ("SELECT 1)", SYNTAX_ERROR, 9, "This cannot stand here, at line 1, column 9."),
    ("SELECT a b c FROM t", SYNTAX_ERROR, 12, "This cannot stand here, at line 1, column 12."),
    ("SELECT 'a' 'b'", SYNTAX_ERROR, 12, "Two strings stand next to each other"),
    ("SELECT a ~* 'b'", SYNTAX_ERROR, 10, "~* is no operator here, at line 1, column 10. Write regexp_like("),
    ("SELECT a #>> '{b}'", SYNTAX_ERROR, 10, "#>> is no operator here"),
    ("SELECT now() - INTERVAL '2'", SYNTAX_ERROR, None, "An interval is a number and one unit"),
    ("SELECT 1 /", SYNTAX_ERROR, None, "Something is missing, and the text ends, at line 1, column 11."),
    ("SELECT a FROM t WHERE", SYNTAX_ERROR, None, "Something is missing, and the text ends, at line 1, column 22."),
    ("SELECT 1 UNION", SYNTAX_ERROR, None, ""),
    ("SELECT 1; SELECT 2", SYNTAX_ERROR, 11, "One statement is expected, and here a second one begins"),
    ("INSERT p.s.r VALUES (1)", SYNTAX_ERROR, 8, "INTO is expected before p, at line 1, column 8."),
    ("INSERT INTO p.s.r", SYNTAX_ERROR, 18, "A query is expected, and the statement ends"),
    ("INSERT INTO p.s.r (a) VALUES (1) ON CONFLICT DO NOTHING", NOT_SUPPORTED, 34, "ON CONFLICT is not supported"),
    ("INSERT INTO p.s.r DEFAULT VALUES", SYNTAX_ERROR, 19, "VALUES or a query is expected before DEFAULT"),
    ("UPDATE p.s.r a = 1", SYNTAX_ERROR, 14, "SET is expected before a"),
    ("UPDATE p.s.r SET a = 1, a = 2", SYNTAX_ERROR, 25, "a is set twice"),
    ("UPDATE p.s.r SET a = ", SYNTAX_ERROR, 21, "An expression is expected, and the statement ends"),
    ("UPDATE p.s.r SET a = 1 FROM t", NOT_SUPPORTED, 24, "An UPDATE takes its values from expressions"),
    ("REPLACE INTO p.s.r VALUES (1)", SYNTAX_ERROR, 9, "REPLACE is followed by the resource"),
    ("DELETE p.s.r", SYNTAX_ERROR, 8, "FROM is expected before p"),
    ("DELETE FROM p.s.r WHERE", SYNTAX_ERROR, 24, "A condition is expected, and the statement ends"),
    ("DELETE FROM p.s.r WHERE a = 1 ORDER BY a", SYNTAX_ERROR, 25, "An expression is expected"),
    ("SHOW", SYNTAX_ERROR, 5, "What to show is expected, and the statement ends"),
    ("SHOW THINGS IN p", NOT_SUPPORTED, 13, "SHOW THINGS is not known; the end of the statement is expected before IN"),
    ("SHOW METHODS IN", SYNTAX_ERROR, 16, "Where to look is expected"),
    ("SHOW SERVICES LIKE x", SYNTAX_ERROR, 20, "A pattern in single quotes is expected before x"),
    ("DESCRIBE", SYNTAX_ERROR, 9, "The resource is expected"),
    ("REGISTRY PUSH p", SYNTAX_ERROR, 10, "LIST or PULL is expected before PUSH"),
    (
        "CREATE TABLE t (a int)",
        NOT_SUPPORTED,
        8,
        "VIEW is expected before TABLE, at line 1, column 8. Only views are kept here",
    ),
    ("CREATE VIEW v AS DELETE FROM t", SYNTAX_ERROR, None, "A query is expected"),
    ("DROP TABLE t", NOT_SUPPORTED, 6, "VIEW is expected before TABLE"),
    ("BEGIN SLOWLY", SYNTAX_ERROR, 7, "A mode of the transaction is expected before SLOWLY"),
    ("SET x", SYNTAX_ERROR, 6, "= or TO is expected, and the statement ends"),
    ("DISCARD SOME", SYNTAX_ERROR, 9, "ALL, PLANS, SEQUENCES, TEMPORARY or TEMP is expected before SOME"),
    ("SLEEP soon", SYNTAX_ERROR, 7, "A whole number of milliseconds is expected before soon"),
    ("SLEEP 1.5", SYNTAX_ERROR, 7, "A whole number of milliseconds is expected"),
    ("NATIVEQUERY SELECT", SYNTAX_ERROR, 13, "The query in single quotes is expected before SELECT"),
    ("COPY t FROM STDIN", NOT_SUPPORTED, 8, "Rows are not copied in here"),
    ("COPY (SELECT 1) TO '/etc/passwd'", NOT_SUPPORTED, 20, "STDOUT is expected"),
    ("COPY (SELECT 1) TO STDOUT (SPEED 'high')", NOT_SUPPORTED, 28, "SPEED is no option of COPY"),
    ("EXPLAIN ANALYZE SELECT 1", NOT_SUPPORTED, 9, "EXPLAIN tells what would be done and does nothing"),
    ("EXPLAIN EXPLAIN SELECT 1", SYNTAX_ERROR, 9, "EXPLAIN stands once; a statement is expected before EXPLAIN"),
    ("PREPARE x AS SELECT 1", NOT_SUPPORTED, 1, "PREPARE is no statement here"),
    ("AUTH ASK p", SYNTAX_ERROR, 6, "LOGIN or REVOKE is expected before ASK"),
]


@pytest.mark.parametrize(("text", "code", "position", "problem"), REFUSED)
def test_what_is_refused_is_told_with_its_place(text: str, code: str, position: int | None, problem: str) -> None:
    with pytest.raises(SqlError) as raised:
        parse(text)

    assert str(raised.value).startswith(problem)
    assert raised.value.code == code
    assert position in (None, raised.value.position)


DEEP = [
    "SELECT " + "(" * 59 + "1" + ")" * 59,
    "SELECT " + "NOT " * 5_000 + "1",
    "SELECT " + "- " * 5_000 + "1",
    "SELECT " + "CASE WHEN 1 THEN " * 2_000 + "1" + " END" * 2_000,
    "SELECT 1" + "::int" * 5_000,
    "SELECT a" + ".b" * 5_000,
    "SELECT a" + " -> b" * 5_000,
    "SELECT a" + " < b" * 5_000,
    "SELECT * FROM " + "(SELECT * FROM " * 50 + "t" + ")" * 50,
]


@pytest.mark.parametrize("text", DEEP)
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(SqlError, match="nested too deeply"):
        parse(text)


WORDS = """
SELECT FROM WHERE AND OR NOT IN ( ) , . * = - + || -> ->> :: 'a' "b" 1 1.5 ? :x $1 @x @@json a b t p.s.r NULL
TRUE IS LIKE BETWEEN CASE WHEN THEN ELSE END EXEC INSERT INTO VALUES UPDATE SET REPLACE DELETE SHOW METHODS
DESCRIBE CREATE VIEW AS COPY TO STDOUT WITH UNION ALL JOIN ON USING ORDER BY LIMIT GROUP HAVING OVER WINDOW FILTER CAST
INTERVAL EXISTS RETURNING BEGIN ; /*+ AWAIT */ -- # [ ] { } ~ ! ' \" $$ \\ `
"""


@given(st.lists(st.sampled_from(WORDS.split()), max_size=25).map(" ".join))
@settings(max_examples=1_500, deadline=None)
def test_any_words_are_read_or_refused_as_sql_errors(text: str) -> None:
    with suppress(SqlError):
        found = parse(text)
        if isinstance(found, Select):
            found.tree.sql(LANGUAGE)


@given(st.text(max_size=80))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_refused_as_a_sql_error(text: str) -> None:
    with suppress(SqlError):
        parse(text)
