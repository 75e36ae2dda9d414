"""Queries and expressions: our tokens are written plainly for sqlglot, and its refusals get a place in the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from runyard.sql.errors import NOT_SUPPORTED, SqlError
from runyard.sql.grammar.binds import bind_name
from runyard.sql.grammar.cursor import Cursor
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.grammar.reader import Reader
from runyard.sql.grammar.shaping import shaped
from runyard.sql.grammar.text import Token, refused
from runyard.sql.grammar.written import Written

TOO_COMPLEX = "54001"
MOST_LEVELS = 120  # of a tree
CHAINS = (exp.And, exp.Or, exp.Add, exp.Sub, exp.Mul, exp.DPipe, exp.SetOperation)
"""Operators whose chains are walked without descending."""
STARTS = ("SELECT", "WITH", "VALUES", "(")
QUERIES = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery, exp.Query)
NEXT_TO_SQL = "SELECT 1 WHERE "


def query(cursor: Cursor, tokens: Sequence[Token]) -> exp.Expression:
    """Return the tree of a query."""
    if not tokens or tokens[0].upper not in STARTS:
        raise cursor.wrong("A query is expected", hint="It begins with SELECT, WITH or VALUES.")
    tree = _parsed(cursor, tokens)
    if not isinstance(tree, QUERIES):
        raise cursor.wrong_at(tokens[0], "This is no query")
    return tree


def expression(cursor: Cursor, tokens: Sequence[Token]) -> exp.Expression:
    """Return the tree of one expression."""
    return _alone(cursor, tokens, "SELECT ", "An expression is expected")[0]


def projections(cursor: Cursor, tokens: Sequence[Token]) -> tuple[exp.Expression, ...]:
    """Return the trees of what RETURNING gives."""
    return tuple(_alone(cursor, tokens, "SELECT ", "What is returned is expected", many=True))


def condition(cursor: Cursor, tokens: Sequence[Token]) -> exp.Expression:
    """Return the tree of what stands behind WHERE."""
    if not tokens:
        raise cursor.wrong("A condition is expected")
    return expression(cursor, tokens)


def _alone(
    cursor: Cursor, tokens: Sequence[Token], before: str, expected: str, *, many: bool = False
) -> list[exp.Expression]:
    if not tokens:
        raise cursor.wrong(expected)
    tree = _parsed(cursor, tokens, before)
    strange = not isinstance(tree, exp.Select) or any(value for key, value in tree.args.items() if key != "expressions")
    if strange or not (many or len(tree.expressions) == 1):
        raise cursor.wrong_at(tokens[0], expected)
    found: list[exp.Expression] = tree.expressions
    if many:
        return found
    return [found[0].this if isinstance(found[0], exp.Alias) else found[0]]


def _parsed(cursor: Cursor, tokens: Sequence[Token], before: str = "") -> exp.Expression:
    written = _written(cursor.text, tokens, before)
    parser = Reader(dialect=LANGUAGE)
    parser.written = written
    try:
        trees = parser.parse(LANGUAGE.tokenize(written.text), written.text)
    except ParseError as error:
        raise _refused(written, error) from error
    except RecursionError as error:
        raise _too_deep(cursor, tokens) from error
    except (SqlglotError, ValueError, TypeError, AttributeError, LookupError, AssertionError) as error:
        # sqlglot fails in these ways over some texts that are no SQL at all.
        raise cursor.wrong_at(tokens[0], f"What begins here cannot be understood ({error})") from error
    tree = trees[0] if len(trees) == 1 else None
    if tree is not None and (parser.needs_shaping or _is_joined(tokens)):
        tree = shaped(tree)
    if not isinstance(tree, exp.Expression):
        raise cursor.wrong_at(tokens[0], "What begins here cannot be understood")
    if _levels(tree) > MOST_LEVELS:
        raise _too_deep(cursor, tokens)
    return tree


def _is_joined(tokens: Sequence[Token]) -> bool:
    """Whether queries stand next to each other or in parentheses."""
    return tokens[0].upper == "(" or any(token.upper in JOINING for token in tokens)


JOINING = {"UNION", "INTERSECT", "EXCEPT"}


def _refused(written: Written, error: ParseError) -> SqlError:
    told = error.errors[0] if error.errors else {}
    problem = str(told.get("description") or error).partition(" but got <Token")[0].rstrip(".")
    offset = int(told.get("col") or 0)
    word = "Something is missing" if problem.startswith(MISSING) else PROBLEMS.get(problem, problem)
    if offset >= len(written.text):
        return refused(written.source, written.end, f"{word}, and the text ends")
    return refused(written.source, written.start(offset), word)


MISSING = "Required keyword"  # what follows names a class of sqlglot's
PROBLEMS: Mapping[str, str] = {
    "Invalid expression / Unexpected token": "This cannot stand here",
    "Expected table name": "The name of a table is expected",
    "Expecting )": "A closing parenthesis is expected",
    "Expecting (": "An opening parenthesis is expected",
}
"""What sqlglot says, said for people."""


def _too_deep(cursor: Cursor, tokens: Sequence[Token]) -> SqlError:
    return cursor.wrong_at(tokens[0], "What begins here is nested too deeply; part it", code=TOO_COMPLEX)


def _levels(tree: exp.Expr) -> int:
    """How deep a tree is; a chain of one operator counts once."""
    deepest = 0
    row: list[tuple[exp.Expr, int]] = [(tree, 1)]
    while row:
        node, level = row.pop()
        deepest = max(deepest, level)
        for child in node.iter_expressions():
            flat = isinstance(node, CHAINS) and type(child) is type(node)
            row.append((child, level if flat else level + 1))
    return deepest


def _written(source: str, tokens: Sequence[Token], before: str) -> Written:
    words: list[str] = []
    places: list[tuple[int, int, int]] = []
    at = len(before)
    for index, token in enumerate(tokens):
        if token.kind == "hint":
            continue
        if token.upper in STRANGE:
            instead = STRANGE[token.upper]
            hint = f"Write {instead}." if instead else ""
            raise refused(source, token.start, f"{token.text} is no operator here", hint=hint)
        if token.kind == "string" and index and tokens[index - 1].kind == "string":
            raise refused(source, token.start, "Two strings stand next to each other; || joins them, AS makes a name")
        word = _plain(tokens, index)
        words.append(word)
        places.append((at, token.start, token.end))
        at += len(word) + 1
    return Written(source, before + " ".join(words), places)


def _plain(tokens: Sequence[Token], index: int) -> str:
    token = tokens[index]
    if token.upper == "STRAIGHT" and index + 1 < len(tokens) and tokens[index + 1].upper == "JOIN":
        return "CROSS"
    writing = PLAIN.get(token.kind)
    return writing(token) if writing else WORDS.get(token.upper, token.text)


WORDS: Mapping[str, str] = {
    "STRAIGHT_JOIN": "CROSS JOIN",
    "~~": "LIKE",
    "!~~": "NOT LIKE",
    "~~*": "LIKE",
    "!~~*": "NOT LIKE",
    "!~": "NOT REGEXP",
}
"""Words and signs of others, as SQLite has them."""
STRANGE: Mapping[str, str] = {
    **dict.fromkeys(("~*", "!~*"), "regexp_like(text, pattern, 'i')"),
    **dict.fromkeys(("#>", "#>>"), "-> and ->>"),
    **dict.fromkeys(("@>", "<@", "#-"), "json_each and the json functions"),
    ":=": "=",
    "^": "power(x, y)",
    **dict.fromkeys(("{", "}", "@", "!"), ""),
}
"""Signs that SQLite has no operator for, and what to write."""


def _quoted_string(token: Token) -> str:
    return "'" + token.value.replace("'", "''") + "'"


def _quoted_name(token: Token) -> str:
    return '"' + token.value.replace('"', '""') + '"'


PLAIN: Mapping[str, Callable[[Token], str]] = {
    "string": _quoted_string,
    "quoted": _quoted_name,
    "bytes": lambda token: f"x'{token.value}'",
    "number": lambda token: "0" + token.text if token.text.startswith(".") else token.text,
    "bind": lambda token: ":" + bind_name(token),
}
"""How a token is written for sqlglot, where not as it stands."""


def unsupported(cursor: Cursor, what: str, hint: str = "") -> SqlError:
    """Say that a statement of others is none of ours."""
    return cursor.wrong_at(cursor.tokens[0], what, code=NOT_SUPPORTED, hint=hint)
