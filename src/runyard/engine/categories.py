"""What kind of failure keeps an attempt from beginning, in the words that the ledger keeps."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.core.errors import Missing

PREPARATION = "preparation"
CATEGORIES: Mapping[type[Exception], str] = {Missing: "not_found"}
"""By error; any other one is a failed preparation."""


def category_of(error: Exception) -> str:
    """Return the category of an attempt that could not begin."""
    return next((word for kind, word in CATEGORIES.items() if isinstance(error, kind)), PREPARATION)
