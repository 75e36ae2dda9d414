"""The terms by which log events are searched: AWS's filter patterns for unstructured text."""

from __future__ import annotations

import re
from collections.abc import Callable

from runyard.core.errors import InvalidRequest

Matches = Callable[[str], bool]

_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)\s*')
_ESCAPED = re.compile(r"\\(.)")
REFUSED = {
    "{": "a pattern for JSON",
    "[": "a pattern for space-delimited fields",
    "%": "a regular expression",
}


def matcher(pattern: str) -> Matches:
    """Return a test of a message: it holds every term, or any of the ?terms, and none of the -terms.

    As in AWS, case counts, and ?terms count only where no plain term stands beside them.
    """
    required, optional, excluded = _terms(pattern)
    if required:
        return lambda text: all(term in text for term in required) and not any(term in text for term in excluded)
    if optional:
        return lambda text: any(term in text for term in optional) and not any(term in text for term in excluded)
    return lambda text: not any(term in text for term in excluded)


def _terms(pattern: str) -> tuple[list[str], list[str], list[str]]:
    """Return the plain terms, the ?terms and the -terms."""
    text = pattern.strip()
    if text[:1] in REFUSED:
        raise InvalidRequest(
            f"Invalid filter pattern {pattern!r}: it is {REFUSED[text[0]]}, which this server does not know. "
            'Use terms: word "a phrase" ?either ?or -without.'
        )
    found: dict[str, list[str]] = {"": [], "?": [], "-": []}
    place = 0
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None:
            raise InvalidRequest(
                f"Invalid filter pattern {pattern!r}: a quotation mark stands alone at {text[place:]!r}."
            )
        found[term[1]].append(term[3] if term[2] is None else _ESCAPED.sub(r"\1", term[2]))
        place = term.end()
    return [term for term in found[""] if term], found["?"], found["-"]
