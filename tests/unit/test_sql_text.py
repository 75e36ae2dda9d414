from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.sql.errors import SYNTAX_ERROR, SqlError
from runyard.sql.grammar.text import pieces, split, tokens_of


def words(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.value) for token in tokens_of(text)]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        ("  -- nothing\n /* at all */ ; ;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';'; SELECT \";\"", ["SELECT ';'", 'SELECT ";"']),
        ("SELECT 1 --required; no\n; SELECT 2 # ; \n;", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1 /* ; */ + 2; // SELECT 3;\nSELECT 4", ["SELECT 1 /* ; */ + 2", "SELECT 4"]),
        ("SELECT $$a;b$$; SELECT $x$ ; $$ ; $x$", ["SELECT $$a;b$$", "SELECT $x$ ; $$ ; $x$"]),
        (r"SELECT 'it\'s; mine'; SELECT 2", [r"SELECT 'it\'s; mine'", "SELECT 2"]),
        (r"SELECT 'a' LIKE '\_' ESCAPE '\'; SELECT 2", [r"SELECT 'a' LIKE '\_' ESCAPE '\'", "SELECT 2"]),
        (r"SELECT 'it\'s'; SELECT x LIKE '%' ESCAPE '\'", [r"SELECT 'it\'s'", r"SELECT x LIKE '%' ESCAPE '\'"]),
    ],
)
def test_a_text_is_split_at_the_semicolons_that_end_statements(text: str, statements: list[str]) -> None:
    assert split(text) == statements


def test_each_statement_is_told_with_its_place() -> None:
    found = pieces(" SELECT 1;\n-- two\nSELECT 2")

    assert [(piece.text, piece.start) for piece in found] == [("SELECT 1", 1), ("SELECT 2", 18)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a'", "a"),
        ("''", ""),
        ("'it''s'", "it's"),
        (r"'a\b'", r"a\b"),
        (r"'\\'", r"\\"),
        (r"'\d+\n'", r"\d+\n"),
        (r"'\'", "\\"),
        (r"'it\'s'", "it's"),
        (r"'say \'hello\' to\tall\\'", "say 'hello' to\tall\\"),
        (r"E'a\tb\\c\'d'", "a\tb\\c'd"),
        (r"e'\q'", "q"),
        ("$$it's$$", "it's"),
        ("$tag$a $$ b$tag$", "a $$ b"),
        ("'a\nb'", "a\nb"),
        ("'--no # comment // here /* or here */'", "--no # comment // here /* or here */"),
    ],
)
def test_a_string_says_what_was_meant(text: str, value: str) -> None:
    assert words(text) == [("string", value)]


def test_names_are_quoted_in_two_ways() -> None:
    assert words('"a ""b""" `c``d`') == [("quoted", 'a "b"'), ("quoted", "c`d")]


def test_comments_may_stand_between_any_two_words() -> None:
    assert words("EXEC--x\na/* b */.#c\nb//d\n@x=1--required") == [
        ("word", "EXEC"),
        ("word", "a"),
        ("sign", "."),
        ("word", "b"),
        ("argument", "@x"),
        ("sign", "="),
        ("number", "1"),
    ]


def test_hints_are_no_comments() -> None:
    assert words("SELECT /*+ AWAIT */ 1") == [("word", "SELECT"), ("hint", "AWAIT"), ("number", "1")]


def test_binds_and_casts_are_told_apart() -> None:
    assert words("x::int = :name AND y = $1 OR z = ? OR w = ?2") == [
        ("word", "x"),
        ("sign", "::"),
        ("word", "int"),
        ("sign", "="),
        ("bind", ":name"),
        ("word", "AND"),
        ("word", "y"),
        ("sign", "="),
        ("bind", "$1"),
        ("word", "OR"),
        ("word", "z"),
        ("sign", "="),
        ("bind", "?"),
        ("word", "OR"),
        ("word", "w"),
        ("sign", "="),
        ("bind", "?2"),
    ]


@pytest.mark.parametrize(
    ("text", "problem", "position"),
    [
        ("SELECT 'abc", "A string begins here that does not end, at line 1, column 8.", 8),
        ('SELECT\n"abc', "A quoted name begins here that does not end, at line 2, column 1.", 8),
        ("SELECT /* abc", "A comment begins here that does not end, at line 1, column 8.", 8),
        ("SELECT a\\b", "A backslash stands outside of a string, at line 1, column 9.", 9),
        ("SELECT 12ab", "'12ab' is neither a number nor a name, at line 1, column 8.", 8),
        ("SELECT a \0", "No statement has the character '\\x00', at line 1, column 10.", 10),
        ("SELECT " + "(" * 61, "Parentheses stand in each other more than 60 deep, at line 1, column 68.", 68),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, problem: str, position: int) -> None:
    with pytest.raises(SqlError) as raised:
        split(text)

    assert str(raised.value) == problem
    assert raised.value.position == position
    assert raised.value.code == SYNTAX_ERROR


def test_a_second_statement_is_not_forgotten() -> None:
    with pytest.raises(SqlError, match="here a second one begins, at line 1, column 12"):
        tokens_of("SELECT 1;; SELECT 2")


@given(st.text(alphabet="'\"\\ab;-/*+#$:?@.\n ()E`", max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_is_split_or_refused(text: str) -> None:
    with suppress(SqlError):
        assert all(statement in text and statement.strip() for statement in split(text))
