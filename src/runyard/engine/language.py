"""What the engine asks of the language in which a job was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runyard.engine.finishing import Finish
    from runyard.engine.starting import Start


@dataclass(frozen=True, kw_only=True)
class Language:
    """How its jobs are started by others, and how its tasks get their last facts; None: as they stand."""

    start: Start | None = None
    finish: Finish | None = None
