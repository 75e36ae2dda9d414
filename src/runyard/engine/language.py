"""What the engine asks of the language in which a job was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runyard.core.job import Job
    from runyard.core.trigger import Wish
    from runyard.engine.attending import Attend
    from runyard.engine.documents import Keep
    from runyard.engine.finishing import Finish
    from runyard.engine.notices import Herald
    from runyard.engine.starting import Fire, Start


@dataclass(frozen=True, kw_only=True)
class Language:
    """How its jobs are started by others, and how its tasks get their last facts; None: as they stand.

    Which triggers a job's definition asks for, and who is told of its runs; None: none, and nobody.
    How its triggers with names start what they start. What of its tasks' outputs is kept in documents.
    What it looks after by itself, beside what triggers start.
    """

    start: Start | None = None
    finish: Finish | None = None
    triggers: Callable[[Job], Sequence[Wish]] | None = None
    herald: Herald | None = None
    fire: Fire | None = None
    keep: Keep | None = None
    attend: Attend | None = None
