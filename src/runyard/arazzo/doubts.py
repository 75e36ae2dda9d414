"""What is found wrong, or doubtful, in a document, and where: before the place in its text is looked up."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from runyard.arazzo.documents.places import Path
from runyard.arazzo.records import Record


class Doubt(Record):
    """Something wrong at a path of the document, or doubtful if it is no error."""

    message: str
    at: Path
    hint: str = ""
    is_error: bool = True


def nearest_word(word: str | None, known: Iterable[str]) -> str:
    """Return a hint: the word that may have been meant, else those there are."""
    options = list(known)
    close = difflib.get_close_matches(word or "", options, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known are {', '.join(options[:8])}." if options else ""
