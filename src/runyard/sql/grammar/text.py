r"""Text in words: tokens with their places, and where one statement ends and the next begins.

A backslash in a string is itself, as standard SQL and PostgreSQL have it (`'a\b'`, `ESCAPE '\'`). Only where a text
makes no sense so, and `\'` stands in it, is it read in StackQL's way: there a string that holds `\'` has MySQL's
escapes. No text can be read in both ways: between an odd and an even count of quotes a backslash stands outside of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from runyard.sql.errors import SYNTAX_ERROR, SqlError

LONGEST_TEXT = 4 << 20
DEEPEST = 60  # of parentheses
MOST_ANEW = 1_000  # statements of one text that are read in the other way
BLANK = r"(?:\s|--[^\n]*|//[^\n]*|\#(?![>\-])[^\n]*|/\*(?!\+)(?:[^*]+|\*(?!/))*+\*/)++"
STRINGS = {
    "plain": r"'(?:[^']+|'')*+'",
    "escaped": r"'(?:[^'\\]+|''|\\.)*+'",
}
"""How a string is found, in the two ways to read a text."""
KINDS = (
    ("blank", BLANK),
    ("hint", r"/\*\+(?:[^*]+|\*(?!/))*+\*/"),
    ("posix", r"[eE]'(?:[^'\\]+|''|\\.)*+'"),  # PostgreSQL's E'…'
    ("bytes", r"[xX]'[0-9a-fA-F]*'"),
    ("dollar", r"\$(?P<tag>(?:[^\W\d]\w*)?)\$(?:(?!\$(?P=tag)\$).)*\$(?P=tag)\$"),
    ("string", "{string}"),
    ("quoted", r'"(?:[^"]+|"")*+"|`(?:[^`]+|``)*+`'),
    ("number", r"0[xX][0-9a-fA-F]+(?!\w)|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w)"),
    ("bind", r"\?\d*|\$\d+|:\w+|\$[^\W\d]\w*"),
    ("argument", r'@@?(?:[^\W\d][\w-]*|"(?:[^"]+|"")*+")'),
    ("word", r"[^\W\d][\w$]*"),
    (
        "sign",
        (
            r"::|->>|->|\|\||<=>|<=|>=|<>|<<|>>|!~~\*|~~\*|!~~|~~|!~\*|~\*|!~|!=|==|#>>|#>|#-|<@|@>|:=|"
            r"/(?!\*)|[-+*%&|^=<>().,;\[\]{}~!:@]"
        ),
    ),
)
"""The kinds of tokens, in the order in which they are tried."""
ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a"}
"""What MySQL's escapes stand for; any other character stands for itself."""


class Token(NamedTuple):
    """A word of a statement."""

    kind: str
    value: str  # what it says: a string without its quotes, an identifier without its own, a word as it was written
    start: int
    end: int
    text: str  # as it was written

    @property
    def upper(self) -> str:
        """What is compared with a keyword; nothing that is quoted is one."""
        return self.value.upper() if self.kind == "word" else self.value if self.kind == "sign" else ""


class Piece(NamedTuple):
    """One statement of a text of several."""

    text: str
    start: int  # counted from 0


def split(text: str) -> list[str]:
    """Return the statements of a text that are none but for blanks and comments."""
    return [piece.text for piece in pieces(text)]


def pieces(text: str) -> list[Piece]:
    """Return the statements of a text with their places in it."""
    return [Piece(text[one[0].start : one[-1].end], one[0].start) for one in _statements(text)]


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of one statement; semicolons may stand around it."""
    found = _statements(text)
    if len(found) > 1:
        hint = "Split the text at its semicolons."
        raise refused(text, found[1][0].start, "One statement is expected, and here a second one begins", hint=hint)
    return found[0] if found else []


def _statements(text: str) -> list[list[Token]]:
    r"""The tokens of each statement that has any. Where a text makes no sense, the last one with \' is read anew."""
    if len(text) > LONGEST_TEXT:
        raise SqlError(SYNTAX_ERROR, f"A text has at most {LONGEST_TEXT:,} characters, and here are {len(text):,}.")
    found: list[tuple[int, str, list[Token]]] = []
    at, way, end = 0, "plain", len(text)
    problem: SqlError | None = None
    anew = MOST_ANEW
    while at < len(text):
        try:
            tokens = list(_scanned(text, at, READERS[way]))
        except SqlError as error:
            problem = problem or error
            while way == "escaped" or text.find("\\'", at, end) < 0:
                if not found:
                    raise problem from None
                end = at
                at, way, _ = found.pop()
            anew -= 1
            if anew < 0:
                raise problem from None
            way = "escaped"
            continue
        found.append((at, way, tokens))
        at, way, end = tokens[-1].end if tokens else len(text), "plain", len(text)
    return [
        within for _, _, tokens in found if (within := tokens[:-1] if tokens and tokens[-1].upper == ";" else tokens)
    ]


def refused(text: str, at: int, problem: str, *, code: str = SYNTAX_ERROR, hint: str = "") -> SqlError:
    """Say what is wrong at a place (counted from 0), with its line and column; the message ends with a full stop."""
    before = text[:at]
    line = before.count("\n") + 1
    column = at - (before.rfind("\n") + 1) + 1
    message = f"{problem}, at line {line}, column {column}."
    return SqlError(code, f"{message} {hint}".rstrip(), position=at + 1, hint=hint)


def _reader(string: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{kind}>{form.replace('{string}', string)})" for kind, form in KINDS), re.DOTALL)


READERS = {way: _reader(string) for way, string in STRINGS.items()}


def _scanned(text: str, at: int, reader: re.Pattern[str]) -> Iterator[Token]:
    depth = 0
    while at < len(text):
        found = reader.match(text, at)
        if found is None:
            raise _unreadable(text, at)
        kind = found.lastgroup or ""
        written = found.group(kind)
        at = found.end()
        if kind == "blank":
            continue
        depth += (written == "(") - (written == ")")
        if depth > DEEPEST:
            raise refused(text, found.start(), f"Parentheses stand in each other more than {DEEPEST} deep")
        yield Token(_kind(kind), _value(kind, written), found.start(), at, written)
        if written == ";":
            return


def _kind(kind: str) -> str:
    return "string" if kind in {"posix", "dollar"} else kind


def _value(kind: str, written: str) -> str:
    reading = VALUES.get(kind)
    return reading(written) if reading else written


def _string(written: str) -> str:
    inner = written[1:-1]
    return _unescaped(inner) if "\\'" in inner else inner.replace("''", "'")


def _unescaped(inner: str) -> str:
    return ESCAPED.sub(lambda found: ESCAPES.get(found[1], found[1]) if found[1] else "'", inner)


def _quoted(written: str) -> str:
    mark = written[0]
    return written[1:-1].replace(mark * 2, mark)


def _argument(written: str) -> str:
    signs = "@@" if written.startswith("@@") else "@"
    name = written.removeprefix(signs)
    return signs + (_quoted(name) if name.startswith('"') else name)


VALUES: Mapping[str, Callable[[str], str]] = {
    "string": _string,
    "posix": lambda written: _unescaped(written[2:-1]),
    "dollar": lambda written: written[written.index("$", 1) + 1 : written.rindex("$", 0, -1)],
    "bytes": lambda written: written[2:-1],
    "quoted": _quoted,
    "argument": _argument,
    "hint": lambda written: written[3:-2].strip(),
}
"""What a token of a kind says."""

WORDLIKE = re.compile(r"[\w.]+")
UNREADABLE = {
    "'": "A string begins here that does not end",
    '"': "A quoted name begins here that does not end",
    "`": "A quoted name begins here that does not end",
    "/": "A comment begins here that does not end",
    "$": "A $ stands here that begins neither a bind nor a string",
    "\\": "A backslash stands outside of a string",
}


def _unreadable(text: str, at: int) -> SqlError:
    character = text[at]
    if character.isdigit() or (character == "." and text[at + 1 : at + 2].isdigit()):
        return refused(text, at, f"{WORDLIKE.findall(text[at : at + 80])[0]!r} is neither a number nor a name")
    return refused(text, at, UNREADABLE.get(character, f"No statement has the character {character!r}"))
